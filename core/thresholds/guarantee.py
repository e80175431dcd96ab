"""Cuts with a guarantee ("with 95 % confidence at most 5 % of the accepted are wrong"), and its sentences."""

import logging
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.errors import InputError
from core.facets import facet_codes, facet_words
from core.formatting import listed, lower_percent, upper_percent
from core.schema import CONFIDENCE, PREDICTED, TRUTH
from core.statistics import clopper_pearson, labels_needed
from core.text_formats import plain
from core.thresholds.acceptance_rates import ALL_CLASSES
from core.thresholds.fixed_sequence import CutResult, SequenceGroup, graphical_procedure, labels_estimate
from core.thresholds.policy import Policy
from core.thresholds.population import PopulationCheck, compare_population, usable_labels

__all__ = [
    "GroupGuarantee",
    "Guarantee",
    "find_guaranteed_cuts",
    "group_sentence",
    "never_predicted_sentence",
    "promise_sentences",
    "remedy_sentence",
]

_LOG = logging.getLogger(__name__)

# --- What a promise says to a curator: what holds, what does not and why, when not to believe it ----------------------


def group_sentence(
    class_name: str,
    value: str,
    stratum: str,
    labelled: int,
    outcome: CutResult,
    max_error: float,
    confidence: float,
    at_least: int,
    estimate: int | None,
) -> str:
    """Say what is promised of one group, or why nothing is and what it would take."""
    books = facet_words(stratum, value) if stratum else "books"
    if outcome.cut is not None:
        accepted = f"accepted {books}" if class_name == ALL_CLASSES else f"{books} accepted as {class_name}"
        cut = np.format_float_positional(outcome.cut, trim="-")
        return (
            f"With {lower_percent(confidence)} confidence at most {upper_percent(max_error)} of the {accepted} are"
            f" wrong (cut {cut}; {outcome.errors:,} of {outcome.accepted:,} labelled ones above it are wrong)."
        )
    what = f"{books} predicted to be {class_name}"
    if class_name == ALL_CLASSES:
        what = f"{books}, all classes together"
    limit = f"at most {upper_percent(max_error)} wrong"
    if not outcome.tried:
        return (
            f"Nothing can be promised for {what}: {limit} needs at least {at_least:,} labelled ones without an error"
            f" above a cut, and only {labelled:,} {_is_or_are(labelled)}"
            f" labelled.{_labels_needed_sentence(labelled, estimate)}"
        )
    return (
        f"Nothing can be promised for {what}: of the {outcome.accepted:,} surest labelled ones {outcome.errors:,}"
        f" {_is_or_are(outcome.errors)} wrong, and {limit} allows"
        f" {max(outcome.allowed, 0):,}.{_labels_needed_sentence(labelled, estimate)}"
    )


def never_predicted_sentence(class_name: str) -> str:
    """Say that there is nothing to promise of a class."""
    return f"The model calls no book {class_name}: there is nothing to promise of it, and it takes nothing from others."


def remedy_sentence(hopeless: Sequence[str], more: int, unlabelled: int) -> tuple[str, ...]:
    """Say what it would take until the promise can be given.

    Parameters
    ----------
    unattainable : sequence of str
        Names of the groups for which labels alone will not help.
    more : int
        Further labelled books for the other groups that were refused, at a guess; 0 when there are no such groups.
    unlabelled : int
        Books of the collection that nobody has labelled.
    """
    sentences = []
    if hopeless:
        sentences.append(
            f"For {listed(hopeless)} more labels alone will not help: the surest predictions are wrong too often. Train"
            " a better model, or promise less."
        )
    if more > unlabelled:
        sentences.append(
            f"At a guess it would take {more:,} more labelled books, and only {unlabelled:,} are unlabelled: this"
            " collection is too small for that promise. Promise less, or train a better model."
        )
    elif more:
        sentences.append(
            f"What would help: about {more:,} more labelled books, drawn at random from the collection (spread over the"
            " predicted classes)."
        )
    return tuple(sentences)


def _labels_needed_sentence(labelled: int, estimate: int | None) -> str:
    if not labelled:
        return ""
    if estimate is None:
        return (
            " Even the surest are wrong too often for that, as far as these labels show: more labels alone will not"
            " help, a better model or a looser promise may."
        )
    if estimate <= labelled:
        return " That was close: some more labelled ones may do."
    return f" At a guess it takes {estimate:,} labelled ones, {estimate - labelled:,} more than there are."


