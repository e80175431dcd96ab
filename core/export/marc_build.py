"""Building MARC records: the library's own with new fields, only the new fields, or minimal records from columns."""

import itertools
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Final

import numpy as np
import pandas as pd

from core.classes import term_key
from core.export.decisions import CURATOR
from core.export.formats import MarcKind
from core.export.sentences import note
from core.export.settings import GENRE_SOURCES, LITERARY_FORMS, ExportSettings
from core.export.table import ExportTable
from core.readers.marc import is_book, link_numbers, split_genres
from core.readers.marc_codes import country_code, language_code
from core.readers.marc_decode import FIELD_LIMIT, RECORD_LIMIT, MarcField, MarcRecord, control, data

__all__ = [
    "RULES",
    "Assignment",
    "BuiltRecord",
    "Cleaner",
    "DeltaBuilder",
    "EnrichedBuilder",
    "Fault",
    "RecordBuilder",
    "StubBuilder",
    "assignments",
    "check_file",
    "check_record",
    "is_generated_note",
    "with_status",
]


# --- Text that goes into MARC and XML ---------------------------------------------------------------------------------
# Without control characters; and knowing our own sentences again.


# Line breaks and tabs part words; the other control characters, 0x1D to 0x1F among them, would end a field or a record.
_BLANKS: Final = re.compile("[\t\n\r\x0b\x0c\x85\u2028\u2029]")
_FORBIDDEN: Final = re.compile("[\x00-\x1f\x7f\ufffe\uffff]")
# The sentences of core.export.sentences.note, and those of versions that did not yet name the model.
_GENERATED_NOTE: Final = re.compile(
    r".+ term (assigned automatically (from|by machine learning \(AI\)) .+; "
    r"(not checked by a cataloguer|checked and confirmed by a person.*)"
    r"|chosen by a person in review on \d{4}-\d\d-\d\d.*)\."
)


@dataclass
class Cleaner:
    """Takes out control characters and counts them."""

    characters: int = 0
    records: int = 0

    def text(self, text: str) -> str:
        """Return the text without control characters; line breaks and tabs become blanks."""
        if text.isprintable():
            return text
        cleaned, blanks = _BLANKS.subn(" ", text)
        cleaned, taken = _FORBIDDEN.subn("", cleaned)
        self.characters += blanks + taken
        return cleaned

    def record(self, record: MarcRecord) -> MarcRecord:
        """Clean every field of a record, in place."""
        before = self.characters
        for field in record.fields:
            if not field.text.isprintable():
                field.text = self.text(field.text)
            for place, (code, value) in enumerate(field.subfields):
                if not value.isprintable():
                    field.subfields[place] = (code, self.text(value))
        self.records += self.characters > before
        return record


def is_generated_note(text: str) -> bool:
    """Whether a 588 is one of the sentences that :func:`core.export.sentences.note` writes."""
    return _GENERATED_NOTE.fullmatch(text) is not None


# --- Our own rules for MARC records, held before anything is written --------------------------------------------------
# What public validators do not look at.
# Sources: MARC 21 Format for Bibliographic Data (Library of Congress), fields 008, 655, 883 and Appendix A ($8);
# MARC 21 Specifications for Record Structure, Character Sets, and Exchange Media.


RULES: Final = {
    "leader": "24 characters, coding scheme 'a' (UTF-8), and the fixed digits of MARC 21",
    "identifier": "one 001 that is not empty",
    "title": "exactly one 245 with a title (none in a delta)",
    "fixed-field": "at most one 008, of 40 characters, with a known literary form for books",
    "genre": "655 has a term, and $2 names a known list exactly when the second indicator is 7",
    "provenance": "883 has known indicators and subfields, none twice that may stand once, a true date",
    "confidence": "883 $c is a number from 0 to 1",
    "link": "every 883 is linked by $8 to a 655, and every 655 with such a link to an 883",
    "human-first": "no genre term by machine where a person or the catalogue gave one",
    "control-characters": "no control characters in the text",
    "field-length": f"no field longer than {FIELD_LIMIT:,} bytes",
    "record-length": f"no record longer than {RECORD_LIMIT:,} bytes",
    "subfields": "no empty field, no empty subfield code, two indicators",
}
_PROVENANCE_SUBFIELDS: Final = frozenset("acdquxw018")
_NOT_REPEATABLE: Final = frozenset("acdqux")
_LINK: Final = re.compile(r"\d+(\.\d+)?\\[a-z]")
_CONFIDENCE: Final = re.compile(r"(0([.,]\d+)?|1([.,]0+)?)")
_MARKS: Final = frozenset("0123456789abcdefghijklmnopqrstuvwxyz |")


