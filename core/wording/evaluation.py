"""How often predictions are right, how true their confidences are, what that says of the whole collection; and what is
said of two models beside each other, of the models in a workspace, of labels that people should look at again.
"""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from core.collection import CollectionEstimates
from core.comparison import BETTER, LEVEL, WORSE, ModelComparison
from core.evaluation import Evaluation
from core.evaluation.evaluate import CalibrationTrial
from core.facets import facet_title, facet_words
from core.formatting import (
    capitalised,
    counts_listed,
    in_percent,
    interval_percent,
    largest_listed,
    listed,
    percent,
    upper_percent,
)
from core.label_audit import GROUPINGS, LabelAudit, SuspectGroup, group_phrase
from core.label_audit.confounding import EXPLAINED, STANDS
from core.label_audit.verdicts import AuditedCopy
from core.models.registry import ModelDescription
from core.predictions import Scored
from core.schema import ANNOTATOR, DATE_CERTAINTIES, DATE_CERTAINTY, LANGUAGE_SOURCE, PREDICTED, TITLE_KEY
from core.statistics import MINIMUM_RECORDS, Estimate

__all__ = [
    "audit_sentences",
    "audited_copy",
    "best_model",
    "calibration",
    "collection",
    "comparison_groups",
    "comparison_headline",
    "comparison_notes",
    "comparison_sentences",
    "comparison_verdict",
    "dates",
    "group_detail",
    "group_finding",
    "group_headline",
    "languages",
    "leaks",
    "titles",
    "titles_read",
    "verdict",
]


def titles_read(scored: Scored) -> str:
    """Say how many titles the model has read, and what it took them for."""
    counts = scored.table[PREDICTED].value_counts()
    classes = counts_listed({name: int(counts.get(name, 0)) for name in scored.classes})
    who = "Two models have" if scored.sources else "A model has"
    return f"{who} read {len(scored.table):,} titles: {classes}."


def verdict(evaluation: Evaluation) -> str:
    """Say in one sentence how many of the checked books are wrong."""
    accuracy = evaluation.accuracy
    if not accuracy.defined:
        return "No book has been checked by a person, so nothing can be said about errors."
    wrong = round((1 - accuracy.value) * accuracy.n)
    return (
        f"{wrong:,} of {accuracy.n:,} checked books are wrong: {in_percent(accuracy.value)} are right"
        f" ({interval_percent(accuracy.low, accuracy.high)} with 95 % confidence)."
    )


def leaks(evaluation: Evaluation) -> str:
    """Say whether the model may have learned from the books it is tested on."""
    if not evaluation.leaks:
        return "None of the checked books is among those the model learned from, as far as is known here."
    return (
        f"{evaluation.leaks:,} of the checked books are also among those the model learned (or may have learned) from;"
        f" without them {in_percent(evaluation.without_leaks.accuracy.value)} are right."
    )


def calibration(trial: CalibrationTrial) -> str:
    """Say how far confidences are off, as they are or after a calibration."""
    now = trial.method == "none"
    which = "The confidences are" if now else f"After {trial.title} they would be"
    books = f" ({trial.n:,} books)" if now else ""
    return f"{which} on average {in_percent(trial.ece)} away from how often they are right{books}."


# --- The whole collection, estimated from its checked books -----------------------------------------------------------


def collection(estimates: CollectionEstimates) -> tuple[str, ...]:
    """Say how often the model is right in the whole collection, what that holds, and what nobody checked."""
    accuracy, checked, shares = estimates.accuracy, estimates.accuracy_of_checked, estimates.class_shares
    if estimates.cells.empty:
        return (f"Only {estimates.n_checked} checked books can be used: nothing can be said of the collection.",)
    sizes = {name: share.value for name, share in shares.items()}
    ranges = {name: f"{name} {_range(share)}" for name, share in shares.items()}
    sentences = [
        f"In the whole collection of {estimates.n_collection:,} books the model is right for {_range(accuracy)}, in the"
        f" {checked.n:,} checked books as they are for {_range(checked)}.",
        f"The collection is {largest_listed(sizes, ranges)}.",
        "This holds if the checked books are like a random sample of those that are called the same with about the same"
        " confidence.",
    ]
    if estimates.n_left_out:
        n = estimates.n_left_out
        sentences.append(
            f"{n:,} more checked {'book is' if n == 1 else 'books are'} left out here, since the model learned or may"
            " have learned from them."
        )
    if estimates.design_effect >= 1.05:
        effective = accuracy.n / estimates.design_effect
        sentences.append(
            f"The checked books are spread unevenly over the collection: {accuracy.n:,} of them count like"
            f" {effective:,.0f} drawn at random (design effect {estimates.design_effect:.2f})."
        )
    uncovered = {facet: share for facet, share in estimates.uncovered.items() if share > 0}
    if uncovered:
        parts = [f"{in_percent(share)} by {facet_title(facet).lower()}" for facet, share in uncovered.items()]
        sentences.append(f"No checked book speaks for a part of the collection: {listed(parts)}.")
    return tuple(sentences)


