"""Which facts take part: enough records and not nearly all, years cut at round numbers, and none chosen by errors."""

import numpy as np
import pandas as pd

from core.slices import FacetFact, RangeFact, TitleFact
from core.slices.fact_table import collect_facts
from tests.core.slices import planted as made


def test_every_fact_holds_where_its_mask_says():
    records, _ = made.library(800, 1)
    table = collect_facts(records, ["place", "decade", "language"], 200, 20)
    columns = table.columns(range(len(table)))
    for fact, column in zip(table.facts, columns, strict=True):
        np.testing.assert_array_equal(fact.mask(records), column)
        least = 4 if isinstance(fact, TitleFact) else 20
        assert least <= column.sum() <= 0.8 * 800
    assert {type(fact) for fact in table.facts} == {FacetFact, RangeFact, TitleFact}
    assert FacetFact("language", "English") not in table.facts  # it holds for all


def test_missing_is_a_fact():
    records = made.empty_records(100)
    records["place"] = pd.Series(["Paris"] * 50 + [""] * 50, dtype="str")
    assert FacetFact("place", "no place") in collect_facts(records, ["place"], 0, 20).facts


def test_years_are_cut_at_full_decades_with_enough_books_between():
    records = made.empty_records(90)
    records["year"] = pd.array([1795] * 30 + [1804] * 10 + [1816] * 20 + [1899] * 30, dtype="Int64")
    ranges = [fact for fact in collect_facts(records, [], 0, 20).facts if isinstance(fact, RangeFact)]
    assert ranges == [
        RangeFact("year", None, 1799),
        RangeFact("year", None, 1889),
        RangeFact("year", 1800, 1889),
        RangeFact("year", 1800, None),
        RangeFact("year", 1890, None),
    ]


def test_of_many_decades_the_round_years_are_kept():
    records = made.empty_records(4000)
    records["year"] = pd.array(np.arange(4000) % 400 + 1500, dtype="Int64")
    facts = collect_facts(records, [], 0, 20).facts
    cuts = {fact.low for fact in facts if isinstance(fact, RangeFact) and fact.low is not None}
    assert len(cuts) == 11
    assert {1600, 1700, 1800} <= cuts


def test_subjects_keep_two_facts_about_one_thing_apart():
    records, _ = made.library(800, 1)
    table = collect_facts(records, ["place", "decade"], 100, 20)
    subjects = dict(zip(table.facts, table.subjects().tolist(), strict=True))
    years = {subjects[fact] for fact in table.facts if isinstance(fact, RangeFact) and fact.measure == "year"}
    decades = {subjects[fact] for fact in table.facts if isinstance(fact, FacetFact) and fact.facet == "decade"}
    places = {subjects[fact] for fact in table.facts if isinstance(fact, FacetFact) and fact.facet == "place"}
    assert years == decades
    assert len(years | places) == 2
    assert {subjects[fact] for fact in table.facts if isinstance(fact, TitleFact)} == {-1}


def test_without_years_there_are_no_ranges_of_years():
    facts = collect_facts(made.empty_records(100), ["decade"], 0, 20).facts
    assert not any(isinstance(fact, RangeFact) and fact.measure == "year" for fact in facts)
