"""How records and runs are named in descriptions and linked data, and what identifiers look like."""

import re
from typing import Final
from urllib.parse import quote, urlsplit
from uuid import NAMESPACE_OID, uuid5

import pandas as pd

from core.errors import InputError

__all__ = ["NAMESPACE", "RECORD_URN", "annotation_uri", "check_base_uri", "identifier_pattern", "record_uri"]

NAMESPACE: Final = "urn:x-colophon:terms#"  # our own words: confidence, threshold, decision
RECORD_URN: Final = "urn:x-colophon:record:"
_NOT_IN_URIS: Final = re.compile(r"[^!-~]|[<>\"{}|\\^`]|#(?=.)")  # RFC 3986, section 2, and # but once


def record_uri(record_id: str) -> str:
    """Return the name of a record in linked data.

    >>> record_uri("014602826"), record_uri("a b")
    ('urn:x-colophon:record:014602826', 'urn:x-colophon:record:a%20b')
    """
    return RECORD_URN + quote(record_id, safe="")


def annotation_uri(run_id: str, record_id: str) -> str:
    """Return the name of one prediction: always the same for the same run and record."""
    return uuid5(NAMESPACE_OID, f"colophon:prediction:{run_id}:{record_id}").urn


def check_base_uri(base: str) -> None:
    """Refuse what is no address that the names of runs can be put behind; '' is none at all, and allowed.

    Raises
    ------
    InputError
        It is no http or https URI, holds what a URI may not hold, or ends in neither / nor #.
    """
    example = "such as https://data.example.org/runs/, or leave it empty"
    if not base:
        return
    if not re.match(r"https?://", base, re.IGNORECASE):
        raise InputError(f"'{base}' is no http or https address. Give one of your library's, {example}.")
    wrong = _NOT_IN_URIS.search(base)
    if wrong or not _host(base):
        what = f"holds {wrong.group()!r}, which no URI may hold" if wrong else "names no host"
        raise InputError(f"'{base}' {what}. Give an address {example}; other signs are written as %20 and the like.")
    if not base.endswith(("/", "#")):
        raise InputError(
            f"'{base}' ends in neither / nor #, so the name of the run cannot be put behind it. Give '{base}/' or"
            f" '{base}#'."
        )


def _host(uri: str) -> str:
    try:
        return urlsplit(uri).hostname or ""
    except ValueError:  # a bracket of an IPv6 address is missing
        return ""


def identifier_pattern(ids: pd.Series) -> str:
    """Return a regular expression for identifiers that are all digits of one length, else ''.

    >>> identifier_pattern(pd.Series(["014602826", "000000004"]))
    '[0-9]{9}'
    """
    lengths = ids.str.len().unique()
    if len(lengths) == 1 and ids.str.fullmatch("[0-9]+").all():
        return f"[0-9]{{{int(lengths[0])}}}"
    return ""
