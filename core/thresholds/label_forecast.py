"""How many checked books it will take until a promise of the whole is worth something, or that no number will do."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import special

from core.text_formats import plain
from core.thresholds.whole_groups import Part, levels_of

__all__ = ["LEAST_SHARE", "LabelForecast", "fitted_curve", "forecast_labels", "logit"]

# The share of a group's records that the machine is to decide: what is hopeless for the first may do for the second.
USEFUL: Final = (0.25, 0.10)
SUCCESS: Final = 0.8
# Where the labels leave less than this chance that what is wrong may remain, no number of labels will do.
HOPELESS: Final = 0.7
# So many labels the course of the confidence over all labels is worth, beside those of the surest records themselves.
PRIOR_LABELS: Final = 10.0
LEAST_SHARE: Final = 0.05
DRAWS: Final = 1_000
STEP: Final = 1.04


@dataclass(frozen=True, kw_only=True)
class LabelForecast:
    """What it takes until the machine may decide a useful share of each group.

    Attributes
    ----------
    useful : float
        That share of a group's records, 0 to 1; 0 where any cut will do.
    total : int or None
        Checked books in all, drawn at random, with which it succeeds in 8 of 10 cases; None where that is not known
        yet, or no number will do.
    labelled : int
        Checked books today.
    hopeless : tuple of (str, str)
        Class and stratum of the groups of which the model is wrong too often; `total` is for the others.
    is_hopeless : bool
        Whether that is so for every group: then no number of labels will do.
    """

    useful: float
    total: int | None
    labelled: int
    hopeless: tuple[tuple[str, str], ...]
    is_hopeless: bool

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-able content."""
        return {**plain(vars(self)), "more": self.more}

    @property
    def more(self) -> int | None:
        """Further checked books; None where `total` is."""
        return None if self.total is None else max(self.total - self.labelled, 1)


