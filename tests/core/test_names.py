"""Names in every script, and names that are in use: refused, or numbered and said, never taken over in silence."""

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.cli import main
from core.errors import InputError, NameTakenError, NotFoundError
from core.importing import import_file
from core.models.scoring import predict_corpus
from core.models.training import train
from core.storage import Workspace, plain_slug, slug, user_path


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Каталог", "каталог"),
        ("Журналы 1890–1900", "журналы-1890-1900"),
        ("目録", "目録"),
        ("नाटक", "नाटक"),
        ("नाटिका", "नाटिका"),
        ("فهرس", "فهرس"),
        ("Zu\u0308rich", "zürich"),
        ("Zürich", "zürich"),
        ("Test_predictions (2021)", "test-predictions-2021"),
        ("💥", "collision-symbol"),
        ("💥🎩", "collision-symbol-top-hat"),
        ("¿?", "inverted-question-mark-question-mark"),
        ("", "unnamed"),
        ("../../etc/passwd", "etc-passwd"),
        ("a" * 300, "a" * 60),
    ],
)
def test_a_name_keeps_the_letters_of_its_script(typed: str, kept: str) -> None:
    assert slug(typed) == kept


@given(st.text(max_size=400))
def test_every_text_makes_a_name_that_a_file_may_have_and_that_stays(text: str) -> None:
    name = slug(text)
    assert slug(name) == name
    assert 1 <= len(name) <= 60
    assert len(name.encode()) <= 180
    assert not set(name) & set("/\\ .:\0\n")
    assert unicodedata.is_normalized("NFC", name)


def test_a_plain_name_tells_texts_of_other_scripts_apart() -> None:
    assert len({plain_slug(item) for item in ("Каталог", "Журналы", "目録", "💥")}) == 4
    assert plain_slug("Zürich 2021") == "zurich-2021"


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    files = tmp_path / "a" / "books.csv", tmp_path / "b" / "books.csv"
    for number, path in enumerate(files):
        path.parent.mkdir()
        path.write_text(f"id,title\n{number},A tale of {number}\n", encoding="utf-8")
    return files


def test_names_of_other_scripts_do_not_displace_each_other(workspace: Workspace, two: tuple[Path, Path]) -> None:
    names = [
        import_file(workspace, path, "corpus", name=name).name
        for path, name in zip(two, ("Каталог", "Журналы"), strict=True)
    ]
    assert names == ["каталог", "журналы"]
    assert workspace.find("corpora", "Каталог").fingerprint != workspace.find("corpora", "Журналы").fingerprint


def test_a_name_that_was_given_is_refused_when_it_is_in_use(workspace: Workspace, two: tuple[Path, Path]) -> None:
    first = import_file(workspace, two[0], "corpus", name="mine")
    with pytest.raises(
        NameTakenError, match=r"'mine' is the name of another corpus here\. Give another name, or rename"
    ):
        import_file(workspace, two[1], "corpus", name="Mine")
    assert workspace.find("corpora", "mine").fingerprint == first.fingerprint
    assert [path.name for path in (workspace.root / "corpora").iterdir()] == [first.fingerprint]
    assert import_file(workspace, two[0], "corpus", name="mine") == first, "the same again has its name already"
    assert import_file(workspace, two[1], "corpus", name="other").name == "other"


def test_a_derived_name_gets_a_number_and_that_is_said(workspace: Workspace, two: tuple[Path, Path]) -> None:
    first, second = (import_file(workspace, path, "corpus") for path in two)
    assert (first.name, second.name) == ("books", "books-2")
    assert "Another corpus is called 'books', so this one is called 'books-2'." in second.warnings
    assert not any("is called" in item for item in first.warnings)
    again = import_file(workspace, two[1], "corpus")
    assert again.name == "books-2"
    assert not any("is called" in item for item in again.warnings)


def test_predictions_are_not_computed_for_a_name_in_use(demo_copy: Workspace) -> None:
    heard: list[str] = []
    with pytest.raises(NameTakenError, match="'demo-predictions' is the name of another set of predictions here"):
        predict_corpus(
            demo_copy,
            "demo-tfidf",
            "demo-catalogue",
            name="demo-predictions",
            progress=lambda share, message: heard.append(message),
        )
    assert heard == []


@pytest.mark.slow
def test_a_model_keeps_its_name_from_another_training_and_the_same_training_may_have_it(demo_copy: Workspace) -> None:
    before = demo_copy.find("models", "demo-tfidf").fingerprint
    with pytest.raises(NameTakenError, match="'demo-tfidf' is the name of another model here"):
        train(demo_copy, "demo-annotated", kind="tfidf", name="demo-tfidf", seed=99)
    again = train(demo_copy, "demo-annotated", kind="tfidf", name="demo-tfidf")
    assert (again.model, again.fingerprint) == ("demo-tfidf", before)
    derived = [train(demo_copy, "demo-annotated", kind="tfidf", seed=seed) for seed in (1, 2)]
    assert [item.model for item in derived] == ["demo-annotated-tfidf", "demo-annotated-tfidf-2"]
    text = "Another model is called 'demo-annotated-tfidf', so this one is called 'demo-annotated-tfidf-2'."
    assert text in derived[1].sentences


@pytest.mark.parametrize("name", ["x" * 300, "ж" * 300, "💥" * 300])
def test_a_name_of_300_signs_is_no_traceback(demo_workspace: Workspace, capsys, name: str) -> None:
    assert main(["evaluate", "--predictions", name, "--workspace", str(demo_workspace.root)]) == 2
    output = capsys.readouterr().err
    assert "There is no set of predictions called" in output
    assert "Traceback" not in output
    with pytest.raises(NotFoundError):
        demo_workspace.find("corpora", name)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("~nosuchuser/x.csv", "'~nosuchuser/x.csv' begins in the home folder of somebody who is unknown here."),
        ("/" + "a" * 5000, "A path of 5,001 characters is too long"),
        ("/tmp/" + "b/" * 2500, "A path of 5,00"),
    ],
)
def test_a_path_that_cannot_be_is_one_sentence(workspace: Workspace, capsys, path: str, said: str) -> None:
    with pytest.raises(InputError):
        user_path(path)
    assert main(["import", path, "--kind", "corpus", "--workspace", str(workspace.root)]) == 2
    [line] = capsys.readouterr().err.strip().splitlines()
    assert said in line
    assert main(["doctor", "--workspace", path]) == 2
    assert main(["pull", path, "--workspace", str(workspace.root)]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_a_workspace_that_is_made_is_for_its_owner(tmp_path: Path) -> None:
    root = Workspace(tmp_path / "new").root
    assert root.stat().st_mode & 0o777 == 0o700
    (tmp_path / "given").mkdir(mode=0o750)
    before = (tmp_path / "given").stat().st_mode
    assert Workspace(tmp_path / "given").root.stat().st_mode == before


def test_a_workspace_says_its_version_and_a_newer_one_is_refused(tmp_path: Path) -> None:
    from core.errors import StorageError

    root = Workspace(tmp_path / "place").root
    assert (root / "workspace.json").read_text() == '{\n  "version": 2\n}\n'
    (root / "workspace.json").unlink()
    assert Workspace(root).root == root, "one that was made before there were versions"
    (root / "workspace.json").write_text('{"version": 3}')
    with pytest.raises(StorageError, match=r"made by a newer Colophon \(its version is 3, this one knows 2\)"):
        Workspace(root)
