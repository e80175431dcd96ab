"""Linked data about an export: what was done with what (manifest.jsonld), and the research object (RO-Crate 1.2)."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, unquote

from core.export.formats import FileCheck, FormatWriter, Package, WrittenFile
from core.export.manifest import QualityReport
from core.export.sentences import ExportSummary, counts_sentence
from core.export.settings import NAMESPACE, UNKNOWN, ExportSettings, InputFile, ModelSource
from core.export.table import ExportTable
from core.formatting import listed
from core.storage import file_sha256
from core.wording.evaluation import bases_in_words

__all__ = ["ROCRATE_FILE", "RoCrateFormat", "provenance", "rocrate"]

# --- manifest.jsonld --------------------------------------------------------------------------------------------------
# The manifest as linked data, in PROV-O (who did what with what) and DCAT (what can be had).


_CONTEXT: Final[dict[str, Any]] = {
    "prov": "http://www.w3.org/ns/prov#",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "dqv": "http://www.w3.org/ns/dqv#",
    "spdx": "http://spdx.org/rdf/terms#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "colophon": NAMESPACE,
    "dct:issued": {"@type": "xsd:dateTime"},
    "dct:license": {"@type": "@id"},
    "dct:publisher": {"@type": "@id"},
    "dcat:byteSize": {"@type": "xsd:nonNegativeInteger"},
    "dcat:distribution": {"@type": "@id"},
    "prov:used": {"@type": "@id"},
    "prov:wasGeneratedBy": {"@type": "@id"},
    "prov:wasDerivedFrom": {"@type": "@id"},
    "prov:wasAssociatedWith": {"@type": "@id"},
    "prov:actedOnBehalfOf": {"@type": "@id"},
    "prov:hadPlan": {"@type": "@id"},
    "prov:agent": {"@type": "@id"},
    "prov:startedAtTime": {"@type": "xsd:dateTime"},
    "prov:endedAtTime": {"@type": "xsd:dateTime"},
    "prov:generatedAtTime": {"@type": "xsd:dateTime"},
}


def provenance(
    table: ExportTable, files: Sequence[WrittenFile], summary: ExportSummary, identifier: str
) -> dict[str, Any]:
    """Return the JSON-LD twin of the manifest; its context is written out, so no network is needed to read it."""
    settings, model, export = table.settings, table.settings.model, identifier
    ids = {
        name: f"{export}#{name}"
        for name in ("library", "curator", "policy", "export", "predictions", "model", "software")
    }
    # Of two models each is named, with what it decided.
    model_ids = [ids["model"], *(f"{ids['model']}-{place}" for place in range(2, len(model.each) + 1))]
    catalogues = [(f"{export}#input-{place}", input_file) for place, input_file in enumerate(table.inputs, start=1)]
    inputs = [name for name, _ in catalogues]
    further = [(f"{export}#labels-{place}", each) for place, each in enumerate(table.also, start=2)]
    made_from = [ids["predictions"], *(f"{name}-predictions" for name, _ in further)]
    dataset: dict[str, Any] = {
        "@id": export,
        "@type": ["dcat:Dataset", "prov:Entity"],
        "dct:title": summary.title,
        "dct:description": settings.description or summary.assigned,
        "dct:identifier": settings.folder,
        "dct:issued": settings.exported_at,
        "dct:license": settings.licence_uri,
        "dct:publisher": ids["library"],
        "dcat:keyword": ["bibliographic metadata", "machine-generated"],
        "dcat:version": settings.version,
        "prov:wasGeneratedBy": ids["export"],
        "prov:wasDerivedFrom": [*made_from, *inputs],
        "dcat:distribution": [f"{export}#file-{place}" for place, _ in enumerate(files, start=1)],
        "dqv:hasQualityMeasurement": _measurements(summary.quality, export),
    }
    return {
        "@context": _CONTEXT,
        "@graph": [
            {key: value for key, value in dataset.items() if value != []},
            *(_distribution(f"{export}#file-{place}", written) for place, written in enumerate(files, start=1)),
            *(_input(name, input_file) for name, input_file in catalogues),
            {
                "@id": ids["predictions"],
                "@type": "prov:Entity",
                "dct:identifier": settings.predictions or settings.run_id,
                **({"prov:generatedAtTime": settings.predicted_at} if settings.predicted_at else {}),
                "prov:wasGeneratedBy": settings.run_uri,
            },
            {
                "@id": settings.run_uri,
                "@type": "prov:Activity",
                "rdfs:label": "prediction" if model.made_here else "prediction, made elsewhere",
                "dct:identifier": settings.run_id,
                **({"prov:endedAtTime": settings.predicted_at} if settings.predicted_at else {}),
                # What was read elsewhere is not known: the files that came from there are its result.
                "prov:used": [*model_ids, *(inputs if model.made_here else ())],
                "prov:wasAssociatedWith": model_ids if model.parts else ids["model"],
            },
            *(_agent(name, each, table) for name, each in zip(model_ids, model.each, strict=True)),
            *(node for name, each in further for node in _further(name, each, inputs)),
            {
                "@id": ids["export"],
                "@type": "prov:Activity",
                "rdfs:label": "export",
                "prov:startedAtTime": settings.exported_at,
                "prov:endedAtTime": settings.exported_at,
                "prov:used": [*made_from, *inputs],
                "prov:wasAssociatedWith": [ids["software"], ids["curator"]],
                "prov:qualifiedAssociation": {
                    "@type": "prov:Association",
                    "prov:agent": ids["curator"],
                    "prov:hadPlan": ids["policy"],
                },
            },
            {"@id": ids["policy"], "@type": ["prov:Plan", "prov:Entity"], "rdfs:label": _policy(table, summary)},
            {
                "@id": ids["software"],
                "@type": "prov:SoftwareAgent",
                "rdfs:label": f"Colophon {settings.software_version}".strip(),
            },
            # A role, unless the one who set the cuts gave a name.
            {
                "@id": ids["curator"],
                "@type": "prov:Person",
                "rdfs:label": settings.chosen_by,
                "prov:actedOnBehalfOf": ids["library"],
            },
            {
                "@id": ids["library"],
                "@type": "prov:Organization",
                "rdfs:label": settings.publisher or settings.organisation or "(library not named)",
            },
        ],
    }


def _further(name: str, table: ExportTable, inputs: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield predictions, run and models of a further set of labels, and the cuts that accepted some."""
    settings, model = table.settings, table.settings.model
    model_ids = [f"{name}-model-{place}" for place, _ in enumerate(model.each, start=1)]
    yield {
        "@id": f"{name}-predictions",
        "@type": "prov:Entity",
        "rdfs:label": table.name,
        "dct:identifier": settings.predictions or settings.run_id,
        **({"prov:generatedAtTime": settings.predicted_at} if settings.predicted_at else {}),
        "prov:wasGeneratedBy": settings.run_uri,
    }
    yield {
        "@id": settings.run_uri,
        "@type": "prov:Activity",
        "rdfs:label": "prediction" if model.made_here else "prediction, made elsewhere",
        "dct:identifier": settings.run_id,
        **({"prov:endedAtTime": settings.predicted_at} if settings.predicted_at else {}),
        "prov:used": [*model_ids, *(inputs if model.made_here else ())],
        "prov:wasAssociatedWith": model_ids,
    }
    yield from (_agent(each_id, each, table) for each_id, each in zip(model_ids, model.each, strict=True))
    yield {"@id": f"{name}-policy", "@type": ["prov:Plan", "prov:Entity"], "rdfs:label": _cuts(table)}