def forecast_labels(parts: Sequence[Part], alpha: float, *, useful: Sequence[float] = USEFUL) -> LabelForecast:
    """Forecast how many checked books it takes until the machine may decide a useful share of each group.

    Parameters
    ----------
    parts : sequence of Part
        As :func:`core.thresholds.find_whole_guarantee` searches them. Their sample must be drawn at random and alike.
        Groups with fewer than one in twenty of the records are passed over.
    alpha : float
        What may be spent on all of them.
    useful : sequence of float
        Shares of a group's records, falling. The first is tried first; the next where every group is hopeless.

    Notes
    -----
    A useful share of a group passes if the wrong ones among the checked of its surest records are no more than is
    forgiven. How many of these are wrong is drawn from a beta-binomial law: its data are the checked ones among them,
    and its prior is worth ten labels at the rate that a logistic curve of the confidence, fitted to all checked
    records of the group, expects there. Then further records are drawn, and it is counted how often the promise is had.
    The first number with which it is in 8 of 10 cases is the answer. How it fares on invented worlds is shown by
    ``tests/theory/test_label_forecast_theory.py``.
    """
    records = sum(len(part.rows) for part in parts)
    large = [part for part in parts if len(part.rows) >= LEAST_SHARE * records]
    # The level of each is what it would be with nearly everything checked.
    large = [replace(part, limits=None) for part in large]
    checked = [replace(part, labelled=max(part.labelled, int(0.9 * part.frame))) for part in large]
    levels = levels_of(checked, alpha, anytime=any(part.anytime for part in large))
    for share in useful:
        generator = np.random.default_rng(0)
        groups = [_Surest.from_part(part, level, share, generator) for part, level in zip(large, levels, strict=True)]
        able = [group for group in groups if group.attainable.mean() > HOPELESS]
        if able:
            break
    labelled = sum(part.labelled for part in parts)
    return LabelForecast(
        useful=share,
        total=_smallest_total(able, labelled, sum(part.frame for part in parts)) if able else None,
        labelled=labelled,
        hopeless=tuple((group.part.class_name, group.part.value) for group in groups if group not in able),
        is_hopeless=not able,
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Surest:
    """The surest records of a group: what is known of them, and draws of what is not.

    Attributes
    ----------
    accepted, unchecked : int
        How many they are, and how many of them nobody checked.
    errors : int
        Wrong ones among the checked.
    wrong : int array, shape (DRAWS,)
        Draws of how many of the unchecked are wrong.
    """

    part: Part
    level: float
    accepted: int
    unchecked: int
    errors: int
    wrong: NDArray[np.int64]

    @classmethod
    def from_part(cls, part: Part, level: float, share: float, generator: np.random.Generator) -> "_Surest":
        accepted = max(math.ceil(share * len(part.rows)), 1)
        lowest = float(part.confidence[-accepted])
        checked = len(part.checked_confidence) - int(np.searchsorted(part.checked_confidence, lowest))
        errors = int((part.error_confidence >= lowest).sum())
        curve, _ = fitted_curve(part.checked_confidence, _is_among(part.checked_confidence, part.error_confidence))
        rate = float(special.expit(curve[0] + curve[1] * logit(part.confidence[-accepted:])).mean())
        rates = generator.beta(PRIOR_LABELS * rate + errors, PRIOR_LABELS * (1 - rate) + checked - errors, DRAWS)
        unchecked = min(max(accepted - checked, 0), part.frame - part.labelled)
        return cls(
            part=part,
            level=level,
            accepted=accepted,
            unchecked=unchecked,
            errors=errors,
            wrong=generator.binomial(unchecked, rates),
        )

    @property
    def attainable(self) -> NDArray[np.bool_]:
        """Say of each draw whether what is wrong may remain: else no number of labels will do."""
        known = bool(self.part.confidence[-self.accepted] > 0) and self.level > 0
        return np.asarray((self.wrong <= self.part.may_remain(self.accepted)) & known)

    def passes(self, labelled: int, generator: np.random.Generator) -> NDArray[np.bool_]:
        """Say of each draw whether the promise is had with so many checked records of the group."""
        rest = self.part.frame - self.part.labelled
        more = min(max(labelled - self.part.labelled, 0), rest)
        here = generator.hypergeometric(self.unchecked, rest - self.unchecked, more, size=len(self.wrong))
        errors = self.errors + generator.hypergeometric(self.wrong, self.unchecked - self.wrong, here)
        future = replace(self.part, labelled=self.part.labelled + more)
        return np.asarray(errors <= future.allowed(self.accepted, self.level))


def _smallest_total(groups: Sequence[_Surest], labelled: int, frame: int) -> int | None:
    """Return the checked records in all with which every group passes in enough of the draws; None for none."""
    total = labelled
    while total < frame / 2:
        total = max(total + 5, math.ceil(total * STEP))
        generator = np.random.default_rng(0)
        share = (total - labelled) / max(frame - labelled, 1)
        passed = np.ones(DRAWS, dtype=bool)
        for group in groups:
            passed &= group.passes(
                group.part.labelled + round(share * (group.part.frame - group.part.labelled)), generator
            )
        if passed.mean() >= SUCCESS:
            return total
    return None


def fitted_curve(
    confidence: NDArray[np.float64], wrong: NDArray[np.float64], slope_deviation: float = 0.5
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fit a logistic curve of being wrong (0 or 1) to the confidence of checked records.

    Returns
    -------
    curve : array, shape (2,)
        Intercept and slope over the log odds of the confidence.
    spread : array, shape (2, 2)
        Their covariance, by Laplace's approximation.

    Notes
    -----
    The mode under a normal prior around "the confidence is right" (intercept 0, slope −1; deviations 2 and
    `slope_deviation`): with few labels it stays near that, with more it is Platt's calibration.
    """
    x = np.column_stack([np.ones(len(wrong)), logit(confidence)])
    centre, precision = np.array([0.0, -1.0]), np.diag([1 / 2.0**2, 1 / slope_deviation**2])
    curve = centre.copy()
    for _ in range(50):
        rate = special.expit(x @ curve)
        gradient = x.T @ (wrong - rate) - precision @ (curve - centre)
        hessian = (x * (rate * (1 - rate))[:, None]).T @ x + precision
        step = np.linalg.solve(hessian, gradient)
        curve = curve + np.clip(step, -1.0, 1.0)
        if np.abs(step).max() < 1e-6:
            break
    return curve, np.linalg.inv(hessian)


def _is_among(rising: NDArray[np.float64], errors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mark as many of the checked with the confidence of a wrong one as there are; which of equal ones is no matter."""
    marked = np.zeros(len(rising))
    values, counts = np.unique(errors, return_counts=True)
    for start, count in zip(np.searchsorted(rising, values).tolist(), counts.tolist(), strict=True):
        marked[start : start + count] = 1.0
    return marked


def logit(confidence: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the log odds of confidences; none is taken for surer than 199 in 200."""
    return np.asarray(special.logit(np.clip(confidence, 0.005, 0.995)))
