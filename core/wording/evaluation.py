"""How often predictions are right, how true their confidences are, and what that says of the whole collection."""

import pandas as pd

from core.collection import CollectionEstimates
from core.evaluation import Evaluation
from core.evaluation.evaluate import CalibrationTrial
from core.facets import facet_title
from core.formatting import counts_listed, in_percent, interval_percent, largest_listed, listed, percent
from core.predictions import Scored
from core.schema import DATE_CERTAINTIES, DATE_CERTAINTY, LANGUAGE_SOURCE, PREDICTED, TITLE_KEY
from core.statistics import Estimate

__all__ = ["calibration", "collection", "dates", "languages", "leaks", "titles", "titles_read", "verdict"]


def titles_read(scored: Scored) -> str:
    """Say how many titles the model has read, and what it took them for."""
    counts = scored.table[PREDICTED].value_counts()
    classes = counts_listed({name: int(counts.get(name, 0)) for name in scored.classes})
    return f"A model has read {len(scored.table):,} titles: {classes}."


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
    ]
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
