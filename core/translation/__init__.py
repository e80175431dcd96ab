"""The language of what a curator reads: English as it stands in the code, or another from a catalogue of messages.

A message is an English template with named places: ``_("{n:,} books wait", n=n)``. Beside this module lies a file
``locales/<language>/LC_MESSAGES/colophon.po`` for each other language. A command, a job and whatever is written into a
file speak English; the dashboard says which language its reader chose (:func:`follow`).
"""

import contextlib
import functools
import numbers
import re
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
    "NUMBERED",
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
    "translate",
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


# --- English that core wrote, in the reader's language ----------------------------------------------------------------
#
# English that core wrote, in the reader's language: errors, what an import noted, what a manifest or a job keeps.
#
# Core, its files and its jobs speak English, also where a page shows what they wrote. A page translates it as it draws
# it, by the templates of two catalogues: ``colophon.po``, whose messages have named places, and ``core.po``, whose
# messages are the texts of core's errors and notes, with their places numbered. What no template fits stays English.

NUMBERED: Final = "core.po"

_PLACE: Final = re.compile(r"\{(\d+)\}")
_NAMED_PLACE: Final = re.compile(r"\{(\w+)(?::([^{}]*))?\}")
_NUMBER: Final = re.compile(r"[-−]?\d[\d,]*(?:\.\d+)?(?:\u00a0| )?%?")
_BETWEEN_SENTENCES: Final = re.compile(r"(?<=[.?!”)]) (?=\S)")
_QUOTES: Final = re.compile(r"(?<![A-Za-z])'|'(?![A-Za-z])")  # no apostrophes
_ONE_SENTENCE, _ANYTHING = r"(?:(?![.?!] [A-Z“']).)*?", ".*?"
_MOST_SENTENCES: Final = 8
_FEWEST_LETTERS: Final = 5
_LEAST_SHARE: Final = 0.12  # of the letters of a text: what has fewer in common with it is another message


class _Template(NamedTuple):
    """A message with places.

    Attributes
    ----------
    literals : tuple of str
        What stands before, between and behind the places.
    pattern, loose : Pattern
        Of the whole text: no place holds the end of a sentence; it may.
    weight : int
        Letters that have to be there: of two templates that fit a text the heavier one is meant.
    write : callable
        Makes the translation of a match; None where a number would not be written so in English.
    """

    literals: tuple[str, ...]
    pattern: re.Pattern[str]
    loose: re.Pattern[str]
    weight: int
    write: Callable[[re.Match[str]], str | None]

    def fits(self, text: str) -> bool:
        """Tell whether a text can be of this template, which is quick."""
        return text.startswith(self.literals[0]) and text.endswith(self.literals[-1])


def translate(text: str) -> str:
    """Return an English text of core in the reader's language: one message, or several sentences after one another.

    >>> from core.translation import language_is
    >>> with language_is("de"):
    ...     translate("Nothing was named."), translate("No file was named.")
    ('Nothing was named.', 'Es wurde keine Datei genannt.')
    """
    language = current_language()
    return text if language == ENGLISH or not text else _translated(text, language)


@functools.lru_cache(4096)
def _translated(text: str, language: str) -> str:
    whole = _whole(text, language)
    if whole is not None:
        return whole
    translated, all_known = _sentences(text, language)
    return translated if all_known else _whole(text, language, loose=True) or translated


def _sentences(text: str, language: str) -> tuple[str, bool]:
    """Return the translation of sentences one after the other, and whether each is a message; what is none stays."""
    sentences, at, translated, all_known = _BETWEEN_SENTENCES.split(text), 0, [], True
    while at < len(sentences):
        for end in range(min(len(sentences), at + _MOST_SENTENCES), at, -1):
            candidate = " ".join(sentences[at:end])
            whole = _whole(candidate, language) or _whole(f" {candidate}", language)
            if whole is None and end == at + 1:
                whole = _clauses(candidate, language)
            if whole is not None:
                break
        translated.append(sentences[at] if whole is None else whole.strip())
        all_known = all_known and whole is not None
        at = at + 1 if whole is None else end
    return " ".join(translated), all_known


def _clauses(sentence: str, language: str) -> str | None:
    """Return the translation of a sentence whose clauses are messages, with semicolons between."""
    parts = sentence.removesuffix(".").split("; ")
    known = [clause for clause in (_whole(part, language) for part in parts) if clause is not None]
    return f"{'; '.join(known)}." if len(parts) > 1 and len(known) == len(parts) else None


