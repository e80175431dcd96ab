"""A workspace whose database is damaged: every page says so, and shows no traceback."""

from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from dashboard.navigation import PAGES
from tests.serving import ROOT


@pytest.mark.parametrize("file", [stop.file for stop in PAGES])
def test_a_damaged_database_is_a_message(file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "colophon.db").write_text("no database", encoding="utf-8")
    monkeypatch.setenv("COLOPHON_HOME", str(tmp_path))
    st.cache_resource.clear()
    page = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=60)
    page.switch_page(str(ROOT / "pages" / file)).run()
    assert not page.exception
    assert page.error
    for message in page.error:
        said = message.value.replace("\\", "")
        assert said.startswith(f"The workspace's database {tmp_path / 'colophon.db'} is damaged")
        assert "Put a copy of an earlier day in its place" in said
