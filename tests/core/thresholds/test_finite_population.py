"""Bounds for a finite collection, by hand and by scipy's hypergeometric distribution."""

from itertools import combinations

import numpy as np
import pytest
from scipy.stats import binom, hypergeom

from core.statistics import clopper_pearson
from core.thresholds.finite_population import (
    allowed_in_sample,
    band_limits,
    crossing_probability,
    most_wrong,
    probability_of_so_few,
)


def test_two_of_four_by_hand() -> None:
    """Of 4 records 2 are wrong and 2 are drawn: of the 6 samples one is without a wrong one, five hold at most one."""
    assert probability_of_so_few(0, 2, 4, 2) == pytest.approx(1 / 6)
    assert probability_of_so_few(1, 2, 4, 2) == pytest.approx(5 / 6)
    assert probability_of_so_few(2, 2, 4, 2) == 1
    assert probability_of_so_few(0, 3, 4, 2) == 0  # three of four must hold one of two


@pytest.mark.parametrize(
    ("errors", "sample", "population", "wrong"), [(3, 425, 850, 20), (0, 50, 60, 5), (7, 40, 90, 9)]
)
def test_the_distribution_is_scipy_s(errors: int, sample: int, population: int, wrong: int) -> None:
    expected = hypergeom.cdf(errors, population, wrong, sample)
    assert probability_of_so_few(errors, sample, population, wrong) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("errors", [0, 1, 4, 10])
def test_the_limit_is_the_last_that_is_not_refuted(errors: int) -> None:
    limit = most_wrong(errors, 100, 1000, 0.05)
    assert hypergeom.cdf(errors, 1000, limit, 100) > 0.05
    assert hypergeom.cdf(errors, 1000, limit + 1, 100) <= 0.05


def test_where_all_are_checked_nothing_is_unknown() -> None:
    assert most_wrong(3, 50, 50, 0.05) == 3
    assert band_limits(50, 50, 0.05).tolist() == list(range(51))


def test_allowed_errors_and_the_limit_are_two_sides_of_one() -> None:
    for left in (0, 5, 20, 60):
        allowed = allowed_in_sample(left, 200, 2000, 0.05)
        if allowed >= 0:
            assert most_wrong(allowed, 200, 2000, 0.05) - allowed <= left
        assert most_wrong(allowed + 1, 200, 2000, 0.05) - (allowed + 1) > left
    assert allowed_in_sample(-1, 200, 2000, 0.05) == -1
    assert allowed_in_sample(0, 200, 2000, 0.05) == -1  # 200 of 2,000 without an error do not prove that none is left


def test_the_probability_of_a_crossing_is_counted_out() -> None:
    """Every one of the 210 ways to draw 4 of 10 places is looked at."""
    limits = np.array([3, 5, 8])
    crossed = 0
    for places in combinations(range(1, 11), 4):
        crossed += any(sum(place <= limit + 1 for place in places) <= e for e, limit in enumerate(limits.tolist()))
    assert crossing_probability(limits, 4, 10) == pytest.approx(crossed / 210)


@pytest.mark.parametrize(("sample", "population"), [(60, 300), (425, 999), (850, 52_695)])
def test_the_band_spends_its_alpha_and_no_more(sample: int, population: int) -> None:
    limits = band_limits(sample, population, 0.05)
    assert 0.045 < crossing_probability(limits, sample, population) <= 0.05
    assert (np.diff(limits) >= 0).all()
    single = [most_wrong(e, sample, population, 0.05) for e in range(5)]
    assert (limits[:5] >= single).all()


@pytest.mark.parametrize(("errors", "sample"), [(0, 149), (3, 425), (12, 850)])
def test_in_a_large_collection_the_limit_is_that_of_pac_labels(errors: int, sample: int) -> None:
    """There it is the binomial bound (Clopper–Pearson): the p value of a larger share is at most alpha."""
    limit = most_wrong(errors, sample, 10**7, 0.05) / 10**7
    assert limit == pytest.approx(clopper_pearson(errors, sample, 0.95, "upper")[1], rel=1e-4)
    assert binom.cdf(errors, sample, limit) == pytest.approx(0.05, rel=1e-3)
