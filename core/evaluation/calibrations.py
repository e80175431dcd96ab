"""Calibration before and after: would temperature or isotonic scaling make the stated confidences truer?"""

from collections.abc import Sequence
from dataclasses import dataclass

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
from core.schema import LEAK, TITLE_KEY, TRUTH, probability_column
from core.splits import fold_by_title
from core.statistics import in_percent

__all__ = ["CalibrationTrial", "try_calibrations"]

_METHODS: tuple[CalibrationMethod, ...] = ("none", "temperature", "isotonic")
_WORDS = {"none": "as they are", "temperature": "temperature scaling", "isotonic": "isotonic regression"}
_LEAST = 100
_FOLDS = 5


@dataclass(frozen=True)
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

    @property
    def sentence(self) -> str:
        """Say it for a curator."""
        now = self.method == "none"
        which = "The confidences are" if now else f"After {self.title} they would be"
        books = f" ({self.n:,} books)" if now else ""
        return f"{which} on average {in_percent(self.ece)} away from how often they are right{books}."


def try_calibrations(table: pd.DataFrame, classes: Sequence[str], *, seed: int = 0) -> tuple[CalibrationTrial, ...]:
    """Learn each calibration on four fifths of the checked titles and measure it on the other fifth, five times.

    Parameters
    ----------
    table : DataFrame
        The scored table with ``p_<class>`` for every class. Leaked books are left out.
    seed : int
        Decides the fifths; equal titles are in the same one.

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
    fold = fold_by_title(checked[TITLE_KEY], checked[TRUTH], folds=_FOLDS, seed=seed)
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
        method,
        _WORDS[method],
        expected_calibration_error(sure, right),
        float(-np.log(stated).mean()),
        len(codes),
        reliability_table(sure, right),
    )
