import re
import shutil
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from core.database import Database
from core.errors import StorageError
from tests import disks
from tests.serving import ROOT


def test_notes_are_appended_and_read_in_order(database: Database) -> None:
    database.add("memo", "p1", {"cut": 0.9})
    database.add("memo", "p1", {"cut": 0.8}, {"cut": 0.7})
    database.add("memo", "p2", {"cut": 0.1})
    assert [note["cut"] for note in database.read("memo", "p1")] == [0.9, 0.8, 0.7]
    assert [note["subject"] for note in database.read("memo")] == ["p1", "p1", "p1", "p2"]
    assert database.read("look") == []


def test_notes_are_numbered_in_the_order_of_writing_and_one_may_depend_on_those_before(database: Database) -> None:
    database.add("memo", "p1", {"cut": 0.9}, {"cut": 0.8})
    database.add("look", "p1", {"x": 1})
    number = database.append("memo", "p1", lambda notes: {"cut": sum(note["cut"] for note in notes)}, after=1)
    assert [(note["id"], note["cut"]) for note in database.read("memo", "p1")] == [(1, 0.9), (2, 0.8), (number, 0.8)]

    def refuse(notes: object) -> dict[str, int]:
        raise KeyError("no")

    with pytest.raises(KeyError):
        database.append("memo", "p1", refuse)
    assert len(database.read("memo")) == 3


def test_adding_nothing_is_no_fault(database: Database) -> None:
    database.add("memo", "p1")
    assert database.read("memo") == []


def test_names_of_one_kind_do_not_meet_those_of_another(database: Database) -> None:
    database.assign_name("corpora", "x", "1")
    database.assign_name("models", "x", "2")
    database.assign_name("corpora", "y", "3")
    assert database.names("corpora") == {"y": "3", "x": "1"}
    assert list(database.names("corpora")) == ["y", "x"]


def test_many_writers_lose_nothing(database: Database) -> None:

    def write() -> None:
        for _ in range(20):
            database.add("memo", "p", {"x": 1})

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(database.read("memo")) == 80


def _cut(path: Path) -> None:
    """Leave a third of a database with many notes, as when a disk was full while it was copied."""
    Database.at(path.with_name("whole.db")).add("memo", "p", *({"text": "x" * 500} for _ in range(200)))
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
    place.add("memo", "p", *({"text": "x" * 500} for _ in range(200)))
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    content = bytearray(path.read_bytes())
    content[len(content) // 2 :] = b"\x7f" * (len(content) - len(content) // 2)
    path.write_bytes(content)
    with pytest.raises(StorageError, match="is damaged"):
        place.read("memo")


def _of_another_day(path: Path) -> None:
    """Write a database that holds one older note."""
    Database.at(path).add("memo", "p", {"day": "before"})
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


class TestReplacedUnderTheRunningProgram:
    def test_another_file_in_its_place_takes_no_decision(self, tmp_path) -> None:
        path = tmp_path / "colophon.db"
        running = Database.at(path)
        running.add("memo", "p", {"day": "today"})
        _of_another_day(tmp_path / "copy.db")
        (tmp_path / "copy.db").replace(path)
        with pytest.raises(StorageError, match=r"replaced or removed .* Stop the server first"):
            running.add("memo", "p", {"day": "lost?"})
        with pytest.raises(StorageError, match="replaced or removed"):
            running.assign_name("models", "x", "1")
        with pytest.raises(StorageError, match="replaced or removed"):
            running.read("memo")
        assert [note["day"] for note in Database.at(path).read("memo")] == ["before"]

    def test_a_removed_file_takes_no_decision(self, tmp_path) -> None:
        running = Database.at(tmp_path / "colophon.db")
        for item in tmp_path.glob("colophon.db*"):
            item.unlink()
        with pytest.raises(StorageError, match="replaced or removed"):
            running.add("memo", "p", {"day": "today"})

    def test_a_copy_written_over_the_same_file_is_noticed(self, tmp_path) -> None:
        path = tmp_path / "colophon.db"
        running = Database.at(path)
        for day in range(3):
            running.add("memo", "p", {"day": day})
        _of_another_day(tmp_path / "copy.db")
        for item in tmp_path.glob("colophon.db-*"):
            item.unlink()
        path.write_bytes((tmp_path / "copy.db").read_bytes())
        with pytest.raises(StorageError):
            running.add("memo", "p", {"day": "lost?"})

    def test_who_opens_it_again_goes_on(self, tmp_path) -> None:
        path = tmp_path / "colophon.db"
        Database.at(path).add("memo", "p", {"day": "today"})
        for item in tmp_path.glob("colophon.db*"):
            item.unlink()
        Database.at(path).add("memo", "p", {"day": "anew"})
        assert [note["day"] for note in Database.at(path).read("memo")] == ["anew"]


def _write_and_die(path: Path, first: int, last: int) -> None:
    """Write notes in a process that ends as if it were killed: what it wrote last stays in the second file."""
    work = (
        "import os, sys; from pathlib import Path; from core.database import Database\n"
        "place = Database.at(Path(sys.argv[1]))\n"
        "for n in range(int(sys.argv[2]), int(sys.argv[3])): place.add('memo', 'p', {'n': n, 'x': 'x' * 200})\n"
        "os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", work, str(path), str(first), str(last)], check=True, cwd=ROOT)


