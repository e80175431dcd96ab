"""MARC 21 as a table: one row a record, the usual columns, and the record itself."""

import codecs
import re
from collections import Counter
from collections.abc import Iterator
from typing import IO, Final

from core.errors import InputError, UnreadableFileError
from core.progress import Progress
from core.readers.container import OpenedFile
from core.readers.marc_codes import country_of_code, language_of_code
from core.readers.marc_decode import (
    BadRecord,
    Decoded,
    MarcField,
    MarcRecord,
    decode_iso2709,
    split_iso2709,
    stream_marcxml,
)
from core.readers.table import CHUNK_ROWS, ReaderOptions, RejectedRows, SourceTable, TextColumns

__all__ = [
    "COLUMNS",
    "MARC_COLUMN",
    "is_book",
    "link_numbers",
    "literary_form",
    "machine_links",
    "read",
    "record_columns",
    "split_genres",
]

# --- From a MARC record to the columns of a catalogue file ------------------------------------------------------------


MARC_COLUMN: Final = "marc"  # the whole record, as MARC-in-JSON, so that it can be given back enriched
COLUMNS: Final = (
    "Record ID",
    "Type of resource",
    "Name",
    "Dates associated with name",
    "Type of name",
    "Role",
    "All names",
    "Title",
    "Variant titles",
    "Series title",
    "Country of publication",
    "Place of publication",
    "Publisher",
    "Date of publication",
    "Edition",
    "Physical description",
    "Dewey classification",
    "Shelfmark",
    "Topics",
    "Genre",
    "Languages",
    "Notes",
    "Literary form",
    "Genre assigned by machine",
    "Organisation of record ID",
    "Other record IDs",
    "Date in fixed field",
    MARC_COLUMN,
)
_AND: Final = " ; "  # between the values of one cell, as in the British Library's files
_NAME_TYPES: Final = {
    "100": "person",
    "700": "person",
    "110": "organisation",
    "710": "organisation",
    "111": "meeting",
    "711": "meeting",
}
_FORMS: Final = frozenset(" 01defhijmps")
_LINK = re.compile(r"(\d+)(?:\.\d+)?\\p")


def record_columns(record: MarcRecord) -> list[str]:
    """Return the text of each of :data:`COLUMNS`.

    Title is 245 $a $b $n $p without a closing slash; the date is 264 or 260 $c, else the first date of 008; languages
    are 008/35-37 and 041 $a. *Genre* holds only terms that no machine assigned (655 without a linked 883 whose first
    indicator is 0 or 1): machine labels are never used as truth.
    """
    fixed = record.text("008")
    published = [field for field in record.all("264") if any(field.all("abc"))] or list(record.all("260"))
    main = next(record.all("100", "110", "111", "720"), None)
    names = [*record.all("100", "110", "111"), *record.all("700", "710", "711"), *record.all("720")]
    human, machine = split_genres(record)
    languages = [code for field in record.all("041") for value in field.all("a") for code in _codes(value)]
    languages.append(fixed[35:38])
    place = _inside(published, "a", ",:;")
    date = _inside(published, "c", ",;") or _digits(fixed[7:11])
    values = (
        record.text("001").strip() or _first(record, "035", "a"),
        {"s": "Serial", "b": "Serial", "i": "Serial"}.get(record.leader[7:8], "Monograph"),
        _name(main),
        "" if main is None else main.get("d").strip(" .,"),
        "" if main is None else _NAME_TYPES.get(main.tag, ""),
        "" if main is None else _AND.join(value.strip(" .,") for value in main.all("e") if value != "main entry"),
        _AND.join(_with_type(field) for field in names if _name(field)),
        _joined(record.first("245"), "abnp", " /"),
        _AND.join(
            filter(None, (_joined(field, "abnpt", " /") for field in record.all("130", "240", "246", "730", "740")))
        ),
        _AND.join(filter(None, (_joined(field, "av", " ") for field in record.all("440", "490")))),
        country_of_code(fixed[15:18]),
        place,
        _inside(published, "b", ",;"),
        date,
        _AND.join(field.get("a") for field in record.all("250") if field.get("a")),
        _AND.join(filter(None, (" ".join(value for _, value in field.subfields) for field in record.all("300")))),
        _AND.join(value for field in record.all("082") for value in field.all("a")),
        _AND.join(value for field in record.all("852") for value in field.all("hj")),
        _AND.join(_topic(field) for field in record.all("600", "610", "611", "630", "648", "650", "651")),
        _AND.join(map(_topic, human)),
        _AND.join(dict.fromkeys(filter(None, map(language_of_code, languages)))),
        _AND.join(
            value for field in record.fields if field.tag[0] == "5" and field.tag != "588" for value in field.all("a")
        ),
        literary_form(record),
        _AND.join(map(_topic, machine)),
        record.text("003").strip(),
        _AND.join(value for field in record.all("035") for value in field.all("a")),
        _digits(fixed[7:11]),
        record.to_json(),
    )
    return list(values)


