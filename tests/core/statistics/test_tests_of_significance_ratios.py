import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import confint_proportions_2indep

from core.errors import InputError
from core.statistics import share_ratio


@pytest.mark.parametrize(("k", "n", "pk", "pn"), [(30, 100, 50, 1000), (1, 20, 400, 500), (332, 1744, 400, 32946)])
def test_disjoint_sets_give_the_interval_of_katz(k, n, pk, pn):
    found = share_ratio([k], n, [pk], pn)
    low, high = confint_proportions_2indep(k, n, pk, pn, compare="ratio", method="log", correction=False)
    assert found.ratio[0] == pytest.approx((k / n) / (pk / pn))
    assert (found.low[0], found.high[0]) == pytest.approx((low, high), rel=1e-9)


def test_katz_by_hand():
    # 20 of 100 against 10 of 100: variance of the logarithm 0.8/20 + 0.9/10 = 0.13
    found = share_ratio([20], 100, [10], 100)
    half = 1.959964 * math.sqrt(0.13)
    assert found.low[0] == pytest.approx(2 * math.exp(-half), rel=1e-6)
    assert found.high[0] == pytest.approx(2 * math.exp(half), rel=1e-6)


def test_a_sample_that_is_the_population_leaves_no_doubt():
    found = share_ratio([5, 95], 100, [5, 95], 100, shared_k=[5, 95], shared_n=100)
    np.testing.assert_allclose([found.ratio, found.low, found.high], 1)


def test_shared_records_narrow_the_interval():
    apart = share_ratio([30], 100, [60], 400)
    inside = share_ratio([30], 100, [60], 400, shared_k=[30], shared_n=100)
    assert inside.ratio == apart.ratio
    assert apart.low < inside.low < inside.ratio < inside.high < apart.high


def test_shared_records_by_hand():
    # sample 30 of 100 inside a population of 60 of 400: parts (30 of 100) and (30 of 300)
    variance = (1 / 30 - 1 / 60) ** 2 * 100 * 0.3 * 0.7 + (1 / 60) ** 2 * 300 * 0.1 * 0.9
    found = share_ratio([30], 100, [60], 400, shared_k=[30], shared_n=100)
    assert found.high[0] / found.ratio[0] == pytest.approx(math.exp(1.959964 * math.sqrt(variance)), rel=1e-6)


def test_zero_cells():
    found = share_ratio([0, 3, 0, 100], 100, [20, 0, 0, 1000], 1000)
    assert found.ratio[0] == 0 and found.low[0] == 0
    assert 0 < found.high[0] < math.inf
    assert np.isnan([found.ratio[1], found.low[1], found.high[1]]).all()
    assert np.isnan([found.ratio[2], found.low[2], found.high[2]]).all()
    # everything has the value in both: the ratio is 1, and still not without doubt
    assert found.low[3] < 1 == found.ratio[3] < found.high[3]


@pytest.mark.parametrize(("n", "pn"), [(0, 10), (10, 0)])
def test_an_empty_set_has_no_ratio(n, pn):
    found = share_ratio([0], n, [0], pn)
    assert np.isnan([found.ratio, found.low, found.high]).all()


@pytest.mark.parametrize(
    "arguments",
    [
        {"k": [11], "n": 10, "population_k": [1], "population_n": 10},
        {"k": [1], "n": 10, "population_k": [11], "population_n": 10},
        {"k": [1], "n": 10, "population_k": [5], "population_n": 10, "shared_k": [2], "shared_n": 5},
    ],
)
def test_impossible_counts_are_refused(arguments):
    with pytest.raises(InputError, match="counted more often than its set has records, or shared more often"):
        share_ratio(**arguments)


@given(st.data())
def test_limits_hold_the_ratio(data):
    n = data.draw(st.integers(1, 50))
    shared_n = data.draw(st.integers(0, n))
    rest_n = data.draw(st.integers(0, 200))
    shared_k = data.draw(st.integers(0, shared_n))
    k = shared_k + data.draw(st.integers(0, n - shared_n))
    population_k = shared_k + data.draw(st.integers(0, rest_n))
    found = share_ratio([k], n, [population_k], shared_n + rest_n, shared_k=[shared_k], shared_n=shared_n)
    if population_k == 0:
        assert np.isnan(found.ratio[0])
    else:
        assert 0 <= found.low[0] <= found.ratio[0] <= found.high[0] < math.inf
