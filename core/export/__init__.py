"""Exporting: accepted labels with their provenance, in the formats libraries load.

:func:`write_export` writes the wanted formats of what was decided, describes them and packs all of it into one zip.
"""

import json
import logging
import shutil
import tempfile
import time
import uuid
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.errors import InputError
from core.export.decisions import DECISIONS, DecisionCounts, human_from_labels
from core.export.formats import (
    CARRIERS,
    FORMATS,
    MARC_KINDS,
    Package,
    Stage,
    WrittenFile,
    format_writers,
    parse_formats,
    parse_marc_kinds,
)
from core.export.linked_data import provenance
from core.export.manifest import QualityReport
from core.export.readme import readme
from core.export.sentences import ExportSummary, counts_sentence, summarise
from core.export.settings import PROFILES, TERM_QUESTION, UNKNOWN, ExportSettings, InputFile, ModelSource
from core.export.table import ExportTable, column_mark
from core.export.tabular import write_review
from core.formatting import plain
from core.manifests import SCHEMA_VERSION
from core.progress import Progress, silent
from core.storage import digest, file_sha256, write_atomically

__all__ = [
    "CARRIERS",
    "FORMATS",
    "MARC_KINDS",
    "PROFILES",
    "TERM_QUESTION",
    "ExportReport",
    "ExportSettings",
    "InputFile",
    "ModelSource",
    "QualityReport",
    "human_from_labels",
    "manifest",
    "parse_formats",
    "parse_marc_kinds",
    "write_export",
    "write_package",
    "zip_folder",
]


_LOG = logging.getLogger(__name__)

# --- manifest.json: everything somebody must know to trust, repeat or withdraw an export ------------------------------


def manifest(
    table: ExportTable, files: Sequence[WrittenFile], summary: ExportSummary, remarks: Sequence[str] = ()
) -> dict[str, Any]:
    """Return the manifest as a JSON-able dictionary.

    The identifier of the export is derived from its choices and its files, so that the same export has the same one.
    """
    settings = table.settings
    choices = settings.as_dict()
    further = [each.settings.as_dict() for each in table.also]
    content = digest(choices, [written.sha256 for written in files], *([further] if further else []))
    document = {
        "schema_version": SCHEMA_VERSION,
        "export": {
            "id": uuid.uuid5(uuid.NAMESPACE_OID, f"colophon:export:{content}").urn,
            "name": settings.folder,
            "created": settings.exported_at,
            "created_by": settings.exported_by or UNKNOWN,
            "formats": list(settings.formats),
            "profile": settings.profile,
            "software": {"name": "Colophon", "version": settings.software_version, "commit": settings.software_commit},
            "command": settings.command,
            "licence": settings.licence,
            "settings": choices,
        },
        "input": [file.as_dict() for file in table.inputs],
        **_about_labels(table, summary),
        "decisions": dict(DECISIONS),
        "files": [written.as_dict() for written in files],
        "columns": [column.as_dict() for column in table.columns()],
        "checks": [],
        "remarks": list(remarks),
        "assigned": summary.assigned,
        "limits": list(summary.limits),
    }
    if table.also:
        document["counts"]["with_any_label"] = len(table.accepted)
        document["also"] = [
            {
                "name": each.name,
                "columns_end_in": column_mark(each.name),
                "assigned": own.assigned,
                **_about_labels(each, own),
                "settings": each.settings.as_dict(),
            }
            for each, own in zip(table.also, summary.also, strict=True)
        ]
    return dict(plain(document))


def _about_labels(table: ExportTable, summary: ExportSummary) -> dict[str, Any]:
    """Return what a manifest says of one set of labels: model, classes, cuts and promise, figures, counts."""
    settings = table.settings
    choices = settings.as_dict()
    return {
        "model": {
            "id": settings.model.name,
            "version": settings.model.version or UNKNOWN,
            "sha256": settings.model.sha256 or UNKNOWN,
            "made": "here" if settings.model.made_here else "elsewhere",
            "input_columns": list(settings.model.input_columns) or UNKNOWN,
            "calibrated": settings.model.calibrated,
            "predictions": settings.predictions or UNKNOWN,
            "run": settings.run_id,
            "run_uri": settings.run_uri,
            "predicted_at": settings.predicted_at or UNKNOWN,
            **({"imported_at": settings.imported_at} if settings.imported_at else {}),
            **settings.model.details.as_dict(),
            **(
                {"parts": [part | {"accepted": table.accepted_by[part["predictions"]]} for part in parts]}
                if (parts := choices["model"].get("parts"))
                else {}
            ),
        },
        "labels": {
            "classes": list(table.labels),
            "question": TERM_QUESTION,
            "answer": settings.answer,
            "terms": {label: term.as_dict() for label, term in table.terms.items()},
        },
        "policy": {
            **settings.policy.as_dict(),
            "promise": choices["promise"],
            "applies_to": summary.scope or "all records",
            "sentences": list(summary.cuts),
            "chosen_on": settings.chosen_on or "the labels that came with the predictions",
            "accepted_when": "the confidence of the predicted label is above its cut, and no label that stands had been"
            " given by a curator, a person or the catalogue",
            "order": "curator, then person, then label that came with the predictions (where those stand), then"
            " catalogue, then model; what rules say decides nothing",
            "human_labels": {
                "setting": settings.human_labels,
                "measured_on": settings.measured_on or "the labels that came with the predictions",
                "given_by": settings.measured_by if settings.measured_on else UNKNOWN,
                "records": int(table.checked.sum()),
                "meaning": summary.checked_meaning,
                "sentence": summary.checked,
                "sets_that_stand": list(settings.human_sets),
            },
            "coded_not_fiction_in_008": {"records": table.coded_not_fiction, "sentence": summary.coded},
            "hand_checked_in_the_predictions_file": 0 if settings.measured_on else int(table.checked.sum()),
            "chosen_by": settings.chosen_by,
            "chosen_at": settings.chosen_at,
            "chosen_because": settings.chosen_because,
        },
        "quality": summary.quality.as_dict(),
        "counts": {
            **table.counts.as_dict(),
            "exported": table.counts.exported,
            "predictions_without_a_record": len(table.unmatched),
            "by_label_and_language": _by_language(table),
        },
    }


