"""Descriptions of single books for other systems: MODS, Dublin Core, and JSON-LD of schema.org.

Written directly: the Library of Congress crosswalk reads 008/33 wrongly and loses 883.
"""

import json
import re
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Final
from xml.sax.saxutils import escape, quoteattr

import numpy as np
import pandas as pd

from core.export.formats import LabelledFile, Package, PreviewLine, PreviewRecord, RecordFormat, Triple
from core.export.marc_build import Assignment, Cleaner, assignments
from core.export.sentences import ExportSummary, note
from core.export.settings import NAMESPACE, ModelSource, annotation_uri, record_uri
from core.export.table import ExportTable
from core.export.validation import XMLLINT

__all__ = [
    "DublinCoreFormat",
    "JsonLdFormat",
    "ModsFormat",
    "book_nodes",
    "dublin_core_record",
    "mods_record",
    "write_dublin_core",
    "write_jsonld",
    "write_mods",
]

# --- MODS 3.7 with the label as a genre, and the numbers behind it in an extension of our own -------------------------


MODS_NAMESPACE: Final = "http://www.loc.gov/mods/v3"
_DISPLAY: Final = {
    "0": "Genre (machine-generated)",
    "1": "Genre (machine-generated, confirmed by a person)",
    "2": "Genre (chosen by a person)",
}
_AUTHORITIES: Final = {"lcgft": "http://id.loc.gov/authorities/genreForms", "fast": "http://id.worldcat.org/fast"}


def write_mods(path: Path, table: ExportTable) -> tuple[int, Cleaner]:
    """Write the accepted records; return how many, and what was taken out of their text."""
    cleaner, count = Cleaner(), 0
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(f'<?xml version="1.0" encoding="UTF-8"?>\n<modsCollection xmlns="{MODS_NAMESPACE}">\n')
        columns = {name: table.records[name].tolist() for name in _MODS_COLUMNS_READ}
        for given in assignments(table):
            has = {name: cleaner.text(values[given.row]) for name, values in columns.items()}
            stream.writelines(mods_record(table, given, has))
            count += 1
        stream.write("</modsCollection>\n")
    return count, cleaner


def mods_record(table: ExportTable, given: Assignment, has: dict[str, str]) -> Iterator[str]:
    """Yield the lines of one record; `has` is its text, without control characters."""
    settings = table.settings
    by = settings.organisation or settings.source_code
    yield '<mods version="3.7">\n'
    yield f'  <identifier type="local">{escape(given.record_id)}</identifier>\n'
    yield f"  <titleInfo><title>{escape(has['title'])}</title></titleInfo>\n"
    if has["author"]:
        yield f"  <name><namePart>{escape(has['author'])}</namePart></name>\n"
    yield "  <typeOfResource>text</typeOfResource>\n"
    for each in given.each:
        term = each.table.terms[each.label]
        about = {"authority": term.source, "authorityURI": _AUTHORITIES.get(term.source, "")}
        about |= {
            "valueURI": term.uri if term.uri.startswith("http") else "",
            "displayLabel": _DISPLAY[each.assigned_by],
        }
        marks = "".join(f" {name}={quoteattr(value)}" for name, value in about.items() if value)
        yield f"  <genre{marks}>{escape(term.term)}</genre>\n"
    if has["place"] or has["publisher"] or has["date"]:
        yield "  <originInfo>"
        if has["place"]:
            yield f'<place><placeTerm type="text">{escape(has["place"])}</placeTerm></place>'
        if has["publisher"]:
            yield f"<publisher>{escape(has['publisher'])}</publisher>"
        if has["date"]:
            yield f"<dateIssued>{escape(has['date'])}</dateIssued>"
        yield "</originInfo>\n"
    # A language that a program detected is no cataloguer's statement.
    if has["language"] and has["language_source"] == "catalogue":
        yield f'  <language><languageTerm type="text">{escape(has["language"])}</languageTerm></language>\n'
    for each in given.each:
        sentence = escape(Cleaner().text(note(each.table, each.row, each.assigned_by, each.reviewed)))
        yield f"  <note>{sentence}</note>\n"
    yield "  <recordInfo>"
    if by:
        yield f'<recordContentSource authority="marcorg">{escape(by)}</recordContentSource>'
    yield f'<recordChangeDate encoding="w3cdtf">{settings.exported_at}</recordChangeDate>'
    source = f" source={quoteattr(settings.source_code)}" if settings.source_code else ""
    yield f"<recordIdentifier{source}>{escape(given.record_id)}</recordIdentifier>"
    yield f"<recordOrigin>Made by a program from columns of {escape(settings.dataset)}.</recordOrigin>"
    for run in [each.table.settings for each in given.each]:
        yield f"<recordInfoNote>Run {escape(run.run_id)}: {escape(run.run_uri)}</recordInfoNote>"
    yield "</recordInfo>\n"
    yield f"  <extension>{''.join(_prediction(each) for each in given.each)}</extension>\n</mods>\n"


