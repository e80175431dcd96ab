from collections.abc import Iterator

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.storage import Workspace
from tests.serving import ROOT


@pytest.fixture
def page(demo_workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    monkeypatch.setenv("COLOPHON_HOME", str(demo_workspace.root))
    st.cache_resource.clear()
    st.cache_data.clear()
    opened = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=120)
    opened.query_params["label_set"] = "demo-annotated"
    yield opened.switch_page(str(ROOT / "pages" / "label_audit.py"))
    st.cache_resource.clear()
    st.cache_data.clear()


def test_the_sentence_comes_first_and_the_list_follows(page: AppTest) -> None:
    page.run()
    assert not page.exception
    assert page.markdown[0].value.startswith("#### Annotator 7\\.0\\: ")
    suspects = page.dataframe[-1].value
    assert len(suspects) == 20
    assert {"given", "suggested", "score", "words_against"} <= set(suspects.columns)


def test_the_list_of_one_annotator(page: AppTest) -> None:
    page.run()
    page.selectbox(key="of").select("annotator: 7.0").run()
    assert not page.exception
    names = page.dataframe[-1].value["annotator"].tolist()
    assert names
    assert all("7.0" in name.split("; ") for name in names)
