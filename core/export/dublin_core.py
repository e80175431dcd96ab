"""Simple Dublin Core (oai_dc): the label as type, its provenance as a sentence in the description."""

from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

from core.export.marc_build import Assignment, assignments
from core.export.marc_text import Cleaner
from core.export.table import ExportTable
from core.export.wording import note

__all__ = ["dublin_core_record", "write_dublin_core"]

_OAI_DC: Final = "http://www.openarchives.org/OAI/2.0/oai_dc/"
_DC: Final = "http://purl.org/dc/elements/1.1/"
_COLUMNS_READ: Final = ("title", "author", "date", "publisher", "language", "language_source")


def write_dublin_core(path: Path, table: ExportTable) -> tuple[int, Cleaner]:
    """Write the accepted records; return how many, and what was taken out of their text."""
    cleaner, count = Cleaner(), 0
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(
            f'<?xml version="1.0" encoding="UTF-8"?>\n<oai_dc:dcCollection xmlns:oai_dc="{_OAI_DC}" xmlns:dc="{_DC}">\n'
        )
        columns = {name: table.records[name].tolist() for name in _COLUMNS_READ}
        for given in assignments(table):
            has = {name: cleaner.text(values[given.row]) for name, values in columns.items()}
            stream.write(dublin_core_record(table, given, has))
            count += 1
        stream.write("</oai_dc:dcCollection>\n")
    return count, cleaner


def dublin_core_record(table: ExportTable, given: Assignment, has: dict[str, str]) -> str:
    """Return one record; `has` is its text, without control characters."""
    settings = table.settings
    sentence = Cleaner().text(note(table, given.row, given.assigned_by, given.reviewed))
    if given.confidence == given.confidence:
        kind = "calibrated" if settings.model.calibrated else "not calibrated"
        sentence += f" Label: {given.label}. Confidence: {given.confidence:.4f} ({kind})."
    parts = (
        ("title", has["title"]),
        ("creator", has["author"]),
        ("type", table.terms[given.label].term),
        ("description", sentence),
        ("publisher", has["publisher"]),
        ("date", has["date"]),
        ("identifier", given.record_id),
        ("language", has["language"] if has["language_source"] == "catalogue" else ""),
    )
    inside = "".join(f"<dc:{name}>{escape(value)}</dc:{name}>" for name, value in parts if value)
    return f"<oai_dc:dc>{inside}</oai_dc:dc>\n"
