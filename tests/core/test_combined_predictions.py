"""What two models decide under one promise, put together, kept and exported: each record names its own model."""

import json
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.cli import main
from core.combined_predictions import check_pair, combine, save_combined, two_model_policy
from core.errors import ConflictError, InputError, NotFoundError
from core.export.release import Release
from core.guarantees import (
    TwoModelRequest,
    WholeRequest,
    ask_two_models,
    ask_whole,
    budget_of,
    saved_policies,
    seconds_a_title,
)
from core.importing import import_file
from core.manifests import MANIFEST, sealed
from core.predictions import PredictionSet, load_predictions, load_scored
from core.review import ConcurrentDecisionError, decisions_for_scored, record_decision, undo_decision
from core.storage import Workspace, write_json
from core.thresholds import apply_policy
from core.thresholds.two_models import TwoCuts
from core.wording import whole as wording

N = 400


def rows_of(model: str) -> pd.DataFrame:
    """Of 400 books the quick model is sure of the first 200, the slow one of the next 100; nobody of the last 100.

    Every second book is checked. A model is 90 to 99 % sure of what it knows, and half sure of a wrong answer else. A
    cut of .9, the next above that half of the slow one's, leaves ten of its hundred to people.
    """
    number = np.arange(N)
    known = number < 200 if model == "quick" else (number >= 200) & (number < 300)
    return pd.DataFrame(
        {
            "record_id": [f"b{i:03}" for i in number],
            "title": [f"The history of town number {i}, in two volumes" for i in number],
            "predicted": np.where(known, "Map", "Play"),
            "confidence": np.where(known, 0.9 + (number % 10) / 100, 0.5),
            "truth": np.where(number % 2 == 0, "Map", ""),
        }
    )


@pytest.fixture
def two(workspace: Workspace, tmp_path: Path) -> Workspace:
    for name in ("quick", "slow"):
        rows = rows_of(name).sample(frac=1, random_state=1) if name == "slow" else rows_of(name)
        rows.to_csv(tmp_path / f"{name}.csv", index=False)
        import_file(workspace, tmp_path / f"{name}.csv", "predictions", name=name, learned_from=("none",))
    return workspace


def saved(workspace: Workspace) -> PredictionSet:
    first, second = load_scored(workspace, "quick"), load_scored(workspace, "slow")
    request = TwoModelRequest(max_error=0.05, seconds_a_title=1.0)
    result = ask_two_models(first, second, request, budget_of(workspace, first))
    return save_combined(workspace, first, second, result, "both")


def test_each_row_is_of_the_model_that_decides_it(two: Workspace) -> None:
    first, second = load_scored(two, "quick"), load_scored(two, "slow")
    cuts = TwoCuts(quick=0.945, slow=0.6)
    table = combine(first, second, cuts)
    # Of the first 200 half have .95 and more; of the other 300 the slow model speaks, as of the 100 the quick one left.
    assert table["predicted_by"].value_counts().to_dict() == {"slow": 300, "quick": 100}
    accepted = apply_policy(table, two_model_policy(first, second, cuts))
    by = cuts.decided_by(first.table, second.table.sort_values("record_id"))
    assert (accepted == (by != "")).all()
    assert (table["predicted_by"][accepted] == by[accepted]).all()
    assert int(accepted.sum()) == 200
    assert table["confidence"][250] == pytest.approx(0.9)
    unread = combine(first, second, TwoCuts(quick=0.945, slow=1))
    assert set(unread["predicted_by"]) == {"quick"}
    assert two_model_policy(first, second, TwoCuts(quick=0.945, slow=1)).as_dict()["by_stratum"] == {
        "quick": {"Map": 0.945, "Play": 0.945}
    }


def test_they_are_kept_with_both_sources_and_their_promise(two: Workspace) -> None:
    combined = saved(two)
    first, second = combined.manifest.parts
    assert (first.name, first.decided, second.name, second.decided) == ("quick", 200, "slow", 90)
    assert first.predictions.fingerprint == load_predictions(two, "quick").fingerprint
    assert first.predictions.file == "quick.csv"
    assert combined.manifest.calibrated is False
    [chosen] = saved_policies(two, combined.fingerprint)
    assert chosen.promise is not None
    assert (chosen.promise.kind, chosen.promise.promised, chosen.promise.max_error) == ("two models", True, 0.05)
    scored = load_scored(two, "both")
    assert int(apply_policy(scored.table, chosen.policy).sum()) == 290
    assert scored.sources == (first.predictions.fingerprint, second.predictions.fingerprint)
    assert (saved(two).fingerprint, len(two.list("predictions"))) == (combined.fingerprint, 3)
    with pytest.raises(InputError, match="kept with it"):
        ask_whole(scored, WholeRequest(max_error=0.05), budget_of(two, scored))


