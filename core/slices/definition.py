"""A slice: at most three predicates that hold together; and the test of one that somebody asks for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.errors import InputError
from core.predicates import AllOf, FacetPredicate, Predicate, is_title_words, predicate_from_dict
from core.schema import TRUTH
from core.slices.stratified import one_per_title, worst_p
from core.statistics import MINIMUM_RECORDS
from core.storage import digest
from core.translation import _, in_english

__all__ = [
    "MAX_PREDICATES",
    "Slice",
    "slice_p_value",
]

# --- A slice: at most three facts that hold together. It can be named -------------------------------------------------
# A slice: at most three facts that hold together. It can be named, saved, sent in a URL and used as a filter.


MAX_PREDICATES: Final = 3


@dataclass(frozen=True)
class Slice:
    """The records for which all of the facts hold.

    Attributes
    ----------
    predicates : tuple of Predicate
        One to three.
    name : str
        What a person calls it; '' until it has a name.

    Examples
    --------
    >>> from core.predicates import RangePredicate, title_words
    >>> early_verse = Slice((title_words("poem*", "canto"), RangePredicate("year", None, 1799)))
    >>> early_verse.description
    'books dated before 1800 with “poem…” or “canto” in the title'
    >>> Slice.from_dict(early_verse.to_dict()) == early_verse
    True
    """

    predicates: tuple[Predicate, ...]
    name: str = ""

    def __post_init__(self) -> None:
        if not 1 <= len(self.predicates) <= MAX_PREDICATES:
            raise InputError(f"A slice has one to {MAX_PREDICATES} facts; {len(self.predicates)} came.")

    @property
    @in_english()
    def description(self) -> str:
        """The facts in English words, by which a slice is known wherever it is kept."""
        return self.in_words

    @property
    def in_words(self) -> str:
        """The facts in words of the reader's language."""
        noun = _("books")
        others = (predicate for predicate in self.predicates if not is_title_words(predicate))
        for predicate in sorted(others, key=_place_in_phrase):
            noun = predicate.words(noun)
        terms = [predicate.quoted for predicate in self.predicates if is_title_words(predicate)]
        if not terms:
            return noun
        return _("{noun} with {terms} in the title", noun=noun, terms=_(" and with ").join(terms))

    @property
    def key(self) -> str:
        """A short digest of the facts: two slices with the same facts, in whatever order, have the same key."""
        return digest(sorted((predicate.to_dict() for predicate in self.predicates), key=repr))

    def mask(self, records: pd.DataFrame) -> npt.NDArray[np.bool_]:
        """Tell for each record whether it is in the slice."""
        return AllOf(self.predicates).mask(records)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-able content."""
        content: dict[str, Any] = {"facts": [predicate.to_dict() for predicate in self.predicates]}
        return content | {"name": self.name} if self.name else content

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> "Slice":
        """Read a slice back from what :meth:`to_dict` gave.

        Raises
        ------
        InputError
            The content describes no slice.
        """
        predicates, name = content.get("facts"), content.get("name", "")
        if not isinstance(predicates, list | tuple) or not all(
            isinstance(predicate, Mapping) for predicate in predicates
        ):
            raise InputError(f"A slice needs a list of facts; {predicates!r} came.")
        if not isinstance(name, str):
            raise InputError(f"The name of a slice is a text; {name!r} came.")
        return cls(tuple(predicate_from_dict(predicate) for predicate in predicates), name)


def _place_in_phrase(predicate: Predicate) -> int:
    """Put a language before the noun and ranges last: 'Dutch books from Leiden dated before 1800'."""
    if isinstance(predicate, FacetPredicate):
        return 0 if predicate.facet == "language" else 1
    return 2


# --- A slice that somebody asks for: is it worse than the rest of its classes? ----------------------------------------


def slice_p_value(table: pd.DataFrame, classes: Sequence[str], slice_: Slice, least: int = MINIMUM_RECORDS) -> float:
    """Test a slice as :func:`core.slices.facet_slices` tests the values of a facet.

    Parameters
    ----------
    table : DataFrame
        The scored table; only its rows with a truth count.
    classes : sequence of str
    least : int
        Fewest books that are tested.

    Returns
    -------
    float
        Exact, one-sided p that the slice is worse than the rest of its true and of its predicted classes, each title
        once; not adjusted for other looks (see :class:`core.slices.Ledger`). NaN below `least` books.
    """
    labelled = table[(table[TRUTH] != "").to_numpy(dtype=bool)]
    if int(slice_.mask(labelled).sum()) < least:
        return float("nan")
    titles = one_per_title(labelled, tuple(classes))
    inside = np.flatnonzero(slice_.mask(titles.records))
    return worst_p(*titles.count(inside), *titles.count(np.arange(len(titles))))
