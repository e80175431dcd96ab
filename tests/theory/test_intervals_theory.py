"""What the intervals promise: coverage computed exactly where it can be, simulated with a seed where it cannot.

The share of 1,000 simulated intervals that hold a truth they should hold in 95 of 100 cases has a standard error of 0.7
percentage points; the tolerances below are three of them or more.
"""

import numpy as np
import pytest
from scipy import stats

from core.statistics import (
    adjust_p,
    bootstrap_interval,
    clopper_pearson,
    labels_needed,
    share_ratio,
    weighted_share,
    wilson,
)

pytestmark = pytest.mark.slow

SHARES = np.linspace(0.005, 0.995, 397)


def coverage(low: np.ndarray, high: np.ndarray, n: int) -> np.ndarray:
    """Return for each true share the exact probability that the interval of the drawn count holds it."""
    k = np.arange(n + 1)
    holds = (low[k] <= SHARES[:, None]) & (SHARES[:, None] <= high[k])
    return (stats.binom.pmf(k, n, SHARES[:, None]) * holds).sum(axis=1)


@pytest.mark.parametrize("n", [10, 37, 120, 850])
@pytest.mark.parametrize("confidence", [0.9, 0.95])
def test_clopper_pearson_never_covers_less_than_stated(n, confidence):
    for side in ("two-sided", "upper", "lower"):
        covered = coverage(*clopper_pearson(np.arange(n + 1), n, confidence, side), n)
        assert covered.min() >= confidence - 1e-9


@pytest.mark.parametrize("n", [10, 37, 120, 850])
def test_wilson_covers_as_stated_on_average(n):
    covered = coverage(*wilson(np.arange(n + 1), n), n)
    assert covered.mean() == pytest.approx(0.95, abs=0.01)
    middle = (SHARES * n >= 5) & ((1 - SHARES) * n >= 5)
    assert covered[middle].min() > 0.92 if middle.any() else covered.min() > 0.83


def test_the_label_budget_keeps_its_promise():
    # if more than 5 per cent were wrong, 59 labels without an error would come in at most 5 of 100 cases
    for errors in (0, 1, 3):
        n = labels_needed(0.05, errors=errors)
        assert stats.binom.cdf(errors, n, 0.05) <= 0.05
        assert stats.binom.cdf(errors, n - 1, 0.05) > 0.05


@pytest.mark.parametrize(("share", "rest_share"), [(0.19, 0.03), (0.05, 0.05), (0.02, 0.10)])
@pytest.mark.parametrize(("n", "rest"), [(500, 5000), (500, 700)])
@pytest.mark.parametrize("inside", [True, False])
def test_the_ratio_covers_whether_or_not_the_sample_is_inside(share, rest_share, n, rest, inside):
    generator = np.random.default_rng(11)
    k, other = generator.binomial(n, share, 2000), generator.binomial(rest, rest_share, 2000)
    if inside:
        total = n + rest
        found = share_ratio(k, n, k + other, total, shared_k=k, shared_n=n)
        truth = share / ((n * share + rest * rest_share) / total)
    else:
        found = share_ratio(k, n, other, rest)
        truth = share / rest_share
    covered = np.mean((found.low <= truth) & (truth <= found.high))
    assert covered == pytest.approx(0.95, abs=0.02)


def test_forgetting_the_overlap_makes_the_interval_too_wide():
    generator = np.random.default_rng(12)
    k, other = generator.binomial(500, 0.2, 2000), generator.binomial(700, 0.1, 2000)
    truth = 0.2 / ((500 * 0.2 + 700 * 0.1) / 1200)
    found = share_ratio(k, 500, k + other, 1200)
    assert np.mean((found.low <= truth) & (truth <= found.high)) > 0.985


def books_with_rows(generator: np.random.Generator, n_books: int) -> tuple[np.ndarray, np.ndarray]:
    """Return per row whether it is right, and its book: the rows of a book mostly agree."""
    rows = generator.integers(1, 9, n_books)
    book = np.repeat(np.arange(n_books), rows)
    book_right = generator.random(n_books) < 0.85
    differs = generator.random(len(book)) < 0.05
    return book_right[book] ^ differs, book


def test_drawing_books_covers_where_drawing_rows_does_not():
    generator = np.random.default_rng(21)
    truth = 0.85 * 0.95 + 0.15 * 0.05
    held = {"books": 0, "rows": 0, "linearised": 0, "rows linearised": 0}
    draws = 300
    for seed in range(draws):
        right, book = books_with_rows(generator, 150)
        parts = np.column_stack([right, np.ones(len(right))])
        found = {
            "books": bootstrap_interval(_share, parts, book, n_draws=400, seed=seed),
            "rows": bootstrap_interval(_share, parts, n_draws=400, seed=seed),
            "linearised": weighted_share(right, groups=book),
            "rows linearised": weighted_share(right),
        }
        for name, estimate in found.items():
            held[name] += estimate.low <= truth <= estimate.high
    assert held["books"] / draws == pytest.approx(0.95, abs=0.04)
    assert held["linearised"] / draws == pytest.approx(0.95, abs=0.04)
    assert held["rows"] / draws < 0.75
    assert held["rows linearised"] / draws < 0.75


def _share(sums: np.ndarray) -> np.ndarray:
    return sums[:, 0] / sums[:, 1]


def _macro_f1(sums: np.ndarray) -> np.ndarray:
    cells = sums.reshape(-1, 3, 3)
    hits = np.diagonal(cells, axis1=1, axis2=2)
    return (2 * hits / (cells.sum(axis=1) + cells.sum(axis=2))).mean(axis=1)


def test_the_bootstrap_covers_macro_f1():
    generator = np.random.default_rng(31)
    cells = np.array([[60, 8, 2], [10, 90, 10], [3, 7, 210]], dtype=float)
    truth = float(_macro_f1(cells.reshape(1, 9))[0])
    draws, held = 400, 0
    for seed in range(draws):
        drawn = generator.choice(9, 500, p=cells.ravel() / cells.sum())
        estimate = bootstrap_interval(_macro_f1, np.eye(9)[drawn], n_draws=400, seed=seed)
        held += estimate.low <= truth <= estimate.high
    assert held / draws == pytest.approx(0.95, abs=0.035)


def test_the_paired_difference_of_two_models_covers():
    generator = np.random.default_rng(41)
    # right by both, only the first, only the second, neither
    chances = np.array([0.8, 0.08, 0.05, 0.07])
    rows = np.array([[1, 1], [1, 0], [0, 1], [0, 0]])
    draws, held = 400, 0
    for seed in range(draws):
        parts = np.column_stack([rows[generator.choice(4, 400, p=chances)], np.ones(400)])
        estimate = bootstrap_interval(lambda s: (s[:, 0] - s[:, 1]) / s[:, 2], parts, n_draws=400, seed=seed)
        held += estimate.low <= 0.03 <= estimate.high
    assert held / draws == pytest.approx(0.95, abs=0.035)


@pytest.mark.parametrize("method", ["holm", "bh", "by"])
def test_adjusted_p_values_raise_few_false_alarms(method):
    generator = np.random.default_rng(51)
    common = generator.normal(size=(2000, 1))
    # twenty tests of nothing that hang together
    p = stats.norm.sf(0.6 * common + 0.8 * generator.normal(size=(2000, 20)))
    alarms = np.mean([(adjust_p(row, method) <= 0.05).any() for row in p])
    assert alarms <= 0.05 + 0.015
    assert (p <= 0.05).any(axis=1).mean() > 0.3
