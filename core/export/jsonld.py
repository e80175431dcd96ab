"""schema.org books as JSON-LD; each label is a Web Annotation with author and date, not a fact about the book."""

import json
from pathlib import Path
from typing import Any, Final

from core.export.identifiers import NAMESPACE, annotation_uri, record_uri
from core.export.marc_build import Assignment, assignments
from core.export.table import ExportTable

__all__ = ["CONTEXT", "book_nodes", "write_jsonld"]

# Written out, so that nobody needs the network to read the file.
CONTEXT: Final[dict[str, Any]] = {
    "schema": "https://schema.org/",
    "oa": "http://www.w3.org/ns/oa#",
    "prov": "http://www.w3.org/ns/prov#",
    "dct": "http://purl.org/dc/terms/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "colophon": NAMESPACE,
    "Book": "schema:Book",
    "identifier": "schema:identifier",
    "name": "schema:name",
    "author": "schema:author",
    "datePublished": "schema:datePublished",
    "inLanguage": "schema:inLanguage",
    "genre": "schema:genre",
    "Annotation": "oa:Annotation",
    "motivation": {"@id": "oa:motivatedBy", "@type": "@id"},
    "body": {"@id": "oa:hasBody", "@type": "@id"},
    "target": {"@id": "oa:hasTarget", "@type": "@id"},
    "creator": {"@id": "dct:creator", "@type": "@id"},
    "created": {"@id": "dct:created", "@type": "xsd:dateTime"},
    "license": {"@id": "dct:license", "@type": "@id"},
    "wasGeneratedBy": {"@id": "prov:wasGeneratedBy", "@type": "@id"},
    "prefLabel": "skos:prefLabel",
    "inScheme": "skos:inScheme",
    "label": "colophon:label",
    "confidence": {"@id": "colophon:confidence", "@type": "xsd:decimal"},
    "calibrated": "colophon:calibrated",
    "threshold": {"@id": "colophon:threshold", "@type": "xsd:decimal"},
    "decision": "colophon:decision",
}
_COLUMNS_READ: Final = ("title", "author", "date", "language", "language_source")


def write_jsonld(path: Path, table: ExportTable) -> int:
    """Write the accepted records as one graph and return how many."""
    encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
    columns = {name: table.records[name].tolist() for name in _COLUMNS_READ}
    count = 0
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(f'{{"@context": {encode(CONTEXT)},\n"@graph": [\n')
        stream.write(",\n".join(encode(node) for node in _shared_nodes(table)))
        for given in assignments(table):
            for node in book_nodes(table, given, {name: values[given.row] for name, values in columns.items()}):
                stream.write(",\n" + encode(node))
            count += 1
        stream.write("\n]}\n")
    return count


def book_nodes(table: ExportTable, given: Assignment, has: dict[str, str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a book and the annotation that labels it. Only what a person chose is also the book's genre."""
    settings, term = table.settings, table.terms[given.label]
    book: dict[str, Any] = {
        "@id": record_uri(given.record_id),
        "@type": "Book",
        "identifier": given.record_id,
        "name": has["title"],
        "author": has["author"],
        "datePublished": has["date"],
        "inLanguage": has["language"] if has["language_source"] == "catalogue" else "",
        "genre": term.term if given.assigned_by == "2" else "",
    }
    annotation = {
        "@id": annotation_uri(settings.run_id, given.record_id),
        "@type": "Annotation",
        "motivation": "oa:classifying",
        "target": record_uri(given.record_id),
        "body": _concept(table, given.label),
        "label": given.label,
        "confidence": f"{given.confidence:.4f}" if given.confidence == given.confidence else "",
        "calibrated": settings.model.calibrated if given.assigned_by != "2" else "",
        "threshold": f"{given.threshold:.6g}" if given.assigned_by == "0" else "",
        "decision": "accepted" if given.assigned_by == "0" else "curator",
        "creator": _CURATOR if given.assigned_by == "2" else _agent(table),
        "created": f"{given.reviewed}T00:00:00Z" if given.assigned_by == "2" else settings.predicted_at,
        "wasGeneratedBy": "" if given.assigned_by == "2" else settings.run_uri,
    }
    return _without_blanks(book), _without_blanks(annotation)


_CURATOR: Final = f"{NAMESPACE}curator"


def _shared_nodes(table: ExportTable) -> list[dict[str, Any]]:
    settings = table.settings
    joint = "-" if "#" in settings.run_uri else "#"  # a URI has one #
    nodes: list[dict[str, Any]] = [
        {
            "@id": f"{settings.run_uri}{joint}labels",
            "@type": "prov:Entity",
            "license": settings.licence_uri,
        },
        {"@id": _agent(table), "@type": "prov:SoftwareAgent", "name": settings.model.process},
        {"@id": _CURATOR, "@type": "prov:Person", "name": "curator"},
        {"@id": settings.run_uri, "@type": "prov:Activity", "identifier": settings.run_id},
    ]
    for label, term in table.terms.items():
        nodes.append(
            _without_blanks(
                {
                    "@id": _concept(table, label),
                    "@type": "skos:Concept",
                    "prefLabel": term.term,
                    "inScheme": term.source,
                }
            )
        )
    return nodes


def _agent(table: ExportTable) -> str:
    from uuid import NAMESPACE_OID, uuid5

    return uuid5(NAMESPACE_OID, f"colophon:model:{table.settings.model.process}").urn


def _concept(table: ExportTable, label: str) -> str:
    from urllib.parse import quote

    uri = table.terms[label].uri
    return uri if uri.startswith("http") else f"{NAMESPACE}label-{quote(label, safe='')}"


def _without_blanks(node: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in node.items() if value != ""}