def _range(share: Estimate) -> str:
    if not share.defined:
        return f"(not known: {share.reason})"
    return f"{percent(share.value)} ({interval_percent(share.low, share.high)})"


# --- How well the fields of a file are filled -------------------------------------------------------------------------


def dates(records: pd.DataFrame) -> str:
    """Say how certain the dates are.

    >>> dates(pd.DataFrame({"date_certainty": ["certain", "none", "certain"]}))
    'Of 3 dates, 2 are certain and 1 is missing.'
    """
    counts = records[DATE_CERTAINTY].value_counts()
    words = {
        "certain": "certain",
        "inferred": "supplied by a cataloguer",
        "range": "a span of years (its first year counts)",
        "uncertain": "a guess",
        "none": "missing",
        "unreadable": "unreadable",
    }
    parts = [
        f"{counts[kind]:,} {'is' if counts[kind] == 1 else 'are'} {words[kind]}"
        for kind in DATE_CERTAINTIES
        if counts.get(kind, 0)
    ]
    return f"Of {len(records):,} dates, {listed(parts)}."


def languages(records: pd.DataFrame) -> str:
    """Say how many languages the catalogue gives and how many were detected from the title."""
    counts = records[LANGUAGE_SOURCE].value_counts()
    given, detected = int(counts.get("catalogue", 0)), int(counts.get("detected", 0))
    return (
        f"The catalogue gives a language for {given:,} of {len(records):,} records; for {detected:,} it was detected"
        f" from the title (and is marked so); for {len(records) - given - detected:,} it is unknown."
    )


def titles(records: pd.DataFrame) -> str:
    """Say how many titles are there more than once."""
    keys = records.loc[records[TITLE_KEY] != "", TITLE_KEY]
    repeated = int(keys.duplicated(keep=False).sum())
    return (
        f"{int(keys.nunique()):,} different titles; {repeated:,} records share their title with another record"
        " (editions, copies): they are always kept on the same side when a model is trained and tested."
    )


def comparison_sentences(comparison: ModelComparison) -> tuple[str, ...]:
    """Return the verdict, where the second is better or worse, and what was left out."""
    return (comparison_verdict(comparison), *comparison_groups(comparison), *comparison_notes(comparison))


def comparison_headline(comparison: ModelComparison) -> str:
    """Return the verdict in one sentence of words and counts."""
    first, second = comparison.names
    n = comparison.n
    if not n:
        return f"There is no labelled book that both '{first}' and '{second}' predicted, so nothing can be compared."
    if n < MINIMUM_RECORDS:
        books = "book was" if n == 1 else "books were"
        return f"Only {n:,} labelled {books} predicted by both '{first}' and '{second}': too few to compare them."
    counts = (
        f"of {n:,} books only '{second}' has {comparison.only_second:,} right and only '{first}'"
        f" {comparison.only_first:,}"
    )
    if comparison.p >= LEVEL:
        return f"'{first}' and '{second}' cannot be told apart: {counts}."
    winner, loser = (second, first) if comparison.only_second > comparison.only_first else (first, second)
    points = 100 * abs(comparison.accuracy_difference.value)
    return f"'{winner}' is right {points:.1f} percentage points more often than '{loser}': {counts}."


def comparison_verdict(comparison: ModelComparison) -> str:
    """Return the verdict in one sentence, with the p value where there is one."""
    words = comparison_headline(comparison)
    return words if comparison.n < MINIMUM_RECORDS else f"{words[:-1]} (p = {comparison.p:.2g})."


def comparison_groups(comparison: ModelComparison) -> tuple[str, ...]:
    """Say where the second is better or worse, a sentence a group; with many groups there are many."""
    table = comparison.by_value
    return tuple(
        f"{capitalised(facet_words(row['facet'], row['value']))}: '{comparison.names[1]}' is {row['verdict']},"
        f" {row['second_errors']:,} of {row['n']:,} wrong instead of {row['first_errors']:,}."
        for row in table[table["verdict"].isin([BETTER, WORSE])].to_dict("records")
    )


def comparison_notes(comparison: ModelComparison) -> tuple[str, ...]:
    """Say that no group is better or worse, which books one of the two may know, and what was left out."""
    remarks = []
    if comparison.n >= MINIMUM_RECORDS and not comparison.by_value["verdict"].isin([BETTER, WORSE]).any():
        remarks.append("No group of books is clearly better or worse with either of them.")
    if comparison.leaked:
        remarks.append(
            f"{comparison.leaked:,} of the books ({in_percent(comparison.leaked / comparison.n)}) have a title one of"
            " the models may have learned from: a comparison on the others is fairer."
        )
    return (
        *remarks,
        *(f"{count:,} labelled books are not compared: {reason}." for reason, count in comparison.left_out.items()),
    )


