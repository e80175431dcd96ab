"""The evaluation of a set of predictions: the verdict, with and without leaked books, and what nobody checked."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from core.calibration import expected_calibration_error, reliability_table
from core.evaluation.metrics import Metrics, metrics_of
from core.plain_json import plain
from core.schema import CONFIDENCE, CORRECT, LEAK, PREDICTED, TRUTH, TRUTH_GIVEN
from core.statistics import Estimate, in_percent, interval_percent

__all__ = ["Evaluation", "evaluate"]


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
            f" ({interval_percent(accuracy.low, accuracy.high)} with 95 % confidence)."
        )

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
        metrics,
        metrics if len(clean) == len(labelled) else metrics_of(clean, classes, seed=seed),
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
