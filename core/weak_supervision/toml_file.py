r"""Labelling functions as a TOML file, and those being worked on, kept in the workspace.

::

    [[function]]
    name = "novel"
    label = "Fiction"
    when = { column = "title", contains = "novel" }

    [[function]]
    name = "verse, not about verse"
    label = "Fiction"
    when.all = [
      { column = "title", word = "poem, verse" },
      { not = { column = "title", word = "history of" } },
    ]

==============================================================  ==================================================
``{ column = "title", word = "poem, verse" }``                  has one of the words (with plurals; ``poet*``)
``{ column = "title", contains = "novel" }``                    has the letters, also inside a word
``{ column = "title", pattern = "v(ol)?\\. [ivx]+" }``          matches a pattern (RE2)
``{ column = "title", longer_than = 211 }``                     also ``shorter_than``; characters
``{ column = "year", from = 1840, to = 1850 }``                 a number in a range, ends included
``{ language = ["Dutch", "German"] }``                          or one language
``{ facet = "place", is = ["London"] }``                        a value of a facet
``{ predictions = "p", class = "Fiction", at_least = 0.9 }``    a model's confidence
``{ all = [ … ] }``, ``{ any = [ … ] }``, ``{ not = { … } }``     combinations
==============================================================  ==================================================
"""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from core.database import Database
from core.errors import ConflictError, InputError
from core.schema import TITLE
from core.weak_supervision.functions import (
    MAX_DEPTH,
    AllOf,
    AnyOf,
    Condition,
    Confident,
    Facet,
    LabellingFunction,
    Length,
    MatchMode,
    Not,
    Range,
    Text,
    check_functions,
)

__all__ = [
    "MAX_BYTES",
    "SavedFunction",
    "add_function",
    "functions_from_toml",
    "functions_to_toml",
    "read_functions",
    "remove_functions",
    "replace_functions",
    "saved_functions",
]

# --- Labelling functions as a TOML file that people can read, write and keep ------------------------------------------


MAX_BYTES: Final = 1_000_000
_FORMS: Final[Mapping[str, frozenset[str]]] = {
    "word": frozenset({"column", "word"}),
    "contains": frozenset({"column", "contains"}),
    "pattern": frozenset({"column", "pattern"}),
    "longer_than": frozenset({"column", "longer_than", "shorter_than"}),
    "shorter_than": frozenset({"column", "shorter_than"}),
    "from": frozenset({"column", "from", "to"}),
    "to": frozenset({"column", "to"}),
    "language": frozenset({"language"}),
    "facet": frozenset({"facet", "is"}),
    "predictions": frozenset({"predictions", "class", "at_least"}),
    "all": frozenset({"all"}),
    "any": frozenset({"any"}),
    "not": frozenset({"not"}),
}


