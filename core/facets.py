"""Facets: the sides from which a collection is looked at. Missing is a value of its own, in every facet.

A facet is one of :data:`FACETS`, or any other text column of the records (a facet made by people). Everything works
column by column, so that 1.75 million records are a matter of tenths of a second a facet.
"""

import itertools
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.errors import InputError
from core.schema import (
    COUNTRY,
    DATE_CERTAINTIES,
    DATE_CERTAINTY,
    GENRE_GIVEN,
    LANGUAGE,
    LANGUAGE_SOURCE,
    PLACE,
    PUBLISHER,
    TITLE,
    YEAR,
)
from core.text_search import phrase_mask
from core.translation import _, language_name, noop

__all__ = [
    "FACETS",
    "facet_codes",
    "facet_column",
    "facet_order",
    "facet_title",
    "facet_values",
    "facet_words",
    "filter_records",
    "missing_value",
    "phrase_mask",
    "shown_value",
]

Codes = tuple[NDArray[np.intp], tuple[str, ...]]

LENGTH_LIMITS = (40, 80, 120, 200)  # characters; a quarter of the digitised titles has up to 46, half up to 79
OTHER_LETTER, DIGIT_OR_SIGN = "other letter", "digit or sign"


def _length_bands() -> tuple[str, ...]:
    between = [f"{low + 1}–{high}" for low, high in itertools.pairwise(LENGTH_LIMITS)]
    return (f"up to {LENGTH_LIMITS[0]}", *between, f"over {LENGTH_LIMITS[-1]}")


def _text(values: pd.Series) -> Codes:
    codes, names = pd.factorize(values)
    return codes, tuple(str(name) for name in names)


def _decades(years: pd.Series) -> Codes:
    numbers = years.to_numpy(dtype="float64", na_value=np.nan)
    codes, starts = pd.factorize(np.floor(numbers / 10) * 10)
    return codes, tuple(f"{start:.0f}s" for start in starts)


def _title_lengths(titles: pd.Series) -> Codes:
    lengths = titles.str.len().to_numpy(dtype="float64", na_value=0)
    codes = np.searchsorted(LENGTH_LIMITS, lengths).astype(np.intp)
    return np.where(lengths == 0, -1, codes), _length_bands()


def _first_letters(titles: pd.Series) -> Codes:
    # Of the first characters there are few different ones: Python looks only at those.
    codes, beginnings = pd.factorize(titles.str.slice(0, 8))
    letters = np.array([_first_letter(str(beginning)) for beginning in beginnings], dtype=object)
    inner, names = pd.factorize(letters)
    return np.where(codes < 0, -1, inner[codes]) if len(inner) else codes, tuple(names)


def _first_letter(beginning: str) -> str:
    if not beginning:
        return ""
    first = next((character for character in beginning if character.isalnum()), "")
    if not first.isalpha():
        return DIGIT_OR_SIGN
    base = unicodedata.normalize("NFKD", first)[0].upper()
    return base if "A" <= base <= "Z" else OTHER_LETTER


@dataclass(frozen=True, kw_only=True)
class _Facet:
    """How one facet is read from the records and spoken of."""

    title: str
    column: str
    missing: str
    words: str  # with {noun} and {value}
    words_missing: str
    codes: Callable[[pd.Series], Codes] = _text
    order: tuple[str, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)
    words_of: Mapping[str, str] = field(default_factory=dict)