def _prediction(given: Assignment) -> str:
    settings = given.table.settings_of(given.row)
    numbers = {
        "label": given.label,
        "confidence": f"{given.confidence:.4f}" if given.confidence == given.confidence else "",
        "calibrated": "yes" if settings.model.calibrated else "no",
        "threshold": f"{given.threshold:.6g}" if given.assigned_by == "0" else "",
        "decision": "accepted" if given.assigned_by == "0" else "curator",
        "run": settings.run_id,
    }
    if given.assigned_by == "2":
        numbers["reviewed"] = given.reviewed
    else:
        model = settings.model
        numbers |= {"model": model.name if model.made_here else "unknown", "version": model.version}
        numbers |= {"predictions": "" if model.made_here else model.name, "date": settings.predicted_at}
    marks = "".join(f" {name}={quoteattr(value)}" for name, value in numbers.items() if value)
    return f"<prediction xmlns={quoteattr(NAMESPACE)}{marks}/>"


_MODS_COLUMNS_READ: Final = ("title", "author", "place", "publisher", "date", "language", "language_source")


# --- Simple Dublin Core (oai_dc): the label as type, its provenance as a sentence in the description ------------------


_OAI_DC: Final = "http://www.openarchives.org/OAI/2.0/oai_dc/"
_DC: Final = "http://purl.org/dc/elements/1.1/"
_DUBLIN_CORE_COLUMNS_READ: Final = ("title", "author", "date", "publisher", "language", "language_source")


def write_dublin_core(path: Path, table: ExportTable) -> tuple[int, Cleaner]:
    """Write the accepted records; return how many, and what was taken out of their text."""
    cleaner, count = Cleaner(), 0
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(
            f'<?xml version="1.0" encoding="UTF-8"?>\n<oai_dc:dcCollection xmlns:oai_dc="{_OAI_DC}" xmlns:dc="{_DC}">\n'
        )
        columns = {name: table.records[name].tolist() for name in _DUBLIN_CORE_COLUMNS_READ}
        for given in assignments(table):
            has = {name: cleaner.text(values[given.row]) for name, values in columns.items()}
            stream.write(dublin_core_record(table, given, has))
            count += 1
        stream.write("</oai_dc:dcCollection>\n")
    return count, cleaner


def dublin_core_record(table: ExportTable, given: Assignment, has: dict[str, str]) -> str:
    """Return one record; `has` is its text, without control characters."""
    parts = (
        ("title", has["title"]),
        ("creator", has["author"]),
        *(("type", each.table.terms[each.label].term) for each in given.each),
        *(("description", _sentence(each)) for each in given.each),
        ("publisher", has["publisher"]),
        ("date", has["date"]),
        ("identifier", given.record_id),
        ("language", has["language"] if has["language_source"] == "catalogue" else ""),
    )
    inside = "".join(f"<dc:{name}>{escape(value)}</dc:{name}>" for name, value in parts if value)
    return f"<oai_dc:dc>{inside}</oai_dc:dc>\n"


def _sentence(given: Assignment) -> str:
    sentence = Cleaner().text(note(given.table, given.row, given.assigned_by, given.reviewed))
    if given.confidence == given.confidence:
        kind = "calibrated" if given.table.settings_of(given.row).model.calibrated else "not calibrated"
        sentence += f" Label: {given.label}. Confidence: {given.confidence:.4f} ({kind})."
    return sentence


# --- schema.org books as JSON-LD; each label is a Web Annotation with author and date ---------------------------------
# schema.org books as JSON-LD; each label is a Web Annotation with author and date, not a fact about the book.


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
_JSONLD_COLUMNS_READ: Final = ("title", "author", "date", "language", "language_source")


def write_jsonld(path: Path, table: ExportTable) -> int:
    """Write the accepted records as one graph and return how many."""
    encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
    columns = {name: table.records[name].tolist() for name in _JSONLD_COLUMNS_READ}
    count = 0
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(f'{{"@context": {encode(CONTEXT)},\n"@graph": [\n')
        shared = {node["@id"]: node for each in table.each for node in _shared_nodes(each)}
        stream.write(",\n".join(encode(node) for node in shared.values()))
        for given in assignments(table):
            for node in book_nodes(given, {name: values[given.row] for name, values in columns.items()}):
                stream.write(",\n" + encode(node))
            count += 1
        stream.write("\n]}\n")
    return count


