"""Which way the records of an export went, in a curator's words."""

from collections.abc import Mapping
from typing import Final

from core.formatting import listed

__all__ = ["WAYS", "decided"]

_WORDS: Final[Mapping[str, str]] = {
    "accepted": "get the machine's label",
    "curator": "were decided on Review",
    "abstained": "are left to people",
    "human-label-kept": "have a label from people or the catalogue already",
    "rejected": "were found to have none of the labels",
    "not-matched": "have no prediction",
}

WAYS: Final[Mapping[str, str]] = {
    "accepted": "by the machine",
    "curator": "on Review",
    "abstained": "left to people",
    "human-label-kept": "labelled before",
    "rejected": "no such label",
    "not-matched": "no prediction",
}
"""The same ways, each in the words of a chart."""


def decided(by_decision: Mapping[str, int], loaded: int) -> str:
    """Say which way all records went; ways that none went are left out.

    Parameters
    ----------
    by_decision : mapping of str to int
        The decisions of :data:`core.export.decisions.DECISIONS` → number of records; together they are `loaded`.

    >>> decided({"accepted": 1200, "curator": 0, "abstained": 300}, 1500)
    "Of 1,500 records 1,200 get the machine's label and 300 are left to people."
    """
    parts = [f"{by_decision[way]:,} {words}" for way, words in _WORDS.items() if by_decision.get(way)]
    return f"Of {loaded:,} records {listed(parts, len(parts))}." if parts else f"{loaded:,} records."