_ALPHABET = tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_DEFINITIONS: dict[str, _Facet] = {
    "decade": _Facet(
        title=noop("Decade"),
        column=YEAR,
        missing=noop("no date"),
        words=noop("{noun} of the {value}"),
        words_missing=noop("{noun} without a readable date"),
        codes=_decades,
    ),
    "place": _Facet(
        title=noop("Place of publication"),
        column=PLACE,
        missing=noop("no place"),
        words=noop("{noun} from {value}"),
        words_missing=noop("{noun} without a place"),
    ),
    "country": _Facet(
        title=noop("Country"),
        column=COUNTRY,
        missing=noop("no country"),
        words=noop("{noun} from {value}"),
        words_missing=noop("{noun} without a country"),
    ),
    "language": _Facet(
        title=noop("Language"),
        column=LANGUAGE,
        missing=noop("no language"),
        words=noop("{value} {noun}"),
        words_missing=noop("{noun} without a language"),
    ),
    "language_source": _Facet(
        title=noop("Where the language comes from"),
        column=LANGUAGE_SOURCE,
        missing=noop("no language"),
        words=noop("{noun} whose language is {value}"),
        words_missing=noop("{noun} without a language"),
        order=(noop("catalogued"), noop("detected")),
        renamed={"catalogue": "catalogued"},
    ),
    "publisher": _Facet(
        title=noop("Publisher"),
        column=PUBLISHER,
        missing=noop("no publisher"),
        words=noop("{noun} published by {value}"),
        words_missing=noop("{noun} without a publisher"),
    ),
    "title_length": _Facet(
        title=noop("Length of title"),
        column=TITLE,
        missing=noop("no title"),
        words=noop("{noun} with titles of {value} characters"),
        words_missing=noop("{noun} without a title"),
        codes=_title_lengths,
        order=_length_bands(),
    ),
    "first_letter": _Facet(
        title=noop("First letter of title"),
        column=TITLE,
        missing=noop("no title"),
        words=noop("{noun} whose title begins with {value}"),
        words_missing=noop("{noun} without a title"),
        codes=_first_letters,
        order=(*_ALPHABET, OTHER_LETTER, DIGIT_OR_SIGN),
        words_of={
            OTHER_LETTER: noop("{noun} whose title begins with another letter than A to Z"),
            DIGIT_OR_SIGN: noop("{noun} whose title begins with a digit or a sign"),
        },
    ),
    "genre_given": _Facet(
        title=noop("Genre as catalogued"),
        column=GENRE_GIVEN,
        missing=noop("no genre given"),
        words=noop("{noun} catalogued as {value}"),
        words_missing=noop("{noun} catalogued without a genre"),
    ),
    "date_certainty": _Facet(
        title=noop("Certainty of date"),
        column=DATE_CERTAINTY,
        missing=noop("no date"),
        words=noop("{noun} whose date is {value}"),
        words_missing=noop("{noun} without a date"),
        order=tuple(certainty for certainty in DATE_CERTAINTIES if certainty != "none"),
        renamed={"none": ""},
        words_of={"range": noop("{noun} whose date is a range of years")},
    ),
}

FACETS: tuple[str, ...] = tuple(_DEFINITIONS)


def _facet(facet: str) -> _Facet:
    own = _Facet(
        title=facet,
        column=facet,
        missing=f"no {facet}",
        words=f"{{noun}} with {facet} {{value}}",
        words_missing=f"{{noun}} without {facet}",
    )
    return _DEFINITIONS.get(facet, own)


def facet_column(facet: str) -> str:
    """Return the column of the records that a facet is read from: 'year' for decade, the name itself if unknown."""
    return _facet(facet).column


def facet_codes(records: pd.DataFrame, facet: str) -> Codes:
    """Return the facet of every record as a number, and the values the numbers stand for.

    Parameters
    ----------
    records : DataFrame
        With the column the facet is read from (see :mod:`core.schema`).
    facet : str
        One of :data:`FACETS`, or the name of a text column.

    Returns
    -------
    codes : int array, shape (n_records,)
    values : tuple of str
        ``values[codes[i]]`` is the value of record i. Each value occurs at least once, and is listed once.

    Raises
    ------
    InputError
        The records have no such column.
    """
    how = _facet(facet)
    if how.column not in records:
        known = ", ".join(FACETS)
        raise InputError(
            f"The facet '{facet}' is read from the column '{how.column}', which these records do not have."
            f" Facets are {known}, or any text column of the records."
        )
    column = records[how.column]
    codes, names = how.codes(column)
    # Blank and undefined (code −1, which reaches the last of `worded`) become the facet's own missing value. Then the
    # numbers are made dense again, because two names may be worded alike.
    worded = [how.renamed.get(name, name) or how.missing for name in names] + [how.missing]
    numbers: dict[str, int] = {}
    used = np.bincount(codes + 1, minlength=len(names) + 1) > 0
    target = np.zeros(len(worded), dtype=np.intp)
    for old, name in enumerate(worded):
        if used[(old + 1) % len(worded)]:
            target[old] = numbers.setdefault(name, len(numbers))
    return target[codes], tuple(numbers)


