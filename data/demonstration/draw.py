"""Seeded draws: one small object that every part of the generator asks.

Each part has a stream of its own, so that a change in one part (a new title template, say) leaves the others alone.
"""

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Generic, TypeVar
from zlib import crc32

import numpy as np

__all__ = ["Draw", "Weighted"]

T = TypeVar("T")
BLOCK = 8192


class Weighted(Generic[T]):
    """Things that are not equally likely.

    Parameters
    ----------
    weights
        Weight of each thing, 0 or more; they need not sum to 1.
    """

    def __init__(self, weights: Mapping[T, float]) -> None:
        self.items = tuple(weights)
        self.reach = tuple(accumulate(weights.values()))
        if not self.items or self.reach[-1] <= 0:
            raise ValueError(f"Nothing to draw from: the weights are {dict(weights)}. Give at least one above 0.")


class Draw:
    """A stream of random choices that depends on the seed and on the stream's name only.

    Uniform numbers are taken from numpy in blocks, because titles need half a million of them.

    Parameters
    ----------
    seed
        Any whole number from 0 up.
    stream
        Name of the part that draws.

    >>> Draw(1, "titles").pick("abc") == Draw(1, "titles").pick("abc")
    True
    """

    def __init__(self, seed: int, stream: str) -> None:
        self.generator = np.random.default_rng([seed, crc32(stream.encode())])
        self._block: list[float] = []

    def uniform(self) -> float:
        """Return a number from 0 up to, and never, 1."""
        if not self._block:
            self._block = self.generator.random(BLOCK).tolist()
        return self._block.pop()

    def chance(self, probability: float) -> bool:
        """Return True with the given probability."""
        return self.uniform() < probability

    def pick(self, items: Sequence[T]) -> T:
        """Return one of `items`, all equally likely."""
        return items[int(self.uniform() * len(items))]

    def integer(self, low: int, high: int) -> int:
        """Return a whole number from `low` to `high`, both included."""
        return low + int(self.uniform() * (high - low + 1))

    def weighted(self, choice: Weighted[T]) -> T:
        """Return one of the things of `choice`, as likely as its weight says."""
        point = self.uniform() * choice.reach[-1]
        for item, reach in zip(choice.items, choice.reach, strict=True):
            if point < reach:
                return item
        return choice.items[-1]
