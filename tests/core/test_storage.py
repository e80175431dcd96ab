import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from core.errors import InputError, NotFoundError, StorageError
from core.storage import Workspace, digest, read_json, slug, write_atomically, write_json


def _writer(text: str) -> Any:
    def write(folder: Path) -> Mapping[str, Any]:
        (folder / "content.txt").write_text(text)
        return {"rows": 1}

    return write


def test_a_thing_is_found_by_name_and_by_fingerprint(tmp_path: Path) -> None:
    place = Workspace(tmp_path)
    saved = place.store("corpora", "abc", "mine", _writer("x"))
    assert (saved.path / "content.txt").read_text() == "x"
    assert place.find("corpora", "mine").fingerprint == place.find("corpora", "abc").fingerprint == "abc"
    assert saved.manifest.rows == 1


def test_the_same_fingerprint_is_written_once(tmp_path: Path) -> None:
    place = Workspace(tmp_path)
    place.store("corpora", "abc", "mine", _writer("first"))
    again = place.store("corpora", "abc", "other", _writer("second"))
    assert (again.path / "content.txt").read_text() == "first"
    assert {thing.name for thing in place.list("corpora")} == {"mine", "other"}


def test_a_name_moves_to_the_new_thing_and_the_old_one_stays(tmp_path: Path) -> None:
    place = Workspace(tmp_path)
    place.store("corpora", "abc", "mine", _writer("1"))
    place.store("corpora", "def", "mine", _writer("2"))
    assert place.find("corpora", "mine").fingerprint == "def"
    assert place.find("corpora", "abc").fingerprint == "abc"
    assert [thing.name for thing in place.list("corpora")] == ["mine"]


def test_a_name_is_found_as_it_was_typed(tmp_path: Path) -> None:
    place = Workspace(tmp_path)
    place.store("corpora", "abc", slug("Test_predictions (2021)"), _writer("1"))
    assert place.find("corpora", "Test_predictions (2021)").fingerprint == "abc"


def test_a_failure_while_writing_leaves_nothing(tmp_path: Path) -> None:
    def write(folder: Path) -> Mapping[str, Any]:
        (folder / "half").write_text("…")
        raise RuntimeError("the power went out")

    place = Workspace(tmp_path)
    with pytest.raises(RuntimeError):
        place.store("corpora", "abc", "mine", write)
    assert list((tmp_path / "corpora").iterdir()) == []
    with pytest.raises(NotFoundError, match="There are: none yet"):
        place.find("corpora", "mine")


def test_an_unknown_name_is_answered_with_those_that_exist(tmp_path: Path) -> None:
    place = Workspace(tmp_path)
    place.store("corpora", "abc", "mine", _writer("x"))
    with pytest.raises(NotFoundError, match=r"no corpus called 'yours'.*There are: mine"):
        place.find("corpora", "yours")


def test_a_name_is_looked_up_in_several_kinds_and_the_first_that_has_it_counts(tmp_path: Path) -> None:
    place = Workspace(tmp_path)
    place.store("corpora", "abc", "mine", _writer("x"))
    place.store("labels", "def", "mine", _writer("y"))
    place.store("labels", "ghi", "annotated", _writer("z"))
    kinds = ("labels", "predictions", "corpora")
    assert place.find(kinds, "mine").kind == "labels"
    assert place.find(kinds[1:], "mine").kind == "corpora"
    with pytest.raises(NotFoundError) as unknown:
        place.find(kinds, "anotated")
    assert unknown.value.on_page == (
        "There is no label set, set of predictions or corpus called 'anotated' (did you mean 'annotated'?)."
        " There are: annotated, mine, mine."
    )
    assert str(unknown.value).endswith(f"Looked for in {tmp_path}.")


@pytest.mark.parametrize("name", ["../corpora/abc", "/etc", "a/b", ""])
def test_a_name_is_never_a_path(tmp_path: Path, name: str) -> None:
    place = Workspace(tmp_path)
    place.store("corpora", "abc", "mine", _writer("x"))
    with pytest.raises(NotFoundError):
        place.find("models", name)


def test_a_workspace_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be made"):
        Workspace(tmp_path / "file" / "below")


def test_an_atomic_write_that_fails_keeps_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "x.txt"
    target.write_text("old")
    with pytest.raises(RuntimeError), write_atomically(target) as beside:
        beside.write_text("new")
        raise RuntimeError
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_json_goes_out_and_comes_back(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"title": "Zürich „novel“"})
    assert read_json(tmp_path / "a.json") == {"title": "Zürich „novel“"}
    (tmp_path / "list.json").write_text(json.dumps([1]))
    with pytest.raises(InputError, match="holds a list"):
        read_json(tmp_path / "list.json")


def test_a_free_name_is_numbered(tmp_path: Path) -> None:
    place = Workspace(tmp_path)
    place.store("corpora", "abc", "mine", _writer("x"))
    assert place.free_name("corpora", "Mine") == "mine-2"


def test_a_fingerprint_depends_on_content_and_not_on_the_order_of_keys() -> None:
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1}) != digest({"a": 1, "b": 3})


def test_a_damaged_database_stops_the_workspace_in_words(tmp_path: Path) -> None:
    (tmp_path / "colophon.db").write_text("no database", encoding="utf-8")
    with pytest.raises(
        StorageError, match=r"colophon\.db is damaged \(file is not a database\)\. Stop the server first"
    ):
        Workspace(tmp_path)


def test_a_team_s_workspace_keeps_names_in_the_database_it_is_told(
    postgres_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests import postgres

    monkeypatch.setenv("COLOPHON_DATABASE", postgres.new_database(postgres_server, "team"))
    place = Workspace(tmp_path / "place")
    place.database.assign_name("models", "x", "1")
    assert Workspace(tmp_path / "place").database.names("models") == {"x": "1"}
    assert [path.name for path in place.root.iterdir()] == ["workspace.json"]
    place.database.close()
