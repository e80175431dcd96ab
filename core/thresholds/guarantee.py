"""Cuts with a guarantee ("with 95 % confidence at most 5 % of the accepted are wrong")."""

import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from core.errors import InputError
from core.facets import facet_codes
from core.formatting import plain
from core.schema import CONFIDENCE, PREDICTED
from core.statistics import clopper_pearson
from core.thresholds.finite_population import ErrorBand, ErrorLimits, band_limits, band_share, has_band
from core.thresholds.fixed_sequence import (
    EARLY_START,
    MAIN_START,
    CutResult,
    SequenceGroup,
    allowed_errors,
    build_test_sequence,
    graphical_procedure,
    short_number,
)
from core.thresholds.policy import ALL_CLASSES, Policy
from core.thresholds.population import PopulationCheck, compare_population
from core.thresholds.sample import CheckedSample, GroupConfidences, UnknownLanguages
from core.thresholds.whole_groups import LEAST_SHARE, LabelForecast, fitted_curve, logit

__all__ = ["ForecastGroup", "GroupGuarantee", "Guarantee", "find_guaranteed_cuts", "forecast_accepted"]


# --- How many checked books it will take until something can be promised of the accepted ------------------------------
#
# How many checked books it will take until something can be promised of the accepted, or that no number will do.

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


# --- Cuts with a guarantee ("with 95 % confidence at most 5 % of the accepted are wrong") -----------------------------

_LOG = logging.getLogger(__name__)

# --- What was promised: of each class, of all of them together, and what follows for the cuts -------------------------


@dataclass(frozen=True, kw_only=True)
class GroupGuarantee:
    """What can be promised of the predictions of one class (or of all), everywhere or in one stratum.

    Attributes
    ----------
    class_name : str
        The predicted class, or :data:`core.thresholds.policy.ALL_CLASSES`.
    value : str
        The value of the stratum's facet, '' without strata.
    cut : float or None
        What lies above it is accepted; None when nothing can be promised.
    labelled, accepted, errors, allowed : int
        Labelled records with this prediction, those above the cut, wrong ones among these, and how many of them may be
        wrong. Without a cut, the last three are those of the main cut that was tried, 0 when none was.
    upper : float
        The limit of the share wrong among the accepted, at most what is promised: exact (Clopper–Pearson), or that of
        the band; NaN without a cut.
    level : float
        The probability with which this promise may be false: its part of alpha.
    tried : int
        Cuts that were tested.
    withheld : bool
        Whether nothing is promised of it since too few books of its language, or of its class there, were checked.
    """

    class_name: str
    value: str
    cut: float | None
    labelled: int
    accepted: int
    errors: int
    allowed: int
    upper: float
    level: float
    tried: int
    withheld: bool = False

    @property
    def guaranteed(self) -> bool:
        """Whether there is a cut."""
        return self.cut is not None

    @property
    def coverage(self) -> float:
        """Share of the labelled records with this prediction that is accepted, 0 without a cut; NaN without records."""
        if not self.labelled:
            return float("nan")
        return self.accepted / self.labelled if self.guaranteed else 0.0


