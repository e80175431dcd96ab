"""JSON as Colophon writes it and as text in a cell; CSV for people that runs nothing; text that stays text."""

import ast
import json
import math
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pandas as pd

from core.errors import InputError

__all__ = [
    "Number",
    "as_text",
    "csv_for_people",
    "inline",
    "json_text",
    "number",
    "parse_literal",
    "plain",
    "printable",
    "read_json",
    "safe_cell",
    "unsafe_cell",
    "unsafe_table",
]

# --- Text from files that stays text: on a terminal, in a log, a report, a Markdown document --------------------------


_ACTIVE: Final = re.compile(r"([\\`*_\[\]<>|#!])")


def printable(text: str, keep: str = "\t\n") -> str:
    r"""Return text in which what is no printable character, nor one of `keep`, is a visible replacement character.

    A title from a file must not steer the terminal, the log, or whatever shows the report.

    >>> printable("\x1b[2Jgone\n"), printable("gone\n", keep="")
    ('�[2Jgone\n', 'gone�')
    """
    return "".join(sign if sign.isprintable() or sign in keep else "\N{REPLACEMENT CHARACTER}" for sign in text)


def inline(text: object) -> str:
    r"""Return text from a file so that it stays one line of plain text in Markdown: what could act gets a backslash.

    >>> print(inline("A <b>novel</b>\n# [x](y)"))
    A \<b\>novel\</b\> \# \[x\](y)
    """
    line = "".join(sign if sign.isprintable() else " " for sign in str(text))
    return _ACTIVE.sub(r"\\\1", " ".join(line.split()))


# --- JSON as Colophon writes it ---------------------------------------------------------------------------------------
# What is undefined is null, since JSON has no word for NaN, and null is NaN again.


def plain(value: Any) -> Any:
    """Return `value` in the types JSON has.

    What is undefined (NaN, an infinite number, ``<NA>``) becomes None, NumPy's numbers and arrays Python's, a set a
    sorted list, a key a text; whatever else it is becomes its text.

    >>> plain({"a": (float("nan"), 1), "b": {"y", "x"}, 3: pd.NA})
    {'a': [None, 1], 'b': ['x', 'y'], '3': None}
    """
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, set | frozenset):
        return sorted((plain(item) for item in value), key=str)
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if hasattr(value, "tolist"):  # a NumPy number or array, a column of a table
        return plain(value.tolist())
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, str | int | bool) else str(value)


def number(value: float | None) -> float:
    """Return a number that was read from JSON: NaN for null.

    >>> number(0.5), number(None)
    (0.5, nan)
    """
    return math.nan if value is None else float(value)


def json_text(value: Any, indent: int | None = 2) -> str:
    """Return `value` as JSON (see :func:`plain`), over several lines unless `indent` is None."""
    return json.dumps(plain(value), indent=indent, ensure_ascii=False, allow_nan=False)


def read_json(path: Path) -> dict[str, Any]:
    """Return the JSON object in `path`.

    Raises
    ------
    InputError
        The file is missing or is not a JSON object.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path} cannot be read as JSON: {error}") from error
    if not isinstance(content, dict):
        raise InputError(f"{path} holds a {type(content).__name__}, not a JSON object")
    return content


# --- CSV for people ---------------------------------------------------------------------------------------------------
# What opens in a spreadsheet program by a double click shows every sign and runs nothing.
# Two files, two purposes. For machines the export writes every string exactly (:mod:`core.export.tabular`); for people
# this module writes a byte order mark, by which Excel knows UTF-8, and puts an apostrophe before text that a
# spreadsheet program would take for a formula.


# OWASP, "CSV Injection": these begin a formula, or part cells so that what follows begins one. Full-width forms count.
_FORMULA: Final = re.compile("[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
# A number is no formula, with a sign or without: a class called -1 and a negative number stay what they are.
_NUMBER: Final = re.compile(r"[+-]?[0-9]+([.,][0-9]+)*(e[+-]?[0-9]+)?", re.IGNORECASE)


def safe_cell(text: str) -> str:
    """Return a cell that no spreadsheet program takes for a formula: one that could be gets an apostrophe before it.

    >>> safe_cell("=HYPERLINK(0)"), safe_cell("-1"), safe_cell("A novel")
    ("'=HYPERLINK(0)", '-1', 'A novel')
    """
    if _FORMULA.match(text) and not _NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def unsafe_cell(cell: str) -> str:
    """Return what :func:`safe_cell` was given.

    >>> unsafe_cell("'=1"), unsafe_cell("'tis true")
    ('=1', "'tis true")
    """
    text = cell.removeprefix("'")
    return text if safe_cell(text) == cell else cell


def unsafe_table(frame: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Return a table of text as it was before :func:`csv_for_people`, and how many cells lost an apostrophe.

    >>> frame, count = unsafe_table(pd.DataFrame({"title": ["'-and other tales", "'tis true"]}, dtype="str"))
    >>> frame["title"].tolist(), count
    (['-and other tales', "'tis true"], 1)
    """
    changed: dict[str, pd.Series] = {}
    count = 0
    for name in frame.columns:
        # Before a tab or a line end it stays: blanks are no part of a title, and quotes are often opened there.
        rows = frame[name].str.match("'[=+\\-@\uff1d\uff0b\uff0d\uff20]").to_numpy(dtype=bool)
        if not rows.any():
            continue
        cells = frame[name].where(~rows, frame[name].map(unsafe_cell)).astype("str")
        differ = int((cells != frame[name]).sum())
        if differ:
            changed[name], count = cells, count + differ
    return (frame.assign(**changed) if changed else frame), count


def csv_for_people(table: pd.DataFrame) -> bytes:
    """Return a table as CSV for a spreadsheet program: UTF-8 with a byte order mark, CRLF, commas, no formulas.

    Text (headers too) goes through :func:`safe_cell`; what is missing is an empty cell; numbers stay as they are.
    """
    shown = table.rename(columns=lambda name: safe_cell(str(name)))
    columns = {}
    for place, name in enumerate(shown.columns):
        values = shown.iloc[:, place]
        if not pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
            values = values.map(lambda cell: safe_cell(cell) if isinstance(cell, str) else cell)
        columns[place] = values.rename(name)
    frame = pd.concat(columns.values(), axis=1) if columns else shown
    return frame.to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig")


_LONGEST = 100_000  # characters of a cell that is parsed


class Number(str):
    """A number as it was written, so that 014 or 1.10 or a long identifier is never rounded."""

    __slots__ = ()


def as_text(value: object) -> str:
    """Return a value as it stands in a cell: null is '', true and false are words, lists and objects compact JSON.

    >>> as_text([{"label": "Map", "score": Number("0.2000")}])
    '[{"label":"Map","score":0.2000}]'
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return str(value)
    return _compact(value)


def _compact(value: object) -> str:
    """Write nested JSON without spaces, its numbers as they came."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, list):
        return "[" + ",".join(_compact(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{_compact(str(key))}:{_compact(item)}" for key, item in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False)


def parse_literal(cell: str) -> object | None:
    """Return the list or dictionary that is written in a cell, None where there is none.

    Cells are untrusted, so they are parsed as literals of Python or JSON, never evaluated, and bounded in length and
    depth.
    """
    if len(cell) > _LONGEST:
        return None
    for parse in (ast.literal_eval, json.loads):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a backslash in a title is no concern of the parser's
                value = parse(cell)
        except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
            continue
        if isinstance(value, list | tuple | dict):
            return value
    return None
