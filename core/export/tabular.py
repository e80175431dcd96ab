"""Flat files: CSV, JSON Lines, Parquet, a workbook, and a CSV for people."""

import csv
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np
import pandas as pd

from core.export.decisions import CURATOR
from core.export.formats import LabelledFile, Package, PreviewLine, PreviewRecord, RecordFormat, Triple
from core.export.manifest import read_bundle_manifest
from core.export.readme import spreadsheet_readme
from core.export.sentences import ExportSummary
from core.export.settings import ExportSettings
from core.export.table import Column, ExportTable, column_mark, original_column_name, probability_names
from core.export.validation import LabelSets, read_csv, read_csv_for_people, read_jsonl, read_parquet_labels, read_xlsx
from core.formatting import csv_for_people
from core.schema import AUTHOR, DATE, LANGUAGE, RECORD_ID, TITLE
from core.storage import plain_slug

__all__ = [
    "CELL_LIMIT",
    "PARQUET_MEDIA",
    "ROW_LIMIT",
    "CsvFormat",
    "FlatFormat",
    "JsonlFormat",
    "ParquetFormat",
    "WorkbookReport",
    "XlsxFormat",
    "accepted_csv",
    "accepted_for_people",
    "arrow_table",
    "cells",
    "workbook",
    "workbook_remarks",
    "write_csv",
    "write_jsonl",
    "write_parquet",
    "write_review",
    "write_text",
    "write_xlsx",
]


# --- The accepted records for people: identifier, title, label and confidence first, in a curator's words -------------

_HEADINGS: Final = {
    RECORD_ID: "Identifier",
    TITLE: "Title",
    "pred_label": "Label",
    "pred_confidence": "Confidence",
    "pred_decision": "Decided by",
    "pred_threshold": "Cut-off",
    "pred_model": "Model",
    "pred_model_version": "Model version",
    "pred_run_id": "Run",
    "pred_date": "Predicted on",
    "human_label": "Label of people or catalogue",
    "human_label_source": "Who gave that label",
    "agrees_with_human": "Machine agrees with it",
    "reviewed_by_role": "Reviewed by",
    "review_note": "Note of the review",
}
# What a workbook tells of a further set of labels.
_FURTHER: Final = (
    "pred_label",
    "pred_confidence",
    "pred_decision",
    "pred_model",
    "pred_model_version",
    "pred_run_id",
    "human_label",
    "human_label_source",
)
_MACHINE, _CONFIRMED, _CHOSEN = "machine, above the cut-off", "machine, confirmed by a curator", "curator"


def accepted_for_people(table: ExportTable) -> pd.DataFrame:
    """Return the records that carry a label, one row each, in the order of the identifiers.

    Of further sets of labels stand label, confidence, who decided, model and run at the end, each with the set's name.

    Returns
    -------
    DataFrame
        ``Identifier``, ``Title`` (as normalised: one line), ``Label``, ``Confidence`` (0 to 1, NaN where a curator
        chose), ``Decided by``, then author, date and language as in the catalogue, and which model said so in which
        run.
    """
    rows, model = table.accepted, table.settings.model
    records, decisions = table.records.iloc[rows], table.decisions.iloc[rows]
    frame = pd.DataFrame(
        {
            "Identifier": records[RECORD_ID].to_numpy(),
            "Title": records[TITLE].to_numpy(),
            "Label": decisions["pred_label"].to_numpy(),
            "Confidence": decisions["pred_confidence"].to_numpy(),
            "Decided by": _decided_by(decisions).to_numpy(),
            "Author": records[AUTHOR].to_numpy(),
            "Date": records[DATE].to_numpy(),
            "Language": records[LANGUAGE].to_numpy(),
        }
    )
    spoke = [table.settings_of(row).model for row in rows]
    named = "Model" if model.made_here else "Model or predictions" if model.parts else "Predictions"
    whose = {
        named: [each.name for each in spoke],
        "Model version": [each.version or "unknown" for each in spoke],
        "Run": [table.settings.run_id] * len(spoke),
    }
    frame = frame.assign(**whose)
    for other in table.also:
        further = _further_for_people(other, rows)
        frame = frame.assign(**{f"{name}: {other.name}": further[name].to_numpy() for name in further})
    return frame


