import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

import core.database.migrations
from core.corpus import link_pattern
from core.database import Database, claim_next
from core.database.models import HEAD, Base
from core.errors import StorageError
from core.learned_facets import list_facets
from core.review import read_decisions, sent_records
from tests import disks, postgres

# The database as Colophon made it before its tables had versions.
NOTES_ONLY = """
CREATE TABLE names (kind VARCHAR(40) NOT NULL, name VARCHAR(120) NOT NULL, fingerprint VARCHAR(64) NOT NULL,
    pointed_at VARCHAR(32) NOT NULL, PRIMARY KEY (kind, name));
CREATE TABLE notes (id INTEGER NOT NULL, kind VARCHAR(40) NOT NULL, subject VARCHAR(120) NOT NULL,
    content TEXT NOT NULL, at VARCHAR(32) NOT NULL, PRIMARY KEY (id));
CREATE INDEX ix_notes_kind ON notes (kind);
CREATE INDEX ix_notes_subject ON notes (subject);
INSERT INTO names VALUES ('models', 'x', '1', '2026-11-01T10:00:00.000000+00:00');
"""
PLAIN = {"old": "Play", "note": "", "undone": False}
WRITTEN: list[tuple[str, str, dict[str, Any]]] = [
    ("decision", "p", {"record_id": "1", "label": "Map", **PLAIN}),
    ("decision", "p", {"record_id": "1", "label": "Song", **PLAIN, "file_id": "f1", "by": "Anna", "session": "s"}),
    # Before undoing named a decision it meant the latest of the record.
    ("decision", "p", {"record_id": "1", "label": "", "undone": True, "old": "", "note": ""}),
    ("decision", "p", {"record_id": "2", "label": "Map", **PLAIN, "by": "Anna", "session": "s", "mood": "good"}),
    ("decision", "p", {"record_id": "2", "label": "", "undone": True, "old": "", "note": "", "undoes": 4, "by": "Ben"}),
    ("decision", "p", {"record": "7", "verdict": "Fiction"}),  # of another version
    ("review", "p", {"record_ids": ["1", "2"], "reason": "verse", "file_ids": ["f1", ""]}),
    ("review", "p", {"record_ids": ["3"], "reason": "odd"}),
    ("policy", "p", {"policy": {"cuts": {"Map": 0.9}}, "promise": {"kind": "whole"}, "labels": "l", "because": "b"}),
    ("export", "p", {"name": "a.zip", "accepted": 3, "review": 2, "settings": {"formats": ["csv"]}, "path": "/a.zip"}),
    ("look", "books", {"description": "verse", "key": "k", "p": None, "n": 3, "errors": 1, "slice": {"facts": []}}),
    ("look", "books", {"description": "verse", "key": "k", "p": 0.25, "of": "scored"}),
    ("question", "all", {"key": "q", "description": "d", "books": "b", "weight": 0.6}),
    ("checked_books", "b", {"books": ["t1", "t2"]}),
    ("draw", "d", {"record_ids": ["2", "1"], "chances": [0.5, 1]}),
    ("draw", "e", {"record_ids": ["2", "1"], "chances": [0.5]}),  # understood by nobody
    ("how_drawn", "l", {"answer": "random"}),
    ("slice", "named", {"name": "verse", "facts": []}),
    ("function", "labelling", {"toml": "x"}),
    ("function", "labelling", {"removes": [19]}),
    ("facet", "c", {"name": "verse", "definition": "in lines", "by": "Anna"}),
    ("facet", "c", {"name": "verse", "definition": "in lines", "renamed_to": "poems"}),
    ("facet_mark", "f", {"record_id": "1", "fits": True, "via": "search", "by": "Anna", "session": "s", "undoes": 0}),
    ("facet_mark", "f", {"record_id": "1", "fits": True, "via": "", "session": "t", "undoes": 23}),
    ("facet_mark", "f", {"record_id": "2", "fits": "yes"}),  # of another version
    (
        "facet_sample",
        "f",
        {"record_ids": ["2", "1"], "strata": [0, 2], "sizes": [4, 0, 9], "cut": 0.5, "marks_up_to": 24},
    ),
    ("shown", "b", {}),
    ("label_audit", "l", {"annotators": ["Ben"], "left_out": [3], "false_alarm": 0.05}),
    ("book_link", "workspace", {"pattern": "https://example.org/{id}"}),
    ("second_opinions", "p", {"share": 0.1}),
    ("learned_from", "p", {"known": True, "labels": {"people": "abc"}}),
    ("corpus_of_predictions", "p", {"corpus": "books", "fingerprint": "abc"}),
    ("memo", "p", {"text": "stays a note"}),
]


def write_earlier(path: Path) -> None:
    """Write a database as an earlier version left it."""
    with sqlite3.connect(path) as connection:
        connection.executescript("PRAGMA journal_mode=WAL;" + NOTES_ONLY)
        connection.executemany(
            "INSERT INTO notes (kind, subject, content, at) VALUES (?, ?, ?, ?)",
            [
                (kind, subject, json.dumps(content), f"2026-11-01T10:00:{number:02}.000000+00:00")
                for number, (kind, subject, content) in enumerate(WRITTEN, start=1)
            ],
        )
    connection.close()


def understood(kind: str) -> list[dict[str, Any]]:
    """Return what an earlier version read of a kind."""
    return [
        {**content, "id": number, "subject": subject, "at": f"2026-11-01T10:00:{number:02}.000000+00:00"}
        for number, (written, subject, content) in enumerate(WRITTEN, start=1)
        if written == kind and number not in (6, 16, 25)
    ]


