"""Functions vote: one column a function, one row a book, the number of a class or :data:`ABSTAIN`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.errors import InputError
from core.weak_supervision.books import Books
from core.weak_supervision.functions import LabellingFunction

__all__ = ["ABSTAIN", "VoteMatrix", "Votes", "cast_votes"]

ABSTAIN: Final = -1
VoteMatrix = NDArray[np.int16]


@dataclass(frozen=True)
class Votes:
    """The votes of functions on books.

    Attributes
    ----------
    functions : tuple of LabellingFunction
    classes : tuple of str
        Sorted; a vote is a position in it.
    matrix : int16 array, shape (n_books, n_functions)
        :data:`ABSTAIN` (−1) where a function says nothing.
    refused : tuple of int
        For each function, on how many books its model's opinion was not heard because the model learned from them.
    """

    functions: tuple[LabellingFunction, ...]
    classes: tuple[str, ...]
    matrix: VoteMatrix
    refused: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.matrix)

    @property
    def labelled(self) -> NDArray[np.bool_]:
        """Books with at least one vote."""
        return np.asarray((self.matrix != ABSTAIN).any(axis=1))

    @property
    def polarity(self) -> NDArray[np.int16]:
        """For each function the class it votes for."""
        return np.array([self.classes.index(function.label) for function in self.functions], dtype=np.int16)

    @property
    def sentences(self) -> tuple[str, ...]:
        """Say where a model was not heard."""
        return tuple(
            f"“{function.name}” asks {' and '.join(f'“{name}”' for name in function.predictions)}, whose model learned"
            f" (or may have learned) from {count:,} of these {len(self):,} books. Of its own training titles a model is"
            " no witness: there the function abstains."
            for function, count in zip(self.functions, self.refused, strict=True)
            if count
        )

    def only(self, keep: Sequence[int]) -> "Votes":
        """Return the votes of some functions, by position."""
        return Votes(
            tuple(self.functions[i] for i in keep),
            self.classes,
            self.matrix[:, list(keep)],
            tuple(self.refused[i] for i in keep),
        )


def cast_votes(functions: Sequence[LabellingFunction], books: Books, classes: Sequence[str] = ()) -> Votes:
    """Let every function vote on every book.

    Parameters
    ----------
    classes : sequence of str
        The classes there are; without them, those the functions vote for.

    Raises
    ------
    InputError
        In words that name the function: a column, facet, class or set of predictions is not there.
    """
    names = tuple(sorted({*classes, *(function.label for function in functions)}))
    matrix = np.full((len(books), len(functions)), ABSTAIN, dtype=np.int16)
    refused = []
    for number, function in enumerate(functions):
        try:
            holds = books.where(function.when)
            learned = [books.learned_by(name) for name in function.predictions]
        except InputError as error:
            raise InputError(f"Function '{function.name}': {error}") from error
        apart = np.logical_or.reduce(learned) if learned else None
        if apart is not None:
            holds = holds & ~apart
        matrix[holds, number] = names.index(function.label)
        refused.append(0 if apart is None else int(apart.sum()))
    return Votes(tuple(functions), names, matrix, tuple(refused))