def _further_for_people(table: ExportTable, rows: np.ndarray) -> pd.DataFrame:
    """Return what a further set of labels says of some records: label, confidence, who decided, model and run."""
    decisions = table.decisions.iloc[rows]
    models = [table.settings_of(row).model for row in rows]
    return pd.DataFrame(
        {
            "Label": decisions["pred_label"].to_numpy(),
            "Confidence": decisions["pred_confidence"].to_numpy(),
            "Decided by": _decided_by(decisions).to_numpy(),
            "Model": [model.process for model in models],
            "Run": [table.settings.run_id] * len(rows),
        }
    )


def accepted_csv(table: ExportTable) -> bytes:
    """Return :func:`accepted_for_people` as a file that opens in a spreadsheet program."""
    return csv_for_people(accepted_for_people(table))


def workbook(table: ExportTable) -> tuple[pd.DataFrame, tuple[Column, ...]]:
    """Return the accepted records as the workbook shows them, and its columns: ours first, then the library's own.

    Column names are headings for people, all different; one of the library's that has the name of one of ours is marked
    '(as loaded)'.
    """
    flat, known = table.flat(table.accepted), {column.name: column for column in table.columns()}
    frame = pd.DataFrame(index=flat.index)
    columns: list[Column] = []

    def add(heading: str, column: Column, values: pd.Series) -> None:
        name = original_column_name(heading, [existing.name for existing in columns])
        columns.append(replace(column, name=name))
        frame[name] = values.to_numpy() if column.type != "boolean" else values.array

    def add_ours(*names: str) -> None:
        for name in names:
            add(_HEADINGS[name], known[name], flat[name])

    title = Column(name="title", type="string", meaning="Title on one line, as Colophon read it", origin="library")
    add_ours(RECORD_ID)
    add(_HEADINGS[TITLE], title, table.records[TITLE].iloc[table.accepted])
    add_ours("pred_label", "pred_confidence")
    decided = known["pred_decision"]
    add(_HEADINGS[decided.name], replace(decided, allowed=()), _decided_by(table.decisions.iloc[table.accepted]))
    for class_name, column in probability_names(tuple(table.probabilities)).items():
        add(f"Probability of {class_name}", known[column], flat[column])
    done = {RECORD_ID, "pred_label", "pred_confidence", "pred_decision"}
    add_ours(*(name for name in _HEADINGS if name in known and name not in {*done, TITLE}))
    for other in table.also:
        mark, decisions = column_mark(other.name), other.decisions.iloc[table.accepted]
        for name in _FURTHER:
            further, values = known.pop(f"{name}{mark}"), flat[f"{name}{mark}"]
            if name == "pred_decision":
                further, values = replace(further, allowed=()), _decided_by(decisions)
            add(f"{_HEADINGS[name]}: {other.name}", further, values)
    ours = {*_HEADINGS, *probability_names(tuple(table.probabilities)).values()}
    for loaded in known.values():
        if loaded.origin == "library" and loaded.name not in ours - {TITLE}:
            add(loaded.name, loaded, flat[loaded.name])
    return frame, tuple(columns)


def _decided_by(decisions: pd.DataFrame) -> pd.Series:
    curator = decisions["pred_decision"] == CURATOR
    same = decisions["pred_label"] == decisions["pred_suggested_label"]
    decided_by = pd.Series(_MACHINE, index=decisions.index, dtype="str")
    decided_by = decided_by.mask(curator & same, _CONFIRMED).mask(curator & ~same, _CHOSEN)
    # Of several sets of labels one may have none for a record that another labels.
    return decided_by.mask(decisions["pred_label"] == "", "")


# --- CSV, exact: UTF-8 without byte order mark, CRLF, commas, doubled quotes; no original string is changed -----------


def write_csv(path: Path, frame: pd.DataFrame, columns: Sequence[Column]) -> int:
    """Write a flat table and return the number of records.

    Formulas, control characters and line breaks in a title stay as they are: the file is for machines. The workbook
    (:mod:`core.export.tabular`) is for people.
    """
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\r\n")
        writer.writerow([column.name for column in columns])
        writer.writerows(zip(*(cells(frame[column.name], column) for column in columns), strict=True))
    return len(frame)


def cells(values: pd.Series, column: Column) -> Iterable[str]:
    """Return a column as the text that stands in the file; missing is empty."""
    if column.type == "number":
        four = column.name.startswith("pred_confidence")
        return [_number(value, four) for value in values.to_numpy(dtype=float).tolist()]
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


# --- JSON Lines: one object a book; missing values are null, letters are not escaped ----------------------------------


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


