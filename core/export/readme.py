"""The README of an export, in library language: what it is, how many, how sure, how to load it, how to take it back."""

from collections.abc import Sequence

from core.export.decisions import ACCEPTED, DECISIONS
from core.export.formats import CARRIERS, WrittenFile
from core.export.sentences import ExportSummary, counts_sentence
from core.export.settings import CURATOR, PROFILES, TERM_QUESTION, ExportSettings
from core.export.table import ExportTable, column_mark
from core.formatting import inline
from core.storage import plain_slug

__all__ = ["readme", "spreadsheet_readme"]

# --- The README in the zip, in library language -----------------------------------------------------------------------
# What it is, how many, how sure, how to load it, how to take it back.


def readme(
    table: ExportTable, files: Sequence[WrittenFile], summary: ExportSummary, remarks: Sequence[str] = ()
) -> str:
    """Return the README as Markdown.

    Parameters
    ----------
    files : sequence of WrittenFile
        What is in the package beside the README.
    remarks : sequence of str
        What the writers had to report: records too long, characters taken out, …
    """
    settings = table.settings
    parts = [
        f"# {inline(summary.title)}",
        inline(_intro(table, summary)),
        _section("What the labels mean", _meaning(table)),
        _section("How many", _how_many(table, summary)),
        _section("How sure", summary.how_sure),
        *_further(table, summary),
        _section("How to open it", _opening(table)),
        _section("How to load it into a catalogue", _loading(table, files)) if _has_marc(files) else "",
        _section("How to find these records later, and how to undo", _undo(table, files)),
        _section("What had to be reported", remarks) if remarks else "",
        _section("Files", [_Markup(f"`{file.name}`: {inline(file.about)}{_records(file)}") for file in files]),
        _section(
            "Licence and contact",
            [
                f"{settings.licence}: {settings.licence_uri}",
                f"Whom to ask: {settings.contact}" if settings.contact else "Whom to ask: (not filled in)",
                *_people(settings),
                f"Made with Colophon {settings.software_version}".strip() + ".",
            ],
        ),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _further(table: ExportTable, summary: ExportSummary) -> list[str]:
    """Return a section for each further set of labels: its own counts, cuts, promise and figures."""
    return [
        _section(
            f"Further labels: {inline(other.name)}",
            [
                own.assigned,
                *([own.scope] if own.scope else []),
                f"What is promised of the labels of {table.name} says nothing of these. What is promised of these"
                " stands here.",
                *_meaning(other),
                *_how_many(other, own, further=True),
                *own.how_sure,
                f"In the flat files their columns end in {column_mark(other.name)}.",
            ],
        )
        for other, own in zip(table.also, summary.also, strict=True)
    ]


def _people(settings: ExportSettings) -> list[str]:
    """Return who set the cuts and who made the export, as far as somebody gave a name."""
    chosen = f" on {settings.chosen_at[:10]}" if settings.chosen_at else ""
    return [
        *([f"The cuts were set by {settings.chosen_by}{chosen}."] if settings.chosen_by != CURATOR else []),
        *([f"The export was made by {settings.exported_by}."] if settings.exported_by else []),
    ]


def spreadsheet_readme(table: ExportTable, summary: ExportSummary) -> list[str]:
    """Return the lines of the workbook's second sheet."""
    return [
        summary.title,
        "Every cell on the first sheet is text, as it stands in the catalogue. Nothing was turned into a number, a date"
        " or a formula. To load the data elsewhere, use the CSV or Parquet file, not this workbook.",
        *_meaning(table),
        *_how_many(table, summary),
        *summary.how_sure,
        *(
            line
            for other, own in zip(table.also, summary.also, strict=True)
            for line in (
                f"Further labels: {other.name}. What is promised of the labels of {table.name} says nothing of these.",
                own.assigned,
                *_how_many(other, own, further=True),
                *own.how_sure,
            )
        ),
    ]


class _Markup(str):
    """A line whose Markdown is ours; every other line is text, whatever stands in it."""


def _section(heading: str, lines: Sequence[str]) -> str:
    shown = (line if isinstance(line, _Markup) else inline(line) for line in lines)
    return f"## {heading}\n\n" + "\n".join(f"- {line}" for line in shown)


def _intro(table: ExportTable, summary: ExportSummary) -> str:
    carry = f"{table.counts.exported:,} of {len(table):,} records of {table.settings.dataset} carry a label"
    if table.also:
        sets = ", ".join(f"{each.name} ({each.counts.exported:,})" for each in table.each)
        return (
            f"This export holds {len(table.each)} sets of labels of {len(table):,} records of"
            f" {table.settings.dataset}: {sets}; {len(table.accepted):,} records carry a label of one or more of them."
            f" A promise of one set says nothing of another, and none says that all labels of a record are right"
            f" together. Of {table.name}: {summary.assigned}{' ' + summary.scope if summary.scope else ''}"
            " Keep machine labels apart from labels that people gave: nobody should train a model on them by accident."
        )
    return (
        f"{carry} in this export. {summary.assigned}{' ' + summary.scope if summary.scope else ''}"
        " Keep machine labels apart from labels that people gave: nobody should train a model on them by accident."
    )


def _meaning(table: ExportTable) -> list[str]:
    settings = table.settings
    answer = {"yes": "yes", "no": "no"}.get(
        settings.answer, "not answered, so no vocabulary term is claimed for Fiction"
    )
    lines = [f"Labels: {', '.join(table.labels)}."]
    if any(label.lower() == "fiction" for label in table.labels):
        lines.append(f"{TERM_QUESTION} Answer: {answer}.")
    lines.append(f"Terms for the catalogue: {PROFILES[settings.profile]}.")
    for label, term in table.terms.items():
        source = f"{term.source} {term.uri}".strip() if term.source else "uncontrolled term"
        lines.append(f"{label} becomes '{term.term}' ({source}).")
    for label in table.labels:
        if label not in table.terms:
            count = table.counts.by_label.get(label, 0)
            lines.append(
                f"{label} says what a book is not and is no genre: of the {count:,} records that carry it, none is in"
                " MARC, MODS, Dublin Core or JSON-LD for it. The tables have it."
            )
    return lines


def _how_many(table: ExportTable, summary: ExportSummary, *, further: bool = False) -> list[str]:
    settings, counts = table.settings, table.counts
    folder = f"review/{plain_slug(table.name)}" if further else "review"
    cut = {name for cuts in (settings.cuts, *settings.cuts_by_stratum.values()) for name in cuts}
    uncut = [name for name in table.labels if name not in cut]
    lines = [f"{counts_sentence(counts)}."]
    lines += [
        f"{name}: {count:,} records. {DECISIONS[name][0].upper()}{DECISIONS[name][1:]}."
        for name, count in counts.by_decision.items()
    ]
    lines.append(
        "By label: " + (", ".join(f"{name} {count:,}" for name, count in counts.by_label.items()) or "none") + "."
    )
    lines.append(f"Cuts (a predicted label is accepted when its confidence is above them): {settings.cuts_in_words}.")
    if counts.above_cut != counts.by_decision[ACCEPTED]:
        n_overruled = counts.above_cut - counts.by_decision[ACCEPTED]
        lines.append(
            f"The cuts alone accept {counts.above_cut:,} records; of {n_overruled:,} of them a person or the catalogue"
            " had spoken."
        )
    if uncut:
        lines.append(f"No cut, so never accepted: {', '.join(uncut)}.")
    lines += summary.cuts
    lines.append(
        f"{counts.conflicts:,} human labels are contradicted by the machine ({folder}/conflicts.csv);"
        f" {counts.no_class:,} human answers name no single class. All of them stand."
    )
    lines += filter(None, [summary.checked, summary.coded])
    if len(table.unmatched):
        lines.append(f"{len(table.unmatched):,} predictions have no record in {settings.dataset} and were left out.")
    lines.append(
        "A record without a label here is not thereby of another kind: the machine abstained, a person or the catalogue"
        " had spoken, or there was no prediction."
    )
    return lines


def _opening(table: ExportTable) -> list[str]:
    lines = [
        "The CSV files in data/ and review/ hold every string exactly as catalogued, also titles that begin with '='."
        " Do not open them with a double click: spreadsheet programs drop leading zeros of identifiers and run"
        " formulas. Import them with all columns as text, or use the Parquet file or what is in people/.",
        "What is in people/ is for reading. In its CSV an apostrophe stands before text that a spreadsheet program"
        " would take for a formula; programs still drop leading zeros of identifiers there, not in the workbook.",
        "Text is UTF-8. Empty means missing. Several values in one cell are parted as in the library's own file.",
        _Markup("`sha256sum -c SHA256SUMS` in this folder checks that every file is as it was written."),
    ]
    models = [model for each in table.each for model in each.settings.model.each]
    uncalibrated = [model for model in models if not model.calibrated]
    if uncalibrated:
        whose = " of " + " and ".join(model.name for model in uncalibrated) if len(uncalibrated) < len(models) else ""
        lines.append(f"The confidences{whose} are not calibrated: they rank records, they are not probabilities.")
    return lines


def _loading(table: ExportTable, files: Sequence[WrittenFile]) -> list[str]:
    settings = table.settings
    numbered = bool(settings.source_code) or table.marc is not None
    known = all(own.day for each in table.each for own in each.settings.by_predictions.values() or [each.settings])
    models = [model for each in table.each for model in each.settings.model.each]
    when = " and when" if known else "; when is unknown"
    return [
        ("Match on 001 with equal 003; else on 035 $a with its prefix." if numbered else "Match on 001 alone.")
        + " Never compare identifiers as numbers, never match on titles.",
        "Use a merge rule that keeps existing fields and adds 655, 883 and 588; protect 655 fields that people gave.",
        *(
            [
                "Files whose name says NOT-FOR-NEW-RECORDS hold only identifiers and the new fields. They must be"
                " merged into records that exist; loaded as new records they would leave records without a title."
            ]
            if any("NOT-FOR-NEW-RECORDS" in written.name for written in files)
            else []
        ),
        f"Every new 655 is linked by $8 to an 883. Of a machine's label it says which process wrote it{when}"
        + (
            ", and how sure it was ($c)."
            if all(model.calibrated for model in models)
            else ", and how sure it was ($c) where that is calibrated."
            if any(model.calibrated for model in models)
            else " ($c is left out: not calibrated)."
        ),
        *_stubs(table, files),
        "883 first indicator: 0 accepted by the cut, 1 a person looked and agreed, 2 a person chose the value.",
        "Test with ten records first.",
    ]


def _stubs(table: ExportTable, files: Sequence[WrittenFile]) -> list[str]:
    if not any(written.name.startswith("marc/stub.") for written in files):
        return []
    return [f"The new records (stub) describe {CARRIERS[table.settings.carrier]}."]


def _undo(table: ExportTable, files: Sequence[WrittenFile]) -> list[str]:
    settings = table.settings
    lines = [
        f"Run: {settings.run_id} ({settings.run_uri}). Another choice of cuts has another run, so what two exports"
        " brought can be told apart."
    ]
    lines += [f"Run of {each.name}: {each.settings.run_id} ({each.settings.run_uri})." for each in table.also]
    if _has_marc(files):
        models = [model for each in table.each for model in each.settings.model.each]
        processes = " or ".join(f"'{model.process}'" for model in models)
        lines.append(f"Search 883 $a for {processes} or 883 $u for the run; 588 says it in words.")
        if any(each.counts.overruled for each in table.each):
            lines.append("Where a curator chose the label, 883 $a says 'curator review' and 588 names the run.")
        lines.append("The files in marc/ whose name begins with undo take back what the file of the same kind brought.")
    lines.append("In the flat files every row names its run (pred_run_id).")
    return lines


def _records(written: WrittenFile) -> str:
    return "" if written.records is None else f" ({written.records:,} records)"


def _has_marc(files: Sequence[WrittenFile]) -> bool:
    return any(written.name.startswith("marc/") for written in files)
