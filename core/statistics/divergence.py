"""How different two distributions are, whatever the number of records: effect sizes that stand beside every test."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from core.errors import InputError
from core.statistics.tests_of_significance import expected_counts

__all__ = ["cramers_v", "jensen_shannon", "total_variation", "total_variation_by_chance"]


def total_variation(first: ArrayLike, second: ArrayLike) -> float:
    """Return the total variation distance: the share of records that would have to change their value.

    Parameters
    ----------
    first, second : arrays, shape (n_values,)
        Counts or shares of the same values in the same order.

    Returns
    -------
    float
        0 (the same shares) to 1 (no value in common); NaN when one of them is empty.

    Examples
    --------
    >>> round(total_variation([30, 70], [100, 900]), 2)
    0.2
    """
    p, q = _shares(first, second)
    return float(np.abs(p - q).sum() / 2)


def jensen_shannon(first: ArrayLike, second: ArrayLike) -> float:
    """Return the Jensen–Shannon divergence in bits.

    It is what one record tells, on average, about which of the two sets it was drawn from, if both were equally likely.

    Parameters
    ----------
    first, second : arrays, shape (n_values,)
        Counts or shares of the same values in the same order.

    Returns
    -------
    float
        0 to 1 bit (the divergence, not its square root); NaN when one of them is empty.

    References
    ----------
    J. Lin (1991), "Divergence measures based on the Shannon entropy", IEEE Transactions on Information Theory 37.

    Examples
    --------
    >>> jensen_shannon([1, 0], [0, 1])
    1.0
    """
    p, q = _shares(first, second)
    if np.isnan(p).any() or np.isnan(q).any():
        return math.nan
    middle = (p + q) / 2
    bits = (special.rel_entr(p, middle).sum() + special.rel_entr(q, middle).sum()) / (2 * math.log(2))
    return min(max(float(bits), 0.0), 1.0)


def cramers_v(table: ArrayLike) -> float:
    """Return Cramér's V: how closely rows and columns hang together.

    Parameters
    ----------
    table : array, shape (n_rows, n_columns)
        Counts of disjoint sets; nothing is pooled.

    Returns
    -------
    float
        0 to 1; NaN with fewer than two rows or columns that hold records. When one row is much smaller than the other
        it stays small even for very different shares: read it beside the total variation distance.

    References
    ----------
    H. Cramér (1946), Mathematical Methods of Statistics, chapter 21.

    Examples
    --------
    >>> round(cramers_v([[30, 70], [10, 90]]), 3)
    0.25
    """
    counts = np.asarray(table, dtype=float)
    counts = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    smaller = min(counts.shape) - 1
    if smaller < 1:
        return math.nan
    expected = expected_counts(counts)
    chi = float(((counts - expected) ** 2 / expected).sum())
    return min(1.0, math.sqrt(chi / counts.sum() / smaller))


def total_variation_by_chance(population: ArrayLike, n: int) -> float:
    """Return the total variation distance to be expected of a plain random sample of `n` records.

    A facet of thousands of rare values (publishers, places) is never met exactly by a small sample. This is what
    chance alone gives, and only what goes beyond it says something about how the sample was made.

    Parameters
    ----------
    population : array of int, shape (n_values,)
        Records of the whole population by value.
    n : int
        Size of the sample, drawn without replacement; no more than the population.

    Returns
    -------
    float
        The exact mean: half the sum over values of the mean absolute deviation of the hypergeometric distribution.
        NaN when `n` is 0 or more than the population.

    Notes
    -----
    With K of N records having the value and m the first whole number above nK/N, the mean absolute deviation of the
    count X is 2·m·(N − K − n + m)·P(X = m)/N, because (x − nK/N)·P(X = x) telescopes (as de Moivre found for the
    binomial).

    Examples
    --------
    One record drawn from a pair of different ones: the shares are 1 and 0 instead of ½ and ½.

    >>> total_variation_by_chance([1, 1], 1)
    0.5
    """
    counts = np.asarray(population, dtype=float)
    total = float(counts.sum())
    if n <= 0 or n > total:
        return math.nan
    values, repeats = np.unique(counts[counts > 0], return_counts=True)
    above = np.floor(n * values / total) + 1
    # A value that is in the sample in any case (above > n or > K) has no deviation; its logarithm is masked below.
    possible = (above <= n) & (above <= values)
    m, k = above[possible], values[possible]
    log_p = (
        _log_choose(k, m) + _log_choose(total - k, n - m) - _log_choose(np.full(k.shape, total), np.full(k.shape, n))
    )
    deviation = 2 * m * (total - k - n + m) * np.exp(log_p) / total
    return float((deviation * repeats[possible]).sum() / (2 * n))


def _log_choose(n: NDArray[np.float64], k: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1))


def _shares(first: ArrayLike, second: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    p, q = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if p.shape != q.shape:
        raise InputError(f"Two distributions must speak of the same values; {p.size} and {q.size} values came.")
    with np.errstate(invalid="ignore"):
        return p / p.sum(), q / q.sum()
