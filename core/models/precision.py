"""Whether 16-bit numbers may be used: only where they change the label of at most one title in a thousand.

The gate looks at titles that were learned from, on which a network is surer than on others. So titles that are
undecided in 16 bits are read again in 32, whatever the gate has said: only there can rounding turn a label.
"""

import hashlib
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["MIN_AGREEMENT", "UNCERTAIN_MARGIN", "label_agreement", "rescore_uncertain", "sample"]

MIN_AGREEMENT = 0.999
_SAMPLE = 1_000
# Undecided: the two likeliest classes are so near. Rounding moves a probability by less than half of it.
UNCERTAIN_MARGIN = 0.05


def sample(titles: Sequence[str]) -> list[str]:
    """Return at most a thousand different titles, much the same ones when titles are added or taken away."""
    different = sorted(set(titles), key=lambda title: hashlib.sha256(title.encode()).digest())
    return different[:_SAMPLE]


def label_agreement(
    predict_proba: Callable[[Sequence[str], bool], NDArray[np.float64]], titles: Sequence[str]
) -> float:
    """Return the share of titles whose likeliest class is the same in 16 and in 32 bits; NaN without titles.

    Parameters
    ----------
    predict_proba : function
        Takes titles and whether to use 16 bits; returns probabilities, shape (n, k).
    """
    if not titles:
        return float("nan")
    same = predict_proba(titles, True).argmax(axis=1) == predict_proba(titles, False).argmax(axis=1)
    return float(same.mean())


def rescore_uncertain(
    probabilities: NDArray[np.float64],
    titles: Sequence[str],
    predict_proba: Callable[[Sequence[str]], NDArray[np.float64]],
) -> NDArray[np.float64]:
    """Return probabilities calculated in 16 bits, those of undecided titles replaced by what `predict_proba` says in
    32.

    Parameters
    ----------
    probabilities : array, shape (n, k)
    predict_proba : function
        Takes titles and returns probabilities, shape (n, k).
    """
    ranked = np.sort(probabilities, axis=1)
    near = (
        np.flatnonzero(ranked[:, -1] - ranked[:, -2] < UNCERTAIN_MARGIN)
        if probabilities.size
        else np.empty(0, dtype=np.int64)
    )
    if len(near):
        probabilities[near] = predict_proba([titles[i] for i in near.tolist()])
    return probabilities
