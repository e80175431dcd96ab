"""MODS 3.7 with the label as a genre, and the numbers behind it in an extension of our own.

Written directly: the Library of Congress crosswalk reads 008/33 wrongly and loses 883.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from core.export.identifiers import NAMESPACE
from core.export.marc_build import Assignment, assignments
from core.export.marc_text import Cleaner
from core.export.table import ExportTable
from core.export.wording import note

__all__ = ["MODS_NAMESPACE", "mods_record", "write_mods"]

MODS_NAMESPACE: Final = "http://www.loc.gov/mods/v3"
_DISPLAY: Final = {
    "0": "Genre (machine-generated)",
    "1": "Genre (machine-generated, confirmed by a person)",
    "2": "Genre (chosen by a person)",
}
_AUTHORITIES: Final = {
    "lcgft": "http://id.loc.gov/authorities/genreForms",
    "fast": "http://id.worldcat.org/fast",
}


def write_mods(path: Path, table: ExportTable) -> tuple[int, Cleaner]:
    """Write the accepted records; return how many, and what was taken out of their text."""
    cleaner, count = Cleaner(), 0
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(f'<?xml version="1.0" encoding="UTF-8"?>\n<modsCollection xmlns="{MODS_NAMESPACE}">\n')
        columns = {name: table.records[name].tolist() for name in _COLUMNS_READ}
        for given in assignments(table):
            has = {name: cleaner.text(values[given.row]) for name, values in columns.items()}
            stream.writelines(mods_record(table, given, has))
            count += 1
        stream.write("</modsCollection>\n")
    return count, cleaner


def mods_record(table: ExportTable, given: Assignment, has: dict[str, str]) -> Iterator[str]:
    """Yield the lines of one record; `has` is its text, without control characters."""
    settings, term = table.settings, table.terms[given.label]
    by = settings.organisation or settings.source_code
    yield '<mods version="3.7">\n'
    yield f'  <identifier type="local">{escape(given.record_id)}</identifier>\n'
    yield f"  <titleInfo><title>{escape(has['title'])}</title></titleInfo>\n"
    if has["author"]:
        yield f"  <name><namePart>{escape(has['author'])}</namePart></name>\n"
    yield "  <typeOfResource>text</typeOfResource>\n"
    about = {"authority": term.source, "authorityURI": _AUTHORITIES.get(term.source, "")}
    about |= {"valueURI": term.uri if term.uri.startswith("http") else "", "displayLabel": _DISPLAY[given.assigned_by]}
    marks = "".join(f" {name}={quoteattr(value)}" for name, value in about.items() if value)
    yield f"  <genre{marks}>{escape(term.term)}</genre>\n"
    if has["place"] or has["publisher"] or has["date"]:
        yield "  <originInfo>"
        if has["place"]:
            yield f'<place><placeTerm type="text">{escape(has["place"])}</placeTerm></place>'
        if has["publisher"]:
            yield f"<publisher>{escape(has['publisher'])}</publisher>"
        if has["date"]:
            yield f"<dateIssued>{escape(has['date'])}</dateIssued>"
        yield "</originInfo>\n"
    # A language that a program detected is no cataloguer's statement.
    if has["language"] and has["language_source"] == "catalogue":
        yield f'  <language><languageTerm type="text">{escape(has["language"])}</languageTerm></language>\n'
    sentence = escape(Cleaner().text(note(table, given.row, given.assigned_by, given.reviewed)))
    yield f"  <note>{sentence}</note>\n"
    yield "  <recordInfo>"
    if by:
        yield f'<recordContentSource authority="marcorg">{escape(by)}</recordContentSource>'
    yield f'<recordChangeDate encoding="w3cdtf">{settings.exported_at}</recordChangeDate>'
    source = f" source={quoteattr(settings.source_code)}" if settings.source_code else ""
    yield f"<recordIdentifier{source}>{escape(given.record_id)}</recordIdentifier>"
    yield f"<recordOrigin>Made by a program from columns of {escape(settings.dataset)}.</recordOrigin>"
    yield f"<recordInfoNote>Run {escape(settings.run_id)}: {escape(settings.run_uri)}</recordInfoNote></recordInfo>\n"
    yield f"  <extension>{_prediction(table, given)}</extension>\n</mods>\n"


def _prediction(table: ExportTable, given: Assignment) -> str:
    settings = table.settings
    numbers = {
        "label": given.label,
        "confidence": f"{given.confidence:.4f}" if given.confidence == given.confidence else "",
        "calibrated": "yes" if settings.model.calibrated else "no",
        "threshold": f"{given.threshold:.6g}" if given.assigned_by == "0" else "",
        "decision": "accepted" if given.assigned_by == "0" else "curator",
        "run": settings.run_id,
    }
    if given.assigned_by == "2":
        numbers["reviewed"] = given.reviewed
    else:
        model = settings.model
        numbers |= {"model": model.name if model.made_here else "unknown", "version": model.version}
        numbers |= {"predictions": "" if model.made_here else model.name, "date": settings.predicted_at}
    marks = "".join(f" {name}={quoteattr(value)}" for name, value in numbers.items() if value)
    return f"<prediction xmlns={quoteattr(NAMESPACE)}{marks}/>"


_COLUMNS_READ: Final = ("title", "author", "place", "publisher", "date", "language", "language_source")
