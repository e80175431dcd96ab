"""Facts about a record that can be said in words: a facet's value, a range of numbers, words of the title.

A fact is applied to any table of records, written as JSON and read back; what is read back is checked, since it may
come out of a URL.

"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.errors import InputError
from core.facets import facet_codes, facet_words
from core.schema import TITLE, TITLE_KEY, YEAR
from core.text_search import parse_phrase_list, phrase_mask

__all__ = [
    "MEASURES",
    "FacetPredicate",
    "PhrasePredicate",
    "Predicate",
    "RangePredicate",
    "TitlePredicate",
    "measure_of",
    "predicate_from_dict",
]

Mask = npt.NDArray[np.bool_]

# The numbers a range can speak of.
MEASURES: Final = ("year", "title_length")


def measure_of(records: pd.DataFrame, measure: str) -> npt.NDArray[np.float64]:
    """Return the year, or the length of the title in characters, of every record; NaN where there is no year.

    Raises
    ------
    InputError
        There is no such measure.
    """
    if measure == "year":
        return np.asarray(records[YEAR].to_numpy(dtype=float, na_value=np.nan))
    if measure == "title_length":
        return np.asarray(records[TITLE].str.len().to_numpy(dtype=float))
    raise InputError(f"There is no measure '{measure}'. There are: {', '.join(MEASURES)}.")


@dataclass(frozen=True)
class FacetPredicate:
    """A facet has a value; having none ("no date") is a value too."""

    facet: str
    value: str
    kind: ClassVar[str] = "facet"

    @property
    def subject(self) -> str:
        """What the fact speaks of: a slice has one fact a subject, except about words of the title."""
        return "year" if self.facet == "decade" else self.facet

    def words(self, noun: str = "books") -> str:
        """Say of which of the `noun` the fact speaks."""
        return facet_words(self.facet, self.value, noun)

    def mask(self, records: pd.DataFrame) -> Mask:
        """Tell for each record whether the fact holds."""
        codes, values = facet_codes(records, self.facet)
        return np.asarray(np.array([value == self.value for value in values], dtype=bool)[codes])

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-able content."""
        return {"kind": self.kind, "facet": self.facet, "value": self.value}


@dataclass(frozen=True)
class RangePredicate:
    """A number lies between `low` and `high`, both included; None leaves that side open.

    A record without the number is in no range.
    """

    measure: str
    low: int | None
    high: int | None
    kind: ClassVar[str] = "range"

    def __post_init__(self) -> None:
        if self.measure not in MEASURES:
            raise InputError(f"There is no measure '{self.measure}'. There are: {', '.join(MEASURES)}.")
        if self.low is None and self.high is None:
            raise InputError(f"A range of '{self.measure}' needs a lowest or a highest number.")

    @property
    def subject(self) -> str:
        """What the fact speaks of."""
        return self.measure

    def words(self, noun: str = "books") -> str:
        """Say of which of the `noun` the fact speaks."""
        if self.measure == "year":
            if self.low is None:
                return f"{noun} dated before {self.high + 1 if self.high is not None else ''}"
            if self.high is None:
                return f"{noun} dated {self.low} or later"
            return f"{noun} dated {self.low}–{self.high}" if self.low < self.high else f"{noun} dated {self.low}"
        if self.low is None:
            return f"{noun} with titles of at most {self.high} characters"
        if self.high is None:
            return f"{noun} with titles of at least {self.low} characters"
        return f"{noun} with titles of {self.low}–{self.high} characters"

    def mask(self, records: pd.DataFrame) -> Mask:
        """Tell for each record whether the fact holds."""
        return self.holds(measure_of(records, self.measure))

    def holds(self, numbers: npt.NDArray[np.float64]) -> Mask:
        """Tell for each number whether it is in the range."""
        low = -np.inf if self.low is None else self.low
        high = np.inf if self.high is None else self.high
        return np.asarray((numbers >= low) & (numbers <= high))

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-able content."""
        return {"kind": self.kind, "measure": self.measure, "low": self.low, "high": self.high}


@dataclass(frozen=True)
class TitlePredicate:
    """The title has any of some words: ``poem``, ``in verse`` (words that follow each other), ``poem*`` (begins so).

    They are looked up in the normalised title, so case and punctuation do not matter.
    """

    any_of: tuple[str, ...]
    kind: ClassVar[str] = "title"

    def __post_init__(self) -> None:
        if not self.any_of or not all(re.fullmatch(r"[^\s*]+( [^\s*]+)*\*?", term) for term in self.any_of):
            raise InputError(
                f"Words of a title are words divided by single spaces, the last may end in *; {list(self.any_of)} came."
            )

    @property
    def subject(self) -> str:
        """What the fact speaks of; any number of facts may speak of words."""
        return "words"

    def words(self, noun: str = "books") -> str:
        """Say of which of the `noun` the fact speaks."""
        return f"{noun} with {self.terms} in the title"

    @property
    def terms(self) -> str:
        """The words as a reader says them: “poem…”, “verse” or “canto”."""
        quoted = [f"“{term[:-1]}…”" if term.endswith("*") else f"“{term}”" for term in self.any_of]
        return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"

    def mask(self, records: pd.DataFrame) -> Mask:
        """Tell for each record whether the fact holds."""
        terms = "|".join(re.escape(term[:-1]) if term.endswith("*") else re.escape(term) + " " for term in self.any_of)
        keys = " " + records[TITLE_KEY] + " "
        return np.asarray(keys.str.contains(f" (?:{terms})", regex=True).to_numpy(dtype=bool))

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-able content."""
        return {"kind": self.kind, "any_of": list(self.any_of)}


