"""Invented books as catalogue records: the 24 columns of the British Library's book lists, all text."""

import numpy as np
import pandas as pd

from data.demonstration.books import Book
from data.demonstration.draw import Draw
from data.demonstration.imprints import (
    COUNTRIES,
    date_of_publication,
    name_of_author,
    place_of_publication,
    publisher,
    shelfmark,
)
from data.demonstration.profile import FICTION, MISPLACED_SHARE, ROOMS

__all__ = ["COLUMNS", "NOTE", "catalogue_records", "digitised_records"]

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
