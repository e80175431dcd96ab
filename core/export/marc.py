"""MARC 21 and MARCXML: every record is built, cleaned and held against our rules before a byte of it is written."""

import csv
import difflib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, Any, Final, cast

import numpy as np

from core.classes import term_key
from core.export.formats import (
    MARC_KINDS,
    FileCheck,
    LabelledFile,
    MarcKind,
    Package,
    PreviewLine,
    PreviewRecord,
    RecordFormat,
    Triple,
)
from core.export.manifest import read_bundle_manifest
from core.export.marc_build import (
    Assignment,
    BuiltRecord,
    Cleaner,
    DeltaBuilder,
    EnrichedBuilder,
    StubBuilder,
    assignments,
    check_file,
    check_record,
    with_status,
)
from core.export.sentences import ExportSummary
from core.export.table import ExportTable
from core.export.validation import MARC_LINT, MARCVALIDATE, XMLLINT, YAZ
from core.readers.marc import link_numbers
from core.readers.marc_decode import (
    BadRecord,
    MarcRecord,
    TooLongError,
    decode_iso2709,
    marcxml_document,
    split_iso2709,
    stream_marcxml,
)
from core.schema import TITLE

__all__ = ["BUILDERS", "NO_MARC", "MarcFormat", "kinds_for", "undo_record"]

_FILE_NAMES: Final[dict[MarcKind, str]] = {"enriched": "enriched", "delta": "delta_NOT-FOR-NEW-RECORDS", "stub": "stub"}
NO_MARC: Final = "No enriched MARC records: the catalogue file was not MARC."
BUILDERS: Final[dict[MarcKind, type[EnrichedBuilder | DeltaBuilder | StubBuilder]]] = {
    "enriched": EnrichedBuilder,
    "delta": DeltaBuilder,
    "stub": StubBuilder,
}
_UNDO: Final[dict[MarcKind, str]] = {
    "enriched": "takes enriched back: the records as they were",
    "delta": "takes delta back: the identifiers and the fields to remove",
    "stub": "takes stub back: the records with the status deleted",
}


def kinds_for(table: ExportTable) -> tuple[MarcKind, ...]:
    """Return the kinds of MARC files to write: those asked for, else what suits the source.

    Enriched records need the library's own MARC; without it they are left out.
    """
    has_marc = table.marc is not None
    default: tuple[MarcKind, ...] = ("enriched", "delta") if has_marc else ("stub", "delta")
    wanted = table.settings.marc_kinds or default
    return tuple(kind for kind in wanted if kind != "enriched" or has_marc)


def _write_marc(table: ExportTable, package: Package, formats: Sequence[str]) -> list[str]:
    """Write the MARC files and return what must be reported.

    Records that break a rule that the library's own record did not break are refused; records too long for ISO 2709
    go to ``marc/too-long.xml``. Both are listed in ``marc/left-out.csv``.
    """
    if table.settings.profile == "none":
        return ["No MARC files: the chosen profile adds no genre term."]
    remarks = []
    if "enriched" in table.settings.marc_kinds and table.marc is None:
        remarks.append(NO_MARC)
    kinds = kinds_for(table)
    missing = 0 if table.marc is None else int((table.marc.iloc[table.described] == "").sum())
    if kinds and not table.settings.source_code and "enriched" not in kinds:
        remarks.append(
            "No code of the organisation whose record numbers these are was given, so the MARC records have neither 003"
            " nor 035 and match on 001 alone."
        )
    cleaner, listed = Cleaner(), _RecordProblems()
    undo: list[tuple[str, ...]] = []
    too_long: list[MarcRecord] = []
    speaking = [_meaningful_forms(each) for each in table.each]
    for kind in kinds:
        maker = BUILDERS[kind](table)
        with _Files(package, kind, formats) as files:
            for given in assignments(table):
                if kind == "enriched" and not table.marc_texts[given.row]:
                    continue
                built = maker.build(given)
                written = _write(
                    files,
                    kind,
                    given=given,
                    built=built,
                    cleaner=cleaner,
                    listed=listed,
                    too_long=too_long,
                    speaking=speaking,
                )
                if written:
                    undo += _undo_rows(given, kind, built)
        files.register()
    remarks += _finish(package, listed, too_long, undo)
    if missing:
        remarks.append(f"{missing:,} accepted records have no MARC record in the catalogue file and were not enriched.")
    if cleaner.characters:
        remarks.append(
            f"{cleaner.characters:,} control characters in {cleaner.records:,} MARC records were taken out"
            " (line breaks became blanks); the CSV has them still."
        )
    return remarks


