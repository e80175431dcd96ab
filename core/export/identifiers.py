"""How records are named in descriptions and linked data, and what their identifiers look like."""

from typing import Final
from urllib.parse import quote
from uuid import NAMESPACE_OID, uuid5

import pandas as pd

__all__ = ["NAMESPACE", "RECORD_URN", "annotation_uri", "identifier_pattern", "record_uri"]

NAMESPACE: Final = "urn:x-colophon:terms#"  # our own words: confidence, threshold, decision
RECORD_URN: Final = "urn:x-colophon:record:"


def record_uri(record_id: str) -> str:
    """Return the name of a record in linked data.

    >>> record_uri("014602826"), record_uri("a b")
    ('urn:x-colophon:record:014602826', 'urn:x-colophon:record:a%20b')
    """
    return RECORD_URN + quote(record_id, safe="")


def annotation_uri(run_id: str, record_id: str) -> str:
    """Return the name of one prediction: always the same for the same run and record."""
    return uuid5(NAMESPACE_OID, f"colophon:prediction:{run_id}:{record_id}").urn


def identifier_pattern(ids: pd.Series) -> str:
    """Return a regular expression for identifiers that are all digits of one length, else ''.

    >>> identifier_pattern(pd.Series(["014602826", "000000004"]))
    '[0-9]{9}'
    """
    lengths = ids.str.len().unique()
    if len(lengths) == 1 and ids.str.fullmatch("[0-9]+").all():
        return f"[0-9]{{{int(lengths[0])}}}"
    return ""
