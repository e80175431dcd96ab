"""One language of predicates: what earlier versions wrote is read and written the same, and both meanings are kept."""

import json

import numpy as np
import pandas as pd
import pytest

from core.errors import InputError
from core.normalise import title_key
from core.predicates import (
    AllOf,
    AnyOf,
    Books,
    ConfidencePredicate,
    FacetPredicate,
    LengthPredicate,
    Not,
    RangePredicate,
    TextPredicate,
    _rough_pattern,
    columns_of,
    measure_predicate,
    predictions_of,
    title_phrase,
    title_words,
)
from core.slices import Slice
from core.weak_supervision import LabellingFunction, functions_from_toml, functions_to_toml

TITLES = ["Poem", "POEMS", "Poe\u0301sies, etc.", "In Verse!", "verse in", "", None, "The im-poemed"]


@pytest.fixture
def records() -> pd.DataFrame:
    titles = pd.Series(TITLES, dtype="str")
    keys = titles.map(title_key, na_action="ignore").fillna("").astype("str")
    return pd.DataFrame({"title": titles, "title_key": keys})


def rows(predicate, records: pd.DataFrame) -> list[int]:
    return np.flatnonzero(predicate.mask(records)).tolist()


@pytest.mark.parametrize(
    ("predicate", "expected"),
    [
        # Words just as they are in the normalised title: no plural, and the case of what is looked for counts.
        (title_words("poem"), [0]),
        (title_words("Poem"), []),
        (title_words("poem*"), [0, 1, 7]),  # the hyphen parts words in a normalised title
        (title_words("in verse"), [3]),
        (title_words("poésies"), [2]),
        (title_words("poe\u0301sies"), []),
        # Words as somebody types them: plurals, any case, accents in either writing, words after white space alone.
        (title_phrase("poem"), [0, 1]),
        (title_phrase("Poem"), [0, 1]),
        (title_phrase("poésies"), [2]),
        (title_phrase("poe\u0301sies"), [2]),
        (TextPredicate("title", "contains", ("poem",)), [0, 1, 7]),
        (TextPredicate("title", "pattern", ("poem$",)), [0]),
        # An empty title is a short one for a slice and neither long nor short for a function; a missing one has none.
        (measure_predicate("title_length", None, 4), [0, 5]),
        (LengthPredicate("title", None, 4), [0]),
        (measure_predicate("title_length", 0, None), [0, 1, 2, 3, 4, 5, 7]),
        (LengthPredicate("title", 0, None), [0, 1, 2, 3, 4, 7]),
        (Not(LengthPredicate("title", None, 4)), [1, 2, 3, 4, 5, 6, 7]),
    ],
)
def test_both_meanings_are_kept_as_parameters(records, predicate, expected):
    assert rows(predicate, records) == expected


@pytest.mark.parametrize("how", ["word", "contains", "pattern"])
def test_a_number_is_looked_at_as_it_is_written(how):
    years = pd.DataFrame({"year": pd.array([1840, None, 2184], dtype="Int64")})
    looked_for = TextPredicate("year", how, ("1840" if how == "word" else "^18" if how == "pattern" else "84",))
    assert rows(looked_for, years) == ([0, 2] if how == "contains" else [0])


# What the version before this module wrote, to the letter.
SAVED_SLICES = [
    (
        '{"facts": [{"kind": "facet", "facet": "place", "value": "Paris"}, {"kind": "range", "measure": "year",'
        ' "low": null, "high": 1799}, {"kind": "title", "any_of": ["poem*", "in verse"]}]}',
        "ead9e76da0807e5a",
        "books from Paris dated before 1800 with “poem…” or “in verse” in the title",
    ),
    (
        '{"facts": [{"kind": "range", "measure": "title_length", "low": null, "high": 40}, {"kind": "phrase", "any_of":'
        ' ["poet*", "verse"]}], "name": "short verse"}',
        "d3e58c1f12f7ee3e",
        "books with titles of at most 40 characters found by “poet*, verse” in the title",
    ),
    (
        '{"facts": [{"kind": "facet", "facet": "decade", "value": "no date"}]}',
        "f96629e7f9df1882",
        "books without a readable date",
    ),
]


