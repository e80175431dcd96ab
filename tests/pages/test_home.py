import time
from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from core.comparison import compare_models
from core.demonstration import MODEL, PREDICTIONS, SECOND_MODEL, SECOND_PREDICTIONS
from core.guarantees import SavedPolicy, save_policy
from core.jobs import list_jobs
from core.predictions import load_scored
from core.storage import Workspace
from core.thresholds import GuaranteeRecord, Policy

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
    shown = " ".join(block.value for block in page.markdown).replace("\\", "").replace("\u00a0", " ")
    assert "With 95 % confidence at most 2 % of all 6,000 books are wrong once people have done the rest" in shown
    assert any("These records are invented" in block.value for block in page.info)
    assert "Load the demonstration" not in [button.label for button in page.button]
    # Two models are trained, which takes most of a minute: once, and all that is to be seen of it is looked at here.
    # The newest is what the pages show first.
    assert [thing.name for thing in workspace.list("models")] == [MODEL, SECOND_MODEL]
    assert [thing.name for thing in workspace.list("predictions")] == [PREDICTIONS, SECOND_PREDICTIONS]
    assert [thing.name for thing in workspace.list("corpora")] == ["demo-digitised", "demo-catalogue", "demo-checked"]
    kinds = ("corpora", "labels", "models", "predictions")
    assert all(thing.manifest.invented for kind in kinds for thing in workspace.list(kind))
    first, second = (load_scored(workspace, name) for name in (PREDICTIONS, SECOND_PREDICTIONS))
    assert (len(first.table), len(second.table)) == (6000, 800)
    assert len(first.labelled) == len(second.labelled) == 792
    assert compare_models(first.table, second.table, first.classes).n == 792


def test_home_says_what_is_loaded(demo_workspace: Workspace, open_page: Open) -> None:
    page = open_page(demo_workspace, "home.py").run()
    assert not page.exception
    shown = " ".join(block.value for block in page.markdown)
    assert "6,000 titles" in shown.replace("\\", "")
    assert "What is loaded" in [block.value for block in page.header]
    assert "Nothing is accepted yet" in shown
    assert [button.label for button in page.button] == ["Choose which predictions to accept", "Take the tour"]


def test_home_repeats_the_headline_of_a_promise_and_no_piece_of_it(demo_copy: Workspace, open_page: Open) -> None:
    scored = load_scored(demo_copy, PREDICTIONS)
    promise = GuaranteeRecord(headline="At most 2 % of No. 4 are wrong. Truly.", sentence="All of it. And more.")
    save_policy(demo_copy, scored.predictions, SavedPolicy(policy=Policy({"Fiction": 0.9}), promise=promise))
    shown = [
        block.value.replace("\\", "").replace("\u00a0", " ") for block in open_page(demo_copy, "home.py").run().markdown
    ]
    assert "At most 2 % of No. 4 are wrong. Truly." in shown
    assert not any("And more" in text for text in shown)
