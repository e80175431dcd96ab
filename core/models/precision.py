"""Whether 16-bit numbers may be used: only where they change the label of at most one title in a thousand."""

import hashlib
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["SAME_LABELS", "same_labels", "sample"]

SAME_LABELS = 0.999
_SAMPLE = 1_000


def sample(titles: Sequence[str]) -> list[str]:
    """Return at most a thousand different titles, much the same ones when titles are added or taken away."""
    different = sorted(set(titles), key=lambda title: hashlib.sha256(title.encode()).digest())
    return different[:_SAMPLE]


def same_labels(ask: Callable[[Sequence[str], bool], NDArray[np.float64]], titles: Sequence[str]) -> float:
    """Return the share of titles whose likeliest class is the same in 16 and in 32 bits; NaN without titles.

    Parameters
    ----------
    ask : function
        Takes titles and whether to use 16 bits; returns probabilities, shape (n, k).
    """
    if not titles:
        return float("nan")
    same = ask(titles, True).argmax(axis=1) == ask(titles, False).argmax(axis=1)
    return float(same.mean())
