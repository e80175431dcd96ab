"""Where a digitised book can be read: the link its record holds, or an address made of a pattern of the library."""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, urlsplit

from core.database import Database
from core.errors import InputError

__all__ = ["book_link", "check_pattern", "link_pattern", "save_link_pattern"]

_KIND, _SUBJECT = "book_link", "workspace"
_PLACE: Final = re.compile(r"\{([^{}]*)\}")
_IDENTIFIER: Final = "identifier"
_LINK_COLUMN: Final = re.compile(r"link|url|viewer|digiti[sz]ed", re.IGNORECASE)


def book_link(originals: Mapping[str, str], record_id: str, pattern: str = "") -> str:
    """Return the address of a digitised book, '' where none is known.

    Parameters
    ----------
    originals : mapping of str to str
        The record's columns as they came.
    pattern : str
        From :func:`link_pattern`; it goes before what the record holds. Each ``{column}`` stands for the value of that
        column, ``{identifier}`` for the record's identifier. Where such a value is missing the pattern gives no link.

    Returns
    -------
    str
        An address that begins with ``http://`` or ``https://`` and names a host, and nothing else: a record is not
        trusted.

    Examples
    --------
    >>> book_link({"Link to digitised book": "https://books.example/1"}, "7")
    'https://books.example/1'
    >>> book_link({"DLS": "lsid 1"}, "7", "https://books.example/{DLS}?id={identifier}")
    'https://books.example/lsid%201?id=7'
    >>> book_link({"Link": "javascript:alert(1)"}, "7")
    ''
    """
    if pattern:
        values = {**originals, _IDENTIFIER: record_id}
        names = _PLACE.findall(pattern)
        if all(values.get(name, "").strip() for name in names):
            return _safe(_PLACE.sub(lambda match: quote(values[match[1]].strip(), safe=""), pattern))
    candidates = (_safe(value.strip()) for name, value in originals.items() if _LINK_COLUMN.search(name))
    return next(filter(None, candidates), "")


def _safe(address: str) -> str:
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    odd = re.search(r"[\s<>\"'`\\()\[\]]", address)
    return address if parts.scheme in ("http", "https") and parts.hostname and not odd else ""


def check_pattern(pattern: str) -> None:
    """Refuse a pattern that cannot give a link.

    Raises
    ------
    InputError
    """
    if pattern and (not _PLACE.search(pattern) or not _safe(_PLACE.sub("1", pattern))):
        raise InputError(
            f"'{pattern}' gives no address: it begins with https:// and holds {{identifier}}, or the name of a column"
            " in such brackets, where the number of the book belongs."
        )


def link_pattern(database: Database) -> str:
    """Return the pattern that was kept for this workspace, '' for none."""
    notes = database.read(_KIND, _SUBJECT)
    return str(notes[-1].get("pattern", "")) if notes else ""


def save_link_pattern(database: Database, pattern: str) -> None:
    """Keep the pattern of the library's addresses; '' for none.

    Raises
    ------
    InputError
        It gives no address.
    """
    check_pattern(pattern.strip())
    database.add(_KIND, _SUBJECT, {"pattern": pattern.strip()})
