"""After an import the page shows what came: chosen, counted, with the way on; and Import is not armed a second time."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from core.jobs import list_jobs, start
from core.storage import Workspace
from dashboard import jobs, navigation

pytestmark = pytest.mark.slow

CONFIG = {"kind": "predictions", "name": "arrived", "overrides": [], "reading": {"encoding": None, "delimiter": None}}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    rows = [{"id": f"n{n}", "title": f"Title {n}", "predicted": "Fiction", "confidence": 0.9} for n in range(30)]
    path = tmp_path / "arrived.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    return path


def test_what_an_import_brought_is_chosen_counted_and_linked(
    demo_copy: Workspace, open_page: Callable[[Workspace, str], AppTest], file: Path
) -> None:
    page = open_page(demo_copy, "catalogue.py").run()
    assert page.selectbox(key="predictions").value != "arrived"
    job = start(demo_copy, "core.importing", {**CONFIG, "path": str(file)}, "Importing arrived.csv")
    assert job.wait(timeout=200).state == "done"
    page.session_state[navigation.JOB] = job.id
    page.run()
    assert not page.exception
    assert page.selectbox(key="predictions").value == "arrived"
    assert page.selectbox(key="corpus").value == "arrived"
    assert page.success[0].value == "“arrived” is here: 30 records. It is what you look at now."
    assert "See where these predictions are wrong" in [link.proto.label for link in page.get("page_link")]
    page.run()
    assert not page.success


def test_the_same_import_is_known_while_what_it_made_is_here(
    demo_copy: Workspace, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.cache.workspace", lambda: demo_copy)
    config = {**CONFIG, "path": str(file)}
    assert jobs.same_job("core.importing", config) is None
    job = start(demo_copy, "core.importing", config, "Importing arrived.csv")
    same = jobs.same_job("core.importing", config)
    assert same is not None and same.id == job.id
    job.wait(timeout=200)
    assert jobs.same_job("core.importing", config) is not None
    assert jobs.same_job("core.importing", {**config, "name": "another"}) is None
    assert [item.id for item in list_jobs(demo_copy)] == [job.id]
