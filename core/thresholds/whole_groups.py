"""The groups of a guarantee of the whole: which records each sums up, and the lowest cut it may have."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.facets import facet_codes
from core.schema import PREDICTED
from core.thresholds.acceptance_rates import ALL_CLASSES
from core.thresholds.confidence_sequence import allowed_at_any_time
from core.thresholds.error_band import ErrorLimits
from core.thresholds.finite_population import allowed_in_sample, most_wrong
from core.thresholds.fixed_sequence import short_number
from core.thresholds.known_chances import WeightedBet
from core.thresholds.sample import CheckedSample

__all__ = ["Part", "WholeGroup", "levels_of", "parts_of"]


@dataclass(frozen=True, kw_only=True)
class WholeGroup:
    """What can be guaranteed of all records, or of those of one predicted class or stratum.

    Attributes
    ----------
    class_name : str
        The predicted class, or :data:`core.thresholds.acceptance_rates.ALL_CLASSES`.
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
