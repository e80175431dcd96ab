"""Scoring on this computer: one shard after the other."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.progress import Progress, silent
from core.scale.remaining import ProgressMeter
from core.scale.shards import Shards

__all__ = ["Scorer", "score_locally"]


class Scorer(Protocol):
    """Gives probabilities for titles: what a model does, whatever it is."""

    def __call__(self, titles: list[str], progress: Progress = silent) -> NDArray[np.float64]:
        """Return probabilities, shape (n, k)."""


def score_locally(shards: Shards, scorer: Scorer, progress: Progress = silent) -> None:
    """Score the shards that are not done yet, and keep each as soon as it is.

    Raises
    ------
    Cancelled
        Raised by the listener. The shards that are done stay.
    """
    pending = shards.pending()
    done = shards.count_titles_outside(pending)
    tell = ProgressMeter(len(shards.titles), progress, before=done)
    for number in pending:
        titles = list(shards.part(number))

        def listener(fraction: float, message: str, done: int = done, size: int = len(titles)) -> None:
            tell(done + fraction * size)

        shards.store(number, scorer(titles, listener))
        done += len(titles)
        tell(done)
