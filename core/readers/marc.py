"""MARC 21 (ISO 2709, MARCXML, MarcXchange) as a table: one row a record, the usual columns, and the record itself."""

import codecs
from collections import Counter
from collections.abc import Iterator
from typing import IO, Final

from core.errors import InputError, UnreadableFileError
from core.progress import Progress
from core.readers.container import OpenedFile
from core.readers.marc_columns import COLUMNS, record_columns
from core.readers.marc_decode import BadRecord, Decoded, decode_iso2709, split_iso2709, stream_marcxml
from core.readers.marc_record import MarcRecord
from core.readers.table import CHUNK_ROWS, ReaderOptions, RejectedRows, SourceTable, TextColumns

__all__ = ["read"]

_NAMES: Final = {"marc-8": "marc-8", "marc8": "marc-8", "utf8": "utf-8"}
# Columns that have a name of their own in the British Library's files.
_BRITISH_LIBRARY: Final = {"Record ID": "BL record ID", "Shelfmark": "BL shelfmark"}


def read(opened: OpenedFile, options: ReaderOptions, progress: Progress) -> SourceTable:
    """Read a MARC file; a bad record is listed with its number, and the next one is read.

    Raises
    ------
    UnreadableFileError
        No record can be read.
    InputError
        The encoding that a person named does not exist.
    """
    form = options.format or "marc"
    encoding = _encoding(options.encoding) if form == "marc" else ""
    columns, rejected, notes = TextColumns(COLUMNS), RejectedRows(), _Notes()
    rows: list[list[str]] = []
    lines: list[int] = []
    complete = True
    for number, (item, text) in enumerate(_records(opened.stream, form, encoding), start=1):
        if options.enough(number - 1):
            complete = False
            break
        if isinstance(item, BadRecord):
            rejected.add(number, str(item), text)
            continue
        record = notes.take(number, item) if isinstance(item, Decoded) else item
        notes.note_format(record)
        rows.append(record_columns(record))
        lines.append(number)
        if len(rows) >= CHUNK_ROWS:
            columns.extend(rows, lines)
            rows, lines = [], []
            progress(min(0.99, opened.stream.tell() / max(1, opened.size)), f"{number:,} records read")
    columns.extend(rows, lines)
    frame, positions = columns.frame()
    if frame.empty:
        why = f" The first reason: {rejected.first().replace('line', 'record', 1)}" if len(rejected) else ""
        raise UnreadableFileError(f"{opened.path} holds no MARC record that can be read.{why}")
    if notes.unimarc > 0.5 * len(frame):
        raise UnreadableFileError(
            f"{opened.path} is UNIMARC, not MARC 21: its titles stand in field 200 and not in 245. Convert it to "
            "MARC 21, or export the catalogue as CSV with a header."
        )
    if (frame["Organisation of record ID"] == "Uk").mean() > 0.5:
        frame = frame.rename(columns=_BRITISH_LIBRARY)
    reasons = (*opened.reasons, *notes.reasons)
    return SourceTable(
        path=opened.path,
        format=form,
        encoding=notes.encoding if form == "marc" else "utf-8",
        delimiter="",
        frame=frame,
        lines=positions,
        rejected=rejected.frame(),
        reasons=reasons,
        warnings=(*_set_aside(rejected, len(frame)), *notes.warnings),
        complete=complete,
    )


def _set_aside(rejected: RejectedRows, read: int) -> tuple[str, ...]:
    if not len(rejected):
        return ()
    return (
        f"{len(rejected):,} of {read + len(rejected):,} records could not be used and were set aside, the first: "
        f"{rejected.first().replace('line', 'record', 1)}",
    )


def _encoding(given: str | None) -> str:
    if not given:
        return ""
    name = _NAMES.get(given.lower(), given.lower())
    if name == "marc-8":
        return name
    try:
        codecs.lookup(name)
    except LookupError as error:
        raise InputError(f"'{given}' is no known encoding. For MARC 21 these are usual: utf-8, marc-8.") from error
    return name


