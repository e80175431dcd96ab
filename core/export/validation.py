"""Checking a finished export: read back, held to our own rules, and given to public validators."""

import contextlib
import csv
import json
import re
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from core.classes import term_key
from core.errors import InputError
from core.export.descriptions import MODS_NAMESPACE
from core.export.marc import FILE_NAMES
from core.export.marc_rules import check_file, check_record
from core.export.packages import ROCRATE_FILE
from core.export.public_tools import ExportCheck, public_checks
from core.export.terms import NAMESPACE
from core.formatting import listed
from core.readers.marc import link_numbers
from core.readers.marc_decode import BadRecord, decode_iso2709, split_iso2709, stream_marcxml
from core.readers.marc_record import MarcRecord
from core.storage import file_sha256
from core.text_formats import unsafe_cell

__all__ = [
    "Triple",
    "builtin_checks",
    "read_labels",
    "unescape_cell",
    "unpacked",
    "unwritten_records",
    "validate",
]

# --- Reading an export back: the same records, labels and confidences must stand in every format ----------------------


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


# --- Checking a finished export: our own checks always, public validators where they are installed --------------------
# Each check ends in 'passed', 'failed' or 'not run', and says why. Nothing here changes the export.


def validate(path: Path, *, schemas: Path | None = None, tools: bool = True) -> tuple[ExportCheck, ...]:
    """Check an export.

    Parameters
    ----------
    path : path
        The zip, or the unpacked folder with its manifest.json.
    schemas : path, optional
        A folder with the Library of Congress schemas (MARC21slim.xsd, mods-3-7.xsd); without it the XML files are
        checked for being well-formed only.
    tools : bool
        Whether public validators are run too, where they are installed.
    """
    with unpacked(path) as folder:
        checks = list(builtin_checks(folder))
        if tools:
            checks += public_checks(folder, schemas)
    return tuple(checks)


@contextlib.contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """Give the folder of an export; a zip is unpacked into a temporary place.

    Raises
    ------
    InputError
        There is no export.
    """
    if path.is_dir():
        if not (path / "manifest.json").exists():
            raise InputError(f"{path} holds no manifest.json: it is not an unpacked export.")
        yield path
        return
    with tempfile.TemporaryDirectory() as temporary:
        try:
            with zipfile.ZipFile(path) as archive:
                archive.extractall(temporary)
        except (OSError, zipfile.BadZipFile) as error:
            raise InputError(f"{path} cannot be opened as the zip of an export: {error}") from error
        manifests = list(Path(temporary).glob("*/manifest.json"))
        if len(manifests) != 1:
            raise InputError(f"{path} is not an export: it holds {len(manifests)} files called manifest.json, not one.")
        yield manifests[0].parent


def builtin_checks(folder: Path) -> Iterator[ExportCheck]:
    """Yield the results of our own checks."""
    yield _check("Checksums", _checksums, folder)
    yield _check("Counts add up", _counts, folder)
    yield _check("The same labels in every format", _same_labels, folder)
    if (folder / ROCRATE_FILE).exists():
        yield _check("RO-Crate lists every file", _rocrate, folder)
    for path in sorted((folder / "marc").glob("*.mrc")) if (folder / "marc").exists() else ():
        yield _check(f"MARC rules, {path.name}", partial(_marc_rules, path), folder)


def _check(name: str, what: Callable[[Path], tuple[bool, str]], folder: Path) -> ExportCheck:
    try:
        good, detail = what(folder)
    except (OSError, ValueError, KeyError, IndexError, StopIteration, SyntaxError) as error:
        good, detail = False, f"The file cannot be read: {type(error).__name__}: {error}"
    return ExportCheck(name, "passed" if good else "failed", detail)


def _checksums(folder: Path) -> tuple[bool, str]:
    sums = {}
    for line in (folder / "SHA256SUMS").read_text(encoding="utf-8").splitlines():
        digest, _, name = line.partition("  ")
        sums[name] = digest
    present = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {"SHA256SUMS"}
    missing, extra = sorted(set(sums) - present), sorted(present - set(sums))
    changed = sorted(name for name in present & set(sums) if file_sha256(folder / name) != sums[name])
    if missing or extra or changed:
        differences = {"changed": changed, "missing": missing, "not listed": extra}
        return False, "; ".join(f"{what}: {listed(names, 3) or 'none'}" for what, names in differences.items())
    return True, f"{len(sums)} files are as they were written"


