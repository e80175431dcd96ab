"""How many times over: the ratio of two shares, with an interval that knows when the two sets overlap."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from core.errors import InputError

__all__ = ["RatioOfShares", "share_ratio"]


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
    >>> found = share_ratio([30], 100, [50], 1000)
    >>> found.ratio.round(2), found.low.round(2), found.high.round(2)
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
