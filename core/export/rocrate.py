"""ro-crate-metadata.json: the export as a research object (RO-Crate 1.2): files, licence, and how they came about.

It lists every file of the export, so it is written last but for the checksums.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from core.export.files import Package, WrittenFile
from core.export.readme import title
from core.export.settings import ExportSettings
from core.export.table import ExportTable
from core.export.wording import how_assigned

__all__ = ["ROCRATE_FILE", "rocrate", "write_rocrate"]

ROCRATE_FILE: Final = "ro-crate-metadata.json"
_VERSION: Final = "https://w3id.org/ro/crate/1.2"
_SUMS: Final = "SHA256SUMS"
_SUM_LINE: Final = 64 * "0" + "  {}\n"
_LIBRARY: Final = "#library"
_MODEL: Final = "#model"
_CONTACT: Final = "#contact"
_IDENTIFIER: Final = "#identifier"


def write_rocrate(table: ExportTable, package: Package, manifest: Mapping[str, Any]) -> None:
    """Describe every file written so far, and the checksums, which are written after this."""
    text = json.dumps(rocrate(table, package.files, manifest), indent=2, ensure_ascii=False) + "\n"
    about = "the files, the licence and the run as an RO-Crate"
    package.write_text(ROCRATE_FILE, text, "rocrate", "application/ld+json", about)


def rocrate(table: ExportTable, files: Sequence[WrittenFile], manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metadata document: descriptor, root, licence, library, model, run, inputs, and each file.

    Parameters
    ----------
    files : sequence of WrittenFile
        What is in the package beside this document and the checksums.
    manifest : mapping
        As :func:`core.export.manifest.manifest` made it; the identifier of the export is taken from it.
    """
    settings = table.settings
    names = [written.name for written in files]
    parts = [*map(_file_id, names), _file_id(_SUMS)]
    inputs = [f"#input-{place}" for place, _ in enumerate(settings.inputs, start=1)]
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": title(table),
        "description": settings.description
        or f"Labels for {settings.dataset}. {how_assigned(table)} Cuts: {settings.cuts_in_words}."
        f" {table.counts.sentence}.",
        "identifier": _ref(_IDENTIFIER),
        "version": settings.version,
        "datePublished": settings.exported_at[:10],
        "keywords": ["bibliographic metadata", "machine-generated", *(label.lower() for label in table.labels)],
        "license": _ref(settings.licence_uri),
        "author": _ref(_LIBRARY),
        "publisher": _ref(_LIBRARY),
        "url": settings.homepage,
        "mentions": _ref(settings.run_uri),
        "hasPart": _refs(parts),
    }
    graph: list[dict[str, Any]] = [
        {"@id": ROCRATE_FILE, "@type": "CreativeWork", "conformsTo": _ref(_VERSION), "about": _ref("./")},
        root,
        {
            "@id": _IDENTIFIER,
            "@type": "PropertyValue",
            "name": "identifier of the export",
            "value": str(manifest["export"]["id"]),
        },
        {
            "@id": settings.licence_uri,
            "@type": "CreativeWork",
            "name": settings.licence,
            "description": f"The licence of everything in this export: {settings.licence} ({settings.licence_uri}).",
        },
        *_people(settings),
        _model(settings),
        {
            "@id": settings.run_uri,
            "@type": "CreateAction",
            "name": f"Run {settings.run_id}",
            "description": f"{how_assigned(table)} Exported with Colophon {settings.software_version}".rstrip() + ".",
            "agent": _ref(_LIBRARY),
            "instrument": _ref(_MODEL),
            "object": _refs(inputs),
            "result": _refs(parts),
            "startTime": settings.predicted_at,
            "endTime": settings.exported_at,
        },
        *(_input(name, input_file) for name, input_file in zip(inputs, settings.inputs, strict=True)),
        *(_file(written) for written in files),
        # Its hash depends on this document; its size, on the names alone.
        {
            "@id": _file_id(_SUMS),
            "@type": "File",
            "name": _SUMS,
            "description": f"Checksums of all files: sha256sum -c {_SUMS}",
            "encodingFormat": "text/plain",
            "contentSize": str(sum(len(_SUM_LINE.format(name).encode()) for name in (ROCRATE_FILE, *names))),
        },
    ]
    return {
        "@context": f"{_VERSION}/context",
        "@graph": [{key: value for key, value in node.items() if value not in ("", [])} for node in graph],
    }


def _ref(name: str) -> dict[str, str]:
    return {"@id": name}


def _refs(names: Sequence[str]) -> dict[str, str] | list[dict[str, str]]:
    """Return references: one stands alone, as RO-Crate 1.2 recommends."""
    return _ref(names[0]) if len(names) == 1 else [_ref(name) for name in names]


def _file_id(path: str) -> str:
    """Return a file's path as an identifier: relative, with signs that no URI may hold as %20 and the like."""
    return quote(path, safe="/")


def _people(settings: ExportSettings) -> list[dict[str, Any]]:
    library = {
        "@id": _LIBRARY,
        "@type": "Organization",
        "name": settings.publisher or settings.organisation or "(library not named)",
        "url": settings.homepage,
    }
    if not settings.contact:
        return [library]
    contact = {
        "@id": _CONTACT,
        "@type": "ContactPoint",
        "contactType": "whom to ask",
        "name": settings.contact,
        "email": settings.contact if "@" in settings.contact else "",
    }
    return [{**library, "contactPoint": _ref(_CONTACT)}, contact]


def _model(settings: ExportSettings) -> dict[str, Any]:
    model = settings.model
    return {
        "@id": _MODEL,
        "@type": "SoftwareApplication",
        "name": model.name if model.made_here else "(model unknown)",
        "version": model.version or "(version not stated)",
        "description": (
            "The model that predicted the labels; its confidences are "
            if model.made_here
            else f"Whatever made the predictions {model.name} elsewhere; their confidences are "
        )
        + ("calibrated probabilities." if model.calibrated else "not calibrated."),
        # A URL is asked for: where the model's run is described.
        "url": settings.homepage or settings.run_uri,
        "identifier": f"sha256:{model.sha256}" if model.sha256 else "",
    }


def _input(name: str, input_file: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "@id": name,
        "@type": "CreativeWork",  # a File would be looked for in the crate
        "name": str(input_file.get("name", "catalogue file")),
        "description": "A file that was read; it is not in this export.",
        "identifier": f"sha256:{input_file['sha256']}" if input_file.get("sha256") else "",
        "url": str(input_file.get("uri") or ""),
    }


def _file(written: WrittenFile) -> dict[str, Any]:
    return {
        "@id": _file_id(written.name),
        "@type": "File",
        "name": written.name,
        "description": written.about,
        "encodingFormat": written.media_type,
        "contentSize": str(written.bytes),
        "sha256": written.sha256,
    }
