"""MARC 21 (ISO 2709) and MARCXML as a table: one row a record, the usual columns, and the record itself."""

import codecs
from collections import Counter
from collections.abc import Iterator
from typing import IO, Final

from core.errors import InputError, UnreadableFileError
from core.progress import Progress
from core.readers.container import Opened
from core.readers.marc_columns import COLUMNS, record_columns
from core.readers.marc_decode import BadRecord, Decoded, decode_iso2709, split_iso2709, stream_marcxml
from core.readers.marc_record import MarcRecord
from core.readers.table import CHUNK_ROWS, ReadOptions, RejectedRows, SourceTable, TextColumns

__all__ = ["read"]

_NAMES: Final = {"marc-8": "marc-8", "marc8": "marc-8", "utf8": "utf-8"}
# Columns that have a name of their own in the British Library's files.
_BRITISH_LIBRARY: Final = {"Record ID": "BL record ID", "Shelfmark": "BL shelfmark"}


def read(opened: Opened, options: ReadOptions, progress: Progress) -> SourceTable:
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
    for number, (found, text) in enumerate(_records(opened.stream, form, encoding), start=1):
        if options.enough(number - 1):
            complete = False
            break
        if isinstance(found, BadRecord):
            rejected.add(number, str(found), text)
            continue
        record = notes.take(number, found) if isinstance(found, Decoded) else found
        rows.append(record_columns(record))
        lines.append(number)
        if len(rows) >= CHUNK_ROWS:
            columns.extend(rows, lines)
            rows, lines = [], []
            progress(min(0.99, opened.stream.tell() / max(1, opened.size)), f"{number:,} records read")
    columns.extend(rows, lines)
    frame, positions = columns.frame()
    if frame.empty:
        why = f" The first reason: {rejected.first()}" if len(rejected) else ""
        raise UnreadableFileError(f"{opened.path} holds no MARC record that can be read.{why}")
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
        warnings=notes.warnings,
        complete=complete,
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
        yield from ((found, "") for found in stream_marcxml(stream))
        return
    for chunk in split_iso2709(stream):
        try:
            yield decode_iso2709(chunk, encoding), ""
        except BadRecord as bad:
            yield bad, chunk[:2_000].decode("utf-8", "replace")


class _Notes:
    """Gathers what was noticed about the letters of all records."""

    def __init__(self) -> None:
        self._encodings: Counter[str] = Counter()
        self._contradicting: list[int] = []
        self._lossy: list[int] = []

    def take(self, number: int, decoded: Decoded) -> MarcRecord:
        """Note one record's encoding and return the record."""
        self._encodings[decoded.encoding] += 1
        if decoded.contradicts_leader:
            self._contradicting.append(number)
        if decoded.lost:
            self._lossy.append(number)
        return decoded.record

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
    def warnings(self) -> tuple[str, ...]:
        said = []
        if self._contradicting:
            said.append(
                f"In {len(self._contradicting):,} records (first: record {self._contradicting[0]:,}) leader/09 says"
                f" another encoding than the bytes show; they were read as {self.encoding}. If letters look wrong, name"
                " the encoding (utf-8 or marc-8) and read again."
            )
        if self._lossy:
            said.append(
                f"In {len(self._lossy):,} records (first: record {self._lossy[0]:,}) some characters are in no MARC-8"
                " table and became blanks."
            )
        return tuple(said)
