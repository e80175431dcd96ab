"""Titles as batches of token numbers: of like length together, padded no further than the longest of each batch."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Batch", "epoch_batches", "length_sorted", "padded", "within_tokens"]

# So many batches' titles are drawn at random, then sorted by length among themselves: little padding, yet other
# neighbours in every epoch.
_POOL = 16


@dataclass(frozen=True)
class Batch:
    """Some titles.

    Attributes
    ----------
    rows : int64 array, shape (b,)
        Which titles these are.
    tokens, mask : int64 arrays, shape (b, longest)
        Token numbers, and 1 where there is one, 0 where the row was padded.
    """

    rows: NDArray[np.int64]
    tokens: NDArray[np.int64]
    mask: NDArray[np.int64]


def padded(encoded: Sequence[Sequence[int]], rows: NDArray[np.int64], padding: int) -> Batch:
    """Return these rows of the encoded titles as one batch.

    >>> padded([[5], [6, 7]], np.array([0, 1]), 0).tokens.tolist()
    [[5, 0], [6, 7]]
    """
    longest = max(len(encoded[row]) for row in rows)
    tokens = np.full((len(rows), longest), padding, dtype=np.int64)
    mask = np.zeros((len(rows), longest), dtype=np.int64)
    for at, row in enumerate(rows):
        tokens[at, : len(encoded[row])] = encoded[row]
        mask[at, : len(encoded[row])] = 1
    return Batch(np.asarray(rows), tokens, mask)


def length_sorted(encoded: Sequence[Sequence[int]], size: int) -> list[NDArray[np.int64]]:
    """Return rows in batches of `size`, the longest titles first, so that memory runs out at once or never."""
    order = np.argsort([-len(token_ids) for token_ids in encoded], kind="stable")
    return [order[start : start + size] for start in range(0, len(order), size)]


def within_tokens(encoded: Sequence[Sequence[int]], most: int) -> list[NDArray[np.int64]]:
    """Return rows in batches of no more than `most` tokens, or of one title that has more; the longest titles first.

    >>> [rows.tolist() for rows in within_tokens([[1], [1, 2, 3], [1, 2]], 3)]
    [[1], [2, 0]]
    """
    order = np.argsort([-len(token_ids) for token_ids in encoded], kind="stable")
    starts: list[int] = []
    room = 0
    for at, row in enumerate(order):
        room -= len(encoded[row])
        if room < 0 or not starts:
            starts.append(at)
            room = most - len(encoded[row])
    return np.split(order, starts[1:]) if starts else []


def epoch_batches(lengths: NDArray[np.int64], size: int, generator: np.random.Generator) -> list[NDArray[np.int64]]:
    """Return all rows in batches of `size` in a random order, rows of like length together."""
    order = generator.permutation(len(lengths))
    batches: list[Any] = []
    for start in range(0, len(order), size * _POOL):
        pool = order[start : start + size * _POOL]
        pool = pool[np.argsort(lengths[pool], kind="stable")]
        batches += [pool[at : at + size] for at in range(0, len(pool), size)]
    return [batches[i] for i in generator.permutation(len(batches))]
