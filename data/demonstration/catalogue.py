"""Invented books: who wrote them, what stands on their title pages, and how they are catalogued."""

import re
import unicodedata
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pandas as pd

from data.demonstration import profile
from data.demonstration.profile import (
    FICTION,
    MISPLACED_SHARE,
    NON_FICTION,
    ROOMS,
    Draw,
    Weighted,
    ending,
    grammar,
    title,
)

__all__ = [
    "COLUMNS",
    "COUNTRIES",
    "NOTE",
    "Author",
    "Book",
    "catalogue_records",
    "date_of_publication",
    "digitised_records",
    "invent_books",
    "name_of_author",
    "place_of_publication",
    "publisher",
    "shelfmark",
    "title_group",
]

# --- Invented books before anything is catalogued: language, place, year, class, title, author ------------------------


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


@dataclass(frozen=True, slots=True, kw_only=True)
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
        books.append(
            Book(
                language=language,
                place=place,
                year=year,
                label=label,
                rule=rule,
                stem=stem,
                title=printed,
                edition="",
                author=author,
            )
        )
    return books


# --- What stands on a title page beside the title, as messy as cataloguers left it ------------------------------------
# Dates, places, names, publishers.


COUNTRIES = {
    "London": "England", "Bristol": "England", "Manchester": "England", "Norwich": "England", "Bath": "England",
    "York": "England", "Edinburgh": "Scotland", "Glasgow": "Scotland", "Dublin": "Ireland", "Calcutta": "India",
    "New York": "United States of America", "Philadelphia": "United States of America",
    "Boston": "United States of America", "Melbourne": "Australia", "Paris": "France", "Lyon": "France",
    "Rouen": "France", "Tours": "France", "Bruxelles": "Belgium", "Genève": "Switzerland", "Leipzig": "Germany",
    "Berlin": "Germany", "Stuttgart": "Germany", "München": "Germany", "Hamburg": "Germany", "Wien": "Austria",
    "Zürich": "Switzerland", "Amsterdam": "Netherlands", "Leiden": "Netherlands", "'s Gravenhage": "Netherlands",
    "Utrecht": "Netherlands", "Haarlem": "Netherlands", "Rotterdam": "Netherlands", "Antwerpen": "Belgium",
    "Stockholm": "Sweden", "Upsala": "Sweden", "Göteborg": "Sweden", "Lund": "Sweden", "Kjøbenhavn": "Denmark",
    "Odense": "Denmark", "Aarhus": "Denmark", "Christiania": "Norway",
}  # fmt: skip

# {y} the year, {b} the year before, {s} the last two figures of two years later, {n} of the next year.
DATES = Weighted(
    {"{y}": 800, "[{y}]": 30, "[{y}.]": 20, "{y}.": 25, "{y} [{b}]": 22, "[{y}?]": 25, "{y}?]": 4, "{y}]": 4}
    | {
        "{y}-{s}": 18,
        "{y}, {n}": 14,
        "{y}-": 6,
        "{y}, etc": 5,
        "[printed {y}]": 2,
        "{y}, [{b}]": 5,
        "": 18,
        "[n.d.]": 2,
    }
)

NAME_NOTES = Weighted(
    {"": 80, " - Mrs": 3, " - Rev": 3, " the Younger": 2, " - pseud.": 3, " M.A": 3, ", of {place}": 6}
)


def date_of_publication(year: int, draw: Draw) -> str:
    """Return the date as catalogued.

    >>> date_of_publication(1879, Draw(2, "example"))
    '1879'
    """
    pattern = draw.weighted(DATES)
    # Two figures would say another century.
    if ("{s}" in pattern or "{n}" in pattern) and year % 100 > 97:
        pattern = "{y}"
    return pattern.format(y=year, b=year - 1, s=f"{year % 100 + 2:02d}", n=f"{year % 100 + 1:02d}")


def place_of_publication(place: str, draw: Draw) -> str:
    """Return the place as catalogued: bare, in brackets, with a query, with a second place, or missing."""
    form = draw.uniform()
    if form < 0.90:
        return place
    if form < 0.94:
        return f"[{place}]"
    if form < 0.955:
        return f"[{place}?]"
    if form < 0.98:
        return f"{place}, printed" if place not in ("London", "Edinburgh") else "London ; Edinburgh"
    return place.lower() if form < 0.99 else ""


