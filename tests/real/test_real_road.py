"""The published figures, walked from the published files: what the road must show on the British Library's data."""

import csv
import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from core.cli import main
from core.evaluation import compare_with_rest, evaluate
from core.importing import import_file
from core.predictions import Scored, load_scored
from core.storage import Workspace
from core.text_search import phrase_mask
from core.thresholds import Policy, policy_report
from tests import serving

pytestmark = pytest.mark.real

VERSE = "poem, verse, canto, ballad, song"


@pytest.fixture(scope="module")
def place(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace = Workspace(tmp_path_factory.mktemp("real") / "workspace")
    import_file(workspace, real_data / "annotated.csv", "labels", name="annotated")
    import_file(workspace, real_data / "test_predictions.csv", "predictions", name="published")
    return workspace


@pytest.fixture(scope="module")
def scored(place: Workspace) -> Scored:
    return load_scored(place, "published")


def _command(place: Workspace, capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> dict[str, Any]:
    assert main([*words, "--json", "--quiet", "--workspace", str(place.root)]) == status
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return answer


def test_labels_count_books_and_recognise_repeats(place: Workspace) -> None:
    summary = place.find("labels", "annotated").manifest.summary
    assert (summary["rows"], summary["books"]) == (4374, 1744)
    assert summary["classes"] == {"Fiction": 439, "Non-fiction": 1305}
    assert summary["repeats"]["repeated_books"] == summary["repeats"]["identical_books"] == 949


def test_predictions_are_measured_and_named_after_the_right_class(scored: Scored) -> None:
    evaluation = evaluate(scored.table, scored.classes)
    assert (len(scored.table), evaluation.metrics.n, sum(evaluation.unlabelled.values())) == (999, 850, 149)
    assert evaluation.unlabelled == {"": 147, "both": 2}
    assert round(evaluation.accuracy.value * 850) == 759
    assert (evaluation.accuracy.low, evaluation.accuracy.high) == pytest.approx((0.8704, 0.9120), abs=1e-4)
    assert evaluation.metrics.macro_f1.value == pytest.approx(0.8738, abs=1e-4)
    fiction = next(item for item in evaluation.metrics.per_class if item.name == "Fiction")
    assert (fiction.precision.value, fiction.recall.value) == pytest.approx((0.960, 0.723), abs=1e-3)


def test_the_published_cuts_accept_what_was_published(scored: Scored) -> None:
    report = policy_report(scored.table, Policy({"Fiction": 0.9, "Non-fiction": 0.97}), classes=scored.classes)
    assert (report.labelled, report.labelled_accepted, report.errors) == (850, 451, 3)
    assert report.per_class.set_index("class")["n_accepted"].to_dict() == {"Fiction": 126, "Non-fiction": 325}
    saved = report.acceptance_rates["class"].set_index("value")["rate"]
    assert saved.round(2).to_dict() == {"Fiction": 0.42, "Non-fiction": 0.59}


def test_the_leak_check_finds_the_books_that_are_also_annotated(place: Workspace, scored: Scored, capsys: Any) -> None:
    assert int(scored.labelled["leak"].sum()) == 31
    assert any("31 of the 850" in sentence and "27 by identifier" in sentence for sentence in scored.sentences)
    leak = _command(place, capsys, "evaluate", "--predictions", "published")["leak"]
    assert (leak["n"], leak["with"]["n"], leak["without"]["n"]) == (31, 850, 819)
    assert leak["without"]["accuracy"]["value"] == pytest.approx(0.8901, abs=1e-4)


def test_verse_is_where_the_published_model_fails(place: Workspace, scored: Scored, capsys: Any) -> None:
    result = compare_with_rest(scored.labelled, phrase_mask(scored.labelled["title"], VERSE))
    assert (result["errors"], result["n"]) == (40, 94)
    assert result["rate"].value == pytest.approx(0.43, abs=0.01)
    assert result["rest_rate"].value == pytest.approx(0.07, abs=0.01)
    rows = _command(place, capsys, "slices", "--predictions", "published", "--phrase", VERSE)["slices"]
    assert [row["errors"] for row in rows] == [40, 51]


@pytest.mark.browser
@pytest.mark.slow
def test_browser_command_line_and_zip_tell_one_story(
    real_data: Path, chromium: str, page: Page, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = Workspace(tmp_path / "workspace")
    with serving.dashboard(place.root, tmp_path / "server.log") as address:
        page.goto(address + "/catalogue")
        serving.wait_until_settled(page)
        page.locator('input[type="file"]').set_input_files(real_data / "test_predictions.csv")
        serving.wait_until_settled(page)
        page.get_by_label("What does it hold?").click()
        page.get_by_role("option", name="predictions", exact=False).click()
        serving.wait_until_settled(page)
        page.get_by_role("button", name="Import", exact=True).click()
        expect(page.get_by_text("Done: Importing", exact=False).first).to_be_visible(timeout=60_000)
        page.goto(address + "/thresholds?cut_Fiction=0.5&cut_Non_fiction=0.97")
        serving.wait_until_settled(page)
        page.get_by_role("slider").first.focus()
        for _ in range(80):
            page.keyboard.press("ArrowRight")
        serving.wait_until_settled(page)
        # A slider at its starting value (0.9) is left out of the address.
        cuts = {"Fiction": "0.9", "Non_fiction": "0.9"} | dict(re.findall(r"cut_(\w+)=([\d.]+)", page.url))
        conclusion = page.locator("h2").first.inner_text()
        page.get_by_role("button", name="Keep these cut-offs").click()
        expect(page.get_by_text("Kept. The Export page uses them.")).to_be_visible()
        page.goto(address + "/export")
        serving.wait_until_settled(page)
        with page.expect_download(timeout=60_000) as started:
            page.get_by_role("button", name="Download the zip").click()
        archive = tmp_path / "page.zip"
        started.value.save_as(archive)

    wanted = [f"Fiction={cuts['Fiction']}", f"Non-fiction={cuts['Non_fiction']}"]
    options = [part for cut in wanted for part in ("--cut", cut)]
    text = _command(place, capsys, "thresholds", "--predictions", "test_predictions", *options)
    assert (cuts["Fiction"], cuts["Non_fiction"]) == ("0.9", "0.97")
    assert (text["accepted"], text["labelled_accepted"], text["errors"]) == (503, 451, 3)
    assert conclusion.startswith(f"{text['accepted']} of 999 records")

    created = _command(
        place, capsys, "export", "--predictions", "test_predictions", *options, "--out", str(tmp_path / "cli.zip")
    )
    assert (created["accepted"], created["review"]) == (text["accepted"], text["review"])
    by_page, by_command = _accepted(archive), _accepted(tmp_path / "cli.zip")
    assert by_page == by_command
    assert len(by_page) == text["accepted"]
    assert sum(label == "Fiction" for _, label, _ in by_page) == text["per_class"]["Fiction"]["accepted"]


def _accepted(archive: Path) -> set[tuple[str, str, str]]:
    with zipfile.ZipFile(archive) as zipped:
        name = next(name for name in zipped.namelist() if name.endswith("data/accepted.csv"))
        text = zipped.read(name).decode("utf-8")
        manifest = json.loads(zipped.read(next(n for n in zipped.namelist() if n.endswith("manifest.json"))))
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert manifest["counts"]["accepted"] == len(rows)
    return {(row["identifier"], row["pred_label"], row["pred_confidence"]) for row in rows}
