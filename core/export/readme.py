"""The README of an export, and the sentences in it: how the labels came about, how good they are, how to undo them.

Each is put together from what is so in this very export; what is not known is said to be unknown. README, manifest,
588, MODS and all descriptions of the data set take their words from here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from core.export.columns import column_mark
from core.export.decisions import ACCEPTED, DECISIONS, HUMAN_LABEL_KEPT, DecisionCounts
from core.export.formats import CARRIERS, WrittenFile
from core.export.manifest import MeasuredRate, QualityReport
from core.export.settings import CURATOR, HUMAN_LABELS, UNKNOWN, ExportSettings, ModelSource
from core.export.table import ExportTable
from core.export.terms import PROFILES, TERM_QUESTION
from core.formatting import interval_count, lower_percent, percent, rate
from core.schema import TITLE
from core.storage import plain_slug
from core.text_formats import inline
from core.wording.provenance import bases_in_words

__all__ = [
    "ExportSummary",
    "checked_labels",
    "coded_by_default",
    "columns_in_words",
    "counts_sentence",
    "how_assigned",
    "limits",
    "meaning_of_checked",
    "model_in_words",
    "note",
    "quality_sentences",
    "rate_in_words",
    "readme",
    "scope",
    "spreadsheet_readme",
    "summarise",
    "title",
    "where_cuts_come_from",
]

# --- The sentences that leave the house -------------------------------------------------------------------------------
# How the labels came about, who had spoken, what must not be concluded.


def columns_in_words(columns: Sequence[str]) -> str:
    """Return what was read of a record in words.

    >>> columns_in_words(["title", "Topics"]), columns_in_words([])
    ('the title and Topics', 'unknown columns')
    """
    if not columns:
        return "unknown columns"
    words = ["the title" if name == TITLE else str(name) for name in columns]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def model_in_words(settings: ExportSettings) -> str:
    """Return which model spoke, what it reads and when, or that this is unknown."""
    model = settings.model
    if model.parts:
        first, second = (model_in_words(own) for own in settings.by_predictions.values())
        return f"{first}; and, of what it leaves, {second}"
    if not model.made_here:
        brought = f", brought in on {settings.imported_at[:10]}" if settings.imported_at else ""
        return f"the predictions {model.name} made elsewhere{brought} (model, columns read and date unknown)"
    reads, more = columns_in_words(model.input_columns[:1]), model.input_columns[1:]
    if more:
        reads += f" and, where a record has them, {columns_in_words(more)}"
    return (
        f"the model {model.name}, version {model.version or UNKNOWN}{_built_on(model)}, which read {reads}"
        f" on {settings.day or 'an unknown date'}"
    )


def _built_on(model: ModelSource) -> str:
    words = bases_in_words(model.details.bases)
    return f", built on {words}" if words else ""


def how_assigned(table: ExportTable) -> str:
    """Say who assigned the exported labels: the machine alone, the machine and a curator, a curator alone."""
    settings, counts = table.settings, table.counts
    machine, confirmed, overruled = counts.by_decision[ACCEPTED], counts.confirmed, counts.overruled
    parts = []
    if machine:
        parts.append(
            f"{_labels(machine)} assigned by machine learning (AI) and accepted because the confidence is above the"
            " cut; no cataloguer has checked them"
        )
    if confirmed:
        parts.append(f"{_labels(confirmed)} assigned by machine learning (AI) and confirmed by a curator")
    if overruled:
        parts.append(f"{_labels(overruled)} chosen by a curator")
    if not parts:
        return f"No record carries a label. Asked was {model_in_words(settings)}; run {settings.run_id}."
    machine_words = f"Machine: {model_in_words(settings)}; run {settings.run_id}."
    return " ".join(filter(None, [f"{'; '.join(parts)}.", machine_words, _shares(table)]))


def _shares(table: ExportTable) -> str:
    """Say, where two models decided, how many of the machine labels each did; '' for one model."""
    total = sum(table.accepted_by.values())
    if not total:
        return ""
    settings = table.settings.by_predictions
    by = [
        f"{count:,} ({percent(count / total)}) by {settings[name].model.process}"
        for name, count in table.accepted_by.items()
    ]
    return f"Of the {total:,} accepted labels, {' and '.join(by)}; each record names the model that decided it."


def _labels(count: int) -> str:
    return f"{count:,} {'label was' if count == 1 else 'labels were'}"


def note(table: ExportTable, row: int, how: str, reviewed: str) -> str:
    """Return the sentence for 588, MODS and Dublin Core.

    Parameters
    ----------
    row : int
        Of the record: what the model read of it may be less than what it reads of others.
    assigned_by : {'0', '1', '2'}
        Who decided: the cut, a person who agreed, a person who chose.
    reviewed : str
        Day of the review, yyyy-mm-dd; '' where nobody looked.
    """
    settings = table.settings_of(row)
    return _note(table.labels, how, reviewed, _source(settings, table.columns_read[row]), settings.run_id)


def _source(settings: ExportSettings, columns: tuple[str, ...]) -> str:
    model = settings.model
    if model.made_here:
        day = settings.day or "an unknown date"
        version = model.version or UNKNOWN
        read = columns_in_words(columns)
        return f"from {read} on {day} (model {model.name}, version {version}{_built_on(model)}, run {settings.run_id})"
    brought = f", brought in on {settings.imported_at[:10]}" if settings.imported_at else ""
    return (
        f"from unknown columns on an unknown date (predictions {model.name} made elsewhere{brought}; model and version"
        f" unknown; run {settings.run_id})"
    )


@lru_cache(maxsize=1_024)
def _note(labels: tuple[str, ...], how: str, reviewed: str, source: str, run: str) -> str:
    what = "/".join([labels[0], *(label.lower() for label in labels[1:])]) if len(labels) <= 3 else "Genre"
    if how == "2":
        return f"{what} term chosen by a person in review on {reviewed} (run {run})."
    end = f"checked and confirmed by a person on {reviewed}" if how == "1" else "not checked by a cataloguer"
    return f"{what} term assigned automatically by machine learning (AI) {source}; {end}."


def scope(settings: ExportSettings) -> str:
    """Say to which records the cuts apply; '' where they apply to all."""
    where = settings.policy.where
    return (
        f"The cuts apply only to {where.description}; of other records no machine label is accepted." if where else ""
    )


def where_cuts_come_from(settings: ExportSettings) -> list[str]:
    """Say whether the cuts were set by hand or for a promise, on which labels, and where they apply."""
    promise = settings.promise
    labels = f"the labels '{settings.chosen_on}'" if settings.chosen_on else "the labels that came with the predictions"
    sentences = [scope(settings)]
    if promise is None:
        sentences.append("The cuts were set by hand; no promise was made of them.")
    elif promise.promised:
        only = "" if settings.policy.where is None else ", of these records alone"
        sentences.append(f"The cuts were chosen on {labels}, for this promise{only}: {promise.in_words}.")
    else:
        sentences.append(f"A promise was asked for, on {labels}, and not all of it can be kept: {promise.in_words}.")
    if settings.chosen_because:
        sentences.append(f"Why these cuts: {settings.chosen_because}.")
    return [sentence for sentence in sentences if sentence]


def checked_labels(table: ExportTable) -> str:
    """Say of the labels that the accuracy is measured on where they come from and what they did; '' without any."""
    count = int(table.checked.sum())
    if not count:
        return ""
    settings = table.settings
    where = f"in the label set '{settings.measured_on}'" if settings.measured_on else "that came with the predictions"
    has = "record has a label" if count == 1 else "records have a label"
    return f"{count:,} {has} {where}: {meaning_of_checked(table)}."


def coded_by_default(table: ExportTable) -> str:
    """Say how many records stand as they are for the code "not fiction" in 008/33 alone; '' where there are none."""
    count = table.coded_not_fiction
    if not count:
        return ""
    are, stand = ("record is", "it stands") if count == 1 else ("records are", "these stand")
    return (
        f"{count:,} {are} coded “not fiction” in 008/33 by the catalogue, without a genre term: {stand}, and no machine"
        " label was added there. Cataloguing software writes this code unless somebody changes it, so it may be worth a"
        " look."
    )


def meaning_of_checked(table: ExportTable) -> str:
    """Return what the labels that the accuracy is measured on did in this export."""
    settings = table.settings
    if not table.checked.any():
        return "there are none"
    if not settings.measured_on and settings.human_labels == "measure-only":
        return HUMAN_LABELS["measure-only"]
    if settings.measured_on and settings.measured_by == "rules":
        return "they were given by rules, not by people; they were used to measure, and block nothing"
    decision = table.decisions["pred_decision"].to_numpy()
    standing = int((table.checked & (decision == HUMAN_LABEL_KEPT)).sum())
    rest = int(table.checked.sum()) - standing
    if not rest:
        return f"they were used to measure; {HUMAN_LABELS['keep']}"
    return (
        f"they were used to measure; {standing:,} of them stand, and no machine value was added there; the other"
        f" {rest:,} were not needed, since a curator had decided or there is no prediction"
        + (", or were given by rules, which block nothing" if settings.measured_by == "people and rules" else "")
    )


def limits(table: ExportTable, *, measured: bool) -> list[str]:
    """Return what must not be concluded from this export.

    Parameters
    ----------
    measured : bool
        Whether it says how often an accepted label is right.
    """
    model = table.settings.model
    read = columns_in_words(model.input_columns)
    elsewhere = [part.name for part in model.each if not part.made_here]
    of_some = f" of the predictions {' and '.join(elsewhere)}" if len(elsewhere) < len(model.each) else ""
    often = "the quality part says how often, for records like those that were checked" if measured else ""
    return [
        f"The labels were assigned from {read} of catalogue records, not from the books."
        if model.made_here
        else f"From what the labels{of_some} were assigned is unknown; it was done elsewhere.",
        f"An accepted label may be wrong; {often or 'how often was not measured'}.",
        "Records without a label are not thereby of another kind.",
        "Not for training models: these are machine labels."
        if not table.counts.overruled
        else "Not for training models: most of these are machine labels.",
    ]


# --- How good the labels are, in words. Nothing is computed here ------------------------------------------------------
# The numbers come from thresholds and evaluation.


_NOT_MEASURED = "How often the accepted labels are right was not measured for this export"
NOT_MEASURED = f"{_NOT_MEASURED}."


def rate_in_words(estimate: MeasuredRate) -> str:
    """Write a rate with its interval and n for somebody who has the export alone, or why there is none.

    >>> rate_in_words(MeasuredRate(value=0.99, low=0.95, high=1.0, n=100))
    '99.0 % (95 % interval 95.0 to 100.0 %; n = 100)'
    """
    values = {"reason": "not measured"} | estimate.as_dict()
    return rate(values, bounds="95 % interval ", n="; n = ", unknown="{reason}")


def quality_sentences(quality: QualityReport) -> Sequence[str]:
    """Say how often the accepted labels are right and how many wrong ones to expect."""
    accuracy = quality.policy.accuracy
    if accuracy is None or not quality.measured:
        return [f"{_NOT_MEASURED}: {accuracy.reason}." if accuracy and accuracy.reason else NOT_MEASURED]
    sentences = [f"Of the {quality.checked_by} above the cut, the label is right in {rate_in_words(accuracy)}."]
    for name, figures in sorted(quality.policy.per_class.items()):
        if share := figures.precision or figures.accuracy:
            sentences.append(f"Of those predicted to be {name}: {rate_in_words(share)}.")
    exported = quality.exported
    expected = (exported.expected_errors if exported else None) or quality.policy.expected_errors
    if expected and expected.value is not None:
        whose = "all records above the cut"
        if exported:
            whose = f"the {exported.machine_labels:,} machine labels of this export that no curator has seen"
        between = ""
        if expected.low is not None and expected.high is not None:
            between = f" (95 % interval {interval_count(expected.low, expected.high)})"
        sentences.append(f"Wrong labels to expect among {whose}: about {expected.value:,.0f}{between}.")
    if quality.selected_on_these:
        sentences.append(
            "The cuts were chosen with these same records in view. Where they were chosen for their figures, the"
            " figures are too good; a promise allows for that, these figures do not."
        )
        if quality.policy.right_at_least:
            sentences.append(
                "Allowing for it, with 95 % confidence at least"
                f" {lower_percent(quality.policy.right_at_least)} of the records above the cut are right."
            )
    sentences.append(
        "The figures hold for records like those that were checked; if those were not drawn at random from this file,"
        " the file may be better or worse."
    )
    return [*sentences, *quality.warnings]


# --- What an export says of itself, put together once -----------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class ExportSummary:
    """What README, workbook, manifest and descriptions say of an export, put together before anything is written.

    Attributes
    ----------
    quality : QualityReport
    title, assigned, scope, checked, checked_meaning, coded : str
        See the functions of the same module; '' where there is nothing to say.
    cuts, limits, how_sure : tuple of str
        Where the cuts come from, what must not be concluded, how good the labels are.
    also : tuple of ExportSummary
        The same of further sets of labels.
    """

    quality: QualityReport
    title: str
    assigned: str
    scope: str
    cuts: tuple[str, ...]
    checked: str
    checked_meaning: str
    coded: str
    limits: tuple[str, ...]
    how_sure: tuple[str, ...]
    also: "tuple[ExportSummary, ...]" = ()


def summarise(table: ExportTable, quality: QualityReport, also: Sequence[QualityReport] = ()) -> ExportSummary:
    """Put together what an export says of itself, and of each further set of labels with its own figures."""
    return ExportSummary(
        quality=quality,
        title=title(table),
        assigned=how_assigned(table),
        scope=scope(table.settings),
        cuts=tuple(where_cuts_come_from(table.settings)),
        checked=checked_labels(table),
        checked_meaning=meaning_of_checked(table),
        coded=coded_by_default(table),
        limits=tuple(limits(table, measured=quality.measured)),
        how_sure=tuple(quality_sentences(quality)),
        also=tuple(summarise(other, own) for other, own in zip(table.also, also, strict=True)),
    )


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


def title(table: ExportTable) -> str:
    """Return the title of the export."""
    settings = table.settings
    return settings.title or f"Accepted labels for {settings.dataset}, {settings.version_date}"


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
    return lines


def counts_sentence(counts: DecisionCounts) -> str:
    """Show that the counts add up, without a full stop."""
    parts = " + ".join(f"{count:,} {name.replace('-', ' ')}" for name, count in counts.by_decision.items())
    return f"{parts} = {counts.loaded:,} records loaded"


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
        spoken = counts.above_cut - counts.by_decision[ACCEPTED]
        lines.append(
            f"The cuts alone accept {counts.above_cut:,} records; of {spoken:,} of them a person or the catalogue had"
            " spoken."
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
