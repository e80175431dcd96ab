"""The labelling functions being worked on: kept in the workspace's database for all who work there, append-only."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from core.database import Database
from core.errors import ConflictError
from core.weak_supervision.functions import LabellingFunction
from core.weak_supervision.toml_file import functions_from_toml, functions_to_toml

__all__ = ["SavedFunction", "add_function", "remove_functions", "replace_functions", "saved_functions"]

_KIND: Final = "function"
_SUBJECT: Final = "labelling"


@dataclass(frozen=True)
class SavedFunction:
    """A labelling function in the workspace.

    Attributes
    ----------
    id : int
        Its number in the workspace, by which it is removed.
    function : LabellingFunction
    """

    id: int
    function: LabellingFunction


def saved_functions(database: Database) -> tuple[SavedFunction, ...]:
    """Return the functions that are kept, in the order in which they were added."""
    return _read_functions(database.read(_KIND, _SUBJECT))


def _read_functions(notes: Iterable[Mapping[str, Any]]) -> tuple[SavedFunction, ...]:
    rows: dict[int, SavedFunction] = {}
    for note in notes:
        for removed in note.get("removes", ()):
            rows.pop(removed, None)
        if note.get("toml"):
            [function] = functions_from_toml(note["toml"], "A function of this workspace")
            rows[note["id"]] = SavedFunction(note["id"], function)
    return tuple(rows.values())


def add_function(database: Database, function: LabellingFunction) -> int:
    """Keep one more function; return its number.

    Raises
    ------
    ConflictError
        A function of this name is kept already.
    """

    def make(notes: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        if any(entry.function.name == function.name for entry in _read_functions(notes)):
            raise ConflictError(f"There is a function called “{function.name}” already; give this one another name.")
        return {"toml": functions_to_toml([function])}

    return database.append(_KIND, _SUBJECT, make)


def remove_functions(database: Database, ids: Iterable[int]) -> None:
    """Remove the functions with these numbers; those that are gone already stay gone."""
    database.add(_KIND, _SUBJECT, {"removes": list(ids)})


def replace_functions(database: Database, ids: Iterable[int], functions: Sequence[LabellingFunction]) -> None:
    """Put functions in the place of those with these numbers, in one step; what others added meanwhile stays.

    Raises
    ------
    ConflictError
        Somebody has added a function with one of these names meanwhile.
    """
    replaced = set(ids)
    names = {function.name for function in functions}
    added = [entry.function.name for entry in saved_functions(database) if entry.id not in replaced]
    twice = sorted(names.intersection(added))
    if twice:
        raise ConflictError(f"Somebody has added a function called “{twice[0]}” meanwhile. Look at it first.")
    adds = [{"toml": functions_to_toml([function])} for function in functions]
    database.add(_KIND, _SUBJECT, {"removes": sorted(replaced)}, *adds)
