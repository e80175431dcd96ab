"""What a model reads of a record: its title, and what other columns say, as one text.

A shelfmark or a class number often says more than a title. The text of a record that has one is its title, then for
each further column :data:`SEPARATOR`, the column's name and its value. A model that counts words reads the value as
terms, numbers also by their beginnings, as classifications are built ("12641" lies in "126"); a language model reads it
before the title, so that a long title does not push it out. A text without the mark is a title alone.

"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = [
    "SEPARATOR",
    "as_terms",
    "as_words",
    "columns_in_text",
    "display_token",
    "has_columns",
    "join_fields",
    "title_part",
    "token_of_terms",
    "tokens",
]

SEPARATOR: Final = "\u241f"  # SYMBOL FOR UNIT SEPARATOR: no white space, which readers of titles put together
_EQUALS = "="
_LONGEST = 200  # characters of a value
_MOST_TERMS = 40  # of a value
_PARTS = re.compile(r"[|;]")
_NUMBER = re.compile(r"0*(\d{2,})")
_NUMBERED = re.compile(r"(?<![^\W_])([^\W\d_]{0,3})0*(\d{2,})")


def join_fields(titles: pd.Series, columns: Mapping[str, pd.Series]) -> pd.Series:
    """Return the text of each record; a column without a value says nothing.

    Parameters
    ----------
    titles : Series of str
    columns : mapping
        Name → Series of str, row for row beside the titles; in the order in which they are read.

    Returns
    -------
    Series of str
        With the index of `titles`. A record without a title has none of the columns either: '' stays ''.

    >>> join_fields(pd.Series(["Emma", "Rome"]), {"Shelfmark": pd.Series(["012641.e.5", ""])}).tolist()
    ['Emma ␟Shelfmark=012641.e.5', 'Rome']
    """
    text = titles.str.replace(SEPARATOR, " ", regex=False)
    has_title = text.str.strip() != ""
    for name, values in columns.items():
        plain = values.reset_index(drop=True).set_axis(titles.index).fillna("").astype("str")
        plain = plain.str.replace(SEPARATOR, " ", regex=False).str.strip().str.slice(0, _LONGEST)
        text = text.where(~has_title | (plain == ""), text + f" {SEPARATOR}{_named(name)}{_EQUALS}" + plain)
    return text


def has_columns(texts: Sequence[str]) -> NDArray[np.bool_]:
    """Say which texts have more than a title, shape (n,)."""
    return np.fromiter((SEPARATOR in text for text in texts), dtype=bool, count=len(texts))


def title_part(text: str) -> str:
    """Return the title alone.

    >>> title_part("Emma ␟Shelfmark=12641")
    'Emma'
    """
    return text.partition(SEPARATOR)[0].removesuffix(" ") if SEPARATOR in text else text


def columns_in_text(text: str) -> list[tuple[str, str]]:
    """Return name and value of each further column in a text."""
    columns = []
    for part in text.split(SEPARATOR)[1:]:
        name, sign, value = part.strip().partition(_EQUALS)
        columns.append((name, value) if sign else ("", name))
    return columns


def tokens(text: str) -> list[str]:
    """Return what can be left out of a text: each word of the title, and each further column as a whole.

    Joined by spaces they are a text again.
    """
    return [*title_part(text).split(), *(f"{SEPARATOR}{name}{_EQUALS}{value}" for name, value in columns_in_text(text))]


def display_token(token: str) -> str:
    """Return one of :func:`tokens` for people.

    >>> [display_token(one) for one in tokens("Emma ␟Shelfmark=12641")]
    ['Emma', 'Shelfmark: 12641']
    """
    return f"{token.removeprefix(SEPARATOR).replace(_EQUALS, ': ', 1)}" if token.startswith(SEPARATOR) else token


def token_of_terms(text: str, terms: Sequence[str]) -> NDArray[np.int64]:
    """Return which of the units of a text each term of :func:`as_terms` (split at white space) belongs to."""
    words = len(title_part(text).split())
    keys = [f"{_key(name)}_" for name, _ in columns_in_text(text)]
    unit_indices = list(range(min(words, len(terms))))
    for term in terms[words:]:
        fitting = [i for i, key in enumerate(keys) if term.startswith(key)]
        # Of the columns 'name' and 'name_role' the longer one has the term 'name_role_author'.
        unit_indices.append(words + max(fitting, key=lambda i: len(keys[i])))
    return np.array(unit_indices, dtype=np.int64)


def as_terms(text: str) -> str:
    """Return a text for a model that counts words: the values as words that begin with the column's name.

    >>> as_terms("Emma ␟Shelfmark=012641.e.5")
    'Emma shelfmark_1 shelfmark_12 shelfmark_126 shelfmark_1264 shelfmark_12641 shelfmark_e shelfmark_5'
    """
    if SEPARATOR not in text:
        return text
    terms = dict.fromkeys(f"{_key(name)}_{term}" for name, value in columns_in_text(text) for term in _terms(value))
    return " ".join((title_part(text), *terms))


def as_words(text: str) -> str:
    """Return a text for a language model: what the columns say, then the title.

    Of a value with numbers only the first number of each part is said, with letters right before it: the rest of a
    shelfmark or a class number is written in many ways and tells nothing of the book.

    >>> as_words("Emma ␟Shelfmark=Digital Store 012641.e.5 ␟Class=PR4034 .E5 1896 ␟Topic=Love")
    'Shelfmark: 12641; Class: PR4034; Topic: Love; Emma'
    """
    if SEPARATOR not in text:
        return text
    phrases = [f"{name}: {_shorten(value)}" for name, value in columns_in_text(text)]
    return "; ".join((*phrases, title_part(text)))


def _shorten(value: str) -> str:
    parts = [part.strip() for part in _PARTS.split(value) if part.strip()]
    numbers = [_NUMBERED.search(part) for part in parts]
    return ", ".join(
        number.group(1) + number.group(2) if number else part for number, part in zip(numbers, parts, strict=True)
    )


def _terms(value: str) -> list[str]:
    """Return the words of a value, and the beginnings of the first number of each of its parts."""
    terms: list[str] = []
    for part in _PARTS.split(unicodedata.normalize("NFC", value).lower()):
        numbered = False
        for word in re.findall(r"[^\W\d_]+|\d+", part):
            number = _NUMBER.fullmatch(word)
            if number and not numbered:
                numbered = True
                digits = number.group(1)
                terms += [digits[:end] for end in range(1, len(digits) + 1)]
            else:
                terms.append(word.lstrip("0") or word)
    return list(dict.fromkeys(terms))[:_MOST_TERMS]


def _named(column: str) -> str:
    return " ".join(column.replace(_EQUALS, " ").replace(SEPARATOR, " ").split())


def _key(name: str) -> str:
    return "_".join(re.findall(r"\w+", name.lower())) or "column"