def facet_values(records: pd.DataFrame, facet: str) -> pd.Series:
    """Return the facet's value of every record as words; what is missing is a value of its own ('no date', …).

    Parameters and Raises are those of :func:`facet_codes`.

    Returns
    -------
    Series of str, index and length of `records`; its name is the facet.

    Examples
    --------
    >>> facet_values(pd.DataFrame({"year": pd.array([1843, None], dtype="Int64")}), "decade").tolist()
    ['1840s', 'no date']
    """
    codes, values = facet_codes(records, facet)
    words = pd.Series(list(values), dtype="str").take(codes)
    return pd.Series(words.array, index=records.index, name=facet)


def facet_title(facet: str) -> str:
    """Return a facet's name for people: 'Length of title' for title_length, the name itself for an unknown one."""
    return _(_facet(facet).title)


def missing_value(facet: str) -> str:
    """Return the value that stands for "nothing there": 'no date' for decade, 'no place' for place …"""
    return _facet(facet).missing


def facet_words(facet: str, value: str, noun: str = noop("books")) -> str:
    """Say which books a value of a facet means, to be used in a sentence.

    >>> facet_words("language", "Dutch"), facet_words("decade", "1840s"), facet_words("place", "no place")
    ('Dutch books', 'books of the 1840s', 'books without a place')
    """
    how = _facet(facet)
    pattern = how.words_missing if value == how.missing else how.words_of.get(value, how.words)
    if facet == "language" and "," in value:  # 'Greek, Ancient' stands badly before a noun
        pattern = noop("{noun} in {value}")
    return _(pattern, noun=_(noun), value=shown_value(facet, value))


def shown_value(facet: str, value: str) -> str:
    """Return a value of a facet as the reader's language calls it: languages, and what stands for "nothing there".

    >>> shown_value("language", "French"), shown_value("place", "London")
    ('French', 'London')
    """
    how = _facet(facet)
    if value == how.missing:
        return _(value)
    if facet == "language":
        return language_name(value)
    if facet == "decade" and value[:-1].isdigit():
        return _("{start}s", start=value[:-1])
    if facet == "title_length" and value in (how.order[0], how.order[-1]):
        limit = value.split()[-1]
        return _("up to {limit}", limit=limit) if value == how.order[0] else _("over {limit}", limit=limit)
    return _(value) if value in how.order else value


def facet_order(facet: str, values: Iterable[str]) -> list[str]:
    """Return values in the order a chart should have them.

    Decades in time, bands of length by length, letters by the alphabet, certainties from certain to unreadable; other
    facets keep the order that comes in (give them the commonest first). The missing value is last.

    Examples
    --------
    >>> facet_order("decade", ["no date", "1850s", "990s", "1840s"])
    ['990s', '1840s', '1850s', 'no date']
    """
    how = _facet(facet)
    given = list(dict.fromkeys(values))
    place = {value: number for number, value in enumerate(how.order or given)}
    if facet == "decade":
        place = {value: int(value[:-1]) for value in given if re.fullmatch(r"-?\d+s", value)}
    last = max(place.values(), default=0) + 1
    return sorted(given, key=lambda value: (value == how.missing, place.get(value, last)))


def filter_records(
    records: pd.DataFrame, choices: Mapping[str, Collection[str]], phrase: str | None = None
) -> pd.DataFrame:
    """Return the records that have one of the chosen values in every facet (and the phrase in their title).

    Parameters
    ----------
    choices : mapping
        Facet → values as :func:`facet_values` words them. A facet without any value chosen lets everything through.
    phrase : str, optional
        Words to be found in the title, see :func:`phrase_mask`. Blank lets everything through.

    Returns
    -------
    DataFrame
        Rows of `records` with their index, in their order.
    """
    keep = np.ones(len(records), dtype=bool)
    for facet, chosen in choices.items():
        wanted = {chosen} if isinstance(chosen, str) else set(chosen)
        if wanted:
            codes, values = facet_codes(records, facet)
            keep &= np.array([value in wanted for value in values], dtype=bool)[codes] if values else False
    if phrase and phrase.strip():
        keep[keep] = phrase_mask(records[TITLE][keep], phrase)
    return records[keep]
