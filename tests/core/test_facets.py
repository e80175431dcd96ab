import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InputError
from core.facets import (
    FACETS,
    facet_codes,
    facet_order,
    facet_title,
    facet_values,
    facet_words,
    filter_records,
    missing_value,
)


def books(**columns: list[object]) -> pd.DataFrame:
    """Make a frame of text columns; years are Int64."""
    return pd.DataFrame(
        {name: pd.array(cells, dtype="Int64" if name == "year" else "str") for name, cells in columns.items()}
    )


def test_the_facets_there_are():
    assert FACETS == (
        "decade",
        "place",
        "country",
        "language",
        "language_source",
        "publisher",
        "title_length",
        "first_letter",
        "genre_given",
        "date_certainty",
    )


@pytest.mark.parametrize(
    ("facet", "column", "cells", "expected"),
    [
        ("decade", "year", [1840, 1849, 1850, None, 1605], ["1840s", "1840s", "1850s", "no date", "1600s"]),
        ("place", "place", ["London", "", "London", None], ["London", "no place", "London", "no place"]),
        ("country", "country", ["", "England"], ["no country", "England"]),
        ("language", "language", ["Dutch", "", "Greek, Ancient"], ["Dutch", "no language", "Greek, Ancient"]),
        (
            "language_source",
            "language_source",
            ["catalogue", "detected", ""],
            ["catalogued", "detected", "no language"],
        ),
        ("publisher", "publisher", ["", "Bentley"], ["no publisher", "Bentley"]),
        ("genre_given", "genre_given", ["Drama", ""], ["Drama", "no genre given"]),
        (
            "date_certainty",
            "date_certainty",
            ["certain", "none", "unreadable", ""],
            ["certain", "no date", "unreadable", "no date"],
        ),
        (
            "title_length",
            "title",
            ["", "x", "x" * 40, "x" * 41, "x" * 80, "x" * 81, "x" * 120, "x" * 121, "x" * 200, "x" * 201, None],
            [
                *("no title", "up to 40", "up to 40", "41–80", "41–80", "81–120", "81–120", "121–200", "121–200"),
                *("over 200", "no title"),
            ],
        ),
        (
            "first_letter",
            "title",
            [
                "The Moor",
                "[A tale]",
                "'t Huis",
                "élan",
                "Ödland",
                "1812",
                "... ! ...",
                "Война",
                "Æsop",
                "",
                None,
                "ﬁne",
            ],
            [
                *("T", "A", "T", "E", "O", "digit or sign", "digit or sign", "other letter", "other letter"),
                *("no title", "no title", "F"),
            ],
        ),
    ],
)
def test_values_in_words(facet, column, cells, expected):
    result = facet_values(books(**{column: cells}), facet)
    assert result.tolist() == expected
    assert result.name == facet
    assert result.dtype == "str"


def test_length_counts_characters_not_bytes():
    assert facet_values(books(title=["é" * 40]), "title_length").tolist() == ["up to 40"]


def test_index_of_the_records_is_kept():
    records = books(place=["London", "", "Gent"]).set_axis([7, 3, 9])
    assert facet_values(records, "place").to_dict() == {7: "London", 3: "no place", 9: "Gent"}


def test_years_may_be_plain_numbers():
    for dtype in ("int64", "float64", "Int64"):
        records = pd.DataFrame({"year": pd.array([1843, 1851], dtype=dtype)})
        assert facet_values(records, "decade").tolist() == ["1840s", "1850s"]


def test_a_text_column_is_a_facet_of_its_own():
    records = books(binding=["cloth", "", "paper"])
    assert facet_values(records, "binding").tolist() == ["cloth", "no binding", "paper"]
    assert facet_title("binding") == "binding"
    assert facet_words("binding", "cloth") == "books with binding cloth"
    assert facet_words("binding", "no binding", noun="titles") == "titles without binding"


def test_codes_are_dense_and_each_value_stands_once():
    # 'none' and '' are worded alike
    codes, values = facet_codes(books(date_certainty=["none", "certain", "", "range"]), "date_certainty")
    assert sorted(values) == ["certain", "no date", "range"]
    assert [values[code] for code in codes] == ["no date", "certain", "no date", "range"]


@given(st.lists(st.sampled_from(["", "London", "Paris", "no place", None]), max_size=20))
def test_codes_and_values_agree(cells):
    records = books(place=cells)
    codes, values = facet_codes(records, "place")
    assert len(set(values)) == len(values)
    assert set(codes.tolist()) == set(range(len(values)))
    assert [values[code] for code in codes] == [cell or "no place" for cell in cells]
    assert facet_values(records, "place").tolist() == [cell or "no place" for cell in cells]


