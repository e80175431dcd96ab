"""The evaluation of a set of predictions: verdict, surest mistakes, and calibration before and after."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.calibration import (
    CALIBRATION_MINIMUM,
    CalibrationMethod,
    expected_calibration_error,
    learn_calibration,
    reliability_table,
)
from core.errors import InputError
from core.evaluation.metrics import Metrics, metrics_of
from core.facets import facet_order, facet_values
from core.schema import CONFIDENCE, CORRECT, LEAK, PREDICTED, TITLE, TITLE_KEY, TRUTH, TRUTH_GIVEN, probability_column
from core.splits import fold_by_title
from core.statistics import MINIMUM_RECORDS, Estimate
from core.text_formats import plain
from core.translation import noop

__all__ = [
    "CalibrationTrial",
    "Evaluation",
    "evaluate",
    "least_confident_right",
    "length_by_outcome",
    "most_confident_wrong",
    "most_confused",
    "try_calibrations",
    "wrong_first",
]

# --- The evaluation of a set of predictions ---------------------------------------------------------------------------
# The verdict, with and without leaked books, and what nobody checked.


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What the labelled books say of a set of predictions.

    Attributes
    ----------
    metrics : Metrics
        On all labelled books.
    without_leaks : Metrics
        On the labelled books whose title is not among those the model learned (or may have learned) from.
    leaks : int
        Labelled books that are.
    confusion : DataFrame
        Rows: truth; columns: prediction ('(none)' where there is none); cells: books.
    unlabelled : mapping
        What was said of the books without a usable truth → how many of them ('' for nothing).
    best, worst : float
        Accuracy if the predictions of all unlabelled books were right, or wrong: the true accuracy on all books is
        between them. NaN without books.
    ece : float
        Expected calibration error, 0 to 1.
    reliability : DataFrame
        See :func:`core.calibration.reliability_table`.
    """

    metrics: Metrics
    without_leaks: Metrics
    leaks: int
    confusion: pd.DataFrame
    unlabelled: Mapping[str, int]
    best: float
    worst: float
    ece: float
    reliability: pd.DataFrame

    @property
    def accuracy(self) -> Estimate:
        """Share right among all labelled books."""
        return self.metrics.accuracy

    def as_dict(self) -> dict[str, Any]:
        """Return the keys of ``colophon evaluate --json``."""
        metrics = self.metrics.as_dict()
        return {
            "n": metrics.pop("n"),
            "unlabelled": {
                "n": sum(self.unlabelled.values()),
                "answers": dict(self.unlabelled),
                "best_case": plain(self.best),
                "worst_case": plain(self.worst),
            },
            **metrics,
            "confusion": {
                str(truth): {str(name): int(n) for name, n in row.items()} for truth, row in self.confusion.iterrows()
            },
            "calibration": {"ece": plain(self.ece), "bins": self.reliability.to_dict("records")},
            "leak": {
                "n": self.leaks,
                "with": {"n": self.metrics.n, "accuracy": metrics["accuracy"], "macro_f1": metrics["macro_f1"]},
                "without": self.without_leaks.as_dict(),
            },
        }


def evaluate(table: pd.DataFrame, classes: Sequence[str], *, seed: int = 0) -> Evaluation:
    """Evaluate predictions on the books with a usable truth.

    Parameters
    ----------
    table : DataFrame
        The scored table.
    classes : sequence of str
        All class names.
    seed : int
        Of the bootstrap.
    """
    labelled = table[table[TRUTH] != ""]
    clean = labelled[~labelled[LEAK].to_numpy(dtype=bool)]
    metrics = metrics_of(labelled, classes, seed=seed)
    open_answers = table.loc[table[TRUTH] == "", TRUTH_GIVEN].value_counts()
    right, open_books = int(labelled[CORRECT].sum()), len(table) - len(labelled)
    confidence, correct = labelled[CONFIDENCE].to_numpy(dtype=float), labelled[CORRECT].to_numpy(dtype=bool)
    return Evaluation(
        metrics=metrics,
        without_leaks=metrics if len(clean) == len(labelled) else metrics_of(clean, classes, seed=seed),
        leaks=len(labelled) - len(clean),
        confusion=_confusion(labelled, classes),
        unlabelled={str(answer): int(count) for answer, count in open_answers.items()},
        best=(right + open_books) / len(table) if len(table) else math.nan,
        worst=right / len(table) if len(table) else math.nan,
        ece=expected_calibration_error(confidence, correct),
        reliability=reliability_table(confidence, correct),
    )


def _confusion(labelled: pd.DataFrame, classes: Sequence[str]) -> pd.DataFrame:
    predicted = labelled[PREDICTED].where(labelled[PREDICTED] != "", "(none)")
    counts = pd.crosstab(labelled[TRUTH], predicted)
    columns = [*classes, *(["(none)"] if "(none)" in counts else [])]
    return counts.reindex(index=list(classes), columns=columns, fill_value=0).rename_axis(
        index="truth", columns="predicted"
    )


# --- The mistakes themselves ------------------------------------------------------------------------------------------
# The surest of them, what was right but hardly sure, and how long the titles of both are.


