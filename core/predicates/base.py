"""What a predicate is, and the records that predicates are asked of."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.errors import InputError
from core.joins import find_leaks, join_ids
from core.schema import ALTERNATE_ID, RECORD_ID
from core.translation import _

__all__ = ["Books", "Mask", "ModelOpinion", "Predicate"]

Mask = NDArray[np.bool_]

# --- The records that predicates are asked of -------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class ModelOpinion:
    """What a model said of books, and which books it learned from.

    Attributes
    ----------
    ids : DataFrame
        ``record_id`` and ``alternate_id`` of the books it spoke of.
    probabilities : mapping
        Class → float array, row for row beside `ids`.
    learned : DataFrame
        ``record_id``, ``alternate_id`` and ``title_key`` of the books it learned from (or may have learned from).
    known : bool
        Whether it is known what the model learned from. If not, every labelled book counts as learned from.
    """

    name: str
    ids: pd.DataFrame
    probabilities: Mapping[str, NDArray[np.float64]]
    learned: pd.DataFrame
    known: bool = True


class Books:
    """Records as predicates look at them. Equal predicates are evaluated once.

    Parameters
    ----------
    records : DataFrame
        Normalised records.
    originals : DataFrame, optional
        The original columns, row for row beside `records`.
    opinion : function, optional
        Name of a set of predictions → :class:`ModelOpinion`.
    """

    def __init__(
        self,
        records: pd.DataFrame,
        originals: pd.DataFrame | None = None,
        opinion: Callable[[str], ModelOpinion] | None = None,
    ) -> None:
        self.records = records.reset_index(drop=True)
        self.originals = None if originals is None else originals.reset_index(drop=True)
        self.opinion = opinion
        self._masks: dict[Predicate, Mask] = {}
        self._arrows: dict[str, Any] = {}
        self._opinions: dict[str, tuple[ModelOpinion, NDArray[np.int64], Mask]] = {}

    def __len__(self) -> int:
        return len(self.records)

    def where(self, predicate: "Predicate") -> Mask:
        """Return for which books a predicate holds. The array is shared: do not change it.

        Raises
        ------
        InputError
            A column, facet, class or set of predictions that is not there.
        """
        if predicate not in self._masks:
            self._masks[predicate] = predicate.evaluate(self)
        return self._masks[predicate]

    def column(self, name: str) -> pd.Series:
        """Return a column of the records or, where they have none of this name, of the original file.

        Raises
        ------
        InputError
            Neither has it.
        """
        if name in self.records:
            return self.records[name]
        if self.originals is not None and name in self.originals:
            return self.originals[name]
        available = [*self.records.columns, *(() if self.originals is None else self.originals.columns)]
        raise InputError(f"There is no column '{name}'. There are: {', '.join(dict.fromkeys(available))}.")

    def text(self, name: str) -> pd.Series:
        """Return a column as text, numbers as they are written."""
        values = self.column(name)
        return values if isinstance(values.dtype, pd.StringDtype) else values.astype("str")

    def arrow(self, name: str) -> Any:
        """Return a column as a chunked array of text, made once."""
        import pyarrow as pa

        if name not in self._arrows:
            self._arrows[name] = pa.chunked_array([pa.array(self.text(name), type=pa.large_string())])
        return self._arrows[name]

    def learned_by(self, predictions: str) -> Mask:
        """Return which of these books the model behind a set of predictions learned from, by identifier or title."""
        return self.opinion_rows(predictions)[2]

    def opinion_rows(self, predictions: str) -> tuple[ModelOpinion, NDArray[np.int64], Mask]:
        """Return a model's opinion, the row of it for each book (−1 where it has none), and which books it learned.

        Raises
        ------
        InputError
            These books know of no predictions.
        """
        if predictions not in self._opinions:
            if self.opinion is None:
                raise InputError(f"No predictions can be asked here, so that '{predictions}' cannot.")
            opinion = self.opinion(predictions)
            ours = self.records.reindex(columns=[RECORD_ID, ALTERNATE_ID]).fillna("")
            join = join_ids(
                [ours[RECORD_ID], ours[ALTERNATE_ID]],
                [opinion.ids[RECORD_ID].reset_index(drop=True), opinion.ids[ALTERNATE_ID].reset_index(drop=True)],
            )
            self._opinions[predictions] = opinion, join.position, find_leaks(self.records, opinion.learned).mask
        return self._opinions[predictions]


class Predicate(ABC):
    """A condition that holds for a record or does not. Predicates are values: equal ones are the same condition."""

    kind: ClassVar[str]

    @abstractmethod
    def evaluate(self, books: Books) -> Mask:
        """Return for which books the predicate holds; :meth:`Books.where` keeps the answer."""

    @property
    @abstractmethod
    def condition(self) -> str:
        """The predicate as a condition: 'title has the word “novel”'."""

    @property
    def subject(self) -> str:
        """What the predicate speaks of: a slice has one predicate a subject, except about words of the title."""
        return self.kind

    def words(self, noun: str = "books") -> str:
        """Say for which of the `noun` the predicate holds: 'books dated before 1800'."""
        return _("{noun} where {condition}", noun=noun, condition=self.condition)

    def mask(self, records: pd.DataFrame) -> Mask:
        """Return for which rows of a table of records the predicate holds."""
        return Books(records).where(self)

    def leaves(self) -> "Iterator[Predicate]":
        """Yield the predicates that this one is put together from; itself, when it is simple."""
        yield self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON-able content that slices are saved with.

        Raises
        ------
        InputError
            A slice cannot be saved with this predicate.
        """
        raise InputError(f"A slice cannot hold the condition that {self.condition}.")
