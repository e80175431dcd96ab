"""Building MARC records: the library's own with fields added, only the new fields, or minimal new records."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from core.export.decisions import CURATOR
from core.export.marc_text import is_own_note, note
from core.export.settings import ExportSettings, MarcKind
from core.export.table import ExportTable
from core.readers.marc_codes import country_code, language_code
from core.readers.marc_columns import is_book, link_numbers, split_genres
from core.readers.marc_record import MarcField, MarcRecord, control, data

__all__ = ["Assigned", "Built", "assignments", "builder", "undo_record"]

_ANY_LINK: Final = re.compile(r"(\d+)(?:\.\d+)?(?:\\[a-z])?")
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


@dataclass(frozen=True, slots=True)
class Assigned:
    """What one record is given.

    Attributes
    ----------
    label : str
        The label.
    confidence : float
        Cut off after four decimals; NaN where there is none.
    how : str
        First indicator of 883: '0' accepted by the cut, '1' a person agreed, '2' a person chose.
    reviewed : str
        Day of the review, yyyy-mm-dd; '' where nobody looked.
    """

    row: int
    record_id: str
    label: str
    confidence: float
    how: str
    reviewed: str


@dataclass(frozen=True, slots=True)
class Built:
    """A record, the fields in it that are new, and (enriched records) the record as it was."""

    record: MarcRecord
    new: tuple[MarcField, ...]
    before: MarcRecord | None = None


def assignments(table: ExportTable, rows: np.ndarray | None = None) -> Iterator[Assigned]:
    """Yield what each exported record is given, in the order of the identifiers."""
    chosen = table.accepted if rows is None else rows
    part = table.decisions.iloc[chosen]
    for row, record_id, label, confidence, decision, suggested, moment in zip(
        chosen.tolist(),
        part["record_id"].tolist(),
        part["pred_label"].tolist(),
        part["pred_confidence"].tolist(),
        part["pred_decision"].tolist(),
        part["pred_suggested_label"].tolist(),
        part["reviewed_at"].tolist(),
        strict=True,
    ):
        how = "0" if decision != CURATOR else "1" if label == suggested else "2"
        day = "" if how == "0" else (moment or table.settings.exported_at)[:10]
        yield Assigned(row, record_id, label, confidence, how, day)


def builder(table: ExportTable, kind: MarcKind) -> Callable[[Assigned], Built]:
    """Return the function that builds records of one kind."""
    if kind == "enriched":
        return _Enriched(table)
    return _Delta(table) if kind == "delta" else _Stub(table)


def undo_record(kind: MarcKind, built: Built) -> MarcRecord:
    """Return the record that takes back what `built` brought.

    For an enriched record it is the record as it was; for a delta, the same identifiers and the fields to remove; for
    a stub, the record with the status 'deleted' (leader/05 = d).
    """
    if kind == "enriched" and built.before is not None:
        return built.before
    if kind == "delta":
        return built.record
    kept = [one for one in built.record.fields if one.tag in ("001", "003", "005", "008", "035", "040", "245")]
    return MarcRecord(_leader(built.record.leader, "d"), kept)


class _Maker:
    """What the three kinds share: the new fields and the organisation's marks."""

    def __init__(self, table: ExportTable) -> None:
        self.table = table
        self.settings: ExportSettings = table.settings
        self.stamp = _stamp(table.settings.exported_at)
        self.owner = ("5", table.settings.organisation)

    def new_fields(self, given: Assigned, number: int) -> list[MarcField]:
        """Return 588, 655 and 883; the last two share the link `number`."""
        settings, term = self.settings, self.table.terms[given.label]
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
        known = settings.model.calibrated and given.confidence == given.confidence
        machine = (
            ("a", settings.model.process),
            ("c", f"{given.confidence:.4f}" if known else ""),
            ("d", settings.date),
            ("q", settings.organisation),
            ("u", settings.run_uri),
        )
        person = (("a", "curator review"), ("d", given.reviewed.replace("-", "")), ("q", settings.organisation))
        provenance = data("883", f"{given.how} ", link, *(person if given.how == "2" else machine))
        sentence = note(settings, self.table.labels, given.how, given.reviewed)
        return [data("588", "  ", ("a", sentence), self.owner), genre, provenance]

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


