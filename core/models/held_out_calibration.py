"""Calibration on labelled books a classifier did not learn from, and of titles alone where it reads further columns."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.calibration import CALIBRATION_MINIMUM, Calibration, CalibrationMethod, learn_calibration
from core.errors import InputError
from core.reading import has_columns, title_part
from core.schema import LABEL, SPLIT, TEXT, TITLE

__all__ = [
    "FOLD",
    "LEARNED",
    "CalibrationInputs",
    "CalibrationPlan",
    "TitleOnlyCalibration",
    "calibrate",
    "usable_calibration",
]

FOLD, LEARNED = "fold", "learned"


@dataclass(frozen=True)
class CalibrationInputs:
    """The texts a classifier is asked for, to know what it is worth: those of the books, then some titles alone.

    Attributes
    ----------
    books : int
        How many books.
    texts : array of str, shape (m,)
        The text of each book, then the titles alone of those that say more than a title.
    rows : int array, shape (m,)
        The book of each text.
    """

    books: int
    texts: NDArray[np.object_]
    rows: NDArray[np.int64]

    @classmethod
    def from_books(cls, books: pd.DataFrame) -> "CalibrationInputs":
        """Ask for the ``text`` of books, or for their ``title`` where there is none."""
        texts = books[TEXT if TEXT in books else TITLE].to_numpy(dtype=object)
        more = np.flatnonzero(has_columns(texts.tolist()))
        alone = np.array([title_part(text) for text in texts[more]], dtype=object)
        return cls(len(texts), np.concatenate([texts, alone]), np.concatenate([np.arange(len(texts)), more]))

    def split_own_and_alone(self, scores: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the scores of the books by all they say, and by their titles alone, each of shape (n, k)."""
        own, alone = scores[: self.books], scores[: self.books].copy()
        alone[self.rows[self.books :]] = scores[self.books :]
        return own, alone


@dataclass(frozen=True)
class TitleOnlyCalibration:
    """What a classifier that reads further columns is worth where a record has nothing but a title.

    Attributes
    ----------
    calibration : Calibration
        For titles alone.
    probabilities : array, shape (n, k)
        Of the books' titles alone, by a classifier and a calibration that did not see the book; NaN for weak labels.
    """

    calibration: Calibration
    probabilities: NDArray[np.float64]


@dataclass(frozen=True)
class CalibrationPlan:
    """How to calibrate.

    Attributes
    ----------
    method : {'temperature', 'isotonic', 'none'}
    on_own : bool
        On the books that were learned from, by their out-of-fold probabilities; else on books given for it.
    refit : bool
        Whether the final calibration learns from the test part too.
    """

    method: CalibrationMethod
    on_own: bool = True
    refit: bool = True


def calibrate(
    table: pd.DataFrame,
    own: NDArray[np.float64],
    alone: NDArray[np.float64],
    classes: tuple[str, ...],
    plan: CalibrationPlan,
) -> tuple[Calibration, NDArray[np.float64], TitleOnlyCalibration | None]:
    """Return the final calibration, every book's probabilities by one that did not see it, and those of titles alone.

    Parameters
    ----------
    table : DataFrame
        Books with ``text``, ``label``, ``split``, ``fold`` and ``learned``.
    own, alone : arrays, shape (n, k)
        Held-out scores of the books by all they say, and by their titles alone.

    Returns
    -------
    calibration : Calibration
        For texts that say more than a title, where there are such; else for titles.
    probabilities : array, shape (n, k)
    title_only : TitleOnlyCalibration or None
        None where no book says more than its title.
    """
    more = has_columns(table[TEXT].tolist())
    titles, probabilities = _calibrated(table, alone, classes, plan)
    if not more.any():
        return titles, probabilities, None
    calibration, own_probabilities = _calibrated(table[more], own[more], classes, plan)
    title_only = TitleOnlyCalibration(titles, probabilities.copy())
    probabilities[more] = own_probabilities
    return calibration, probabilities, title_only


def usable_calibration(method: CalibrationMethod, books: int) -> tuple[CalibrationMethod, tuple[str, ...]]:
    """Return the calibration that so many books allow when a fifth (half, with two folds) is left out in turn."""
    needed = CALIBRATION_MINIMUM[method] * 2 if method in CALIBRATION_MINIMUM else 0
    if books >= needed:
        return method, ()
    if method == "temperature":
        return "none", (
            (
                f"With {books:,} labelled books to calibrate on ({needed} are needed) the confidences are as the"
                " classifier gives them, and often too high."
            ),
        )
    raise InputError(
        f"The calibration '{method}' needs at least {needed:,} labelled books to learn from; there are {books:,}. Use"
        " 'temperature'."
    )


def _calibrated(
    table: pd.DataFrame, scores: NDArray[np.float64], classes: tuple[str, ...], plan: CalibrationPlan
) -> tuple[Calibration, NDArray[np.float64]]:
    part, fold = table[SPLIT].to_numpy(dtype=object), table[FOLD].to_numpy()
    truth, learned = table[LABEL].to_numpy(dtype=object), table[LEARNED].to_numpy(dtype=bool)
    if plan.on_own:
        pool = learned & (part != "test")
        learned_from = "out-of-fold probabilities of the labelled books themselves"
    else:
        pool = ~learned & (part == "calibration")
        learned_from = "labelled books given for calibration, which the model did not learn from"

    def learn(chosen: NDArray[np.bool_]) -> Calibration:
        return learn_calibration(plan.method, scores[chosen], truth[chosen], classes, learned_from=learned_from)

    calibrated = np.full_like(scores, np.nan)
    for number in sorted(set(fold.tolist())):
        here = fold == number
        calibrated[here] = learn(pool & ~here).apply(scores[here])
    return learn(learned if plan.on_own and plan.refit else pool), calibrated