def promise_sentences(
    guaranteed: Sequence[str],
    refused: Sequence[tuple[str, str]],
    *,
    stratum: str,
    confidence: float,
    labelled: int,
    left_out: int,
    learned_known: bool,
) -> tuple[str, ...]:
    """Say what is promised, what is not, and on what it rests.

    Parameters
    ----------
    guaranteed : sequence of str
        The sentences of the groups of which something is promised.
    refused : sequence of (str, str)
        Value of the stratum's facet and sentence of the other groups.
    stratum : str
        Facet in each value of which the promise is kept, '' for none.
    confidence : float
        With which all of it holds together, 0 to 1.
    labelled, left_out : int
        Labelled books it rests on, and those left out for what the model learned.
    learned_known : bool
        Whether it is known from which titles the model learned.
    """
    sentences = list(guaranteed)
    if len(sentences) > 1:
        sentences.append(f"All of this holds together with {lower_percent(confidence)} confidence.")
    if stratum and len(refused) > 3:
        words = list(dict.fromkeys(facet_words(stratum, value) for value, _ in refused))
        shown = listed([*words[:5], f"{len(words) - 5:,} other groups"] if len(words) > 5 else words)
        sentences.append(f"Nothing, or not everything, can be promised for {shown}: what has no cut goes to review.")
    else:
        sentences += [sentence for _, sentence in refused]
    rests = f"It rests on {labelled:,} labelled books"
    if left_out:
        learned = "learned" if learned_known else "learned, or may have learned,"
        rests += f"; {left_out:,} others are left out because the model {learned} from their titles"
    return (*sentences, f"{rests}, and holds for a collection of which they are a random sample.")


def _is_or_are(count: int) -> str:
    return "is" if count == 1 else "are"


# --- What was promised: of each class, of all of them together, and what follows for the cuts -------------------------


@dataclass(frozen=True, kw_only=True)
class GroupGuarantee:
    """What can be promised of the predictions of one class (or of all), everywhere or in one stratum.

    Attributes
    ----------
    class_name : str
        The predicted class, or :data:`core.thresholds.acceptance_rates.ALL_CLASSES`.
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
        The probability with which this promise may be false: its part of alpha.
    tried : int
        Cuts that were tested.
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
    labels_estimate: int | None
    sentence: str

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
    labelled, left_out : int
        Labelled records it rests on, and those left out because the model learned, or may have learned, from their
        titles.
    population : PopulationCheck
        Whether the labelled records are like the collection; its warning stands beside the promise everywhere.
    learned_known : bool
        Whether it is known from which titles the model learned; if not, all it may have learned from are left out.
    never_predicted : tuple of str
        Classes that the model calls no book at all: there is nothing to promise of them, and nothing is broken.
    """

    max_error: float
    confidence: float
    per: Literal["class", "together"]
    stratum: str
    classes: tuple[str, ...]
    groups: tuple[GroupGuarantee, ...]
    labelled: int
    left_out: int
    population: PopulationCheck
    learned_known: bool = False
    never_predicted: tuple[str, ...] = ()

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
    def reason(self) -> str:
        """Why something could not be promised; '' when everything could."""
        return "" if self.guaranteed else " ".join(group.sentence for group in self.refused)

    @property
    def refused(self) -> tuple[GroupGuarantee, ...]:
        """The groups of which something could have been promised and was not."""
        return tuple(
            group for group in self.groups if not group.guaranteed and group.class_name not in self.never_predicted
        )

    @property
    def unattainable(self) -> tuple[GroupGuarantee, ...]:
        """The refused groups for which labels alone will not help."""
        return tuple(group for group in self.refused if group.labelled and group.labels_estimate is None)

    @property
    def missing_labels(self) -> int | None:
        """Labelled books, drawn at random, that it takes beyond those there are until everything can be promised.

        A guess; 0 when everything is promised, None when labels alone will not help or nothing is known of a group.
        """
        return None if any(group.labels_estimate is None for group in self.refused) else self.helpful_labels

    @property
    def helpful_labels(self) -> int:
        """The same for the refused groups that labels can help, whatever becomes of the others; 0 without any."""
        wanted = 0
        for group in self.refused:
            if group.labels_estimate is not None:
                share = group.labelled / self.labelled
                wanted = max(wanted, math.ceil(max(group.labels_estimate - group.labelled, 0) / share))
        return wanted

    @property
    def sentences(self) -> tuple[str, ...]:
        """What is promised and what is not, in words."""
        return promise_sentences(
            [group.sentence for group in self.groups if group.guaranteed],
            [(group.value, group.sentence) for group in self.groups if not group.guaranteed],
            stratum=self.stratum,
            confidence=self.confidence,
            labelled=self.labelled,
            left_out=self.left_out,
            learned_known=self.learned_known,
        )

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
            "promised": self.guaranteed,
            "reason": self.reason,
            "labelled": self.labelled,
            "more_labels": self.missing_labels,
            "left_out": self.left_out,
            # Whoever repeats the promise repeats the warning: a report, a README, a manifest.
            "sentence": " ".join([*self.sentences, *self.population.warnings]),
            "warnings": list(self.population.warnings),
            "population": self.population.as_dict(),
            "groups": [plain(vars(group)) for group in self.groups],
        }


