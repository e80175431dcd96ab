import math

import numpy as np
import pytest

from core.formatting import in_percent, over_or_under
from core.statistics import grouped_variance, share_estimate, weighted_share, wilson


def test_variance_of_rows_by_hand():
    # sums −1, 0, 1: 3/2 · 2
    assert grouped_variance([-1, 0, 1]) == pytest.approx(3)
    assert grouped_variance([-1, 0, 0.5, 0.5], ["a", "b", "c", "c"]) == pytest.approx(3)
    assert math.isnan(grouped_variance([1, 2], ["a", "a"]))


def test_equal_weights_give_nearly_wilson():
    y = np.arange(200) % 4 == 0
    estimate = weighted_share(y)
    assert estimate.value == 0.25
    assert (estimate.low, estimate.high) == pytest.approx(wilson(50, 200), abs=5e-4)
    assert estimate.n == 200


def test_weights_move_the_share():
    estimate = weighted_share(np.repeat([1, 0], 100), np.repeat([3, 1], 100))
    assert estimate.value == 0.75


def test_unequal_weights_widen_the_interval():
    y, weights = np.arange(400) % 2, np.repeat([1, 4], 200)
    weighted, equal = weighted_share(y, weights), weighted_share(y)
    assert weighted.value == equal.value
    # the design effect is 400 · 3400 / 1000² = 1.36
    assert (weighted.high - weighted.low) / (equal.high - equal.low) == pytest.approx(math.sqrt(1.36), rel=0.01)


def test_a_small_cell_without_errors_is_not_taken_for_one_that_never_errs():
    # Ten of ten right and five of ten, each half of the population. What is seen to vary: 20/19 · 10 · ¼ · 10/9 / 20².
    # With one more of either kind the first would be 11 of 12: ½² · 11/12 · 1/12 / 10 is hidden.
    y, cell = np.array([1] * 15 + [0] * 5), np.repeat([0, 1], 10)
    variance = 20 / 19 * 10 * 0.25 * 10 / 9 / 400 + 0.25 * (11 / 144) / 10
    estimate = weighted_share(y, np.ones(20), None, cell)
    effective = 0.75 * 0.25 / variance
    assert effective == pytest.approx(20.34, abs=0.005)
    assert (estimate.low, estimate.high) == pytest.approx(wilson(0.75 * effective, effective))


def test_what_has_been_looked_at_is_known():
    y = np.arange(100) % 5 > 0
    # Three quarters seen: the variance is a quarter, and a hundred records (less one, twice) count like 392.
    estimate = weighted_share(y, sampled=0.75)
    assert (estimate.low, estimate.high) == pytest.approx(wilson(0.8 * 392.04, 392.04))
    everything = weighted_share(y, sampled=1.0)
    assert (everything.low, everything.value, everything.high) == (0.8, 0.8, 0.8)
    none_wrong = weighted_share(np.ones(50), sampled=0.5)
    assert (none_wrong.low, none_wrong.high) == pytest.approx(wilson(100, 100))


def test_editions_of_one_title_count_as_one():
    y = np.repeat(np.arange(40) % 2, 5)
    alone = weighted_share(y)
    grouped = weighted_share(y, groups=np.repeat(np.arange(40), 5))
    assert grouped.value == alone.value
    assert (grouped.high - grouped.low) / (alone.high - alone.low) == pytest.approx(math.sqrt(5), rel=0.05)


def test_cells_take_out_what_they_explain():
    cell = np.repeat([0, 1], 100)
    y = np.concatenate([np.arange(100) < 95, np.arange(100) < 5])
    without = weighted_share(y)
    within = weighted_share(y, cell=cell)
    assert within.value == without.value
    assert within.high - within.low < 0.6 * (without.high - without.low)


@pytest.mark.parametrize("value", [0, 1])
def test_at_the_ends_the_interval_keeps_a_width(value):
    estimate = weighted_share(np.full(50, value), np.repeat([1, 3], 25))
    assert estimate.value == value
    assert estimate.high - estimate.low == pytest.approx(wilson(0, 50 / 1.25)[1], rel=1e-9)


def test_no_weight_is_undefined():
    assert weighted_share([], []).reason == "no records"
    assert weighted_share([1, 0], [0, 0]).reason == "no records"


def test_share_estimate_is_wilson_at_the_effective_number():
    estimate = share_estimate(0.2, 0.2 * 0.8 / 80, 300, 10, "method", 0.95)
    assert (estimate.low, estimate.high) == pytest.approx(wilson(16, 80))
    assert (estimate.n, estimate.method) == (300, "method")


@pytest.mark.parametrize(
    ("share", "words"),
    [(0.19, "19 %"), (0.0949, "9 %"), (0.004, "0.4 %"), (0.0004, "under 0.1 %"), (0.9996, "over 99.9 %")],
)
def test_percent_in_words(share, words):
    assert in_percent(share) == words


def test_unknown_in_words():
    assert in_percent(math.nan) == "an unknown share"
    assert over_or_under(math.nan) == "found in one of the two only"


@pytest.mark.parametrize(
    ("ratio", "words"),
    [
        (12.4, "12 times over-represented"),
        (2.02, "2 times over-represented"),
        (2.4, "2.4 times over-represented"),
        (1 / 2.4, "2.4 times under-represented"),
        (1234, "1,234 times over-represented"),
    ],
)
def test_ratio_in_words(ratio, words):
    assert over_or_under(ratio) == words
