"""A model trained again with what people decided: what is added, what is compared, and what cannot be trained again."""

import json
import time

import pandas as pd
import pytest

from core.cli import main
from core.comparison import label_changes
from core.demonstration import PREDICTIONS
from core.errors import InputError, NameTakenError
from core.guarantees import SavedPolicy, save_policy
from core.jobs import start
from core.labels import load_labels
from core.models.registry import load
from core.predictions import Scored, load_predictions, load_scored
from core.retraining import (
    before_and_after,
    check_retrainable,
    labels_from_decisions,
    retrain,
    retrained,
    training_recipe,
    with_decisions,
)
from core.review import CANNOT_TELL, decisions_for_scored, record_decision
from core.storage import Workspace
from core.thresholds import Policy
from core.upkeep import remove

pytestmark = pytest.mark.slow


def decide(workspace: Workspace, scored: Scored, n: int) -> list[str]:
    """Decide `n` unknown books against the model, the first with "can't tell", and return those with a label."""
    table = scored.table
    unchecked = table[(table["truth"] == "") & (table["split"] == "")].head(n)
    for number, (record_id, old) in enumerate(zip(unchecked["record_id"], unchecked["predicted"], strict=True)):
        label = CANNOT_TELL if not number else next(name for name in scored.classes if name != old)
        record_decision(workspace.database, scored.predictions, record_id, label, old=old, by="Ada", scored=scored)
    return list(unchecked["record_id"].iloc[1:])


def test_labels_changed_by_hand() -> None:
    first = pd.DataFrame(
        {"record_id": list("abcd"), "predicted": ["Map", "Map", "Play", "Play"], "confidence": [0.6, 0.7, 0.8, 0.9]}
    )
    second = pd.DataFrame(
        {"record_id": list("dcba"), "predicted": ["Play", "Map", "Play", "Play"], "confidence": [0.9, 0.5, 0.8, 0.95]}
    )
    changes = label_changes(first, second, ("old", "new"))
    assert changes.n == 4
    assert changes.books[["record_id", "first", "second", "second_confidence"]].to_numpy().tolist() == [
        ["a", "Map", "Play", 0.95],
        ["b", "Map", "Play", 0.8],
        ["c", "Play", "Map", 0.5],
    ]
    assert changes.flows.to_numpy().tolist() == [["Map", "Play", 2], ["Play", "Map", 1]]
    assert changes.as_dict(1)["changed"] == 3
    assert len(changes.as_dict(1)["examples"]) == 1


def test_decisions_are_added_to_the_labels_and_take_the_place_of_earlier_ones(demo_copy: Workspace) -> None:
    scored = load_scored(demo_copy, PREDICTIONS)
    added = decide(demo_copy, scored, 5)
    before = load_predictions(demo_copy, PREDICTIONS)
    learned = training_recipe(demo_copy, before).labels
    # One more is a book that the model learned from, decided otherwise than it was labelled.
    known = scored.table[scored.table["record_id"].isin(learned.table().query("label == 'Fiction'")["record_id"])]
    again = str(known["record_id"].iloc[0])
    record_decision(demo_copy.database, scored.predictions, again, "Non-fiction", by="Ada", scored=scored)
    decided = load_labels(demo_copy, labels_from_decisions(demo_copy, PREDICTIONS).name)
    together = with_decisions(demo_copy, learned, decided, before)
    assert together.name == "demo-annotated-decided"
    assert together.manifest.added is not None
    assert (together.manifest.added.books, together.manifest.added.replaced) == (5, 1)
    old, new = learned.table(), together.table().set_index("record_id")
    assert len(new) == len(old) + 4
    assert len(together.records()) == len(together.annotations().drop_duplicates("record_id")) == len(new)
    assert new.loc[again, "label"] == "Non-fiction"
    assert set(added) <= set(new.index)
    untouched = old[old["record_id"] != again].set_index("record_id")["label"]
    assert new.loc[untouched.index, "label"].tolist() == untouched.tolist()
    assert with_decisions(demo_copy, learned, decided, before).fingerprint == together.fingerprint
    assert load_labels(demo_copy, "demo-annotated").table()["label"].tolist() == old["label"].tolist()


