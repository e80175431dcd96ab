"""The groups of a guarantee of the whole (records, lowest cut), and how many checked books it will take."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from core.facets import facet_codes
from core.formatting import plain
from core.schema import PREDICTED
from core.thresholds.confidence_sequence import WeightedBet, allowed_at_any_time
from core.thresholds.finite_population import ErrorLimits, allowed_in_sample, most_wrong
from core.thresholds.fixed_sequence import short_number
from core.thresholds.policy import ALL_CLASSES
from core.thresholds.sample import CheckedSample

__all__ = [
    "LEAST_SHARE",
    "LabelForecast",
    "Part",
    "WholeGroup",
    "fitted_curve",
    "forecast_labels",
    "levels_of",
    "logit",
    "parts_of",
]


# --- The groups of a guarantee of the whole: which records each sums up, and the lowest cut it may have ---------------


@dataclass(frozen=True, kw_only=True)
class WholeGroup:
    """What can be guaranteed of all records, or of those of one predicted class or stratum.

    Attributes
    ----------
    class_name : str
        The predicted class, or :data:`core.thresholds.policy.ALL_CLASSES`.
    value : str
        The value of the stratum's facet, '' without strata.
    records, accepted : int
        Records of the group, and those above the cut.
    cut : float or None
        None when the machine may accept nothing, so that people do all of them.
    labelled, errors : int
        Records of the sample in the group, and wrong ones among those above the cut.
    most_wrong : int
        The exact upper limit of the wrong records that stay: accepted and never looked at by a person. Where it may be
        asked again after each label, what was allowed to stay.
    allowed : int
        Wrong ones among the checked that are forgiven at the cut, of those drawn with the lowest chance where chances
        differ; −1 when the sample is too small to accept anything.
    alpha : float
        The probability with which the limit may be too low.
    withheld : bool
        Whether nothing is promised of it since too few books of its language, or of its class there, were checked.
    """

    class_name: str
    value: str
    records: int
    accepted: int
    cut: float | None
    labelled: int
    errors: int
    most_wrong: int
    allowed: int
    alpha: float
    withheld: bool = False

    @property
    def coverage(self) -> float:
        """Share of the records that the machine decides; NaN without records."""
        return self.accepted / self.records if self.records else math.nan


@dataclass(frozen=True, kw_only=True, eq=False)
class Part:
    """The records one cut is for, sorted.

    Attributes
    ----------
    rows : int array
        Their places in the table.
    confidence : array, rising
        Of all of them.
    checked_confidence : array, rising
        Of the sample.
    error_confidence : array, falling
        Of the wrong ones of the sample; ties in any order.
    error_chance : array
        With which these were drawn; NaN where all were drawn alike.
    least_chance : float
        The lowest chance of the sample, 0 where all were drawn alike or a band has weighed them.
    frame, labelled : int
        Records the sample stands for, and the sample.
    max_error, human_error : float
    anytime : bool
    limits : ErrorLimits, optional
        What takes the place of the limit of one cut: those of a band.
    """

    class_name: str
    value: str
    rows: NDArray[np.intp]
    confidence: NDArray[np.float64]
    checked_confidence: NDArray[np.float64]
    error_confidence: NDArray[np.float64]
    error_chance: NDArray[np.float64]
    least_chance: float
    frame: int
    labelled: int
    max_error: float
    human_error: float
    anytime: bool
    limits: ErrorLimits | None = None

    @classmethod
    def from_rows(
        cls,
        class_name: str,
        value: str,
        rows: NDArray[np.intp],
        stated: NDArray[np.float64],
        sample: CheckedSample,
        max_error: float,
        human_error: float,
        anytime: bool,
        limits: ErrorLimits | None = None,
    ) -> "Part":
        """Return the group of these rows; `stated` is their confidence, 0 for what is never accepted."""
        counted = np.where(stated > 0, sample.confidence, 0.0)
        wrong = rows[sample.wrong[rows] & (counted[rows] > 0)]
        wrong = wrong[np.argsort(-counted[wrong], kind="stable")]
        return cls(
            class_name=class_name,
            value=value,
            rows=rows,
            confidence=np.sort(stated[rows]),
            checked_confidence=np.sort(counted[rows[sample.drawn[rows]]]),
            error_confidence=counted[wrong],
            error_chance=sample.chance[wrong],
            least_chance=float(sample.chance[sample.drawn].min()) if sample.is_weighted and limits is None else 0.0,
            frame=int(sample.frame[rows].sum()),
            labelled=int(sample.drawn[rows].sum()),
            max_error=max_error,
            human_error=human_error,
            anytime=anytime,
            limits=limits,
        )

    def count_above(self, cut: float) -> int:
        """Return how many records have a confidence greater than the cut."""
        return len(self.confidence) - int(np.searchsorted(self.confidence, cut, side="right"))

    def may_remain(self, accepted: int) -> int:
        """Return how many unchecked wrong records may stay where so many are accepted; people err on all others."""
        done = len(self.rows) if self.anytime else min(len(self.rows) - accepted + self.labelled, len(self.rows))
        by_people = done if self.human_error else 0
        # 1e-9: a share such as .07 of 100 records is 7 of them, not 6.
        return math.floor(self.max_error * len(self.rows) - self.human_error * by_people + 1e-9)

    def allowed(self, accepted: int, alpha: float) -> int:
        """Return the errors among the checked that are forgiven where so many records are accepted; −1 for none."""
        left = self.may_remain(accepted)
        if not self.labelled or left < 0:
            return -1
        if self.limits is not None:
            return self.limits.allowed(left)
        if self.anytime:
            # A bet weighs a draw that is complete; what holds at any time needs records that were drawn alike.
            return -1 if self.least_chance else allowed_at_any_time(left, self.labelled, self.frame, alpha)
        if not self.least_chance:
            return allowed_in_sample(left, self.labelled, self.frame, alpha)
        bet = WeightedBet.against(left, self.least_chance, alpha)
        allowed = bet.allowed_cost(left)
        return -1 if allowed < 0 else math.floor(allowed / bet.costs(np.array([self.least_chance]))[0])

    def forgives(self, errors: int, accepted: int, alpha: float) -> bool:
        """Say whether so many records may be accepted with so many errors, those of the surest, among the checked."""
        if not self.least_chance or self.allowed(accepted, alpha) < 0:
            return errors <= self.allowed(accepted, alpha)
        left = self.may_remain(accepted)
        bet = WeightedBet.against(left, self.least_chance, alpha)
        return bool(bet.costs(self.error_chance[:errors]).sum() <= bet.allowed_cost(left))

    def most_remaining(self, errors: int, accepted: int, alpha: float) -> int:
        """Return the upper limit of the wrong records that nobody checked, with so many errors among the checked."""
        if self.limits is not None:
            return int(min(self.limits.most_left(errors), accepted))
        if self.anytime:
            return min(self.may_remain(accepted), accepted)
        if not self.least_chance:
            return min(most_wrong(errors, self.labelled, self.frame, alpha) - errors, accepted)
        bet = WeightedBet.against(self.may_remain(accepted), self.least_chance, alpha)
        return int(min(bet.most_left(float(bet.costs(self.error_chance[:errors]).sum())), accepted))

    def lowest_cut(self, alpha: float) -> float | None:
        """Return the lowest cut that passes, None when none does."""
        everything = self.count_above(0.0)
        if not everything or self.allowed(everything, alpha) < 0:
            return None
        errors, bound = 0, math.inf
        if self.human_error:
            # The first cut that could pass without an error; those above it are not tried.
            low, high = 0, everything
            while low < high:
                middle = (low + high) // 2
                low, high = (low, middle) if self.allowed(middle, alpha) >= 0 else (middle + 1, high)
            bound = float(self.confidence[len(self.confidence) - low - 1]) if low < len(self.confidence) else 0.0
            errors = int((self.error_confidence > bound).sum())
            if not self.forgives(errors, self.count_above(bound), alpha):
                return None
        for number in range(errors, len(self.error_confidence)):
            at = float(self.error_confidence[number])
            # Just above this wrong one as many are accepted as may be; with it there are `number + 1` among them.
            if not self.forgives(number + 1, self.count_above(at), alpha):
                return self._readable(at)
        return 0.0

    def _readable(self, cut: float) -> float:
        """Return the shortest number that accepts the same records."""
        above = int(np.searchsorted(self.confidence, cut, side="right"))
        return short_number(cut, float(self.confidence[above])) if above < len(self.confidence) else cut

    def group(self, cut: float | None, alpha: float, *, withheld: bool = False) -> WholeGroup:
        """Return what is said of it with a cut, or without one since it is withheld."""
        accepted = 0 if cut is None else self.count_above(cut)
        errors = 0 if cut is None else int((self.error_confidence > cut).sum())
        return WholeGroup(
            class_name=self.class_name,
            value=self.value,
            records=len(self.rows),
            accepted=accepted,
            cut=cut if accepted else None,
            labelled=self.labelled,
            errors=errors,
            most_wrong=self.most_remaining(errors, accepted, alpha) if accepted else 0,
            allowed=self.allowed(accepted, alpha) if alpha else -1,
            alpha=alpha,
            withheld=withheld,
        )


def parts_of(
    table: pd.DataFrame, names: Sequence[str], per: str, stratum: str | None
) -> list[tuple[str, str, NDArray[np.intp]]]:
    """Return name, value and rows of each group, the largest stratum first."""
    codes, values = (np.zeros(len(table), dtype=np.intp), ("",)) if stratum is None else facet_codes(table, stratum)
    classes = pd.Index(names).get_indexer(pd.Index(table[PREDICTED])) if per == "class" else np.zeros(len(table))
    parts = []
    for v in np.argsort(-np.bincount(codes, minlength=len(values)), kind="stable").tolist():
        for c, name in enumerate(names if per == "class" else [ALL_CLASSES]):
            rows = np.flatnonzero((codes == v) & (classes == c))
            if len(rows):
                parts.append((name, values[v], rows))
    return parts


def levels_of(parts: Sequence[Part], alpha: float, *, anytime: bool) -> list[float]:
    """Return the part of alpha of each group; 0 for one that could not pass even if its sample were without an error.

    Nothing here looks at what a label says: it is settled by how many records and how many checked ones there are. What
    holds at any time must not even depend on how many are checked: the parts are then in proportion to the records.
    """
    if parts and parts[0].limits is not None:
        return [part.limits.alpha if part.limits is not None else 0.0 for part in parts]
    if anytime:
        records = sum(len(part.rows) for part in parts)
        return [alpha * len(part.rows) / records for part in parts]
    able = sorted(parts, key=lambda part: -part.labelled)
    while able:
        short = [part for part in able if part.allowed(part.count_above(0.0), alpha / len(able)) < 0]
        if not short:
            break
        able.remove(short[-1])
    return [alpha / len(able) if part in able else 0.0 for part in parts]


# --- How many checked books it will take until a promise of the whole is worth something ------------------------------
#
# How many checked books it will take until a promise of the whole is worth something, or that no number will do.

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