def is_book(record: MarcRecord) -> bool:
    """Whether byte 33 of field 008 means the literary form: language material (leader/06 a, t) that is no serial."""
    return record.leader[6:7] in ("a", "t") and record.leader[7:8] in ("a", "c", "d", "m")


def literary_form(record: MarcRecord) -> str:
    """Return 008/33 of a book ('0', '1', 'd', …; ' ' was once non-fiction), '' where nobody coded it."""
    fixed = record.text("008")
    if not is_book(record) or len(fixed) != 40:
        return ""
    return fixed[33] if fixed[33] in _FORMS else ""


def machine_links(record: MarcRecord) -> set[str]:
    """Return the link numbers ($8, type p) of fields that a machine wrote: those an 883 with indicator 0 or 1 names."""
    links = set()
    for field in record.all("883"):
        if field.indicators[0] in "01":
            links |= link_numbers(field)
    return links


def link_numbers(field: MarcField) -> set[str]:
    """Return the numbers in the $8 of a field whose type is p (metadata provenance)."""
    return {match.group(1) for value in field.all("8") if (match := _LINK.fullmatch(value))}


def split_genres(record: MarcRecord) -> tuple[list[MarcField], list[MarcField]]:
    """Return the 655 fields that people gave, and those that a machine assigned."""
    machine = machine_links(record)
    by_people: list[MarcField] = []
    by_machine: list[MarcField] = []
    for field in record.all("655"):
        (by_machine if link_numbers(field) & machine else by_people).append(field)
    return by_people, by_machine


def _first(record: MarcRecord, tag: str, code: str) -> str:
    return next((value for field in record.all(tag) if (value := field.get(code))), "")


def _joined(field: MarcField | None, codes: str, cut: str) -> str:
    if field is None:
        return ""
    text = " ".join(field.all(codes)).strip()
    return text.removesuffix(cut.strip()).rstrip() if cut.strip() else text


def _inside(published: list[MarcField], code: str, marks: str) -> str:
    """Return the values of a subfield without the punctuation that only parts it from the next."""
    values = (value.strip().rstrip(marks).strip() for field in published for value in field.all(code))
    return _AND.join(filter(None, values))


def _name(field: MarcField | None) -> str:
    return "" if field is None else " ".join(field.all("abcq")).strip().removesuffix(",").strip()


def _with_type(field: MarcField) -> str:
    kind = _NAME_TYPES.get(field.tag)
    dates = field.get("d").strip(" .,")
    name = f"{_name(field)}, {dates}" if dates else _name(field)
    return f"{name} [{kind}]" if kind else name


def _topic(field: MarcField) -> str:
    main = " ".join(value for code, value in field.subfields if code.isalpha() and code not in "vxyzeu")
    return "--".join([main, *field.all("vxyz")]).strip()


def _codes(value: str) -> list[str]:
    """Return the codes in a 041 $a; old records write several without a gap, three letters each."""
    value = value.strip()
    return [value[at : at + 3] for at in range(0, len(value), 3)] if len(value) % 3 == 0 else [value]


def _digits(text: str) -> str:
    return text if text.isdigit() and len(text) == 4 else ""


# --- MARC 21 (ISO 2709, MARCXML, MarcXchange) as a table --------------------------------------------------------------
# One row a record, the usual columns, and the record itself.


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
