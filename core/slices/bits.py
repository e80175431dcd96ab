"""Sets of records as rows of bits: unions, intersections and counts of many sets at once."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Layout", "count", "lay_out"]

Bits = npt.NDArray[np.uint64]
Counts = npt.NDArray[np.int64]

WORD = 64


@dataclass(frozen=True)
class Layout:
    """Where each record's bit lies: records with an error first, strata one after another, each from a fresh word.

    Attributes
    ----------
    order : array of int
        Position in the table of each bit, −1 for the bits that fill up a word.
    error_starts, other_starts : array of int, shape (strata,)
        First word of each stratum's block of errors and of its block of other records. Every block has at least one
        word, so that blocks can be summed without special cases.
    """

    order: npt.NDArray[np.int64]
    error_starts: npt.NDArray[np.intp]
    other_starts: npt.NDArray[np.intp]

    @property
    def strata(self) -> int:
        """How many strata there are."""
        return len(self.error_starts)

    @property
    def error_words(self) -> int:
        """How many words the blocks of errors take."""
        return int(self.other_starts[0])

    @property
    def words(self) -> int:
        """How many words a set takes."""
        return len(self.order) // WORD

    def pack(self, columns: npt.NDArray[np.bool_]) -> Bits:
        """Turn truth values, shape (sets, records of the table), into rows of bits, shape (sets, words)."""
        laid = np.take(columns, self.order, axis=1)  # −1 takes the last record; those bits are cleared next
        laid[:, self.order < 0] = False
        return np.packbits(laid, axis=1, bitorder="little").view(np.uint64)

    def errors(self, sets: Bits) -> Counts:
        """Count the errors of each set by stratum, shape (sets, strata); `sets` may be cut after the error words."""
        return count(sets[:, : self.error_words], self.error_starts)

    def both(self, sets: Bits) -> tuple[Counts, Counts]:
        """Count the records and the errors of each set by stratum, each of shape (sets, strata)."""
        errors = self.errors(sets)
        others = count(sets[:, self.error_words :], self.other_starts - self.error_words)
        return errors + others, errors


def count(sets: Bits, starts: npt.NDArray[np.intp]) -> Counts:
    """Count the bits of each row from every start to the next, shape (rows, starts)."""
    ones = np.bitwise_count(sets)
    ends = [*starts[1:], sets.shape[1]]
    return np.stack(
        [ones[:, a:b].sum(axis=1, dtype=np.int64) for a, b in zip(starts, ends, strict=True)], axis=1
    )


def lay_out(rows: npt.NDArray[np.int64], strata: npt.NDArray[np.intp], wrong: npt.NDArray[np.bool_]) -> Layout:
    """Lay out the records `rows` of a table.

    Parameters
    ----------
    rows : array of int
        Positions in the table.
    strata : array of int, shape (records of the table,)
        Stratum of each record of the table, from 0.
    wrong : array of bool, shape (records of the table,)
    """
    number = int(strata.max(initial=0)) + 1
    blocks, starts, words = [], [], 0
    for error in (True, False):
        for stratum in range(number):
            block = rows[(strata[rows] == stratum) & (wrong[rows] == error)]
            size = max(1, -(-len(block) // WORD))
            blocks.append(np.concatenate([block, np.full(size * WORD - len(block), -1, dtype=np.int64)]))
            starts.append(words)
            words += size
    return Layout(
        np.concatenate(blocks),
        np.array(starts[:number], dtype=np.intp),
        np.array(starts[number:], dtype=np.intp),
    )
