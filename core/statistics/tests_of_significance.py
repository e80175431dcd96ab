"""Whether a difference could be chance, how large it is whatever the n, and the ratio of two shares."""

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from core.errors import InputError

__all__ = [
    "ADJUSTMENTS",
    "ChiSquare",
    "RatioOfShares",
    "adjust_p",
    "chi_square",
    "cramers_v",
    "expected_counts",
    "jensen_shannon",
    "mcnemar_exact",
    "share_ratio",
    "standardised_residuals",
    "total_variation",
    "total_variation_by_chance",
]

# --- Whether a difference could be chance -----------------------------------------------------------------------------
# Chi-square with small cells pooled, residuals, McNemar, adjusted p values.


Adjustment = Literal["holm", "bh", "by"]
ADJUSTMENTS: tuple[Adjustment, ...] = ("holm", "bh", "by")


@dataclass(frozen=True, kw_only=True)
class ChiSquare:
    """A test of independence between rows and columns.

    Attributes
    ----------
    statistic, p : float
        NaN when there is nothing to test.
    df : int
        Degrees of freedom after pooling.
    pooled : int
        Columns (values) that went into the common one because too few were expected in them.
    reason : str
        Why there is no p value; '' when there is one.
    """

    statistic: float
    df: int
    p: float
    pooled: int
    reason: str = ""


def expected_counts(table: ArrayLike) -> NDArray[np.float64]:
    """Return the counts expected if rows and columns had nothing to do with each other; shape as `table`."""
    counts = _counts(table)
    total = counts.sum()
    if total == 0:
        return np.full(counts.shape, np.nan)
    return np.asarray(np.outer(counts.sum(axis=1), counts.sum(axis=0)) / total)


_MIN_EXPECTED = 5.0  # Cochran (1954): below it the distribution of chi-square is a poor approximation


def chi_square(table: ArrayLike) -> ChiSquare:
    """Test whether the rows of a table have the same shares, by Pearson's chi-square.

    Parameters
    ----------
    table : array, shape (n_rows, n_columns)
        Counts: one row a set of records, one column a value. A record is in one cell only, so two sets that share
        records must be made disjoint first.

    Returns
    -------
    ChiSquare
        ``p`` is NaN when fewer than two rows or two columns are left.

    Notes
    -----
    Columns in which any row is expected to have fewer than 5 records are pooled into one; if that one is still too
    small, the rarest of the others are added to it, one by one.

    References
    ----------
    K. Pearson (1900), "On the criterion that a given system of deviations …", Philosophical Magazine 50.
    W. G. Cochran (1954), "Some methods for strengthening the common chi-square tests", Biometrics 10 (small cells).

    Examples
    --------
    >>> test = chi_square([[30, 60, 7, 2], [70, 40, 3, 1]])
    >>> test.df, test.pooled
    (2, 2)
    """
    counts = _counts(table)
    counts = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    if counts.shape[0] < 2:
        return ChiSquare(statistic=math.nan, df=0, p=math.nan, pooled=0, reason="only one of the sets has records")
    counts, pooled = _pool_columns(counts)
    if counts.shape[1] < 2:
        reason = "too few records to compare" if pooled else "all records have the same value"
        return ChiSquare(statistic=math.nan, df=0, p=math.nan, pooled=pooled, reason=reason)
    expected = expected_counts(counts)
    statistic = float(((counts - expected) ** 2 / expected).sum())
    df = (counts.shape[0] - 1) * (counts.shape[1] - 1)
    return ChiSquare(statistic=statistic, df=df, p=float(special.chdtrc(df, statistic)), pooled=pooled)


def _pool_columns(counts: NDArray[np.float64]) -> tuple[NDArray[np.float64], int]:
    # A column's smallest expected count is its total times the share of the smallest row, so only totals matter.
    needed = _MIN_EXPECTED * counts.sum() / counts.sum(axis=1).min()
    totals = counts.sum(axis=0)
    order = np.argsort(totals, kind="stable")
    small = int((totals < needed).sum())
    if small == 0:
        return counts, 0
    together = np.cumsum(totals[order])
    # One small column alone is no pool yet: it takes the next one with it, as does a pool that stays too small.
    last = max(small, 2, int(np.searchsorted(together, needed, side="left")) + 1)
    last = min(last, counts.shape[1])
    rest = counts[:, np.sort(order[last:])]
    return np.column_stack([rest, counts[:, order[:last]].sum(axis=1)]), last


