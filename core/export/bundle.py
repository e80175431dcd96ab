"""One export from beginning to end: decide, write every format, describe, sum up, and put all of it into one zip.

A pure function of its inputs: the same tables and settings give the same bytes. The zip is written beside its place and
renamed, so that a half-written one never exists.
"""

import json
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.errors import InputError
from core.export.croissant import write_croissant
from core.export.csv_table import write_csv
from core.export.csvw import write_csvw
from core.export.datapackage import write_datapackage
from core.export.decisions import DecisionCounts
from core.export.dublin_core import write_dublin_core
from core.export.files import Package, WrittenFile
from core.export.huggingface import write_huggingface
from core.export.jsonl import write_jsonl
from core.export.jsonld import write_jsonld
from core.export.manifest import manifest
from core.export.marc import write_marc
from core.export.marc_text import Cleaner
from core.export.mods import write_mods
from core.export.parquet import write_parquet
from core.export.provenance import provenance
from core.export.readme import readme, spreadsheet_readme
from core.export.settings import FORMATS, ExportSettings
from core.export.table import ExportTable, prepare
from core.export.xlsx import write_xlsx
from core.progress import Progress, silent
from core.storage import file_sha256, write_atomically

__all__ = ["ExportReport", "export", "write_package", "zip_folder"]


