"""JSON values as text in a cell, numbers as they were written, nested values compact; and back from such text."""

import ast
import json
import warnings

__all__ = ["Number", "as_text", "parse_literal"]

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