def most_confident_wrong(labelled: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that are wrong, the surest first: mistakes of the model, or of the label."""
    return labelled[~labelled[CORRECT].astype(bool)].sort_values(CONFIDENCE, ascending=False, kind="stable")


def least_confident_right(labelled: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that are right, the least sure first: what a cut-off gives up for nothing."""
    return labelled[labelled[CORRECT].astype(bool)].sort_values(CONFIDENCE, kind="stable")


def wrong_first(table: pd.DataFrame) -> pd.DataFrame:
    """Return all rows: the wrong ones, surest first, then the right ones, then those that nobody checked."""
    checked = (table[TRUTH] != "").to_numpy(dtype=bool)
    place = np.where(~checked, 2, table[CORRECT].astype(bool))
    order = np.lexsort([-table[CONFIDENCE].fillna(0).to_numpy(dtype=float), place])
    return table.iloc[order]


def length_by_outcome(labelled: pd.DataFrame) -> pd.DataFrame:
    """Return how long the titles are that were read right and wrong.

    Returns
    -------
    DataFrame
        ``length`` (bands of characters, the shortest first), ``outcome`` ('right', 'wrong'), ``n``, ``share`` (of the
        outcome; NaN below ten books), and once an outcome ``mean`` (characters, NaN without books).
    """
    bands = facet_values(labelled, "title_length")
    order = facet_order("title_length", bands)
    lengths = labelled[TITLE].str.len().to_numpy(dtype=float)
    right = labelled[CORRECT].to_numpy(dtype=bool)
    rows = []
    for outcome, mask in (("right", right), ("wrong", ~right)):
        counts = bands[mask].value_counts()
        total = int(mask.sum())
        for band in order:
            n = int(counts.get(band, 0))
            share = n / total if total >= MINIMUM_RECORDS else math.nan
            mean = float(lengths[mask].mean()) if total else math.nan
            rows.append({"length": band, "outcome": outcome, "n": n, "share": share, "mean": mean})
    return pd.DataFrame(rows)


def most_confused(confusion: pd.DataFrame, most: int) -> list[str]:
    """Return the classes with the most errors, at most `most`, in the order of the matrix.

    Parameters
    ----------
    confusion : DataFrame
        Rows: truth; columns: prediction, with the names of the rows among them; cells: books.
    """
    names = [str(name) for name in confusion.index]
    if len(names) <= most:
        return names
    square = confusion.reindex(columns=names, fill_value=0).to_numpy()
    right = np.diag(square)
    errors = confusion.sum(axis=1).to_numpy() - right + square.sum(axis=0) - right
    return [names[place] for place in sorted(np.argsort(-errors, kind="stable")[:most])]


# --- Calibration before and after -------------------------------------------------------------------------------------
# Would temperature or isotonic scaling make the stated confidences truer?.


_METHODS: tuple[CalibrationMethod, ...] = ("none", "temperature", "isotonic")
_WORDS = {
    "none": noop("as they are"),
    "temperature": noop("temperature scaling"),
    "isotonic": noop("isotonic regression"),
}
_LEAST = 100
_FOLDS = 5


@dataclass(frozen=True, kw_only=True)
class CalibrationTrial:
    """One way of calibrating, measured on books it was not learned from.

    Attributes
    ----------
    method : {'none', 'temperature', 'isotonic'}
    title : str
        For people.
    ece : float
        Expected calibration error, 0 to 1.
    log_loss : float
        Mean, in nats.
    n : int
        Books.
    reliability : DataFrame
        See :func:`core.calibration.reliability_table`.
    """

    method: str
    title: str
    ece: float
    log_loss: float
    n: int
    reliability: pd.DataFrame


def try_calibrations(table: pd.DataFrame, classes: Sequence[str]) -> tuple[CalibrationTrial, ...]:
    """Learn each calibration on four fifths of the checked titles and measure it on the other fifth, five times.

    Parameters
    ----------
    table : DataFrame
        The scored table with ``p_<class>`` for every class. Leaked books are left out; equal titles are in the same
        fifth.

    Returns
    -------
    tuple of CalibrationTrial
        A way that needs more books than there are is left out: isotonic regression needs 500 to learn from.

    Raises
    ------
    InputError
        Not every class has a probability, or fewer than 100 books have been checked.
    """
    columns = [probability_column(name) for name in classes]
    missing = [name for name, column in zip(classes, columns, strict=True) if column not in table]
    if missing:
        raise InputError(
            f"These predictions carry no probability of '{missing[0]}', so their calibration cannot be judged."
        )
    known = (table[TRUTH] != "") & ~table[LEAK].astype(bool) & table[columns].notna().all(axis=1)
    checked = table[known]
    if len(checked) < _LEAST:
        raise InputError(f"{len(checked)} checked books are too few to learn a calibration from; it takes {_LEAST}.")
    given = checked[columns].to_numpy(dtype=float)
    truth = checked[TRUTH].to_numpy(dtype=object)
    fold = fold_by_title(checked[TITLE_KEY], checked[TRUTH], folds=_FOLDS)
    learned_from = int(len(checked) - np.bincount(fold).max())
    methods = [method for method in _METHODS if learned_from >= CALIBRATION_MINIMUM[method]]
    return tuple(_trial(method, given, truth, fold, tuple(classes)) for method in methods)


def _trial(
    method: CalibrationMethod,
    given: NDArray[np.float64],
    truth: NDArray[np.object_],
    fold: NDArray[np.int64],
    classes: tuple[str, ...],
) -> CalibrationTrial:
    after = given.copy()
    for here in range(_FOLDS):
        learned = learn_calibration(method, given[fold != here], truth[fold != here], classes)
        after[fold == here] = learned.apply(given[fold == here])
    codes = np.array([classes.index(name) for name in truth.tolist()], dtype=np.int64)
    chosen = after.argmax(axis=1)
    sure, right = after.max(axis=1), chosen == codes
    stated = np.clip(after[np.arange(len(codes)), codes], 1e-15, None)
    return CalibrationTrial(
        method=method,
        title=_WORDS[method],
        ece=expected_calibration_error(sure, right),
        log_loss=float(-np.log(stated).mean()),
        n=len(codes),
        reliability=reliability_table(sure, right),
    )
