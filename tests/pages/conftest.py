"""One page of the dashboard, driven without a browser."""

import functools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import streamlit as st
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from core.storage import Workspace
from dashboard import cache, jobs
from tests.serving import ROOT

Open = Callable[[Workspace, str], AppTest]


@pytest.fixture(scope="session", autouse=True)
def _packages_are_looked_through_once() -> Iterator[None]:
    """Keep what Streamlit finds in the packages: reading their metadata anew takes as long as the page itself."""
    with pytest.MonkeyPatch.context() as patched:
        scan = functools.cache(manifest_scanner.scan_component_manifests)
        patched.setattr(manifest_scanner, "scan_component_manifests", scan)
        yield


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


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Return what the page asks jobs to do, instead of the jobs: the module as ``job``, and its config."""
    configs: list[dict[str, Any]] = []
    monkeypatch.setattr(jobs, "start_job", lambda module, config, title: configs.append({"job": module, **config}))
    return configs


@pytest.fixture
def loading(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    """Return the Catalogue page alone, on an empty workspace: files are loaded there."""
    monkeypatch.setenv("COLOPHON_HOME", str(workspace.root))
    cache.server_workspace.clear()  # type: ignore[attr-defined]
    yield AppTest.from_file(str(ROOT / "pages" / "catalogue.py"), default_timeout=240).run()
    cache.server_workspace.clear()  # type: ignore[attr-defined]


def by_hand(page: AppTest) -> AppTest:
    """Return the Thresholds page with its cut-offs set by hand, as a link to it asks."""
    page.query_params["way"] = "By hand"
    return page
