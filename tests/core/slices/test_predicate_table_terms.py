"""Words, families and phrases are found in the titles, and mean the same when they are applied again."""

import numpy as np
import pandas as pd
import pytest

from core.predicates import title_words
from core.slices.predicate_table import find_terms
from tests.core.slices import planted as made

TITLES = [
    "a poem in four cantos",
    "poems and ballads",
    "the poetical works of somebody",
    "a tale in verse",
    "verses in verse",
    "the history of leeds 1851",
    "the history of york 1851",
    "x and y",
    "",
    "a poem of war",
    "poems of peace",
    "the annals of leeds",
]


def found(min_n: int = 2, words: int = 100, languages: np.ndarray | None = None) -> dict[str, list[int]]:
    # A quarter of twelve titles is three.
    terms = find_terms(pd.Series(TITLES, dtype="str"), words, min_n, languages)
    return {pattern: rows.tolist() for pattern, rows in zip(terms.patterns, terms.titles, strict=True)}


def test_words_in_enough_titles_are_terms():
    assert {pattern: rows for pattern, rows in found().items() if " " not in pattern and "*" not in pattern} == {
        "poem": [0, 9],
        "poems": [1, 10],
        "verse": [3, 4],
        "history": [5, 6],
        "leeds": [5, 11],
    }


def test_numbers_single_letters_and_function_words_are_none():
    assert not {"1851", "x", "y", "a", "the", "of", "and", "in"} & set(found(min_n=1))


def test_a_family_is_named_by_all_that_its_words_share():
    titles = pd.Series([*TITLES, *(f"unrelated {letter}" for letter in "abcdefgh")], dtype="str")
    terms = find_terms(titles, 100, 2)
    families = {pattern for pattern in terms.patterns if pattern.endswith("*")}
    # poem and poems. 'verse*' is in the titles of 'verse', which says it shorter; 'poet*' is one word and no family.
    assert families == {"poem*"}
    assert terms.titles[terms.patterns.index("poem*")].tolist() == [0, 1, 9, 10]


def test_a_family_never_takes_a_function_word_in():
    titles = pd.Series(["within reach", "without end", "withered leaf", "wither hills"] + ["zz"] * 20, dtype="str")
    # 'with*' would have all four; 'wither*' is what is left.
    assert [p for p in find_terms(titles, 100, 2).patterns if p.endswith("*")] == ["wither*"]


def test_pairs_need_more_than_function_words():
    titles = pd.Series(["tales in verse", "in verse", "verse of old", "of the", "of the"] + ["zz"] * 20, dtype="str")
    assert [p for p in find_terms(titles, 100, 2).patterns if " " in p] == ["in verse"]


def test_what_is_in_a_quarter_of_the_titles_or_of_a_language_is_left_out():
    titles = pd.Series(
        ["geschiedenis van leiden"] * 15 + ["beschrijving van delft"] * 30 + ["london"] * 155, dtype="str"
    )
    languages = np.repeat([0, 1], [45, 155])
    assert "geschiedenis" in find_terms(titles, 100, 2).patterns
    assert "geschiedenis" not in find_terms(titles, 100, 2, languages).patterns
    assert "london" not in find_terms(titles, 100, 2).patterns


def test_no_words_wanted_none_given():
    assert len(find_terms(pd.Series(TITLES, dtype="str"), 0, 1)) == 0
    assert len(find_terms(pd.Series([], dtype="str"), 100, 1)) == 0


def test_odd_titles_do_no_harm():
    titles = pd.Series(
        ["***", "***", "* *", "c* d*", "c* d*", "ω", "سلام دنیا", "سلام دنیا"] + ["zz"] * 20, dtype="str"
    )
    assert set(find_terms(titles, 100, 2).patterns) == {"سلام"}


@pytest.mark.parametrize("seed", [0, 1])
def test_every_term_applied_again_finds_the_same_titles(seed):
    records, _ = made.library(600, seed)
    terms = find_terms(records["title_key"], 300, 3)
    assert len(terms) > 50
    for pattern, rows in zip(terms.patterns, terms.titles, strict=True):
        np.testing.assert_array_equal(np.flatnonzero(title_words(pattern).mask(records)), rows)
