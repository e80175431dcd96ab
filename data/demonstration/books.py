"""Invented books before anything is catalogued: language, place, year, class, title, author."""

import re
import unicodedata
from dataclasses import dataclass, replace

from data.demonstration import profile
from data.demonstration.draw import Draw
from data.demonstration.profile import FICTION, NON_FICTION
from data.demonstration.titles import ending, grammar, title

__all__ = ["Author", "Book", "invent_books", "title_group"]


@dataclass(frozen=True, slots=True)
class Author:
    """An invented person.

    Attributes
    ----------
    forename, surname
        As printed.
    born
        Year.
    """

    forename: str
    surname: str
    born: int


@dataclass(frozen=True, slots=True)
class Book:
    """One book as it was printed.

    Attributes
    ----------
    label
        True class.
    rule
        The part of the grammar that made the title: 'fiction', 'nonfiction', 'verse', 'either' (says nothing of the
        class) or 'disguised' (fiction titled like a history).
    stem
        Title proper; `title` is the same with what stands after it.
    edition
        '' for a first edition, else an edition statement.
    author
        None where the book has none.
    """

    language: str
    place: str
    year: int
    label: str
    rule: str
    stem: str
    title: str
    edition: str
    author: Author | None

    @property
    def decade(self) -> int:
        """First year of the decade."""
        return self.year // 10 * 10

    @property
    def verse(self) -> bool:
        """Whether it is verse."""
        return self.rule == "verse"


def title_group(text: str) -> str:
    """Return what two editions of one title share: no case, no signs, nothing that stands in brackets.

    >>> title_group("The Moat. A tale [By J. Wenstow.]") == title_group("THE MOAT: a tale")
    True
    """
    plain = re.sub(r"\[[^\]]*\]", " ", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(re.findall(r"\w+", plain)) or text.casefold()


class _Authors:
    """Authors who write again: one list per language, kind of writing and twenty years."""

    def __init__(self, draw: Draw) -> None:
        self.draw = draw
        self.known: dict[tuple[str, str, int], list[Author]] = {}

    def of(self, language: str, label: str, year: int) -> Author:
        known = self.known.setdefault((language, label, year // 20), [])
        if known and not self.draw.chance(0.5):
            return self.draw.pick(known)
        rules = grammar(language)
        forename = rules.expand("woman" if self.draw.chance(0.3) else "man", self.draw)
        born = year // 20 * 20 - self.draw.integer(22, 45)
        author = Author(forename, rules.expand("surname", self.draw), born)
        known.append(author)
        return author


def _before(text: str, year: int) -> str:
    """Return `text` with every year in it moved back by whole centuries until a book of `year` can speak of it."""

    def moved(match: re.Match[str]) -> str:
        named = int(match[0])
        return str(named - max(0, -(-(named - year) // 100)) * 100)

    return re.sub(r"\b1[5-8]\d\d\b", moved, text)


def _year(draw: Draw) -> int:
    decade = draw.weighted(profile.DECADES)
    return decade + draw.integer(0, 9)


def _place(language: str, year: int, draw: Draw) -> str:
    if language == "English" and year >= profile.DECOY_FROM and draw.chance(profile.DECOY_SHARE):
        return profile.DECOY_PLACE
    return draw.weighted(profile.PLACES[language])


def _label_and_rule(language: str, place: str, year: int, draw: Draw) -> tuple[str, str]:
    fiction, verse = profile.FICTION_SHARE[language], profile.VERSE_SHARE[language]
    if language == "English" and year // 10 * 10 == profile.VERSE_DECADE:
        fiction, verse = profile.DECADE_FICTION, profile.DECADE_VERSE
    elif place == profile.DECOY_PLACE:
        fiction, verse = profile.DECOY_FICTION, profile.DECOY_VERSE
    label = FICTION if draw.chance(fiction) else NON_FICTION
    if label == FICTION and draw.chance(verse):
        return label, "verse"
    if draw.chance(profile.EITHER_SHARE[label]):
        return label, "either"
    if label == NON_FICTION:
        return label, "nonfiction"
    disguised = language == profile.OVERCONFIDENT_LANGUAGE and draw.chance(profile.DISGUISED_SHARE)
    return label, "disguised" if disguised else "fiction"


def _another_edition(book: Book, draw: Draw) -> Book:
    year = min(book.year + draw.integer(1, 25), profile.LAST_YEAR)
    # A later edition must not carry prose fiction into the decade whose fiction is verse.
    if year // 10 * 10 == profile.VERSE_DECADE:
        year = book.year
    statement = draw.pick(("[Another edition.]", "Second edition.", "New edition", "Third edition.", "[Another copy.]"))
    printed = book.title if draw.chance(0.75) else book.stem + ending(book.language, book.rule, draw)
    return replace(book, year=year, edition=statement, title=printed)


def invent_books(count: int, seed: int) -> list[Book]:
    """Return `count` books; some are later editions of books before them.

    Parameters
    ----------
    count
        Above 0.
    seed
        Equal seeds give equal books.
    """
    draw, words, authors = Draw(seed, "books"), Draw(seed, "titles"), _Authors(Draw(seed, "authors"))
    books: list[Book] = []
    while len(books) < count:
        if books and draw.chance(profile.EDITION_SHARE):
            books.append(_another_edition(draw.pick(books), draw))
            continue
        year = _year(draw)
        english = year // 10 * 10 == profile.VERSE_DECADE and draw.chance(profile.DECADE_ENGLISH)
        language = "English" if english else draw.weighted(profile.LANGUAGES)
        place = _place(language, year, draw)
        label, rule = _label_and_rule(language, place, year, draw)
        stem = _before(title(language, rule, words), year)
        author = authors.of(language, label, year) if draw.chance(0.93) else None
        printed = stem + ending(language, rule, words)
        books.append(Book(language, place, year, label, rule, stem, printed, "", author))
    return books