def _put_together(path: Path) -> None:
    """Move what stands in the second file into the first, as SQLite does from time to time."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


class TestAnOlderCopyBesideRecentWrites:
    @pytest.mark.slow
    def test_it_is_refused_when_it_is_opened(self, tmp_path) -> None:
        path = tmp_path / "colophon.db"
        _write_and_die(path, 0, 100)
        _put_together(path)
        older = path.read_bytes()
        _write_and_die(path, 100, 300)
        _put_together(path)
        _write_and_die(path, 300, 305)
        assert (tmp_path / "colophon.db-wal").stat().st_size > 0
        path.write_bytes(older)  # as `cp` does: the file stays, its content is another
        with pytest.raises(StorageError, match="is damaged .* may be a copy of an earlier day"):
            Database.at(path)
        # What the message says to do is enough.
        for name in ("colophon.db-wal", "colophon.db-shm"):
            (tmp_path / name).unlink(missing_ok=True)
        path.write_bytes(older)
        completed = subprocess.run(
            [sys.executable, "-c", _COUNT, str(path)], check=True, cwd=ROOT, capture_output=True, text=True
        )
        assert completed.stdout.strip() == "100"

    def test_what_a_killed_process_left_is_read_whole(self, tmp_path) -> None:
        path = tmp_path / "colophon.db"
        _write_and_die(path, 0, 40)
        _write_and_die(path, 40, 45)
        assert (tmp_path / "colophon.db-wal").stat().st_size > 0
        assert [note["n"] for note in Database.at(path).read("memo")] == list(range(45))


_COUNT = (
    "import sys; from pathlib import Path; from core.database import Database\n"
    "print(len(Database.at(Path(sys.argv[1])).read('memo')))"
)


@pytest.mark.parametrize("pending", [False, True], ids=["all in one file", "recent notes in the second file"])
def test_a_read_only_database_is_read_and_says_why_it_is_not_written(tmp_path, pending) -> None:
    path = tmp_path / "colophon.db"
    Database.at(path).add("memo", "p", {"day": "before"})
    Database.at(path).assign_name("models", "x", "1")
    if not pending:
        with sqlite3.connect(path) as writer:
            writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        writer.close()
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in ("colophon.db", "colophon.db-wal"):  # the third file does not come with a copy
        shutil.copyfile(tmp_path / name, copy / name)
    with disks.read_only(copy, tmp_path / "view") as view:
        place = Database.at(view / "colophon.db")
        assert [note["day"] for note in place.read("memo")] == ["before"]
        assert place.names("models") == {"x": "1"}
        with pytest.raises(StorageError, match="Nothing was written: this workspace can be looked at but not changed"):
            place.add("memo", "p", {"day": "today"})


def test_a_full_disk_is_a_sentence_and_what_was_decided_can_be_read(tmp_path) -> None:
    with disks.small_disk(tmp_path / "disk") as disk:
        path = disk / "colophon.db"
        place = Database.at(path)
        place.add("memo", "p", {"day": "before"})
        filling = disks.fill(disk)
        with pytest.raises(StorageError, match="The disk is full: nothing was written"):
            place.add("memo", "p", {"text": "x" * 100_000})
        assert [note["day"] for note in place.read("memo")] == ["before"]
        filling.unlink()
        place.add("memo", "p", {"day": "after"})
        assert [note["day"] for note in place.read("memo")] == ["before", "after"]


def test_a_database_on_a_full_disk_is_opened_to_be_read_and_written_once_there_is_room(tmp_path) -> None:
    with disks.small_disk(tmp_path / "disk") as disk:
        path = disk / "colophon.db"
        _of_another_day(path)
        for item in disk.glob("colophon.db-*"):
            item.unlink()
        moved = disk / "moved.db"
        path.rename(moved)
        filling = disks.fill(disk)
        place = Database.at(moved)
        assert [note["day"] for note in place.read("memo")] == ["before"]
        with pytest.raises(StorageError, match="disk is full"):
            place.add("memo", "p", {"text": "x" * 100_000})
        filling.unlink()
        place.add("memo", "p", {"day": "after"})
        assert len(place.read("memo")) == 2


def test_notes_of_another_version_are_left_out_and_counted(database: Database) -> None:
    decision = {"record_id": "7", "label": "Fiction", "old": "", "note": "", "undone": False}
    database.add("decision", "p", decision, {"record": "8", "verdict": "Fiction"}, {**decision, "by": "A"})
    database.add("policy", "p", {"policy": {"cuts": {"a": "high"}}, "promise": {}, "labels": "", "because": ""})
    assert [note.get("by") for note in database.read("decision")] == [None, "A"]
    assert database.count_unreadable_notes() == {"decision": 1, "policy": 1}
    database.add("decision", "p", {"record": "9"})
    assert database.count_unreadable_notes() == {"decision": 2, "policy": 1}


def test_names_are_changed_and_taken_away(database: Database) -> None:
    for number, name in enumerate(("first", "second"), 1):
        database.assign_name("models", name, str(number))
    database.rename("models", "first", "third")
    assert database.names("models") == {"second": "2", "third": "1"}
    database.delete_name("models", "second")
    assert database.names("models") == {"third": "1"}