def undo_record(kind: MarcKind, built: BuiltRecord) -> MarcRecord:
    """Return the record that takes back what `built` brought.

    For an enriched record it is the record as it was; for a delta, the same identifiers and the fields to remove; for
    a stub, the record with the status 'deleted' (leader/05 = d).
    """
    if kind == "enriched" and built.before is not None:
        return built.before
    if kind == "delta":
        return built.record
    remaining_fields = [
        marc_field
        for marc_field in built.record.fields
        if marc_field.tag in ("001", "003", "005", "008", "035", "040", "245")
    ]
    return MarcRecord(with_status(built.record.leader, "d"), remaining_fields)


def _meaningful_forms(table: ExportTable) -> frozenset[str]:
    names = [*table.labels, *(term.term for term in table.terms.values()), *table.settings.genre_terms]
    return frozenset(term_key(name) for name in names)


def _write(
    files: "_Files",
    kind: MarcKind,
    given: Assignment,
    built: BuiltRecord,
    cleaner: Cleaner,
    listed: "_RecordProblems",
    too_long: list[MarcRecord],
    speaking: Sequence[frozenset[str]],
) -> bool:
    """Write one record and what takes it back; return whether it was written, if only to ``marc/too-long.xml``."""
    record = cleaner.record(built.record)
    faults = check_record(record, kind, speaking=speaking, lengths=False)
    if faults and kind != "stub" and built.before is not None:
        # What the library's own record broke before is the library's business: it is counted, not refused.
        old = Counter(check_record(built.before, "enriched", lengths=False))
        remaining = list((Counter(faults) - old).elements())
        listed.inherited += len(remaining) < len(faults)
        faults = remaining
    if faults:
        listed.refused.append((given.record_id, kind, str(faults[0])))
        return False
    iso: bytes | None = None
    try:
        iso = record.to_iso2709()
    except TooLongError as error:
        listed.too_long.append((given.record_id, kind, str(error)))
        too_long.append(record)
    back = undo_record(kind, built)
    files.write(iso, record, back if back is record else Cleaner().record(back))
    return True


@dataclass
class _RecordProblems:
    """Records that could not be written as they should, and why."""

    refused: list[tuple[str, MarcKind, str]] = field(default_factory=list)
    too_long: list[tuple[str, MarcKind, str]] = field(default_factory=list)
    inherited: int = 0


class _Files:
    """The open files of one kind: the records and what takes them back, as ISO 2709 and as MARCXML."""

    def __init__(self, package: Package, kind: MarcKind, formats: Sequence[str]) -> None:
        self.package, self.kind = package, kind
        self.iso, self.xml = "marc" in formats, "marcxml" in formats
        self.counts: Counter[str] = Counter()
        self._stack = ExitStack()
        self._streams: dict[str, IO[bytes]] = {}

    def __enter__(self) -> "_Files":
        start = marcxml_document()[0].encode()
        for name in self._names():
            stream = self._stack.enter_context(self.package.path(name).open("wb"))
            self._streams[name] = stream
            if name.endswith(".xml"):
                stream.write(start)
        return self

    def __exit__(self, *_: object) -> None:
        end = marcxml_document()[1].encode()
        for name, stream in self._streams.items():
            if name.endswith(".xml"):
                stream.write(end)
        self._stack.close()

    def write(self, iso: bytes | None, record: MarcRecord, undo: MarcRecord) -> None:
        """Write one record; `iso` is None where it does not fit ISO 2709."""
        if self.iso and iso is not None:
            self._put(self._name("mrc"), iso)
            self._put(self._name("mrc", undo=True), iso if undo is record else undo.to_iso2709())
        if self.xml:
            text = record.to_xml().encode()
            self._put(self._name("xml"), text)
            self._put(self._name("xml", undo=True), text if undo is record else undo.to_xml().encode())

    def register(self) -> None:
        """Take the finished files into the package."""
        for name in self._names():
            format_, media = (
                ("marc", "application/marc") if name.endswith(".mrc") else ("marcxml", "application/marcxml+xml")
            )
            about = _UNDO[self.kind] if "/undo-" in name else MARC_KINDS[self.kind]
            self.package.add(name, format_, media, about, self.counts[name])

    def _put(self, name: str, content: bytes) -> None:
        self._streams[name].write(content)
        self.counts[name] += 1

    def _names(self) -> list[str]:
        names = []
        if self.iso:
            names += [self._name("mrc"), self._name("mrc", undo=True)]
        if self.xml:
            names += [self._name("xml"), self._name("xml", undo=True)]
        return names

    def _name(self, suffix: str, *, undo: bool = False) -> str:
        return f"marc/{'undo-' if undo else ''}{_FILE_NAMES[self.kind]}.{suffix}"


