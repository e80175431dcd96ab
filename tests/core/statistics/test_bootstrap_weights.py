import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InputError
from core.statistics import design_effect, post_stratify, uncovered_share
from core.statistics.bootstrap import SEVERAL


def books(**counts: int) -> pd.DataFrame:
    """Make rows from 'class_language' names."""
    rows = [name.split("_") for name, count in counts.items() for _ in range(count)]
    return pd.DataFrame(rows, columns=["predicted", "language"], dtype="str")


def test_design_effect_by_hand():
    assert design_effect([2, 2, 2]) == 1
    assert design_effect([3, 1]) == pytest.approx(2 * 10 / 16)
    assert design_effect([1, 0, 0, 0]) == 4
    assert math.isnan(design_effect([]))
    assert math.isnan(design_effect([0, 0]))


def test_weights_restore_the_population():
    labelled = books(fiction_Dutch=30, fiction_English=10, poetry_English=10)
    population = books(fiction_Dutch=100, fiction_English=600, poetry_English=300)
    strata = post_stratify(labelled, population, ["predicted", "language"], min_labelled=5)
    assert strata.cells["n_labelled"].tolist() == [30, 10, 10]
    assert strata.cells["n_population"].tolist() == [100, 600, 300]
    # share of the population over share of the labelled: .1/.6, .6/.2, .3/.2
    np.testing.assert_allclose(strata.cells["weight"], [1 / 6, 3, 1.5])
    assert strata.weights.mean() == pytest.approx(1)
    assert strata.weights[0] == pytest.approx(1 / 6) and strata.weights[-1] == pytest.approx(1.5)
    assert strata.uncovered_share == 0
    assert strata.design_effect == pytest.approx(design_effect([1 / 6] * 30 + [3] * 10 + [1.5] * 10))


def test_the_last_column_is_pooled_first():
    labelled = books(fiction_English=20, fiction_Dutch=3, fiction_Danish=3, poetry_English=20)
    population = books(fiction_English=50, fiction_Dutch=10, fiction_Danish=20, poetry_English=15, poetry_Welsh=5)
    strata = post_stratify(labelled, population, ["predicted", "language"], min_labelled=5)
    cells = {(row.predicted, row.language): row for row in strata.cells.itertuples()}
    # Dutch and Danish fiction have 3 each: together they are enough and stand beside English fiction
    assert cells["fiction", SEVERAL].n_labelled == 6
    assert cells["fiction", SEVERAL].n_population == 30
    assert cells["fiction", SEVERAL].pooled == 2
    # Welsh poetry has none and nobody to be pooled with but English poetry
    assert cells["poetry", SEVERAL].n_labelled == 20
    assert cells["poetry", SEVERAL].n_population == 20
    assert strata.uncovered_share == pytest.approx(0.05)


def test_pooling_ends_over_the_first_column():
    labelled = books(fiction_English=20, poetry_English=1)
    population = books(fiction_English=50, poetry_English=10, drama_English=40)
    strata = post_stratify(labelled, population, ["predicted", "language"], min_labelled=5)
    assert len(strata.cells) == 1
    assert strata.cells.iloc[0]["predicted"] == SEVERAL
    np.testing.assert_allclose(strata.weights, 1)
    assert strata.uncovered_share == pytest.approx(0.4)


def test_a_short_cell_of_an_order_joins_its_neighbour_and_not_the_largest():
    labelled = books(**{"fiction_0.5–0.6": 2, "fiction_0.6–0.8": 4, "fiction_0.8–0.9": 6, "fiction_0.9–1.0": 90})
    population = books(**{"fiction_0.5–0.6": 50, "fiction_0.6–0.8": 40, "fiction_0.8–0.9": 60, "fiction_0.9–1.0": 50})
    strata = post_stratify(labelled, population, ["predicted", "language"], 5, ordered=["language"])
    # The two and the four make six; they were never short together with the ninety.
    assert strata.cells["n_labelled"].tolist() == [6, 6, 90]
    assert strata.cells["n_population"].tolist() == [90, 60, 50]
    assert strata.cells["language"].tolist() == [SEVERAL, "0.8–0.9", "0.9–1.0"]
    # Without an order the six that are short stand together too, but with one alone: the largest.
    alone = labelled[labelled["language"] != "0.6–0.8"]
    largest = post_stratify(alone, population, ["predicted", "language"], 5)
    beside = post_stratify(alone, population, ["predicted", "language"], 5, ordered=["language"])
    assert largest.cells["n_labelled"].tolist() == [92, 6]
    assert beside.cells["n_labelled"].tolist() == [8, 90]


