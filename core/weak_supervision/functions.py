"""A labelling function (a name, the class it votes for, the predicate under which it does), and the votes of several.

Votes are a column a function and a row a book; functions that copy one another are found in them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.classes import match_classes
from core.errors import InputError
from core.formatting import percent
from core.predicates import Books, Predicate, RangePredicate, TextPredicate, predictions_of
from core.statistics import MINIMUM_RECORDS

__all__ = [
    "ABSTAIN",
    "DuplicateFunction",
    "LabellingFunction",
    "Votes",
    "agreements",
    "cast_votes",
    "check_functions",
    "find_duplicates",
    "with_class_spelling",
]

MAX_FUNCTIONS: Final = 500
MAX_PHRASE: Final = 2000  # characters


@dataclass(frozen=True)
class LabellingFunction:
    """Votes for `label` where the condition holds, and abstains everywhere else.

    Attributes
    ----------
    name : str
        By which people speak of it; no two functions of a set share one.
    label : str
        The class it votes for (its polarity).
    when : Predicate
    comment : str
        What its author wrote beside it in a file of functions, a line or several; '' for nothing.
    """

    name: str
    label: str
    when: Predicate
    comment: str = ""

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise InputError("A labelling function needs a name.")
        if not self.label.strip():
            raise InputError(f"The labelling function '{self.name}' needs a class to vote for.")
        for predicate in self.when.leaves():
            _check(predicate)

    @property
    def predictions(self) -> tuple[str, ...]:
        """Names of the predictions it asks."""
        return predictions_of(self.when)


def _check(predicate: Predicate) -> None:
    """Refuse what a saved slice may hold, but what somebody who writes a function cannot have meant."""
    if type(predicate) is RangePredicate:  # lengths may be empty, as they always might
        low, high = predicate.low, predicate.high
        if low is not None and high is not None and low > high:
            raise InputError(f"The range of '{predicate.column}' is empty: it goes from {low:g} to {high:g}.")
    elif isinstance(predicate, TextPredicate) and (size := len(predicate.value)) > MAX_PHRASE:
        raise InputError(f"What is looked for has {size:,} characters; at most {MAX_PHRASE:,} are taken.")


def check_functions(functions: Sequence[LabellingFunction]) -> None:
    """Refuse a set without functions, with too many, or with a name used twice.

    Raises
    ------
    InputError
    """
    if not functions:
        raise InputError("There is no labelling function yet.")
    if len(functions) > MAX_FUNCTIONS:
        raise InputError(f"There are {len(functions):,} labelling functions; at most {MAX_FUNCTIONS} are taken.")
    names = [function.name for function in functions]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"Two labelling functions are called '{twice}'. Give each a name of its own.")


def with_class_spelling(
    functions: Sequence[LabellingFunction], classes: Sequence[str]
) -> tuple[LabellingFunction, ...]:
    """Return the functions with their classes spelled as people's labels spell them.

    Raises
    ------
    InputError
        A function votes for a class that no label names.

    Examples
    --------
    >>> from core.predicates import LengthPredicate
    >>> with_class_spelling([LabellingFunction("long", "non fiction", LengthPredicate("title", 212))], ["Fiction",
    ... "Non-fiction"])[0].label
    'Non-fiction'
    """
    names = match_classes([function.label for function in functions], classes)
    spelled = []
    for function in functions:
        label = names.class_by_answer.get(function.label, "")
        if label not in classes:
            raise InputError(
                f"The function '{function.name}' votes for '{function.label}', which no label names."
                f" The labels have: {', '.join(classes)}."
            )
        spelled.append(replace(function, label=label))
    return tuple(spelled)


# --- Functions vote: one column a function, one row a book, the number of a class or :data:`ABSTAIN` ------------------


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


# --- Functions that copy one another: a vote that is counted twice is no second witness -------------------------------


MAX_AGREEMENT = 0.9  # of the books on which either votes, the share on which both vote alike


@dataclass(frozen=True, kw_only=True)
class DuplicateFunction:
    """A function that is refused because an earlier one says the same.

    Attributes
    ----------
    position, of : int
        Positions of the refused function and of the one it copies.
    name, original : str
    share : float
        Of the books on which either votes, the share on which both vote for the same class.
    books : int
        On how many books either votes.
    """

    position: int
    of: int
    name: str
    original: str
    share: float
    books: int

    @property
    def sentence(self) -> str:
        """Say it for a curator."""
        return (
            f"“{self.name}” copies “{self.original}”: on {percent(self.share, 0)} of the {self.books:,} books on which"
            " either votes, both vote alike. It is left out, since the same evidence must not count twice."
        )


def agreements(votes: Votes) -> pd.DataFrame:
    """Return every pair of functions with a book in common: ``first``, ``second`` (positions), ``share``, ``books``."""
    m = votes.matrix.shape[1]
    cast = (votes.matrix != ABSTAIN).astype(np.float32)
    together = cast.T @ cast
    polarity = votes.polarity
    alike = polarity[:, None] == polarity[None, :]
    counts = np.diag(together)
    either = counts[:, None] + counts[None, :] - together
    first, second = np.triu_indices(m, 1)
    pairs = pd.DataFrame(
        {
            "first": first,
            "second": second,
            "share": np.where(alike, together, 0)[first, second] / np.maximum(either[first, second], 1),
            "books": either[first, second].astype(int),
        }
    )
    overlapping: pd.DataFrame = pairs[together[first, second] > 0].reset_index(drop=True)
    return overlapping


def find_duplicates(votes: Votes) -> tuple[DuplicateFunction, ...]:
    """Find functions that say what an earlier one says already.

    A function copies an earlier one when both have the same class and the same condition, or when on at least
    :data:`MAX_AGREEMENT` of the books on which either votes (10 or more) both vote alike. What copies a copy copies the
    original.
    """
    pairs = agreements(votes)
    close = pairs[(pairs["share"] >= MAX_AGREEMENT) & (pairs["books"] >= MINIMUM_RECORDS)]
    near = {(int(a), int(b)): (float(s), int(n)) for a, b, s, n in close.itertuples(index=False)}
    refused: dict[int, DuplicateFunction] = {}
    for later, function in enumerate(votes.functions):
        for earlier in range(later):
            if earlier in refused:
                continue
            other = votes.functions[earlier]
            same = (other.label, other.when) == (function.label, function.when)
            if same or (earlier, later) in near:
                books = int((votes.matrix[:, later] != ABSTAIN).sum())
                share, books = near.get((earlier, later), (1.0, books))
                refused[later] = DuplicateFunction(
                    position=later, of=earlier, name=function.name, original=other.name, share=share, books=books
                )
                break
    return tuple(refused.values())