@pytest.mark.parametrize(("text", "key", "description"), SAVED_SLICES)
def test_slices_saved_before_are_read_and_written_as_they_were(text, key, description):
    saved = Slice.from_dict(json.loads(text))
    assert json.dumps(saved.to_dict()) == text
    assert (saved.key, saved.description) == (key, description)


SAVED_FUNCTIONS = r"""# Labelling functions for Colophon: each votes for its label where its condition holds, else it abstains.

[[function]]
name = "novel"
label = "Fiction"
when = { column = "title", word = "novel,romance" }

[[function]]
name = "say \"yes\"\t\\ \u007f\u0001é"
label = "Fiction"
when.all = [
  { column = "title", contains = "tale" },
  { not = { any = [{ column = "title", pattern = "v(ol)?\\. [ivx]+" }, { column = "title", longer_than = 211, shorter_than = 300 }] } },
]

[[function]]
name = "range"
label = "Non-fiction"
when.any = [
  { column = "year", from = 1840, to = 1850.5 },
  { column = "Pages", to = 100 },
  { column = "title", shorter_than = 9 },
  { language = ["Dutch", "German"] },
  { language = "French" },
  { facet = "place", is = "London" },
  { facet = "genre_given", is = ["a", "b"] },
  { predictions = "p", class = "Fiction", at_least = 0.9 },
  { all = [{ column = "title", longer_than = 3 }] },
]
"""  # noqa: E501


def test_functions_saved_before_are_read_and_written_as_they_were():
    functions = functions_from_toml(SAVED_FUNCTIONS)
    assert functions_to_toml(functions) == SAVED_FUNCTIONS
    assert functions[1].when.condition == (
        "title contains “tale” and not (title matches the pattern “v(ol)?\\. [ivx]+” or title has"
        " more than 211 and fewer than 300 characters)"
    )
    assert columns_of(functions[2].when) == ("year", "Pages", "title")
    assert predictions_of(functions[2].when) == ("p",)


def test_every_predicate_can_be_in_a_slice_and_in_words():
    predicate = AllOf((TextPredicate("title", "contains", ("tale",)), AnyOf((RangePredicate("Pages", 3),))))
    assert predicate.words() == "books where title contains “tale” and Pages is at least 3"
    assert FacetPredicate("language", ("Dutch", "German")).words() == "Dutch or German books"
    assert title_words("poem*").condition == "title_key has exactly “poem…”"


@pytest.mark.parametrize(
    "predicate",
    [
        FacetPredicate("place", ("Paris", "Leiden")),
        RangePredicate("Pages", 3),
        LengthPredicate("title", None, 40),
        TextPredicate("author", "word", ("poem",)),
        ConfidencePredicate("p", "Fiction", 0.9),
        Not(title_words("poem")),
    ],
)
def test_what_no_saved_slice_can_say_is_refused_and_not_saved_as_something_else(predicate):
    with pytest.raises(InputError, match="A slice cannot hold the condition that"):
        predicate.to_dict()


@pytest.mark.parametrize("predicate", [title_words("poem"), measure_predicate("title_length", None, 40)])
def test_what_no_file_of_functions_can_say_is_refused_and_not_saved_as_something_else(predicate):
    with pytest.raises(InputError, match="A file of functions cannot hold the condition that"):
        functions_to_toml([LabellingFunction("f", "Fiction", predicate)])


@pytest.mark.parametrize(
    ("phrase", "pattern"),
    [
        ("poem", "poem"),
        ("story", "stor"),  # 'stories' is the same word
        ("STORY", "STOR"),
        ("y", "y"),
        ("the history", "histor"),  # the longest word of a phrase
        ("poet*", "poet"),
        ("ode, elegy", "ode|eleg"),
        ("c++", r"c\+\+"),
        ("épopée", ""),
    ],
)
def test_a_cheap_look_misses_nothing(phrase: str, pattern: str) -> None:
    assert _rough_pattern(phrase) == pattern


def test_books_have_the_columns_of_their_records_and_no_other(records: pd.DataFrame) -> None:
    some = records.iloc[[4, 1]]  # the place in the catalogue they came from is no column of theirs
    books = Books(some, some[["title"]])
    assert books.column("title").tolist() == ["verse in", "POEMS"]
    with pytest.raises(InputError, match=r"There is no column 'index'\. There are: title, title_key\.$"):
        books.column("index")
