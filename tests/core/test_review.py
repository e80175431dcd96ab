from pathlib import Path

import pandas as pd
import pytest

from core.database import Database
from core.errors import InputError
from core.review import decisions, record_decision, review_list, send_to_review, sent_records, undo_last


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database.at(tmp_path / "a.db")


def test_a_record_is_sent_once_with_its_first_reason(database: Database) -> None:
    assert send_to_review(database, "p", ["1", "2", "1"], "verse") == 2
    assert send_to_review(database, "p", ["2", "3"], "German") == 1
    assert send_to_review(database, "p", ["3"], "again") == 0
    assert sent_records(database, "p") == {"1": "verse", "2": "verse", "3": "German"}
    assert sent_records(database, "other") == {}


def test_the_later_decision_holds_and_undoing_brings_the_earlier_back(database: Database) -> None:
    record_decision(database, "p", "1", "Map", old="Play")
    record_decision(database, "p", "2", "can't tell", note="torn title page")
    record_decision(database, "p", "1", "Song")
    assert decisions(database, "p")[["record_id", "label"]].to_numpy().tolist() == [["2", "can't tell"], ["1", "Song"]]
    assert undo_last(database, "p") == "1"
    held = decisions(database, "p").set_index("record_id")
    assert held.loc["1", "label"] == "Map"
    assert held.loc["2", "note"] == "torn title page"
    assert undo_last(database, "p") == "2"
    assert undo_last(database, "p") == "1"
    assert undo_last(database, "p") is None
    assert len(database.read("decision", "p")) == 6


def test_an_empty_decision_is_refused(database: Database) -> None:
    with pytest.raises(InputError, match="needs a label"):
        record_decision(database, "p", "1", " ")


def test_what_was_sent_comes_first_then_the_least_sure() -> None:
    table = pd.DataFrame(
        {
            "record_id": ["a", "b", "c", "d", "e"],
            "predicted": ["Map", "Map", "Map", "Map", ""],
            "confidence": [0.9, 0.6, 0.5, 0.95, float("nan")],
        }
    )
    accepted = pd.Series([False, False, False, True, False])
    found = review_list(table, {"d": "verse"}, accepted, ["b"])
    assert found["record_id"].tolist() == ["d", "c", "a"]
    assert found["reason"].tolist() == ["verse", "below its cut-off", "below its cut-off"]
    assert review_list(table, {"d": "verse"}, None, [])["record_id"].tolist() == ["d"]
