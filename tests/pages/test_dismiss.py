"""A message of work that failed stays until a person dismisses it."""

import pytest

from core.jobs import list_jobs
from core.storage import Workspace, write_json
from tests.pages.conftest import Open


@pytest.mark.slow
def test_the_message_of_a_failed_job_is_dismissed(open_page: Open, demo_copy: Workspace) -> None:
    folder = demo_copy.folder("jobs") / "20250101-000000-abcdef"
    folder.mkdir()
    config = {"module": "core.models.training", "title": "Training", "created_at": "", "config": {}}
    write_json(folder / "config.json", config)
    write_json(folder / "status.json", {"state": "failed", "error": "The labels do not allow a model."})
    page = open_page(demo_copy, "models.py").run()
    assert any("The labels do not allow a model" in item.label for item in page.expander)
    page.button(key="dismiss-20250101-000000-abcdef").click().run()
    assert not page.exception
    assert not any("The labels do not allow a model" in item.label for item in page.expander)
    assert list_jobs(demo_copy) == []
