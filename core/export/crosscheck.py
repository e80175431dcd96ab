"""Reading an export back: the same records, labels and confidences must stand in every format."""

import csv
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from core.export.identifiers import NAMESPACE
from core.export.mods import MODS_NAMESPACE
from core.plain_csv import unsafe_cell
from core.readers.marc_columns import link_numbers
from core.readers.marc_decode import BadRecord, decode_iso2709, split_iso2709, stream_marcxml
from core.readers.marc_record import MarcRecord

__all__ = ["Triple", "read_labels", "unescape_cell", "unwritten_records"]

Triple = tuple[str, str, str]  # identifier, label, confidence with four decimals ('' where there is none)

_FLAT: Final = (
    "data/accepted.csv",
    "data/accepted.parquet",
    "data/accepted.jsonl",
    "people/accepted_for-excel.csv",
    "people/accepted_for-excel.xlsx",
)


def read_labels(folder: Path) -> dict[str, set[Triple]]:
    """Return file → what it says, for every file of an unpacked export that carries accepted labels.

    MARC names terms, not labels; the manifest says which term stands for which label.
    """
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    terms = {term["term"]: label for label, term in manifest["labels"]["terms"].items()}
    readers = {
        "csv": _csv,
        "parquet": _parquet,
        "jsonl": _jsonl,
        "xlsx": _xlsx,
    }
    triples_by_file: dict[str, set[Triple]] = {}
    for name in _FLAT:
        if (folder / name).exists():
            triples_by_file[name] = set(readers[name.rsplit(".", 1)[1]](folder / name))
    for path in sorted((folder / "marc").glob("*")) if (folder / "marc").exists() else ():
        if path.name.startswith(("enriched", "delta", "stub")):
            triples_by_file[f"marc/{path.name}"] = set(_marc(path, terms))
    if (folder / "other/mods-3.7.xml").exists():
        triples_by_file["other/mods-3.7.xml"] = set(_mods(folder / "other/mods-3.7.xml"))
    if (folder / "other/books.jsonld").exists():
        triples_by_file["other/books.jsonld"] = set(_jsonld(folder / "other/books.jsonld"))
    return triples_by_file


def unwritten_records(folder: Path) -> dict[str, set[str]]:
    """Return MARC file → identifiers that are not in it, and are listed as such in ``marc/left-out.csv``."""
    path = folder / "marc/left-out.csv"
    ids_by_file: dict[str, set[str]] = {}
    if path.exists():
        with path.open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                for name in row["not_in"].split("; "):
                    ids_by_file.setdefault(f"marc/{name}", set()).add(row["record_id"])
    return ids_by_file


def _csv(path: Path) -> Iterator[Triple]:
    csv.field_size_limit(1 << 24)
    with path.open(encoding="utf-8-sig", newline="") as stream:
        for row in csv.DictReader(stream):
            if path.parent.name == "people":
                yield unsafe_cell(row["Identifier"]), unsafe_cell(row["Label"]), _four(row["Confidence"] or None)
            else:
                yield row["record_id"], row["pred_label"], row["pred_confidence"]


def _parquet(path: Path) -> Iterator[Triple]:
    import pyarrow.parquet as pq

    columns = pq.read_table(path, columns=["record_id", "pred_label", "pred_confidence"]).to_pydict()
    for record_id, label, confidence in zip(*columns.values(), strict=True):
        yield record_id, label, _four(confidence)


def _jsonl(path: Path) -> Iterator[Triple]:
    with path.open(encoding="utf-8") as stream:
        for line in stream:
            row = json.loads(line)
            yield row["record_id"], row["pred_label"], _four(row["pred_confidence"])


def _xlsx(path: Path) -> Iterator[Triple]:
    import openpyxl

    book = openpyxl.load_workbook(path, read_only=True)
    try:
        rows = book.worksheets[0].iter_rows(values_only=True)
        head = list(next(rows))
        places = [head.index(name) for name in ("Identifier", "Label", "Confidence")]
        for row in rows:
            record_id, label, confidence = (row[place] for place in places)
            yield unescape_cell(str(record_id)), unescape_cell(str(label)), _four(confidence)
    finally:
        book.close()


def unescape_cell(text: str) -> str:
    """Undo the escapes of a workbook (_x000D_ and the like)."""
    return re.sub(r"_x([0-9A-Fa-f]{4})_", lambda match: chr(int(match.group(1), 16)), text)


def _marc(path: Path, terms: Mapping[str, str]) -> Iterator[Triple]:
    with path.open("rb") as stream:
        records: Iterator[MarcRecord | BadRecord] = (
            stream_marcxml(stream)
            if path.suffix == ".xml"
            else (decode_iso2709(chunk).record for chunk in split_iso2709(stream))
        )
        for record in records:
            if isinstance(record, BadRecord):
                raise record
            # Ours is the last 883; the library may have others of its own.
            provenance = list(record.all("883"))[-1:]
            numbers = link_numbers(provenance[0]) if provenance else set()
            genres = [field for field in record.all("655") if link_numbers(field) & numbers]
            if not genres:
                raise ValueError(f"{record.text('001')} has no 655 that is linked to its last 883")
            yield record.text("001"), terms[genres[0].get("a")], provenance[0].get("c")


def _mods(path: Path) -> Iterator[Triple]:
    from xml.etree import ElementTree as ET

    for _, element in ET.iterparse(path):  # noqa: S314 - a file of our own, checked against its hash
        if element.tag == f"{{{MODS_NAMESPACE}}}mods":
            prediction = element.find(f".//{{{NAMESPACE}}}prediction")
            identifier = element.findtext(f"{{{MODS_NAMESPACE}}}identifier")
            if prediction is not None and identifier is not None:
                yield identifier, prediction.get("label", ""), prediction.get("confidence", "")
            element.clear()


def _jsonld(path: Path) -> Iterator[Triple]:
    nodes: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["@graph"]
    ids = {node["@id"]: node["identifier"] for node in nodes if node.get("@type") == "Book"}
    for node in nodes:
        if node.get("@type") == "Annotation":
            yield ids[node["target"]], node["label"], node.get("confidence", "")


def _four(value: Any) -> str:
    return "" if value is None or value != value else f"{float(value):.4f}"
