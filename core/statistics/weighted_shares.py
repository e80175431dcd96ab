"""Means and shares of weighted, grouped records: linearised variance, and limits that stay between 0 and 1."""

import math

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from core.statistics.bootstrap import group_numbers
from core.statistics.intervals import Estimate, wilson
from core.statistics.weights import design_effect

__all__ = ["cell_residuals", "grouped_variance", "share_estimate", "weighted_share"]


def grouped_variance(influence: ArrayLike, groups: ArrayLike | pd.Series | None = None) -> float:
    """Return the variance of a sum whose terms vary together within groups.

    Parameters
    ----------
    influence : array, shape (n_rows,)
        What each record adds to the estimate beyond its expectation (they sum to about 0).
    groups : array, shape (n_rows,), optional
        Rows of one group are one draw. Without it each row is a draw of its own.

    Returns
    -------
    float
        G/(G − 1) · Σ (sum of a group)²; NaN with fewer than two groups.

    References
    ----------
    K. M. Wolter (2007), Introduction to Variance Estimation, chapter 6.
    """
    values = np.asarray(influence, dtype=float)
    if groups is None:
        sums, count = values, len(values)
    else:
        codes, count = group_numbers(groups)
        sums = np.bincount(codes, weights=values, minlength=count)
    if count < 2:
        return math.nan
    return float(count / (count - 1) * ((sums - sums.mean()) ** 2).sum())


def cell_residuals(
    values: NDArray[np.float64], weights: NDArray[np.float64], cell: NDArray[np.intp] | None
) -> NDArray[np.float64]:
    """Return how far each value is from the weighted mean of its cell (without cells: of all).

    A cell's own mean takes one record from what is left to vary around it; the residuals are scaled up for that.
    """
    if cell is None:
        cell = np.zeros(len(values), dtype=np.intp)
    n_cell = np.bincount(cell)
    w_cell = np.bincount(cell, weights=weights)
    sums = np.bincount(cell, weights=weights * values)
    mean = np.divide(sums, w_cell, out=np.zeros(len(w_cell)), where=w_cell > 0)
    inflate = np.sqrt(n_cell / np.maximum(n_cell - 1, 1))
    return np.asarray((values - mean[cell]) * inflate[cell])


def share_estimate(value: float, variance: float, n: int, least_n: float, method: str, confidence: float) -> Estimate:
    """Return a share whose variance is known as an estimate with limits between 0 and 1.

    It is Wilson's interval at the effective number of records, value·(1 − value)/variance. At the ends, where no
    variance can be seen, the effective number is `least_n`.
    """
    seen = 0 < value < 1 and variance > 0
    effective = value * (1 - value) / variance if seen else least_n
    low, high = wilson(value * effective, effective, confidence)
    return Estimate(value, float(low), float(high), n, method, confidence=confidence)


def weighted_share(
    y: ArrayLike,
    weights: ArrayLike | None = None,
    groups: ArrayLike | pd.Series | None = None,
    cell: NDArray[np.intp] | None = None,
    confidence: float = 0.95,
) -> Estimate:
    """Return the weighted share of records with a property.

    Parameters
    ----------
    y : array of bool, shape (n_rows,)
    weights : array, shape (n_rows,), optional
        0 or more; equal without it.
    groups : array, shape (n_rows,), optional
        Rows that belong together (editions of one title, rows of one book).
    cell : int array, shape (n_rows,), optional
        Post-stratum of each row: the variance is then that within cells.

    Returns
    -------
    Estimate
        Undefined without any weight.

    References
    ----------
    C. Franco, R. J. A. Little, T. A. Louis, E. V. Slud (2019), "Comparative study of confidence intervals for
    proportions in complex sample surveys", Journal of Survey Statistics and Methodology 7 (Wilson at the effective
    sample size).
    """
    values = np.asarray(y, dtype=float)
    weight = np.ones(len(values)) if weights is None else np.asarray(weights, dtype=float)
    kind = "post-stratified, " if cell is not None else "weighted, " if weights is not None else ""
    method = f"{kind}Wilson at the effective number of records"
    total = weight.sum()
    if not total > 0:
        return Estimate.undefined("no records", len(values), method)
    share = min(max(float((weight * values).sum() / total), 0.0), 1.0)
    residual = cell_residuals(values, weight, cell)
    n_groups = len(values) if groups is None else group_numbers(groups)[1]
    least = n_groups / design_effect(weight)
    return share_estimate(
        share, grouped_variance(weight * residual / total, groups), len(values), least, method, confidence
    )
