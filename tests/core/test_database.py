import threading
from pathlib import Path

from core.database import Database


def test_notes_are_appended_and_read_in_order(tmp_path: Path) -> None:
    place = Database.at(tmp_path / "a.db")
    place.add("policy", "p1", {"cut": 0.9})
    place.add("policy", "p1", {"cut": 0.8}, {"cut": 0.7})
    place.add("policy", "p2", {"cut": 0.1})
    assert [note["cut"] for note in place.read("policy", "p1")] == [0.9, 0.8, 0.7]
    assert [note["subject"] for note in place.read("policy")] == ["p1", "p1", "p1", "p2"]
    assert place.read("look") == []


def test_adding_nothing_is_no_fault(tmp_path: Path) -> None:
    place = Database.at(tmp_path / "a.db")
    place.add("policy", "p1")
    assert place.read("policy") == []


def test_names_of_one_kind_do_not_meet_those_of_another(tmp_path: Path) -> None:
    place = Database.at(tmp_path / "a.db")
    place.point("corpora", "x", "1")
    place.point("models", "x", "2")
    place.point("corpora", "y", "3")
    assert place.names("corpora") == {"y": "3", "x": "1"}
    assert list(place.names("corpora")) == ["y", "x"]


def test_many_writers_lose_nothing(tmp_path: Path) -> None:
    place = Database.at(tmp_path / "a.db")

    def write() -> None:
        for _ in range(20):
            place.add("decision", "p", {"x": 1})

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(place.read("decision")) == 80