def _distribution(name: str, written: WrittenFile) -> dict[str, Any]:
    return {
        "@id": name,
        "@type": ["dcat:Distribution", "prov:Entity"],
        "dct:title": written.name,
        "dct:description": written.about,
        "dcat:mediaType": written.media_type,
        "dcat:byteSize": str(written.bytes),
        "spdx:checksum": {
            "@type": "spdx:Checksum",
            "spdx:algorithm": {"@id": "spdx:checksumAlgorithm_sha256"},
            "spdx:checksumValue": written.sha256,
        },
    }


def _input(name: str, input_file: InputFile) -> dict[str, Any]:
    entity = {"@id": name, "@type": "prov:Entity", "rdfs:label": input_file.name}
    if input_file.sha256:
        entity["colophon:sha256"] = input_file.sha256
    if input_file.uri:
        entity["dct:source"] = input_file.uri
    return entity


def _policy(table: ExportTable, summary: ExportSummary) -> str:
    return f"{_cuts(table)} {summary.scope}".strip()


def _cuts(table: ExportTable) -> str:
    return f"A predicted label is accepted when its confidence is above its cut: {table.settings.cuts_in_words}."


def _measurements(quality: QualityReport, export: str) -> list[dict[str, Any]]:
    """Return the measured rates as quality measurements."""
    measurements = []
    for name, rate in quality.rates():
        measurement = {
            "@type": "dqv:QualityMeasurement",
            "dqv:computedOn": {"@id": export},
            "dqv:isMeasurementOf": {"@id": f"{NAMESPACE}{name}"},
            "dqv:value": rate.value,
        }
        bounds = {"low": rate.low, "high": rate.high, "n": rate.n}
        measurement |= {f"colophon:{key}": value for key, value in bounds.items() if value is not None}
        measurements.append(measurement)
    return measurements