def _records(stream: IO[bytes], form: str, encoding: str) -> Iterator[tuple[Decoded | MarcRecord | BadRecord, str]]:
    """Yield each record, or why it cannot be read with the beginning of its text."""
    if form == "marcxml":
        yield from ((record, "") for record in stream_marcxml(stream))
        return
    for chunk in split_iso2709(stream):
        try:
            yield decode_iso2709(chunk, encoding), ""
        except BadRecord as bad:
            yield bad, chunk[:2_000].decode("utf-8", "replace")


class _Notes:
    """Gathers what was noticed about the records while they were read."""

    def __init__(self) -> None:
        self._encodings: Counter[str] = Counter()
        self._first: dict[str, int] = {}
        self._counts: Counter[str] = Counter()
        self._wrong_directory = ""
        self._codeless: Counter[str] = Counter()
        self.unimarc = 0

    def take(self, number: int, decoded: Decoded) -> MarcRecord:
        """Note what was odd about one record and return the record."""
        self._encodings[decoded.encoding] += 1
        self._codeless.update(set(decoded.codeless))
        self._wrong_directory = self._wrong_directory or decoded.wrong_directory
        for kind, noticed in (
            ("contradicting", decoded.contradicts_leader),
            ("lossy", decoded.lost),
            ("stray", decoded.stray),
            ("wrong directory", decoded.wrong_directory),
            ("codeless", decoded.codeless),
        ):
            if noticed:
                self._counts[kind] += 1
                self._first.setdefault(kind, number)
        return decoded.record

    def note_format(self, record: MarcRecord) -> None:
        """Note whether a record's fields are those of UNIMARC: the title in 200, coded data in 100 $a, no 245."""
        title, coded = record.first("200"), record.first("100")
        if record.first("245") is None and title is not None and coded is not None:
            self.unimarc += bool(title.get("a")) and len(coded.get("a")) >= 34 and coded.get("a")[:8].isdigit()

    @property
    def encoding(self) -> str:
        """The encoding of most records that are not plain ASCII."""
        letters = Counter({name: count for name, count in self._encodings.items() if name != "ascii"})
        return letters.most_common(1)[0][0] if letters else "utf-8"

    @property
    def reasons(self) -> tuple[str, ...]:
        if not self._encodings:
            return ()
        parts = ", ".join(f"{name} {count:,}" for name, count in self._encodings.most_common())
        return (f"Encoding, told from each record's bytes: {parts}.",)

    @property
    def warnings(self) -> Iterator[str]:
        if self._counts["contradicting"]:
            others = ", ".join(name for name, _ in self._encodings.most_common() if name != "ascii")
            yield (
                f"In {self._records('contradicting')} leader/09 says another encoding than the bytes show; each was"
                f" read as its bytes show ({others}). If letters look wrong, name the encoding (utf-8 or marc-8) and"
                " read again."
            )
        if self._counts["stray"]:
            yield (
                f"In {self._records('stray')} single bytes do not fit the encoding of the rest; they were read as"
                " Windows-1252. Look at the letters with accents there."
            )
        if self._counts["lossy"]:
            yield (
                f"In {self._records('lossy')} some characters are in no MARC-8 table; they became blanks or were"
                " left out."
            )
        if self._counts["wrong directory"]:
            yield (
                f"In {self._records('wrong directory')} the directory is wrong ({self._wrong_directory.rstrip('.')});"
                " fields were parted by their end marks instead. Look at them before they are used."
            )
        if self._codeless:
            tags = ", ".join(tag for tag, _ in self._codeless.most_common(5))
            yield (
                f"In {self._records('codeless')} a field has content without a subfield code (fields {tags}); it was"
                " kept as subfield $a."
            )

    def _records(self, kind: str) -> str:
        count = self._counts[kind]
        return f"{count:,} {'record' if count == 1 else 'records'} (first: record {self._first[kind]:,})"