def book_nodes(given: Assignment, has: dict[str, str]) -> tuple[dict[str, Any], ...]:
    """Return a book and the annotations that label it. Only what a person chose is also the book's genre."""
    chosen = [each.table.terms[each.label].term for each in given.each if each.assigned_by == "2"]
    book: dict[str, Any] = {
        "@id": record_uri(given.record_id),
        "@type": "Book",
        "identifier": given.record_id,
        "name": has["title"],
        "author": has["author"],
        "datePublished": has["date"],
        "inLanguage": has["language"] if has["language_source"] == "catalogue" else "",
        "genre": chosen if len(chosen) > 1 else "".join(chosen),
    }
    return _without_blanks(book), *(_without_blanks(_annotation(each)) for each in given.each)


def _annotation(given: Assignment) -> dict[str, Any]:
    settings = given.table.settings_of(given.row)
    return {
        "@id": annotation_uri(settings.run_id, given.record_id),
        "@type": "Annotation",
        "motivation": "oa:classifying",
        "target": record_uri(given.record_id),
        "body": _concept(given.table, given.label),
        "label": given.label,
        "confidence": f"{given.confidence:.4f}" if given.confidence == given.confidence else "",
        "calibrated": settings.model.calibrated if given.assigned_by != "2" else "",
        "threshold": f"{given.threshold:.6g}" if given.assigned_by == "0" else "",
        "decision": "accepted" if given.assigned_by == "0" else "curator",
        "creator": _CURATOR if given.assigned_by == "2" else _agent(settings.model),
        "created": f"{given.reviewed}T00:00:00Z" if given.assigned_by == "2" else settings.predicted_at,
        "wasGeneratedBy": "" if given.assigned_by == "2" else settings.run_uri,
    }


_CURATOR: Final = f"{NAMESPACE}curator"


