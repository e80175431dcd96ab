import csv
import io
import json
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from core.export.release import Release, _exported, precision_by, release, saved_exports
from core.guarantees import SavedPolicy, save_policy, saved_policies
from core.importing import import_file
from core.predictions import load_predictions, load_scored
from core.review import record_decision
from core.storage import Workspace
from core.thresholds import GuaranteeRecord, Policy, expected_errors, policy_report
from core.translation import language_is

CUTS = {"Fiction": 0.9, "Non-fiction": 0.9}


@pytest.fixture
def place(demo_copy: Workspace) -> Workspace:
    return demo_copy


def _rows(archive: Path, name: str) -> list[dict[str, str]]:
    with zipfile.ZipFile(archive) as zipped:
        member = next(entry for entry in zipped.namelist() if entry.endswith(name))
        return list(csv.DictReader(io.StringIO(zipped.read(member).decode("utf-8"), newline="")))


def test_policies_are_kept_and_the_newest_holds(workspace: Workspace) -> None:
    save_policy(workspace, "p", SavedPolicy(policy=Policy(CUTS)))
    save_policy(
        workspace,
        "p",
        SavedPolicy(
            policy=Policy({"Fiction": 0.5}),
            promise=GuaranteeRecord(promised=True),
            labels="people",
            because="less review",
        ),
    )
    newest, oldest = saved_policies(workspace, "p")
    assert newest.policy.cuts == {"Fiction": 0.5}
    assert (newest.promise, newest.labels, newest.because) == (GuaranteeRecord(promised=True), "people", "less review")
    assert oldest.policy.cuts == CUTS
    assert saved_policies(workspace, "q") == []


@pytest.mark.slow
def test_what_leaves_is_what_the_thresholds_say_less_what_people_said(place: Workspace, tmp_path: Path) -> None:
    scored = load_scored(place, "demo-predictions")
    over_cut = policy_report(scored.table, Policy(CUTS), classes=scored.classes).accepted
    earlier = len(saved_exports(place, scored.predictions))
    prepared = Release.prepare(place, "demo-predictions", SavedPolicy(policy=Policy(CUTS)), scored=scored)
    report = release(place, prepared, tmp_path / "out.zip")
    people = set(scored.labelled["record_id"]) | set(scored.table.loc[scored.table["truth_given"] != "", "record_id"])
    accepted = _rows(tmp_path / "out.zip", "data/accepted.csv")
    assert len(accepted) == report.accepted < over_cut
    ids = {row["BL record ID"] for row in accepted}
    assert not ids & people
    assert sum(report.counts.by_decision.values()) == len(scored.table) == report.counts.loaded
    with zipfile.ZipFile(tmp_path / "out.zip") as zipped:
        manifest = json.loads(zipped.read(next(n for n in zipped.namelist() if n.endswith("/manifest.json"))))
    assert manifest["counts"]["accepted"] == report.accepted
    saved = saved_exports(place, load_predictions(place, "demo-predictions").fingerprint)
    assert len(saved) == earlier + 1
    assert saved[0].accepted == report.accepted
    assert saved[0].choices.cuts == CUTS


def test_precision_among_the_accepted_by_hand() -> None:
    table = pd.DataFrame(
        {
            "predicted": ["Map"] * 24,
            "confidence": [0.9] * 22 + [0.1] * 2,
            "truth": ["Map"] * 10 + ["Play"] * 2 + ["Map"] * 8 + ["", ""] + ["Play"] * 2,
            "correct": [True] * 10 + [False] * 2 + [True] * 8 + [False] * 4,
            "language": ["German"] * 12 + ["Dutch"] * 12,
        }
    )
    result = precision_by(table, Policy({"Map": 0.5}), "language")
    assert result["German"]["n"] == 12
    assert result["German"]["value"] == pytest.approx(10 / 12)
    assert result["German"]["low"] < 10 / 12 < result["German"]["high"]
    assert result["Dutch"] == {"n": 8, "value": None, "low": None, "high": None}