def name_of_author(author: Author, language: str, draw: Draw) -> str:
    """Return the heading in one of the two styles: 'Wenstow, Hugh' or 'WENSTOW, Hugh.'.

    >>> hugh = Author("Hugh", "Wenstow", 1800)
    >>> {name_of_author(hugh, "English", Draw(seed, "names")) for seed in range(5)} >= {"WENSTOW, Hugh."}
    True
    """
    note = draw.weighted(NAME_NOTES).replace("{place}", grammar(language).expand("place", draw))
    if draw.chance(0.3):
        return f"{author.surname}, {author.forename}{note}"
    end = "" if note else "."
    return f"{author.surname.upper()}, {author.forename}{note}{end}"


@cache
def _houses(place: str, language: str, seed: int) -> Weighted[str]:
    """Return the publishers of a place: a few large ones and many small."""
    draw = Draw(seed, f"publishers {place} {language}")
    forms: tuple[str, ...] = (
        "{surname} & Co.",
        "{surname} & Son",
        "{surname} & {surname}",
        "{letter}. {surname}",
        "{man} {surname}",
    )
    if language != "English":
        forms = ("{letter}. {surname}", "{man} {surname}", "{surname} & {surname}", "{letter}. {letter}. {surname}")
    count = 36 if place == "London" else 10
    houses: dict[str, float] = {}
    for rank in range(1, count + 1):
        name = draw.pick(forms)
        for slot in ("surname", "letter", "man"):
            while f"{{{slot}}}" in name:
                name = name.replace(f"{{{slot}}}", grammar(language).expand(slot, draw), 1)
        houses[name] = 1 / rank
    return Weighted(houses)


def publisher(place: str, language: str, seed: int, draw: Draw) -> str:
    """Return an invented publisher of the place; half of the records name none."""
    if draw.chance(0.5):
        return ""
    return "The Author" if draw.chance(0.02) else draw.weighted(_houses(place, language, seed))


def shelfmark(room: str, draw: Draw) -> str:
    """Return a shelfmark in a room, in one of the three styles; no real one begins with 'Demo' or 99."""
    shelf = draw.integer(0, 99)
    mark = f"99{room}{shelf:02d}.{draw.pick('abcdefgh') * draw.integer(1, 3)}.{draw.integer(1, 60)}"
    style = draw.uniform()
    if style < 0.4:
        return f"Demo Store {mark}"
    return f"Demo Library HMNTS {mark}." if style < 0.7 else f"{mark}."


# --- Invented books as catalogue records ------------------------------------------------------------------------------
# The 24 columns of the British Library's book lists, all text.


COLUMNS = (
    "BL record ID",
    "Type of resource",
    "Name",
    "Dates associated with name",
    "Type of name",
    "Role",
    "All names",
    "Title",
    "Variant titles",
    "Series title",
    "Number within series",
    "Country of publication",
    "Place of publication",
    "Publisher",
    "Date of publication",
    "Edition",
    "Physical description",
    "Dewey classification",
    "BL shelfmark",
    "Topics",
    "Genre",
    "Languages",
    "Notes",
    "BL record ID for physical resource",
)

NOTE = "Invented record for demonstration."

# Paper books are numbered below this, digital ones from it on, as in the real files.
LAST_PAPER_ID = 4_999_999
FIRST_DIGITAL_ID, LAST_DIGITAL_ID = 19_000_000, 19_499_999


def _ids(count: int, low: int, high: int, draw: Draw) -> list[str]:
    """Return `count` different identifiers of nine digits, in ascending order."""
    numbers = draw.generator.choice(high - low + 1, size=count, replace=False) + low
    return [f"{number:09d}" for number in np.sort(numbers)]


def _physical_description(draw: Draw) -> str:
    size = draw.pick(("8°", "12°", "4°", "8º.", "12º.", "16º."))
    extent = draw.uniform()
    if extent < 0.25:
        return size if size.endswith(".") else f"({size})"
    if extent < 0.5:
        volumes = draw.integer(2, 4)
        return f"{volumes} vol. ; {size}" if size.endswith(".") else f"{volumes} volumes ({size})"
    pages = draw.integer(3, 60) * 8
    return f"{pages} p. ; {size}" if size.endswith(".") else f"{pages} pages ({size})"