def read_functions(path: Path) -> tuple[LabellingFunction, ...]:
    """Read a file of labelling functions.

    Raises
    ------
    InputError
        With the file, the line and the key, what was found, and what is allowed.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    if len(content) > MAX_BYTES:
        raise InputError(f"{path.name} has {len(content):,} bytes; a file of functions has at most {MAX_BYTES:,}.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path.name} is no UTF-8 text (byte {error.start:,}); TOML files are.") from error
    return functions_from_toml(text, path.name)


def functions_from_toml(text: str, source: str = "The functions") -> tuple[LabellingFunction, ...]:
    """Understand TOML text as labelling functions; see the module for what may stand in it.

    Parameters
    ----------
    source : str
        What errors call the text: a file's name.

    Raises
    ------
    InputError
    """
    try:
        content = tomllib.loads(text.replace("\r\n", "\n"))
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{source} is not TOML: {error}.") from error
    except RecursionError as error:
        raise InputError(f"{source}: conditions stand too deep within one another.") from error
    unknown = sorted(set(content) - {"function"})
    if unknown:
        raise InputError(f"{source} has the key '{unknown[0]}'; only [[function]] tables are known.")
    tables = content.get("function")
    if not isinstance(tables, list) or not tables:
        raise InputError(f"{source} has no [[function]] table, so there is nothing to label with.")
    lines = [n for n, line in enumerate(text.splitlines(), 1) if re.match(r"\s*\[\[\s*function\s*\]\]", line)]
    functions = []
    for number, table in enumerate(tables, 1):
        place = f", line {lines[number - 1]}" if len(lines) == len(tables) else ""
        functions.append(_function(table, f"{source}{place}, function {number}"))
    try:
        check_functions(functions)
    except InputError as error:
        raise InputError(f"{source}: {error}") from error
    return tuple(functions)


def _function(table: object, place: str) -> LabellingFunction:
    if not isinstance(table, dict):
        raise InputError(f"{place}: a [[function]] is a table with name, label and when.")
    name = table.get("name")
    place = f"{place} ('{name}')" if isinstance(name, str) and name else place
    missing = [key for key in ("name", "label", "when") if key not in table]
    unknown = sorted(set(table) - {"name", "label", "when"})
    if missing or unknown:
        problem = f"'{missing[0]}' is missing" if missing else f"the key '{unknown[0]}' is not known"
        raise InputError(f"{place}: {problem}; a function has name, label and when.")
    when = _condition(table["when"], f"{place}, when", 1)
    try:
        return LabellingFunction(_text(table["name"], "name"), _text(table["label"], "label"), when)
    except InputError as error:
        raise InputError(f"{place}: {error}") from error


def _condition(table: object, place: str, depth: int) -> Condition:
    if depth > MAX_DEPTH:
        raise InputError(f"{place}: conditions stand more than {MAX_DEPTH} deep within one another.")
    if not isinstance(table, dict):
        raise InputError(f'{place}: a condition is a table such as {{ column = "title", word = "novel" }}.')
    form = next((key for key in _FORMS if key in table), None)
    if form is None:
        raise InputError(
            f"{place}: none of the keys {', '.join(table) or '(none)'} says what is asked."
            f" Known are {', '.join(_FORMS)}."
        )
    unknown = sorted(set(table) - _FORMS[form])
    if unknown:
        allowed = ", ".join(sorted(_FORMS[form]))
        raise InputError(f"{place}: '{unknown[0]}' does not go with '{form}', which allows {allowed}.")
    try:
        if form in ("all", "any"):
            if not isinstance(table[form], list):
                raise InputError(f"'{form}' is a list of conditions.")
            parts = tuple(_condition(part, f"{place}.{form} {n}", depth + 1) for n, part in enumerate(table[form], 1))
            return AllOf(parts) if form == "all" else AnyOf(parts)
        if form == "not":
            return Not(_condition(table["not"], f"{place}.not", depth + 1))
        return _leaf(form, table)
    except InputError as error:
        raise error if str(error).startswith(place) else InputError(f"{place}: {error}") from error


def _leaf(form: str, table: Mapping[str, Any]) -> Condition:
    if form in ("word", "contains", "pattern"):
        how = cast(MatchMode, form)
        return Text(_text(table.get("column", TITLE), "column"), how, _alternatives(table[form], form))
    if form in ("longer_than", "shorter_than"):
        above, below = (_integer(table, key) for key in ("longer_than", "shorter_than"))
        return Length(_text(table.get("column", TITLE), "column"), above, below)
    if form in ("from", "to"):
        if "column" not in table:
            raise InputError('a range needs the column it is asked of, such as column = "year".')
        return Range(_text(table["column"], "column"), _number(table, "from"), _number(table, "to"))
    if form == "language":
        return Facet("language", _texts(table["language"], "language"))
    missing = sorted(_FORMS[form] - set(table))
    if missing:
        raise InputError(f"'{missing[0]}' is missing beside '{form}'.")
    if form == "facet":
        return Facet(_text(table["facet"], "facet"), _texts(table["is"], "is"))
    number = _number(table, "at_least")
    return Confident(_text(table["predictions"], "predictions"), _text(table["class"], "class"), float(number or 0.0))


def _text(value: object, key: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise InputError(f"'{key}' is text in quotation marks; {value!r} came.")
    return value


def _texts(value: object, key: str) -> tuple[str, ...]:
    return tuple(_text(item, key) for item in (value if isinstance(value, list) else [value]))


def _alternatives(value: object, key: str) -> str:
    if isinstance(value, list) and key != "pattern":
        return ", ".join(_texts(value, key))
    return _text(value, key)


def _number(table: Mapping[str, Any], key: str) -> float | None:
    value = table.get(key)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float) or value != value):
        raise InputError(f"'{key}' is a number; {value!r} came.")
    return value


def _integer(table: Mapping[str, Any], key: str) -> int | None:
    value = table.get(key)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise InputError(f"'{key}' is a whole number of characters; {value!r} came.")
    return value


def functions_to_toml(functions: Sequence[LabellingFunction]) -> str:
    """Write labelling functions as TOML; :func:`functions_from_toml` reads the same functions back."""
    document = [
        "# Labelling functions for Colophon: each votes for its label where its condition holds, else it abstains."
    ]
    for function in functions:
        lines = ["", "[[function]]", f"name = {_quoted(function.name)}", f"label = {_quoted(function.label)}"]
        if isinstance(function.when, AllOf | AnyOf):
            word = "all" if isinstance(function.when, AllOf) else "any"
            inner = [f"  {_inline(part)}," for part in function.when.parts]
            lines += [f"when.{word} = [", *inner, "]"]
        else:
            lines.append(f"when = {_inline(function.when)}")
        document += lines
    return "\n".join(document) + "\n"


def _inline(condition: Condition) -> str:
    if isinstance(condition, AllOf | AnyOf):
        word = "all" if isinstance(condition, AllOf) else "any"
        return f"{{ {word} = [{', '.join(_inline(part) for part in condition.parts)}] }}"
    if isinstance(condition, Not):
        return f"{{ not = {_inline(condition.part)} }}"
    pairs: list[tuple[str, str]] = []
    if isinstance(condition, Text):
        pairs = [("column", _quoted(condition.column)), (condition.how, _quoted(condition.value))]
    elif isinstance(condition, Length):
        ends = (("longer_than", condition.above), ("shorter_than", condition.below))
        pairs = [("column", _quoted(condition.column)), *((key, str(end)) for key, end in ends if end is not None)]
    elif isinstance(condition, Range):
        limits = (("from", condition.least), ("to", condition.most))
        pairs = [("column", _quoted(condition.column)), *((key, repr(end)) for key, end in limits if end is not None)]
    elif isinstance(condition, Facet) and condition.facet == "language":
        pairs = [("language", _listing(condition.values))]
    elif isinstance(condition, Facet):
        pairs = [("facet", _quoted(condition.facet)), ("is", _listing(condition.values))]
    else:
        pairs = [
            ("predictions", _quoted(condition.predictions)),
            ("class", _quoted(condition.label)),
            ("at_least", repr(condition.above)),
        ]
    return "{ " + ", ".join(f"{key} = {value}" for key, value in pairs) + " }"


def _listing(values: Sequence[str]) -> str:
    return _quoted(values[0]) if len(values) == 1 else f"[{', '.join(_quoted(value) for value in values)}]"


_ESCAPES: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\b": "\\b", "\f": "\\f"}


def _quoted(text: str) -> str:
    r"""Return text as a TOML basic string.

    >>> print(_quoted('say "yes"'))
    "say \"yes\""
    """
    return (
        '"'
        + "".join(_ESCAPES.get(c) or (c if ord(c) >= 32 and ord(c) != 127 else f"\\u{ord(c):04x}") for c in text)
        + '"'
    )


# --- The labelling functions being worked on --------------------------------------------------------------------------
# Kept in the workspace's database for all who work there, append-only.


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
