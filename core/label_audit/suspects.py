"""Which labels are suspect: the title speaks against them more clearly than a stated share of right labels would show.

A label's *score* is the probability that it is another class, as a calibrated model sees it that has not seen the
book. A label is suspect when its score is above a cut and another class is more probable. The cut is the lowest that
keeps a stated rate of false alarm: the share of right labels that are called suspect.

If all labels were right, and drawn from what the calibrated model says of each title, a book would be called suspect
with the probability of its classes that are beyond the cut; their mean is the rate of false alarm. The calibration was
learned on the labels as they are, wrong ones among them, so that the true rate is lower rather than higher.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.errors import InputError

__all__ = ["FALSE_ALARM_RATE", "expected_false_alarms", "rank_labels", "threshold_for"]

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