# --- Parquet: identifiers are text, scores are doubles, moments are UTC; run and licence are in the file --------------


def arrow_table(frame: pd.DataFrame, columns: Sequence[Column], settings: ExportSettings) -> Any:
    """Return a flat table as an Arrow table; empty text is null."""
    import pyarrow as pa
    import pyarrow.compute as pc

    arrays, fields = [], []
    for column in columns:
        if column.type == "number":
            array, kind = pa.array(frame[column.name].to_numpy(dtype=float), from_pandas=True), pa.float64()
        elif column.type == "boolean":
            array, kind = pa.array(frame[column.name].array, pa.bool_(), from_pandas=True), pa.bool_()
        else:
            array, kind = pa.array(frame[column.name].to_numpy(dtype=object), pa.string()), pa.string()
            array = pc.if_else(pc.equal(array, ""), pa.scalar(None, pa.string()), array)
            if column.type == "datetime":
                kind = pa.timestamp("ms", "UTC")
                array = pc.strptime(array, format="%Y-%m-%dT%H:%M:%SZ", unit="ms").cast(kind)
        arrays.append(array)
        fields.append(pa.field(column.name, kind, metadata={"description": column.meaning}))
    about = {"run_id": settings.run_id, "licence": settings.licence, "model": settings.model.process}
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields, metadata=about))


def write_parquet(path: Path, frame: pd.DataFrame, columns: Sequence[Column], settings: ExportSettings) -> int:
    """Write a flat table and return the number of records."""
    import pyarrow.parquet as pq

    pq.write_table(arrow_table(frame, columns, settings), path, compression="zstd", row_group_size=100_000)
    return len(frame)


# --- A workbook for people --------------------------------------------------------------------------------------------
# Every text cell is text, so that no identifier, title or date is changed on opening.


CELL_LIMIT: Final = 32_767  # characters in a cell, counted in UTF-16 (Excel specifications and limits)
ROW_LIMIT: Final = 1_048_576  # rows on a sheet, header included
_WIDEST: Final = 59
_SAMPLE_ROWS: Final = 2_000  # rows that decide how wide a column is
_BLOCK_ROWS: Final = 2_000  # rows whose text is in memory at once
_CUT_NOTE: Final = "[cut: the whole text is in the CSV]"
# No clock is read, so that equal records give equal bytes; the day is the one on which a zip archive's calendar begins.
_CREATED: Final = datetime(1980, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class WorkbookReport:
    """What was written, and what the workbook could not hold.

    Attributes
    ----------
    rows : int
        Records on the sheet.
    left_out : int
        Records beyond the most a sheet can hold.
    truncated : int
        Cells longer than :data:`CELL_LIMIT` characters; they end in '[cut: the whole text is in the CSV]'.
    """

    rows: int
    left_out: int
    truncated: int


def workbook_remarks(report: WorkbookReport) -> tuple[str, ...]:
    """Say what the workbook could not hold."""
    remarks = []
    if report.left_out:
        remarks.append(
            f"{report.left_out:,} records are beyond the {ROW_LIMIT:,} rows of a sheet and not in the workbook."
        )
    if report.truncated:
        remarks.append(
            f"{report.truncated:,} cells were cut in the workbook at {CELL_LIMIT:,} characters; the CSV has them whole."
        )
    return tuple(remarks)


def write_xlsx(path: Path, frame: pd.DataFrame, columns: Sequence[Column], read_me: Sequence[str]) -> WorkbookReport:
    """Write a flat table as a workbook with a frozen, filtered header and a second sheet that explains it.

    Parameters
    ----------
    read_me : sequence of str
        One line a row of the second sheet.
    """
    import xlsxwriter
    from xlsxwriter.exceptions import FileCreateError

    left_out = max(0, len(frame) - (ROW_LIMIT - 1))
    shown = frame.iloc[: ROW_LIMIT - 1]
    # The rows wait in a file beside the workbook: the system's folder for such files is memory on many machines.
    with path.open("wb") as stream, tempfile.TemporaryDirectory(dir=path.parent) as scratch:
        try:
            with xlsxwriter.Workbook(stream, {"constant_memory": True, "tmpdir": scratch}) as book:
                book.use_zip64()
                book.set_properties({"created": _CREATED})
                cut = _write_records(book, shown, columns)
                _write_read_me(book, read_me)
        except FileCreateError as error:
            raise error.args[0] from error  # the system's own error (a full disk), which people are told about
    return WorkbookReport(len(shown), left_out, cut)


def _write_records(book: Any, frame: pd.DataFrame, columns: Sequence[Column]) -> int:
    """Write the first sheet and return how many cells were cut."""
    # '@' on the whole column: text stays text also when somebody edits a cell or fills an empty one.
    text = book.add_format({"num_format": "@"})
    heading = book.add_format({"num_format": "@", "bold": True})
    sheet = book.add_worksheet("Accepted")
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, len(frame), len(columns) - 1)
    for place, column in enumerate(columns):
        width = _width(frame[column.name], column)
        sheet.set_column(place, place, width, None if column.type == "number" else text)
        write_text(sheet, 0, place, column.name, heading)
    cut = 0
    for start in range(0, len(frame), _BLOCK_ROWS):
        block = frame.iloc[start : start + _BLOCK_ROWS]
        values = [(_values if column.type == "number" else cells)(block[column.name], column) for column in columns]
        for row, record in enumerate(zip(*values, strict=True), start=start + 1):
            for place, value in enumerate(record):
                if isinstance(value, float):
                    sheet.write_number(row, place, value)
                elif value:
                    cut += write_text(sheet, row, place, value, text)
    return cut


