"""Prediction-powered inference: few labels and many predictions together say more than the labels alone."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from core.errors import InputError
from core.statistics.bootstrap import group_numbers
from core.statistics.intervals import Estimate
from core.statistics.weighted_shares import cell_residuals, grouped_variance, share_estimate
from core.statistics.weights import design_effect

__all__ = ["PredictionPowered", "prediction_powered_share"]


@dataclass(frozen=True)
class PredictionPowered:
    """A share estimated from labels and predictions.

    Attributes
    ----------
    estimate : Estimate
    power : float
        How far the predictions were trusted: 0 is the labels alone, 1 the untuned method.
    """

    estimate: Estimate
    power: float


def prediction_powered_share(
    y: ArrayLike,
    guess: ArrayLike,
    guess_collection: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    groups: ArrayLike | pd.Series | None = None,
    cell: NDArray[np.intp] | None = None,
    power: float | None = None,
    confidence: float = 0.95,
) -> PredictionPowered:
    """Return the share of records with a property in a collection of which few records are labelled.

    Parameters
    ----------
    y : array of bool, shape (n_labelled,)
        Whether each labelled record has the property.
    guess : array, shape (n_labelled,)
        The model's guess at `y` for the same records: a probability, or 0 and 1. It may be wrong and uncalibrated; the
        interval holds all the same, only wider.
    guess_collection : array, shape (n_collection,)
        The model's guess for every record of the collection, the labelled ones among them.
    weights, cell : arrays, shape (n_labelled,), optional
        Post-stratification weights and cells, where the labelled records are no plain random sample.
    groups : array, shape (n_labelled,), optional
        Labelled rows that belong together (editions of one title).
    power : float, optional
        Without it, tuned to the smallest variance (between 0 and 1).
    confidence : float

    Returns
    -------
    PredictionPowered
        Undefined with fewer than two labelled groups.

    Notes
    -----
    With power λ the estimate is λ·(mean guess of the collection) + (mean of y − λ·guess of the labelled), and its
    variance λ²·Var(guess)/N + Var(y − λ·guess)/n. The published method takes the first mean over the unlabelled records
    alone, as if the labelled ones were no part of the collection; with weights that would be wrong, and with few labels
    it makes no difference. The limits are Wilson's at the number of records a plain sample would need for this
    variance, so that they stay between 0 and 1 and a class nobody found has a width too.

    The model must not have learned from the labelled records. Without weights these must be a random sample of the
    collection: a good model does not mend a sample that is not (tests/theory shows how often it then fails).

    References
    ----------
    A. N. Angelopoulos, S. Bates, C. Fannjiang, M. I. Jordan, T. Zrnic (2023), "Prediction-powered inference",
    arXiv 2301.09633 (Science 382).
    A. N. Angelopoulos, J. C. Duchi, T. Zrnic (2023), "PPI++: efficient prediction-powered inference",
    arXiv 2311.01453 (the tuned power).
    """
    values, own, everywhere = (np.asarray(a, dtype=float) for a in (y, guess, guess_collection))
    if values.shape != own.shape:
        raise InputError(f"There are {len(values):,} labels and {len(own):,} guesses for them; each needs one.")
    weight = np.ones(len(values)) if weights is None else np.asarray(weights, dtype=float)
    method = "prediction-powered"
    if len(values) < 2 or not weight.sum() > 0 or not len(everywhere):
        return PredictionPowered(Estimate.undefined("too few labelled records", len(values), method), math.nan)
    weight = weight / weight.sum()
    scale = _tuned_power(values, own, everywhere, weight) if power is None else power
    rectified = values - scale * own
    value = scale * float(everywhere.mean()) + float((weight * rectified).sum())
    residual = cell_residuals(rectified, weight, cell)
    variance = grouped_variance(weight * residual, groups) + scale**2 * float(everywhere.var()) / len(everywhere)
    if math.isnan(variance):
        reason = "all labelled records belong to one group"
        return PredictionPowered(Estimate.undefined(reason, len(values), method), scale)
    least = (len(values) if groups is None else group_numbers(groups)[1]) / design_effect(weight)
    value = min(max(value, 0.0), 1.0)
    return PredictionPowered(share_estimate(value, variance, len(values), least, method, confidence), scale)


def _tuned_power(
    y: NDArray[np.float64], guess: NDArray[np.float64], everywhere: NDArray[np.float64], weight: NDArray[np.float64]
) -> float:
    centred = guess - (weight * guess).sum()
    together = float((weight * centred * (y - (weight * y).sum())).sum())
    spread = float(everywhere.var())
    if spread <= 0:
        return 0.0
    return min(max(together / ((1 + len(y) / len(everywhere)) * spread), 0.0), 1.0)
