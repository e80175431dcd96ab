"""manifest.jsonld: the manifest as linked data, in PROV-O (who did what with what) and DCAT (what can be had)."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from core.export.files import WrittenFile
from core.export.identifiers import NAMESPACE
from core.export.readme import title
from core.export.settings import UNKNOWN
from core.export.table import ExportTable
from core.export.wording import how_assigned, scope

__all__ = ["provenance"]

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


def provenance(table: ExportTable, files: Sequence[WrittenFile], manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON-LD twin of the manifest; its context is written out, so no network is needed to read it."""
    settings, model = table.settings, table.settings.model
    export = str(manifest["export"]["id"])
    ids = {
        name: f"{export}#{name}"
        for name in ("library", "curator", "policy", "export", "predictions", "model", "software")
    }
    catalogues = [(f"{export}#input-{place}", input_file) for place, input_file in enumerate(settings.inputs, start=1)]
    inputs = [name for name, _ in catalogues]
    dataset: dict[str, Any] = {
        "@id": export,
        "@type": ["dcat:Dataset", "prov:Entity"],
        "dct:title": title(table),
        "dct:description": settings.description or how_assigned(table),
        "dct:identifier": settings.folder,
        "dct:issued": settings.exported_at,
        "dct:license": settings.licence_uri,
        "dct:publisher": ids["library"],
        "dcat:keyword": ["bibliographic metadata", "machine-generated"],
        "dcat:version": settings.version,
        "prov:wasGeneratedBy": ids["export"],
        "prov:wasDerivedFrom": [ids["predictions"], *inputs],
        "dcat:distribution": [f"{export}#file-{place}" for place, _ in enumerate(files, start=1)],
        "dqv:hasQualityMeasurement": _measurements(manifest.get("quality") or {}, export),
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
                "prov:used": [ids["model"], *(inputs if model.made_here else ())],
                "prov:wasAssociatedWith": ids["model"],
            },
            {
                "@id": ids["model"],
                "@type": ["prov:Entity", "prov:SoftwareAgent"],
                "rdfs:label": model.process if model.made_here else f"unknown (behind the predictions {model.name})",
                "colophon:sha256": model.sha256 or UNKNOWN,
                "colophon:inputColumns": list(model.input_columns) or UNKNOWN,
            },
            {
                "@id": ids["export"],
                "@type": "prov:Activity",
                "rdfs:label": "export",
                "prov:startedAtTime": settings.exported_at,
                "prov:endedAtTime": settings.exported_at,
                "prov:used": [ids["predictions"], *inputs],
                "prov:wasAssociatedWith": [ids["software"], ids["curator"]],
                "prov:qualifiedAssociation": {
                    "@type": "prov:Association",
                    "prov:agent": ids["curator"],
                    "prov:hadPlan": ids["policy"],
                },
            },
            {"@id": ids["policy"], "@type": ["prov:Plan", "prov:Entity"], "rdfs:label": _policy(table)},
            {
                "@id": ids["software"],
                "@type": "prov:SoftwareAgent",
                "rdfs:label": f"Colophon {settings.software_version}".strip(),
            },
            # A role, never a name.
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


def _input(name: str, input_file: Mapping[str, Any]) -> dict[str, Any]:
    entity = {"@id": name, "@type": "prov:Entity", "rdfs:label": str(input_file.get("name", "catalogue file"))}
    if input_file.get("sha256"):
        entity["colophon:sha256"] = str(input_file["sha256"])
    if input_file.get("uri"):
        entity["dct:source"] = str(input_file["uri"])
    return entity


def _policy(table: ExportTable) -> str:
    cuts = f"A predicted label is accepted when its confidence is above its cut: {table.settings.cuts_in_words}."
    return f"{cuts} {scope(table.settings)}".strip()


def _measurements(quality: Mapping[str, Any], export: str) -> list[dict[str, Any]]:
    """Return the measured rates that are numbers with an interval, as quality measurements."""
    measurements = []
    for part in ("policy", "evaluation"):
        for name, rate in sorted((quality.get(part) or {}).items()):
            if isinstance(rate, Mapping) and isinstance(rate.get("value"), int | float):
                measurement = {
                    "@type": "dqv:QualityMeasurement",
                    "dqv:computedOn": {"@id": export},
                    "dqv:isMeasurementOf": {"@id": f"{NAMESPACE}{part}-{name}"},
                    "dqv:value": rate["value"],
                }
                for key in ("low", "high", "n"):
                    if isinstance(rate.get(key), int | float):
                        measurement[f"colophon:{key}"] = rate[key]
                measurements.append(measurement)
    return measurements
