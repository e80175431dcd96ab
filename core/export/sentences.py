"""The sentences that an export says of itself: how the labels came about, how good they are, what they are not.

Each is put together from what is so in this very export; what is not known is said to be unknown. README, manifest,
588, MODS and all descriptions of the data set take their words from here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from core.export.decisions import ACCEPTED, HUMAN_LABEL_KEPT, DecisionCounts
from core.export.manifest import MeasuredRate, QualityReport
from core.export.settings import HUMAN_LABELS, UNKNOWN, ExportSettings, ModelSource
from core.export.table import ExportTable
from core.formatting import interval_count, lower_percent, percent, rate
from core.schema import TITLE
from core.wording.evaluation import bases_in_words

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
    "scope",
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
    return _note(
        tuple(table.terms) or table.labels, how, reviewed, _source(settings, table.columns_read[row]), settings.run_id
    )


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


def title(table: ExportTable) -> str:
    """Return the title of the export."""
    settings = table.settings
    return settings.title or f"Accepted labels for {settings.dataset}, {settings.version_date}"


def counts_sentence(counts: DecisionCounts) -> str:
    """Show that the counts add up, without a full stop."""
    parts = " + ".join(f"{count:,} {name.replace('-', ' ')}" for name, count in counts.by_decision.items())
    return f"{parts} = {counts.loaded:,} records loaded"