@dataclass(frozen=True, kw_only=True)
class Guarantee:
    """The promises of all classes, which hold together with the confidence that was asked for.

    Attributes
    ----------
    max_error, confidence : float
    per : {'class', 'together'}
        Whether each class has its own promise and cut, or all share one.
    stratum : str
        Facet in each value of which the promise is kept, '' for none.
    classes : tuple of str
    groups : tuple of GroupGuarantee
        One a class (or one for all), times the values of the facet that have labelled records.
    labelled, unusable, editions, left_out : int
        Checked titles it rests on, those of them without a usable answer, further editions, and records left out
        because the model learned, or may have learned, from their titles; see
        :class:`core.thresholds.sample.CheckedSample`.
    population : PopulationCheck
        Whether the labelled records are like the collection; its warning stands beside the promise everywhere.
    learned_known : bool
        Whether it is known from which titles the model learned; if not, all it may have learned from are left out.
    never_predicted : tuple of str
        Classes that the model calls no book at all: there is nothing to promise of them, and nothing is broken.
    unknown : UnknownLanguages
        Languages, and classes in them, of which nothing is promised apart: they go to review.
    forecast : LabelForecast, optional
        What it takes until everything can be promised, where it cannot yet and that was to be forecast.
    """

    max_error: float
    confidence: float
    per: Literal["class", "together"]
    stratum: str
    classes: tuple[str, ...]
    groups: tuple[GroupGuarantee, ...]
    labelled: int
    unusable: int
    editions: int
    left_out: int
    population: PopulationCheck
    learned_known: bool = False
    never_predicted: tuple[str, ...] = ()
    unknown: UnknownLanguages = field(default_factory=UnknownLanguages)
    forecast: LabelForecast | None = None

    @property
    def cuts(self) -> dict[str, float | None]:
        """Class → cut, None where nothing can be promised. With strata, see :attr:`by_stratum`; this is then empty."""
        return {} if self.stratum else self._cuts_of("")

    @property
    def by_stratum(self) -> dict[str, dict[str, float | None]]:
        """Value of the facet → class → cut, for the values in which something is promised; empty without strata."""
        values = {group.value: None for group in self.groups if group.guaranteed and self.stratum}
        return {value: self._cuts_of(value) for value in values}

    @property
    def guaranteed(self) -> bool:
        """Whether every class that is predicted can be accepted from some cut on (with strata: somewhere)."""
        named = {group.class_name for group in self.groups if group.guaranteed}
        return ALL_CLASSES in named or (bool(named) and named >= set(self.classes) - set(self.never_predicted))

    @property
    def is_random(self) -> bool:
        """Whether nothing speaks against the labelled records being a random sample; if something does, no promise."""
        return not self.population.differing

    @property
    def refused(self) -> tuple[GroupGuarantee, ...]:
        """The groups of which something could have been promised and was not."""
        return tuple(
            group for group in self.groups if not group.guaranteed and group.class_name not in self.never_predicted
        )

    def policy(self) -> Policy:
        """Return the cuts as a policy; what is not promised is never accepted."""
        return Policy.from_cuts(self.cuts, self.stratum, self.by_stratum)

    def _cuts_of(self, value: str) -> dict[str, float | None]:
        own = {group.class_name: group.cut for group in self.groups if group.value == value}
        return {name: own.get(ALL_CLASSES, own.get(name)) for name in self.classes}

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-able content."""
        return {
            "max_error": self.max_error,
            "confidence": self.confidence,
            "per": self.per,
            "stratum": self.stratum,
            "cuts": self.cuts,
            "by_stratum": self.by_stratum,
            "promised": self.guaranteed and self.is_random,
            "labelled": self.labelled,
            "unusable": self.unusable,
            "editions": self.editions,
            "more_labels": self.forecast.more if self.forecast else None,
            "forecast": self.forecast.as_dict() if self.forecast else None,
            "left_out": self.left_out,
            "population": self.population.as_dict(),
            "unknown": self.unknown.as_list(),
            "groups": [plain(vars(group)) for group in self.groups],
        }


# --- Thresholds with a promise ----------------------------------------------------------------------------------------
# "with 95 % confidence at most 5 % of the books accepted as Fiction are wrong".


def find_guaranteed_cuts(
    table: pd.DataFrame,
    classes: Sequence[str],
    max_error: float,
    confidence: float = 0.95,
    *,
    per: Literal["class", "together"] = "class",
    stratum: str | None = None,
    alpha: float | None = None,
    band: ErrorBand | None = None,
    forecast_alpha: float | None = None,
    learned_known: bool = False,
    population: PopulationCheck | None = None,
) -> Guarantee:
    """Find the lowest cuts of which it can be promised that few of the accepted are wrong.

    Parameters
    ----------
    table : DataFrame
        ``predicted``, ``confidence``, ``truth`` ('' where unknown), and where known ``leak`` and ``split``. The
        labelled records must be a random sample of the collection and the model must not have learned from them; those
        marked as leaks or as training records are left out.
    classes : sequence of str
    max_error : float
        The share of wrong ones among the accepted that is not to be passed, between 0 and 1.
    confidence : float
        The probability, over draws of the labelled records, that all promises are true.
    per : {'class', 'together'}
        A promise and a cut for each predicted class, or one for all accepted records with one cut whatever the class.
    stratum : str, optional
        A facet, such as 'language': the promise is then kept in each of its values that has enough labelled records;
        the other values go to review. Of a language, or a class in it, of which too few books were checked nothing is
        promised apart, see :class:`core.thresholds.sample.UnknownLanguages`.
    alpha : float, optional
        What may be spent of ``1 - confidence`` on this question, see :mod:`core.alpha_budget`; all of it by default.
    band : ErrorBand, optional
        Of the same table: its limits hold at all cuts together, so that any number of shares may be asked for at its
        one price. The promise is then of the accepted books of this very collection. Not with a stratum.
    learned_known : bool
        Whether it is known from which titles the model learned. It changes no number: without it, what is left out is
        said to be what the model may have learned from.
    population : PopulationCheck, optional
        What :func:`core.thresholds.compare_population` says of the same table; it is called when this is not given, so
        that there is no promise that was not held against the collection.

    Raises
    ------
    InputError
        A share or a confidence that does not lie between 0 and 1, no classes, a band that has no limits for what is
        asked, or no band where records were drawn with chances that differ.

    Notes
    -----
    This is learn-then-test (Angelopoulos et al. 2021) with exact binomial tests and a fallback sequence of cuts, see
    :func:`core.thresholds.fixed_sequence.graphical_procedure` for what is exact. The unit is the title: its editions
    count once, and a record that was looked at without a usable answer counts as wrong
    (:class:`core.thresholds.sample.CheckedSample`).

    References
    ----------
    A. N. Angelopoulos, S. Bates, E. J. Candès, M. I. Jordan, L. Lei (2021), "Learn then test: calibrating predictive
    algorithms to achieve risk control", arXiv 2110.01052.
    Y. Geifman, R. El-Yaniv (2017), "Selective classification for deep neural networks", arXiv 1705.08500 (the kind of
    promise).
    """
    started = time.monotonic()
    names = tuple(classes)
    if not 0 < max_error < 1 or not 0 < confidence < 1:
        raise InputError(
            f"A promise needs a share of errors and a confidence between 0 and 1 (5 per cent is 0.05); {max_error} and"
            f" {confidence} came."
        )
    if not names:
        raise InputError("A promise needs the names of the classes; none came.")
    if band is not None and stratum:
        raise InputError("A band has no limits for each value of a facet: ask without it, as a question of its own.")
    spent = round(1 - confidence, 12) if alpha is None else alpha
    sample = CheckedSample.from_table(table)
    stated = table[CONFIDENCE].to_numpy(dtype=float, na_value=np.nan)
    accepted_at_all = ~np.isnan(stated) & table[PREDICTED].isin(names).to_numpy(dtype=bool)
    usable = sample.drawn & accepted_at_all
    known = table[usable].assign(wrong=sample.wrong[usable], **{CONFIDENCE: sample.confidence[usable]})
    keys, groups = _groups(known, names, per, stratum)
    if band is None and sample.is_weighted:
        raise InputError(
            "The checked books were drawn with chances that differ, so that they do not count alike. Ask for a promise"
            " of the whole, or of the accepted without a facet and with at most four classes."
        )
    # Of the records the sample stands for: those the model learned from would make the share too small.
    confidences = GroupConfidences(table, stated, accepted_at_all & sample.frame, stratum)
    if band is None:
        outcomes = graphical_procedure(groups, max_error, spent)
        uppers = [_exact_upper(outcome) for outcome in outcomes]
    else:
        pairs = [
            _cut_from_band(group, confidences.rising(*key), max_error, _limits(band, key[0]))
            for key, group in zip(keys, groups, strict=True)
        ]
        outcomes, uppers = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    predicted = set(table[PREDICTED].unique())
    never = tuple(name for name in names if name not in predicted)
    unknown = UnknownLanguages.from_table(table, sample, names, stratum)
    group_promises = tuple(
        _group_guarantee(name, value, group, outcome, upper, withheld=unknown.withholds(value, name))
        for (name, value), group, outcome, upper in zip(keys, groups, outcomes, uppers, strict=True)
    )
    checked = population or compare_population(table)
    # What is not a random sample, drawn alike, does not say what others would show.
    forecast = None
    if forecast_alpha is not None and len(known) and not checked.differing and not sample.is_weighted:
        share_of = partial(band_share, n_classes=len(names)) if not stratum and has_band(per, len(names)) else None
        forecast = _forecast(group_promises, groups, confidences, max_error, share_of, forecast_alpha)
    _LOG.info(
        "promised at most %g wrong with confidence %g in %d of %d groups: %d labelled records, %.1f s",
        max_error,
        confidence,
        sum(group.guaranteed for group in group_promises),
        len(group_promises),
        len(known),
        time.monotonic() - started,
    )
    return Guarantee(
        max_error=max_error,
        confidence=confidence,
        per=per,
        stratum=stratum or "",
        classes=names,
        groups=group_promises,
        labelled=len(known),
        unusable=sample.unusable,
        editions=sample.editions,
        left_out=sample.left_out,
        population=checked,
        learned_known=learned_known,
        never_predicted=never,
        unknown=unknown,
        forecast=forecast,
    )


def _forecast(
    promises: Sequence[GroupGuarantee],
    groups: Sequence[SequenceGroup],
    confidences: GroupConfidences,
    max_error: float,
    share_of: Callable[[str], float] | None,
    alpha: float,
) -> LabelForecast | None:
    """Forecast what it takes until all is promised of classes, and of the strata that are no trifle.

    Parameters
    ----------
    share_of : function, optional
        Of the name of a class: which part of alpha it has in a band; None for tests that share alpha evenly.
    """
    labelled = sum(promise.labelled for promise in promises)
    tests = []
    for promise, group in zip(promises, groups, strict=True):
        if promise.withheld or (promise.value and promise.labelled < LEAST_SHARE * labelled):
            continue
        confidence = confidences.rising(promise.class_name, promise.value)[::-1]
        if len(confidence):
            tests.append((promise, group, confidence))
    return forecast_accepted(
        [
            ForecastGroup(
                class_name=promise.class_name,
                value=promise.value,
                checked=group,
                confidence=confidence,
                alpha=alpha * share_of(promise.class_name) if share_of else alpha / len(tests),
                wanted=not promise.guaranteed,
            )
            for promise, group, confidence in tests
        ],
        max_error,
        labelled=labelled,
        records=confidences.count,
        banded=share_of is not None,
    )


def _groups(
    known: pd.DataFrame, names: Sequence[str], per: str, stratum: str | None
) -> tuple[list[tuple[str, str]], list[SequenceGroup]]:
    """Part the labelled records by class and stratum, the largest stratum first; return names and groups."""
    classes = pd.Index(names).get_indexer(pd.Index(known[PREDICTED]))
    stated = known[CONFIDENCE].to_numpy(dtype=float)
    wrong = known["wrong"].to_numpy(dtype=bool)
    codes: NDArray[np.intp] = np.zeros(len(known), dtype=np.intp)
    values: tuple[str, ...] = ("",)
    if stratum is not None:
        codes, values = facet_codes(known, stratum)
    keys, groups = [], []
    for v in np.argsort(-np.bincount(codes, minlength=len(values)), kind="stable").tolist():
        for c, name in enumerate(names) if per == "class" else [(-1, ALL_CLASSES)]:
            mine = (codes == v) & ((classes == c) | (c < 0))
            if stratum is None or mine.any():
                keys.append((name, values[v]))
                groups.append(SequenceGroup.from_records(stated[mine], wrong[mine]))
    return keys, groups


def _limits(band: ErrorBand, name: str) -> ErrorLimits:
    limits = band.limits(name)
    if limits is None:
        raise InputError("There is no band for each class: ask without a band, as a question of its own.")
    return limits


def _cut_from_band(
    group: SequenceGroup, rising: NDArray[np.float64], max_error: float, limits: ErrorLimits
) -> tuple[CutResult, float]:
    """Return the lowest cut above which the limits allow few enough wrong ones, and their share at most.

    Parameters
    ----------
    rising : array
        Confidences of all records of the group, checked or not.
    """
    # Between two wrong checked ones the limit stays and more are accepted: only the lowest place can be the best.
    is_wrong = np.diff(group.errors, prepend=0) > 0
    cuts = np.unique(np.append(group.confidence[is_wrong], 0.0))[::-1]
    accepted = len(rising) - np.searchsorted(rising, cuts, side="right")
    labelled = np.searchsorted(-group.confidence, -cuts, side="left")
    errors = np.where(labelled > 0, group.errors[np.maximum(labelled - 1, 0)], 0) if len(group) else 0 * labelled
    most = np.array([limits.most_left(int(count)) + int(count) for count in errors])
    shares = np.where(accepted > 0, np.minimum(most, accepted) / np.maximum(accepted, 1), np.inf)
    passing = np.flatnonzero(shares <= max_error)
    at = int(passing[-1]) if len(passing) else int(np.argmin(shares))
    cut = None
    if len(passing):
        above = int(np.searchsorted(rising, cuts[at], side="right"))
        cut = short_number(float(cuts[at]), float(rising[above])) if cuts[at] else 0.0
    within = limits.unchecked + np.arange(len(limits.unchecked)) <= max_error * accepted[at] + 1e-9
    allowed = len(within) - 1 if within.all() else int(np.argmin(within)) - 1
    return (
        CutResult(
            cut=cut,
            accepted=int(labelled[at]),
            errors=int(errors[at]),
            level=limits.alpha,
            allowed=allowed,
            tried=len(cuts) if len(group) else 0,
        ),
        float(shares[at]) if len(passing) else math.nan,
    )


def _exact_upper(outcome: CutResult) -> float:
    if outcome.cut is None:
        return math.nan
    return clopper_pearson(outcome.errors, outcome.accepted, 1 - outcome.level, "upper")[1]


def _group_guarantee(
    name: str, value: str, group: SequenceGroup, outcome: CutResult, upper: float, *, withheld: bool
) -> GroupGuarantee:
    return GroupGuarantee(
        class_name=name,
        value=value,
        cut=None if withheld else outcome.cut,
        labelled=len(group),
        accepted=outcome.accepted,
        errors=outcome.errors,
        allowed=outcome.allowed,
        upper=math.nan if withheld else upper,
        level=outcome.level,
        tried=outcome.tried,
        withheld=withheld,
    )
