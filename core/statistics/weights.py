"""Weights that let a sample speak for the collection: raking to margins, and what unequal weights cost."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from core.errors import InputError

__all__ = ["Raking", "design_effect", "rake"]


@dataclass(frozen=True)
class Raking:
    """Weights whose margins agree with the population's.

    Attributes
    ----------
    weights : array, shape (n_labelled,)
        Scaled to a mean of 1.
    converged : bool
        Whether every margin was met within the tolerance.
    iterations : int
    uncovered : dict
        Per margin, the share of the population whose value no labelled record has. The rest of the margin is scaled up
        for it.
    design_effect : float
    """

    weights: NDArray[np.float64]
    converged: bool
    iterations: int
    uncovered: dict[str, float]
    design_effect: float


def design_effect(weights: ArrayLike) -> float:
    """Return n·Σw²/(Σw)²: how many times larger unequal weights make the variance of a mean.

    Returns
    -------
    float
        1 (equal weights) to n (one record carries all); NaN without any weight. n divided by it is the effective number
        of records.

    References
    ----------
    L. Kish (1965), Survey Sampling, section 11.7.

    Examples
    --------
    >>> design_effect([1, 1, 1, 1]), design_effect([3, 1])
    (1.0, 1.25)
    """
    values = np.asarray(weights, dtype=float)
    total = values.sum()
    return float(len(values) * (values**2).sum() / total**2) if total > 0 else float("nan")


def rake(
    labelled: pd.DataFrame,
    margins: Mapping[str, Mapping[str, float]],
    *,
    max_iterations: int = 200,
    tolerance: float = 1e-6,
) -> Raking:
    """Weight labelled records so that each column's shares agree with the population's, one column at a time.

    It is for where cells of all columns together run dry: only the margins are met, not their combinations.

    Parameters
    ----------
    labelled : DataFrame
        With the columns named in `margins`, as text.
    margins : mapping
        Column → value → records (or share) of the population.
    tolerance : float
        Largest difference between a weighted share and its target that is accepted.

    Raises
    ------
    InputError
        A column is missing, or no labelled record has any value the population has.

    Notes
    -----
    A value the population has and no labelled record has cannot be weighted up: it is left out of its margin and its
    share is told in ``unspoken``. Labelled records with a value the population lacks get the weight 0.

    References
    ----------
    W. E. Deming, F. F. Stephan (1940), "On a least squares adjustment of a sampled frequency table when the expected
    marginal totals are known", Annals of Mathematical Statistics 11.
    """
    targets: list[tuple[NDArray[np.intp], NDArray[np.float64]]] = []
    uncovered: dict[str, float] = {}
    weights = np.ones(len(labelled))
    for column, wanted in margins.items():
        if column not in labelled:
            raise InputError(f"The labelled records have no column '{column}'.")
        codes, values = pd.factorize(labelled[column])
        target = np.array([float(wanted.get(value, 0.0)) for value in values])
        total = float(sum(wanted.values()))
        if total <= 0 or target.sum() <= 0:
            raise InputError(f"No labelled record has a value of '{column}' that the population has.")
        uncovered[column] = max(0.0, 1 - float(target.sum()) / total)
        weights[target[codes] == 0] = 0.0
        targets.append((codes, target / target.sum()))
    if not weights.sum() > 0:
        raise InputError("No labelled record has values that the population has in every column at once.")
    iterations, converged = 0, False
    while iterations < max_iterations and not converged:
        iterations += 1
        for codes, target in targets:
            now = np.bincount(codes, weights=weights, minlength=len(target)) / weights.sum()
            factor = np.divide(target, now, out=np.zeros_like(target), where=now > 0)
            weights = weights * factor[codes]
        off = [
            np.abs(np.bincount(codes, weights=weights, minlength=len(target)) / weights.sum() - target).max()
            for codes, target in targets
        ]
        converged = max(off, default=0.0) <= tolerance
    weights = weights * (len(weights) / weights.sum())
    return Raking(weights, converged, iterations, uncovered, design_effect(weights))
