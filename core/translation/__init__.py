"""The language of what a curator reads: English as it stands in the code, or another from a catalogue of messages.

A message is an English template with named places: ``_("{n:,} books wait", n=n)``. Beside this module lies a file
``locales/<language>/LC_MESSAGES/colophon.po`` for each other language. A command, a job and whatever is written into a
file speak English; the dashboard says which language its reader chose (:func:`follow`).
"""

import contextlib
import functools
import numbers
import string
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from gettext import c2py
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

__all__ = [
    "ENGLISH",
    "LANGUAGES",
    "LOCALES",
    "Catalogue",
    "_",
    "catalogue_of",
    "current_language",
    "follow",
    "in_english",
    "inside",
    "language_is",
    "language_name",
    "noop",
    "number_text",
    "plural",
    "write",
]

ENGLISH: Final = "en"
LOCALES: Final = Path(__file__).parent / "locales"
LANGUAGES: Final[Mapping[str, str]] = {ENGLISH: "English", "de": "Deutsch"}
"""What can be chosen, and how each language calls itself."""

_Text = TypeVar("_Text", bound=str)
_DOMAIN: Final = "colophon.po"
_fixed: ContextVar[str | None] = ContextVar("language", default=None)
_sources: list[Callable[[], str]] = []


def current_language() -> str:
    """Return the language of whoever reads what is written now; English where nobody chose."""
    fixed = _fixed.get()
    if fixed is not None:
        return fixed
    return _sources[-1]() if _sources else ENGLISH


def follow(source: Callable[[], str]) -> None:
    """Ask `source` for the language from now on, wherever none is fixed by :func:`language_is`."""
    _sources[:] = [source]


@contextlib.contextmanager
def language_is(language: str) -> Iterator[None]:
    """Fix the language of what is written inside; also a decorator."""
    token = _fixed.set(language)
    try:
        yield
    finally:
        _fixed.reset(token)


in_english = functools.partial(language_is, ENGLISH)
"""Fix English inside: for what a file keeps, whoever made it on a page. Also a decorator."""


def noop(message: _Text) -> _Text:
    """Mark a message that is translated where it is used, by ``_``; the text itself is returned."""
    return message


def _(message: str, /, **values: object) -> str:
    """Return a message in the reader's language.

    Parameters
    ----------
    message : str
        The English text; with `values` a template for :meth:`str.format`.

    >>> _("{n:,} books", n=1200)
    '1,200 books'
    """
    language = current_language()
    if language == ENGLISH:
        return message.format(**values) if values else message
    return write(catalogue_of(language).messages.get(message, message), values, language)


def plural(singular: str, many: str, n: int, /, **values: object) -> str:
    """Return one of two messages by a number, which is the place ``{n}`` in them, in the reader's language.

    >>> plural("{n:,} book", "{n:,} books", 1), plural("{n:,} book", "{n:,} books", 1200)
    ('1 book', '1,200 books')
    """
    values = {"n": n} | values
    language = current_language()
    if language == ENGLISH:
        return (singular if n == 1 else many).format(**values)
    catalogue = catalogue_of(language)
    forms = catalogue.plurals.get((singular, many))
    message = forms[catalogue.form(n)] if forms else (singular if n == 1 else many)
    return write(message, values, language)


def inside(words: str) -> str:
    """Return words as they stand inside a sentence: in small letters in English, where German keeps its capitals.

    >>> inside("Place of publication")
    'place of publication'
    """
    return words.lower() if current_language() == ENGLISH else words


def language_name(english: str) -> str:
    """Return the name of a language, given in English, in the reader's language; the name itself where it has none.

    >>> with language_is("de"):
    ...     language_name("French"), language_name("Greek, Ancient")
    ('Französisch', 'Greek, Ancient')
    """
    language = current_language()
    return english if language == ENGLISH else _language_names(language).get(english, english)


@functools.cache
def _language_names(language: str) -> Mapping[str, str]:
    from babel import Locale

    own = Locale(language).languages
    return {name: own[code] for code, name in Locale(ENGLISH).languages.items() if code in own}


def number_text(text: str) -> str:
    """Return a number as English writes it, such as "1,204.5 %", as the reader's language does: "1.204,5 %"."""
    language = current_language()
    return text if language == ENGLISH else text.translate(_signs(language))


def write(message: str, values: Mapping[str, object], language: str) -> str:
    """Return a template of a language with its places filled, and numbers as the language writes them."""
    return _formatter(language).vformat(message, (), values) if values else message


class _Formatter(string.Formatter):
    """As :meth:`str.format`, with numbers as a language writes them."""

    def __init__(self, signs: Mapping[int, str]) -> None:
        self.signs = signs

    def format_field(self, value: Any, format_spec: str) -> str:
        text = format(value, format_spec)
        return text.translate(self.signs) if isinstance(value, numbers.Number) else text


@functools.cache
def _formatter(language: str) -> _Formatter:
    return _Formatter(_signs(language))


@functools.cache
def _signs(language: str) -> Mapping[int, str]:
    from babel.numbers import get_decimal_symbol, get_group_symbol

    return {ord("."): get_decimal_symbol(language), ord(","): get_group_symbol(language)}


class Catalogue(NamedTuple):
    """The translations of a language: of messages, of messages with two forms, and which form a number has."""

    messages: Mapping[str, str]
    plurals: Mapping[tuple[str, str], tuple[str, ...]]
    form: Callable[[int], int]


@functools.cache
def catalogue_of(language: str, domain: str = _DOMAIN) -> Catalogue:
    """Return the translations of a language: of the messages in the sources, or of another domain."""
    from babel.messages.pofile import read_po

    with (LOCALES / language / "LC_MESSAGES" / domain).open("rb") as file:
        content = read_po(file, locale=language)
    messages: dict[str, str] = {}
    plurals: dict[tuple[str, str], tuple[str, ...]] = {}
    for entry in content:
        if isinstance(entry.string, str):
            if entry.id and entry.string:
                messages[str(entry.id)] = entry.string
        elif entry.string and all(entry.string):
            plurals[entry.id[0], entry.id[1]] = tuple(entry.string)
    return Catalogue(messages, plurals, c2py(content.plural_expr))
