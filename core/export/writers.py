"""One step a format: what it writes, under which name, and what it has to report."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from core.export.descriptions import write_dublin_core, write_jsonld, write_mods
from core.export.formats import FORMATS, Package
from core.export.marc import write_marc
from core.export.marc_rules import Cleaner
from core.export.packages import write_croissant, write_datapackage, write_huggingface
from core.export.readme import spreadsheet_readme
from core.export.table import ExportTable
from core.export.tabular import accepted_csv, workbook, write_csv, write_csvw, write_jsonl, write_parquet, write_xlsx

__all__ = [
    "Writer",
    "writers_for",
]

Writer = Callable[[ExportTable, Package, Mapping[str, Any]], list[str]]


def writers_for(formats: Sequence[str]) -> list[tuple[str, Writer]]:
    """Return what must be written, in order."""
    steps: dict[str, Writer] = {
        "csv": _data_csv,
        "parquet": _parquet,
        "jsonl": _jsonl,
        "xlsx": _xlsx,
        "marc": _marc,
        "marcxml": _marc,
        "mods": _mods,
        "dc": _dublin_core,
        "jsonld": _jsonld,
        "huggingface": _huggingface,
        # Descriptions come last: they speak of the files before them.
        "csvw": _csvw,
        "croissant": _croissant,
        "datapackage": _datapackage,
    }
    wanted: list[tuple[str, Writer]] = [("the files for review", _review_csv)]
    for name, step in steps.items():
        if name in formats and step not in [known for _, known in wanted]:
            wanted.append((FORMATS[name].split(",")[0].split(":")[0], step))
    return wanted


def _data_csv(table: ExportTable, package: Package, quality: Mapping[str, Any]) -> list[str]:
    for name, rows, about in _tables(table):
        _csv(table, package, f"data/{name}.csv", rows, about)
    name = "people/accepted_for-excel.csv"
    package.path(name).write_bytes(accepted_csv(table))
    about = (
        "the accepted labels for reading in a spreadsheet program: an apostrophe stands before what could be a formula"
    )
    package.add(name, "csv", "text/csv", about, len(table.accepted))
    return []


def _tables(table: ExportTable) -> tuple[tuple[str, np.ndarray, str], ...]:
    return (
        ("accepted", table.accepted, "the accepted labels, with all original columns, every string exact"),
        ("all-scores", np.arange(len(table)), "every record with its scores and its decision"),
    )


def _review_csv(table: ExportTable, package: Package, quality: Mapping[str, Any]) -> list[str]:
    parts = {
        "abstained": (table.abstained, "records the machine abstained on, the most confident first"),
        "conflicts": (table.conflicts, "human labels the machine contradicts, the most confident first"),
        "rejected": (table.rejected, "records for which a curator refused a label"),
        "not-matched": (table.not_matched, "records without a prediction"),
    }
    for name, (rows, about) in parts.items():
        _csv(table, package, f"review/{name}.csv", rows, about, suggested=True)
    return []


def _parquet(table: ExportTable, package: Package, quality: Mapping[str, Any]) -> list[str]:
    media = "application/vnd.apache.parquet"
    for name, rows, about in _tables(table):
        count = write_parquet(package.path(f"data/{name}.parquet"), table.flat(rows), table.columns(), table.settings)
        package.add(f"data/{name}.parquet", "parquet", media, about, count)
    return []


def _jsonl(table: ExportTable, package: Package, quality: Mapping[str, Any]) -> list[str]:
    count = write_jsonl(package.path("data/accepted.jsonl"), table.flat(table.accepted), table.columns())
    package.add("data/accepted.jsonl", "jsonl", "application/jsonl", "the accepted labels, one object a book", count)
    return []


def _xlsx(table: ExportTable, package: Package, quality: Mapping[str, Any]) -> list[str]:
    name = "people/accepted_for-excel.xlsx"
    frame, columns = workbook(table)
    written = write_xlsx(package.path(name), frame, columns, spreadsheet_readme(table, quality))
    media = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    package.add(name, "xlsx", media, "the accepted labels for reading in a spreadsheet program", written.rows)
    return list(written.sentences)


def _mods(table: ExportTable, package: Package, quality: Mapping[str, Any]) -> list[str]:
    count, cleaner = write_mods(package.path("other/mods-3.7.xml"), table)
    package.add("other/mods-3.7.xml", "mods", "application/mods+xml", "the accepted labels as MODS 3.7", count)
    return _removed_characters(cleaner, "MODS")


def _dublin_core(table: ExportTable, package: Package, quality: Mapping[str, Any]) -> list[str]:
    count, cleaner = write_dublin_core(package.path("other/dc.xml"), table)
    package.add("other/dc.xml", "dc", "application/xml", "the accepted labels as simple Dublin Core", count)
    return _removed_characters(cleaner, "Dublin Core")


def _removed_characters(cleaner: Cleaner, where: str) -> list[str]:
    if not cleaner.characters:
        return []
    return [f"{cleaner.characters:,} control characters were taken out in {where} (line breaks became blanks)."]


def _jsonld(table: ExportTable, package: Package, quality: Mapping[str, Any]) -> list[str]:
    count = write_jsonld(package.path("other/books.jsonld"), table)
    package.add("other/books.jsonld", "jsonld", "application/ld+json", "books and labels as linked data", count)
    return []


def _huggingface(table: ExportTable, package: Package, quality: Mapping[str, Any]) -> list[str]:
    write_huggingface(table, package)
    return []


def _csvw(table: ExportTable, package: Package, quality: Mapping[str, Any]) -> list[str]:
    write_csvw(table, package)
    return []


def _croissant(table: ExportTable, package: Package, quality: Mapping[str, Any]) -> list[str]:
    write_croissant(table, package)
    return []


def _datapackage(table: ExportTable, package: Package, quality: Mapping[str, Any]) -> list[str]:
    write_datapackage(table, package)
    return []


def _marc(table: ExportTable, package: Package, quality: Mapping[str, Any]) -> list[str]:
    return write_marc(table, package, table.settings.formats)


def _csv(
    table: ExportTable, package: Package, name: str, rows: np.ndarray, about: str, *, suggested: bool = False
) -> None:
    columns = table.columns(suggested=suggested)
    count = write_csv(package.path(name), table.flat(rows, suggested=suggested), columns)
    package.add(name, "csv", "text/csv", about, count)
