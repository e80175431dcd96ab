"""Facts: what they say, for which records they hold, and that what comes back from JSON is checked."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InputError
from core.predicates import (
    FacetPredicate,
    RangePredicate,
    TextPredicate,
    measure_predicate,
    predicate_from_dict,
    title_phrase,
    title_words,
)
from core.slices import Slice
from tests.core.slices import planted as made


@pytest.fixture
def records() -> pd.DataFrame:
    titles = ["a poem in four cantos", "poems", "the impoemed", "in verse", "versed in law", ""]
    records = made.with_titles(made.empty_records(6), titles)
    records["year"] = pd.array([1799, 1800, 1829, 1830, pd.NA, 1500], dtype="Int64")
    records["place"] = pd.Series(["Paris", "Leiden", "Paris", "", "", "Paris"], dtype="str")
    return records


@pytest.mark.parametrize(
    ("predicate", "expected"),
    [
        (FacetPredicate("place", ("Paris",)), [0, 2, 5]),
        (FacetPredicate("place", ("no place",)), [3, 4]),
        (FacetPredicate("decade", ("no date",)), [4]),
        (FacetPredicate("place", ("Atlantis",)), []),
        (RangePredicate("year", None, 1799), [0, 5]),
        (RangePredicate("year", 1800, 1829), [1, 2]),
        (RangePredicate("year", 1830, None), [3]),
        (measure_predicate("title_length", None, 5), [1, 5]),
        (measure_predicate("title_length", 8, 13), [2, 3, 4]),
        (title_words("poem"), [0]),
        (title_words("poem*"), [0, 1]),
        (title_words("in verse", "cantos"), [0, 3]),
        (title_words("in vers*"), [3]),
        (title_words("verse"), [3]),
        (TextPredicate("title", "word", ("poem",)), [0, 1]),
        (title_phrase("VERS*, canto"), [0, 3, 4]),
    ],
)
def test_a_fact_holds_for_these(records, predicate, expected):
    assert np.flatnonzero(predicate.mask(records)).tolist() == expected


@pytest.mark.parametrize(
    ("predicates", "words"),
    [
        ((FacetPredicate("language", ("Dutch",)), FacetPredicate("place", ("Leiden",))), "Dutch books from Leiden"),
        ((FacetPredicate("place", ("Leiden",)), FacetPredicate("language", ("Dutch",))), "Dutch books from Leiden"),
        ((RangePredicate("year", None, 1799),), "books dated before 1800"),
        ((RangePredicate("year", 1850, None),), "books dated 1850 or later"),
        ((RangePredicate("year", 1800, 1829),), "books dated 1800–1829"),
        ((RangePredicate("year", 1848, 1848),), "books dated 1848"),
        ((measure_predicate("title_length", None, 40),), "books with titles of at most 40 characters"),
        ((measure_predicate("title_length", 41, None),), "books with titles of at least 41 characters"),
        ((measure_predicate("title_length", 41, 80),), "books with titles of 41–80 characters"),
        ((title_words("poem*"),), "books with “poem…” in the title"),
        ((title_words("poem*", "in verse", "canto"),), "books with “poem…”, “in verse” or “canto” in the title"),
        (
            (title_words("lady"), title_words("poem"), RangePredicate("year", None, 1799)),
            "books dated before 1800 with “lady” and with “poem” in the title",
        ),
        ((FacetPredicate("decade", ("no date",)),), "books without a readable date"),
        ((title_phrase("verse, poet*"),), "books found by “poet*, verse” in the title"),
        (
            (title_phrase("verse"), FacetPredicate("language", ("Dutch",))),
            "Dutch books found by “verse” in the title",
        ),
    ],
)
def test_a_slice_says_its_facts_in_words(predicates, words):
    assert Slice(predicates).description == words


FACTS = st.one_of(
    st.builds(FacetPredicate, st.sampled_from(["place", "decade"]), st.tuples(st.text(max_size=20))),
    st.builds(
        measure_predicate,
        st.sampled_from(["year", "title_length"]),
        st.integers(0, 2000),
        st.none() | st.integers(0, 2000),
    ),
    st.builds(title_phrase, st.from_regex(r"[A-Zé]{1,8}( [a-z]{1,8})?\*?(, ?[a-z]{1,8})?", fullmatch=True)),
    st.builds(
        lambda terms: title_words(*terms),
        st.lists(st.from_regex(r"[a-zé]{1,8}( [a-z]{1,8})?\*?", fullmatch=True), min_size=1),
    ),
)


@given(st.lists(FACTS, min_size=1, max_size=3), st.text(max_size=10))
def test_a_slice_survives_json(predicates, name):
    one = Slice(tuple(predicates), name)
    again = Slice.from_dict(json.loads(json.dumps(one.to_dict())))
    assert again == one
    assert again.key == one.key
    assert Slice(tuple(reversed(predicates))).key == one.key


def test_different_facts_have_different_keys():
    predicates = [title_words("poem"), title_words("poems"), TextPredicate("title", "word", ("poem",))]
    assert len({Slice((predicate,)).key for predicate in predicates}) == 3


def test_what_is_typed_in_another_order_is_the_same_fact():
    assert title_phrase("Poem,  in   verse ,poem|") == TextPredicate("title", "word", ("in verse", "poem"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"kind": "colour"}, "no kind of fact 'colour'. There are: facet, range, title, phrase"),
        ({}, "no kind of fact 'None'"),
        ({"kind": "facet", "facet": "place"}, "A facet fact needs a text as 'value'; None came"),
        (
            {"kind": "range", "measure": "weight", "low": 1, "high": 2},
            "no measure 'weight'. There are: year, title_length",
        ),
        ({"kind": "range", "measure": "year"}, "A range of 'year' needs a lowest or a highest number"),
        ({"kind": "range", "measure": "year", "low": "1800"}, "whole number or null as 'low'; '1800' came"),
        ({"kind": "range", "measure": "year", "low": True}, "whole number or null as 'low'; True came"),
        ({"kind": "title", "any_of": "poem"}, "The words of a title fact are a list of texts; 'poem' came"),
        ({"kind": "title", "any_of": [1]}, "The words of a title fact are a list of texts"),
        ({"kind": "title", "any_of": []}, "words divided by single spaces"),
        ({"kind": "title", "any_of": ["a  b"]}, "words divided by single spaces"),
        ({"kind": "phrase", "any_of": "poem"}, "The words of a phrase fact are a list of texts; 'poem' came"),
        ({"kind": "phrase", "any_of": [" ", "*"]}, "There is no word to look for"),
        ({"kind": "title", "any_of": ["a*b"]}, "words divided by single spaces"),
    ],
)
def test_what_is_no_fact_is_refused(content, message):
    with pytest.raises(InputError, match=message):
        predicate_from_dict(content)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, "A slice needs a list of facts; None came"),
        ({"facts": ["poem"]}, "A slice needs a list of facts"),
        ({"facts": []}, "A slice has one to 3 facts; 0 came"),
        ({"facts": [{"kind": "facet", "facet": "place", "value": "x"}] * 4}, "one to 3 facts; 4 came"),
        (
            {"facts": [{"kind": "facet", "facet": "place", "value": "x"}], "name": 3},
            "name of a slice is a text; 3 came",
        ),
    ],
)
def test_what_is_no_slice_is_refused(content, message):
    with pytest.raises(InputError, match=message):
        Slice.from_dict(content)


def test_words_are_looked_up_as_they_are_and_not_as_a_pattern(records):
    assert title_words(".*").mask(records).tolist() == [False] * 6
    assert title_words("(poem").mask(records).tolist() == [False] * 6