def best_model(models: Sequence[ModelDescription]) -> str:
    """Say which model did best, as far as models can be compared.

    Parameters
    ----------
    models : sequence of ModelDescription
        The newest first.

    Notes
    -----
    Models are ranked (by macro-F1) only among those tested on the very same books, and only where people labelled
    these. With several such sets, the one that most models were tested on is spoken of, the newest among equals.
    """
    tested = [model for model in models if model.tested_on.n]
    by_people = [model for model in tested if not model.tested_on.by_rules]
    if not by_people:
        if not tested:
            return f"{_models(len(models))} here, but no test: how often a model is right is not known."
        model = tested[0]
        return (
            f"No model has been tested on labels that people gave. “{model.name}” agrees with its rules on"
            f" {percent(model.metrics.test.accuracy.value)} of {model.tested_on.n:,} books: that"
            " shows how well it learned the rules, not how often they are right."
        )
    groups: dict[str, list[ModelDescription]] = {}
    for model in by_people:
        groups.setdefault(model.tested_on.key or model.fingerprint, []).append(model)
    group = max(groups.values(), key=len)
    best = max(group, key=lambda model: np.nan_to_num(model.metrics.test.macro_f1.value))
    accuracy = best.metrics.test.accuracy
    words = (
        f"“{best.name}” is right on {percent(accuracy.value)}"
        f" ({interval_percent(accuracy.low, accuracy.high)}) of the {accuracy.n:,} books of"
        f" {best.tested_on.labels} that were kept apart for testing"
    )
    words += f", the best of {len(group):,} tested on them." if len(group) > 1 else "."
    others = len(models) - len(group)
    if others:
        verb = "was" if others == 1 else "were"
        words += f" {_models(others)} {verb} tested on other books or on none, and cannot be compared with it."
    return words


def _models(count: int) -> str:
    return "One model" if count == 1 else f"{count:,} models"


def audit_sentences(audit: LabelAudit) -> tuple[str, ...]:
    """Return whose labels are out of line, how many are suspect, and what that means."""
    first = [
        group_headline(group) if _already_reported(audit, group) else group_finding(group) for group in audit.flagged
    ]
    if not first:
        tested = int(audit.groups["p"].notna().sum())
        kinds = " or ".join(GROUPINGS[by] for by in GROUPINGS if by in set(audit.groups["by"])) or "group"
        first = [f"No {kinds} has labels out of line with the rest ({tested:,} groups compared)."]
    return (
        *first,
        f"{int(audit.books['suspect'].sum()):,} of {len(audit.books):,} labels look wrong, to a model that has not seen"
        f" the book. The cut-off calls at most {upper_percent(audit.false_alarm)} of right labels suspect (at most"
        f" {math.ceil(audit.expected_false):,} here, if every label were right): suspects are to be looked at, not to"
        " be corrected unseen.",
        *(group_finding(group) for group in audit.findings if not group.flagged),
        *audit.notes,
    )


def audited_copy(copy: AuditedCopy) -> str:
    """Say whose labels the last audit points at, and what it is worth to go on without them."""
    phrase = group_phrase((ANNOTATOR, copy.annotator))
    return (
        f"The label audit points at {phrase}: {copy.n_left_out:,} of these {copy.n_labels:,} labels are theirs alone. A"
        " model often learns better without them."
    )


def _already_reported(audit: LabelAudit, group: SuspectGroup) -> bool:
    """Whether a finding that comes first tells already how this group goes together with it."""
    before = audit.findings[: audit.findings.index(group)]
    return any((group.by, group.value) in other.partners and other.flagged for other in before)


def group_finding(group: SuspectGroup) -> str:
    """Say how many labels of a group look wrong, and what it may be confused with."""
    return f"{group_headline(group)} {group_detail(group)}".strip()


def group_headline(group: SuspectGroup) -> str:
    """Say how many labels of a group look wrong."""
    times = f", {group.ratio:.1f} times the rest" if math.isfinite(group.ratio) else ""
    phrase = capitalised(group_phrase((group.by, group.value)))
    return f"{phrase}: {group.suspects:,} of {group.n:,} labels look wrong{times}."


def group_detail(group: SuspectGroup) -> str:
    """Say what a group goes together with or is explained by; '' when it stands."""
    if group.status == STANDS:
        return ""
    partners = len(group.partners)
    outside = group.cells[partners]
    alone = f"{outside['suspects']:,} of {outside['n']:,}"
    names = listed(map(group_phrase, group.partners))
    if group.status == EXPLAINED:
        return f"They come from {names}: outside, {alone} look wrong, no more than elsewhere."
    shares = [
        f"{group_phrase(other)} {cell['suspects']:,} of {cell['n']:,}"
        for other, cell in zip(group.partners, group.cells, strict=False)
    ]
    sentence = f"Of these, {listed(shares)}; outside {'it' if partners == 1 else 'these'} {alone}."
    if int(outside["n"]) < MINIMUM_RECORDS:
        return f"{sentence} Nearly all these books belong to {names}: the two cannot be told apart, so look at both."
    if sum(int(cell["n"]) for cell in group.cells[partners + 1 :]) < MINIMUM_RECORDS * partners:
        return f"{sentence} Nearly all books of {names} are among these: the two cannot be told apart, so look at both."
    return f"{sentence} Neither is out of line without the other: look at the books that are both."
