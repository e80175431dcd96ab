"""Which way the records of an export went, in a curator's words."""

from collections.abc import Mapping
from typing import Final

from core.formatting import listed
from core.translation import _, noop

__all__ = ["WAYS", "decided"]

_WORDS: Final[Mapping[str, str]] = {
    "accepted": noop("get the machine's label"),
    "curator": noop("were decided on Review"),
    "abstained": noop("are left to people"),
    "human-label-kept": noop("have a label from people or the catalogue already"),
    "rejected": noop("were found to have none of the labels"),
    "not-matched": noop("have no prediction"),
}

WAYS: Final[Mapping[str, str]] = {
    "accepted": noop("by the machine"),
    "curator": noop("on Review"),
    "abstained": noop("left to people"),
    "human-label-kept": noop("labelled before"),
    "rejected": noop("no such label"),
    "not-matched": noop("no prediction"),
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
    parts = [
        _("{by_decision:,} {words}", by_decision=by_decision[way], words=_(words))
        for way, words in _WORDS.items()
        if by_decision.get(way)
    ]
    return (
        _("Of {loaded:,} records {parts}.", loaded=loaded, parts=listed(parts, len(parts)))
        if parts
        else _("{loaded:,} records.", loaded=loaded)
    )
