"""Thresholds with a promise: "with 95 % confidence at most 5 % of the books accepted as Fiction are wrong"."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.errors import InputError
from core.evaluation.rates import plain
from core.facets import facet_codes
from core.schema import CONFIDENCE, LEAK, PREDICTED, SPLIT, TRUTH
from core.statistics import clopper_pearson, labels_needed
from core.thresholds.curves import TOGETHER
from core.thresholds.policy import Policy
from core.thresholds.promise_words import group_sentence, promise_sentences
from core.thresholds.settle import Group, Settled, labels_estimate, settle

__all__ = ["GroupPromise", "Promise", "promise", "usable_labels"]


@dataclass(frozen=True)
class GroupPromise:
    """What can be promised of the predictions of one class (or of all), everywhere or in one stratum.

    Attributes
    ----------
    class_name : str
        The predicted class, or :data:`core.thresholds.curves.TOGETHER`.
    value : str
        The value of the stratum's facet, '' without strata.
    cut : float or None
        What lies above it is accepted; None when nothing can be promised.
    labelled, accepted, errors : int
        Labelled records with this prediction, those above the cut, and wrong ones among these. Without a cut, the last
        two are those of the main cut that was tried, 0 when none was.
    upper : float
        The exact (Clopper–Pearson) limit of the share wrong among the accepted, at most what is promised; NaN without a
        cut.
    level : float
        The probability with which this promise may be false: its part of the doubt.
    tried : int
        Cuts that were tested.
    labels_at_least : int
        Labelled records, accepted and without an error, below which nothing can be promised at this level.
    labels_estimate : int or None
        Labelled records with this prediction that it will take, at a guess; None when there is a cut, or when the
        surest records are wrong so often that labels alone will not help.
    sentence : str
    """

    class_name: str
    value: str
    cut: float | None
    labelled: int
    accepted: int
    errors: int
    upper: float
    level: float
    tried: int
    labels_at_least: int
    labels_estimate: int | None
    sentence: str

    @property
    def promised(self) -> bool:
        """Whether there is a cut."""
        return self.cut is not None

    @property
    def coverage(self) -> float:
        """Share of the labelled records with this prediction that is accepted, 0 without a cut; NaN without records."""
        if not self.labelled:
            return float("nan")
        return self.accepted / self.labelled if self.promised else 0.0


@dataclass(frozen=True)
class Promise:
    """The promises of all classes, which hold together with the confidence that was asked for.

    Attributes
    ----------
    max_error, confidence : float
    per : {'class', 'together'}
        Whether each class has its own promise and cut, or all share one.
    stratum : str
        Facet in each value of which the promise is kept, '' for none.
    classes : tuple of str
    groups : tuple of GroupPromise
        One a class (or one for all), times the values of the facet that have labelled records.
    labelled, left_out : int
        Labelled records it rests on, and those left out because the model had learned from their titles.
    """

    max_error: float
    confidence: float
    per: Literal["class", "together"]
    stratum: str
    classes: tuple[str, ...]
    groups: tuple[GroupPromise, ...]
    labelled: int
    left_out: int

    @property
    def cuts(self) -> dict[str, float | None]:
        """Class → cut, None where nothing can be promised. With strata, see :attr:`by_stratum`; this is then empty."""
        return {} if self.stratum else self._cuts_of("")

    @property
    def by_stratum(self) -> dict[str, dict[str, float | None]]:
        """Value of the facet → class → cut, for the values in which something is promised; empty without strata."""
        values = {group.value: None for group in self.groups if group.promised and self.stratum}
        return {value: self._cuts_of(value) for value in values}

    @property
    def to_review(self) -> tuple[str, ...]:
        """Values of the facet that have labelled records, but too few or too many wrong ones: they go to review."""
        kept = self.by_stratum
        return tuple(dict.fromkeys(group.value for group in self.groups if self.stratum and group.value not in kept))

    @property
    def promised(self) -> bool:
        """Whether every class can be accepted from some cut on (with strata: somewhere)."""
        named = {group.class_name for group in self.groups if group.promised}
        return TOGETHER in named or (bool(named) and named >= set(self.classes))

    @property
    def reason(self) -> str:
        """Why something could not be promised; '' when everything could."""
        return "" if self.promised else " ".join(group.sentence for group in self.groups if not group.promised)

    @property
    def more_labels(self) -> int | None:
        """Labelled books, drawn at random, that it takes beyond those there are until everything can be promised.

        A guess; 0 when everything is promised, None when labels alone will not help or nothing is known of a group.
        """
        wanted = 0
        for group in self.groups:
            if not group.promised:
                if group.labels_estimate is None:
                    return None
                share = group.labelled / self.labelled
                wanted = max(wanted, math.ceil(max(group.labels_estimate - group.labelled, 0) / share))
        return wanted

    @property
    def sentences(self) -> tuple[str, ...]:
        """What is promised and what is not, in words."""
        return promise_sentences(self)

    def policy(self) -> Policy:
        """Return the cuts as a policy; what is not promised is never accepted."""
        if self.stratum:
            return Policy(
                stratum=self.stratum,
                by_stratum={value: _without_none(cuts) for value, cuts in self.by_stratum.items()},
            )
        return Policy(_without_none(self.cuts))

    def _cuts_of(self, value: str) -> dict[str, float | None]:
        own = {group.class_name: group.cut for group in self.groups if group.value == value}
        return {name: own.get(TOGETHER, own.get(name)) for name in self.classes}

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-able content."""
        return {
            "max_error": self.max_error,
            "confidence": self.confidence,
            "per": self.per,
            "stratum": self.stratum,
            "cuts": self.cuts,
            "by_stratum": self.by_stratum,
            "promised": self.promised,
            "reason": self.reason,
            "labelled": self.labelled,
            "more_labels": self.more_labels,
            "left_out": self.left_out,
            "sentence": " ".join(self.sentences),
            "groups": [{name: plain(value) for name, value in vars(group).items()} for group in self.groups],
        }