@dataclass(frozen=True, slots=True)
class Fault:
    """One broken rule: a key of :data:`RULES`, the field, and what was found."""

    rule: str
    field: str
    detail: str

    def __str__(self) -> str:
        return f"{self.field}: {self.detail} ({RULES[self.rule]})"


def check_record(
    record: MarcRecord, kind: MarcKind = "enriched", *, speaking: Sequence[Collection[str]] = (), lengths: bool = True
) -> list[Fault]:
    """Return every rule that a record breaks.

    Parameters
    ----------
    kind : {'enriched', 'delta', 'stub'}
        A delta has no title.
    speaking : sequence of collection of str
        For each set of labels the keys (:func:`core.classes.term_key`) of the genre terms that speak of them: where a
        person gave one of these, no machine may add another.
    lengths : bool
        Whether the limits of ISO 2709 matter; they do not in MARCXML.
    """
    return [
        *_leader(record),
        *_single_fields(record, kind),
        *_genres(record),
        *_provenance(record),
        *_links(record),
        *(fault for keys in speaking for fault in _human_first(record, keys)),
        *_texts(record),
        *(_lengths(record) if lengths else ()),
    ]


def check_file(data: bytes) -> list[Fault]:
    """Return the faults that show only in the bytes of an ISO 2709 file: leader/09 and lengths of every record."""
    faults = []
    for number, piece in enumerate(data.split(b"\x1d")[:-1], start=1):
        where, length = f"record {number}", len(piece) + 1
        if piece[:5] != f"{length:05d}".encode():
            faults.append(Fault("record-length", where, f"leader says {piece[:5]!r}, there are {length:,} bytes"))
        if piece[9:10] != b"a":
            faults.append(Fault("leader", where, f"coding scheme {piece[9:10]!r}"))
        base = int(piece[12:17]) if piece[12:17].isdigit() else 0
        if base < 25 or piece[base - 1 : base] != b"\x1e" or (base - 25) % 12:
            faults.append(Fault("field-length", where, "the directory is damaged"))
    return faults


def _leader(record: MarcRecord) -> Iterator[Fault]:
    leader = record.leader
    if len(leader) != 24:
        yield Fault("leader", "LDR", f"{len(leader)} characters")
    elif leader[9] != "a":
        yield Fault("leader", "LDR", f"coding scheme '{leader[9]}'")
    elif leader[5] not in "acdnp" or leader[10:12] != "22" or leader[20:22] != "45":
        yield Fault("leader", "LDR", f"'{leader}'")


def _single_fields(record: MarcRecord, kind: MarcKind) -> Iterator[Fault]:
    count = Counter(field.tag for field in record.fields)
    if count["001"] != 1 or not record.text("001").strip():
        yield Fault("identifier", "001", f"{count['001']} fields, '{record.text('001')}'")
    if kind == "delta":
        if count["245"]:
            yield Fault("title", "245", "a delta with a title")
    elif count["245"] != 1 or not any(value.strip() for field in record.all("245") for value in field.all("abk")):
        yield Fault("title", "245", f"{count['245']} fields")
    if count["008"] > 1:
        yield Fault("fixed-field", "008", f"{count['008']} fields")
    for field in record.all("008"):
        if len(field.text) != 40:
            yield Fault("fixed-field", "008", f"{len(field.text)} characters")
        elif is_book(record) and field.text[33] not in LITERARY_FORMS and field.text[33] != " ":
            yield Fault("fixed-field", "008", f"literary form '{field.text[33]}'")