def _counts(folder: Path) -> tuple[bool, str]:
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    counts = manifest["counts"]
    parts = [counts[name.replace("-", "_")] for name in manifest["decisions"]]
    files = {written["name"]: written["records"] for written in manifest["files"]}
    faults = []
    if sum(parts) != counts["loaded"]:
        faults.append(f"the parts make {sum(parts):,}, loaded were {counts['loaded']:,}")
    expected = {
        "data/accepted.csv": counts["exported"],
        "data/all-scores.csv": counts["loaded"],
        "review/abstained.csv": counts["abstained"],
        "review/conflicts.csv": counts["conflicts"],
        "review/rejected.csv": counts["rejected"],
        "review/not-matched.csv": counts["not_matched"],
    }
    faults += [
        f"{name} holds {files[name]:,} records instead of {count:,}"
        for name, count in expected.items()
        if name in files and files[name] != count
    ]
    return (
        not faults,
        "; ".join(faults) or f"{' + '.join(f'{part:,}' for part in parts)} = {counts['loaded']:,} records",
    )


def _same_labels(folder: Path) -> tuple[bool, str]:
    triples_by_file = read_labels(folder)
    if not triples_by_file:
        return True, "no file carries labels"
    calibrated = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["model"]["calibrated"]
    missing = unwritten_records(folder)
    first, reference = next(iter(triples_by_file.items()))
    for name, triples in triples_by_file.items():
        gone = missing.get(name, set())
        expected = {triple for triple in reference if triple[0] not in gone}
        if name.startswith("marc/") and not calibrated:
            # Only calibrated confidences enter a catalogue record.
            expected, triples = {(*entry[:2], "") for entry in expected}, {(*entry[:2], "") for entry in triples}
        if triples != expected:
            example = sorted(triples ^ expected)[0]
            return False, f"{name} and {first} differ in {len(triples ^ expected):,} entries, such as {example}"
    return True, f"{len(reference):,} records in {len(triples_by_file)} files"


def _rocrate(folder: Path) -> tuple[bool, str]:
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


def _marc_rules(path: Path, folder: Path) -> tuple[bool, str]:
    content = path.read_bytes()
    faults = [str(fault) for fault in check_file(content)]
    undo = path.name.startswith("undo-")
    kind = next(
        (kind for kind, stem in FILE_NAMES.items() if path.name.removeprefix("undo-") == f"{stem}.mrc"), "enriched"
    )
    labels = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["labels"]
    speaking = {term_key(name) for name in labels["classes"]}
    speaking |= {term_key(term["term"]) for term in labels["terms"].values()}
    # What the library's own records break was there before: it is compared with the file that takes the export back.
    before: Counter[str] = Counter()
    own = folder / "marc" / "undo-enriched.mrc"
    if kind == "enriched" and not undo and own.exists():
        before.update(str(fault) for _, fault in _faults(own, "enriched", frozenset()))
    count = 0
    for record_id, fault in _faults(path, kind, frozenset(speaking) if not undo else frozenset()):
        if fault is None:
            count += 1
        elif before[str(fault)] > 0:
            before[str(fault)] -= 1
        elif not (undo and kind == "enriched"):
            faults.append(f"{record_id}: {fault}")
    return not faults, "; ".join(faults[:3]) or f"{count:,} records"


def _faults(path: Path, kind: str, speaking: frozenset[str]) -> Iterator[tuple[str, object]]:
    """Yield (record, fault) for every fault, and (record, None) once a record."""
    with path.open("rb") as stream:
        for number, chunk in enumerate(split_iso2709(stream), start=1):
            try:
                record = decode_iso2709(chunk).record
            except BadRecord as bad:
                yield f"record {number}", bad
                continue
            yield record.text("001"), None
            for fault in check_record(record, kind, speaking=speaking):  # type: ignore[arg-type]
                yield record.text("001"), fault