def test_labelled_books_from_elsewhere_make_no_empty_cell():
    labelled = books(fiction_English=20, fiction_Dutch=20)
    population = books(fiction_English=50)
    strata = post_stratify(labelled, population, ["predicted", "language"], min_labelled=5)
    assert (strata.cells["n_population"] > 0).all()
    assert (strata.weights > 0).all()


@pytest.mark.parametrize(
    ("labelled", "population", "by", "message"),
    [
        (books(), books(fiction_English=2), ["language"], "needs labelled records and a population"),
        (books(fiction_English=2), books(), ["language"], "needs labelled records and a population"),
        (books(fiction_English=2), books(fiction_English=2), [], "at least one column"),
        (
            books(fiction_English=2),
            books(fiction_English=2),
            ["decade"],
            "labelled records have no column 'decade'. There are: predicted, language",
        ),
    ],
)
def test_post_stratification_refuses(labelled, population, by, message):
    with pytest.raises(InputError, match=message):
        post_stratify(labelled, population, by)


def test_unspoken_share():
    labelled = books(fiction_English=1)
    population = books(fiction_English=6, fiction_Welsh=2, poetry_English=2)
    assert uncovered_share(labelled, population, ["predicted", "language"]) == pytest.approx(0.4)
    assert uncovered_share(labelled, population, ["predicted"]) == pytest.approx(0.2)
    assert uncovered_share(books(), population, ["predicted"]) == 1
    assert math.isnan(uncovered_share(labelled, books(), ["predicted"]))


frames = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from("xyz"), st.sampled_from("12")), min_size=1, max_size=60
)


@pytest.mark.slow
@given(frames, frames, st.integers(1, 8), st.sampled_from(["", "r", "qr", "pqr"]))
def test_every_final_cell_has_enough_labelled_records(labelled, population, least, ordered):
    columns = ["p", "q", "r"]
    ours, theirs = (pd.DataFrame(rows, columns=columns, dtype="str") for rows in (labelled, population))
    strata = post_stratify(ours, theirs, columns, least, ordered=ordered)
    assert (strata.cells["n_labelled"] >= min(least, len(ours))).all()
    assert (strata.cells["n_population"] > 0).all()
    assert strata.cells["n_labelled"].sum() == len(ours)
    assert strata.cells["n_population"].sum() == len(theirs)
    assert strata.weights.mean() == pytest.approx(1)
    by_cell = np.bincount(strata.cell, weights=strata.weights) / len(ours)
    np.testing.assert_allclose(by_cell, strata.cells["n_population"] / len(theirs))
    assert strata.uncovered_share == pytest.approx(uncovered_share(ours, theirs, columns))
    assert strata.design_effect >= 1 - 1e-12


def test_as_many_labelled_records_as_asked_for_are_enough():
    labelled = books(fiction_English=5, fiction_Dutch=8, fiction_Danish=2)
    population = books(fiction_English=50, fiction_Dutch=20, fiction_Danish=30)
    strata = post_stratify(labelled, population, ["predicted", "language"], min_labelled=5).cells
    cells = {row.language: (row.n_labelled, row.n_population, row.pooled) for row in strata.itertuples()}
    # the two Danish books join the cell with the most labelled ones
    assert cells == {"English": (5, 50, 1), SEVERAL: (10, 50, 2)}


@pytest.mark.parametrize(("danish", "apart"), [(3, True), (2, False)])
def test_cells_that_are_short_stand_together_once_they_are_enough(danish, apart):
    labelled = pd.concat([books(fiction_English=9, fiction_Dutch=2), books(fiction_Danish=danish)])
    population = books(fiction_English=50, fiction_Dutch=20, fiction_Danish=30)
    strata = post_stratify(labelled, population, ["predicted", "language"], min_labelled=5).cells
    assert sorted(strata["n_labelled"]) == ([5, 9] if apart else [13])


def test_labelled_books_from_elsewhere_never_stand_together_alone():
    labelled = books(fiction_English=9, fiction_Dutch=3, fiction_Danish=3)
    strata = post_stratify(labelled, books(fiction_English=50), ["predicted", "language"], min_labelled=5)
    assert strata.cells["n_labelled"].tolist() == [15]
    assert strata.cells["n_population"].tolist() == [50]