def check_carried_over(place: Database) -> None:
    for kind in {kind for kind, _, _ in WRITTEN} - {"decision"}:
        assert place.read(kind) == understood(kind), kind
    notes = understood("decision")
    notes[2]["undoes"] = 2  # named now
    assert place.read("decision") == notes
    assert read_decisions(place, "p").frame()[["record_id", "label"]].to_numpy().tolist() == [["1", "Map"]]
    assert [row.by for row in read_decisions(place, "p").rows] == ["", "Anna", "", "Anna", "Ben"]
    assert sent_records(place, "p") == {"1": "verse", "2": "verse", "3": "odd"}
    assert place.names("models") == {"x": "1"}
    assert place.count_unreadable_notes() == {"decision": 1, "draw": 1, "facet_mark": 1}
    assert [facet.name for facet in list_facets(place, "c")] == ["poems"]
    assert link_pattern(place) == "https://example.org/{id}"


def test_a_workspace_of_notes_is_carried_over_and_nothing_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "colophon.db"
    write_earlier(path)
    place = Database.at(path)
    check_carried_over(place)
    # What is new goes on behind it, and a decision taken back before is nobody's any more.
    place.add("look", "books", {"description": "prose", "key": "j", "p": 0.5})
    assert place.newest("look") == 13
    assert claim_next(place, "p", ["1", "2"], holder="Ben") == "2"
    with sqlite3.connect(path) as connection:
        left = connection.execute("SELECT kind FROM notes ORDER BY id").fetchall()
    connection.close()
    assert left == [("decision",), ("draw",), ("facet_mark",), ("memo",)]


def test_so_is_one_whose_facets_and_choices_are_notes_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "colophon.db"
    write_earlier(path)
    monkeypatch.setattr("core.database.migrate.HEAD", "0002")
    Database.at(path).close()
    monkeypatch.undo()
    with sqlite3.connect(path) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        kinds = {kind for (kind,) in connection.execute("SELECT kind FROM notes")}
    connection.close()
    assert "decisions" in tables and "facets" not in tables
    assert {"facet", "facet_mark", "function", "shown"} <= kinds
    place = Database.at(path)
    check_carried_over(place)
    place.add("facet_mark", "f", {"record_id": "3", "fits": False})
    assert place.newest("facet_mark") == 25


def test_so_is_one_on_postgresql(postgres_server: str) -> None:
    psycopg = pytest.importorskip("psycopg")
    url = postgres.new_database(postgres_server, "earlier")
    with psycopg.connect(url) as connection:
        connection.execute(NOTES_ONLY.replace("id INTEGER NOT NULL", "id SERIAL"))
        for number, (kind, subject, content) in enumerate(WRITTEN, start=1):
            row = (kind, subject, json.dumps(content), f"2026-11-01T10:00:{number:02}.000000+00:00")
            connection.execute("INSERT INTO notes (kind, subject, content, at) VALUES (%s, %s, %s, %s)", row)
    check_carried_over(Database(url))
    place = Database(url)
    place.add("look", "books", {"description": "prose", "key": "j", "p": 0.5})
    assert place.newest("look") == 13
    with place.reading() as opened:
        assert compare_metadata(MigrationContext.configure(opened), Base.metadata) == []
    place.close()


def test_a_copy_of_what_was_is_put_beside_it_and_what_is_there_already_stays(tmp_path: Path) -> None:
    path = tmp_path / "colophon.db"
    write_earlier(path)
    (tmp_path / f"colophon.db.before-{HEAD}").write_text("of another day")
    Database.at(path)
    Database.at(path)
    copies = sorted(item.name for item in tmp_path.glob("*before*"))
    assert copies == [f"colophon.db.before-{HEAD}", f"colophon.db.before-{HEAD}-2"]
    with sqlite3.connect(tmp_path / copies[1]) as connection:
        assert connection.execute("SELECT count(*) FROM notes").fetchone() == (len(WRITTEN),)
    connection.close()
    assert sorted(item.name for item in tmp_path.iterdir() if not item.name.startswith("colophon")) == []


def test_what_may_not_be_changed_is_read_all_the_same(tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    folder.mkdir()
    write_earlier(folder / "colophon.db")
    with disks.read_only(folder, tmp_path / "view") as view:
        place = Database.at(view / "colophon.db")
        check_carried_over(place)
        with pytest.raises(StorageError, match="can be looked at but not changed"):
            place.add("memo", "p", {"text": "no"})
    assert [item.name for item in folder.glob("*before*")] == []


def test_a_change_that_fails_leaves_everything_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "colophon.db"
    write_earlier(path)

    def fail(*_: object) -> None:
        raise KeyError("no")

    # A hole in the middle: the tables are made, and some kinds carried over.
    monkeypatch.setattr("core.database.entries.item_rows", fail)
    with pytest.raises(KeyError):
        Database.at(path)
    monkeypatch.undo()
    check_carried_over(Database.at(path))


def test_tables_of_a_newer_version_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "colophon.db"
    Database.at(path)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0999'")
    connection.close()
    with pytest.raises(
        StorageError, match=r"made by a newer Colophon \(its tables are of version 0999, this one knows"
    ):
        Database.at(path)
    shutil.copytree(tmp_path, tmp_path / "copy")
    with disks.read_only(tmp_path / "copy", tmp_path / "view") as view, pytest.raises(StorageError, match="newer"):
        Database.at(view / "colophon.db")


def test_new_tables_are_those_that_all_steps_together_make(tmp_path: Path) -> None:
    write_earlier(tmp_path / "steps.db")
    Database.at(tmp_path / "steps.db")
    Database.at(tmp_path / "new.db")
    for name in ("steps.db", "new.db"):
        engine = create_engine(f"sqlite:///{tmp_path / name}")
        with engine.connect() as connection:
            assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
        engine.dispose()
    [folder] = core.database.migrations.__path__
    assert ScriptDirectory(folder).get_heads() == [HEAD]
