"""How many checked books it will take until something can be promised of the accepted, or that no number will do."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import special

from core.thresholds.finite_population import band_limits
from core.thresholds.fixed_sequence import (
    EARLY_START,
    MAIN_START,
    SequenceGroup,
    allowed_errors,
    build_test_sequence,
)
from core.thresholds.label_forecast import LabelForecast, fitted_curve, logit

__all__ = ["ForecastGroup", "forecast_accepted"]

# Places among the records of a group, the surest first. Between two of them a draw has one share of wrong ones.
EDGES: Final = np.array([0.0, 0.05, 0.1, EARLY_START, MAIN_START, 0.7, 1.0])
# So many labels the course of the confidence over all labels is worth between two places, beside those found there.
PRIOR_LABELS: Final = 12.0
# How far the slope of that curve may be from what the confidence says.
SLOPE_DEVIATION: Final = 1.0
# The share of draws that must pass so that it comes true in 8 of 10 cases: few labels look better than they are where
# nothing was promised of the group by mere chance. Below the other share no number of labels will do.
SUCCESS: Final = 0.95
HOPELESS: Final = 0.6
DRAWS: Final = 500
# Of the records of a group nobody can check more than all: what is tried ends at half of them, as people do the rest.
MOST_CHECKED: Final = 0.5
STEP: Final = 1.25


@dataclass(frozen=True, kw_only=True, eq=False)
class ForecastGroup:
    """The records of one class, everywhere or in one stratum, as they are known today.

    Attributes
    ----------
    class_name, value : str
        As of :class:`core.thresholds.guarantee.GroupGuarantee`.
    checked : SequenceGroup
        The labelled records, the surest first.
    confidence : array, falling
        Of all its records that the labelled ones stand for, labelled or not; one at least.
    alpha : float
        What may be spent on it later: on all cuts together with a band, else on a test of its own.
    wanted : bool
        Whether nothing is promised of it today.
    """

    class_name: str
    value: str
    checked: SequenceGroup
    confidence: NDArray[np.float64]
    alpha: float
    wanted: bool


def forecast_accepted(
    groups: Sequence[ForecastGroup], max_error: float, *, labelled: int, records: int, banded: bool
) -> LabelForecast | None:
    """Forecast how many checked books it takes until something is promised of each group of accepted records.

    Parameters
    ----------
    groups : sequence of ForecastGroup
        Their labelled records must be drawn at random, alike.
    max_error : float
        The share of wrong ones among the accepted, between 0 and 1.
    labelled, records : int
        Checked books of all groups, and what they stand for.
    banded : bool
        Whether a band will answer, at every cut at once; else tests of its own for the cuts in a fixed order.

    Returns
    -------
    LabelForecast or None
        None where nothing is wanted. Its ``useful`` is 0: any cut will do.

    Notes
    -----
    How often the model is wrong between two places of a group, by falling confidence, is drawn from a beta law: its
    data are the checked ones there, and its prior is worth twelve labels at the rate that a logistic curve of the
    confidence, itself drawn from what all checked records of the group leave open, expects there. A group is hopeless
    where no more than 6 in 10 draws have a place down to which few enough are wrong for a test that knew them all. For
    the others further records are drawn, and the very tests that will be asked are made: the first number with which
    every group passes in 19 of 20 draws is the answer; that came true in about 8 of 10. How it fares on invented worlds
    is shown by ``tests/theory/test_accepted_forecast_theory.py``.
    """
    wanted = [group for group in groups if group.wanted]
    if not wanted:
        return None
    generator = np.random.default_rng(0)
    drawn = [_Draws.from_group(group, max_error, banded, generator) for group in groups]
    able = [draws for draws in drawn if draws.is_attainable.mean() > HOPELESS]
    lost = [draws.group for draws in drawn if draws not in able and draws.group.wanted]
    is_hopeless = len(lost) == len(wanted)
    return LabelForecast(
        useful=0.0,
        total=None if is_hopeless else _smallest_total(able, labelled, records),
        labelled=labelled,
        hopeless=tuple((group.class_name, group.value) for group in lost),
        is_hopeless=is_hopeless,
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Draws:
    """Draws of how often the model is wrong from place to place of a group.

    Attributes
    ----------
    rates : array, shape (DRAWS, n_edges - 1)
        Shares of wrong ones.
    """

    group: ForecastGroup
    max_error: float
    banded: bool
    rates: NDArray[np.float64]

    @classmethod
    def from_group(
        cls, group: ForecastGroup, max_error: float, banded: bool, generator: np.random.Generator
    ) -> "_Draws":
        checked = group.checked
        is_wrong = np.diff(checked.errors, prepend=0)
        curve, spread = fitted_curve(checked.confidence, is_wrong.astype(float), SLOPE_DEVIATION)
        curves = generator.multivariate_normal(curve, spread, DRAWS)
        n = len(checked)
        places = np.searchsorted(EDGES, (np.arange(n) + 0.5) / max(n, 1)) - 1
        labels = np.bincount(places, minlength=len(EDGES) - 1)
        errors = np.bincount(places, weights=is_wrong, minlength=len(EDGES) - 1)
        bounds = np.round(EDGES * len(group.confidence)).astype(int)
        sure = logit(group.confidence)
        middles = [sure[min(low, len(sure) - 1) : max(high, low + 1)].mean() for low, high in pairwise(bounds.tolist())]
        prior = special.expit(curves[:, :1] + curves[:, 1:] * np.array(middles))
        rates = generator.beta(PRIOR_LABELS * prior + errors, PRIOR_LABELS * (1 - prior) + labels - errors)
        return cls(group=group, max_error=max_error, banded=banded, rates=rates)

    @property
    def is_attainable(self) -> NDArray[np.bool_]:
        """Say of each draw whether a test that knew all shares would pass at a place where it is made."""
        shares = np.cumsum(self.rates * np.diff(EDGES), axis=1) / EDGES[1:]
        tested = np.ones(len(EDGES) - 1, dtype=bool) if self.banded else np.isin(EDGES[1:], (EARLY_START, MAIN_START))
        return np.asarray((shares[:, tested] <= self.max_error).any(axis=1))

    def passes(self, share: float, generator: np.random.Generator) -> NDArray[np.bool_]:
        """Say of each draw whether something is promised once that share of the unchecked is checked too."""
        group, labelled = self.group, len(self.group.checked)
        further = round(share * (len(group.confidence) - labelled))
        n = labelled + further
        if not n:
            return np.zeros(DRAWS, dtype=bool)
        if not self.banded:
            sequence = build_test_sequence(np.arange(1, n + 1), self.max_error, group.alpha)
            starts = np.flatnonzero(sequence.alpha)
            passed = np.zeros(DRAWS, dtype=bool)
            if not len(starts):
                return passed
            counts = sequence.accepted[starts]
            allowed = [
                int(allowed_errors([count], self.max_error, level * group.alpha)[0])
                for count, level in zip(counts.tolist(), sequence.alpha[starts].tolist(), strict=True)
            ]
            wrong = self._wrong_places(further, max(allowed) + 1, generator)
            for count, most in zip(counts.tolist(), allowed, strict=True):
                passed |= (wrong[:, most] > count / n) & (most >= 0)
            return passed
        records = len(group.confidence)
        limits = band_limits(n, records, group.alpha)
        limits = limits[limits <= self.max_error * records]
        if not len(limits):
            return np.zeros(DRAWS, dtype=bool)
        # Above the (e + 1)th wrong one there are e: that is where most is accepted for them.
        accepted = np.minimum(self._wrong_places(further, len(limits), generator), 1.0) * records
        return np.asarray((limits <= self.max_error * accepted).any(axis=1))

    def _wrong_places(self, further: int, count: int, generator: np.random.Generator) -> NDArray[np.float64]:
        """Draw further records; return the places, 0 to 1, of so many of the surest wrong ones; infinity beyond all.

        Returns
        -------
        array, shape (DRAWS, count), rising
        """
        checked = self.group.checked
        rows = np.flatnonzero(np.diff(checked.errors, prepend=0))
        falling = self.group.confidence
        # Of records with one confidence any may be the surer: the middle of their places.
        above, up_to = (np.searchsorted(-falling, -checked.confidence[rows], side=side) for side in ("left", "right"))
        known = (above + up_to) / 2 / len(falling)
        if not self.banded:  # its tests count labelled records
            known = (rows + 0.5 + further * known) / (len(checked) + further)
        cumulated = np.concatenate(
            [np.zeros((DRAWS, 1)), np.cumsum(further * self.rates * np.diff(EDGES), axis=1)], axis=1
        )
        arrivals = np.cumsum(generator.exponential(size=(DRAWS, count)), axis=1)
        between = (arrivals[:, :, None] > cumulated[:, None, 1:-1]).sum(axis=2)
        rate = np.maximum(np.take_along_axis(further * self.rates, between, axis=1), 1e-12)
        places = EDGES[between] + (arrivals - np.take_along_axis(cumulated, between, axis=1)) / rate
        places = np.where(places > 1, np.inf, places)
        return np.asarray(np.sort(np.concatenate([places, np.tile(known, (DRAWS, 1))], axis=1), axis=1)[:, :count])


def _smallest_total(able: Sequence[_Draws], labelled: int, records: int) -> int | None:
    """Return the checked records in all with which every group passes in enough of the draws; None for none."""

    def succeeds(total: int) -> bool:
        generator = np.random.default_rng(0)
        share = (total - labelled) / max(records - labelled, 1)
        passed = np.ones(DRAWS, dtype=bool)
        for draws in able:
            passed &= draws.passes(share, generator)
        return bool(passed.mean() >= SUCCESS)

    low, high = labelled, labelled + 5
    while not succeeds(high):
        low, high = high, max(high + 5, int(high * STEP))
        if high > MOST_CHECKED * records:
            return None
    # What lies between is searched to a fiftieth: the draws do not tell more.
    while high - low > max(high // 50, 1):
        middle = (low + high) // 2
        low, high = (low, middle) if succeeds(middle) else (middle, high)
    return high
