"""Title keys, and lists written as text."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.normalise import title_key, title_keys, unwrap_literals


@pytest.mark.parametrize(
    ("title", "key"),
    [
        ("Walter Forbes. [A novel.] By A. A.", "walter forbes a novel by a a"),
        ("WALTER  FORBES  (a novel), by A. A....", "walter forbes a novel by a a"),
        ("The bird's-eye view", "the birds eye view"),
        ("The bird’s eye‐view …", "the birds eye view"),
        ("Straße und Weg", "strasse und weg"),
        ("Cafe\u0301", "café"),
        ("ﬁn de siècle", "fin de siècle"),
        ("Fe\u00adbruary", "february"),
        ("Стихи. ", "стихи"),
        ("हिन्दी", "हिन्दी"),
        ("...?", "...?"),
        ("", ""),
        ("  ", ""),
    ],
)
def test_a_title_key(title, key):
    assert title_key(title) == key


@given(st.text(max_size=40))
def test_a_key_is_its_own_key_and_knows_no_case(title):
    key = title_key(title)
    assert title_key(f" {title}. ") == key or not any(letter.isalnum() for letter in title)
    assert title_key(key) == key


def test_a_column_of_keys():
    keys = title_keys(pd.Series(["A b", "a B.", ""], index=[3, 5, 7], dtype="str"))
    assert keys.to_dict() == {3: "a b", 5: "a b", 7: ""}
    assert (keys.name, str(keys.dtype)) == ("title_key", "str")


def column(*cells: str) -> "pd.Series[str]":
    return pd.Series(list(cells), index=range(10, 10 + len(cells)), dtype="str")


def test_lists_give_their_first_element():
    cells, several = unwrap_literals(
        column("['Poems', 'Single Works']", '["It\'s"]', "", "[]", "['a\\\\d']", "[['x']]")
    )
    assert cells.tolist() == ["Poems", "It's", "", "", "a\\d", "x"]
    assert cells.index.tolist() == [10, 11, 12, 13, 14, 15]
    assert several == 1


def test_dictionaries_give_the_creator():
    text = "{'contributor': ['PAVLOVICH, B.'], 'creator': ['GUREVICH, Y.']}"
    cells, several = unwrap_literals(column(text, "{}", "{'other': ['A.']}"))
    assert cells.tolist() == ["GUREVICH, Y.", "", "A."]
    assert several == 1


def test_json_lists_are_understood():
    assert unwrap_literals(column('["a", null]', "[true]"))[0].tolist() == ["a", "True"]


@pytest.mark.parametrize(
    "cells",
    [
        ["[Poems.]", "[In verse.]", "[A tale.]"],
        ["['a']", "Poems", "Tales"],
        ["", ""],
        ["[__import__('os').getcwd()]"],
    ],
    ids=["cataloguers", "few", "blank", "code"],
)
def test_brackets_that_are_no_lists_stay(cells):
    unchanged, several = unwrap_literals(column(*cells))
    assert unchanged.tolist() == cells
    assert several == -1


def test_a_tenth_may_be_no_list_and_stays_as_it_is():
    cells, several = unwrap_literals(column(*["['a']"] * 9, "[Poems.]"))
    assert cells.tolist() == ["a"] * 9 + ["[Poems.]"]
    assert several == 0


def test_cells_made_to_break_a_parser_do_not():
    deep = "[" * 5000 + "]" * 5000
    assert unwrap_literals(column(deep, deep))[1] == -1