# --- ro-crate-metadata.json -------------------------------------------------------------------------------------------
# The export as a research object: files, licence, and how they came about; written last but for the checksums.


ROCRATE_FILE: Final = "ro-crate-metadata.json"
_VERSION: Final = "https://w3id.org/ro/crate/1.2"
_SUMS: Final = "SHA256SUMS"
_SUM_LINE: Final = 64 * "0" + "  {}\n"
_LIBRARY: Final = "#library"
_MODEL: Final = "#model"
_CONTACT: Final = "#contact"
_IDENTIFIER: Final = "#identifier"


class RoCrateFormat(FormatWriter):
    """Every file written so far, and the checksums, which are written after this."""

    def write(self, table: ExportTable, package: Package, summary: ExportSummary) -> Sequence[str]:
        """Write the metadata document."""
        text = (
            json.dumps(rocrate(table, package.files, summary, package.identifier), indent=2, ensure_ascii=False) + "\n"
        )
        about = "the files, the licence and the run as an RO-Crate"
        package.write_text(ROCRATE_FILE, text, "rocrate", "application/ld+json", about)
        return []

    def checks(self, folder: Path) -> Iterator[FileCheck]:
        """Yield the check that it lists every file."""
        if (folder / ROCRATE_FILE).exists():
            yield "RO-Crate lists every file", _check_crate


def _check_crate(folder: Path) -> tuple[bool, str]:
    graph = json.loads((folder / ROCRATE_FILE).read_text(encoding="utf-8"))["@graph"]
    entries = {unquote(node["@id"]): node for node in graph if node["@type"] == "File"}
    parts = {unquote(part["@id"]) for node in graph if node["@id"] == "./" for part in node["hasPart"]}
    present = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {ROCRATE_FILE}
    wrong = sorted((present ^ set(entries)) | (present ^ parts))
    changed = sorted(
        name
        for name in present & set(entries)
        if int(entries[name]["contentSize"]) != (folder / name).stat().st_size
        or entries[name].get("sha256") not in (None, file_sha256(folder / name))
    )
    if wrong or changed:
        differences = {"changed": changed, "missing or not listed": wrong}
        return False, "; ".join(f"{what}: {listed(names, 3) or 'none'}" for what, names in differences.items())
    return True, f"{len(entries)} files are listed with their sizes"


