"""Accuracy, precision, recall, F1 and the quality of probabilities, each with its n and its interval."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from core.calibration import (
    CALIBRATION_MINIMUM,
    CalibrationMethod,
    expected_calibration_error,
    learn_calibration,
    reliability_table,
)
from core.draws import fold_by_title
from core.errors import InputError
from core.facets import facet_order, facet_values
from core.formatting import plain
from core.schema import CONFIDENCE, CORRECT, LEAK, PREDICTED, TITLE, TITLE_KEY, TRUTH, TRUTH_GIVEN, probability_column
from core.statistics import MINIMUM_RECORDS, Estimate, bootstrap_interval, bootstrap_intervals, proportion, wilson
from core.translation import noop

__all__ = [
    "CalibrationTrial",
    "ClassInLanguage",
    "ClassMetrics",
    "Evaluation",
    "KnownLanguage",
    "Metrics",
    "accuracy_estimate",
    "by_value",
    "compare_with_rest",
    "error_rate_ratio",
    "evaluate",
    "known_languages",
    "least_confident_right",
    "length_by_outcome",
    "metrics_of",
    "most_confident_wrong",
    "most_confused",
    "try_calibrations",
    "wrong_first",
]


# --- Shares of labelled books that say so when there are too few to speak of a share ----------------------------------


def accuracy_estimate(right: int, n: int, what: str = "labelled books") -> Estimate:
    """Return a share with its Wilson interval; undefined, with the reason, below 10 records.

    >>> accuracy_estimate(9, 10).value
    0.9
    >>> accuracy_estimate(3, 4, "labelled books of the 1840s").reason
    'only 4 labelled books of the 1840s: 3 right'
    """
    if n == 0:
        return Estimate.undefined(f"no {what}", 0, "Wilson")
    if n < MINIMUM_RECORDS:
        return Estimate.undefined(f"only {n} {what}: {right} right", n, "Wilson")
    return proportion(right, n)


# --- Accuracy, precision, recall, F1 and the quality of probabilities -------------------------------------------------
# Accuracy, precision, recall, F1 and the quality of probabilities, each with its n and its interval.


@dataclass(frozen=True, kw_only=True)
class ClassMetrics:
    """How well one class is recognised.

    Attributes
    ----------
    name : str
        The class that these figures are of.
    support : int
        Books that are of this class.
    predicted : int
        Labelled books that the model says are of this class.
    precision : Estimate
        Share right among the books predicted as this class.
    recall : Estimate
        Share found among the books of this class.
    f1 : Estimate
        Harmonic mean of the two; interval by bootstrap over titles.
    """

    name: str
    support: int
    predicted: int
    precision: Estimate
    recall: Estimate
    f1: Estimate


@dataclass(frozen=True, kw_only=True)
class Metrics:
    """All figures on one set of labelled books."""

    n: int
    accuracy: Estimate
    macro_f1: Estimate
    per_class: tuple[ClassMetrics, ...]
    brier: Estimate
    log_loss: Estimate

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-able dictionary."""
        return {
            "n": self.n,
            "accuracy": self.accuracy.as_dict(),
            "macro_f1": self.macro_f1.as_dict(),
            "per_class": {
                class_metrics.name: {
                    "support": class_metrics.support,
                    "predicted": class_metrics.predicted,
                    "precision": class_metrics.precision.as_dict(),
                    "recall": class_metrics.recall.as_dict(),
                    "f1": class_metrics.f1.as_dict(),
                }
                for class_metrics in self.per_class
            },
            "brier": self.brier.as_dict(),
            "log_loss": self.log_loss.as_dict(),
        }


def metrics_of(labelled: pd.DataFrame, classes: Sequence[str], *, seed: int = 0) -> Metrics:
    """Measure predictions on labelled books.

    Parameters
    ----------
    labelled : DataFrame
        Rows of the scored table with a truth.
    classes : sequence of str
        All class names.
    seed : int
        Of the bootstrap over titles.
    """
    n, k = len(labelled), len(classes)
    index = pd.Index(list(classes))
    truth = index.get_indexer(pd.Index(labelled[TRUTH]))
    predicted = index.get_indexer(pd.Index(labelled[PREDICTED]))  # −1: no prediction
    hits, named, are = (
        np.bincount(codes[codes >= 0], minlength=k) for codes in (truth[truth == predicted], predicted, truth)
    )
    f1 = bootstrap_intervals(_f1, _f1_parts(truth, predicted, k), labelled[TITLE_KEY], seed=seed)
    per_class = tuple(
        ClassMetrics(
            name=name,
            support=int(are[i]),
            predicted=int(named[i]),
            precision=_share(hits[i], named[i], f"no checked book was predicted as {name}"),
            recall=_share(hits[i], are[i], f"no checked book is {name}"),
            f1=f1[i],
        )
        for i, name in enumerate(classes)
    )
    brier, log_loss = _scores(labelled, classes, truth, seed)
    return Metrics(
        n=n,
        accuracy=_share(int(labelled[CORRECT].sum()), n, "no book has been checked by a person"),
        macro_f1=f1[k],
        per_class=per_class,
        brier=brier,
        log_loss=log_loss,
    )


