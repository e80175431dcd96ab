"""The guarantee of the whole: how wrong a collection is once people have done what the machine may not decide."""

import logging
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from core.errors import InputError
from core.formatting import plain
from core.schema import CONFIDENCE, PREDICTED, TRUTH
from core.thresholds.finite_population import ErrorBand, ErrorLimits
from core.thresholds.policy import ALL_CLASSES, Policy
from core.thresholds.population import PopulationCheck, compare_population
from core.thresholds.report import RECORDS_AN_HOUR
from core.thresholds.sample import CheckedSample, UnknownLanguages, above_floors, confidence_floors
from core.thresholds.whole_groups import USEFUL, LabelForecast, Part, WholeGroup, forecast_labels, levels_of, parts_of

__all__ = ["WholeGuarantee", "find_whole_guarantee"]

_LOG = logging.getLogger(__name__)


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
    surest : float
        The share of each predicted class, its surest, which the machine may decide and the sample stands for, up to 1.
    floors : mapping
        Class → confidence up to which people decide, whatever the sample shows; empty where `surest` is 1.
    forecast : LabelForecast, optional
        What it takes until the machine decides a useful share, where it does not yet and that was to be forecast.
    unknown : UnknownLanguages
        Languages, and classes in them, of which nothing is promised apart: people do them.
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
    surest: float = 1.0
    floors: Mapping[str, float] = field(default_factory=dict)
    forecast: LabelForecast | None = None
    unknown: UnknownLanguages = field(default_factory=UnknownLanguages)

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
            "surest": self.surest,
            "floors": dict(self.floors),
            "cuts": self.cuts,
            "by_stratum": self.by_stratum,
            "promised": self.guaranteed,
            "records": self.records,
            "accepted": self.accepted,
            "review": self.review,
            "hours": self.hours,
            "most_wrong": self.most_wrong,
            "labelled": self.labelled,
            "more_labels": self.forecast.more if self.forecast else None,
            "forecast": self.forecast.as_dict() if self.forecast else None,
            "unusable": self.unusable,
            "editions": self.editions,
            "not_drawn": self.not_drawn,
            "left_out": self.left_out,
            "known_chances": self.known_chances,
            "population": self.population.as_dict(),
            "unknown": self.unknown.as_list(),
            "groups": [plain(vars(group)) for group in self.groups],
        }

    def _cuts_of(self, value: str) -> dict[str, float | None]:
        own = {group.class_name: group.cut for group in self.groups if group.value == value}
        cuts = {name: own.get(ALL_CLASSES, own.get(name)) for name in self.classes}
        return {name: cut if cut is None else max(cut, self.floors.get(name, 0.0)) for name, cut in cuts.items()}


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
    surest: float = 1.0,
    band: ErrorBand | None = None,
    forecast_alpha: float | None = None,
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
        A facet in each value of which the share is kept. Of a language, or a class in it, of which too few books were
        checked nothing is promised apart, see :class:`core.thresholds.sample.UnknownLanguages`.
    human_error : float
        How often people label wrongly, 0 to below 1.
    alpha : float, optional
        What may be spent of ``1 - confidence`` on this question, see :mod:`core.alpha_budget`; all of it by default.
    anytime : bool
        Whether it shall hold however often it is asked while labels come in. They must come in random order.
    surest : float
        Share of the surest of each predicted class, above 0 to 1. What is less sure is left to people, and the checked
        records need only be a random sample of the others: labels are worth most there. To be fixed before any label is
        looked at.
    band : ErrorBand, optional
        Of the same table: its limits hold at all cuts together, so that any number of shares may be asked for at its
        one price; `alpha` is then not looked at. Not with a stratum.
    forecast_alpha : float, optional
        What may be spent when it is asked with further checked books. With it, where the machine may decide little or
        nothing, it is forecast how many that takes.

    Raises
    ------
    InputError
        A share or a confidence that does not lie between 0 and 1, no classes, or a band that has no limits for what is
        asked.

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
    :class:`core.thresholds.confidence_sequence.WeightedBet`, which grows with each error as well.
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
    floors = confidence_floors(table, names, surest)
    sample = CheckedSample.from_table(table)
    eligible = above_floors(table.assign(**{CONFIDENCE: sample.confidence}), floors)
    sample = sample.within(eligible)
    # What has no usable prediction, no confidence or too low a one is never accepted: no cut lies below 0.
    stated = np.nan_to_num(table[CONFIDENCE].to_numpy(dtype=float, na_value=np.nan), nan=0.0)
    stated = np.where(eligible & table[PREDICTED].isin(names).to_numpy(dtype=bool), stated, 0.0)
    parts = [
        Part.from_rows(name, value, rows, stated, sample, max_error, human_error, anytime, _limits(band, name, stratum))
        for name, value, rows in parts_of(table, names, per, stratum)
    ]
    unknown = UnknownLanguages.from_table(table, sample, names, stratum)
    accepted = np.zeros(len(table), dtype=bool)
    groups = []
    for part, level in zip(parts, levels_of(parts, spent, anytime=anytime), strict=True):
        withheld = unknown.withholds(part.value, part.class_name)
        cut = part.lowest_cut(level) if level and not withheld else None
        if cut is not None:
            accepted[part.rows] = stated[part.rows] > cut
        groups.append(part.group(cut, level, withheld=withheld))
    _LOG.info(
        "guaranteed at most %g wrong of the whole with confidence %g: %d of %d accepted, %d labelled records, %.1f s",
        max_error,
        confidence,
        int(accepted.sum()),
        len(table),
        int(sample.drawn.sum()),
        time.monotonic() - started,
    )
    checked = _of_known_draw(population or compare_population(table[eligible]), sample)
    # What is not a random sample, drawn alike, does not say what others would show.
    can_forecast = sample.drawn.any() and not checked.differing and not sample.is_weighted
    forecast = None
    if forecast_alpha is not None and can_forecast and accepted.sum() < USEFUL[0] * len(table):
        forecast = forecast_labels(parts, forecast_alpha)
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
        pace=RECORDS_AN_HOUR,
        labelled=int(sample.drawn.sum()),
        unusable=sample.unusable,
        editions=sample.editions,
        not_drawn=sample.not_drawn,
        left_out=sample.left_out,
        population=checked,
        learned_known=learned_known,
        known_chances=sample.has_known_chances,
        weighted=sample.is_weighted,
        anytime=anytime,
        surest=surest,
        floors=floors,
        forecast=forecast,
        unknown=unknown,
    )


def _limits(band: ErrorBand | None, name: str, stratum: str | None) -> ErrorLimits | None:
    if band is None:
        return None
    limits = None if stratum else band.limits(name)
    if limits is None:
        raise InputError("There is no band for what is asked: ask it without a band, as a question of its own.")
    return limits


def _of_known_draw(check: PopulationCheck, sample: CheckedSample) -> PopulationCheck:
    """Return the comparison, without its respects where it is known how the checked records were drawn."""
    return replace(check, aspects=()) if sample.has_known_chances else check
