"""Sets of records as rows of bits: unions, intersections and counts of many sets at once."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

__all__ = ["Bits", "Counts", "Layout", "count_ones", "lay_out"]

Bits = npt.NDArray[np.uint64]
Counts = npt.NDArray[np.int64]

WORD = 64
# Cells × strata from which the table of both is multiplied as a sparse one.
DENSE = 2_000


@dataclass(frozen=True)
class Layout:
    """Where each record's bit lies: one cell after another, those of errors first, each from a fresh word.

    A cell is what cannot be told apart when counting: records in the same stratum of every view (a view is one way to
    divide records into strata, such as by true class), all of them wrong or all right.

    Attributes
    ----------
    order : array of int
        Position in the table of each bit, −1 for the bits that fill up a word.
    starts : array of int, shape (cells,)
        First word of each cell.
    error_cells : int
        How many of the cells hold errors.
    membership : array of float, shape (cells, views × strata)
        1 where the cell lies in the stratum of the view.
    shape : tuple of int
        Views, strata.
    """

    order: npt.NDArray[np.int64]
    starts: npt.NDArray[np.intp]
    error_cells: int
    membership: npt.NDArray[np.float64]
    shape: tuple[int, int]

    @property
    def words(self) -> int:
        """How many words a set takes."""
        return len(self.order) // WORD

    @property
    def error_word_count(self) -> int:
        """How many words the errors take."""
        return int(self.starts[self.error_cells]) if self.error_cells < len(self.starts) else self.words

    @property
    def everything(self) -> Bits:
        """The set of all records that are laid out, shape (words,)."""
        return np.packbits(self.order >= 0, bitorder="little").view(np.uint64)

    def pack(self, columns: npt.NDArray[np.bool_]) -> Bits:
        """Turn truth values, shape (sets, records of the table), into rows of bits, shape (sets, words)."""
        laid = np.take(columns, self.order, axis=1)  # −1 takes the last record; those bits are cleared next
        laid[:, self.order < 0] = False
        return np.packbits(laid, axis=1, bitorder="little").view(np.uint64)

    def count(self, sets: Bits) -> tuple[Counts, Counts]:
        """Count the records and the errors of each set, each of shape (sets, views, strata)."""
        shape = (len(sets), *self.shape)
        if not len(sets) or not len(self.starts):
            return np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
        cells = np.add.reduceat(np.bitwise_count(sets), self.starts, axis=1, dtype=np.int32)
        wrong, strata_of = self.error_cells, self._strata_of_cells
        errors = (cells[:, :wrong] @ strata_of[:wrong]).reshape(shape)
        others = (cells[:, wrong:] @ strata_of[wrong:]).reshape(shape)
        return (errors + others).astype(np.int64), errors.astype(np.int64)

    @cached_property
    def _strata_of_cells(self) -> Any:
        """:attr:`membership`, sparse where it is large: with a hundred classes it is nearly all zeros."""
        return self.membership if self.membership.size < DENSE else sparse.csr_array(self.membership.astype(np.int32))

    def count_all(self, part: Bits | None = None) -> tuple[Counts, Counts]:
        """Count the records and errors of everything, or of one set, each of shape (views, strata)."""
        n, errors = self.count((self.everything if part is None else part)[None])
        return n[0], errors[0]


def count_ones(sets: Bits) -> Counts:
    """Count the bits of each row, shape (rows,)."""
    return np.asarray(np.bitwise_count(sets).sum(axis=1, dtype=np.int64))


def lay_out(
    rows: npt.NDArray[np.int64], views: npt.NDArray[np.intp], strata: int, wrong: npt.NDArray[np.bool_]
) -> Layout:
    """Lay out the records `rows` of a table.

    Parameters
    ----------
    rows : array of int
        Positions in the table.
    views : array of int, shape (views, records of the table)
        Stratum of each record in each view, from 0.
    strata : int
        How many strata a view may have.
    wrong : array of bool, shape (records of the table,)
    """
    key = (~wrong[rows]).astype(np.int64)
    for view in views:
        key = key * strata + view[rows]
    occurring = np.flatnonzero(np.bincount(key))
    cells = np.stack(np.unravel_index(occurring, (2, *[strata] * len(views))))
    blocks, starts, words = [], [], 0
    for number in occurring:
        block = rows[key == number]
        size = -(-len(block) // WORD)
        blocks.append(np.concatenate([block, np.full(size * WORD - len(block), -1, dtype=np.int64)]))
        starts.append(words)
        words += size
    membership = np.zeros((cells.shape[1], len(views), strata))
    for view in range(len(views)):
        membership[np.arange(cells.shape[1]), view, cells[1 + view]] = 1
    return Layout(
        np.concatenate(blocks),
        np.array(starts, dtype=np.intp),
        int((cells[0] == 0).sum()),
        membership.reshape(cells.shape[1], -1),
        (len(views), strata),
    )
