"""JSON as Colophon writes it: what is undefined is null, since JSON has no word for NaN, and null is NaN again."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from core.errors import InputError

__all__ = ["json_text", "number", "plain", "read_json"]


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
