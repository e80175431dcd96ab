"""Scoring on this computer: one shard after the other."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.progress import Progress, silent
from core.scale.remaining import Meter
from core.scale.shards import Shards

__all__ = ["Ask", "score_here"]


class Ask(Protocol):
    """Gives probabilities for titles: what a model does, whatever it is."""

    def __call__(self, titles: list[str], progress: Progress = silent) -> NDArray[np.float64]:
        """Return probabilities, shape (n, k)."""


def score_here(shards: Shards, scorer: Ask, progress: Progress = silent) -> None:
    """Score the shards that are not done yet, and keep each as soon as it is.

    Raises
    ------
    Cancelled
        Raised by the listener. The shards that are done stay.
    """
    pending = shards.pending()
    done = shards.titles_but(pending)
    tell = Meter(len(shards.titles), progress, before=done)
    for number in pending:
        titles = list(shards.part(number))

        def listener(fraction: float, message: str, done: int = done, size: int = len(titles)) -> None:
            tell(done + fraction * size)

        shards.keep(number, scorer(titles, listener))
        done += len(titles)
        tell(done)
