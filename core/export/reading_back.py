"""Reading back the labels that stand in flat files, of each set of labels."""

import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from core.export.formats import Triple
from core.text_formats import unsafe_cell

__all__ = [
    "LabelSets",
    "read_csv",
    "read_csv_for_people",
    "read_jsonl",
    "read_parquet_labels",
    "read_xlsx",
    "unescape_cell",
]

# Each takes the sets of labels: what the columns of each end in, and the name of its predictions ('' for the first).
LabelSets = Sequence[tuple[str, str]]


def _labels_of(row: Mapping[str, Any], sets: LabelSets) -> Iterator[Triple]:
    """Yield what a row of our columns says."""
    for mark, _ in sets:
        if label := row[f"pred_label{mark}"]:
            confidence = row[f"pred_confidence{mark}"]
            yield row["record_id"], label, confidence if isinstance(confidence, str) else _four(confidence)


def read_csv(path: Path, sets: LabelSets) -> Iterator[Triple]:
    """Yield what a CSV file for machines says."""
    for row in _csv_rows(path):
        yield from _labels_of(row, sets)


def _headings(sets: LabelSets) -> list[tuple[str, str]]:
    """Return the headings of label and confidence in files for people."""
    ends = [f": {name}" if name else "" for _, name in sets]
    return [(f"Label{end}", f"Confidence{end}") for end in ends]


def read_csv_for_people(path: Path, sets: LabelSets) -> Iterator[Triple]:
    """Yield what a CSV file for people says."""
    for row in _csv_rows(path):
        for label, confidence in _headings(sets):
            if row[label]:
                yield unsafe_cell(row["Identifier"]), unsafe_cell(row[label]), _four(row[confidence] or None)


def _csv_rows(path: Path) -> Iterator[dict[str, str]]:
    csv.field_size_limit(1 << 24)
    with path.open(encoding="utf-8-sig", newline="") as stream:
        yield from csv.DictReader(stream)


def read_parquet_labels(path: Path, sets: LabelSets) -> Iterator[Triple]:
    """Yield what a Parquet file of accepted labels says."""
    import pyarrow.parquet as pq

    names = ["record_id", *(f"{name}{mark}" for mark, _ in sets for name in ("pred_label", "pred_confidence"))]
    columns = pq.read_table(path, columns=names).to_pydict()
    for values in zip(*(columns[name] for name in names), strict=True):
        yield from _labels_of(dict(zip(names, values, strict=True)), sets)


def read_jsonl(path: Path, sets: LabelSets) -> Iterator[Triple]:
    """Yield what a file of JSON Lines says."""
    with path.open(encoding="utf-8") as stream:
        for line in stream:
            yield from _labels_of(json.loads(line), sets)


def read_xlsx(path: Path, sets: LabelSets) -> Iterator[Triple]:
    """Yield what the first sheet of a workbook says."""
    import openpyxl

    book = openpyxl.load_workbook(path, read_only=True)
    try:
        rows = book.worksheets[0].iter_rows(values_only=True)
        head = list(next(rows, ()))
        key = head.index("Identifier")
        places = [(head.index(label), head.index(confidence)) for label, confidence in _headings(sets)]
        for row in rows:
            for label, confidence in places:
                if row[label]:
                    yield unescape_cell(str(row[key])), unescape_cell(str(row[label])), _four(row[confidence])
    finally:
        book.close()


def unescape_cell(text: str) -> str:
    """Undo the escapes of a workbook (_x000D_ and the like)."""
    return re.sub(r"_x([0-9A-Fa-f]{4})_", lambda match: chr(int(match.group(1), 16)), text)


def _four(value: Any) -> str:
    return "" if value is None or value != value else f"{float(value):.4f}"
