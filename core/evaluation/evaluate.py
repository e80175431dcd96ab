"""Evaluation: how often the predictions are right, for whom, and how sure one can be of that.

Everything here takes the scored table (:class:`core.predictions.Scored`), counts books with a usable truth, and never
gives a rate without its n and its interval.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.calibration import expected_calibration_error, reliability_table
from core.facets import facet_values
from core.schema import CONFIDENCE, CORRECT, LEAK, PREDICTED, TITLE, TITLE_KEY, TRUTH, TRUTH_GIVEN, probability_column
from core.statistics import MINIMUM_RECORDS, Estimate, bootstrap_interval, in_percent, proportion, wilson

__all__ = [
    "ClassMetrics",
    "Evaluation",
    "Metrics",
    "by_value",
    "evaluate",
    "least_confident_right",
    "length_by_outcome",
    "most_confident_wrong",
    "outcome_of",
    "rate_against_rest",
]


@dataclass(frozen=True)
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


@dataclass(frozen=True)
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
                one.name: {
                    "support": one.support,
                    "predicted": one.predicted,
                    "precision": one.precision.as_dict(),
                    "recall": one.recall.as_dict(),
                    "f1": one.f1.as_dict(),
                }
                for one in self.per_class
            },
            "brier": self.brier.as_dict(),
            "log_loss": self.log_loss.as_dict(),
        }


@dataclass(frozen=True)
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

    @property
    def sentence(self) -> str:
        """The verdict in one sentence."""
        accuracy = self.accuracy
        if not accuracy.defined:
            return "No book has been checked by a person, so nothing can be said about errors."
        wrong = round((1 - accuracy.value) * accuracy.n)
        return (
            f"{wrong:,} of {accuracy.n:,} checked books are wrong: {in_percent(accuracy.value)} are right"
            f" (between {in_percent(accuracy.low)} and {in_percent(accuracy.high)} with 95 % confidence)."
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the keys of ``colophon evaluate --json``."""
        said = self.metrics.as_dict()
        return {
            "n": said.pop("n"),
            "unlabelled": {
                "n": sum(self.unlabelled.values()),
                "answers": dict(self.unlabelled),
                "best_case": _plain(self.best),
                "worst_case": _plain(self.worst),
            },
            **said,
            "confusion": {
                str(truth): {str(name): int(n) for name, n in row.items()} for truth, row in self.confusion.iterrows()
            },
            "calibration": {"ece": _plain(self.ece), "bins": self.reliability.to_dict("records")},
            "leak": {
                "n": self.leaks,
                "with": {"n": self.metrics.n, "accuracy": said["accuracy"], "macro_f1": said["macro_f1"]},
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
    metrics = _metrics(labelled, classes, seed)
    open_answers = table.loc[table[TRUTH] == "", TRUTH_GIVEN].value_counts()
    right, open_books = int(labelled[CORRECT].sum()), len(table) - len(labelled)
    confidence, correct = labelled[CONFIDENCE].to_numpy(dtype=float), labelled[CORRECT].to_numpy(dtype=bool)
    return Evaluation(
        metrics,
        metrics if len(clean) == len(labelled) else _metrics(clean, classes, seed),
        len(labelled) - len(clean),
        _confusion(labelled, classes),
        {str(answer): int(count) for answer, count in open_answers.items()},
        (right + open_books) / len(table) if len(table) else math.nan,
        right / len(table) if len(table) else math.nan,
        expected_calibration_error(confidence, correct),
        reliability_table(confidence, correct),
    )


def _confusion(labelled: pd.DataFrame, classes: Sequence[str]) -> pd.DataFrame:
    predicted = labelled[PREDICTED].where(labelled[PREDICTED] != "", "(none)")
    counts = pd.crosstab(labelled[TRUTH], predicted)
    columns = [*classes, *(["(none)"] if "(none)" in counts else [])]
    return counts.reindex(index=list(classes), columns=columns, fill_value=0).rename_axis(
        index="truth", columns="predicted"
    )


def _metrics(labelled: pd.DataFrame, classes: Sequence[str], seed: int) -> Metrics:
    n, k = len(labelled), len(classes)
    place = {name: number for number, name in enumerate(classes)}
    truth: NDArray[np.int64] = np.asarray(labelled[TRUTH].map(place), dtype=np.int64)
    said = labelled[PREDICTED].map(place).fillna(k).to_numpy(dtype=np.int64)
    cells = np.eye(k * (k + 1))[truth * (k + 1) + said] if n else np.empty((0, k * (k + 1)))
    counts = cells.sum(axis=0).reshape(k, k + 1).astype(np.int64)
    groups = labelled[TITLE_KEY]
    per_class = tuple(
        ClassMetrics(
            name,
            int(counts[i].sum()),
            int(counts[:, i].sum()),
            _share(counts[i, i], counts[:, i].sum(), f"no checked book was predicted as {name}"),
            _share(counts[i, i], counts[i].sum(), f"no checked book is {name}"),
            bootstrap_interval(lambda sums, i=i: _f1(sums, k)[:, i], cells, groups, seed=seed),  # type: ignore[misc]
        )
        for i, name in enumerate(classes)
    )
    brier, log_loss = _scores(labelled, classes, truth, seed)
    return Metrics(
        n,
        _share(int(labelled[CORRECT].sum()), n, "no book has been checked by a person"),
        bootstrap_interval(lambda sums: _f1(sums, k).mean(axis=1), cells, groups, seed=seed),
        per_class,
        brier,
        log_loss,
    )


def _f1(sums: NDArray[np.float64], k: int) -> NDArray[np.float64]:
    """Return the F1 of each class, shape (draws, k), from sums of the confusion matrix's cells (last column: none)."""
    matrix = sums.reshape(-1, k, k + 1)
    hits = np.einsum("nii->ni", matrix[:, :, :k])
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(2 * hits / (matrix[:, :, :k].sum(axis=1) + matrix.sum(axis=2)))


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


def _plain(number: float) -> float | None:
    return None if math.isnan(number) else float(number)


def rate_against_rest(errors: int, n: int, all_errors: int, all_n: int) -> float:
    """Return how many times the error rate of a part is that of the rest; NaN where either is too small or 0.

    >>> rate_against_rest(9, 34, 91, 850) > 2.5
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
        rate_against_rest(errors, n, int(wrong.sum()), len(labelled))
        for errors, n in zip(table["errors"].tolist(), table["n"].tolist(), strict=True)
    ]
    return table


def outcome_of(labelled: pd.DataFrame, mask: NDArray[np.bool_]) -> dict[str, Any]:
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
        "ratio": rate_against_rest(errors, n, errors + rest_errors, len(labelled)),
    }


def most_confident_wrong(labelled: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that are wrong, the surest first: mistakes of the model, or of the label."""
    return labelled[~labelled[CORRECT].astype(bool)].sort_values(CONFIDENCE, ascending=False, kind="stable")


def least_confident_right(labelled: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that are right, the least sure first: what a cut-off gives up for nothing."""
    return labelled[labelled[CORRECT].astype(bool)].sort_values(CONFIDENCE, kind="stable")


def length_by_outcome(labelled: pd.DataFrame) -> pd.DataFrame:
    """Return how long the titles are that were read right and wrong.

    Returns
    -------
    DataFrame
        ``length`` (bands of characters, the shortest first), ``outcome`` ('right', 'wrong'), ``n``, ``share`` (of the
        outcome; NaN below ten books), and once an outcome ``mean`` (characters, NaN without books).
    """
    from core.facets import facet_order

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