def standardised_residuals(table: ArrayLike) -> NDArray[np.float64]:
    """Return how far each count is from the expected one, in standard errors (adjusted residuals).

    Parameters
    ----------
    table : array, shape (n_rows, n_columns)
        Counts of disjoint sets.

    Returns
    -------
    array, shape as `table`
        Above 2 or 3: more than chance would give; below −2 or −3: less. NaN in a row or column that is empty or
        holds everything.

    References
    ----------
    S. J. Haberman (1973), "The analysis of residuals in cross-classified tables", Biometrics 29.

    Examples
    --------
    >>> standardised_residuals([[30, 70], [10, 90]]).round(2).tolist()
    [[3.54, -3.54], [-3.54, 3.54]]
    """
    counts = _counts(table)
    total = counts.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        rows = counts.sum(axis=1, keepdims=True) / total
        columns = counts.sum(axis=0, keepdims=True) / total
        expected = rows * columns * total
        error = np.sqrt(expected * (1 - rows) * (1 - columns))
        return np.where(error > 0, (counts - expected) / error, np.nan)


def mcnemar_exact(only_first: int, only_second: int) -> float:
    """Return the two-sided exact p value for two models judged on the same records.

    Parameters
    ----------
    only_first, only_second : int
        Records that only the first, or only the second model has right. Records where both are right or both are
        wrong say nothing about the difference.

    Returns
    -------
    float
        Between 0 and 1; 1 when the models never differ.

    References
    ----------
    Q. McNemar (1947), "Note on the sampling error of the difference between correlated proportions", Psychometrika 12.

    Examples
    --------
    >>> mcnemar_exact(1, 9)
    0.021484375
    """
    if min(only_first, only_second) < 0:
        raise InputError(f"Counts of records cannot be negative; {only_first} and {only_second} came.")
    n = only_first + only_second
    return min(1.0, 2 * float(special.bdtr(min(only_first, only_second), n, 0.5))) if n else 1.0


def adjust_p(p: ArrayLike, method: Adjustment = "holm") -> NDArray[np.float64]:
    """Return p values adjusted for having looked at all of them.

    Parameters
    ----------
    p : array, shape (n_tests,)
        From 0 to 1. NaN (no test was possible) stays NaN and does not count as a test.
    method : {'holm', 'bh', 'by'}
        'holm' keeps the chance of any false alarm below the level, under any dependence. 'bh' (Benjamini–Hochberg)
        keeps the share of false ones among the alarms below it where tests are independent or positively dependent;
        'by' (Benjamini–Yekutieli) does so under any dependence, as with slices that overlap.

    Raises
    ------
    InputError
        An unknown method, or a p value outside 0 to 1.

    References
    ----------
    S. Holm (1979), "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6.
    Y. Benjamini, Y. Hochberg (1995), "Controlling the false discovery rate", JRSS B 57.
    Y. Benjamini, D. Yekutieli (2001), "The control of the false discovery rate in multiple testing under dependency",
    Annals of Statistics 29.

    Examples
    --------
    >>> adjust_p([0.01, 0.04, 0.03], "holm").round(2).tolist()
    [0.03, 0.06, 0.06]
    """
    if method not in ADJUSTMENTS:
        raise InputError(f"There is no adjustment '{method}'. There are: {', '.join(ADJUSTMENTS)}.")
    values = np.asarray(p, dtype=float)
    adjusted = np.full(values.shape, np.nan)
    known = ~np.isnan(values)
    tested = values[known]
    if ((tested < 0) | (tested > 1)).any():
        raise InputError(f"A p value lies between 0 and 1; {tested[(tested < 0) | (tested > 1)][0]} came.")
    if not len(tested):
        return adjusted
    if method == "holm":
        order = np.argsort(tested, kind="stable")
        steps = np.maximum.accumulate(tested[order] * (len(tested) - np.arange(len(tested))))
        result = np.empty(len(tested))
        result[order] = np.minimum(steps, 1)
    else:
        from scipy import stats

        result = np.asarray(stats.false_discovery_control(tested, method=method))
    adjusted[known] = result
    return adjusted


def _counts(table: Any) -> NDArray[np.float64]:
    counts = np.asarray(table, dtype=float)
    if counts.ndim != 2:
        raise InputError(f"A table of counts has rows and columns; one of {counts.ndim} dimensions came.")
    if not (counts >= 0).all():
        raise InputError("A table of counts cannot hold negative or undefined counts.")
    return counts


