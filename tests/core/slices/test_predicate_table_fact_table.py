"""Which facts take part: enough records and not nearly all, years cut at round numbers, and none chosen by errors."""

import numpy as np
import pandas as pd

from core.predicates import FacetPredicate, LengthPredicate, RangePredicate, TextPredicate, is_title_words
from core.slices.predicate_table import collect_predicates
from tests.core.slices import planted as made


def test_every_fact_holds_where_its_mask_says():
    records, _ = made.library(800, 1)
    table = collect_predicates(records, ["place", "decade", "language"], 200, 20)
    columns = table.columns(range(len(table)))
    for predicate, column in zip(table.predicates, columns, strict=True):
        np.testing.assert_array_equal(predicate.mask(records), column)
        least = 4 if is_title_words(predicate) else 20
        assert least <= column.sum() <= 0.8 * 800
    assert {type(predicate) for predicate in table.predicates} == {
        FacetPredicate,
        RangePredicate,
        LengthPredicate,
        TextPredicate,
    }
    assert FacetPredicate("language", ("English",)) not in table.predicates  # it holds for all


def test_missing_is_a_fact():
    records = made.empty_records(100)
    records["place"] = pd.Series(["Paris"] * 50 + [""] * 50, dtype="str")
    assert FacetPredicate("place", ("no place",)) in collect_predicates(records, ["place"], 0, 20).predicates


def test_years_are_cut_at_full_decades_with_enough_books_between():
    records = made.empty_records(90)
    records["year"] = pd.array([1795] * 30 + [1804] * 10 + [1816] * 20 + [1899] * 30, dtype="Int64")
    ranges = [
        predicate
        for predicate in collect_predicates(records, [], 0, 20).predicates
        if isinstance(predicate, RangePredicate)
    ]
    assert ranges == [
        RangePredicate("year", None, 1799),
        RangePredicate("year", None, 1889),
        RangePredicate("year", 1800, 1889),
        RangePredicate("year", 1800, None),
        RangePredicate("year", 1890, None),
    ]


def test_of_many_decades_the_round_years_are_kept():
    records = made.empty_records(4000)
    records["year"] = pd.array(np.arange(4000) % 400 + 1500, dtype="Int64")
    predicates = collect_predicates(records, [], 0, 20).predicates
    cuts = {
        predicate.low for predicate in predicates if isinstance(predicate, RangePredicate) and predicate.low is not None
    }
    assert len(cuts) == 11
    assert {1600, 1700, 1800} <= cuts


def test_subjects_keep_two_facts_about_one_thing_apart():
    records, _ = made.library(800, 1)
    table = collect_predicates(records, ["place", "decade"], 100, 20)
    subjects = dict(zip(table.predicates, table.subjects().tolist(), strict=True))
    years = {
        subjects[predicate]
        for predicate in table.predicates
        if isinstance(predicate, RangePredicate) and predicate.measure == "year"
    }
    decades = {
        subjects[predicate]
        for predicate in table.predicates
        if isinstance(predicate, FacetPredicate) and predicate.facet == "decade"
    }
    places = {
        subjects[predicate]
        for predicate in table.predicates
        if isinstance(predicate, FacetPredicate) and predicate.facet == "place"
    }
    assert years == decades
    assert len(years | places) == 2
    assert {subjects[predicate] for predicate in table.predicates if is_title_words(predicate)} == {-1}


def test_without_years_there_are_no_ranges_of_years():
    predicates = collect_predicates(made.empty_records(100), ["decade"], 0, 20).predicates
    assert not any(isinstance(predicate, RangePredicate) and predicate.measure == "year" for predicate in predicates)