@dataclass(frozen=True)
class ExportReport:
    """What was exported (``files``, ``accepted``, ``review``, ``manifest``: the keys of ``colophon export --json``).

    Attributes
    ----------
    path, sha256
        The zip.
    folder : str
        Name of the folder inside.
    accepted : int
        Records that carry a label in the export.
    review : int
        Records on which the model abstained.
    counts : DecisionCounts
    remarks : tuple of str
        What had to be reported: records too long for MARC 21, characters taken out, …
    """

    path: Path
    sha256: str
    folder: str
    files: tuple[WrittenFile, ...]
    accepted: int
    review: int
    counts: DecisionCounts
    remarks: tuple[str, ...]
    manifest: Mapping[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-able dictionary."""
        return {
            "path": str(self.path),
            "sha256": self.sha256,
            "folder": self.folder,
            "files": [written.as_dict() for written in self.files],
            "accepted": self.accepted,
            "review": self.review,
            "counts": self.counts.as_dict(),
            "sentence": self.counts.sentence,
            "remarks": list(self.remarks),
            "manifest": dict(self.manifest),
        }


def export(
    records: pd.DataFrame,
    originals: pd.DataFrame,
    table: pd.DataFrame,
    settings: ExportSettings,
    quality: Mapping[str, Any],
    out: Path,
    *,
    human: pd.DataFrame | None = None,
    reviews: pd.DataFrame | None = None,
    classes: Sequence[str] | None = None,
    progress: Progress = silent,
) -> ExportReport:
    """Write the accepted predictions, with their provenance, as one zip.

    Parameters
    ----------
    records, originals, table, human, reviews, classes
        See :func:`core.export.table.prepare`.
    quality : mapping
        Numbers computed elsewhere (``policy``: the thresholds' report, ``evaluation``: the evaluation's); they are put
        into words and into the manifest, never computed here.
    out : path
        The zip to write. An older one is replaced only when the new one is complete.

    Raises
    ------
    InputError
        The tables do not fit together, or a MARC record this program itself made breaks a rule of its own.
    """
    if out.is_dir():
        raise InputError(f"{out} is a folder. Give the name of the zip file to write, such as {out / 'export.zip'}.")
    progress(0.0, "Deciding about each record")
    prepared = prepare(records, originals, table, settings, human=human, reviews=reviews, classes=classes)
    out.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        package, said, remarks = write_package(prepared, beside / settings.folder, quality, progress)
        progress(0.95, "Packing")
        with write_atomically(out) as target:
            zip_folder(package.folder, target, settings.exported_at)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    progress(1.0, "Done")
    return ExportReport(
        path=out,
        sha256=file_sha256(out),
        folder=settings.folder,
        files=tuple(package.files),
        accepted=prepared.counts.exported,
        review=len(prepared.abstained),
        counts=prepared.counts,
        remarks=tuple(remarks),
        manifest=said,
    )


def write_package(
    table: ExportTable, folder: Path, quality: Mapping[str, Any], progress: Progress = silent
) -> tuple[Package, dict[str, Any], list[str]]:
    """Fill a folder with an export; return the package, its manifest and what had to be reported."""
    folder.mkdir(parents=True)
    package = Package(folder)
    remarks: list[str] = []
    steps = _steps(table.settings.formats)
    for place, (name, step) in enumerate(steps):
        progress(0.05 + 0.8 * place / len(steps), f"Writing {name}")
        remarks += step(table, package, quality)
    package.write_text(
        "README.md", readme(table, package.files, quality, remarks), "readme", "text/markdown", "this explanation"
    )
    said = manifest(table, package.files, quality, remarks)
    package.write_text("manifest.json", _json(said), "manifest", "application/json", "settings, counts, files, hashes")
    twin = provenance(table, package.files, said)
    package.write_text("manifest.jsonld", _json(twin), "manifest", "application/ld+json", "the manifest as linked data")
    sums = "".join(f"{written.sha256}  {written.name}\n" for written in sorted(package.files, key=lambda one: one.name))
    package.write_text("SHA256SUMS", sums, "checksums", "text/plain", "check with sha256sum -c SHA256SUMS")
    return package, said, remarks


def zip_folder(folder: Path, target: Path, moment: str) -> None:
    """Pack a folder (under its own name) with fixed order, times and rights, so that equal content has equal bytes."""
    year = max(1980, int(moment[:4]))
    stamp = (year, int(moment[5:7]), int(moment[8:10]), int(moment[11:13]), int(moment[14:16]), int(moment[17:19]))
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*"), key=lambda one: one.relative_to(folder).as_posix()):
            if not path.is_file():
                continue
            info = zipfile.ZipInfo(f"{folder.name}/{path.relative_to(folder).as_posix()}", stamp)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3  # so that the bytes do not depend on the operating system
            info.external_attr = 0o644 << 16
            with path.open("rb") as source, archive.open(info, "w", force_zip64=True) as sink:
                shutil.copyfileobj(source, sink, 1 << 20)


Step = Callable[[ExportTable, Package, Mapping[str, Any]], list[str]]


def _steps(formats: Sequence[str]) -> list[tuple[str, Step]]:
    """Return what must be written, in order."""
    steps: dict[str, Step] = {
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
    wanted: list[tuple[str, Step]] = [("the files for review", _review_csv)]
    for name, step in steps.items():
        if name in formats and step not in [known for _, known in wanted]:
            wanted.append((FORMATS[name].split(",")[0].split(":")[0], step))
    return wanted


def _data_csv(table: ExportTable, package: Package, quality: Mapping[str, Any]) -> list[str]:
    for name, rows, about in _tables(table):
        _csv(table, package, f"data/{name}.csv", rows, about)
    return []


def _tables(table: ExportTable) -> tuple[tuple[str, np.ndarray, str], ...]:
    return (
        ("accepted", table.accepted, "the accepted labels, with all original columns"),
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
    name, columns = "people/accepted_for-excel.xlsx", table.columns()
    written = write_xlsx(package.path(name), table.flat(table.accepted), columns, spreadsheet_readme(table, quality))
    media = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    package.add(name, "xlsx", media, "the accepted labels for reading in a spreadsheet program", written.rows)
    return list(written.sentences)


def _mods(table: ExportTable, package: Package, quality: Mapping[str, Any]) -> list[str]:
    count, cleaner = write_mods(package.path("other/mods-3.7.xml"), table)
    package.add("other/mods-3.7.xml", "mods", "application/mods+xml", "the accepted labels as MODS 3.7", count)
    return _taken_out(cleaner, "MODS")


def _dublin_core(table: ExportTable, package: Package, quality: Mapping[str, Any]) -> list[str]:
    count, cleaner = write_dublin_core(package.path("other/dc.xml"), table)
    package.add("other/dc.xml", "dc", "application/xml", "the accepted labels as simple Dublin Core", count)
    return _taken_out(cleaner, "Dublin Core")


def _taken_out(cleaner: Cleaner, where: str) -> list[str]:
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


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
