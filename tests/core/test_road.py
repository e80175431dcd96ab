"""What comes next, by what a workspace holds and what was done with its predictions."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from core.guarantees import SavedPolicy, save_policy
from core.importing import import_file
from core.manifests import MANIFEST, sealed
from core.predictions import load_predictions, load_scored
from core.review import record_decision
from core.road import RoadStatus, Step, next_step, road_status, steps
from core.storage import Workspace, write_json
from core.thresholds import Policy

LOADED = RoadStatus(catalogues=1, label_sets=1, models=1, predictions=1, has_answers=True)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (RoadStatus(), "collect"),
        (RoadStatus(catalogues=2), "model"),
        (RoadStatus(predictions=1), "errors"),
        (LOADED, "thresholds"),
        (replace(LOADED, policy_at="2026-01-01T10:00:00Z"), "export"),
        (
            replace(LOADED, policy_at="2026-01-01T10:00:00Z", exported_at="2026-01-02T10:00:00Z", left_to_people=3),
            "review",
        ),
        (replace(LOADED, policy_at="2026-01-01T10:00:00Z", is_policy_stale=True), "thresholds"),
        (
            replace(LOADED, policy_at="2026-01-03", exported_at="2026-01-02", is_export_stale=True),
            "export",
        ),
    ],
)
def test_the_next_step_is_the_first_that_waits(status: RoadStatus, expected: Step) -> None:
    assert next_step(status) == expected


def test_the_rest_is_to_do_until_people_have_decided_it_and_then_all_is_handed_over_again() -> None:
    exported = replace(LOADED, policy_at="2026-01-01", exported_at="2026-01-02", left_to_people=5)
    assert steps(LOADED)["review"] == "optional"
    begun = replace(exported, decided_since=4)
    for status in (exported, begun):
        assert (steps(status)["review"], steps(status)["export"], next_step(status)) == ("to do", "done", "review")
    decided = replace(exported, decided_since=5)
    assert (steps(decided)["review"], steps(decided)["export"]) == ("done", "out of date")
    assert next_step(decided) == "export"
    finished = replace(exported, exported_at="2026-01-03", left_to_people=0)
    assert (steps(finished)["review"], steps(finished)["export"]) == ("done", "done")
    assert next_step(finished) == "share"


def test_what_is_out_of_date_is_not_called_done() -> None:
    states = steps(replace(LOADED, policy_at="2026-01-03", exported_at="2026-01-02", is_export_stale=True))
    assert (states["thresholds"], states["export"], states["share"]) == ("done", "out of date", "optional")


@pytest.fixture
def judged(workspace: Workspace, tmp_path: Path) -> Workspace:
    """Predictions with their own truth, and cut-offs chosen on the label set 'checked'."""
    books = pd.DataFrame({"record_id": ["a", "b"], "title": ["A tale", "On mills"], "label": ["x", "y"]})
    books.to_csv(tmp_path / "labels.csv", index=False)
    books.rename(columns={"label": "predicted"}).assign(confidence=[0.9, 0.8]).to_csv(
        tmp_path / "tool.csv", index=False
    )
    import_file(workspace, tmp_path / "labels.csv", kind="labels", name="checked")
    import_file(workspace, tmp_path / "tool.csv", kind="predictions", name="tool")
    chosen = SavedPolicy(policy=Policy({"x": 0.5}), labels="checked")
    save_policy(workspace, load_predictions(workspace, "tool").fingerprint, chosen)
    return workspace


def test_cut_offs_are_out_of_date_when_the_labels_they_were_chosen_on_are_gone(judged: Workspace) -> None:
    before = road_status(judged, "tool")
    assert (before.predictions, before.label_sets, before.has_answers) == (1, 1, True)
    assert before.policy_at
    assert not before.is_policy_stale
    judged.database.delete_name("labels", "checked")
    assert road_status(judged, "tool").is_policy_stale


@pytest.fixture
def retrained(judged: Workspace, tmp_path: Path) -> Callable[[str], Workspace]:
    """Return what makes predictions 'again', by a model that learned what was decided of 'tool', and one export."""

    def make(corpus: str) -> Workspace:
        table = pd.read_csv(tmp_path / "tool.csv").assign(confidence=[0.7, 0.6])
        table.to_csv(tmp_path / "again.csv", index=False)
        import_file(judged, tmp_path / "again.csv", kind="predictions", name="again")
        catalogues = {}
        for name in ("theirs", "another"):
            books = pd.DataFrame({"record_id": ["a", "b"], "title": ["A tale", "On mills"], "shelf": name})
            books.to_csv(tmp_path / f"{name}.csv", index=False)
            import_file(judged, tmp_path / f"{name}.csv", kind="corpus", name=name)
            catalogues[name] = judged.find("corpora", name).fingerprint
        labels, tool = judged.find("labels", "checked"), judged.find("predictions", "tool")
        again = judged.find("predictions", "again")
        added = {"to": "", "labels": "", "predictions": tool.fingerprint, "books": 1, "replaced": 0}
        for artifact, changes in (
            (labels, {"added": added}),
            (tool, {"corpus": catalogues["theirs"]}),
            (again, {"corpus": catalogues[corpus], "trained_on": labels.fingerprint}),
        ):
            write_json(artifact.path / MANIFEST, sealed({**artifact.manifest.as_dict(), **changes}))
        exported = {"name": "first.zip", "accepted": 1, "review": 1, "settings": {}}
        judged.database.add("export", again.fingerprint, exported)
        return judged

    return make


@pytest.mark.parametrize(("corpus", "expected"), [("theirs", 1), ("another", 0)])
def test_what_was_decided_of_the_same_catalogue_before_a_training_counts_and_of_another_does_not(
    retrained: Callable[[str], Workspace], corpus: str, expected: int
) -> None:
    place = retrained(corpus)
    tool = place.find("predictions", "tool")
    record_decision(place.database, tool.fingerprint, "a", "y", old="x")
    assert road_status(place, "again").decided_since == expected
    assert load_scored(place, "again").retrained_from == (tool.fingerprint,)[:expected]
    # The same book, decided of both, is one.
    record_decision(place.database, place.find("predictions", "again").fingerprint, "a", "x", old="x")
    assert road_status(place, "again").decided_since == 1


def test_of_predictions_that_are_not_here_only_what_is_loaded_is_known(judged: Workspace) -> None:
    assert road_status(judged, "no such thing") == RoadStatus(label_sets=1, predictions=1)
