"""Vectors of titles that a frozen encoder has read, remembered, and the linear classifier that is learned on them.

A training reads the same titles once a fold; what is remembered is read once.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.models import TrainingData, two_class_coefficients
from core.progress import Progress, silent

__all__ = ["MOST_REMEMBERED", "RememberedVectors", "fit_head"]

MOST_REMEMBERED = 60_000


class RememberedVectors:
    """The vectors of up to 60,000 titles.

    Parameters
    ----------
    read : function
        Returns the vectors of titles, shape (n, width), when it is given titles, the form of the encoder to ask, and a
        listener.
    """

    def __init__(self, read: Callable[[list[str], Any, Progress], NDArray[np.float32]]) -> None:
        self._read = read
        self._vectors: dict[tuple[Any, str], NDArray[np.float32]] = {}

    def vectors(self, titles: Sequence[str], form: Any = None, progress: Progress = silent) -> NDArray[np.float32]:
        """Return the vectors of one or more titles, shape (n, width); each title is read once.

        More titles than are remembered are read as they come.
        """
        if len(titles) > MOST_REMEMBERED:
            return self._read(list(titles), form, progress)
        wanted = list(dict.fromkeys(title for title in titles if (form, title) not in self._vectors))
        if wanted:
            if len(self._vectors) + len(wanted) > MOST_REMEMBERED:
                self._vectors.clear()
                wanted = list(dict.fromkeys(titles))
            new_vectors = self._read(wanted, form, progress)
            self._vectors.update(zip(((form, title) for title in wanted), new_vectors, strict=True))
        return np.stack([self._vectors[form, title] for title in titles])


def fit_head(
    vectors: NDArray[np.float32], data: TrainingData, *, C: float, max_iter: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return coefficients, shape (k, width), and intercepts, shape (k,), of a balanced logistic regression.

    Parameters
    ----------
    vectors : array, shape (n, width)
        Of the titles of `data`.
    C : float
        Inverse strength of the penalty.
    """
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    # A weak label that is divided over classes is the same title several times, each with its share of weight.
    weights = data.balanced_weights()
    rows, codes = np.nonzero(weights)
    with threadpool_limits(1):
        solver = LogisticRegression(C=C, max_iter=max_iter)
        fitted = solver.fit(vectors[rows].astype(np.float64), codes, sample_weight=weights[rows, codes])
    return two_class_coefficients(fitted)
