"""Accuracy, precision, recall, F1 and the quality of probabilities, each with its n and its interval."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from core.schema import CORRECT, PREDICTED, TITLE_KEY, TRUTH, probability_column
from core.statistics import MINIMUM_RECORDS, Estimate, bootstrap_interval, bootstrap_intervals, proportion, wilson

__all__ = [
    "ClassMetrics",
    "Metrics",
    "accuracy_estimate",
    "by_value",
    "compare_with_rest",
    "error_rate_ratio",
    "metrics_of",
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
