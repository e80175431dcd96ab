"""One page of the dashboard, driven without a browser."""

from collections.abc import Callable, Iterator

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.storage import Workspace
from tests.serving import ROOT

Open = Callable[[Workspace, str], AppTest]


@pytest.fixture
def open_page(monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Return a function that opens a page, such as 'errors.py', on a workspace; nothing stays in the caches."""

    def opened(place: Workspace, name: str) -> AppTest:
        monkeypatch.setenv("COLOPHON_HOME", str(place.root))
        app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=240)
        return app.switch_page(str(ROOT / "pages" / name))

    st.cache_resource.clear()
    st.cache_data.clear()
    yield opened
    st.cache_resource.clear()
    st.cache_data.clear()