def _shared_nodes(table: ExportTable) -> list[dict[str, Any]]:
    settings = table.settings
    joint = "-" if "#" in settings.run_uri else "#"  # a URI has one #
    nodes: list[dict[str, Any]] = [
        {"@id": f"{settings.run_uri}{joint}labels", "@type": "prov:Entity", "license": settings.licence_uri},
        *(
            {"@id": _agent(model), "@type": "prov:SoftwareAgent", "name": model.process}
            for model in settings.model.each
        ),
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


def _agent(model: ModelSource) -> str:
    from uuid import NAMESPACE_OID, uuid5

    return uuid5(NAMESPACE_OID, f"colophon:model:{model.process}").urn


def _concept(table: ExportTable, label: str) -> str:
    from urllib.parse import quote

    uri = table.terms[label].uri
    return uri if uri.startswith("http") else f"{NAMESPACE}label-{quote(label, safe='')}"


def _without_blanks(node: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in node.items() if value != ""}


# --- The three formats: what each writes, shows and reads back --------------------------------------------------------


class _DescriptionFormat(RecordFormat):
    """A format in one file, in which each book is described on its own."""

    file: ClassVar[str]

    def preview(self, table: ExportTable, rows: np.ndarray, kind: str | None = None) -> Iterator[PreviewRecord]:
        """Yield the lines of each description."""
        for given in assignments(table, rows):
            record = table.records.iloc[given.row]
            has = {str(name): "" if pd.isna(value) else str(value) for name, value in record.items()}
            lines = tuple(self.lines(table, given, has))
            yield PreviewRecord(given.record_id, has["title"], lines)

    @abstractmethod
    def lines(self, table: ExportTable, given: Assignment, has: dict[str, str]) -> Iterator[PreviewLine]:
        """Yield the lines of one book; `has` is its text."""

    def read_back(self, folder: Path, terms: Mapping[str, str]) -> Iterator[LabelledFile]:
        """Yield the file, if it is there."""
        if (folder / self.file).exists():
            yield LabelledFile(name=self.file, triples=self.read(folder / self.file, terms), only_terms=True)

    @abstractmethod
    def read(self, path: Path, terms: Mapping[str, str]) -> Iterator[Triple]:
        """Yield what the file says."""


class _XmlFormat(_DescriptionFormat):
    tools = (XMLLINT,)

    @abstractmethod
    def text(self, table: ExportTable, given: Assignment, has: dict[str, str]) -> str:
        """Return the description of one book; `has` is its text, without control characters."""

    def lines(self, table: ExportTable, given: Assignment, has: dict[str, str]) -> Iterator[PreviewLine]:
        """Yield the lines of one book."""
        clean = {name: Cleaner().text(value) for name, value in has.items()}
        for line in self.text(table, given, clean).splitlines():
            if line.strip():
                yield PreviewLine(line, new=line.strip().startswith(_NEW_IN_XML))


_CONFIDENCE: Final = re.compile(r"Confidence: (\d\.\d{4}) \((?:not )?calibrated\)\.$")
_NEW_IN_XML: Final = ("<genre", "<note", "<extension", "<recordInfo", "<dc:type", "<dc:description")


class ModsFormat(_XmlFormat):
    """The accepted labels as MODS 3.7."""

    file = "other/mods-3.7.xml"

    def write(self, table: ExportTable, package: Package, summary: ExportSummary) -> Sequence[str]:
        """Write the file; say which characters were taken out."""
        count, cleaner = write_mods(package.path(self.file), table)
        package.add(self.file, "mods", "application/mods+xml", "the accepted labels as MODS 3.7", count)
        return _removed_characters(cleaner, "MODS")

    def text(self, table: ExportTable, given: Assignment, has: dict[str, str]) -> str:
        """Return the record of one book."""
        return "".join(mods_record(table, given, has))

    def read(self, path: Path, terms: Mapping[str, str]) -> Iterator[Triple]:
        """Yield what the extension of each record says."""
        for element in _elements(path, f"{{{MODS_NAMESPACE}}}mods"):
            identifier = element.findtext(f"{{{MODS_NAMESPACE}}}identifier")
            for prediction in element.iterfind(f".//{{{NAMESPACE}}}prediction") if identifier is not None else ():
                yield identifier, prediction.get("label", ""), prediction.get("confidence", "")


class DublinCoreFormat(_XmlFormat):
    """The accepted labels as simple Dublin Core, in which they are read back from a sentence."""

    file = "other/dc.xml"

    def write(self, table: ExportTable, package: Package, summary: ExportSummary) -> Sequence[str]:
        """Write the file; say which characters were taken out."""
        count, cleaner = write_dublin_core(package.path(self.file), table)
        package.add(self.file, "dc", "application/xml", "the accepted labels as simple Dublin Core", count)
        return _removed_characters(cleaner, "Dublin Core")

    def text(self, table: ExportTable, given: Assignment, has: dict[str, str]) -> str:
        """Return the record of one book, an element a line."""
        text = dublin_core_record(table, given, has)
        return text.replace("><dc:", ">\n  <dc:").replace("</oai_dc", "\n</oai_dc")

    def read(self, path: Path, terms: Mapping[str, str]) -> Iterator[Triple]:
        """Yield what type and description of each record say."""
        for element in _elements(path, f"{{{_OAI_DC}}}dc"):
            identifier = element.findtext(f"{{{_DC}}}identifier", "")
            genres, sentences = (element.findall(f"{{{_DC}}}{name}") for name in ("type", "description"))
            for genre, sentence in zip(genres, sentences, strict=True):
                confidence = _CONFIDENCE.search(sentence.text or "")
                yield identifier, terms[genre.text or ""], confidence.group(1) if confidence else ""


class JsonLdFormat(_DescriptionFormat):
    """Books and labels as linked data."""

    file = "other/books.jsonld"

    def write(self, table: ExportTable, package: Package, summary: ExportSummary) -> Sequence[str]:
        """Write the file."""
        count = write_jsonld(package.path(self.file), table)
        package.add(self.file, "jsonld", "application/ld+json", "books and labels as linked data", count)
        return []

    def lines(self, table: ExportTable, given: Assignment, has: dict[str, str]) -> Iterator[PreviewLine]:
        """Yield the lines of the book, then of the annotation, which is new."""
        for place, node in enumerate(book_nodes(given, has)):
            for line in json.dumps(node, indent=2, ensure_ascii=False).splitlines():
                yield PreviewLine(line, new=place > 0)

    def read(self, path: Path, terms: Mapping[str, str]) -> Iterator[Triple]:
        """Yield what each annotation says."""
        nodes: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["@graph"]
        ids = {node["@id"]: node["identifier"] for node in nodes if node.get("@type") == "Book"}
        for node in nodes:
            if node.get("@type") == "Annotation":
                yield ids[node["target"]], node["label"], node.get("confidence", "")


def _elements(path: Path, tag: str) -> Iterator[Any]:
    """Yield the elements of a file one after the other; each is emptied before the next."""
    from xml.etree import ElementTree as ET

    for _, element in ET.iterparse(path):  # noqa: S314 - a file of our own, checked against its hash
        if element.tag == tag:
            yield element
            element.clear()


def _removed_characters(cleaner: Cleaner, where: str) -> list[str]:
    if not cleaner.characters:
        return []
    return [f"{cleaner.characters:,} control characters were taken out in {where} (line breaks became blanks)."]
