"""What a model made elsewhere learned from: told, or unknown and said so; the truth under test is never the suspect."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from core.cli import main
from core.errors import NotFoundError
from core.importing import import_file
from core.labels import load_labels
from core.manifests import MANIFEST, sealed
from core.predictions import (
    NO_LABELS,
    PredictionSet,
    load_predictions,
    load_scored,
    save_training_labels,
    saved_training_labels,
)
from core.predictions.learned import find_learned
from core.storage import Workspace, write_json
from core.thresholds import find_guaranteed_cuts

pytestmark = pytest.mark.slow


def books(n: int = 100, start: int = 0) -> pd.DataFrame:
    """n invented books with what a tool said of them and what a person said."""
    rows = range(start, start + n)
    return pd.DataFrame(
        {
            "record_id": [f"b{i:04}" for i in rows],
            "title": [f"The {i}th tale" for i in rows],
            "predicted": ["Fiction" if i % 2 else "Essay" for i in rows],
            "confidence": [0.6 + (i % 40) / 100 for i in rows],
            "truth": ["Fiction" if i % 2 or i % 10 == 0 else "Essay" for i in rows],
        }
    )


@pytest.fixture
def place(workspace: Workspace, tmp_path: Path) -> Workspace:
    """Predictions with their truth, the same file as a label set, the same books from another file, and others."""
    tested = books()
    tested.to_csv(tmp_path / "tool.csv", index=False)
    import_file(workspace, tmp_path / "tool.csv", "predictions", name="tool")
    import_file(workspace, tmp_path / "tool.csv", "labels", name="same-file", overrides=["truth=label"])
    labels = tested[["record_id", "title", "truth"]].rename(columns={"truth": "label"})
    labels.to_csv(tmp_path / "again.csv", index=False)
    import_file(workspace, tmp_path / "again.csv", "labels", name="same-books")
    others = books(60, start=90)[["record_id", "title", "truth"]].rename(columns={"truth": "label"})
    others.to_csv(tmp_path / "others.csv", index=False)
    import_file(workspace, tmp_path / "others.csv", "labels", name="taught")
    return workspace


def test_the_test_set_as_labels_does_not_ruin_the_audit(place: Workspace) -> None:
    """All 100 checked books were called learned from, and a promise rested on 0 labelled books."""
    scored = load_scored(place, "tool")
    assert not scored.learned_known
    assert int(scored.labelled["leak"].sum()) == 10  # those that 'taught' holds too
    assert find_guaranteed_cuts(scored.table, scored.classes, 0.2).labelled == 90
    text = " ".join(scored.sentences)
    assert "It is not known which books the model learned from" in text
    assert "books that are also in taught count as learned from" in text
    assert "same-books and same-file hold the very books under test" in text
    assert "also in same" not in text


@pytest.mark.parametrize("labels", ["same-file", "same-books"])
def test_nor_when_it_is_the_judge(place: Workspace, labels: str) -> None:
    scored = load_scored(place, "tool", labels)
    assert len(scored.labelled) == 100
    assert int(scored.labelled["leak"].sum()) == 10


def test_what_is_told_is_known(place: Workspace) -> None:
    predictions = load_scored(place, "tool").predictions
    save_training_labels(place, predictions, [NO_LABELS])
    scored = load_scored(place, "tool")
    assert scored.learned_known
    assert not scored.table["leak"].any()
    save_training_labels(place, predictions, ["taught"])
    scored = load_scored(place, "tool")
    assert scored.learned_known
    assert int(scored.labelled["leak"].sum()) == 10
    assert "may have learned" not in " ".join(scored.sentences)
    # What is named in a call goes first, and nothing named goes back to "not known".
    assert not load_scored(place, "tool", learned_from=[NO_LABELS]).table["leak"].any()
    save_training_labels(place, predictions, [])
    assert saved_training_labels(place, predictions) is None
    with pytest.raises(NotFoundError):
        save_training_labels(place, predictions, ["nowhere"])


def test_what_was_predicted_out_of_fold_has_learned_from_no_book_it_is_tested_on(place: Workspace) -> None:
    """A model's own training books, predicted by heads that have not seen them: known, and none is a leak."""
    tool = load_predictions(place, "tool")
    changes = {"trained_on": load_labels(place, "taught").fingerprint}
    write_json(tool.artifact.path / MANIFEST, sealed({**tool.manifest.as_dict(), **changes}))
    scored = load_scored(place, "tool", "taught")
    assert len(scored.labelled) == 10
    assert scored.learned_known
    assert not scored.table["leak"].any()


