import time
from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from core.jobs import list_jobs
from core.storage import Workspace

Open = Callable[[Workspace, str], AppTest]


@pytest.mark.slow
@pytest.mark.timeout(900)  # two models are trained
def test_an_empty_home_loads_the_demonstration_at_one_press(workspace: Workspace, open_page: Open) -> None:
    page = open_page(workspace, "home.py").run()
    assert not page.exception
    [button] = [button for button in page.button if button.label == "Load the demonstration"]
    button.click().run()
    [job] = list_jobs(workspace)
    end = time.monotonic() + 600
    while job.status().state in ("waiting", "running") and time.monotonic() < end:
        time.sleep(0.5)
    assert job.status().state == "done", job.status().error
    page = open_page(workspace, "home.py").run()
    assert not page.exception
    assert any("The verdict on" in block.value for block in page.markdown)
    assert any("These records are invented" in block.value for block in page.info)
    assert "Load the demonstration" not in [button.label for button in page.button]


def test_home_says_what_is_loaded(demo_workspace: Workspace, open_page: Open) -> None:
    page = open_page(demo_workspace, "home.py").run()
    assert not page.exception
    shown = " ".join(block.value for block in page.markdown)
    assert "6,000 titles" in shown.replace("\\", "")
    assert "What is loaded" in [block.value for block in page.header]
    assert "Nothing is accepted yet" in shown
    assert [button.label for button in page.button] == ["Choose which predictions to accept"]
