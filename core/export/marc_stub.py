"""Building minimal MARC records from the columns of a catalogue file, for a library that holds none."""

import re
from typing import Final

import pandas as pd

from core.export.marc_build import Assignment, BuiltRecord, RecordBuilder
from core.export.table import ExportTable
from core.readers.marc_codes import language_code
from core.readers.marc_countries import country_code
from core.readers.marc_record import MarcField, MarcRecord, control, data

__all__ = ["StubBuilder"]

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
        provenance = new.pop()
        serial, online = self.serial[row], self.settings.carrier == "online"
        author = _author(has["author"], self.bodies[row])
        ids = self.source_fields(given.record_id)
        at = next((place for place, field in enumerate(ids) if field.tag == "035"), len(ids))
        at = min(at, next((place for place, field in enumerate(ids) if field.tag == "040"), len(ids)))
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
        return BuiltRecord(
            MarcRecord(leader, [field for field in fields if field.is_control or field.subfields]), (*new, provenance)
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