def _genres(record: MarcRecord) -> Iterator[Fault]:
    for field in record.all("655"):
        sources = field.all("2")
        if not field.get("a").strip():
            yield Fault("genre", "655", "no term")
        if (field.indicators[1] == "7") != bool(sources):
            yield Fault("genre", "655", f"second indicator '{field.indicators[1]}', $2 '{' '.join(sources)}'")
        if any(_LINK.fullmatch(value) for value in field.all("8")):
            # The library's own terms may come from any list; ours come from a known one.
            for source in sources:
                if source not in GENRE_SOURCES:
                    yield Fault("genre", "655", f"unknown list '{source}'")


def _provenance(record: MarcRecord) -> Iterator[Fault]:
    for field in record.all("883"):
        if field.indicators[0] not in " 012" or field.indicators[1] != " ":
            yield Fault("provenance", "883", f"indicators '{field.indicators}'")
        codes = Counter(code for code, _ in field.subfields)
        for code, times in codes.items():
            if code not in _PROVENANCE_SUBFIELDS:
                yield Fault("provenance", "883", f"subfield ${code}")
            elif times > 1 and code in _NOT_REPEATABLE:
                yield Fault("provenance", "883", f"${code} {times} times")
        for value in field.all("c"):
            if not _CONFIDENCE.fullmatch(value):
                yield Fault("confidence", "883", f"$c '{value}'")
        for value in field.all("d"):
            if not _is_day(value):
                yield Fault("provenance", "883", f"$d '{value}'")


def _links(record: MarcRecord) -> Iterator[Fault]:
    linked = {number for field in record.fields if field.tag != "883" for number in _link_set(field)}
    provenance = [(field, link_numbers(field)) for field in record.all("883")]
    for _, numbers in provenance:
        if not numbers or not numbers <= linked:
            yield Fault("link", "883", "no field shares its $8")
    named = {number for _, numbers in provenance for number in numbers}
    for field in record.all("655"):
        if not link_numbers(field) <= named:
            yield Fault("link", "655", "no 883 shares its $8")


def _human_first(record: MarcRecord, speaking: Collection[str]) -> Iterator[Fault]:
    by_people, by_machine = split_genres(record)
    ours = [field for field in by_machine if term_key(field.get("a")) in speaking]
    if len(ours) > 1:
        yield Fault("human-first", "655", f"{len(ours)} terms by machine")
    chosen = [field for field in by_people if term_key(field.get("a")) in speaking]
    if ours and chosen:
        yield Fault("human-first", "655", f"'{ours[0].get('a')}' by machine beside '{chosen[0].get('a')}' by a person")


def _link_set(field: MarcField) -> set[str]:
    # Most fields have no $8, and this runs over every field of every record.
    return link_numbers(field) if field.subfields and any(code == "8" for code, _ in field.subfields) else set()


def _texts(record: MarcRecord) -> Iterator[Fault]:
    cleaner = Cleaner()
    for field in record.fields:
        texts = [field.text] if field.is_control else [value for _, value in field.subfields]
        for text in texts:
            if not text.isprintable() and cleaner.text(text) != text:
                yield Fault("control-characters", field.tag, repr(text[:40]))
        if field.is_control:
            continue
        if not field.subfields or any(len(code) != 1 or code == " " for code, _ in field.subfields):
            yield Fault("subfields", field.tag, "no subfield, or one without a code")
        if len(field.indicators) != 2 or not set(field.indicators) <= _MARKS:
            yield Fault("subfields", field.tag, f"indicators '{field.indicators}'")


def _lengths(record: MarcRecord) -> Iterator[Fault]:
    total = 25 + 12 * len(record.fields) + 1
    for field in record.fields:
        length = len(field.content().encode("utf-8"))
        total += length
        if length > FIELD_LIMIT:
            yield Fault("field-length", field.tag, f"{length:,} bytes")
    if total > RECORD_LIMIT:
        yield Fault("record-length", "LDR", f"{total:,} bytes")


@lru_cache(maxsize=4_096)
def _is_day(text: str) -> bool:
    if not (len(text) == 8 and text.isascii() and text.isdigit()):
        return False
    try:
        datetime.strptime(text, "%Y%m%d")
    except ValueError:
        return False
    return True


