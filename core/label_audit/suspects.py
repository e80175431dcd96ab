"""Which labels are suspect, and at which rate in which group, judged by a model that did not see the book."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from core.calibration import CALIBRATION_MINIMUM, Calibration, CalibrationMethod, learn_calibration
from core.classes import match_classes
from core.draws import fold_by_title
from core.errors import InputError
from core.evaluation import error_rate_ratio
from core.explain import Explanation, word_contributions
from core.facets import facet_values
from core.formatting import plain
from core.models import TrainingData
from core.models.tfidf import TfidfClassifier
from core.progress import Progress, silent
from core.schema import ANNOTATOR, CREATED_AT, LABEL, LABEL_GIVEN, LANGUAGE, RECORD_ID, TITLE, TITLE_KEY
from core.slices.stratified import exact_p, excess
from core.statistics import MINIMUM_RECORDS, adjust_p, wilson
from core.translation import _, language_name, noop

__all__ = [
    "FALSE_ALARM_RATE",
    "FEWEST_TITLES",
    "GROUPINGS",
    "FoldModel",
    "Memberships",
    "OutOfFoldPredictions",
    "SuspectGroup",
    "by_label",
    "expected_false_alarms",
    "find_suspect_groups",
    "group_phrase",
    "group_rates",
    "memberships",
    "predict_out_of_fold",
    "rank_labels",
    "shown_value",
    "threshold_for",
]


# --- Rates of suspect labels by annotator -----------------------------------------------------------------------------
# Rates of suspect labels by annotator, language and month of annotation, each against all other books.


MONTH: Final = "month"
GROUPINGS: Final[Mapping[str, str]] = {
    ANNOTATOR: noop("annotator"),
    LANGUAGE: noop("language"),
    MONTH: noop("month of annotation"),
}
NO_ANNOTATOR, UNDATED = noop("no annotator named"), noop("no date")
GROUPS_COLUMNS = (
    "by", "value", "n", "suspects", "contradicted", "suspect_rate", "low", "high", "ratio",
    "adjusted_ratio", "adjusted_low", "adjusted_high", "p", "p_adjusted",
)  # fmt: skip
_READ_AS_NUMBER = re.compile(r"(\d+)\.0")
_ISO_MONTH = re.compile(r"^\s*(\d{4})-(\d{2})\b")

GroupKey = tuple[str, str]


@dataclass(frozen=True)
class Memberships:
    """Which books belong to which group.

    Attributes
    ----------
    members : mapping
        (by, value) → bool array, one entry a book. A book that several people (or months) stand beside belongs to each.
    several : mapping
        By → how many books belong to more than one of its groups.
    """

    members: Mapping[GroupKey, NDArray[np.bool_]]
    several: Mapping[str, int]


def memberships(books: pd.DataFrame, annotations: pd.DataFrame) -> Memberships:
    """Say which books belong to which annotator, language and month of annotation.

    Parameters
    ----------
    books : DataFrame
        One row a book: ``record_id``, ``label``, records columns.
    annotations : DataFrame
        One row an annotation: ``record_id``, ``label_given``, ``annotator``, ``created_at``. Only rows that gave the
        book's label count: nobody answers for a label that another gave. A book counts once for each annotator.

    Returns
    -------
    Memberships
        Without a by that the file says nothing about, or that has one value only.
    """
    place = pd.Series(np.arange(len(books)), index=books[RECORD_ID].to_numpy())
    rows = annotations[annotations[RECORD_ID].isin(place.index)]
    spelled = match_classes(rows[LABEL_GIVEN]).class_by_answer
    book = place.reindex(rows[RECORD_ID]).to_numpy(dtype=np.int64)
    gave = rows[LABEL_GIVEN].map(lambda answer: spelled.get(answer, "")).to_numpy(dtype=object)
    gave = gave == books[LABEL].to_numpy(dtype=object)[book]
    book, rows = book[gave], rows[gave]
    names = {
        ANNOTATOR: (book, rows[ANNOTATOR].replace("", NO_ANNOTATOR).to_numpy(dtype=object), NO_ANNOTATOR),
        LANGUAGE: (np.arange(len(books)), facet_values(books, LANGUAGE).to_numpy(dtype=object), ""),
        MONTH: (book, rows[CREATED_AT].map(_month).to_numpy(dtype=object), UNDATED),
    }
    members: dict[GroupKey, NDArray[np.bool_]] = {}
    several = {}
    for by, (positions, values, missing) in names.items():
        different = sorted({str(value) for value in values})
        if len(different) < 2 or set(different) == {missing}:
            continue
        count = np.zeros(len(books), dtype=np.int64)
        for value in different:
            mask = np.zeros(len(books), dtype=bool)
            mask[positions[values == value]] = True
            members[by, value] = mask
            count += mask
        several[by] = int((count > 1).sum())
    return Memberships(members, several)


def _month(moment: str) -> str:
    match = _ISO_MONTH.match(moment)
    return f"{match[1]}-{match[2]}" if match and 1 <= int(match[2]) <= 12 else UNDATED


def by_label(labels: NDArray[np.int64], chosen: NDArray[np.bool_], k: int) -> NDArray[np.int64]:
    """Count books by the label they were given, shape (k,)."""
    return np.bincount(labels[chosen], minlength=k)


def group_rates(
    groups: Memberships,
    suspect: NDArray[np.bool_],
    labels: NDArray[np.int64],
    contradicted: NDArray[np.bool_] | None = None,
) -> pd.DataFrame:
    """Return the rate of suspect labels of each group.

    Parameters
    ----------
    suspect : bool array, shape (n_books,)
    labels : int array, shape (n_books,)
        Position of the class that was given.
    contradicted : bool array, optional
        Books whose title suggests another class, however slightly; without it those that are suspect.

    Returns
    -------
    DataFrame
        ``by``, ``value``, ``n``, ``suspects``, ``contradicted``; ``suspect_rate`` with ``low`` and ``high`` (Wilson,
        95 per cent); ``ratio`` to the rate of all other books; ``adjusted_ratio`` with its 95 % interval: the suspects
        divided by those to be expected if each class of label were suspect as often as elsewhere; ``p``: exact, books
        with the same label compared (Birch 1964); ``p_adjusted``: for all groups together, by Holm, so that a group
        is called out of line by chance in at most 5 of 100 label sets. Groups below ten books have counts only. The
        most out of line first.
    """
    k = int(labels.max()) + 1 if len(labels) else 0
    all_n, all_s = by_label(labels, np.ones(len(labels), dtype=bool), k), by_label(labels, suspect, k)
    total, n_books = int(suspect.sum()), len(labels)
    against = suspect if contradicted is None else contradicted
    rows = []
    for (by, value), mask in groups.members.items():
        n, s = int(mask.sum()), int((mask & suspect).sum())
        row: dict[str, object] = {"by": by, "value": value, "n": n, "suspects": s}
        row["contradicted"] = int((mask & against).sum())
        if n >= MINIMUM_RECORDS:
            own_n, own_s = by_label(labels, mask, k), by_label(labels, mask & suspect, k)
            comparison = excess(own_n, own_s, all_n, all_s)
            low, high = wilson(s, n)
            row |= {
                "suspect_rate": s / n,
                "low": low,
                "high": high,
                "ratio": error_rate_ratio(s, n, total, n_books),
                "adjusted_ratio": comparison.ratio,
                "adjusted_low": comparison.low,
                "adjusted_high": comparison.high,
                "p": exact_p(own_n, own_s, all_n, all_s),
            }
        rows.append(row)
    table = pd.DataFrame(rows, columns=list(GROUPS_COLUMNS))
    numbers = [name for name in GROUPS_COLUMNS if name not in ("by", "value", "n", "suspects", "contradicted")]
    table = table.astype({"by": "str", "value": "str", **dict.fromkeys(numbers, float)})
    table["p_adjusted"] = adjust_p(table["p"].to_numpy(), "holm")
    return table.sort_values(["p", "n", "value"], ascending=[True, False, True], ignore_index=True)


def group_phrase(group: GroupKey) -> str:
    """Name a group in a sentence.

    >>> group_phrase(("annotator", "2.0")), group_phrase(("language", "Dutch")), group_phrase(("month", "2020-09"))
    ('annotator 2', 'Dutch', '2020-09')
    """
    by, value = group
    if by == ANNOTATOR and value != NO_ANNOTATOR:
        return _("annotator {name}", name=shown_value(group))
    return language_name(value) if by == LANGUAGE else _(value)


def shown_value(group: GroupKey) -> str:
    """Return how people call a group: an annotator's number without the ``.0`` that a program has put behind it.

    What is kept and compared is the value as the file has it.

    >>> shown_value(("annotator", "2.0")), shown_value(("annotator", "2.5")), shown_value(("language", "2.0"))
    ('2', '2.5', '2.0')
    """
    by, value = group
    number = _READ_AS_NUMBER.fullmatch(value) if by == ANNOTATOR else None
    return number[1] if number else value


# --- Which labels are suspect -----------------------------------------------------------------------------------------
# The title speaks against them more clearly than a stated share of right labels would show.
# A label's *score* is the probability that it is another class, as a calibrated model sees it that has not seen the
# book. A label is suspect when its score is above a cut and another class is more probable. The cut is the lowest that
# keeps a stated rate of false alarm: the share of right labels that are called suspect.
#
# If all labels were right, and drawn from what the calibrated model says of each title, a book would be called suspect
# with the probability of its classes that are beyond the cut; their mean is the rate of false alarm. The calibration
# was learned on the labels as they are, wrong ones among them, so that the true rate is lower rather than higher.


FALSE_ALARM_RATE = 0.03


def expected_false_alarms(probabilities: ArrayLike, cut: float) -> float:
    """Return how many right labels would be called suspect, if all labels were right.

    Parameters
    ----------
    probabilities : array, shape (n, k)
        Calibrated and out of fold.
    cut : float
        A label is suspect when its score (1 − its probability) is at least this, 0 to 1.

    Examples
    --------
    >>> round(expected_false_alarms([[0.95, 0.05], [0.6, 0.4]], 0.9), 3)
    0.05
    """
    given = np.asarray(probabilities, dtype=float)
    return float(given[_below(given, cut)].sum())


def threshold_for(probabilities: ArrayLike, false_alarm: float = FALSE_ALARM_RATE) -> float:
    """Return the lowest cut on the score that keeps the rate of false alarm.

    Parameters
    ----------
    probabilities : array, shape (n, k)
    false_alarm : float
        Share of right labels that may be called suspect, 0 to 1 (exclusive).

    Returns
    -------
    float
        0.5 to 1; 1 calls only impossible labels suspect.

    Raises
    ------
    InputError
        A rate that is not between 0 and 1.

    Examples
    --------
    >>> round(threshold_for([[0.95, 0.05], [0.7, 0.3], [0.01, 0.99], [0.5, 0.5]], 0.02), 2)
    0.95
    """
    if not 0 < false_alarm < 1:
        raise InputError(f"A rate of false alarm lies between 0 and 1 (3 per cent is 0.03); {false_alarm} came.")
    given = np.asarray(probabilities, dtype=float)
    unlikely = np.sort(given[_below(given, 0.5)])
    allowed = false_alarm * len(given)
    n_suspects = np.searchsorted(np.cumsum(unlikely), allowed, side="right")
    # Equal probabilities stand or fall together.
    while 0 < n_suspects < len(unlikely) and unlikely[n_suspects] == unlikely[n_suspects - 1]:
        n_suspects -= 1
    return float(1 - unlikely[n_suspects - 1]) if n_suspects else 1.0


def rank_labels(
    probabilities: ArrayLike, given: ArrayLike, cut: float
) -> tuple[NDArray[np.float64], NDArray[np.intp], NDArray[np.bool_]]:
    """Return the score of each label, the class the title suggests, and whether the label is suspect.

    Parameters
    ----------
    probabilities : array, shape (n, k)
    given : array of int, shape (n,)
        Position of the class that people gave.
    cut : float

    Returns
    -------
    score, suggested, suspect
        0 (the title agrees) to 1; position of the likeliest class; where it is the given one a label is never suspect.
    """
    class_probabilities, codes = np.asarray(probabilities, dtype=float), np.asarray(given, dtype=np.int64)
    rows = np.arange(len(class_probabilities))
    suggested = class_probabilities.argmax(axis=1)
    suspect = _below(class_probabilities, cut)[rows, codes]
    return 1 - class_probabilities[rows, codes], suggested, suspect


def _below(probabilities: NDArray[np.float64], cut: float) -> NDArray[np.bool_]:
    low = probabilities <= 1 - cut + 1e-12
    likeliest = probabilities.argmax(axis=1)[:, None] == np.arange(probabilities.shape[1])
    return np.asarray(low & ~likeliest)


# --- What a model that has not seen a book (nor another edition of it) says of its label ------------------------------


# With fewer titles of a class, some fold would have to judge it without an example.
FEWEST_TITLES = 5
FOLDS = 5


@dataclass(frozen=True)
class FoldModel:
    """A classifier trained on all folds but one, with a calibration learned on those; :mod:`core.explain` takes it."""

    classes: tuple[str, ...]
    classifier: TfidfClassifier
    calibration: Calibration
    title_only_calibration: Calibration | None = None


@dataclass(frozen=True, kw_only=True)
class OutOfFoldPredictions:
    """Out-of-fold probabilities of labelled books.

    Attributes
    ----------
    classes : tuple of str, length k
    probabilities : array, shape (n, k)
        Calibrated; rows sum to 1. Neither the classifier nor the calibration of a book has seen its label.
    fold : int array, shape (n,)
    models : tuple of FoldModel
        One a fold.
    calibrated : bool
        False where there are too few books to calibrate: then the probabilities are often too sure.
    """

    classes: tuple[str, ...]
    probabilities: NDArray[np.float64]
    fold: NDArray[np.int64]
    models: tuple[FoldModel, ...]
    calibrated: bool

    def words(self, row: int, title: str, class_name: str) -> Explanation:
        """Return what each word of a book's title speaks for, to the model that has not seen the book."""
        return word_contributions(self.models[int(self.fold[row])], title, class_name)


