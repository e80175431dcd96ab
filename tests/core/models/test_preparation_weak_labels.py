"""Which labels by functions are learned from beside people's."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from core.errors import InputError
from core.importing import import_file
from core.labels import load_labels
from core.models.preparation import WEAK_WEIGHT, load_weak_labels
from core.storage import Workspace

CLASSES = ("Essay", "Fiction")


@pytest.fixture
def place(workspace: Workspace, tmp_path: Path, given_by_rules: Any) -> Workspace:
    def put(name: str, kind: Any, **columns: list[str]) -> None:
        pd.DataFrame(columns).to_csv(tmp_path / f"{name}.csv", index=False)
        import_file(workspace, tmp_path / f"{name}.csv", kind, name=name)

    put("people", "labels", record_id=["p1", "p2"], title=["An ode", "A tale"], label=["Essay", "Fiction"])
    put("tested", "corpus", record_id=["t1"], title=["Travels"])
    put(
        "rules",
        "labels",
        record_id=["r1", "r2", "r3", "r4", "r5", "r6"],
        title=["A novel", "An essay", "An ode", "Travels", "", "Sermons"],
        label=["Fiction", "Essay", "Essay", "Essay", "Essay", ""],
    )
    given_by_rules(workspace, "rules")
    return workspace


def test_people_and_what_is_tested_go_before_rules(place: Workspace) -> None:
    """Of six books one has no title and one no label; one is labelled by people and one is tested on: two are left."""
    people = load_labels(place, "people").records()
    table, sentences = load_weak_labels(place, "rules", CLASSES, people, ("tested",))
    assert table["record_id"].tolist() == ["r1", "r2"]
    assert table["p_Essay"].tolist() == [0, 1]
    assert table["p_Fiction"].tolist() == [1, 0]
    assert (table["weight"] == WEAK_WEIGHT).all()
    assert sentences == [
        "2 labels by functions ('rules') were learned from beside people's labels; 2 were left out, since people"
        " labelled them or they are tested on."
    ]
    untested, _ = load_weak_labels(place, "rules", CLASSES, people, ())
    assert untested["record_id"].tolist() == ["r1", "r2", "r4"]


def test_a_class_that_no_person_names_is_refused(place: Workspace) -> None:
    with pytest.raises(InputError, match="'rules' has the class 'Fiction', which no person's label has: Essay"):
        load_weak_labels(place, "rules", ("Essay",), load_labels(place, "people").records(), ())