def test_what_people_decided_of_either_holds(two: Workspace) -> None:
    quick = load_scored(two, "quick")
    record_decision(two.database, quick.predictions, "b351", "Map", scored=quick)
    saved(two)
    both = load_scored(two, "both")
    record_decision(two.database, both.predictions, "b353", "Play", scored=both)
    current = decisions_for_scored(two.database, both).current
    assert {name: decision.label for name, decision in current.items()} == {"b351": "Map", "b353": "Play"}
    assert list(decisions_for_scored(two.database, quick).current) == ["b351"]


def test_after_another_question_it_says_that_the_first_gets_the_most(two: Workspace) -> None:
    quick, slow = load_scored(two, "quick"), load_scored(two, "slow")
    budget, request = budget_of(two, quick), TwoModelRequest(max_error=0.05)
    ask_whole(quick, WholeRequest(max_error=0.05), budget)
    later = ask_two_models(quick, slow, request, budget)
    aside = "Asked first, it might leave people less: the first question put to checked books gets the most"
    assert (later.earlier, wording.two_models_sentences(later, "quick", "slow")[1].startswith(aside)) == (1, True)
    kept = save_combined(two, quick, slow, later, "both")
    [chosen] = saved_policies(two, kept.artifact.fingerprint)
    assert chosen.promise is not None
    assert "Asked first" not in chosen.promise.sentence
    other = budget_of(two, slow)  # the same books
    assert ask_two_models(quick, slow, request, other).earlier == 1


def test_what_was_decided_of_a_source_is_taken_back_there(two: Workspace) -> None:
    quick = load_scored(two, "quick")
    number = record_decision(two.database, quick.predictions, "b351", "Map", scored=quick)
    both = load_scored(two, saved(two).name)
    own = record_decision(two.database, both.predictions, "b353", "Play", scored=both)
    undone = undo_decision(two.database, both.predictions, number, sources=both.sources, by="Ada")
    assert (undone.id, undone.label) == (number, "Map")
    assert not decisions_for_scored(two.database, quick).current
    assert list(decisions_for_scored(two.database, both).current) == ["b353"]
    with pytest.raises(ConflictError, match="taken back already by Ada"):
        undo_decision(two.database, both.predictions, number, sources=both.sources)
    undo_decision(two.database, both.predictions, own, sources=both.sources)
    assert not decisions_for_scored(two.database, both).current
    with pytest.raises(NotFoundError, match="no decision number 77"):
        undo_decision(two.database, both.predictions, 77, sources=both.sources)


def test_what_was_decided_of_a_source_meanwhile_is_not_decided_once_more(two: Workspace) -> None:
    quick, both = load_scored(two, "quick"), load_scored(two, saved(two).name)
    seen = decisions_for_scored(two.database, both).newest
    first = record_decision(two.database, quick.predictions, "b351", "Map", by="Ada", scored=quick)
    with pytest.raises(ConcurrentDecisionError) as raised:
        record_decision(two.database, both.predictions, "b351", "Play", seen=seen, scored=both)
    assert (raised.value.decision.id, raised.value.decision.by) == (first, "Ada")
    assert list(decisions_for_scored(two.database, both).current) == ["b351"]
    again = record_decision(two.database, both.predictions, "b351", "Play", seen=first, scored=both)
    assert decisions_for_scored(two.database, both).current["b351"].id == again