def _f1_parts(truth: NDArray[np.intp], predicted: NDArray[np.intp], k: int) -> sparse.csr_array:
    """Return what each book adds to hits, predictions and truths of each class, shape (n, 3k), three cells a book."""
    rows = np.arange(len(truth))
    right, some = truth == predicted, predicted >= 0
    places = (
        np.concatenate([rows[right], rows[some], rows]),
        np.concatenate([truth[right], k + predicted[some], 2 * k + truth]),
    )
    return sparse.csr_array((np.ones(len(places[0])), places), shape=(len(truth), 3 * k))


def _f1(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the F1 of each class and, last, their mean, shape (draws, k + 1), from sums as in :func:`_f1_parts`."""
    hits, named, are = np.split(sums, 3, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        f1 = 2 * hits / (named + are)
    return np.column_stack([f1, f1.mean(axis=1)])


def _scores(
    labelled: pd.DataFrame, classes: Sequence[str], truth: NDArray[np.int64], seed: int
) -> tuple[Estimate, Estimate]:
    columns = [probability_column(name) for name in classes]
    missing = [name for name in columns if name not in labelled]
    if missing:
        undefined = Estimate.undefined("not every class has a probability", len(labelled))
        return undefined, undefined
    probabilities = labelled[columns].to_numpy(dtype=float)
    known = ~np.isnan(probabilities).any(axis=1)
    probabilities, truth = probabilities[known], truth[known]
    squared = ((probabilities - np.eye(len(classes))[truth]) ** 2).sum(axis=1)
    logs = -np.log(np.clip(probabilities[np.arange(len(truth)), truth], 1e-15, None))
    groups = labelled[TITLE_KEY].to_numpy(dtype=object)[known]

    def mean(values: NDArray[np.float64]) -> Estimate:
        parts = np.column_stack([values, np.ones(len(values))])
        return bootstrap_interval(lambda sums: sums[:, 0] / sums[:, 1], parts, groups, seed=seed)

    return mean(squared), mean(logs)


def _share(k: int, n: int, reason: str) -> Estimate:
    return proportion(int(k), int(n)) if n else Estimate.undefined(reason)


# --- Some books against the rest --------------------------------------------------------------------------------------
# How often each value of a facet, or a group that somebody asks for, is wrong.


def error_rate_ratio(errors: int, n: int, all_errors: int, all_n: int) -> float:
    """Return how many times the error rate of a part is that of the rest; NaN where either is too small or 0.

    >>> error_rate_ratio(9, 34, 91, 850) > 2.5
    True
    """
    rest, rest_n = all_errors - errors, all_n - n
    if n < MINIMUM_RECORDS or rest_n < MINIMUM_RECORDS or rest == 0:
        return math.nan
    return (errors / n) / (rest / rest_n)


def by_value(labelled: pd.DataFrame, values: pd.Series) -> pd.DataFrame:
    """Return the errors of each value of a facet, the commonest value first.

    Parameters
    ----------
    labelled : DataFrame
        Rows of the scored table with a truth.
    values : Series of str
        The facet's value of each row (see :func:`core.facets.facet_values`).

    Returns
    -------
    DataFrame
        ``value``, ``n``, ``errors``, ``error_rate`` with ``low`` and ``high`` (Wilson, 95 per cent), ``ratio`` to the
        rate of all other books. Below ten books only the counts are given; the rest is NaN.
    """
    wrong = ~labelled[CORRECT].to_numpy(dtype=bool)
    grouped = pd.DataFrame({"value": values.to_numpy(), "wrong": wrong}).groupby("value", sort=False)["wrong"]
    table = pd.DataFrame({"n": grouped.size(), "errors": grouped.sum().astype(np.int64)}).reset_index()
    table = table.sort_values(["n", "value"], ascending=[False, True], ignore_index=True)
    enough = (table["n"] >= MINIMUM_RECORDS).to_numpy()
    low, high = wilson(table["errors"].to_numpy(), table["n"].to_numpy())
    table["error_rate"] = np.where(enough, table["errors"] / table["n"], np.nan)
    table["low"], table["high"] = np.where(enough, low, np.nan), np.where(enough, high, np.nan)
    table["ratio"] = [
        error_rate_ratio(errors, n, int(wrong.sum()), len(labelled))
        for errors, n in zip(table["errors"].tolist(), table["n"].tolist(), strict=True)
    ]
    return table


def compare_with_rest(labelled: pd.DataFrame, mask: NDArray[np.bool_]) -> dict[str, Any]:
    """Compare the errors of some books with those of the rest.

    Returns
    -------
    dict
        ``n``, ``errors``, ``rate`` (Estimate), ``rest_n``, ``rest_errors``, ``rest_rate`` (Estimate), ``ratio``.
    """
    wrong = ~labelled[CORRECT].to_numpy(dtype=bool)
    n, errors = int(mask.sum()), int((wrong & mask).sum())
    rest_n, rest_errors = len(labelled) - n, int((wrong & ~mask).sum())
    few = f"fewer than {MINIMUM_RECORDS} books"
    return {
        "n": n,
        "errors": errors,
        "rate": proportion(errors, n) if n >= MINIMUM_RECORDS else Estimate.undefined(few, n),
        "rest_n": rest_n,
        "rest_errors": rest_errors,
        "rest_rate": proportion(rest_errors, rest_n) if rest_n >= MINIMUM_RECORDS else Estimate.undefined(few, rest_n),
        "ratio": error_rate_ratio(errors, n, errors + rest_errors, len(labelled)),
    }


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


# --- What is known of each language -----------------------------------------------------------------------------------
#
# What is known of each language: how many checked books, of each class, and how many of those the model finds.
#
# A share of right labels hides what is not known of a collection of many languages: where nearly every checked French
# book is non-fiction, a model that calls every French book non-fiction is right in nearly all of them.

# Below these nothing is said of a language, or of a class in it, apart.
FEWEST_BOOKS: Final = 50
FEWEST_OF_CLASS: Final = 10


@dataclass(frozen=True, kw_only=True)
class ClassInLanguage:
    """The checked books of a class in a language: how many, and how many of them the model finds."""

    name: str
    n: int
    right: int


@dataclass(frozen=True, kw_only=True)
class KnownLanguage:
    """The checked books in a language.

    Attributes
    ----------
    language : str
        '' for books of which none is known.
    n, right : int
        Checked books, and those whose label is right.
    classes : tuple of ClassInLanguage
        Every class, in the order that was given.
    """

    language: str
    n: int
    right: int
    classes: tuple[ClassInLanguage, ...]

    @property
    def is_known(self) -> bool:
        """Whether there are enough checked books to say anything of the language."""
        return self.n >= FEWEST_BOOKS

    @property
    def unknown_classes(self) -> tuple[ClassInLanguage, ...]:
        """The classes of which nothing is known in this language: all, where nothing is known of it."""
        return tuple(part for part in self.classes if not self.is_known or part.n < FEWEST_OF_CLASS)


def known_languages(
    language: pd.Series, truth: pd.Series, predicted: pd.Series, classes: Sequence[str]
) -> tuple[KnownLanguage, ...]:
    """Return what is known of each language, the one with most checked books first.

    Parameters
    ----------
    language, truth, predicted : Series of str, length n
        Of checked books: their language ('' where it is not known), what people and what the model call them. The
        indexes play no part.
    classes : sequence of str
    """
    table = pd.DataFrame(
        {"language": language.to_numpy(), "truth": truth.to_numpy(), "predicted": predicted.to_numpy()}
    ).fillna("")
    table["right"] = table["truth"] == table["predicted"]
    counted = table.groupby(["language", "truth"])["right"].agg(["size", "sum"])
    counts = {key: (int(n), int(right)) for key, n, right in counted.itertuples()}
    known = []
    for name, books in table.groupby("language"):
        parts = []
        for label in classes:
            n, right = counts.get((name, label), (0, 0))
            parts.append(ClassInLanguage(name=label, n=n, right=right))
        known.append(
            KnownLanguage(language=str(name), n=len(books), right=int(books["right"].sum()), classes=tuple(parts))
        )
    return tuple(sorted(known, key=lambda entry: (-entry.n, entry.language)))