def test_no_records_have_no_values():
    for facet, column in (("place", "place"), ("decade", "year"), ("title_length", "title"), ("first_letter", "title")):
        codes, values = facet_codes(books(**{column: []}), facet)
        assert len(codes) == 0 and values == ()
        assert facet_values(books(**{column: []}), facet).tolist() == []


@pytest.mark.parametrize(("facet", "column"), [("decade", "year"), ("shelf", "shelf")])
def test_a_missing_column_is_named(facet, column):
    with pytest.raises(
        InputError, match=f"facet '{facet}' is read from the column '{column}'.*Facets are decade, place"
    ):
        facet_codes(books(title=["x"]), facet)


@pytest.mark.parametrize(
    ("facet", "values", "expected"),
    [
        ("decade", ["1850s", "no date", "1790s", "990s"], ["990s", "1790s", "1850s", "no date"]),
        ("title_length", ["over 200", "no title", "41–80", "up to 40"], ["up to 40", "41–80", "over 200", "no title"]),
        ("first_letter", ["other letter", "B", "digit or sign", "A"], ["A", "B", "other letter", "digit or sign"]),
        ("date_certainty", ["no date", "unreadable", "certain"], ["certain", "unreadable", "no date"]),
        ("language_source", ["no language", "detected", "catalogued"], ["catalogued", "detected", "no language"]),
        ("language", ["no language", "Dutch", "English", "Dutch"], ["Dutch", "English", "no language"]),
        ("binding", ["no binding", "paper", "cloth"], ["paper", "cloth", "no binding"]),
        ("decade", ["1850s", "of old", "1790s"], ["1790s", "1850s", "of old"]),
    ],
)
def test_natural_order(facet, values, expected):
    assert facet_order(facet, values) == expected


@pytest.mark.parametrize(
    ("facet", "value", "words"),
    [
        ("decade", "1840s", "books of the 1840s"),
        ("decade", "no date", "books without a readable date"),
        ("place", "London", "books from London"),
        ("country", "no country", "books without a country"),
        ("language", "Dutch", "Dutch books"),
        ("language", "Greek, Ancient", "books in Greek, Ancient"),
        ("language", "no language", "books without a language"),
        ("language_source", "detected", "books whose language is detected"),
        ("publisher", "Bentley", "books published by Bentley"),
        ("title_length", "41–80", "books with titles of 41–80 characters"),
        ("first_letter", "G", "books whose title begins with G"),
        ("first_letter", "digit or sign", "books whose title begins with a digit or a sign"),
        ("genre_given", "Drama", "books catalogued as Drama"),
        ("date_certainty", "range", "books whose date is a range of years"),
        ("date_certainty", "certain", "books whose date is certain"),
    ],
)
def test_words_for_a_sentence(facet, value, words):
    assert facet_words(facet, value) == words


def test_titles_and_missing_values_for_people():
    titles = [facet_title(facet) for facet in FACETS]
    assert len(set(titles)) == len(FACETS)
    assert "Length of title" in titles
    assert missing_value("decade") == "no date"
    assert missing_value("binding") == "no binding"


def test_filters_join():
    records = books(
        title=["Poems", "A tale", "Poems of war", "Songs"],
        place=["London", "London", "", "Gent"],
        year=[1843, 1844, 1845, None],
    )
    assert filter_records(records, {}).index.tolist() == [0, 1, 2, 3]
    assert filter_records(records, {"place": ["London", "Gent"]}).index.tolist() == [0, 1, 3]
    assert filter_records(records, {"place": ["no place"]}).index.tolist() == [2]
    assert filter_records(records, {"place": ["London"], "decade": ["1840s"]}, "poem").index.tolist() == [0]
    assert filter_records(records, {"decade": ["no date"]}, "song, poem").index.tolist() == [3]
    assert filter_records(records, {"place": []}, "  ").index.tolist() == [0, 1, 2, 3]
    assert filter_records(records, {"place": ["Atlantis"]}).empty
    assert filter_records(records, {"place": "Gent"}).index.tolist() == [3]
    assert filter_records(records[:0], {"place": ["London"]}, "poem").empty


def test_filtering_leaves_the_records_as_they_are():
    records = books(title=["Poems", "Tales"], place=["London", ""])
    before = records.copy()
    filter_records(records, {"place": ["London"]}, "poem")
    pd.testing.assert_frame_equal(records, before)