def _write_read_me(book: Any, lines: Sequence[str]) -> None:
    wrapped = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
    sheet = book.add_worksheet("Read me")
    sheet.set_column(0, 0, 110)
    for row, line in enumerate(lines):
        write_text(sheet, row, 0, line, wrapped)


def write_text(sheet: Any, row: int, place: int, text: str, cell_format: Any) -> bool:
    """Write a cell as text, never as a formula, a number or a link; return whether it was too long and was cut."""
    cut = len(text) > CELL_LIMIT // 2 and len(text.encode("utf-16-le")) > 2 * CELL_LIMIT
    if cut:
        room = CELL_LIMIT - len(_CUT_NOTE)
        text = text.encode("utf-16-le")[: 2 * room].decode("utf-16-le", "ignore") + _CUT_NOTE
    if text.startswith("<r>") and text.endswith("</r>"):
        # xlsxwriter would take it for XML that it made itself and not escape it; in two runs it is text like any other.
        sheet.write_rich_string(row, place, "<", cell_format, text[1:], cell_format)
    else:
        sheet.write_string(row, place, text, cell_format)
    return cut


def _width(values: pd.Series, column: Column) -> int:
    """Return the width, in characters, at which the heading and nearly all of the first cells can be read."""
    heading = len(column.name) + 3  # beside it stands the arrow of the filter
    if column.type in ("number", "boolean"):
        return max(12, heading)
    lengths = values.iloc[:_SAMPLE_ROWS].str.len()
    return int(min(_WIDEST, max(10, heading, lengths.quantile(0.95) + 2 if len(lengths) else 0)))


# --- The four formats: what each writes, shows and reads back ---------------------------------------------------------


PARQUET_MEDIA: Final = "application/vnd.apache.parquet"
_XLSX_MEDIA: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_PEOPLE: Final = "people/accepted_for-excel"


class FlatFormat(RecordFormat):
    """A format whose records are rows of columns.

    Attributes
    ----------
    readers : tuple of (str, callable)
        Path of a file of accepted labels, and what reads it.
    """

    readers: ClassVar[tuple[tuple[str, Callable[[Path, LabelSets], Iterator[Triple]]], ...]]

    def preview(self, table: ExportTable, rows: np.ndarray, kind: str | None = None) -> Iterator[PreviewRecord]:
        """Yield the columns that have a value, and all of ours."""
        columns, frame = table.columns(), table.flat(rows)
        texts = {column.name: list(cells(frame[column.name], column)) for column in columns}
        originals = len(table.originals.columns)
        for place, row in enumerate(rows.tolist()):
            lines = tuple(
                PreviewLine(f"{column.name}: {texts[column.name][place]}", new=position >= originals)
                for position, column in enumerate(columns)
                if texts[column.name][place] or position >= originals
            )
            yield PreviewRecord(table.records[RECORD_ID].iloc[row], table.records[TITLE].iloc[row], lines)

    def read_back(self, folder: Path, terms: Mapping[str, str]) -> Iterator[LabelledFile]:
        """Yield the files that are there; see :class:`core.export.formats.RecordFormat`."""
        manifest = read_bundle_manifest(folder)
        sets = list(zip(manifest.marks, ("", *(each.name for each in manifest.also)), strict=True))
        for name, read in self.readers:
            if (folder / name).exists():
                yield LabelledFile(name=name, triples=read(folder / name, sets))


