from pathlib import Path

import pytest

from core.database import Database
from core.errors import ConflictError
from core.predicates import TextPredicate
from core.weak_supervision import LabellingFunction, add_function, remove_functions, replace_functions, saved_functions


def function(name: str, word: str = "novel") -> LabellingFunction:
    return LabellingFunction(name, "Fiction", TextPredicate("title", "word", (word,)))


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database.at(tmp_path / "a.db")


def names(database: Database) -> list[str]:
    return [saved.function.name for saved in saved_functions(database)]


def test_functions_are_kept_in_order_and_removed_by_number(database: Database) -> None:
    assert saved_functions(database) == ()
    first = add_function(database, function("a", 'say "yes"'))
    add_function(database, function("b"))
    assert names(database) == ["a", "b"]
    assert saved_functions(database)[0].function == function("a", 'say "yes"')
    remove_functions(database, [first])
    remove_functions(database, [first])
    assert names(database) == ["b"]
    add_function(database, function("a"))
    assert names(database) == ["b", "a"]


def test_a_name_is_taken_once(database: Database) -> None:
    add_function(database, function("a"))
    with pytest.raises(ConflictError, match="called “a” already"):
        add_function(database, function("a", "poem"))
    assert saved_functions(database)[0].function == function("a")


def test_replacing_takes_away_what_was_seen_and_nothing_else(database: Database) -> None:
    seen = [add_function(database, function("a")), add_function(database, function("b"))]
    add_function(database, function("of a colleague"))
    replace_functions(database, seen, [function("b", "poem"), function("c")])
    assert names(database) == ["of a colleague", "b", "c"]
    with pytest.raises(ConflictError, match="added a function called “of a colleague” meanwhile"):
        replace_functions(database, [], [function("of a colleague")])
    assert names(database) == ["of a colleague", "b", "c"]