# --- How different two distributions are, whatever the number of records ----------------------------------------------
# Effect sizes that stand beside every test.


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


# --- How many times over ----------------------------------------------------------------------------------------------
# The ratio of two shares, with an interval that knows when the two sets overlap.


@dataclass(frozen=True)
class RatioOfShares:
    """Ratios and their limits, one a value; NaN where the second set has nothing to divide by."""

    ratio: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def share_ratio(
    k: ArrayLike,
    n: float,
    population_k: ArrayLike,
    population_n: float,
    *,
    shared_k: ArrayLike = 0,
    shared_n: float = 0,
    confidence: float = 0.95,
) -> RatioOfShares:
    """Return (k / n) / (population_k / population_n) with the log interval of Katz, for many values at once.

    Parameters
    ----------
    k, population_k : array, shape (n_values,)
        Records with the value in the sample and in the population.
    n, population_n : number
        All records of the sample and of the population.
    shared_k, shared_n : array and number
        Records that are in both sets: with the value, and all. 0 when the sets have no record in common.
    confidence : float

    Returns
    -------
    RatioOfShares
        NaN where nobody in the population has the value, or a set is empty.

    Notes
    -----
    Without shared records this is Katz' interval: the variance of the logarithm is (1 − p)/k for each set. With
    shared records the two shares vary together. The records then fall into three parts that vary on their own (sample
    only, both, population only), and the variance of log p − log P is the sum over parts of
    g² · m · q(1 − q), where m and q are the part's size and share and g is the weight of one record in the
    difference: 1/k, 1/k − 1/K, and −1/K. If the sample is the whole population the interval has no width.

    Zero cells: the ratio stands as counted. For the interval alone, a count of 0 is taken as ½ and a count equal to
    its total as the total less ½, in each part, so that no limit is drawn without doubt; the low limit of a ratio
    of 0 is 0.

    References
    ----------
    D. Katz, J. Baptista, S. P. Azen, M. C. Pike (1978), "Obtaining confidence intervals for the risk ratio in cohort
    studies", Biometrics 34.
    M. W. Fagerland, S. Lydersen, P. Laake (2015), "Recommended confidence intervals for two independent binomial
    proportions", Statistical Methods in Medical Research 24.

    Examples
    --------
    >>> ratio = share_ratio([30], 100, [50], 1000)
    >>> ratio.ratio.round(2), ratio.low.round(2), ratio.high.round(2)
    (array([6.]), array([4.01]), array([8.98]))
    """
    mine, theirs, both = np.broadcast_arrays(
        np.asarray(k, dtype=float), np.asarray(population_k, dtype=float), np.asarray(shared_k, dtype=float)
    )
    if (mine > n).any() or (theirs > population_n).any() or (both > np.minimum(mine, theirs)).any():
        raise InputError("A value is counted more often than its set has records, or shared more often than it occurs.")
    if n == 0 or population_n == 0:
        nothing = np.full(mine.shape, np.nan)
        return RatioOfShares(nothing, nothing, nothing)
    z = float(special.ndtri(0.5 + confidence / 2))
    inverse = 1 / _inside(mine, n)
    other = 1 / _inside(theirs, population_n)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(theirs > 0, (mine / n) / (theirs / population_n), np.nan)
        variance = (
            inverse**2 * _spread(mine - both, n - shared_n)
            + (inverse - other) ** 2 * _spread(both, shared_n)
            + other**2 * _spread(theirs - both, population_n - shared_n)
        )
        centre = np.log(_inside(mine, n) / n) - np.log(_inside(theirs, population_n) / population_n)
        half = z * np.sqrt(variance)
        low = np.where(mine == 0, 0.0, np.exp(centre - half))
        high = np.exp(centre + half)
    unknown = np.isnan(ratio)
    low, high = np.where(unknown, np.nan, np.minimum(low, ratio)), np.where(unknown, np.nan, np.maximum(high, ratio))
    return RatioOfShares(ratio, low, high)


def _inside(count: NDArray[Any], total: float) -> NDArray[np.float64]:
    """Keep a count half a record away from 0 and from its total (where the total allows it)."""
    margin = min(0.5, total / 2)
    return np.asarray(np.clip(count, margin, total - margin), dtype=np.float64)


def _spread(count: NDArray[Any], total: float) -> NDArray[np.float64]:
    """Return m·q(1 − q) for a part of `total` records of which `count` have the value."""
    if total <= 0:
        return np.zeros(np.shape(count))
    inner = _inside(count, total)
    return inner * (total - inner) / total
