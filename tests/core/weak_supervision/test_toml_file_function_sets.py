"""The sets of functions that come with Colophon: complete, readable, and with what they look at."""

import pandas as pd
import pytest

from core.errors import InputError
from core.predicates import Books
from core.weak_supervision import FUNCTION_SETS, cast_votes, functions_called, functions_to_toml

SHELF, PAPER = "BL shelfmark", "BL record ID for physical resource"


@pytest.mark.parametrize("name", list(FUNCTION_SETS))
def test_a_set_says_what_it_looks_at(name):
    chosen = FUNCTION_SETS[name]
    assert chosen.name == name
    assert {function.label for function in chosen.functions()} == {"Fiction", "Non-fiction"}
    assert chosen.missing_columns(["title", SHELF]) == [PAPER]
    assert chosen.missing_columns([PAPER, SHELF]) == []


def test_every_file_beside_the_module_belongs_to_a_set():
    from core.weak_supervision import toml_file

    files = {file for chosen in FUNCTION_SETS.values() for file in chosen.files}
    assert {path.name for path in toml_file._FOLDER.iterdir()} == files


def test_the_larger_set_has_the_smaller_one_and_the_shelves_of_foreign_literature():
    small, large = (FUNCTION_SETS[f"british-library-{name}"].functions() for name in ("shelves", "foreign-shelves"))
    assert large[: len(small)] == small
    assert len(small) == 4
    assert len(large) == 8


def test_what_the_shelves_say():
    books = pd.DataFrame(
        {
            "title": ["a", "b", "c", "d", "e", "f"],
            SHELF: ["12620.f.2.", "12550.a.1.", "11840.b.3.", "9080.c.4.", "12620.f.2.", ""],
            PAPER: ["1", "2", "3", "4", "7", "6"],
        }
    )
    functions = FUNCTION_SETS["british-library-foreign-shelves"].functions()
    votes = cast_votes(functions, Books(books), ["Fiction", "Non-fiction"]).matrix
    fiction, other = (votes == 0).any(axis=1), (votes == 1).any(axis=1)
    assert fiction.tolist() == [True, True, False, False, False, False]  # of the fifth the paper record ends in 7
    assert other.tolist() == [False, False, True, True, False, False]


def test_functions_are_called_by_the_name_of_a_set_or_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name = "british-library-shelves"
    expected = FUNCTION_SETS[name].functions()
    assert functions_called(name) == expected
    (tmp_path / "own.toml").write_text(functions_to_toml(expected[:1]))
    (tmp_path / name).write_text(functions_to_toml(expected[:2]))
    assert [len(functions_called(text)) for text in ("own.toml", name, f"./{name}")] == [1, len(expected), 2]
    with pytest.raises(InputError, match=r"no file and no set of functions 'shelves'\. The sets are: british-library-"):
        functions_called("shelves")
    with pytest.raises(InputError, match=r"other\.toml cannot be read"):
        functions_called("other.toml")