# --- Building MARC records: the library's own with the new fields added, or only the new fields -----------------------


_ANY_LINK: Final = re.compile(r"(\d+)(?:\.\d+)?(?:\\[a-z])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """What one record is given.

    Attributes
    ----------
    table : ExportTable
        The set of labels that this one is of.
    label : str
        The label.
    confidence : float
        Cut off after four decimals; NaN where there is none.
    assigned_by : str
        First indicator of 883: '0' accepted by the cut, '1' a person agreed, '2' a person chose.
    reviewed : str
        Day of the review, yyyy-mm-dd; '' where nobody looked.
    threshold : float
        The cut, cut off after four decimals; NaN where there is none.
    further : tuple of Assignment
        What the record is given by further sets of labels.
    """

    table: ExportTable
    row: int
    record_id: str
    label: str
    confidence: float
    assigned_by: str
    reviewed: str
    threshold: float
    further: "tuple[Assignment, ...]" = ()

    @property
    def each(self) -> "tuple[Assignment, ...]":
        """Return everything that the record is given, this first."""
        return (self, *self.further)


@dataclass(frozen=True, slots=True)
class BuiltRecord:
    """A record, the fields in it that are new, and (enriched records) the record as it was.

    The new fields are the 588 of each label, then the 655 of each, then the 883 of each.
    """

    record: MarcRecord
    new: tuple[MarcField, ...]
    before: MarcRecord | None = None

    def by_label(self) -> Iterator[tuple[MarcField, MarcField, MarcField]]:
        """Yield the 588, 655 and 883 of each label."""
        count = len(self.new) // 3
        yield from zip(self.new[:count], self.new[count : 2 * count], self.new[2 * count :], strict=True)


def assignments(table: ExportTable, rows: np.ndarray | None = None) -> Iterator[Assignment]:
    """Yield what each exported record is given, in the order of the identifiers.

    A label that is no term of the catalogue, such as that of what a learned facet does not hold, is given to none.
    """
    chosen = table.accepted if rows is None else rows
    if not table.also:
        yield from _of_one_set(table, chosen)
        return
    by_row: dict[int, list[Assignment]] = {}
    for each in table.each:
        for given in _of_one_set(each, chosen[np.isin(chosen, each.labelled)]):
            by_row.setdefault(given.row, []).append(given)
    for row in chosen.tolist():
        if row in by_row:
            first, *further = by_row[row]
            yield replace(first, further=tuple(further))


def _of_one_set(table: ExportTable, chosen: np.ndarray) -> Iterator[Assignment]:
    part = table.decisions.iloc[chosen]
    for row, record_id, label, confidence, decision, suggested, moment, threshold in zip(
        chosen.tolist(),
        part["record_id"].tolist(),
        part["pred_label"].tolist(),
        part["pred_confidence"].tolist(),
        part["pred_decision"].tolist(),
        part["pred_suggested_label"].tolist(),
        part["reviewed_at"].tolist(),
        part["pred_threshold"].tolist(),
        strict=True,
    ):
        if label not in table.terms:
            continue
        how = "0" if decision != CURATOR else "1" if label == suggested else "2"
        day = "" if how == "0" else (moment or table.settings.exported_at)[:10]
        yield Assignment(
            table=table,
            row=row,
            record_id=record_id,
            label=label,
            confidence=confidence,
            assigned_by=how,
            reviewed=day,
            threshold=threshold,
        )


class RecordBuilder:
    """What the three kinds share: the new fields and the organisation's marks."""

    def __init__(self, table: ExportTable) -> None:
        self.table = table
        self.settings: ExportSettings = table.settings
        self.stamp = _stamp(table.settings.exported_at)
        self.owner = ("5", table.settings.organisation)

    def new_fields(self, given: Assignment, number: int) -> list[MarcField]:
        """Return 588, 655 and 883 of each label; its 655 and 883 share a link, of the first it is `number`."""
        fields = [self._of_label(each, number + place) for place, each in enumerate(given.each)]
        return list(itertools.chain.from_iterable(zip(*fields, strict=True)))

    def _of_label(self, given: Assignment, number: int) -> tuple[MarcField, MarcField, MarcField]:
        settings, term = given.table.settings, given.table.terms[given.label]
        link = ("8", f"{number}\\p")
        genre = data(
            "655",
            " 7" if term.source else " 4",
            link,
            ("a", term.term),
            ("0", term.uri if term.source else ""),
            ("2", term.source),
            self.owner,
        )
        whose = given.table.settings_of(given.row)
        known = whose.model.calibrated and given.confidence == given.confidence
        machine = (
            ("a", whose.model.process),
            ("c", f"{given.confidence:.4f}" if known else ""),
            ("d", whose.date),
            ("q", settings.organisation),
            ("u", settings.run_uri),
        )
        person = (("a", "curator review"), ("d", given.reviewed.replace("-", "")), ("q", settings.organisation))
        provenance = data("883", f"{given.assigned_by} ", link, *(person if given.assigned_by == "2" else machine))
        sentence = note(given.table, given.row, given.assigned_by, given.reviewed)
        return data("588", "  ", ("a", sentence), self.owner), genre, provenance

    def literary_form(self, given: Assignment) -> str:
        """Return what is coded in 008/33 for what a book is given; '' for nothing."""
        if not self.settings.write_literary_form:
            return ""
        return next(filter(None, (each.table.terms[each.label].literary_form for each in given.each)), "")

    def source_fields(self, record_id: str) -> list[MarcField]:
        """Return 001, 003, 005, 035 and 040 of a record that is not the library's own."""
        code = self.settings.source_code
        fields = [control("001", record_id)]
        if code:
            fields.append(control("003", code))
        fields.append(control("005", self.stamp))
        if code:
            fields.append(data("035", "  ", ("a", f"({code}){record_id}")))
        agency = data(
            "040", "  ", ("a", code), ("b", "eng" if code else ""), ("c", code), ("d", self.settings.organisation)
        )
        return [*fields, agency] if agency.subfields else fields


class EnrichedBuilder(RecordBuilder):
    """The library's own record with the new fields added."""

    def build(self, given: Assignment) -> BuiltRecord:
        """Return the record for what one book is given."""
        before = self._original(given.row)
        record = before.copy()
        self._remove_generated(record)
        number = 1 + max((int(link_number) for field in record.fields for link_number in _numbers(field)), default=0)
        new = self.new_fields(given, number)
        for field in new:
            _insert(record, field)
        record.leader = with_status(record.leader, "c")
        _set_control(record, "005", self.stamp)
        self._add_agency(record)
        form = self.literary_form(given)
        if form:
            _set_literary_form(record, form)
        return BuiltRecord(record, tuple(new), before)

    def _original(self, row: int) -> MarcRecord:
        return MarcRecord.from_json(self.table.marc_texts[row])

    def _remove_generated(self, record: MarcRecord) -> None:
        """Take out what an earlier run of the same model wrote; a 655 whose 883 is gone belongs to a person."""
        names = [model.name for table in self.table.each for model in table.settings.model.each]
        prefixes = tuple(f"{name} " for name in names)
        earlier = [
            field for field in record.all("883") if field.get("a") in names or field.get("a").startswith(prefixes)
        ]
        links = {number for field in earlier for number in link_numbers(field)}
        if not earlier:
            return
        genres = [field for field in split_genres(record)[1] if link_numbers(field) & links]
        notes = [field for field in record.all("588") if is_generated_note(field.get("a"))]
        gone = {id(field) for field in (*earlier, *genres, *notes)}
        record.fields = [field for field in record.fields if id(field) not in gone]

    def _add_agency(self, record: MarcRecord) -> None:
        organisation = self.settings.organisation
        if not organisation:
            return
        agency = record.first("040")
        if agency is None:
            _insert(record, data("040", "  ", ("d", organisation)))
        elif agency.all("d")[-1:] != [organisation]:
            agency.subfields.append(("d", organisation))


class DeltaBuilder(EnrichedBuilder):
    """Only what identifies the record, and the new fields."""

    def build(self, given: Assignment) -> BuiltRecord:
        """Return the record for what one book is given."""
        if not self.table.marc_texts[given.row]:
            new = self.new_fields(given, 1)
            return BuiltRecord(
                MarcRecord("00000cam a22000007u 4500", [*self.source_fields(given.record_id), *new]), tuple(new)
            )
        whole = super().build(given)
        mine = {id(field) for field in whole.new}
        identifier_tags = ("001", "003", "005", "035", "040")
        record = MarcRecord(
            whole.record.leader,
            [field for field in whole.record.fields if field.tag in identifier_tags or id(field) in mine],
        )
        number, owner = record.text("001").strip(), record.text("003").strip()
        if number and owner and record.first("035") is None:
            _insert(record, data("035", "  ", ("a", f"({owner}){number}")))
        return BuiltRecord(record, whole.new, whole.before)


def _numbers(field: MarcField) -> list[str]:
    return [match.group(1) for value in field.all("8") if (match := _ANY_LINK.fullmatch(value))]


def _insert(record: MarcRecord, new: MarcField) -> None:
    """Put a field behind the last one whose tag is not greater; the order of the others stays."""
    at = max((place for place, field in enumerate(record.fields, start=1) if field.tag <= new.tag), default=0)
    record.fields.insert(at, new)


def _set_control(record: MarcRecord, tag: str, text: str) -> None:
    field = record.first(tag)
    if field is None:
        _insert(record, control(tag, text))
    else:
        field.text = text


def _set_literary_form(record: MarcRecord, form: str) -> None:
    """Write 008/33 where nobody coded it: only a book, only over '|' or 'u'. A blank was once non-fiction: it stays."""
    fixed = record.first("008")
    if fixed is not None and is_book(record) and len(fixed.text) == 40 and fixed.text[33] in "|u":
        fixed.text = fixed.text[:33] + form + fixed.text[34:]


def with_status(leader: str, status: str) -> str:
    """Return a leader with another record status (byte 5) and the coding scheme UTF-8 (byte 9)."""
    return leader[:5] + status + leader[6:9] + "a" + leader[10:]


def _stamp(moment: str) -> str:
    return "".join(mark for mark in moment if mark.isdigit()) + ".0"


# --- Building minimal MARC records from the columns of a catalogue file -----------------------------------------------
# Building minimal MARC records from the columns of a catalogue file, for a library that holds none.


_DATES: Final = re.compile(r",?\s*((?:active |fl\. )?\d{3,4}\??-(?:\d{3,4}\??)?)\.?$")
_ARTICLES: Final = {
    "English": ("the", "a", "an"),
    "German": ("der", "die", "das", "ein", "eine"),
    "Dutch": ("de", "het", "een"),
    "French": ("le", "la", "les", "un", "une"),
    "Italian": ("il", "lo", "la", "i", "gli", "le", "un", "uno", "una"),
    "Spanish": ("el", "la", "los", "las", "un", "una"),
    "Portuguese": ("o", "a", "os", "as", "um", "uma"),
    "Swedish": ("en", "ett"),
    "Danish": ("en", "et"),
}


class StubBuilder(RecordBuilder):
    """A minimal new record from the columns of the catalogue file."""

    def __init__(self, table: ExportTable) -> None:
        super().__init__(table)
        records = table.records
        self.columns = {name: records[name].tolist() for name in _COLUMNS_READ}
        self.years = [None if year is pd.NA else int(year) for year in records["year"].tolist()]
        kinds = table.originals.get("Type of resource")
        self.serial = [False] * len(records) if kinds is None else kinds.str.contains("Serial").tolist()
        names = table.originals.get("Type of name")
        self.bodies = [False] * len(records) if names is None else names.str.contains("organisation").tolist()

    def build(self, given: Assignment) -> BuiltRecord:
        """Return the record for what one book is given."""
        row = given.row
        has = {name: values[row] for name, values in self.columns.items()}
        new = self.new_fields(given, 1)
        new, provenance = new[: -len(given.each)], new[-len(given.each) :]
        serial, online = self.serial[row], self.settings.carrier == "online"
        author = _author(has["author"], self.bodies[row])
        ids = self.source_fields(given.record_id)
        at = next((place for place, field in enumerate(ids) if field.tag == "035"), len(ids))
        at = min(at, next((place for place, field in enumerate(ids) if field.tag == "040"), len(ids)))
        title = data("245", f"{'1' if author else '0'}{_nonfiling(has)}", ("a", has["title"]))
        published = data("264", " 1", ("a", has["place"]), ("b", has["publisher"]), ("c", has["date"]))
        form = self.literary_form(given)
        fields = [
            *ids[:at],
            *([control("007", "cr |||||||||||")] if online else []),
            control("008", self._fixed(row, has, form, serial)),
            *ids[at:],
            *author,
            title,
            *([published] if published.subfields else []),
            *_CARRIERS[self.settings.carrier],
            *new,
            *self._print_version(has["alternate_id"], online),
            *provenance,
        ]
        leader = f"00000na{'s' if serial else 'm'} a22000007u 4500"
        return BuiltRecord(
            MarcRecord(leader, [field for field in fields if field.is_control or field.subfields]), (*new, *provenance)
        )

    def _fixed(self, row: int, has: dict[str, str], form: str, serial: bool) -> str:
        year, certainty = self.years[row], has["date_certainty"]
        if year is None or not 0 < year <= 9999:
            dates = "nuuuuuuuu"
        elif certainty == "range" or serial:
            dates = f"{'u' if serial else 'm'}{year:04d}uuuu"
        else:
            dates = f"s{year:04d}    "
        # A language that a program detected is no cataloguer's statement: it is not coded.
        language = language_code(has["language"]) if has["language_source"] == "catalogue" else "|||"
        item = "o" if self.settings.carrier == "online" else " "
        # Byte 28 is blank: a fill character there makes a crosswalk call the book a government publication.
        middle = f"|| ||{item}|||| |   ||" if serial else f"|||||{item}|||| ||| {form or '|'}|"
        created = self.settings.exported_at
        return f"{created[2:4]}{created[5:7]}{created[8:10]}{dates}{country_code(has['country'])}{middle}{language} |"

    def _print_version(self, alternate: str, online: bool) -> list[MarcField]:
        if not (alternate and online):
            return []
        code = self.settings.source_code
        return [data("776", "08", ("i", "Print version:"), ("w", f"({code}){alternate}" if code else alternate))]


_COLUMNS_READ: Final = (
    "title",
    "author",
    "date",
    "date_certainty",
    "place",
    "publisher",
    "country",
    "language",
    "language_source",
    "alternate_id",
)
_TEXT_CONTENT: Final = data("336", "  ", ("a", "text"), ("b", "txt"), ("2", "rdacontent"))
_CARRIERS: Final = {
    "online": (
        _TEXT_CONTENT,
        data("337", "  ", ("a", "computer"), ("b", "c"), ("2", "rdamedia")),
        data("338", "  ", ("a", "online resource"), ("b", "cr"), ("2", "rdacarrier")),
    ),
    "volume": (
        _TEXT_CONTENT,
        data("337", "  ", ("a", "unmediated"), ("b", "n"), ("2", "rdamedia")),
        data("338", "  ", ("a", "volume"), ("b", "nc"), ("2", "rdacarrier")),
    ),
}


def _author(name: str, body: bool) -> list[MarcField]:
    name = name.split(" ; ")[0]
    name = re.sub(r"\s*\[[^\]]*\]$", "", name).strip()
    if not name:
        return []
    if body:
        return [data("110", "2 ", ("a", name))]
    dates = _DATES.search(name)
    plain = name[: dates.start()].rstrip(" ,") if dates else name
    if not plain:
        return [data("100", "0 ", ("a", name))]
    life_dates = dates.group(1) if dates else ""
    return [data("100", "1 " if "," in plain else "0 ", ("a", f"{plain}," if life_dates else plain), ("d", life_dates))]


def _nonfiling(has: dict[str, str]) -> int:
    """Return how many characters to pass over in filing: an article in a language that the catalogue states."""
    if has["language_source"] != "catalogue":
        return 0
    first, blank, _ = has["title"].partition(" ")
    return len(first) + 1 if blank and first.lower() in _ARTICLES.get(has["language"], ()) else 0