def _finish(
    package: Package, listed: _RecordProblems, too_long: Sequence[MarcRecord], undo: Sequence[tuple[str, ...]]
) -> list[str]:
    remarks = []
    head = ("record_id", "label", "655 $a", "883 $a", "run", "588", "655", "883", "in")
    _list(package.path("marc/undo.csv"), head, undo)
    package.add("marc/undo.csv", "csv", "text/csv", "what was added to each record of each file", len(undo))
    if too_long:
        start, end = marcxml_document()
        path = package.path("marc/too-long.xml")
        with path.open("w", encoding="utf-8", newline="\n") as stream:
            stream.write(start)
            stream.writelines(record.to_xml() for record in too_long)
            stream.write(end)
        about = "records too long for ISO 2709 (9,999 bytes a field, 99,999 a record)"
        package.add("marc/too-long.xml", "marcxml", "application/marcxml+xml", about, len(too_long))
        remarks.append(
            f"{len(too_long):,} MARC records are too long for ISO 2709; they are whole in marc/too-long.xml."
        )
    left_out = [(record_id, f"{_FILE_NAMES[kind]}.mrc", why) for record_id, kind, why in listed.too_long]
    left_out += [
        (record_id, f"{_FILE_NAMES[kind]}.mrc; {_FILE_NAMES[kind]}.xml", why) for record_id, kind, why in listed.refused
    ]
    if left_out:
        _list(package.path("marc/left-out.csv"), ("record_id", "not_in", "reason"), left_out)
        about = "records that are not in one of the MARC files, and why"
        package.add("marc/left-out.csv", "csv", "text/csv", about, len(left_out))
    if listed.refused:
        example = listed.refused[0]
        remarks.append(
            f"{len(listed.refused):,} MARC records break a rule and were not written (marc/left-out.csv);"
            f" the first: {example[0]}, {example[2]}."
        )
    if listed.inherited:
        remarks.append(
            f"{listed.inherited:,} of the library's own records break a MARC rule of themselves; that was left so."
        )
    return remarks


def _undo_rows(given: Assignment, kind: MarcKind, built: BuiltRecord) -> Iterator[tuple[str, ...]]:
    """Yield what each label added to a record of one kind of file."""
    for each, (note, genre, provenance) in zip(given.each, built.by_label(), strict=True):
        lines = (note.line(), genre.line(), provenance.line(), _FILE_NAMES[kind])
        yield (each.record_id, each.label, genre.get("a"), provenance.get("a"), each.table.settings.run_uri, *lines)


