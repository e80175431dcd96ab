"""Majority vote: the class most functions vote for; a tie is no answer."""

import numpy as np
from numpy.typing import NDArray

from core.weak_supervision.votes import Votes

__all__ = ["answers_of", "majority_vote"]

_TIE = 1e-9


def majority_vote(votes: Votes) -> NDArray[np.float64]:
    """Return probabilities, shape (n_books, n_classes): the winner has 1, winners that are level share it.

    Books without a vote have NaN.

    >>> from core.weak_supervision.conditions import Length
    >>> from core.weak_supervision.functions import LabellingFunction as F
    >>> functions = tuple(F(f"f{i}", name, Length(above=i)) for i, name in enumerate("aab"))
    >>> cast = Votes(functions, ("a", "b"), np.array([[0, 0, 1], [0, -1, 1], [-1, -1, -1]], dtype=np.int16), (0, 0, 0))
    >>> majority_vote(cast).tolist()
    [[1.0, 0.0], [0.5, 0.5], [nan, nan]]
    """
    counts = np.column_stack([(votes.matrix == code).sum(axis=1) for code in range(len(votes.classes))]).astype(float)
    best = counts.max(axis=1, keepdims=True, initial=0)
    winners = (counts == best).astype(float)
    probabilities = winners / winners.sum(axis=1, keepdims=True)
    return np.where(best > 0, probabilities, np.nan)


def answers_of(probabilities: NDArray[np.float64], classes: tuple[str, ...]) -> NDArray[np.object_]:
    """Return the class with the highest probability, '' where two are level or nothing is known.

    >>> answers_of(np.array([[0.9, 0.1], [0.5, 0.5], [np.nan, np.nan]]), ("a", "b")).tolist()
    ['a', '', '']
    """
    known = ~np.asarray(np.isnan(probabilities).any(axis=1), dtype=bool)
    filled = np.where(known[:, None], probabilities, 0.0)
    best = filled.max(axis=1, keepdims=True)
    level = np.asarray(filled >= best - _TIE).sum(axis=1) > 1
    answers: NDArray[np.object_] = np.array(classes, dtype=object)[filled.argmax(axis=1)]
    answers[~known | level] = ""
    return answers
