"""What a trained model is worth, measured on the out-of-fold probabilities of its labelled books."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.calibration import expected_calibration_error
from core.models.fitting import LEARNED, Fitted
from core.schema import LABEL, SOURCE, SPLIT, TITLE_KEY, probability_column
from core.statistics import Estimate, bootstrap_interval, proportion

__all__ = ["measure"]


def measure(fitted: Fitted, *, seed: int = 0) -> dict[str, Any]:
    """Return what a model was worth on books that neither the classifier nor the calibration had seen.

    Returns
    -------
    dict
        ``test``: the test part alone, on which nothing was chosen. ``out_of_fold``: all books a person labelled.
        Each with ``n``, ``accuracy`` and ``macro_f1`` (value, low, high, n), ``per_class`` (class, n, precision,
        recall, f1), ``confusion`` (truth → predicted → books), ``brier``, ``log_loss``, and ``calibration``
        (``ece``, ``ece_uncalibrated``). What is undefined is None.
    """
    classes = fitted.calibration.classes
    books = fitted.training
    own = books[SOURCE].eq("person").to_numpy() & (books[LEARNED].to_numpy() | books[SPLIT].eq("test").to_numpy())
    test = own & books[SPLIT].eq("test").to_numpy()
    calibrated = books[[probability_column(name) for name in classes]].to_numpy(dtype=float)
    truth = books[LABEL].to_numpy(dtype=object)
    keys = books[TITLE_KEY]
    return {
        part: _measured(
            calibrated[chosen], fitted.uncalibrated[chosen], truth[chosen], keys[chosen], classes, seed=seed
        )
        for part, chosen in (("test", test), ("out_of_fold", own))
    }


def _measured(
    probabilities: NDArray[np.float64],
    uncalibrated: NDArray[np.float64],
    truth: NDArray[np.object_],
    groups: pd.Series,
    classes: Sequence[str],
    *,
    seed: int,
) -> dict[str, Any]:
    k, n = len(classes), len(truth)
    codes = np.array([list(classes).index(name) for name in truth.tolist()], dtype=np.int64)
    predicted = probabilities.argmax(axis=1) if n else codes
    right = predicted == codes
    counts = np.bincount(codes * k + predicted, minlength=k * k).reshape(k, k)
    cells = np.eye(k * k)[codes * k + predicted]
    before = uncalibrated.argmax(axis=1) == codes if n else right
    stated = probabilities[np.arange(n), codes]
    return {
        "n": n,
        "accuracy": proportion(int(right.sum()), n).as_dict(),
        "macro_f1": bootstrap_interval(lambda sums: _f1(sums, k).mean(axis=1), cells, groups, seed=seed).as_dict(),
        "per_class": [
            {
                "class": name,
                "n": int(counts[i].sum()),
                "precision": _of(counts[i, i], counts[:, i].sum(), f"no book was predicted to be {name}"),
                "recall": _of(counts[i, i], counts[i].sum(), f"no book is {name}"),
                "f1": bootstrap_interval(
                    lambda sums, i=i: _f1(sums, k)[:, i],  # type: ignore[misc]
                    cells,
                    groups,
                    seed=seed,
                ).as_dict(),
            }
            for i, name in enumerate(classes)
        ],
        "confusion": {
            name: {other: int(counts[i, j]) for j, other in enumerate(classes)} for i, name in enumerate(classes)
        },
        "brier": _mean(((probabilities - np.eye(k)[codes]) ** 2).sum(axis=1), groups, seed=seed),
        "log_loss": _mean(-np.log(np.clip(stated, 1e-15, None)), groups, seed=seed),
        "calibration": {
            "ece": _number(expected_calibration_error(probabilities.max(axis=1, initial=0), right)),
            "ece_uncalibrated": _number(expected_calibration_error(uncalibrated.max(axis=1, initial=0), before)),
        },
    }


def _f1(sums: NDArray[np.float64], k: int) -> NDArray[np.float64]:
    """Return the F1 of each class, shape (draws, k), from sums of the cells of the confusion matrix."""
    matrix = sums.reshape(-1, k, k)
    hits = np.einsum("nii->ni", matrix)
    return np.asarray(2 * hits / (matrix.sum(axis=1) + matrix.sum(axis=2)))


def _mean(values: NDArray[np.float64], groups: pd.Series, *, seed: int) -> dict[str, Any]:
    parts = np.column_stack([values, np.ones(len(values))])
    return bootstrap_interval(lambda sums: sums[:, 0] / sums[:, 1], parts, groups, seed=seed).as_dict()


def _of(hits: int, n: int, reason: str) -> dict[str, Any]:
    return (proportion(int(hits), int(n)) if n else Estimate.undefined(reason)).as_dict()


def _number(value: float) -> float | None:
    return None if np.isnan(value) else value
