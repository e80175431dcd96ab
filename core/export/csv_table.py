"""CSV, exact: UTF-8 without byte order mark, CRLF, commas, doubled quotes; no original string is changed."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from core.export.columns import Column

__all__ = ["cells", "write_csv"]


def write_csv(path: Path, frame: pd.DataFrame, columns: Sequence[Column]) -> int:
    """Write a flat table and return the number of records.

    Formulas, control characters and line breaks in a title stay as they are: the file is for machines. The workbook
    (:mod:`core.export.xlsx`) is for people.
    """
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\r\n")
        writer.writerow([column.name for column in columns])
        writer.writerows(zip(*(cells(frame[column.name], column) for column in columns), strict=True))
    return len(frame)


def cells(values: pd.Series, column: Column) -> Iterable[str]:
    """Return a column as the text that stands in the file; missing is empty."""
    if column.type == "number":
        return [_number(value, column.name == "pred_confidence") for value in values.to_numpy(dtype=float).tolist()]
    if column.type == "boolean":
        return values.map({True: "true", False: "false"}).fillna("").tolist()
    return values.tolist()


def _number(value: float, four: bool) -> str:
    if value != value:  # NaN
        return ""
    if four:
        return f"{value:.4f}"
    text = repr(value)
    return np.format_float_positional(value, trim="-") if "e" in text else text.removesuffix(".0")
