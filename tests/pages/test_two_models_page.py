"""Thresholds: a second model is also used, both and people under one promise, kept and exported."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from core.cli import main
from core.export.release import Release
from core.guarantees import saved_policies
from core.importing import import_file
from core.predictions import load_scored
from core.review import decisions_for_scored, record_decision
from core.storage import Workspace
from tests.core.test_combined_predictions import rows_of
from tests.pages.conftest import Open
from tests.serving import ROOT

pytestmark = pytest.mark.slow

CHOSEN = {"predictions": "quick", "of_whole": "5 %", "also": "slow"}


def shown(page: AppTest) -> str:
    parts = [*page.markdown, *page.caption, *page.warning, *page.success]
    return "\n".join(str(part.value).replace("\\", "").replace("\u00a0", " ") for part in parts)


@pytest.fixture
def page(workspace: Workspace, tmp_path: Path, open_page: Open) -> AppTest:
    for name in ("slow", "quick"):
        rows_of(name).to_csv(tmp_path / f"{name}.csv", index=False)
        import_file(workspace, tmp_path / f"{name}.csv", "predictions", name=name, learned_from=("none",))
    opened = open_page(workspace, "thresholds.py")
    for name, value in CHOSEN.items():
        opened.query_params[name] = value
    return opened


def test_a_second_model_is_used_too_and_both_are_exported(
    page: AppTest, workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page.run()
    assert not page.exception
    promise = "With 95 % confidence at most 5 % of all 400 books are wrong once people have done the rest"
    assert promise in shown(page)
    figures = {metric.label: metric.value for metric in page.metric}
    # Of the last hundred every second one is checked; the ten that the slow model's cut leaves are all checked.
    assert "Asked first" not in shown(page)
    # The first layer stays short: what it assumes and rests on is a click away.
    rests = next(expander for expander in page.expander if expander.label == "On what it rests")
    assert any("200 checked books" in str(part.value) for part in rests.markdown)
    assert figures == {"quick decides": "200", "slow decides": "90", "People look at": "50"}
    next(button for button in page.button if button.label == "Keep this for the export").click().run()
    assert not page.exception
    assert "Kept as the predictions “quick-and-slow”" in shown(page)
    combined = workspace.find("predictions", "quick-and-slow")
    [chosen] = saved_policies(workspace, combined.fingerprint)
    # The same asked on the command line is free, and answers the same.
    command = ["thresholds", "--predictions", "quick", "--second", "slow", "--whole", ".05", "--json"]
    assert main([*command, "--workspace", str(workspace.root)]) == 0
    content = json.loads(capsys.readouterr().out)
    assert (content["two_models"]["by_slow"], content["budget"].startswith("One question has")) == (90, True)
    report = Release.prepare(workspace, combined.name, chosen).write(tmp_path / "out.zip")
    assert report.accepted == 290
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        readme = next(archive.read(name).decode() for name in archive.namelist() if name.endswith("README.md"))
    assert promise in " ".join(readme.replace("\u00a0", " ").split())
    page.run()
    assert not page.exception
    assert promise in shown(page)
    assert "put together by cut-offs that were chosen on checked books" in shown(page)
    page.switch_page(str(ROOT / "pages" / "export.py")).run()
    assert not page.exception
    assert "290 of 400 records leave with a machine label." in shown(page)


def test_what_was_decided_of_a_source_is_taken_back_on_review(
    page: AppTest, workspace: Workspace, open_page: Open
) -> None:
    page.run()
    next(button for button in page.button if button.label == "Keep this for the export").click().run()
    quick = load_scored(workspace, "quick")
    record_decision(workspace.database, quick.predictions, "b351", "Map", scored=quick)
    review = open_page(workspace, "review.py")
    review.query_params["predictions"] = "quick-and-slow"
    review.run()
    next(button for button in review.button if button.label == "Take this decision back").click().run()
    assert not review.exception
    assert "Taken back: “Map”" in shown(review)
    assert not decisions_for_scored(workspace.database, quick).current


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"confidence": np.nan}, "'other' carries no confidence"),
        ({"predicted": ["Poem"] * 200 + ["Map"] * 200}, "'other' also speaks of Poem"),
        ({"record_id": [f"x{i}" for i in range(400)]}, "both must have scored the same collection"),
    ],
)
def test_what_cannot_be_put_together_is_said(
    page: AppTest, workspace: Workspace, tmp_path: Path, change: dict[str, object], sentence: str
) -> None:
    rows: pd.DataFrame = rows_of("slow").drop(columns="truth").assign(**change)
    rows.to_csv(tmp_path / "other.csv", index=False)
    import_file(workspace, tmp_path / "other.csv", "predictions", name="other", learned_from=("none",))
    page.query_params["also"] = "other"
    page.run()
    assert not page.exception
    assert sentence in shown(page)
    assert not page.metric
