"""Thresholds: the warning stands beside the promise, and nothing accepted is no invitation."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.importing import import_file
from core.storage import Workspace
from tests.core.thresholds.test_population import two_libraries

Open = Callable[[Workspace, str], AppTest]


@pytest.fixture
def page(workspace: Workspace, tmp_path: Path, open_page: Open) -> AppTest:
    path = tmp_path / "both.csv"
    two_libraries().drop(columns=["leak", "split"]).to_csv(path, index=False)
    import_file(workspace, path, "predictions", name="both")
    opened = open_page(workspace, "thresholds.py")
    opened.query_params["way"] = "By a promise"
    return opened


def _keep(page: AppTest) -> str:
    button = next(one for one in page.button if one.label.startswith("Keep these cut-offs"))
    return str(button.proto.type)


def test_the_warning_stands_beside_the_promise(page: AppTest) -> None:
    page.query_params["at_most"] = "10 %"
    page.query_params["per"] = "all accepted together"
    page.run()
    assert not page.exception
    assert any("The model is less sure of the books nobody checked" in one.value for one in page.warning)
    assert any("confidence at most 10\u00a0%" in one.value.replace("\\", "") for one in page.markdown)
    assert _keep(page) == "primary"


def test_nothing_promised_and_nothing_accepted_is_no_invitation(page: AppTest) -> None:
    page.query_params["at_most"] = "1 %"
    page.run()
    assert not page.exception
    assert any("Nothing can be promised" in one.value for one in page.markdown)
    assert _keep(page) == "secondary"