def predict_out_of_fold(
    books: pd.DataFrame, classes: tuple[str, ...], *, seed: int = 0, progress: Progress = silent
) -> OutOfFoldPredictions:
    """Train on all folds but one, in turn, and let each model judge the titles of the fold it has not seen.

    Parameters
    ----------
    books : DataFrame, n rows
        ``title``, ``title_key``, ``label``; every label is one of `classes`. Equal titles are in one fold.
    classes : tuple of str
        At least two, each with at least :data:`FEWEST_TITLES` different titles.
    seed : int
        Decides the folds.

    Returns
    -------
    OutOfFoldPredictions
        Seconds for some thousand titles; nothing is saved.

    Raises
    ------
    InputError
        Fewer than two classes.
    """
    if len(classes) < 2:
        available = f"only '{classes[0]}'" if classes else "none"
        raise InputError(
            f"Labels can be audited where at least two classes have {FEWEST_TITLES} titles each; there is {available}."
        )
    fold = fold_by_title(books[TITLE_KEY], books[LABEL], folds=FOLDS, seed=seed)
    labels = books[LABEL].to_numpy(dtype=object)
    titles = books[TITLE].to_numpy(dtype=object)
    scores = np.full((len(books), len(classes)), np.nan)
    classifiers = []
    for number in range(FOLDS):
        progress(number / (FOLDS + 1), f"Judging the titles of part {number + 1} of {FOLDS}")
        here = fold == number
        classifiers.append(TfidfClassifier.train(_data(titles[~here], labels[~here], classes), seed=seed))
        scores[here] = classifiers[-1].predict_probabilities(titles[here].tolist())
    calibrated = len(books) >= 2 * CALIBRATION_MINIMUM["temperature"]
    method: CalibrationMethod = "temperature" if calibrated else "none"
    probabilities = np.empty_like(scores)
    models = []
    for number, classifier in enumerate(classifiers):
        here = fold == number
        learned_from = "out-of-fold probabilities of the other folds"
        calibration = learn_calibration(method, scores[~here], labels[~here], classes, learned_from=learned_from)
        probabilities[here] = calibration.apply(scores[here])
        models.append(FoldModel(classes, classifier, calibration))
    progress(1.0, "Judged")
    return OutOfFoldPredictions(
        classes=classes, probabilities=probabilities, fold=fold, models=tuple(models), calibrated=calibrated
    )


