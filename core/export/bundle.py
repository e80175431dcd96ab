"""One export from beginning to end: decide, write every format, describe, sum up, and put all of it into one zip.

A pure function of its inputs: the same tables and settings give the same bytes. The zip is written beside its place and
renamed, so that a half-written one never exists.
"""

import json
import shutil
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from core.errors import InputError
from core.export.counts import DecisionCounts
from core.export.files import Package, WrittenFile
from core.export.manifest import manifest
from core.export.provenance import provenance
from core.export.readme import readme
from core.export.rocrate import write_rocrate
from core.export.settings import ExportSettings
from core.export.steps import writers_for
from core.export.table import ExportTable, prepare
from core.progress import Progress, silent
from core.storage import file_sha256, write_atomically

__all__ = ["ExportReport", "export", "write_export", "write_package", "zip_folder"]


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
    _refuse_folder(out)
    progress(0.0, "Deciding about each record")
    prepared = prepare(records, originals, table, settings, human=human, reviews=reviews, classes=classes)
    return write_export(prepared, quality, out, progress)


def _refuse_folder(out: Path) -> None:
    if out.is_dir():
        raise InputError(f"{out} is a folder. Give the name of the zip file to write, such as {out / 'export.zip'}.")


def write_export(
    prepared: ExportTable, quality: Mapping[str, Any], out: Path, progress: Progress = silent
) -> ExportReport:
    """Write as one zip what was decided already; see :func:`export`."""
    _refuse_folder(out)
    settings = prepared.settings
    out.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        package, export_manifest, remarks = write_package(prepared, beside / settings.folder, quality, progress)
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
        manifest=export_manifest,
    )


def write_package(
    table: ExportTable, folder: Path, quality: Mapping[str, Any], progress: Progress = silent
) -> tuple[Package, dict[str, Any], list[str]]:
    """Fill a folder with an export; return the package, its manifest and what had to be reported."""
    folder.mkdir(parents=True)
    package = Package(folder)
    remarks: list[str] = []
    steps = writers_for(table.settings.formats)
    for place, (name, step) in enumerate(steps):
        progress(0.05 + 0.8 * place / len(steps), f"Writing {name}")
        remarks += step(table, package, quality)
    package.write_text(
        "README.md", readme(table, package.files, quality, remarks), "readme", "text/markdown", "this explanation"
    )
    export_manifest = manifest(table, package.files, quality, remarks)
    package.write_text(
        "manifest.json", _json(export_manifest), "manifest", "application/json", "settings, counts, files, hashes"
    )
    twin = provenance(table, package.files, export_manifest)
    package.write_text("manifest.jsonld", _json(twin), "manifest", "application/ld+json", "the manifest as linked data")
    if "rocrate" in table.settings.formats:
        write_rocrate(table, package, export_manifest)
    sums = "".join(
        f"{written.sha256}  {written.name}\n" for written in sorted(package.files, key=lambda file: file.name)
    )
    package.write_text("SHA256SUMS", sums, "checksums", "text/plain", "check with sha256sum -c SHA256SUMS")
    return package, export_manifest, remarks


def zip_folder(folder: Path, target: Path, moment: str) -> None:
    """Pack a folder (under its own name) with fixed order, times and rights, so that equal content has equal bytes."""
    year = max(1980, int(moment[:4]))
    stamp = (year, int(moment[5:7]), int(moment[8:10]), int(moment[11:13]), int(moment[14:16]), int(moment[17:19]))
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*"), key=lambda entry: entry.relative_to(folder).as_posix()):
            if not path.is_file():
                continue
            info = zipfile.ZipInfo(f"{folder.name}/{path.relative_to(folder).as_posix()}", stamp)
            packed = path.suffix in (".parquet", ".xlsx")
            info.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
            info.create_system = 3  # so that the bytes do not depend on the operating system
            info.external_attr = 0o644 << 16
            with path.open("rb") as source, archive.open(info, "w", force_zip64=True) as sink:
                shutil.copyfileobj(source, sink, 1 << 20)


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
