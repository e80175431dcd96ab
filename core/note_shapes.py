"""What a note in the database must look like to be understood: a note of another version is left out, never lost.

Only what is read everywhere is asked for; a note may hold more.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, ValidationError

__all__ = ["parse_note"]


class _Note(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow")


class _Decision(_Note):
    record_id: str
    label: str
    old: str
    note: str
    undone: bool


class _Sent(_Note):
    record_ids: list[str]
    reason: str


class _Cuts(_Note):
    cuts: dict[str, float] = {}
    stratum: str = ""
    by_stratum: dict[str, dict[str, float]] = {}


class _Policy(_Note):
    policy: _Cuts
    promise: dict[str, Any]
    labels: str
    because: str


class _Export(_Note):
    name: str
    accepted: int
    review: int
    settings: dict[str, Any]


class _Look(_Note):
    description: str
    key: str
    p: float | None


_SHAPES: Final[Mapping[str, type[_Note]]] = {
    "decision": _Decision,
    "review": _Sent,
    "policy": _Policy,
    "export": _Export,
    "look": _Look,
}


def parse_note(kind: str, content: str) -> dict[str, Any] | None:
    """Return what a note says, None when it is no JSON object or lacks what this version needs of its kind.

    >>> parse_note("look", '{"description": "verse", "key": "a", "p": null}')
    {'description': 'verse', 'key': 'a', 'p': None}
    >>> parse_note("decision", '{"record": "7", "verdict": "Fiction"}') is None
    True
    """
    try:
        note = json.loads(content)
        if shape := _SHAPES.get(kind):
            shape.model_validate(note)
    except (ValueError, RecursionError, ValidationError):
        return None
    return note if isinstance(note, dict) else None