@pytest.mark.slow
def test_the_export_names_the_model_of_each_record(two: Workspace, tmp_path: Path) -> None:
    combined = saved(two)
    [chosen] = saved_policies(two, combined.fingerprint)
    prepared = Release.prepare(two, "both", chosen, formats=("csv", "marcxml", "mods", "jsonld"))
    report = prepared.write(tmp_path / "out.zip")
    assert report.accepted == 290
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        files = {name.split("/", 1)[1]: archive.read(name) for name in archive.namelist()}
    flat = pd.read_csv(BytesIO(files["data/accepted.csv"]), dtype=str)
    assert flat["pred_model"].value_counts().to_dict() == {"quick": 200, "slow": 90}
    assert set(flat["pred_model"][flat["record_id"] < "b200"]) == {"quick"}
    cuts = chosen.policy.by_stratum
    assert float(flat["pred_threshold"].iloc[0]) == pytest.approx(cuts["quick"]["Map"], abs=1e-4)
    readme = " ".join(files["README.md"].decode().split())
    assert "Of the 290 accepted labels, 200 (69.0 %) by quick and 90 (31.0 %) by slow" in readme
    assert "the predictions quick made elsewhere, brought in on" in readme
    assert "and, of what it leaves, the predictions slow made elsewhere" in readme
    assert "With 95 % confidence at most 5 % of all 400 books are wrong" in readme
    manifest = json.loads(files["manifest.json"])
    assert [(part["name"], part["accepted"]) for part in manifest["model"]["parts"]] == [("quick", 200), ("slow", 90)]
    assert manifest["model"]["parts"][1]["fingerprint"] == load_predictions(two, "slow").fingerprint
    assert manifest["policy"]["promise"]["by_slow"] == 90
    graph = {node["@id"].partition("#")[2]: node for node in json.loads(files["manifest.jsonld"])["@graph"]}
    assert (graph["model"]["colophon:accepted"], graph["model-2"]["colophon:accepted"]) == (200, 90)
    mods = files["other/mods-3.7.xml"]
    assert (mods.count(b'predictions="quick"'), mods.count(b'predictions="slow"')) == (200, 90)
    marc = next(text.decode() for name, text in files.items() if name.startswith("marc/stub") and name.endswith("xml"))
    assert (marc.count('"a">quick<'), marc.count('"a">slow<')) == (200, 90)
    assert (marc.count("(predictions quick made"), marc.count("(predictions slow made")) == (200, 90)


@pytest.mark.slow
def test_page_and_command_line_ask_with_the_same_time_for_a_title(two: Workspace) -> None:
    """4.7468 seconds for 400 titles are .011867 each: in three digits, as people would type it, .0119."""
    slow = two.find("predictions", "slow")
    write_json(slow.path / MANIFEST, sealed({**slow.manifest.as_dict(), "seconds": 4.7468}))
    assert seconds_a_title(two, "slow") == 0.0119
    assert seconds_a_title(two, "quick") is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"predicted": "Poem"}, "speaks of no record of 'quick', or calls none"),
        ({"predicted": ["Poem"] + ["Map"] * (N - 1)}, "also speaks of Poem"),
        ({"confidence": np.nan}, "carries no confidence"),
    ],
)
def test_what_cannot_be_put_together_is_said(
    two: Workspace, tmp_path: Path, change: dict[str, object], message: str
) -> None:
    rows_of("slow").drop(columns="truth").assign(**change).to_csv(tmp_path / "other.csv", index=False)
    import_file(two, tmp_path / "other.csv", "predictions", name="other", learned_from=("none",))
    with pytest.raises(InputError, match=message):
        check_pair(load_scored(two, "quick"), load_scored(two, "other"))


def test_another_collection_is_refused(two: Workspace, tmp_path: Path) -> None:
    rows_of("slow").head(250).to_csv(tmp_path / "other.csv", index=False)
    import_file(two, tmp_path / "other.csv", "predictions", name="other", learned_from=("none",))
    with pytest.raises(InputError, match="speaks of 250 of the 400 records"):
        check_pair(load_scored(two, "quick"), load_scored(two, "other"))


@pytest.mark.slow
def test_from_the_command_line_to_the_export(
    two: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = ["--json", "--workspace", str(two.root)]
    command = ["thresholds", "--predictions", "quick", "--whole", ".05", "--second", "slow", "--save", "both"]
    assert main([*command, *place]) == 0
    assert json.loads(capsys.readouterr().out)["saved"] == "both"
    export = ["export", "--predictions", "both", "--out", str(tmp_path / "out.zip")]
    assert main([*export, *place]) == 0
    assert json.loads(capsys.readouterr().out)["accepted"] == 290
    assert main([*export, "--whole", ".05", *place]) == 2
    assert "put together from two models" in capsys.readouterr().err
    assert main(["thresholds", "--predictions", "quick", "--whole", ".05", "--save", "x", *place]) == 2
    assert "--save goes with --second" in capsys.readouterr().err
