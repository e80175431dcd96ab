"""The exact test, its score and the ratio, against hand-worked numbers, enumeration and other libraries."""

import itertools
from fractions import Fraction
from math import comb

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.contingency_tables import StratifiedTable

from core.slices.stratified import exact_p, excess, min_ratio, min_score, p_of_small_effect, worst_p


def enumerated(n: list[int], errors: list[int], all_n: list[int], all_errors: list[int]) -> float:
    """Sum the probabilities of all tables that are at least as bad, in fractions."""
    ranges = [range(max(0, a + d - c), min(a, d) + 1) for a, c, d in zip(n, all_n, all_errors, strict=True)]
    total = Fraction(0)
    for counts in itertools.product(*ranges):
        if sum(counts) >= sum(errors):
            part = Fraction(1)
            for k, a, c, d in zip(counts, n, all_n, all_errors, strict=True):
                part *= Fraction(comb(d, k) * comb(c - d, a - k), comb(c, a))
            total += part
    return float(total)


@pytest.mark.parametrize(
    ("n", "errors", "all_n", "all_errors"),
    [
        ([4], [3], [10], [4]),
        ([5, 7], [3, 2], [12, 20], [4, 3]),
        ([5, 0, 7], [3, 0, 2], [12, 9, 20], [4, 9, 3]),
        ([6, 3], [0, 0], [9, 9], [2, 2]),
        ([9, 4], [2, 2], [9, 9], [2, 2]),
    ],
)
def test_the_exact_p_is_the_sum_over_all_worse_tables(n, errors, all_n, all_errors):
    assert exact_p(n, errors, all_n, all_errors) == pytest.approx(enumerated(n, errors, all_n, all_errors), rel=1e-12)


def test_one_stratum_is_fishers_exact_test():
    table = [[17, 11], [65, 203]]
    expected = stats.fisher_exact(table, alternative="greater").pvalue
    assert exact_p([28], [17], [296], [82]) == pytest.approx(expected, rel=1e-9)


def test_large_counts_keep_their_precision():
    expected = stats.hypergeom.sf(5199, 1_000_000, 100_000, 50_000)
    assert exact_p([50_000], [5_200], [1_000_000], [100_000]) == pytest.approx(expected, rel=1e-6)
    assert exact_p([50_000], [25_000], [1_000_000], [100_000]) < 1e-300


@pytest.mark.parametrize(
    ("n", "errors", "all_n", "all_errors"),
    [([0], [0], [10], [4]), ([10], [4], [10], [4]), ([5], [0], [10], [0]), ([5], [5], [10], [10]), ([], [], [], [])],
)
def test_where_nothing_can_vary_p_is_one(n, errors, all_n, all_errors):
    assert exact_p(n, errors, all_n, all_errors) == 1.0


def test_the_worst_of_two_views_counts():
    n, errors = np.array([[20, 0], [10, 10]]), np.array([[10, 0], [10, 0]])
    all_n, all_errors = np.array([[60, 40], [50, 50]]), np.array([[15, 5], [20, 0]])
    by_view = [exact_p(*view) for view in zip(n, errors, all_n, all_errors, strict=True)]
    assert worst_p(n, errors, all_n, all_errors) == max(by_view)
    assert by_view[0] != by_view[1]


def test_the_score_is_that_of_cochran_mantel_haenszel():
    n, errors = np.array([28, 40]), np.array([17, 3])
    all_n, all_errors = np.array([296, 554]), np.array([82, 9])
    tables = [
        [[e, a - e], [whole_e - e, (whole - a) - (whole_e - e)]]
        for a, e, whole, whole_e in zip(n, errors, all_n, all_errors, strict=True)
    ]
    expected = StratifiedTable([np.array(table) for table in tables]).test_null_odds(correction=True).statistic
    score = min_score(n[None, None], errors[None, None], all_n[None], all_errors[None])
    assert score[0] ** 2 == pytest.approx(expected)


def test_scores_of_many_slices_take_the_least_view():
    n = np.array([[[10, 0], [5, 5]], [[0, 0], [0, 0]]])
    errors = np.array([[[6, 0], [3, 3]], [[0, 0], [0, 0]]])
    all_n, all_errors = np.array([[50, 50], [50, 50]]), np.array([[10, 10], [8, 12]])
    single = [min_score(n[:1, [view]], errors[:1, [view]], all_n[[view]], all_errors[[view]])[0] for view in range(2)]
    assert min_score(n, errors, all_n, all_errors).tolist() == [min(single), -np.inf]


def test_times_expected_by_hand():
    # 10 of 20 wrong, 10 of 100 elsewhere: 2 expected. Nothing wrong elsewhere: infinitely many times. None wrong: 0.
    n, errors = np.array([[[20]], [[20]], [[20]]]), np.array([[[10]], [[20]], [[0]]])
    all_n, all_errors = np.array([[120]]), np.array([[[20]], [[20]], [[20]]])
    assert min_ratio(n, errors, all_n, all_errors).tolist() == [5.0, np.inf, 0.0]


def test_excess_is_standardised_to_the_slices_own_classes():
    # Of 30 fiction books elsewhere 20 % are wrong, of 60 others 5 %: 10 × .2 + 20 × .05 = 3 expected, 9 found.
    found = excess([10, 20], [5, 4], [40, 80], [11, 7])
    assert (found.expected, found.ratio) == (pytest.approx(3.0), pytest.approx(3.0))
    assert found.low * found.high == pytest.approx(9.0)
    assert found.low < 3 < found.high


@pytest.mark.parametrize(
    ("counts", "expected", "ratio"),
    [
        (([10, 5], [5, 1], [20, 5], [6, 1]), np.nan, np.nan),  # the second class occurs nowhere else
        (([10], [5], [20], [5]), 0.0, np.nan),  # nobody else is wrong
        (([10], [0], [20], [5]), 5.0, 0.0),
    ],
)
def test_an_undefined_excess_is_not_a_number(counts, expected, ratio):
    found = excess(*counts)
    assert [found.expected, found.ratio] == pytest.approx([expected, ratio], nan_ok=True)
    assert np.isnan([found.low, found.high]).all()


def test_how_small_an_effect_is_shown_to_be_by_hand():
    # Of four books two are wrong, and a slice holds two. With odds three times as high its errors 0, 1, 2 weigh
    # 1 · 1, 4 · 3 and 1 · 9.
    for errors, p in ((0, 1 / 22), (1, 13 / 22), (2, 1.0)):
        assert p_of_small_effect([2], [errors], [4], [2], 3) == pytest.approx(p)
    # Two such strata without an error in the slice, and one in which nothing can vary.
    assert p_of_small_effect([2, 2, 5], [0, 0, 5], [4, 4, 5], [2, 2, 5], 3) == pytest.approx(1 / 484)
    assert p_of_small_effect([5], [5], [5], [5], 3) == 1.0


def test_large_strata_are_followed_far_enough():
    # 20,000 of 40,000, a fifth wrong in both: the odds are surely not half as high again.
    assert p_of_small_effect([20_000], [4_000], [40_000], [8_000], 1.5) < 1e-30
    assert p_of_small_effect([20_000], [4_600], [40_000], [8_000], 1.5) > 0.05
