import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial import distance

from core.errors import InputError
from core.statistics import cramers_v, jensen_shannon, total_variation, total_variation_by_chance

shares = st.lists(st.integers(0, 50), min_size=2, max_size=8).filter(lambda counts: sum(counts) > 0)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [([1, 1], [1, 1], 0), ([1, 0], [0, 1], 1), ([30, 70], [100, 900], 0.2), ([5, 5, 0], [0, 5, 5], 0.5)],
)
def test_total_variation_by_hand(first, second, expected):
    assert total_variation(first, second) == pytest.approx(expected)


def test_jensen_shannon_agrees_with_scipy():
    first, second = np.array([10, 20, 70, 0]), np.array([30, 30, 20, 20])
    expected = distance.jensenshannon(first, second, base=2) ** 2
    assert jensen_shannon(first, second) == pytest.approx(expected, rel=1e-12)


@given(shares, st.data())
def test_divergences_keep_their_ranges_and_are_symmetric(first, data):
    second = data.draw(st.lists(st.integers(0, 50), min_size=len(first), max_size=len(first)).filter(any))
    for divergence in (total_variation, jensen_shannon):
        assert 0 <= divergence(first, second) <= 1 + 1e-12
        assert divergence(first, second) == pytest.approx(divergence(second, first))
        assert divergence(first, np.array(first) * 3) == pytest.approx(0, abs=1e-9)
    # Pinsker-like bounds between the two
    variation = total_variation(first, second)
    assert jensen_shannon(first, second) <= variation + 1e-9


@pytest.mark.parametrize("divergence", [total_variation, jensen_shannon])
def test_an_empty_set_has_no_distance(divergence):
    assert math.isnan(divergence([0, 0], [1, 2]))


@pytest.mark.parametrize("divergence", [total_variation, jensen_shannon])
def test_values_must_be_the_same(divergence):
    with pytest.raises(InputError, match="same values; 2 and 3 values came"):
        divergence([1, 2], [1, 2, 3])


def test_cramers_v_agrees_with_scipy():
    table = np.array([[30, 50, 20], [60, 40, 10]])
    assert cramers_v(table) == pytest.approx(stats.contingency.association(table, method="cramer"), rel=1e-12)


@pytest.mark.parametrize("table", [[[5, 5], [0, 0]], [[5, 0], [7, 0]], [[0, 0], [0, 0]]])
def test_cramers_v_of_one_row_or_column_is_undefined(table):
    assert math.isnan(cramers_v(table))


@pytest.mark.parametrize("counts", [[3, 2], [4, 1, 1], [2, 2, 3]])
@pytest.mark.parametrize("n", [1, 2, 4])
def test_distance_by_chance_is_the_exact_mean(counts, n):
    total, mean = sum(counts), 0.0
    for drawn in product(*(range(count + 1) for count in counts)):
        if sum(drawn) == n:
            probability = math.prod(math.comb(c, d) for c, d in zip(counts, drawn, strict=True)) / math.comb(total, n)
            mean += probability * total_variation(drawn, counts)
    assert total_variation_by_chance(counts, n) == pytest.approx(mean, rel=1e-9)


def test_distance_by_chance_of_many_rare_values_is_large():
    # 1,000 publishers of 10 books each; a random 100 books meet at most 100 of them
    found = total_variation_by_chance(np.full(1000, 10), 100)
    generator = np.random.default_rng(5)
    publisher = np.repeat(np.arange(1000), 10)
    drawn = [
        total_variation(np.bincount(generator.choice(publisher, 100, replace=False), minlength=1000), np.ones(1000))
        for _ in range(100)
    ]
    assert found > 0.9
    assert found == pytest.approx(np.mean(drawn), abs=0.002)


def test_the_whole_population_has_no_distance_by_chance():
    assert total_variation_by_chance([3, 4, 5], 12) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("n", [0, 13])
def test_impossible_samples_have_no_distance_by_chance(n):
    assert math.isnan(total_variation_by_chance([3, 4, 5], n))
