"""JSON as Colophon writes it: what is undefined is null, since JSON has no word for NaN, and null is NaN again."""

import json
import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

__all__ = ["json_text", "number", "plain"]


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
