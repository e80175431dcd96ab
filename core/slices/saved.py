"""Slices that people gave a name: kept in the workspace's database, the newest of a name holds."""

from core.database import Database
from core.errors import InputError
from core.slices.definition import Slice

__all__ = ["save_slice", "saved_slices"]

_KIND, _SUBJECT = "slice", "named"


def save_slice(database: Database, named: Slice) -> None:
    """Keep a slice under its name; an earlier one of that name is no longer found.

    Raises
    ------
    InputError
        It has no name.
    """
    if not named.name.strip():
        raise InputError("A slice needs a name to be saved; give it one in a few words, such as 'verse'.")
    database.add(_KIND, _SUBJECT, named.to_dict())


def saved_slices(database: Database) -> dict[str, Slice]:
    """Return name → slice, by name."""
    slices = {note["name"]: Slice.from_dict(note) for note in database.read(_KIND, _SUBJECT)}
    return dict(sorted(slices.items()))