def _genre(book: Book, draw: Draw) -> str:
    if book.verse:
        return "Poetry or verse" if draw.chance(0.25) else ""
    if book.label == FICTION:
        return "Drama" if draw.chance(0.01) else ""
    return draw.pick(("Travel", "Textbook", "Source", "Catalogues.")) if draw.chance(0.03) else ""


def _room(book: Book, draw: Draw) -> str:
    own = ROOMS["verse" if book.verse else book.label]
    return draw.pick("123456789" if draw.chance(MISPLACED_SHARE) else own)


def _record(book: Book, record_id: str, room: str, seed: int, draw: Draw) -> tuple[str, ...]:
    author = book.author
    name = name_of_author(author, book.language, draw) if author else ""
    dates = ""
    if author and draw.chance(0.1):
        dates = f"{author.born}-{author.born + 58}" if draw.chance(0.9) else f"-{author.born + 58}"
    names = f"{name}, {dates} [person]" if dates else f"{name} [person]" if name else ""
    role = draw.pick(("author", "editor", "writer")) if name and draw.chance(0.02) else ""
    series = "Thornmere Library" if draw.chance(0.004) else ""
    return (
        record_id,
        "Serial" if draw.chance(0.003) else "Monograph",
        name,
        dates,
        "person" if name else "",
        role,
        names,
        book.title,
        draw.pick(("Single Works", "Appendix", "Selections")) if draw.chance(0.05) else "",
        series,
        f"number {draw.integer(1, 40)} [{series}]" if series else "",
        COUNTRIES[book.place] if draw.chance(0.25) else "",
        place_of_publication(book.place, draw),
        publisher(book.place, book.language, seed, draw),
        date_of_publication(book.year, draw),
        book.edition,
        _physical_description(draw) if draw.chance(0.94) else "",
        "",
        shelfmark(room, draw),
        draw.pick(("India", "Australia", "Railways", "Jesus Christ.")) if draw.chance(0.01) else "",
        _genre(book, draw),
        book.language if draw.chance(0.25) else "",
        NOTE,
        "",
    )


def catalogue_records(books: list[Book], seed: int) -> pd.DataFrame:
    """Return one row a book: the 24 columns, text, '' where the catalogue says nothing.

    Identifiers ascend and begin with zeros, as those of the paper books do.
    """
    draw, shelves = Draw(seed, "catalogue"), Draw(seed, "shelves")
    ids = _ids(len(books), 1_000, LAST_PAPER_ID, draw)
    rows = [
        _record(book, record_id, _room(book, shelves), seed, draw) for book, record_id in zip(books, ids, strict=True)
    ]
    return pd.DataFrame(rows, columns=pd.Index(COLUMNS), dtype="str")


def digitised_records(catalogue: pd.DataFrame, rows: np.ndarray, known: pd.Series, seed: int) -> pd.DataFrame:
    """Return the records of the digital copies of some catalogue records.

    Parameters
    ----------
    catalogue
        From :func:`catalogue_records`.
    rows
        int64, positions in `catalogue`, ascending.
    known
        For each of `rows`, the language where digitisation recorded it, else ''.

    Returns
    -------
    DataFrame
        The same 24 columns. ``BL record ID`` is the digital copy's, ``BL record ID for physical resource`` the
        catalogue's.
    """
    draw = Draw(seed, "digitised")
    records = catalogue.iloc[rows].reset_index(drop=True)
    languages = records["Languages"].where(known == "", known)
    described = draw.generator.random(len(records)) < 0.3
    changed: dict[str, pd.Series] = {
        "BL record ID for physical resource": records["BL record ID"],
        "BL record ID": pd.Series(_ids(len(records), FIRST_DIGITAL_ID, LAST_DIGITAL_ID, draw), dtype="str"),
        "Languages": languages,
        "Physical description": records["Physical description"].where(described, ""),
    }
    return records.assign(**changed)