def test_errors_to_expect_among_what_leaves_by_hand() -> None:
    """Of 20 checked maps above the cut 2 are wrong: of 15 that nobody checked 1.5 are, and one that leaves is known."""
    n = 45
    over, known = np.arange(n) < 40, (np.arange(n) < 20) | (np.arange(n) >= 40)
    wrong = np.isin(np.arange(n), [0, 1, 41])
    table = pd.DataFrame(
        {
            "record_id": [f"b{i}" for i in range(n)],
            "predicted": "Map",
            "truth": np.where(wrong, "Play", np.where(known, "Map", "")),
            "correct": known & ~wrong,
        }
    )
    decisions = table[["record_id"]].assign(over_cut=over)
    leaving = np.r_[0, 20:35]
    decided = SimpleNamespace(decisions=decisions, rows=lambda decision: leaving)
    figures = _exported(decided, SimpleNamespace(table=table, classes=("Map", "Play")))  # type: ignore[arg-type]
    assert (figures["machine_labels"], figures["checked"]) == (16, 1)
    assert figures["expected_errors"]["value"] == pytest.approx(1 + 1.5)
    assert figures["expected_errors"]["n"] == 20
    limits = expected_errors(np.array([2]), np.array([20]), np.array([35]))
    assert (figures["expected_errors"]["low"], figures["expected_errors"]["high"]) == (limits.low - 1, limits.high - 1)
    few = SimpleNamespace(table=table.assign(truth="", correct=False), classes=("Map",))
    unknown = _exported(decided, few)["expected_errors"]  # type: ignore[arg-type]
    assert (unknown["value"], unknown["low"], unknown["n"]) == (None, None, 0)


@pytest.mark.slow
def test_a_curator_goes_before_the_cut(place: Workspace, tmp_path: Path) -> None:
    scored = load_scored(place, "demo-predictions")
    open_books = scored.table[scored.table["truth_given"] == ""]
    unsure = open_books.sort_values("confidence").iloc[0]
    sure = open_books[open_books["confidence"] > 0.95].iloc[0]
    database = place.database
    record_decision(database, scored.predictions, unsure["record_id"], "Fiction", old=unsure["predicted"])
    record_decision(database, scored.predictions, sure["record_id"], "can't tell", old=sure["predicted"])
    prepared = Release.prepare(place, "demo-predictions", SavedPolicy(policy=Policy(CUTS)), scored=scored)
    earlier = len(saved_exports(place, scored.predictions))
    report = release(place, prepared, tmp_path / "out.zip", keep=False)
    assert (report.counts.by_decision["curator"], report.counts.by_decision["rejected"]) == (1, 1)
    rows = {row["BL record ID"]: row for row in _rows(tmp_path / "out.zip", "data/accepted.csv")}
    assert rows[unsure["record_id"]]["pred_label"] == "Fiction"
    assert sure["record_id"] not in rows
    assert len(saved_exports(place, scored.predictions)) == earlier


def test_of_predictions_made_elsewhere_nothing_is_claimed(workspace: Workspace, tmp_path: Path) -> None:
    """Nobody calibrated their confidences here, and nothing is known of the model but what the file is called."""
    rows = "".join(f"b{i:03},A tale {i},Fiction,0.9{i % 10}\n" for i in range(30))
    (tmp_path / "tool.csv").write_text(f"id,title,predicted,confidence\n{rows}", encoding="utf-8")
    import_file(workspace, tmp_path / "tool.csv", "predictions", name="tool")
    prepared = Release.prepare(workspace, "tool", SavedPolicy(policy=Policy({"Fiction": 0.5})), profile="none")
    model = prepared.decided.settings.model
    assert (model.name, model.made_here, model.calibrated, model.sha256) == ("tool", False, False, "")


def test_an_export_speaks_english_whatever_language_its_maker_reads(workspace: Workspace, tmp_path: Path) -> None:
    rows = "".join(f"b{i:03},A tale {i},Fiction,0.9{i % 10},Fiction\n" for i in range(30))
    (tmp_path / "tool.csv").write_text(f"id,title,predicted,confidence,truth\n{rows}", encoding="utf-8")
    import_file(workspace, tmp_path / "tool.csv", "predictions", name="tool")
    with language_is("de"):
        prepared = Release.prepare(workspace, "tool", SavedPolicy(policy=Policy({"Fiction": 0.5})), profile="none")
        prepared.write(tmp_path / "export.zip")
    with zipfile.ZipFile(tmp_path / "export.zip") as archive:
        written = {Path(name).name: archive.read(name).decode() for name in archive.namelist()}
    assert "30 of 30 records (100 %) are accepted" in written["manifest.json"]
    assert "angenommen" not in "".join(written.values())
