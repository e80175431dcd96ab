"""Facts: what they say, for which records they hold, and that what comes back from JSON is checked."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InputError
from core.slices import FacetPredicate, PhrasePredicate, RangePredicate, Slice, TitlePredicate, predicate_from_dict
from core.slices.predicates import measure_of
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
        (FacetPredicate("place", "Paris"), [0, 2, 5]),
        (FacetPredicate("place", "no place"), [3, 4]),
        (FacetPredicate("decade", "no date"), [4]),
        (FacetPredicate("place", "Atlantis"), []),
        (RangePredicate("year", None, 1799), [0, 5]),
        (RangePredicate("year", 1800, 1829), [1, 2]),
        (RangePredicate("year", 1830, None), [3]),
        (RangePredicate("title_length", None, 5), [1, 5]),
        (RangePredicate("title_length", 8, 13), [2, 3, 4]),
        (TitlePredicate(("poem",)), [0]),
        (TitlePredicate(("poem*",)), [0, 1]),
        (TitlePredicate(("in verse", "cantos")), [0, 3]),
        (TitlePredicate(("in vers*",)), [3]),
        (TitlePredicate(("verse",)), [3]),
        (PhrasePredicate(("poem",)), [0, 1]),
        (PhrasePredicate.from_text("VERS*, canto"), [0, 3, 4]),
    ],
)
def test_a_fact_holds_for_these(records, predicate, expected):
    assert np.flatnonzero(predicate.mask(records)).tolist() == expected


@pytest.mark.parametrize(
    ("predicates", "words"),
    [
        ((FacetPredicate("language", "Dutch"), FacetPredicate("place", "Leiden")), "Dutch books from Leiden"),
        ((FacetPredicate("place", "Leiden"), FacetPredicate("language", "Dutch")), "Dutch books from Leiden"),
        ((RangePredicate("year", None, 1799),), "books dated before 1800"),
        ((RangePredicate("year", 1850, None),), "books dated 1850 or later"),
        ((RangePredicate("year", 1800, 1829),), "books dated 1800–1829"),
        ((RangePredicate("year", 1848, 1848),), "books dated 1848"),
        ((RangePredicate("title_length", None, 40),), "books with titles of at most 40 characters"),
        ((RangePredicate("title_length", 41, None),), "books with titles of at least 41 characters"),
        ((RangePredicate("title_length", 41, 80),), "books with titles of 41–80 characters"),
        ((TitlePredicate(("poem*",)),), "books with “poem…” in the title"),
        ((TitlePredicate(("poem*", "in verse", "canto")),), "books with “poem…”, “in verse” or “canto” in the title"),
        (
            (TitlePredicate(("lady",)), TitlePredicate(("poem",)), RangePredicate("year", None, 1799)),
            "books dated before 1800 with “lady” and with “poem” in the title",
        ),
        ((FacetPredicate("decade", "no date"),), "books without a readable date"),
        ((PhrasePredicate.from_text("verse, poet*"),), "books found by “poet*, verse” in the title"),
        (
            (PhrasePredicate.from_text("verse"), FacetPredicate("language", "Dutch")),
            "Dutch books found by “verse” in the title",
        ),
    ],
)
def test_a_slice_says_its_facts_in_words(predicates, words):
    assert Slice(predicates).description == words


FACTS = st.one_of(
    st.builds(FacetPredicate, st.sampled_from(["place", "decade"]), st.text(max_size=20)),
    st.builds(
        RangePredicate,
        st.sampled_from(["year", "title_length"]),
        st.integers(0, 2000),
        st.none() | st.integers(0, 2000),
    ),
    st.builds(
        PhrasePredicate.from_text, st.from_regex(r"[A-Zé]{1,8}( [a-z]{1,8})?\*?(, ?[a-z]{1,8})?", fullmatch=True)
    ),
    st.builds(
        TitlePredicate, st.lists(st.from_regex(r"[a-zé]{1,8}( [a-z]{1,8})?\*?", fullmatch=True), min_size=1).map(tuple)
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
    predicates = [TitlePredicate(("poem",)), TitlePredicate(("poems",)), PhrasePredicate(("poem",))]
    assert len({Slice((predicate,)).key for predicate in predicates}) == 3


def test_what_is_typed_in_another_order_is_the_same_fact():
    assert PhrasePredicate.from_text("Poem,  in   verse ,poem|") == PhrasePredicate(("in verse", "poem"))


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
    assert TitlePredicate((".*",)).mask(records).tolist() == [False] * 6
    assert TitlePredicate(("(poem",)).mask(records).tolist() == [False] * 6


def test_an_unknown_measure_is_refused(records):
    with pytest.raises(InputError, match="no measure 'weight'"):
        measure_of(records, "weight")
