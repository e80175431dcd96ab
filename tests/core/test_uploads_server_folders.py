"""Files of the server: below the folders its operator names, whatever way a path takes; none by default."""

import os
from pathlib import Path

import pytest

from core.errors import InputError
from core.uploads import VARIABLE, file_below, folders_text, server_folders


@pytest.fixture
def opened(tmp_path: Path) -> Path:
    """A folder with two files and three ways out of it."""
    folder = tmp_path / "open"
    (folder / "lists").mkdir(parents=True)
    (folder / "a.csv").write_text("id\n1\n")
    (folder / "lists" / "b.csv").write_text("id\n2\n")
    (tmp_path / "secret.csv").write_text("id\n3\n")
    (tmp_path / "open-too").mkdir()
    (tmp_path / "open-too" / "c.csv").write_text("id\n4\n")
    (folder / "out.csv").symlink_to(tmp_path / "secret.csv")
    (folder / "way-out").symlink_to(tmp_path)
    (folder / "circle").symlink_to(folder / "circle")
    (folder / "inside.csv").symlink_to(folder / "lists" / "b.csv")
    return folder


def test_no_folder_is_open_by_default(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    assert server_folders() == ()


def test_the_folders_named_are_resolved_and_others_left_out(opened, monkeypatch):
    named = [str(opened), str(opened / "way-out" / "open"), "relative", str(opened / "none"), str(opened / "a.csv"), ""]
    monkeypatch.setenv(VARIABLE, os.pathsep.join(named))
    assert server_folders() == (opened.resolve(),)


@pytest.mark.parametrize("typed", ["a.csv", " a.csv ", "lists/b.csv", "lists", "lists/../a.csv", "inside.csv", "."])
def test_what_lies_below_is_found(opened, typed):
    path = file_below([opened.resolve()], typed)
    assert path.is_relative_to(opened.resolve())
    assert path == (opened / typed.strip()).resolve()
    assert file_below([opened.resolve()], str(opened / typed.strip())) == path


@pytest.mark.parametrize(
    "typed",
    [
        "/etc/passwd",
        "../secret.csv",
        "lists/../../secret.csv",
        "out.csv",
        "way-out/secret.csv",
        "../open-too/c.csv",
        "nothing.csv",
        "/nothing/at/all.csv",
        "circle",
        "~/x.csv",
        "~nosuchuser/x.csv",
        "x" * 5000,
        "a\0.csv",
        "//etc/passwd",
    ],
)
def test_everything_else_is_one_sentence_whether_it_exists_or_not(opened, typed):
    with pytest.raises(InputError) as refused:
        file_below([opened.resolve()], typed)
    assert str(refused.value) == "There is no such file in the folders that are open to these pages."


def test_without_an_open_folder_nothing_is_found():
    with pytest.raises(InputError, match="There is no such file"):
        file_below([], "/etc/passwd")


def test_folders_of_the_command_line_come_back_the_same(opened, tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, folders_text([opened, tmp_path / "open-too"]))
    assert server_folders() == (opened.resolve(), (tmp_path / "open-too").resolve())


def test_a_folder_that_is_none_is_said(opened):
    with pytest.raises(InputError, match="There is no folder .*a.csv: the pages can only read below folders"):
        folders_text([opened / "a.csv"])
