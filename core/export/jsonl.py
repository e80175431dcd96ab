"""JSON Lines: one object a book; identifiers are text, missing values are null, letters are not escaped."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from core.export.columns import Column

__all__ = ["write_jsonl"]


def write_jsonl(path: Path, frame: pd.DataFrame, columns: Sequence[Column]) -> int:
    """Write a flat table (UTF-8 without byte order mark, LF) and return the number of records."""
    names = [column.name for column in columns]
    encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        values = [_values(frame[column.name], column) for column in columns]
        for row in zip(*values, strict=True):
            stream.write(encode(dict(zip(names, row, strict=True))) + "\n")
    return len(frame)


def _values(values: pd.Series, column: Column) -> list[Any]:
    if column.type == "number":
        return [None if value != value else value for value in values.to_numpy(dtype=float).tolist()]
    if column.type == "boolean":
        return [None if value is pd.NA else bool(value) for value in values.tolist()]
    return [value or None for value in values.tolist()]
