"""Our own rules for MARC records, held before anything is written: what public validators do not look at."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final

from core.classes import term_key
from core.export.formats import MarcKind
from core.export.terms import GENRE_SOURCES, LITERARY_FORMS
from core.readers.marc import is_book, link_numbers, split_genres
from core.readers.marc_record import FIELD_LIMIT, RECORD_LIMIT, MarcField, MarcRecord

__all__ = [
    "RULES",
    "Cleaner",
    "Fault",
    "check_file",
    "check_record",
    "is_generated_note",
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
    record: MarcRecord,
    kind: MarcKind = "enriched",
    *,
    speaking: Sequence[Collection[str]] = (),
    lengths: bool = True,
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