def _by_language(table: ExportTable) -> dict[str, dict[str, int]]:
    label = table.decisions["pred_label"].iloc[table.labelled].to_numpy()
    language = table.records["language"].iloc[table.labelled].replace("", "no language").to_numpy()
    counts: dict[str, dict[str, int]] = {}
    for name, book_language in sorted(zip(label.tolist(), language.tolist(), strict=True)):
        group = counts.setdefault(name, {})
        group[book_language] = group.get(book_language, 0) + 1
    return counts


# --- One export from beginning to end ---------------------------------------------------------------------------------
# Decide, write every format, describe, sum up, and put all of it into one zip.
# A pure function of its inputs: the same tables and settings give the same bytes. The zip is written beside its place
# and renamed, so that a half-written one never exists.


@dataclass(frozen=True, kw_only=True)
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
    also : mapping of str to DecisionCounts
        Predictions → counts of further sets of labels in the same zip; `accepted`, `review` and `counts` are those of
        the first set.
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
    also: Mapping[str, DecisionCounts] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-able dictionary."""
        content = {
            "path": str(self.path),
            "sha256": self.sha256,
            "folder": self.folder,
            "files": [written.as_dict() for written in self.files],
            "accepted": self.accepted,
            "review": self.review,
            "counts": self.counts.as_dict(),
            "sentence": counts_sentence(self.counts),
            "remarks": list(self.remarks),
            "manifest": dict(self.manifest),
        }
        if self.also:
            content["also"] = [
                {"predictions": name, "counts": counts.as_dict(), "sentence": counts_sentence(counts)}
                for name, counts in self.also.items()
            ]
        return content


def write_export(
    prepared: ExportTable,
    quality: QualityReport,
    out: Path,
    progress: Progress = silent,
    *,
    also: Sequence[QualityReport] = (),
) -> ExportReport:
    """Write the accepted predictions, with their provenance, as one zip; an older one stays until it is complete.

    Parameters
    ----------
    also : sequence of QualityReport
        How good the further sets of labels are, one each.

    Raises
    ------
    InputError
        `out` is a folder, or a MARC record this program itself made breaks a rule of its own.
    """
    if out.is_dir():
        raise InputError(f"{out} is a folder. Give the name of the zip file to write, such as {out / 'export.zip'}.")
    started = time.monotonic()
    settings = prepared.settings
    out.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        package, export_manifest, remarks = write_package(
            prepared, beside / settings.folder, quality, progress, also=also
        )
        progress(0.95, "Packing")
        with write_atomically(out) as target:
            zip_folder(package.folder, target, settings.exported_at)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    progress(1.0, "Done")
    _LOG.info(
        "exported predictions %s as '%s': %d records with a label, %d for review, %s, %.1f s%s",
        settings.predictions,
        out.name,
        prepared.counts.exported,
        len(prepared.abstained),
        " ".join(settings.formats),
        time.monotonic() - started,
        f", by {settings.exported_by}" if settings.exported_by else "",
    )
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
        also={each.name: each.counts for each in prepared.also},
    )


def write_package(
    table: ExportTable,
    folder: Path,
    quality: QualityReport,
    progress: Progress = silent,
    *,
    also: Sequence[QualityReport] = (),
) -> tuple[Package, dict[str, Any], list[str]]:
    """Fill a folder with an export; return the package, its manifest and what had to be reported."""
    folder.mkdir(parents=True)
    package = Package(folder)
    summary = summarise(table, quality, also)
    remarks: list[str] = []
    writers = format_writers(table.settings.formats)
    progress(0.05, "Writing the files for review")
    write_review(table, package)
    for place, (entry, writer) in enumerate(writers, start=1):
        if entry.stage < Stage.CRATE:
            progress(0.05 + 0.8 * place / (len(writers) + 1), f"Writing {entry.title}")
            remarks += writer.write(table, package, summary)
    package.write_text(
        "README.md", readme(table, package.files, summary, remarks), "readme", "text/markdown", "this explanation"
    )
    export_manifest = manifest(table, package.files, summary, remarks)
    package.identifier = str(export_manifest["export"]["id"])
    package.write_text(
        "manifest.json", _json(export_manifest), "manifest", "application/json", "settings, counts, files, hashes"
    )
    twin = provenance(table, package.files, summary, package.identifier)
    package.write_text("manifest.jsonld", _json(twin), "manifest", "application/ld+json", "the manifest as linked data")
    for entry, writer in writers:
        if entry.stage == Stage.CRATE:
            writer.write(table, package, summary)
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