def test_the_same_kind_learns_again_and_both_are_compared_on_books_it_had_not_seen(
    demo_copy: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    scored = load_scored(demo_copy, PREDICTIONS)
    added = decide(demo_copy, scored, 41)
    save_policy(demo_copy, scored.predictions, SavedPolicy(policy=Policy({"Fiction": 0.9, "Non-fiction": 0.9})))
    command = ["retrain", "--predictions", PREDICTIONS, "--name", "second", "--quiet", "--by", "Ada"]
    assert main([*command, "--workspace", str(demo_copy.root), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["model"], answer["predictions"], answer["before"]) == ("second", "second", PREDICTIONS)

    first, second = load(demo_copy, "demo-tfidf"), load(demo_copy, "second")
    assert second.manifest.plan == first.manifest.plan
    assert (second.kind, second.manifest.excluded) == (first.kind, first.manifest.excluded)
    learned = second.training.set_index("record_id")
    assert len(learned) == len(first.training) + 40
    assert learned.loc[added, "learned"].all()
    # What the new model says of the decided books is what copies of it said that had not seen them.
    after = load_predictions(demo_copy, "second").table().set_index("record_id").loc[added]
    assert after["p_Fiction"].tolist() == pytest.approx(learned.loc[added, "p_Fiction"].tolist())
    assert set(after["split"]) <= {"train", "calibration", "test"}

    decided = answer["decided"]
    assert decided["n"] == 40
    assert decided["accuracy"][0]["value"] == 0  # each was decided against the model
    right = after["predicted"] != scored.table.set_index("record_id").loc[added, "predicted"]
    assert decided["accuracy"][1]["value"] == pytest.approx(right.sum() / 40)
    judged = load_scored(demo_copy, "second", "demo-test")
    checked = scored.table["truth"] != ""
    assert answer["checked"]["n"] == checked.sum()
    assert answer["checked"]["accuracy"][0]["value"] == pytest.approx(scored.table["correct"][checked].mean())
    assert answer["checked"]["accuracy"][1]["value"] == pytest.approx(judged.table["correct"][checked].mean())
    changed = (judged.table["predicted"] != scored.table["predicted"]).sum()
    assert answer["changes"]["changed"] == changed > 0
    assert answer["above_cut_offs"] == [
        int((table["confidence"] > 0.9).sum()) for table in (scored.table, judged.table)
    ]
    assert "What was promised holds for the predictions before alone" in answer["sentences"][-1]
    # The page finds what the command made, and says the same.
    assert retrained(demo_copy, scored.predictions) == ("second",)
    # Nobody is asked again of a book whose decision the model learned from.
    assert set(decisions_for_scored(demo_copy.database, judged).current) >= set(added)
    assert judged.retrained_from == (scored.predictions,)
    assert before_and_after(demo_copy, scored, "second").as_dict()["checked"] == answer["checked"]
    # The same again, as a job, is the same; another model may not have its name.
    job = start(demo_copy, "core.retraining", {"predictions": PREDICTIONS, "name": "second"}, "Training again")
    while not job.status().finished:
        time.sleep(0.1)
    assert job.status().state == "done", job.status().error
    assert job.status().result["model"] == "second"
    assert demo_copy.database.names("models")["second"] == second.fingerprint
    decide(demo_copy, scored, 42)
    with pytest.raises(NameTakenError):
        retrain(demo_copy, PREDICTIONS, name="second")


def test_what_cannot_be_trained_again_says_why(demo_copy: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InputError, match="Nobody has decided anything"):
        retrain(demo_copy, PREDICTIONS)
    table = load_scored(demo_copy, PREDICTIONS).table.head(20)
    file = demo_copy.root.parent / "tool.csv"
    table[["record_id", "title", "predicted", "confidence"]].to_csv(file, index=False)
    place = ["--workspace", str(demo_copy.root)]
    assert main(["import", str(file), "--kind", "predictions", "--name", "tool", "--quiet", *place]) == 0
    assert main(["retrain", "--predictions", "tool", *place, "--quiet"]) == 2
    assert "came from a file: the model that made them is not here" in capsys.readouterr().err
    remove(demo_copy, "labels", "demo-annotated", dependents_too=True)
    with pytest.raises(InputError, match="'demo-annotated', which the model learned from, are no longer"):
        check_retrainable(demo_copy, load_predictions(demo_copy, PREDICTIONS))
