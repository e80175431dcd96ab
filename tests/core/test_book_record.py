"""One book: its record, and everything that was said of it."""

from pathlib import Path

import pandas as pd
import pytest

from core.book_record import book_record
from core.errors import NotFoundError
from core.guarantees import SavedPolicy, save_policy
from core.importing import import_file
from core.predictions import Scored, load_predictions, load_scored
from core.review import record_decision, undo_decision
from core.storage import Workspace
from core.thresholds import Policy


@pytest.fixture
def scored(workspace: Workspace, tmp_path: Path) -> Scored:
    """Two sets of predictions of two books, one of which was labelled."""
    books = pd.DataFrame(
        {
            "record_id": ["007", "008"],
            "title": ["A tale", "On mills"],
            "shelfmark": ["12601.h.1", ""],
            "Link": ["http://example.org/7", "javascript:alert(1)"],
        }
    )
    for name, sure in (("tool", [0.9, 0.6]), ("other", [0.7, 0.7])):
        books.assign(predicted=["Fiction", "Fact"], confidence=sure).to_csv(tmp_path / f"{name}.csv", index=False)
        import_file(workspace, tmp_path / f"{name}.csv", kind="predictions", name=name)
    labels = books.head(1).assign(label="Fiction", annotator="ann", note="seen")
    labels.to_csv(tmp_path / "labels.csv", index=False)
    import_file(workspace, tmp_path / "labels.csv", kind="labels", name="checked")
    return load_scored(workspace, "tool", "checked")


def originals(workspace: Workspace) -> pd.DataFrame:
    return load_predictions(workspace, "tool").originals(workspace)


def test_a_book_shows_what_each_model_and_each_person_said(workspace: Workspace, scored: Scored) -> None:
    save_policy(workspace, scored.predictions, SavedPolicy(policy=Policy({"Fiction": 0.8, "Fact": 0.8})))
    number = record_decision(workspace.database, scored.predictions, "007", "Fact", by="Bea", scored=scored)
    undo_decision(workspace.database, scored.predictions, number, by="Cy")
    book = book_record(workspace, scored, "007", originals(workspace))
    assert [(p.predictions, p.label, p.confidence, p.is_accepted) for p in book.predictions] == [
        ("tool", "Fiction", 0.9, True),
        ("other", "Fiction", 0.7, None),
    ]
    assert [(label.label_set, label.label, label.annotator, label.note) for label in book.labels] == [
        ("checked", "Fiction", "ann", "seen")
    ]
    assert [(row.label, row.by, bool(row.undoes)) for row in book.decisions] == [
        ("Fact", "Bea", False),
        ("", "Cy", True),
    ]
    assert book.columns["shelfmark"] == "12601.h.1"
    assert book.link == "http://example.org/7"


def test_a_book_nobody_labelled_has_no_label_and_no_dangerous_link(workspace: Workspace, scored: Scored) -> None:
    book = book_record(workspace, scored, "008", originals(workspace))
    assert (book.labels, book.decisions, book.link) == ((), (), "")
    assert "shelfmark" not in book.columns  # it is empty
    assert book.predictions[0].is_accepted is None


def test_a_number_that_is_not_here_is_named(workspace: Workspace, scored: Scored) -> None:
    with pytest.raises(NotFoundError, match=r"None of the 2 books of “tool” has the number 9\."):
        book_record(workspace, scored, "9", originals(workspace))
