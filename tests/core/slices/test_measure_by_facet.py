"""Facet by facet and facet against facet: counts by hand, rates only from ten books on."""

import json

import numpy as np
import pandas as pd
import pytest

from core.errors import InputError
from core.predicates import FacetPredicate
from core.slices import Slice, cross_table, facet_slices, measure_slices, slice_p_value
from core.statistics import adjust_p, wilson
from core.wording.slices import measurement
from tests.core.slices import planted as made

CLASSES = made.CLASSES


@pytest.fixture
def table() -> pd.DataFrame:
    records = made.with_titles(made.empty_records(40), [f"title {i}" for i in range(40)])
    records["place"] = pd.Series(["Paris"] * 20 + ["Leiden"] * 15 + [""] * 5, dtype="str")
    records["year"] = pd.array([1841, 1851] * 20, dtype="Int64")
    wrong = np.zeros(40, dtype=bool)
    wrong[[0, 2, 4, 20, 35]] = True
    truth = np.array(["Fiction", "Non-fiction"])[np.arange(40) // 2 % 2]
    table = made.scored(records, truth, wrong)
    table.loc[39, "truth"] = ""
    return table


def test_every_value_is_a_slice(table):
    result = facet_slices(table, CLASSES, ["place"])
    assert [(one.slice.predicates[0].values[0], one.n, one.errors, one.collection_n) for one in result.slices] == [
        ("Paris", 20, 3, 20),
        ("Leiden", 15, 1, 15),
        ("no place", 4, 1, 5),
    ]
    content = result.as_dict()
    assert content["overall"]["n"] == 39
    assert (content["slices"][0]["low"], content["slices"][0]["high"]) == pytest.approx(wilson(3, 20))
    assert content["slices"][2]["error_rate"] is content["slices"][2]["p"] is content["slices"][2]["ratio"] is None
    assert result.p_adjusted[:2] == pytest.approx(adjust_p(result.p[:2], "by"))
    assert json.loads(json.dumps(content)) == content
    assert (
        measurement(result.slices[2])
        == "Books without a place: 1 of 4 wrong; 20 % of all errors; 5 books of the collection."
    )


def test_a_value_is_tested_from_ten_checked_books_on(table):
    table["place"] = pd.Series(["Paris"] * 10 + ["Leiden"] * 9 + ["Rome"] * 21, dtype="str")
    result = facet_slices(table, CLASSES, ["place"])
    assert [measured.n for measured in result.slices] == [20, 10, 9]
    assert np.isnan(result.p).tolist() == [False, False, True]


def test_values_are_counted_in_another_collection(table):
    collection = made.empty_records(7)
    collection["place"] = pd.Series(["Paris"] * 6 + ["Rome"], dtype="str")
    result = facet_slices(table, CLASSES, ["place"], collection)
    assert [one.collection_n for one in result.slices] == [6, 0, 0]


def test_p_is_that_of_the_whole_table():
    table = made.planted(1500)
    result = facet_slices(table, CLASSES, ["place", "decade"])
    assert min(result.p) >= 0
    verse_decades = [
        p
        for one, p in zip(result.slices, result.p_adjusted, strict=True)
        if one.slice.predicates[0].values[0] in {"1750s", "1760s"}
    ]
    assert max(verse_decades) < 0.01


def test_a_title_counts_once_in_the_test(table):
    twice = pd.concat([table, table], ignore_index=True)
    assert facet_slices(twice, CLASSES, ["place"]).p[:2] == facet_slices(table, CLASSES, ["place"]).p[:2]


def test_pairs_of_values_by_hand(table):
    crossed = cross_table(table, "place", "decade")
    assert crossed.columns.tolist() == ["place", "decade", "n", "errors", "rate", "low", "high"]
    assert crossed[["place", "decade", "n", "errors"]].to_numpy().tolist() == [
        ["Paris", "1840s", 10, 3],
        ["Paris", "1850s", 10, 0],
        ["Leiden", "1840s", 8, 1],
        ["Leiden", "1850s", 7, 0],
        ["no place", "1840s", 2, 0],
        ["no place", "1850s", 2, 1],
    ]
    assert crossed.loc[0, ["rate", "low", "high"]].tolist() == pytest.approx([0.3, *wilson(3, 10)])
    assert crossed.loc[2:, ["rate", "low", "high"]].isna().all(axis=None)


def test_a_facet_is_not_crossed_with_itself(table):
    with pytest.raises(InputError, match="two different facets; 'place' came twice"):
        cross_table(table, "place", "place")


def test_a_table_without_labels_has_no_pairs(table):
    assert len(cross_table(table.assign(truth=""), "place", "decade")) == 0


def test_slices_known_beforehand_are_measured(table):
    paris = Slice((FacetPredicate("place", ("Paris",)),), "the French ones")
    [measured] = measure_slices(table, CLASSES, [paris])
    assert (measured.n, measured.errors) == (20, 3)
    assert measurement(measured).startswith("The French ones: 3 of 20 wrong (5.2 to 36.1 %), ")
    # 10 of each class; elsewhere 1 of 10 fiction and 1 of 9 non-fiction books are wrong.
    assert measured.by_truth.expected == pytest.approx(10 * 1 / 10 + 10 * 1 / 9)
    assert measured.as_dict()["name"] == "the French ones"
    assert [(c.truth, c.predicted, c.n) for c in measured.confusions] == [
        ("Fiction", "Non-fiction", 2),
        ("Non-fiction", "Fiction", 1),
    ]


@pytest.mark.parametrize("place", ["Paris", "Leiden", "no place"])
def test_a_slice_that_is_asked_for_is_tested_as_the_values_of_its_facet_are(table, place):
    twice = pd.concat([table, table.iloc[:30]], ignore_index=True)
    result = facet_slices(twice, CLASSES, ["place"])
    by_value = {one.slice.predicates[0].values[0]: p for one, p in zip(result.slices, result.p, strict=True)}
    expected = by_value[place]
    assert slice_p_value(twice, CLASSES, Slice((FacetPredicate("place", (place,)),))) == pytest.approx(
        expected, nan_ok=True
    )
    assert np.isnan(expected) == (place == "no place")  # fewer than ten books


def test_nothing_to_measure_is_no_error(table):
    assert measure_slices(table, CLASSES, []) == []