@dataclass(frozen=True)
class PhrasePredicate:
    """The title has any of the words that somebody typed, found as :func:`core.text_search.phrase_mask` finds them.

    Unlike a :class:`TitlePredicate`, ``poem`` finds *poems* too.

    Examples
    --------
    >>> PhrasePredicate.from_text("Verse, poet*") == PhrasePredicate.from_text("poet* | verse")
    True
    """

    any_of: tuple[str, ...]
    kind: ClassVar[str] = "phrase"

    def __post_init__(self) -> None:
        parse_phrase_list(", ".join(self.any_of))

    @classmethod
    def from_text(cls, phrase: str) -> "PhrasePredicate":
        """Read what was typed; neither the order of the words nor capital letters make it another fact.

        Raises
        ------
        InputError
            There is no word in it.
        """
        return cls(tuple(sorted({" ".join(words.lower().split()) for words in parse_phrase_list(phrase)})))

    @property
    def subject(self) -> str:
        """What the fact speaks of."""
        return "words"

    def words(self, noun: str = "books") -> str:
        """Say of which of the `noun` the fact speaks."""
        return f"{noun} found by “{', '.join(self.any_of)}” in the title"

    def mask(self, records: pd.DataFrame) -> Mask:
        """Tell for each record whether the fact holds."""
        return phrase_mask(records[TITLE], ", ".join(self.any_of))

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-able content."""
        return {"kind": self.kind, "any_of": list(self.any_of)}


Predicate = FacetPredicate | RangePredicate | TitlePredicate | PhrasePredicate


def predicate_from_dict(content: Mapping[str, Any]) -> Predicate:
    """Read a fact back from what its ``to_dict`` gave.

    Raises
    ------
    InputError
        It is none: names the part that is wrong.

    Examples
    --------
    >>> predicate_from_dict({"kind": "range", "measure": "year", "low": None, "high": 1799}).words()
    'books dated before 1800'
    """
    kind = content.get("kind")
    if kind == "facet":
        return FacetPredicate(_text(content, "facet"), _text(content, "value"))
    if kind == "range":
        return RangePredicate(_text(content, "measure"), _number(content, "low"), _number(content, "high"))
    if kind == "title":
        return TitlePredicate(_texts(content, "any_of"))
    if kind == "phrase":
        return PhrasePredicate(_texts(content, "any_of"))
    raise InputError(f"There is no kind of fact '{kind}'. There are: facet, range, title, phrase.")


def _text(content: Mapping[str, Any], key: str) -> str:
    value = content.get(key)
    if not isinstance(value, str):
        raise InputError(f"A {content['kind']} fact needs a text as '{key}'; {value!r} came.")
    return value


def _texts(content: Mapping[str, Any], key: str) -> tuple[str, ...]:
    values = content.get(key)
    if not isinstance(values, list | tuple) or not all(isinstance(value, str) for value in values):
        raise InputError(f"The words of a {content['kind']} fact are a list of texts; {values!r} came.")
    return tuple(values)


def _number(content: Mapping[str, Any], key: str) -> int | None:
    value = content.get(key)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        raise InputError(f"A range needs a whole number or null as '{key}'; {value!r} came.")
    return value
