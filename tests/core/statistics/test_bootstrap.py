import math

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from core.errors import InputError
from core.statistics import bootstrap_draws, bootstrap_interval, bootstrap_intervals, group_numbers
from core.statistics.bootstrap import _multiplicities


def share(sums: np.ndarray) -> np.ndarray:
    return sums[:, 0] / sums[:, 1]


def parts_of(values: list[int] | np.ndarray) -> np.ndarray:
    return np.column_stack([values, np.ones(len(values))])


def macro_f1(sums: np.ndarray) -> np.ndarray:
    """From the cells of a 2 × 2 confusion matrix, rows truth."""
    cells = sums.reshape(-1, 2, 2)
    hits = np.diagonal(cells, axis1=1, axis2=2)
    return (2 * hits / (cells.sum(axis=1) + cells.sum(axis=2))).mean(axis=1)


def test_value_is_that_of_the_rows_as_they_are():
    found = bootstrap_interval(share, parts_of([1, 1, 0, 1]), seed=1)
    assert (found.value, found.n) == (0.75, 4)
    assert found.low <= 0.75 <= found.high
    assert found.method == "bootstrap of 4 books, 1,000 draws"


def test_same_seed_same_interval():
    parts = parts_of(np.arange(50) % 2)
    first, second, other = (bootstrap_interval(share, parts, seed=seed, n_draws=200) for seed in (3, 3, 4))
    assert first == second
    assert (first.low, first.high) != (other.low, other.high)


def test_macro_f1_agrees_with_drawing_rows_one_by_one():
    generator = np.random.default_rng(8)
    truth = generator.integers(0, 2, 120)
    guess = np.where(generator.random(120) < 0.85, truth, 1 - truth)
    found = bootstrap_interval(macro_f1, np.eye(4)[2 * truth + guess], n_draws=2000, seed=1)
    drawn = []
    for _ in range(2000):
        rows = generator.integers(0, 120, 120)
        drawn.append(macro_f1(np.eye(4)[2 * truth[rows] + guess[rows]].sum(axis=0, keepdims=True))[0])
    assert (found.low, found.high) == pytest.approx(np.quantile(drawn, [0.025, 0.975]), abs=0.015)


def test_groups_are_drawn_whole():
    # ten books of five rows each, all right or all wrong: as uncertain as ten rows, not fifty
    right = np.repeat([1, 1, 1, 1, 1, 1, 1, 0, 0, 0], 5)
    book = np.repeat(np.arange(10), 5)
    grouped = bootstrap_interval(share, parts_of(right), book, seed=2)
    ten = bootstrap_interval(share, parts_of(right[::5]), seed=2)
    rows = bootstrap_interval(share, parts_of(right), seed=2)
    assert (grouped.low, grouped.high) == (ten.low, ten.high)
    assert grouped.high - grouped.low > 1.8 * (rows.high - rows.low)
    assert grouped.method == "bootstrap of 10 groups, 1,000 draws"


def test_rows_without_a_group_stand_for_themselves():
    codes, count = group_numbers(pd.Series(["a", "", "a", "", None, "b"], dtype=object))
    assert count == 5
    assert codes[0] == codes[2]
    assert len({codes[1], codes[3], codes[4], codes[5]}) == 4
    codes, count = group_numbers(pd.Series(["x", "y", "x"], dtype="str"))
    assert (codes.tolist(), count) == ([0, 1, 0], 2)


def test_weights_of_rows_follow_their_group():
    groups = np.array(["a", "a", "b", "c"])
    drawn = np.concatenate(list(_multiplicities(3, 300, seed=4)))
    assert (drawn.sum(axis=1) == 3).all()
    assert drawn.mean(axis=0) == pytest.approx([1, 1, 1], abs=0.2)
    weights = drawn[:, [0, 0, 1, 2]]
    draws = bootstrap_draws(share, parts_of([1, 0, 1, 0]), groups, n_draws=300, seed=4)
    np.testing.assert_allclose(draws, weights @ [1, 0, 1, 0] / weights.sum(axis=1), rtol=1e-6)