def _without_none(cuts: Mapping[str, float | None]) -> dict[str, float]:
    return {name: cut for name, cut in cuts.items() if cut is not None}


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
        the other values go to review.
    learned_known : bool
        Whether it is known from which titles the model learned. It changes no number: without it, what is left out is
        said to be what the model may have learned from.
    population : PopulationCheck, optional
        What :func:`core.thresholds.compare_population` says of the same table; it is called when this is not given, so
        that there is no promise that was not held against the collection.

    Returns
    -------
    Guarantee

    Raises
    ------
    InputError
        A share or a confidence that does not lie between 0 and 1, or no classes.

    Notes
    -----
    This is learn-then-test (Angelopoulos et al. 2021) with exact binomial tests and a fallback sequence of cuts, see
    :func:`core.thresholds.fixed_sequence.graphical_procedure` for what is exact. The unit is the record: many editions
    of one title among the labelled records say less than as many different titles.

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
    usable, left_out = usable_labels(table)
    known = table[usable & table[PREDICTED].isin(names).to_numpy(dtype=bool)]
    keys, groups = _groups(known, names, per, stratum)
    outcomes = graphical_procedure(groups, max_error, round(1 - confidence, 12))
    predicted = set(table[PREDICTED].unique())
    never = tuple(name for name in names if name not in predicted)
    group_promises = tuple(
        _group_guarantee(
            name,
            value,
            group=group,
            outcome=outcome,
            max_error=max_error,
            confidence=confidence,
            stratum=stratum or "",
            never=name in never,
        )
        for (name, value), group, outcome in zip(keys, groups, outcomes, strict=True)
    )
    checked = population or compare_population(table)
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
        left_out=left_out,
        population=checked,
        learned_known=learned_known,
        never_predicted=never,
    )


def _groups(
    known: pd.DataFrame, names: Sequence[str], per: str, stratum: str | None
) -> tuple[list[tuple[str, str]], list[SequenceGroup]]:
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
        for c, name in enumerate(names) if per == "class" else [(-1, ALL_CLASSES)]:
            mine = (codes == v) & ((classes == c) | (c < 0))
            if stratum is None or mine.any():
                keys.append((name, values[v]))
                groups.append(SequenceGroup.from_records(stated[mine], wrong[mine]))
    return keys, groups


def _group_guarantee(
    name: str,
    value: str,
    group: SequenceGroup,
    outcome: CutResult,
    max_error: float,
    confidence: float,
    stratum: str,
    *,
    never: bool,
) -> GroupGuarantee:
    guaranteed = outcome.cut is not None
    upper = float("nan")
    if guaranteed:
        upper = clopper_pearson(outcome.errors, outcome.accepted, 1 - outcome.level, "upper")[1]
    at_least = labels_needed(max_error, 1 - outcome.level)
    estimate = None if guaranteed or not len(group) else labels_estimate(group, max_error, outcome.level)
    return GroupGuarantee(
        class_name=name,
        value=value,
        cut=outcome.cut,
        labelled=len(group),
        accepted=outcome.accepted,
        errors=outcome.errors,
        upper=upper,
        level=outcome.level,
        tried=outcome.tried,
        labels_estimate=estimate,
        sentence=(
            never_predicted_sentence(name)
            if never
            else group_sentence(
                name,
                value,
                stratum=stratum,
                labelled=len(group),
                outcome=outcome,
                max_error=max_error,
                confidence=confidence,
                at_least=at_least,
                estimate=estimate,
            )
        ),
    )
