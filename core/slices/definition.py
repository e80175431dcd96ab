"""A slice: at most three facts that hold together. It can be named, saved, sent in a URL and used as a filter."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.errors import InputError
from core.slices.facts import FacetFact, Fact, TitleFact, fact_from_dict
from core.storage import digest

__all__ = ["MAX_FACTS", "Slice"]

MAX_FACTS: Final = 3


@dataclass(frozen=True)
class Slice:
    """The records for which all of the facts hold.

    Attributes
    ----------
    facts : tuple of Fact
        One to three.
    name : str
        What a person calls it; '' until it has a name.

    Examples
    --------
    >>> from core.slices.facts import RangeFact, TitleFact
    >>> early_verse = Slice((TitleFact(("poem*", "canto")), RangeFact("year", None, 1799)))
    >>> early_verse.description
    'books dated before 1800 with “poem…” or “canto” in the title'
    >>> Slice.from_dict(early_verse.to_dict()) == early_verse
    True
    """

    facts: tuple[Fact, ...]
    name: str = ""

    def __post_init__(self) -> None:
        if not 1 <= len(self.facts) <= MAX_FACTS:
            raise InputError(f"A slice has one to {MAX_FACTS} facts; {len(self.facts)} came.")

    @property
    def description(self) -> str:
        """The facts in words."""
        noun = "books"
        for fact in sorted((fact for fact in self.facts if not isinstance(fact, TitleFact)), key=_place_in_phrase):
            noun = fact.words(noun)
        terms = [fact.terms for fact in self.facts if isinstance(fact, TitleFact)]
        return f"{noun} with {' and with '.join(terms)} in the title" if terms else noun

    @property
    def key(self) -> str:
        """A short digest of the facts: two slices with the same facts, in whatever order, have the same key."""
        return digest(sorted((fact.to_dict() for fact in self.facts), key=repr))

    def mask(self, records: pd.DataFrame) -> npt.NDArray[np.bool_]:
        """Tell for each record whether it is in the slice."""
        inside = np.ones(len(records), dtype=bool)
        for fact in self.facts:
            inside &= fact.mask(records)
        return inside

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-able content."""
        content: dict[str, Any] = {"facts": [fact.to_dict() for fact in self.facts]}
        return content | {"name": self.name} if self.name else content

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> "Slice":
        """Read a slice back from what :meth:`to_dict` gave.

        Raises
        ------
        InputError
            The content describes no slice.
        """
        facts, name = content.get("facts"), content.get("name", "")
        if not isinstance(facts, list | tuple) or not all(isinstance(fact, Mapping) for fact in facts):
            raise InputError(f"A slice needs a list of facts; {facts!r} came.")
        if not isinstance(name, str):
            raise InputError(f"The name of a slice is a text; {name!r} came.")
        return cls(tuple(fact_from_dict(fact) for fact in facts), name)


def _place_in_phrase(fact: Fact) -> int:
    """Put a language before the noun and ranges last: 'Dutch books from Leiden dated before 1800'."""
    if isinstance(fact, FacetFact):
        return 0 if fact.facet == "language" else 1
    return 2
