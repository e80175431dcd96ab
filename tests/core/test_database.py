import re
import sqlite3
import threading
from pathlib import Path

import pytest

from core.database import Database
from core.errors import StorageError


def test_notes_are_appended_and_read_in_order(tmp_path: Path) -> None:
    place = Database.at(tmp_path / "a.db")
    place.add("policy", "p1", {"cut": 0.9})
    place.add("policy", "p1", {"cut": 0.8}, {"cut": 0.7})
    place.add("policy", "p2", {"cut": 0.1})
    assert [note["cut"] for note in place.read("policy", "p1")] == [0.9, 0.8, 0.7]
    assert [note["subject"] for note in place.read("policy")] == ["p1", "p1", "p1", "p2"]
    assert place.read("look") == []


def test_notes_are_numbered_in_the_order_of_writing_and_one_may_depend_on_those_before(tmp_path: Path) -> None:
    place = Database.at(tmp_path / "a.db")
    place.add("policy", "p1", {"cut": 0.9}, {"cut": 0.8})
    place.add("look", "p1", {"x": 1})
    number = place.append("policy", "p1", lambda notes: {"cut": sum(note["cut"] for note in notes)}, after=1)
    assert [(note["id"], note["cut"]) for note in place.read("policy", "p1")] == [(1, 0.9), (2, 0.8), (number, 0.8)]

    def refuse(notes: object) -> dict[str, int]:
        raise KeyError("no")

    with pytest.raises(KeyError):
        place.append("policy", "p1", refuse)
    assert len(place.read("policy")) == 3


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


def _cut(path: Path) -> None:
    """Leave a third of a database with many notes, as when a disk was full while it was copied."""
    Database.at(path.with_name("whole.db")).add("policy", "p", *({"text": "x" * 500} for _ in range(200)))
    with sqlite3.connect(path.with_name("whole.db")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    whole = path.with_name("whole.db").read_bytes()
    path.write_bytes(whole[: len(whole) // 3])


def _of_another_program(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE names (first TEXT, last TEXT)")
    connection.close()


@pytest.mark.parametrize(
    ("make", "found", "to_do"),
    [
        (lambda path: path.write_text("Dear diary, " * 100), r"is damaged \(file is not a database\)", "move it away"),
        (_cut, r"is damaged \(database disk image is malformed\)", "Put a copy of an earlier day in its place"),
        (Path.mkdir, r"cannot be used \(unable to open database file\)", "can be read and written"),
        (_of_another_program, r"cannot be used \(no such column: names.name\)", "must be made by Colophon"),
    ],
)
def test_what_is_no_database_of_ours_is_named_with_what_to_do(tmp_path, make, found, to_do) -> None:
    path = tmp_path / "colophon.db"
    make(path)
    with pytest.raises(StorageError, match=f"database {re.escape(str(path))} {found}\\. .*{to_do}"):
        Database.at(path).names("models")


def test_damage_deep_in_the_file_is_said_when_it_is_met(tmp_path) -> None:
    path = tmp_path / "colophon.db"
    place = Database.at(path)
    place.add("policy", "p", *({"text": "x" * 500} for _ in range(200)))
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    content = bytearray(path.read_bytes())
    content[len(content) // 2 :] = b"\x7f" * (len(content) - len(content) // 2)
    path.write_bytes(content)
    with pytest.raises(StorageError, match="is damaged"):
        place.read("policy")