def test_rules_of_this_workspace_taught_nothing_to_a_tool_elsewhere(
    place: Workspace, tmp_path: Path, given_by_rules: Any
) -> None:
    books(80).assign(label="Essay")[["record_id", "title", "label"]].to_csv(tmp_path / "rules.csv", index=False)
    import_file(place, tmp_path / "rules.csv", "labels", name="rules")
    given_by_rules(place, "rules")
    assert load_labels(place, "rules").manifest.by_rules
    assert int(load_scored(place, "tool").labelled["leak"].sum()) == 10


def test_it_is_asked_at_import_and_answered_there(
    place: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    books(50, start=20).to_csv(tmp_path / "more.csv", index=False)
    common = ["--kind", "predictions", "--workspace", str(place.root), "--quiet", "--json"]
    assert main(["import", str(tmp_path / "more.csv"), "--name", "more", *common]) == 0
    requested = json.loads(capsys.readouterr().out)["questions"]
    assert any(question.startswith("From which labels did the model learn?") for question in requested)
    assert not load_scored(place, "more").learned_known
    assert main(["import", str(tmp_path / "more.csv"), "--name", "more", "--learned-from", "none", *common]) == 0
    assert not json.loads(capsys.readouterr().out)["questions"]
    assert load_scored(place, "more").learned_known
    assert main(["import", str(tmp_path / "more.csv"), "--learned-from", "nowhere", *common]) == 2
    assert "nowhere" in capsys.readouterr().err


@pytest.mark.parametrize("how", ["removed", "cut short"])
def test_predictions_of_a_model_that_is_gone_open_and_say_so(place: Workspace, how: str) -> None:
    """The list of books the model learned from was the one file without which nothing opened."""
    tool = load_predictions(place, "tool")
    model = "0123456789abcdef"
    if how == "cut short":
        folder = place.folder("models") / model
        folder.mkdir()
        (folder / "manifest.json").write_text(json.dumps({"fingerprint": model}))
        (folder / "training.parquet").write_bytes(b"PAR1")
    gone = PredictionSet(replace(tool.artifact, manifest=tool.manifest.model_copy(update={"model_fingerprint": model})))
    learned = find_learned(place, load_scored(place, "tool").table, gone, "")
    assert not learned.known
    assert learned.sentences[0].startswith("What the model learned from is no longer known:")
    assert "books that are also in taught count as learned from" in learned.sentences[0]
    assert int(learned.mask.sum()) == 10


def test_a_label_set_that_cannot_be_read_stops_no_other_predictions(place: Workspace) -> None:
    for path in load_labels(place, "taught").artifact.path.glob("*.parquet"):
        path.write_bytes(b"PAR1")
    scored = load_scored(place, "tool")
    assert len(scored.labelled) == 100 and not scored.table["leak"].any()


def test_every_label_set_it_learned_from_counts(place: Workspace, tmp_path: Path) -> None:
    """Ten of the books are in the one set and five others in the other: fifteen are leaks, whichever is named last."""
    early = books(5)[["record_id", "title", "truth"]].rename(columns={"truth": "label"})
    early.to_csv(tmp_path / "early.csv", index=False)
    import_file(place, tmp_path / "early.csv", "labels", name="early")
    frame, predictions = load_scored(place, "tool").table, load_predictions(place, "tool")
    for names in (("taught", "early"), ("early", "taught")):
        mask = find_learned(place, frame, predictions, "", names).mask
        assert frame.loc[mask, "record_id"].tolist() == [f"b{i:04}" for i in (*range(5), *range(90, 100))]
