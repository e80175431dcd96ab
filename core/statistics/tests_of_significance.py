"""Whether a difference could be chance: chi-square with small cells pooled, residuals, McNemar, adjusted p values."""

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
    "adjust_p",
    "chi_square",
    "expected_counts",
    "mcnemar_exact",
    "standardised_residuals",
]

Adjustment = Literal["holm", "bh", "by"]
ADJUSTMENTS: tuple[Adjustment, ...] = ("holm", "bh", "by")


@dataclass(frozen=True)
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


def chi_square(table: ArrayLike, min_expected: float = 5.0) -> ChiSquare:
    """Test whether the rows of a table have the same shares, by Pearson's chi-square.

    Parameters
    ----------
    table : array, shape (n_rows, n_columns)
        Counts: one row a set of records, one column a value. A record is in one cell only, so two sets that share
        records must be made disjoint first.
    min_expected : float
        Columns in which any row is expected to have fewer records than this are pooled into one; if that one is still
        too small, the rarest of the others are added to it, one by one.

    Returns
    -------
    ChiSquare
        ``p`` is NaN when fewer than two rows or two columns are left.

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
        return ChiSquare(math.nan, 0, math.nan, 0, "only one of the sets has records")
    counts, pooled = _pool_columns(counts, min_expected)
    if counts.shape[1] < 2:
        reason = "too few records to compare" if pooled else "all records have the same value"
        return ChiSquare(math.nan, 0, math.nan, pooled, reason)
    expected = expected_counts(counts)
    statistic = float(((counts - expected) ** 2 / expected).sum())
    df = (counts.shape[0] - 1) * (counts.shape[1] - 1)
    return ChiSquare(statistic, df, float(special.chdtrc(df, statistic)), pooled)


def _pool_columns(counts: NDArray[np.float64], min_expected: float) -> tuple[NDArray[np.float64], int]:
    # A column's smallest expected count is its total times the share of the smallest row, so only totals matter.
    needed = min_expected * counts.sum() / counts.sum(axis=1).min()
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