class _Enriched(_Maker):
    """The library's own record with the new fields added."""

    def __call__(self, given: Assigned) -> Built:
        before = self._original(given.row)
        record = before.copy()
        self._remove_own(record)
        number = 1 + max((int(found) for one in record.fields for found in _numbers(one)), default=0)
        new = self.new_fields(given, number)
        for one in new:
            _insert(record, one)
        record.leader = _leader(record.leader, "c")
        _set_control(record, "005", self.stamp)
        self._add_agency(record)
        form = self.table.terms[given.label].literary_form
        if self.settings.write_literary_form and form:
            _set_literary_form(record, form)
        return Built(record, tuple(new), before)

    def _original(self, row: int) -> MarcRecord:
        marc = self.table.marc
        return MarcRecord.from_json(marc.iloc[row]) if marc is not None else MarcRecord(" " * 24)

    def _remove_own(self, record: MarcRecord) -> None:
        """Take out what an earlier run of the same model wrote; a 655 whose 883 is gone belongs to a person."""
        mine = [one for one in record.all("883") if one.get("a").startswith(self.settings.model.name)]
        links = {number for one in mine for number in link_numbers(one)}
        if not mine:
            return
        genres = [one for one in split_genres(record)[1] if link_numbers(one) & links]
        notes = [one for one in record.all("588") if is_own_note(one.get("a"))]
        gone = {id(one) for one in (*mine, *genres, *notes)}
        record.fields = [one for one in record.fields if id(one) not in gone]

    def _add_agency(self, record: MarcRecord) -> None:
        organisation = self.settings.organisation
        if not organisation:
            return
        agency = record.first("040")
        if agency is None:
            _insert(record, data("040", "  ", ("d", organisation)))
        elif agency.all("d")[-1:] != [organisation]:
            agency.subfields.append(("d", organisation))


class _Delta(_Enriched):
    """Only what identifies the record, and the new fields."""

    def __call__(self, given: Assigned) -> Built:
        if self.table.marc is None or not self.table.marc.iloc[given.row]:
            new = self.new_fields(given, 1)
            return Built(
                MarcRecord("00000cam a22000007u 4500", [*self.source_fields(given.record_id), *new]), tuple(new)
            )
        whole = super().__call__(given)
        mine = {id(one) for one in whole.new}
        kept = ("001", "003", "005", "035", "040")
        fields = [one for one in whole.record.fields if one.tag in kept or id(one) in mine]
        return Built(MarcRecord(whole.record.leader, fields), whole.new, whole.before)


class _Stub(_Maker):
    """A minimal new record from the columns of the catalogue file."""

    def __init__(self, table: ExportTable) -> None:
        super().__init__(table)
        records = table.records
        self.columns = {name: records[name].tolist() for name in _READ}
        self.years = [None if year is pd.NA else int(year) for year in records["year"].tolist()]
        kinds = table.originals.get("Type of resource")
        self.serial = [False] * len(records) if kinds is None else kinds.str.contains("Serial").tolist()
        names = table.originals.get("Type of name")
        self.bodies = [False] * len(records) if names is None else names.str.contains("organisation").tolist()

    def __call__(self, given: Assigned) -> Built:
        row = given.row
        has = {name: values[row] for name, values in self.columns.items()}
        new = self.new_fields(given, 1)
        provenance = new.pop()
        serial, online = self.serial[row], self.settings.carrier == "online"
        author = _author(has["author"], self.bodies[row])
        ids = self.source_fields(given.record_id)
        at = next((place for place, one in enumerate(ids) if one.tag == "035"), len(ids))
        at = min(at, next((place for place, one in enumerate(ids) if one.tag == "040"), len(ids)))
        title = data("245", f"{'1' if author else '0'}{_nonfiling(has)}", ("a", has["title"]))
        published = data("264", " 1", ("a", has["place"]), ("b", has["publisher"]), ("c", has["date"]))
        form = self.table.terms[given.label].literary_form if self.settings.write_literary_form else ""
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
            provenance,
        ]
        leader = f"00000na{'s' if serial else 'm'} a22000007u 4500"
        return Built(MarcRecord(leader, [one for one in fields if one.is_control or one.subfields]), (*new, provenance))

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


_READ: Final = (
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
    said = dates.group(1) if dates else ""
    return [data("100", "1 " if "," in plain else "0 ", ("a", f"{plain}," if said else plain), ("d", said))]


def _nonfiling(has: dict[str, str]) -> int:
    """Return how many characters to pass over in filing: an article in a language that the catalogue states."""
    if has["language_source"] != "catalogue":
        return 0
    first, blank, _ = has["title"].partition(" ")
    return len(first) + 1 if blank and first.lower() in _ARTICLES.get(has["language"], ()) else 0


def _numbers(one: MarcField) -> list[str]:
    return [found.group(1) for value in one.all("8") if (found := _ANY_LINK.fullmatch(value))]


def _insert(record: MarcRecord, new: MarcField) -> None:
    """Put a field behind the last one whose tag is not greater; the order of the others stays."""
    at = max((place for place, one in enumerate(record.fields, start=1) if one.tag <= new.tag), default=0)
    record.fields.insert(at, new)


def _set_control(record: MarcRecord, tag: str, text: str) -> None:
    found = record.first(tag)
    if found is None:
        _insert(record, control(tag, text))
    else:
        found.text = text


def _set_literary_form(record: MarcRecord, form: str) -> None:
    """Write 008/33 where nobody coded it: only a book, only over '|' or 'u'. A blank was once non-fiction: it stays."""
    fixed = record.first("008")
    if fixed is not None and is_book(record) and len(fixed.text) == 40 and fixed.text[33] in "|u":
        fixed.text = fixed.text[:33] + form + fixed.text[34:]


def _leader(leader: str, status: str) -> str:
    return leader[:5] + status + leader[6:9] + "a" + leader[10:]


def _stamp(moment: str) -> str:
    return "".join(mark for mark in moment if mark.isdigit()) + ".0"
