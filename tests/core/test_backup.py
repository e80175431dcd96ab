import hashlib
import io
import json
import zipfile
from pathlib import Path

import pytest

from core.backup import back_up, copy_tables, read_tables, restore
from core.cli import main
from core.database import Database
from core.errors import InputError
from core.review import read_decisions, record_decision, send_to_review, undo_decision
from core.storage import Workspace


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    assert main([*arguments, "--json", "--quiet"]) == 0
    return dict(json.loads(capsys.readouterr().out))


def test_a_restored_workspace_answers_the_same(
    demo_copy: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    [*_, predictions] = demo_copy.list("predictions")
    record_decision(demo_copy.database, predictions.fingerprint, "r1", "Fiction", by="Anna")
    args = ["thresholds", "--predictions", predictions.name, "--cut", "Fiction=.9", "--workspace"]
    before = answer(capsys, *args, str(demo_copy.root))
    written = answer(capsys, "backup", "--out", str(tmp_path / "b.zip"), "--workspace", str(demo_copy.root))
    restored = answer(capsys, "restore", str(tmp_path / "b.zip"), "--workspace", str(tmp_path / "new"))
    assert (restored["files"], restored["rows"]) == (written["files"], written["rows"])
    assert answer(capsys, *args, str(tmp_path / "new")) == before
    new = Workspace(tmp_path / "new").database
    assert read_decisions(new, predictions.fingerprint).rows[-1].by == "Anna"
    assert not Workspace(tmp_path / "new").unreadable("models")
    with pytest.raises(InputError, match="is not empty"):
        restore(tmp_path / "b.zip", Workspace(tmp_path / "new"))
    with pytest.raises(InputError, match="is there already"):
        back_up(demo_copy, tmp_path / "b.zip")


def test_rows_go_from_one_database_to_the_other_kind(
    database: Database, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    number = record_decision(database, "p", "1", "Map", by="Anna", note="“ä”")
    undo_decision(database, "p", number, by="Ben")
    send_to_review(database, "p", ["1", "2"], "odd")
    database.add("memo", "p", {"x": 1})
    if database.path is None:
        other = Database.at(tmp_path / "other.db")
    else:
        other = request.getfixturevalue("postgres_database")
    lines = io.BytesIO()
    count = read_tables(database, lines)
    lines.seek(0)
    assert copy_tables(lines, other) == count
    for kind in ("decision", "review", "memo"):
        assert other.read(kind) == database.read(kind)
    assert record_decision(other, "p", "3", "Map") == 3, "numbers go on"


def test_rows_of_an_earlier_version_are_carried_over(database: Database) -> None:
    mark = {"record_id": "1", "fits": True, "via": "search", "by": "Anna", "session": "s", "undoes": 0}
    notes = [(4, "facet", "c", {"name": "verse", "definition": ""}), (7, "facet_mark", "f", mark), (9, "memo", "p", {})]
    rows = [
        {"table": "people", "row": {"id": 1, "name": "Ben", "at": "2026-11-01"}},
        *(
            {"table": "notes", "row": {"id": number, "kind": kind, "subject": about, "content": json.dumps(content),
                                       "at": "2026-11-01"}}
            for number, kind, about, content in notes
        ),
    ]  # fmt: skip
    lines = [{"tables": "0002"}, *rows]
    assert copy_tables(io.BytesIO(b"".join(json.dumps(line).encode() + b"\n" for line in lines)), database) == 4
    assert database.read("facet_mark", "f") == [{**mark, "id": 7, "subject": "f", "at": "2026-11-01"}]
    assert [note["name"] for note in database.read("facet")] == ["verse"]
    assert database.count_notes() == 3
    database.add("facet_mark", "f", {"record_id": "2", "fits": False, "by": "Cleo"})
    assert database.newest("facet_mark") == 8, "numbers go on"
    with pytest.raises(InputError, match="of version 0001, and this Colophon reads 0002, 0003"):
        copy_tables(io.BytesIO(b'{"tables": "0001"}\n'), database)


def small(tmp_path: Path, **changes: object) -> Path:
    """Write a backup of one file by hand."""
    tables = b'{"tables": "0002"}\n'  # of an earlier version
    content = {"corpora/a/x.txt": b"text"} | dict(changes.pop("content", {}))  # type: ignore[call-overload]
    described = {
        "format": 1,
        "version": 2,
        "rows": 0,
        "files": {
            name: {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)} for name, data in content.items()
        },
        "database": {"sha256": hashlib.sha256(tables).hexdigest(), "bytes": len(tables)},
        **changes,
    }
    path = tmp_path / "small.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in content.items():
            archive.writestr(name, data)
        archive.writestr("database.jsonl", tables)
        archive.writestr("backup.json", json.dumps(described))
    return path


def test_what_a_backup_says_is_checked_before_anything_is_written(tmp_path: Path) -> None:
    place = Workspace(tmp_path / "place")
    wrong = {"corpora/a/x.txt": {"sha256": "0" * 64, "bytes": 4}}
    for changes, sentence in (
        ({"files": wrong}, "is damaged: “corpora/a/x.txt”"),
        ({"version": 99}, "made by a newer Colophon"),
        ({"files": {}}, "holds other files than it says"),
        ({"files": {"corpora/a/x.txt": {"bytes": 4}}}, "does not say what it holds"),
        ({"content": {"../out.txt": b"x"}}, "does not belong into a workspace"),
        ({"content": {"/etc/out.txt": b"x"}}, "does not belong into a workspace"),
        ({"content": {"corpora/../../out.txt": b"x"}}, "does not belong into a workspace"),
        ({"content": {"corpora\\..\\out.txt": b"x"}}, "does not belong into a workspace"),
        ({"content": {"colophon.db": b"x"}}, "does not belong into a workspace"),
    ):
        with pytest.raises(InputError, match=sentence):
            restore(small(tmp_path, **changes), place)
    (tmp_path / "none.zip").write_bytes(b"PK")
    with pytest.raises(InputError, match="is no backup of Colophon"):
        restore(tmp_path / "none.zip", place)
    assert sorted(path.name for path in place.root.iterdir() if not path.name.startswith("colophon.db")) == [
        "workspace.json"
    ]
    assert restore(small(tmp_path), place).files == 1
    assert (place.root / "corpora" / "a" / "x.txt").read_text() == "text"
