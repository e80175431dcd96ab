"""The guarantee of the whole: how wrong a collection is once people have done what the machine may not decide."""

import logging
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.errors import InputError
from core.facets import facet_codes
from core.schema import CONFIDENCE, PREDICTED, TRUTH
from core.text_formats import plain
from core.thresholds.acceptance_rates import ALL_CLASSES
from core.thresholds.confidence_sequence import allowed_at_any_time
from core.thresholds.finite_population import allowed_in_sample, most_wrong
from core.thresholds.fixed_sequence import short_number
from core.thresholds.known_chances import WeightedBet
from core.thresholds.policy import Policy
from core.thresholds.population import PopulationCheck, compare_population
from core.thresholds.report import RECORDS_AN_HOUR
from core.thresholds.sample import CheckedSample

__all__ = ["WholeGroup", "WholeGuarantee", "find_whole_guarantee"]

_LOG = logging.getLogger(__name__)


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

    @property
    def coverage(self) -> float:
        """Share of the records that the machine decides; NaN without records."""
        return self.accepted / self.records if self.records else math.nan


@dataclass(frozen=True, kw_only=True)
class WholeGuarantee:
    """With which cuts a collection is at most so wrong once people have done the rest, and how much that rest is.

    Attributes
    ----------
    max_error : float
        The share of all records (with groups: of each group's) that may be wrong in the end.
    confidence : float
        With which all of it holds together.
    human_error : float
        How often people label wrongly, 0 to 1: it is added for every record they decide.
    per : {'together', 'class'}
    stratum : str
    classes : tuple of str
    groups : tuple of WholeGroup
    records, accepted, review : int
        All records, those the machine decides, and those that people still have to look at.
    pace, hours : float
        Records a person does in an hour, and what the review takes.
    labelled, unusable, editions, not_drawn, left_out : int
        Titles of the sample; see :class:`core.thresholds.sample.CheckedSample`.
    population : PopulationCheck
        Whether the checked records are like the others; where they are not, nothing is guaranteed unless it is known
        how they were drawn.
    known_chances, weighted : bool
        Whether it is known with which chance each checked record was drawn, and whether those chances differ.
    anytime : bool
        Whether it holds however often it is asked while labels come in.
    """

    max_error: float
    confidence: float
    human_error: float
    per: Literal["class", "together"]
    stratum: str
    classes: tuple[str, ...]
    groups: tuple[WholeGroup, ...]
    records: int
    accepted: int
    review: int
    pace: float
    labelled: int
    unusable: int
    editions: int
    left_out: int
    population: PopulationCheck
    learned_known: bool = False
    not_drawn: int = 0
    known_chances: bool = False
    weighted: bool = False
    anytime: bool = False

    @property
    def hours(self) -> float:
        """Hours of review."""
        return self.review / self.pace

    @property
    def coverage(self) -> float:
        """Share of all records that the machine decides; NaN without records."""
        return self.accepted / self.records if self.records else math.nan

    @property
    def most_wrong(self) -> int:
        """The upper limit of the wrong records that stay in the whole collection."""
        return sum(group.most_wrong for group in self.groups)

    @property
    def is_random(self) -> bool:
        """Whether the checked records are a random sample: known to be, or nothing speaks against it."""
        return self.known_chances or not self.population.differing

    @property
    def guaranteed(self) -> bool:
        """Whether the machine may decide anything, and the sample may stand for the collection."""
        return self.accepted > 0 and self.is_random

    @property
    def cuts(self) -> dict[str, float | None]:
        """Class → cut, None where people decide; empty with strata."""
        return {} if self.stratum else self._cuts_of("")

    @property
    def by_stratum(self) -> dict[str, dict[str, float | None]]:
        """Value of the facet → class → cut, for values in which the machine may decide; empty without strata."""
        values = {group.value: None for group in self.groups if self.stratum and group.cut is not None}
        return {value: self._cuts_of(value) for value in values}

    def policy(self) -> Policy:
        """Return the cuts as a policy."""
        return Policy.from_cuts(self.cuts, self.stratum, self.by_stratum)

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-able content."""
        return {
            "kind": "whole",
            "max_error": self.max_error,
            "confidence": self.confidence,
            "human_error": self.human_error,
            "per": self.per,
            "stratum": self.stratum,
            "anytime": self.anytime,
            "cuts": self.cuts,
            "by_stratum": self.by_stratum,
            "promised": self.guaranteed,
            "records": self.records,
            "accepted": self.accepted,
            "review": self.review,
            "hours": self.hours,
            "most_wrong": self.most_wrong,
            "labelled": self.labelled,
            "unusable": self.unusable,
            "editions": self.editions,
            "not_drawn": self.not_drawn,
            "left_out": self.left_out,
            "known_chances": self.known_chances,
            "population": self.population.as_dict(),
            "groups": [plain(vars(group)) for group in self.groups],
        }

    def _cuts_of(self, value: str) -> dict[str, float | None]:
        own = {group.class_name: group.cut for group in self.groups if group.value == value}
        return {name: own.get(ALL_CLASSES, own.get(name)) for name in self.classes}


def find_whole_guarantee(
    table: pd.DataFrame,
    classes: Sequence[str],
    max_error: float,
    confidence: float = 0.95,
    *,
    per: Literal["class", "together"] = "together",
    stratum: str | None = None,
    human_error: float = 0.0,
    alpha: float | None = None,
    anytime: bool = False,
    pace: float = RECORDS_AN_HOUR,
    learned_known: bool = False,
    population: PopulationCheck | None = None,
) -> WholeGuarantee:
    """Find the lowest cuts with which at most a share of *all* records is wrong once people have done the rest.

    Parameters
    ----------
    table : DataFrame
        A scored table: ``predicted``, ``confidence``, ``truth``, and where known ``truth_given``, ``leak``, ``split``,
        ``title_key``. The checked records must be a random sample of the collection.
    classes : sequence of str
    max_error : float
        Share of all records that may be wrong in the end, between 0 and 1.
    confidence : float
        The probability, over draws of the checked records, that it is so.
    per : {'together', 'class'}
        One sum and one cut for all records, or the share kept among the records of each predicted class, with a cut
        each; then it holds of the whole too.
    stratum : str, optional
        A facet in each value of which the share is kept.
    human_error : float
        How often people label wrongly, 0 to below 1.
    alpha : float, optional
        What may be spent of ``1 - confidence`` on this question, see :mod:`core.thresholds.alpha_budget`; all of it by
        default.
    anytime : bool
        Whether it shall hold however often it is asked while labels come in. They must come in random order.
    pace : float
        Records a person does in an hour.

    Returns
    -------
    WholeGuarantee

    Raises
    ------
    InputError
        A share or a confidence that does not lie between 0 and 1, or no classes.

    Notes
    -----
    The number of records that are wrong *and* accepted *and* unchecked only grows as the cut falls, and so does its
    exact upper limit. The first cut at which the limit passes what is allowed is therefore one and the same however
    many cuts are tried, and nothing has to be paid for trying (Candès, Ilyas and Zrnic 2025). The population is
    finite: a checked record is not wrong any more. With `human_error` what may be left rises as people have less to do;
    cuts are then tried in one order, from the first that could pass, and the first that fails ends it.

    With `anytime` nothing but the errors may change as labels come in. Each group's part of alpha goes by its records,
    and people are counted as if they erred in all records, since how many they will have done is not fixed beforehand.
    Why it holds at every time: :func:`core.thresholds.confidence_sequence.labels_by_errors`.

    References
    ----------
    E. J. Candès, A. Ilyas, T. Zrnic (2025), "Probably approximately correct labels", arXiv 2506.10908.

    Where the checked records were drawn with known chances that differ, the limit is that of
    :class:`core.thresholds.known_chances.WeightedBet`, which grows with each error as well.
    """
    started = time.monotonic()
    names = tuple(classes)
    if not 0 < max_error < 1 or not 0 < confidence < 1:
        raise InputError(
            f"A promise needs a share of errors and a confidence between 0 and 1 (5 per cent is 0.05); {max_error} and"
            f" {confidence} came."
        )
    if not 0 <= human_error < 1:
        raise InputError(f"How often people err lies between 0 and 1 (2 per cent is 0.02); {human_error} came.")
    if not names:
        raise InputError("A promise needs the names of the classes; none came.")
    spent = round(1 - confidence, 12) if alpha is None else alpha
    sample = CheckedSample.from_table(table)
    # What has no usable prediction or no confidence is never accepted: no cut lies below 0.
    stated = np.nan_to_num(table[CONFIDENCE].to_numpy(dtype=float, na_value=np.nan), nan=0.0)
    stated = np.where(table[PREDICTED].isin(names).to_numpy(dtype=bool), stated, 0.0)
    parts = [
        _Part.from_rows(name, value, rows, stated, sample, max_error, human_error, anytime)
        for name, value, rows in _parts(table, names, per, stratum)
    ]
    accepted = np.zeros(len(table), dtype=bool)
    groups = []
    for part, level in zip(parts, _levels(parts, spent, anytime=anytime), strict=True):
        cut = part.lowest_cut(level) if level else None
        if cut is not None:
            accepted[part.rows] = stated[part.rows] > cut
        groups.append(part.group(cut, level))
    _LOG.info(
        "guaranteed at most %g wrong of the whole with confidence %g: %d of %d accepted, %d labelled records, %.1f s",
        max_error,
        confidence,
        int(accepted.sum()),
        len(table),
        int(sample.drawn.sum()),
        time.monotonic() - started,
    )
    return WholeGuarantee(
        max_error=max_error,
        confidence=confidence,
        human_error=human_error,
        per=per,
        stratum=stratum or "",
        classes=names,
        groups=tuple(groups),
        records=len(table),
        accepted=int(accepted.sum()),
        review=int((~accepted & (table[TRUTH] == "").to_numpy(dtype=bool)).sum()),
        pace=pace,
        labelled=int(sample.drawn.sum()),
        unusable=sample.unusable,
        editions=sample.editions,
        not_drawn=sample.not_drawn,
        left_out=sample.left_out,
        population=population or compare_population(table),
        learned_known=learned_known,
        known_chances=sample.has_known_chances,
        weighted=sample.is_weighted,
        anytime=anytime,
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Part:
    """The records one cut is for, sorted.

    Attributes
    ----------
    rows : int array
        Their places in the table.
    confidence : array, rising
        Of all of them.
    error_confidence : array, falling
        Of the wrong ones of the sample; ties in any order.
    error_chance : array
        With which these were drawn; NaN where all were drawn alike.
    least_chance : float
        The lowest chance of the sample, 0 where all were drawn alike.
    frame, labelled : int
        Records the sample stands for, and the sample.
    max_error, human_error : float
    anytime : bool
    """

    class_name: str
    value: str
    rows: NDArray[np.intp]
    confidence: NDArray[np.float64]
    error_confidence: NDArray[np.float64]
    error_chance: NDArray[np.float64]
    least_chance: float
    frame: int
    labelled: int
    max_error: float
    human_error: float
    anytime: bool

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
    ) -> "_Part":
        wrong = rows[sample.wrong[rows] & (stated[rows] > 0)]
        wrong = wrong[np.argsort(-stated[wrong], kind="stable")]
        return cls(
            class_name=class_name,
            value=value,
            rows=rows,
            confidence=np.sort(stated[rows]),
            error_confidence=stated[wrong],
            error_chance=sample.chance[wrong],
            least_chance=float(sample.chance[sample.drawn].min()) if sample.is_weighted else 0.0,
            frame=int(sample.frame[rows].sum()),
            labelled=int(sample.drawn[rows].sum()),
            max_error=max_error,
            human_error=human_error,
            anytime=anytime,
        )

    def count_above(self, cut: float) -> int:
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

    def group(self, cut: float | None, alpha: float) -> WholeGroup:
        """Return what is said of it with a cut."""
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
        )


def _parts(
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


def _levels(parts: Sequence[_Part], alpha: float, *, anytime: bool) -> list[float]:
    """Return the part of alpha of each group; 0 for one that could not pass even if its sample were without an error.

    Nothing here looks at what a label says: it is settled by how many records and how many checked ones there are. What
    holds at any time must not even depend on how many are checked: the parts are then in proportion to the records.
    """
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