def rocrate(
    table: ExportTable, files: Sequence[WrittenFile], summary: ExportSummary, identifier: str
) -> dict[str, Any]:
    """Return the metadata document: descriptor, root, licence, library, model, run, inputs, and each file.

    Parameters
    ----------
    files : sequence of WrittenFile
        What is in the package beside this document and the checksums.
    identifier : str
        Of the export.
    """
    settings = table.settings
    names = [written.name for written in files]
    parts = [*map(_file_id, names), _file_id(_SUMS)]
    inputs = [f"#input-{place}" for place, _ in enumerate(table.inputs, start=1)]
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": summary.title,
        "description": settings.description
        or f"Labels for {settings.dataset}. {summary.assigned} Cuts: {settings.cuts_in_words}."
        f" {counts_sentence(table.counts)}.",
        "identifier": _ref(_IDENTIFIER),
        "version": settings.version,
        "datePublished": settings.exported_at[:10],
        "keywords": table.keywords,
        "license": _ref(settings.licence_uri),
        "author": _ref(_LIBRARY),
        "publisher": _ref(_LIBRARY),
        "url": settings.homepage,
        "mentions": _refs([each.settings.run_uri for each in table.each]),
        "hasPart": _refs(parts),
    }
    graph: list[dict[str, Any]] = [
        {"@id": ROCRATE_FILE, "@type": "CreativeWork", "conformsTo": _ref(_VERSION), "about": _ref("./")},
        root,
        {"@id": _IDENTIFIER, "@type": "PropertyValue", "name": "identifier of the export", "value": identifier},
        {
            "@id": settings.licence_uri,
            "@type": "CreativeWork",
            "name": settings.licence,
            "description": f"The licence of everything in this export: {settings.licence} ({settings.licence_uri}).",
        },
        *_people(settings),
        *(_model(name, settings, model) for name, model in _models(settings)),
        {
            "@id": settings.run_uri,
            "@type": "CreateAction",
            "name": f"Run {settings.run_id}",
            "description": f"{summary.assigned} Exported with Colophon {settings.software_version}".rstrip() + ".",
            "agent": _ref(_LIBRARY),
            "instrument": _refs([name for name, _ in _models(settings)]),
            "object": _refs(inputs),
            "result": _refs(parts),
            "startTime": settings.predicted_at,
            "endTime": settings.exported_at,
        },
        *_further_runs(table, inputs, parts),
        *(_crate_input(name, input_file) for name, input_file in zip(inputs, table.inputs, strict=True)),
        *(_crate_file(written) for written in files),
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


def _agent(name: str, model: ModelSource, table: ExportTable) -> dict[str, Any]:
    """Return a model; of two also its predictions, and how many of the accepted labels are its own."""
    node: dict[str, Any] = {
        "@id": name,
        "@type": ["prov:Entity", "prov:SoftwareAgent"],
        "rdfs:label": model.process if model.made_here else f"unknown (behind the predictions {model.name})",
        "colophon:sha256": model.sha256 or UNKNOWN,
        "colophon:inputColumns": list(model.input_columns) or UNKNOWN,
    }
    if model.details.bases:
        node["prov:wasDerivedFrom"] = [
            {"@type": "prov:Entity", "rdfs:label": base.name, "colophon:licence": base.licence or UNKNOWN}
            for base in model.details.bases
        ]
    if model.predictions:
        node |= {"dct:identifier": model.fingerprint, "colophon:accepted": table.accepted_by[model.predictions]}
    return node


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


def _further_runs(table: ExportTable, inputs: Sequence[str], parts: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield models and run of each further set of labels."""
    for place, other in enumerate(table.also, start=2):
        settings = other.settings
        models = [(f"{name}-of-labels-{place}", model) for name, model in _models(settings)]
        yield from (_model(name, settings, model) for name, model in models)
        yield {
            "@id": settings.run_uri,
            "@type": "CreateAction",
            "name": f"Run {settings.run_id}",
            "description": f"Labels of {other.name}. Cuts: {settings.cuts_in_words}. {counts_sentence(other.counts)}.",
            "agent": _ref(_LIBRARY),
            "instrument": _refs([name for name, _ in models]),
            "object": _refs(inputs),
            "result": _refs(parts),
            "startTime": settings.predicted_at,
            "endTime": settings.exported_at,
        }


def _models(settings: ExportSettings) -> list[tuple[str, ModelSource]]:
    """Return the models that decided, each with its identifier in the crate."""
    return [(_MODEL if not at else f"{_MODEL}-{at + 1}", model) for at, model in enumerate(settings.model.each)]


def _model(name: str, settings: ExportSettings, model: ModelSource) -> dict[str, Any]:
    return {
        "@id": name,
        "@type": "SoftwareApplication",
        "name": model.name if model.made_here else "(model unknown)",
        "version": model.version or "(version not stated)",
        "description": (
            "The model that predicted the labels; its confidences are "
            if model.made_here
            else f"Whatever made the predictions {model.name} elsewhere; their confidences are "
        )
        + ("calibrated probabilities." if model.calibrated else "not calibrated.")
        + (f" It is built on {bases_in_words(model.details.bases)}." if model.details.bases else ""),
        # A URL is asked for: where the model's run is described.
        "url": settings.homepage or settings.run_uri,
        "identifier": f"sha256:{model.sha256}" if model.sha256 else "",
    }


def _crate_input(name: str, input_file: InputFile) -> dict[str, Any]:
    return {
        "@id": name,
        "@type": "CreativeWork",  # a File would be looked for in the crate
        "name": input_file.name,
        "description": "A file that was read; it is not in this export.",
        "identifier": f"sha256:{input_file.sha256}" if input_file.sha256 else "",
        "url": input_file.uri or "",
    }


def _crate_file(written: WrittenFile) -> dict[str, Any]:
    return {
        "@id": _file_id(written.name),
        "@type": "File",
        "name": written.name,
        "description": written.about,
        "encodingFormat": written.media_type,
        "contentSize": str(written.bytes),
        "sha256": written.sha256,
    }
