"""How far people agree who answered without knowing of each other: Krippendorff's alpha for names."""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.statistics.intervals import Estimate

__all__ = ["krippendorff_alpha"]

_DRAWS: Final = 2_000
_FEWEST: Final = 2


def krippendorff_alpha(answers: Sequence[Sequence[str]], *, draws: int = _DRAWS, seed: int = 0) -> Estimate:
    """Return Krippendorff's alpha for nominal answers, with a bootstrap interval (95 %) over the units.

    Parameters
    ----------
    answers : sequence of sequence of str
        For each unit (a book) what each person said of it, '' where somebody said nothing. A unit with one answer or
        none says nothing of agreement and is passed over.
    draws, seed : int
        Of the bootstrap: units are drawn with replacement, and the interval is between percentiles.

    Returns
    -------
    Estimate
        ``value`` from about −1 to 1: 1 is full agreement, 0 what chance alone would give. ``n`` units. Undefined with
        fewer than two units, or where everybody gave one and the same answer: then nothing is known of chance.

    References
    ----------
    K. Krippendorff (2011), "Computing Krippendorff's Alpha-Reliability", University of Pennsylvania.

    Examples
    --------
    >>> round(krippendorff_alpha([("a", "a"), ("a", "b"), ("b", "b"), ("b", "b")]).value, 3)
    0.533
    """
    units = [[answer for answer in unit if answer] for unit in answers]
    units = [unit for unit in units if len(unit) > 1]
    names = sorted({answer for unit in units for answer in unit})
    if len(units) < _FEWEST:
        return Estimate.undefined("too few books have two answers", n=len(units))
    if len(names) == 1:
        return Estimate.undefined("everybody gave one and the same answer", n=len(units))
    place = {name: number for number, name in enumerate(names)}
    coincidences = np.zeros((len(units), len(names), len(names)))
    for number, unit in enumerate(units):
        counts = np.bincount([place[answer] for answer in unit], minlength=len(names)).astype(float)
        coincidences[number] = (np.outer(counts, counts) - np.diag(counts)) / (len(unit) - 1)
    value = float(_alpha(coincidences.sum(axis=0, keepdims=True))[0])
    generator = np.random.default_rng(seed)
    weights = generator.multinomial(len(units), np.full(len(units), 1 / len(units)), size=draws).astype(float)
    drawn = _alpha((weights @ coincidences.reshape(len(units), -1)).reshape(draws, len(names), len(names)))
    known = drawn[~np.isnan(drawn)]
    low, high = np.percentile(known, [2.5, 97.5]) if len(known) else (math.nan, math.nan)
    return Estimate(value=value, low=float(low), high=float(high), n=len(units), method="bootstrap over books")


def _alpha(coincidences: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return alpha of each matrix of coincidences, NaN where one answer alone occurs."""
    margins = coincidences.sum(axis=2)
    total = margins.sum(axis=1)
    observed = total - np.trace(coincidences, axis1=1, axis2=2)
    expected = total**2 - (margins**2).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(expected > 0, 1 - (total - 1) * observed / expected, np.nan)
