"""Which labels are suspect, and at which rate in which group, judged by a model that did not see the book."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from core.calibration import CALIBRATION_MINIMUM, Calibration, CalibrationMethod, learn_calibration
from core.classes import match_classes
from core.errors import InputError
from core.evaluation import error_rate_ratio
from core.explain import Explanation, word_contributions
from core.facets import facet_values
from core.models import TrainingData
from core.models.tfidf import TfidfClassifier
from core.progress import Progress, silent
from core.schema import ANNOTATOR, CREATED_AT, LABEL, LABEL_GIVEN, LANGUAGE, RECORD_ID, TITLE, TITLE_KEY
from core.slices.stratified import exact_p, excess
from core.splits import fold_by_title
from core.statistics import MINIMUM_RECORDS, adjust_p, wilson
from core.translation import _, language_name, noop

__all__ = [
    "FALSE_ALARM_RATE",
    "FEWEST_TITLES",
    "GROUPINGS",
    "FoldModel",
    "Memberships",
    "OutOfFoldPredictions",
    "by_label",
    "expected_false_alarms",
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