def _data(titles: NDArray[np.object_], labels: NDArray[np.object_], classes: tuple[str, ...]) -> TrainingData:
    targets = (labels[:, None] == np.array(classes, dtype=object)).astype(np.float64)
    return TrainingData(titles=titles.tolist(), targets=targets, weights=np.ones(len(titles)), classes=classes)


# --- Is it the annotator or the language? Groups that are out of line, told apart where the books allow it ------------
#
# A group *stands* when it is out of line also among the books that belong to no out-of-line group of the other kind:
# the annotator outside the language, the language outside the annotator. Where it is not, although there are books
# enough to see it, its suspects come from the other group: it is *explained*, if the other group stands; if neither
# stands without the other, the two belong *together*. Where hardly any book is outside, nobody can tell, and both are
# named together.

ALPHA: Final = 0.05
# With three suspects to be expected, seeing as few as chance would give is itself unlikely (5 in 100 see none).
_MIN_EXPECTED = 3.0
STANDS, EXPLAINED, TOGETHER = "stands", "explained", "together"
OUTSIDE_AS_WELL, ONLY_WITHIN, UNKNOWN = "outside too", "only within", "too few outside to know"

Rivals = tuple[GroupKey, ...]


@dataclass(frozen=True)
class SuspectGroup:
    """A group whose labels are out of line with the rest, and what it may be confused with.

    Attributes
    ----------
    by, value : str
    n, suspects : int
    ratio : float
        Of its rate to that of all other books.
    status : {'stands', 'together', 'explained'}
        See the module. A group that is explained is no longer out of line and is not pointed at.
    partners : tuple of (by, value)
        The groups it goes together with, or is explained by.
    cells : tuple of dict
        The books of this group within each partner and outside all of them, and the partners' books outside this group:
        ``n``, ``suspects``. :func:`core.wording.evaluation.cell_words` says which books each holds.
    p_adjusted : float
        From :func:`core.label_audit.suspects.group_rates`.
    """

    by: str
    value: str
    n: int
    suspects: int
    ratio: float
    status: str
    partners: tuple[GroupKey, ...]
    cells: tuple[Mapping[str, Any], ...]
    p_adjusted: float

    @property
    def flagged(self) -> bool:
        """Whether people should look at this group's labels again."""
        return self.status != EXPLAINED

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-able content."""
        return {
            "by": self.by,
            "value": self.value,
            "n": self.n,
            "suspects": self.suspects,
            "ratio": plain(self.ratio),
            "status": self.status,
            "partners": [{"by": by, "value": value} for by, value in self.partners],
            "cells": [dict(cell) for cell in self.cells],
            "p_adjusted": self.p_adjusted,
        }


class _Books:
    """The books, and tests between sets of them, those with the same label compared."""

    def __init__(self, suspect: NDArray[np.bool_], labels: NDArray[np.int64]) -> None:
        self.suspect, self.labels = suspect, labels
        self.k = int(labels.max()) + 1 if len(labels) else 0

    def counts(self, chosen: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        return by_label(self.labels, chosen, self.k), by_label(self.labels, chosen & self.suspect, self.k)

    def p(self, part: NDArray[np.bool_], among: NDArray[np.bool_]) -> float:
        return exact_p(*self.counts(part & among), *self.counts(among))

    def expected(self, part: NDArray[np.bool_], among: NDArray[np.bool_]) -> float:
        comparison = excess(*self.counts(part & among), *self.counts(among))
        return 0.0 if np.isnan(comparison.expected) else comparison.expected


def find_suspect_groups(
    table: pd.DataFrame, groups: Memberships, suspect: NDArray[np.bool_], labels: NDArray[np.int64]
) -> tuple[SuspectGroup, ...]:
    """Return the groups that are out of line, those that are pointed at first.

    Parameters
    ----------
    table : DataFrame
        From :func:`core.label_audit.suspects.group_rates`.
    """
    out: dict[GroupKey, dict[str, Any]] = {
        (str(row["by"]), str(row["value"])): {str(key): value for key, value in row.items()}
        for row in table[table["p_adjusted"] <= ALPHA].to_dict("records")
    }
    books = _Books(suspect, labels)
    statuses: dict[GroupKey, tuple[str, Rivals]] = {}
    left = dict(out)
    # What is explained is no rival any more: without it others may be told apart.
    while left:
        new_statuses = _statuses(left, _test_outside(left, groups.members, books), groups.members)
        statuses |= new_statuses
        unexplained = {group: row for group, row in left.items() if new_statuses[group][0] != EXPLAINED}
        if len(unexplained) == len(left):
            break
        left = unexplained
    findings = []
    for group, row in out.items():
        status, partners = statuses[group]
        cells = _cells(group, partners, groups.members, books) if partners else ()
        findings.append(
            SuspectGroup(
                *group,
                int(row["n"]),
                int(row["suspects"]),
                float(row["ratio"]),
                status,
                partners,
                cells,
                float(row["p_adjusted"]),
            )
        )
    order = list(GROUPINGS)
    return tuple(
        sorted(findings, key=lambda finding: (not finding.flagged, order.index(finding.by), finding.p_adjusted))
    )


def _test_outside(
    out: Mapping[GroupKey, Mapping[str, Any]], members: Mapping[GroupKey, NDArray[np.bool_]], books: _Books
) -> dict[tuple[GroupKey, Rivals], str]:
    """Say of each group whether it is out of line outside each rival, and outside all rivals of one kind."""
    pairs: list[tuple[GroupKey, Rivals]] = []
    p: list[float] = []
    enough: list[bool] = []
    for group, row in out.items():
        kinds = [tuple(other for other in out if other[0] == by) for by in GROUPINGS if by != group[0]]
        for rivals in dict.fromkeys([*kinds, *((other,) for kind in kinds for other in kind)]):
            if not rivals:
                continue
            free = ~np.logical_or.reduce([members[other] for other in rivals])
            mine = members[group] & free
            pairs.append((group, rivals))
            p.append(books.p(mine, free))
            ratio = float(row["adjusted_ratio"])
            to_expect = books.expected(mine, free) * (ratio if np.isfinite(ratio) else 1.0)
            enough.append(int(mine.sum()) >= MINIMUM_RECORDS and to_expect >= _MIN_EXPECTED)
    adjusted = adjust_p(p, "holm")
    return {
        pair: OUTSIDE_AS_WELL if adjusted[i] <= ALPHA else (ONLY_WITHIN if enough[i] else UNKNOWN)
        for i, pair in enumerate(pairs)
    }


def _statuses(
    out: Mapping[GroupKey, Mapping[str, Any]],
    relations: Mapping[tuple[GroupKey, Rivals], str],
    members: Mapping[GroupKey, NDArray[np.bool_]],
) -> dict[GroupKey, tuple[str, Rivals]]:
    """Say of each group whether it stands, is explained or belongs together with others, and which those are."""
    held: dict[GroupKey, list[GroupKey]] = {}  # rivals without which a group is not (known to be) out of line
    explained: dict[GroupKey, list[GroupKey]] = {}
    for group in out:
        held[group], explained[group] = [], []
        kind = tuple(other for other in out if other[0] == group[0])
        for by in GROUPINGS:
            rivals = tuple(other for other in out if other[0] == by and by != group[0])
            seen = relations[group, rivals] if rivals else OUTSIDE_AS_WELL
            if seen == OUTSIDE_AS_WELL:
                continue
            touching = [other for other in rivals if (members[other] & members[group]).any()]
            held[group] += touching
            # Where a group is known to be in line outside, a rival that is out of line without it explains it; where
            # nothing is known, only a rival that is so without any group of this kind.
            without = (group,) if seen == ONLY_WITHIN else kind
            explained[group] += [other for other in touching if relations[other, without] == OUTSIDE_AS_WELL]
    # Two groups cannot explain each other: the one that is further out of line explains.
    strength = {group: float(row["p"]) for group, row in out.items()}
    for group in sorted(out, key=lambda item: strength[item]):
        explained[group] = [
            other for other in explained[group] if group not in explained[other] or strength[other] < strength[group]
        ]
    statuses: dict[GroupKey, tuple[str, Rivals]] = {}
    for group in out:
        together = tuple(other for other in held[group] if not explained[other])
        if explained[group]:
            statuses[group] = (EXPLAINED, tuple(explained[group]))
        else:
            statuses[group] = (TOGETHER, together) if together else (STANDS, ())
    return statuses


def _cells(
    group: GroupKey, partners: Sequence[GroupKey], members: Mapping[GroupKey, NDArray[np.bool_]], books: _Books
) -> tuple[dict[str, Any], ...]:
    mine = members[group]

    def cell(mask: NDArray[np.bool_]) -> dict[str, Any]:
        return {"n": int(mask.sum()), "suspects": int((mask & books.suspect).sum())}

    union = np.logical_or.reduce([members[other] for other in partners])
    return (
        *(cell(mine & members[other]) for other in partners),
        cell(mine & ~union),
        *(cell(members[other] & ~mine) for other in partners),
    )