def promise(
    table: pd.DataFrame,
    classes: Sequence[str],
    max_error: float,
    confidence: float = 0.95,
    *,
    per: Literal["class", "together"] = "class",
    stratum: str | None = None,
) -> Promise:
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
        the other values go to review.

    Returns
    -------
    Promise

    Raises
    ------
    InputError
        A share or a confidence that does not lie between 0 and 1, or no classes.

    Notes
    -----
    This is learn-then-test (Angelopoulos et al. 2021) with exact binomial tests and a fallback sequence of cuts, see
    :func:`core.thresholds.settle.settle` for what is exact. The unit is the record: many editions of one title among
    the labelled records say less than as many different titles.

    References
    ----------
    A. N. Angelopoulos, S. Bates, E. J. Candès, M. I. Jordan, L. Lei (2021), "Learn then test: calibrating predictive
    algorithms to achieve risk control", arXiv 2110.01052.
    Y. Geifman, R. El-Yaniv (2017), "Selective classification for deep neural networks", arXiv 1705.08500 (the kind of
    promise).
    """
    names = tuple(classes)
    if not 0 < max_error < 1 or not 0 < confidence < 1:
        raise InputError(
            f"A promise needs a share of errors and a confidence between 0 and 1 (5 per cent is 0.05); {max_error} and"
            f" {confidence} came."
        )
    if not names:
        raise InputError("A promise needs the names of the classes; none came.")
    usable, left_out = usable_labels(table)
    known = table[usable & table[PREDICTED].isin(names).to_numpy(dtype=bool)]
    keys, groups = _groups(known, names, per, stratum)
    settled = settle(groups, max_error, round(1 - confidence, 12))
    made = tuple(
        _told(name, value, group, outcome, max_error, confidence, stratum or "")
        for (name, value), group, outcome in zip(keys, groups, settled, strict=True)
    )
    return Promise(max_error, confidence, per, stratum or "", names, made, len(known), left_out)


def usable_labels(table: pd.DataFrame) -> tuple[NDArray[np.bool_], int]:
    """Say which labelled records a promise may rest on, and how many are left out as learned from.

    A record is usable when its truth and its confidence are known, it is no training record, and its title is not among
    those the model learned from.
    """
    known = ~np.isnan(table[CONFIDENCE].to_numpy(dtype=float, na_value=np.nan))
    labelled = known & (table[TRUTH] != "").to_numpy(dtype=bool)
    learned = np.zeros(len(table), dtype=bool)
    if LEAK in table:
        learned |= table[LEAK].to_numpy(dtype=bool)
    if SPLIT in table:
        learned |= (table[SPLIT] == "train").to_numpy(dtype=bool)
    return labelled & ~learned, int((labelled & learned).sum())


def _groups(
    known: pd.DataFrame, names: Sequence[str], per: str, stratum: str | None
) -> tuple[list[tuple[str, str]], list[Group]]:
    """Part the labelled records by class and stratum, the largest stratum first; return names and groups."""
    classes = pd.Index(names).get_indexer(pd.Index(known[PREDICTED]))
    stated = known[CONFIDENCE].to_numpy(dtype=float)
    wrong = (known[PREDICTED] != known[TRUTH]).to_numpy(dtype=bool)
    codes: NDArray[np.intp] = np.zeros(len(known), dtype=np.intp)
    values: tuple[str, ...] = ("",)
    if stratum is not None:
        codes, values = facet_codes(known, stratum)
    keys, groups = [], []
    for v in np.argsort(-np.bincount(codes, minlength=len(values)), kind="stable").tolist():
        for c, name in enumerate(names) if per == "class" else [(-1, TOGETHER)]:
            mine = (codes == v) & ((classes == c) | (c < 0))
            if stratum is None or mine.any():
                keys.append((name, values[v]))
                groups.append(Group.of(stated[mine], wrong[mine]))
    return keys, groups


def _told(
    name: str, value: str, group: Group, outcome: Settled, max_error: float, confidence: float, stratum: str
) -> GroupPromise:
    kept = outcome.cut is not None
    upper = float("nan")
    if kept:
        upper = clopper_pearson(outcome.errors, outcome.accepted, 1 - outcome.level, "upper")[1]
    at_least = labels_needed(max_error, 1 - outcome.level)
    estimate = None if kept or not len(group) else labels_estimate(group, max_error, outcome.level)
    return GroupPromise(
        name,
        value,
        outcome.cut,
        len(group),
        outcome.accepted,
        outcome.errors,
        upper,
        outcome.level,
        outcome.tried,
        at_least,
        estimate,
        group_sentence(name, value, stratum, len(group), outcome, max_error, confidence, at_least, estimate),
    )


def _without_none(cuts: Mapping[str, float | None]) -> dict[str, float]:
    return {name: cut for name, cut in cuts.items() if cut is not None}