def _whole(text: str, language: str, *, loose: bool = False) -> str | None:
    """Return the translation of a text that is one message, None where it is none."""
    messages, templates = _known(language)
    if text in messages:
        return messages[text]
    best: tuple[int, str] | None = None
    least = _LEAST_SHARE * sum(character.isalpha() for character in text)
    for template in templates:
        if template.weight >= least and (best is None or template.weight > best[0]) and template.fits(text):
            match = (template.loose if loose else template.pattern).fullmatch(text)
            translated = template.write(match) if match else None
            if translated is not None:
                best = template.weight, translated
    return best[1] if best else None


def _inside(text: str, language: str) -> str:
    """Return what stands in a place: a number, a message, or a list of these; a name stays as it is."""
    if _NUMBER.fullmatch(text):
        return text if text.endswith(".0") else number_text(text)  # "2.0" is a name
    if " " not in text.strip():
        return catalogue_of(language, NUMBERED).messages.get(text) or language_name(text)
    if "” and “" in text:  # a list of names
        return text.replace("” and “", f"”{catalogue_of(language).messages[' and ']}“")
    whole = _whole(text, language)
    if whole is not None:
        return whole
    if _BETWEEN_SENTENCES.search(text.strip()):
        return f"{text[: len(text) - len(text.lstrip())]}{_translated(text.strip(), language)}"
    for parting in ("; ", ", "):
        if parting in text:
            return parting.join(_inside(part, language) for part in text.split(parting))
    first, blank, rest = text.partition(" ")
    if _NUMBER.fullmatch(first):
        return f"{_inside(first, language)}{blank}{_inside(rest, language)}"
    return text


class _Known(NamedTuple):
    messages: Mapping[str, str]
    templates: tuple[_Template, ...]


@functools.cache
def _known(language: str) -> _Known:
    named, numbered = catalogue_of(language), catalogue_of(language, NUMBERED)
    plain = {text: translated for text, translated in named.messages.items() if not _NAMED_PLACE.search(text)}
    plain |= {text: translated for text, translated in numbered.messages.items() if not _PLACE.search(text)}
    templates = [*_numbered(numbered, language), *_named(named, language)]
    return _Known(plain, tuple(template for template in templates if template.weight >= _FEWEST_LETTERS))


def _numbered(catalogue: Catalogue, language: str) -> Iterator[_Template]:
    for text, translated in catalogue.messages.items():
        if _PLACE.search(text):
            yield _template(text, _PLACE, functools.partial(_write_numbered, text, translated, language))


def _write_numbered(text: str, translated: str, language: str, match: re.Match[str]) -> str:
    values = {}
    for place in _PLACE.finditer(text):
        value = match[f"p{place[1]}"]
        before = _PLACE.sub("", text[: place.start()])
        quoted = before.endswith("“") or (before.endswith("'") and len(_QUOTES.findall(before)) % 2 == 1)
        values[place[1]] = value if quoted else _inside(value, language)
    return _PLACE.sub(lambda place: values[place[1]], translated)


def _named(catalogue: Catalogue, language: str) -> Iterator[_Template]:
    pairs = [(text, text, translated) for text, translated in catalogue.messages.items()]
    for (singular, many), forms in catalogue.plurals.items():
        pairs += [(singular, singular, forms[catalogue.form(1)]), (many, many, forms[catalogue.form(2)])]
    for text, known, translated in pairs:
        if _NAMED_PLACE.search(text):
            yield _template(text, _NAMED_PLACE, functools.partial(_write_named, known, translated, language))


def _write_named(text: str, translated: str, language: str, match: re.Match[str]) -> str | None:
    values: dict[str, Any] = {}
    for place in _NAMED_PLACE.finditer(text):
        value = match[f"p{place[1]}"]
        if place[2] and _NUMBER.fullmatch(value):
            number = value.replace(",", "").replace("−", "-")
            values[place[1]] = float(number) if "." in number else int(number)
            if format(values[place[1]], place[2]) != value:
                return None
        else:
            values[place[1]] = _inside(value, language)
    return write(translated, values, language)


def _template(text: str, places: re.Pattern[str], write_match: Callable[[re.Match[str]], str | None]) -> _Template:
    literals, pattern, seen, at = [], "", set[str](), 0
    for place in places.finditer(text):
        literals.append(text[at : place.start()])
        name = place[1]
        is_number = place.re is _NAMED_PLACE and place[2]
        what = r"[-−]?\d[\d,]*(?:\.\d+)?" if is_number else _ONE_SENTENCE
        pattern += re.escape(literals[-1]) + (f"(?P=p{name})" if name in seen else f"(?P<p{name}>{what})")
        seen.add(name)
        at = place.end()
    literals.append(text[at:])
    pattern += re.escape(literals[-1])
    weight = sum(character.isalpha() for literal in literals for character in literal)
    strict, loose = (re.compile(each, re.DOTALL) for each in (pattern, pattern.replace(_ONE_SENTENCE, _ANYTHING)))
    return _Template(tuple(literals), strict, loose, weight, write_match)