def _list(path: Path, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\r\n")
        writer.writerow(head)
        writer.writerows(rows)


# --- The format: what it writes, shows, reads back and checks ---------------------------------------------------------


class MarcFormat(RecordFormat):
    """MARC 21 or MARCXML; where both are wanted, they are written together."""

    tools = (YAZ, MARCVALIDATE, MARC_LINT, XMLLINT)

    def write(self, table: ExportTable, package: Package, summary: ExportSummary) -> Sequence[str]:
        """Write the files of each kind, and what takes them back."""
        return _write_marc(table, package, table.settings.formats)

    def kinds(self, table: ExportTable) -> tuple[str, ...]:
        """Return the kinds of MARC records that will be written."""
        return () if table.settings.profile == "none" else kinds_for(table)

    def preview(self, table: ExportTable, rows: np.ndarray, kind: str | None = None) -> Iterator[PreviewRecord]:
        """Yield the fields of each record, or the lines of its XML; of enriched records also those that change."""
        kinds = self.kinds(table)
        if not kinds:
            return
        chosen = cast(MarcKind, kind or kinds[0])
        maker = BUILDERS[chosen](table)
        for given in assignments(table, rows):
            if chosen == "enriched" and not table.marc_texts[given.row]:
                continue
            built = maker.build(given)
            record = Cleaner().record(built.record)
            if self.name == "marc":
                new = {id(added) for added in built.new}
                before = {known.line() for known in built.before.fields} if built.before is not None else None
                lines = [PreviewLine(f"LDR {record.leader}", new=False)]
                for marc_field in record.fields:
                    changed = id(marc_field) in new or (before is not None and marc_field.line() not in before)
                    lines.append(PreviewLine(marc_field.line(), new=changed))
            else:
                old = built.before if built.before is not None else _without_new(maker.build(given))
                lines = _difference(old.to_xml(), record.to_xml())
            faults = tuple(str(fault) for fault in check_record(record, chosen))
            yield PreviewRecord(given.record_id, table.records[TITLE].iloc[given.row], tuple(lines), faults)

    def read_back(self, folder: Path, terms: Mapping[str, str]) -> Iterator[LabelledFile]:
        """Yield the files of records; a MARC record names a term, not a label."""
        left_out, runs = _left_out(folder), [str(each.model.run) for each in read_bundle_manifest(folder).each]
        for stem in _FILE_NAMES.values():
            name = f"marc/{stem}.{_SUFFIXES[self.name]}"
            if (folder / name).exists():
                yield LabelledFile(
                    name=name,
                    triples=_read_marc(folder / name, terms, runs),
                    left_out=frozenset(left_out.get(name, ())),
                    only_calibrated=True,
                    only_terms=True,
                )

    def checks(self, folder: Path) -> Iterator[FileCheck]:
        """Yield the check against our rules of each file in ISO 2709."""
        if self.name == "marc":
            for path in sorted((folder / "marc").glob("*.mrc")) if (folder / "marc").exists() else ():
                yield f"MARC rules, {path.name}", partial(_marc_rules, path)


_SUFFIXES: Final = {"marc": "mrc", "marcxml": "xml"}


def _without_new(built: BuiltRecord) -> MarcRecord:
    """Return a record without the fields that are new."""
    new = {id(added) for added in built.new}
    built.record.fields = [known for known in built.record.fields if id(known) not in new]
    return Cleaner().record(built.record)


def _difference(old: str, new: str) -> list[PreviewLine]:
    """Return the lines of `new`; marked are those that `old` does not have at that place."""
    before, after = old.splitlines(), new.splitlines()
    marked = [False] * len(after)
    for tag, _, _, start, end in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag != "equal":
            marked[start:end] = [True] * (end - start)
    return [PreviewLine(line, new=is_new) for line, is_new in zip(after, marked, strict=True)]


def _left_out(folder: Path) -> dict[str, set[str]]:
    """Return MARC file → identifiers that are not in it, and are listed as such in ``marc/left-out.csv``."""
    path = folder / "marc/left-out.csv"
    ids_by_file: dict[str, set[str]] = {}
    if path.exists():
        with path.open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                for name in row["not_in"].split("; "):
                    ids_by_file.setdefault(f"marc/{name}", set()).add(row["record_id"])
    return ids_by_file


def _read_marc(path: Path, terms: Mapping[str, str], runs: Sequence[str]) -> Iterator[Triple]:
    with path.open("rb") as stream:
        records: Iterator[MarcRecord | BadRecord] = (
            stream_marcxml(stream)
            if path.suffix == ".xml"
            else (decode_iso2709(chunk).record for chunk in split_iso2709(stream))
        )
        for record in records:
            if isinstance(record, BadRecord):
                raise record
            # Ours are the last 883; the library may have others of its own. Each of ours comes with a note on its run.
            notes = sum(any(f"run {run})" in note.get("a") for run in runs) for note in record.all("588"))
            for provenance in list(record.all("883"))[-(notes if len(runs) > 1 else 1) :]:
                numbers = link_numbers(provenance)
                genres = [field for field in record.all("655") if link_numbers(field) & numbers]
                if not genres:
                    raise ValueError(f"{record.text('001')} has no 655 that is linked to its last 883")
                yield record.text("001"), terms[genres[0].get("a")], provenance.get("c")


def _marc_rules(path: Path, folder: Path) -> tuple[bool, str]:
    content = path.read_bytes()
    faults = [str(fault) for fault in check_file(content)]
    undo = path.name.startswith("undo-")
    kind = next(
        (kind for kind, stem in _FILE_NAMES.items() if path.name.removeprefix("undo-") == f"{stem}.mrc"), "enriched"
    )
    written = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    speaking = [_speaking(each["labels"]) for each in (written, *written.get("also", ()))]
    # What the library's own records break was there before: it is compared with the file that takes the export back.
    before: Counter[str] = Counter()
    own = folder / "marc" / "undo-enriched.mrc"
    if kind == "enriched" and not undo and own.exists():
        before.update(str(fault) for _, fault in _faults(own, "enriched", ()))
    count = 0
    for record_id, fault in _faults(path, kind, speaking if not undo else ()):
        if fault is None:
            count += 1
        elif before[str(fault)] > 0:
            before[str(fault)] -= 1
        elif not (undo and kind == "enriched"):
            faults.append(f"{record_id}: {fault}")
    return not faults, "; ".join(faults[:3]) or f"{count:,} records"


def _speaking(labels: Mapping[str, Any]) -> frozenset[str]:
    terms = (term["term"] for term in labels["terms"].values())
    return frozenset(map(term_key, (*labels["classes"], *terms)))


def _faults(path: Path, kind: str, speaking: Sequence[frozenset[str]]) -> Iterator[tuple[str, object]]:
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