def test_large_tables_are_drawn_in_blocks(monkeypatch):
    whole = bootstrap_draws(share, parts_of(np.arange(100) % 3 == 0), n_draws=50, seed=1)
    monkeypatch.setattr("core.statistics.bootstrap._CHUNK", 700)
    blocks = list(_multiplicities(100, n_draws=50, seed=1))
    assert [len(block) for block in blocks] == [7] * 7 + [1]
    assert bootstrap_draws(share, parts_of(np.arange(100) % 3 == 0), n_draws=50, seed=1).shape == whole.shape


def test_several_statistics_at_once():
    draws = bootstrap_draws(lambda sums: sums[:, :2] / sums[:, 1:], parts_of([1, 0, 1]), n_draws=10)
    assert draws.shape == (10, 2)


def test_undefined():
    assert bootstrap_interval(share, np.empty((0, 2))).reason == "no records"
    found = bootstrap_interval(share, np.zeros((4, 2)))
    assert math.isnan(found.value) and found.reason == "a part the number is made of has no records"
    found = bootstrap_interval(share, parts_of([1, 0, 1]), ["a", "a", "a"])
    assert found.value == pytest.approx(2 / 3)
    assert math.isnan(found.low) and "one group" in found.reason


def test_a_statistic_that_is_often_undefined_has_no_interval():
    # only one of five rows has the class: it is missing in a third of the draws
    parts = np.array([[1, 1], [0, 0], [0, 0], [0, 0], [0, 0]])
    found = bootstrap_interval(share, parts, seed=1)
    assert found.value == 1
    assert math.isnan(found.low) and math.isnan(found.high)
    assert found.reason == "too few records of some class: the interval is undefined"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"parts": [1, 0, 1]}, r"one row a record and one column a part; shape \(3,\) came"),
        ({"parts": parts_of([1, 0]), "groups": ["a"]}, "There are 2 rows and 1 groups"),
        ({"parts": parts_of([1, 0]), "confidence": 95}, "95 came"),
    ],
)
def test_refuses(arguments, message):
    with pytest.raises(InputError, match=message):
        bootstrap_interval(share, **arguments)


def test_several_statistics_of_the_same_draws_are_those_of_one_at_a_time() -> None:
    parts = np.column_stack([[1.0, 1, 0, 1, 0], [0.0, 1, 1, 0, 0], np.ones(5)])
    groups = ["a", "a", "b", "c", ""]

    def both(sums: np.ndarray) -> np.ndarray:
        return sums[:, :2] / sums[:, 2:]

    alone = [
        bootstrap_interval(lambda sums, i=i: both(sums)[:, i], parts, groups, seed=7, n_draws=300) for i in range(2)
    ]
    assert bootstrap_intervals(both, parts, groups, seed=7, n_draws=300) == alone
    assert bootstrap_intervals(both, sparse.csr_array(parts), groups, seed=7, n_draws=300) == alone


def test_one_undefined_statistic_leaves_the_others_alone() -> None:
    parts = np.column_stack([[1.0, 1, 0, 1], np.zeros(4), np.ones(4)])
    share, nothing = bootstrap_intervals(
        lambda sums: np.column_stack([sums[:, 0] / sums[:, 2], sums[:, 1] / sums[:, 1]]), parts
    )
    assert share.value == 0.75
    assert share.low < 0.75 < share.high
    nothing_at_all = bootstrap_intervals(lambda sums: np.full((len(sums), 1), np.nan), parts)[0]
    assert "no records" in nothing_at_all.reason
    assert nothing.reason == "a part the number is made of has no records"


def test_numbers_of_groups_are_groups() -> None:
    codes, count = group_numbers(np.array([5, 2, 5, 9]))
    assert codes.tolist() == [1, 0, 1, 2]
    assert count == 3
