from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from core.labels import load_labels
from core.storage import Workspace


@pytest.fixture
def page(demo_copy: Workspace, open_page: Callable[[Workspace, str], AppTest]) -> AppTest:
    opened = open_page(demo_copy, "label_audit.py")
    opened.query_params["label_set"] = "demo-annotated"
    return opened


def test_the_sentence_comes_first_and_the_list_follows(page: AppTest) -> None:
    page.run()
    assert not page.exception
    assert page.markdown[0].value.startswith("## Annotator 7\\: ")
    suspects = page.dataframe[-1].value
    assert len(suspects) == 20
    assert {"given", "suggested", "score", "words_against"} <= set(suspects.columns)


@pytest.mark.slow
def test_a_copy_without_an_annotator_is_kept(demo_copy: Workspace, page: AppTest) -> None:
    page.run()
    assert page.multiselect[0].value == ["annotator: 7"]
    page.text_input[0].input("Without seven")
    page.button[0].click().run()
    assert not page.exception
    assert "those of annotator 7 alone. Kept as" in page.success[0].value.replace("\\", "")
    copy = load_labels(demo_copy, "without-seven")
    before = load_labels(demo_copy, "demo-annotated")
    gone = set(before.training_table()["record_id"]) - set(copy.training_table()["record_id"])
    text = before.annotations().groupby("record_id")["annotator"].agg(set)
    assert gone
    assert gone == set(text[text.map(lambda names: names == {"7.0"})].index) & set(before.training_table()["record_id"])


@pytest.mark.slow
def test_the_list_of_one_annotator(page: AppTest) -> None:
    page.run()
    page.selectbox(key="of").select("annotator: 7").run()
    assert not page.exception
    names = page.dataframe[-1].value["annotator"].tolist()
    assert names
    assert all("7" in name.split("; ") for name in names)