class CsvFormat(FlatFormat):
    """The accepted labels and all scores, exact, and the accepted ones for people."""

    readers = (("data/accepted.csv", read_csv), (f"{_PEOPLE}.csv", read_csv_for_people))

    def write(self, table: ExportTable, package: Package, summary: ExportSummary) -> Sequence[str]:
        """Write ``data/accepted.csv``, ``data/all-scores.csv`` and the file for people."""
        for name, rows, about in _tables(table):
            _add_csv(table, package, f"data/{name}.csv", rows, about)
        package.path(f"{_PEOPLE}.csv").write_bytes(accepted_csv(table))
        about = (
            "the accepted labels for reading in a spreadsheet program: an apostrophe stands before what could be a"
            " formula"
        )
        package.add(f"{_PEOPLE}.csv", "csv", "text/csv", about, len(table.accepted))
        return []


class ParquetFormat(FlatFormat):
    """The accepted labels and all scores, typed."""

    readers = (("data/accepted.parquet", read_parquet_labels),)

    def write(self, table: ExportTable, package: Package, summary: ExportSummary) -> Sequence[str]:
        """Write ``data/accepted.parquet`` and ``data/all-scores.parquet``."""
        for name, rows, about in _tables(table):
            path = f"data/{name}.parquet"
            count = write_parquet(package.path(path), table.flat(rows), table.columns(), table.settings)
            package.add(path, "parquet", PARQUET_MEDIA, about, count)
        return []


class JsonlFormat(FlatFormat):
    """The accepted labels, one object a book."""

    readers = (("data/accepted.jsonl", read_jsonl),)

    def write(self, table: ExportTable, package: Package, summary: ExportSummary) -> Sequence[str]:
        """Write ``data/accepted.jsonl``."""
        name = "data/accepted.jsonl"
        count = write_jsonl(package.path(name), table.flat(table.accepted), table.columns())
        package.add(name, "jsonl", "application/jsonl", "the accepted labels, one object a book", count)
        return []


class XlsxFormat(FlatFormat):
    """The accepted labels as a workbook."""

    readers = ((f"{_PEOPLE}.xlsx", read_xlsx),)

    def write(self, table: ExportTable, package: Package, summary: ExportSummary) -> Sequence[str]:
        """Write the workbook; return what it could not hold."""
        frame, columns = workbook(table)
        path = package.path(f"{_PEOPLE}.xlsx")
        written = write_xlsx(path, frame, columns, spreadsheet_readme(table, summary))
        about = "the accepted labels for reading in a spreadsheet program"
        package.add(f"{_PEOPLE}.xlsx", "xlsx", _XLSX_MEDIA, about, written.rows)
        return workbook_remarks(written)


def write_review(table: ExportTable, package: Package, *, further: bool = False) -> None:
    """Write the files for review, which every export holds; those of further sets of labels in folders of their own."""
    parts = {
        "abstained": (table.abstained, "records the machine abstained on, the most confident first"),
        "conflicts": (table.conflicts, "human labels the machine contradicts, the most confident first"),
        "rejected": (table.rejected, "records for which a curator refused a label"),
        "not-matched": (table.not_matched, "records without a prediction"),
    }
    folder = f"review/{plain_slug(table.name)}" if further else "review"
    for name, (rows, about) in parts.items():
        about = f"{about} (labels of {table.name})" if further else about
        _add_csv(table, package, f"{folder}/{name}.csv", rows, about, suggested=True)
    for other in table.also:
        write_review(other, package, further=True)


def _tables(table: ExportTable) -> tuple[tuple[str, np.ndarray, str], ...]:
    return (
        ("accepted", table.accepted, "the accepted labels, with all original columns, every string exact"),
        ("all-scores", np.arange(len(table)), "every record with its scores and its decision"),
    )


def _add_csv(
    table: ExportTable, package: Package, name: str, rows: np.ndarray, about: str, *, suggested: bool = False
) -> None:
    columns = table.columns(suggested=suggested)
    count = write_csv(package.path(name), table.flat(rows, suggested=suggested), columns)
    package.add(name, "csv", "text/csv", about, count)
