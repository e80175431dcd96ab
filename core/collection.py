"""What a few checked books say of the whole collection, and how well the fields of its file are filled."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.errors import InputError
from core.facets import facet_title, facet_values
from core.formatting import in_percent, interval_percent, largest_listed, listed, percent
from core.schema import (
    AUTHOR,
    CONFIDENCE,
    COUNTRY,
    DATE,
    DATE_CERTAINTIES,
    DATE_CERTAINTY,
    GENRE_GIVEN,
    LANGUAGE,
    LANGUAGE_SOURCE,
    LEAK,
    PLACE,
    PREDICTED,
    PUBLISHER,
    RECORD_ID,
    SPLIT,
    TITLE,
    TITLE_KEY,
    TRUTH,
    YEAR,
    probability_column,
)
from core.statistics import (
    MINIMUM_RECORDS,
    Estimate,
    PostStratification,
    group_numbers,
    post_stratify,
    prediction_powered_share,
    uncovered_share,
    weighted_share,
)
from core.text_formats import plain

__all__ = [
    "CollectionEstimates",
    "collection_estimates",
    "confidence_bands",
    "date_sentence",
    "field_quality",
    "language_sentence",
    "title_sentence",
]

# --- How well the fields of a file are filled, and what was made of them ----------------------------------------------
# The first thing to know of a catalogue.


_FIELDS = {
    RECORD_ID: "identifier",
    TITLE: "title",
    AUTHOR: "author",
    DATE: "date as catalogued",
    YEAR: "year read from the date",
    PLACE: "place of publication",
    COUNTRY: "country",
    PUBLISHER: "publisher",
    LANGUAGE: "language",
    GENRE_GIVEN: "genre as catalogued",
}


def field_quality(records: pd.DataFrame) -> pd.DataFrame:
    """Return one row a field.

    Columns ``field``, ``filled`` (records with a value), ``n`` (records), ``share`` (0 to 1, NaN without records),
    ``distinct`` (different values), ``commonest`` (up to three, with their counts).
    """
    rows = []
    for column, name in _FIELDS.items():
        values = records[column]
        filled = values[values.notna() & (values != "")] if column != YEAR else values.dropna()
        counts = filled.value_counts().head(3)
        rows.append(
            {
                "field": name,
                "filled": len(filled),
                "n": len(records),
                "share": len(filled) / len(records) if len(records) else float("nan"),
                "distinct": int(filled.nunique()),
                "commonest": (
                    "; ".join(f"{value} ({count:,})" for value, count in counts.items())
                    if column not in (RECORD_ID, TITLE)
                    else ""
                ),
            }
        )
    return pd.DataFrame(rows)


def date_sentence(records: pd.DataFrame) -> str:
    """Say how certain the dates are.

    >>> date_sentence(pd.DataFrame({"date_certainty": ["certain", "none", "certain"]}))
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
    joined = " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)
    return f"Of {len(records):,} dates, {joined}."


def language_sentence(records: pd.DataFrame) -> str:
    """Say how many languages the catalogue gives and how many were detected from the title."""
    counts = records[LANGUAGE_SOURCE].value_counts()
    given, detected = int(counts.get("catalogue", 0)), int(counts.get("detected", 0))
    rest = len(records) - given - detected
    return (
        f"The catalogue gives a language for {given:,} of {len(records):,} records; for {detected:,} it was"
        " detected from"
        f" the title (and is marked so); for {rest:,} it is unknown."
    )


def title_sentence(records: pd.DataFrame) -> str:
    """Say how many titles are there more than once."""
    keys = records.loc[records[TITLE_KEY] != "", TITLE_KEY]
    repeated = int(keys.duplicated(keep=False).sum())
    return (
        f"{int(keys.nunique()):,} different titles; {repeated:,} records share their title with another record"
        " (editions,"
        " copies): they are always kept on the same side when a model is trained and tested."
    )


# --- What a few checked books say of the whole collection -------------------------------------------------------------
# Its accuracy and its class shares, with what is not known.


BANDS = 5


@dataclass(frozen=True, kw_only=True)
class CollectionEstimates:
    """The whole collection, estimated from the books people checked.

    Attributes
    ----------
    accuracy : Estimate
        Share of all books the model has right, post-stratified.
    accuracy_of_checked : Estimate
        Share of the checked books as they are, to be set beside it.
    class_shares : mapping
        Class → share of the collection, prediction-powered.
    post_stratified_shares : mapping
        Class → the same by post-stratification alone, for comparison.
    predicted_shares : mapping
        Class → share of the collection the model puts there; known exactly, and as wrong as the model.
    cells : DataFrame
        The cells the weights are made by: columns of the strata, ``n_labelled``, ``n_population``, ``pooled``,
        ``weight``.
    design_effect : float
        By how much unequal weights inflate the variance (Kish), 1 or more; NaN without estimates.
    uncovered : mapping
        Facet → share of the collection whose value no checked book has, 0 to 1.
    n_checked, n_collection : int
        Books the estimates rest on, and all books.
    n_left_out : int
        Books with a truth that were not used: the model learned from them or was calibrated on them, or their
        title is among those it learned from.
    sentences : tuple of str
        The same in words.
    """

    accuracy: Estimate
    accuracy_of_checked: Estimate
    class_shares: dict[str, Estimate]
    post_stratified_shares: dict[str, Estimate]
    predicted_shares: dict[str, float]
    cells: pd.DataFrame
    design_effect: float
    uncovered: dict[str, float]
    n_checked: int
    n_collection: int
    n_left_out: int
    sentences: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-able content; undefined numbers are None."""
        return {
            "n_collection": self.n_collection,
            "n_checked": self.n_checked,
            "n_left_out": self.n_left_out,
            "accuracy": self.accuracy.as_dict(),
            "accuracy_of_checked": self.accuracy_of_checked.as_dict(),
            "class_shares": {name: share.as_dict() for name, share in self.class_shares.items()},
            "post_stratified_shares": {name: share.as_dict() for name, share in self.post_stratified_shares.items()},
            "predicted_shares": dict(self.predicted_shares),
            "design_effect": plain(self.design_effect),
            "unspoken": dict(self.uncovered),
            "sentences": list(self.sentences),
        }


def collection_estimates(
    table: pd.DataFrame,
    classes: Sequence[str],
    *,
    strata: Sequence[str] = (PREDICTED, CONFIDENCE),
    covered_facets: Sequence[str] = ("language", "decade"),
    confidence: float = 0.95,
) -> CollectionEstimates:
    """Estimate accuracy and class shares of a whole collection from its checked books.

    Parameters
    ----------
    table : DataFrame
        The scored table: one row a book of the collection, with ``predicted``, ``confidence``, ``p_<class>`` where
        known, ``truth`` ('' where nobody checked), ``leak``, ``split``, ``title_key`` and the records columns.
    classes : sequence of str
    strata : sequence of str
        What makes the cells, the most important first: 'predicted', 'confidence' (in five bands of equally many books),
        or facets. Cells with fewer than 10 checked books are pooled, over the last of the strata first.
    covered_facets : sequence of str
        Facets for which the share of books without any checked book of their value is told.
    confidence : float
        Coverage of the intervals.

    Returns
    -------
    CollectionEstimates
        All estimates are undefined, with the reason, when fewer than 10 checked books can be used.

    Raises
    ------
    InputError
        The table has no rows, or lacks a column.

    Notes
    -----
    Used are books with a truth that the model neither learned from nor was calibrated on (``split`` is '' or 'test')
    and whose title is not among those it learned from (``leak``). Within a cell the checked books must be like the
    others: weights mend a sample that took more of some cells, not one that took the easier books of a cell.
    Editions of one title (``title_key``) count as one draw. Intervals of accuracy and post-stratified shares are
    linearised; coverage is checked by simulation in tests/theory.

    References
    ----------
    D. Holt, T. M. F. Smith (1979), "Post stratification", Journal of the Royal Statistical Society A 142.
    A. N. Angelopoulos et al. (2023), "Prediction-powered inference", arXiv 2301.09633.
    A. Fisch et al. (2024), "Stratified prediction-powered inference for hybrid language model evaluation",
    arXiv 2406.04291 (the two together).
    """
    needed = (RECORD_ID, TITLE_KEY, PREDICTED, TRUTH, *({CONFIDENCE} & set(strata)))
    missing = [column for column in needed if column not in table]
    if missing or table.empty:
        fault = f"has no column '{missing[0]}'" if missing else "has no rows"
        raise InputError(f"The scored table {fault}: nothing can be said of the collection.")
    checked = (table[TRUTH] != "").to_numpy(dtype=bool)
    usable = checked & _accuracy_without_training(table)
    predicted = {name: float((table[PREDICTED] == name).mean()) for name in classes}
    n, left_out = int(usable.sum()), int((checked & ~usable).sum())
    books = table[usable]
    uncovered = {
        facet: uncovered_share(facet_values(books, facet).to_frame(), facet_values(table, facet).to_frame(), [facet])
        for facet in covered_facets
    }
    if n < MINIMUM_RECORDS:
        nothing = Estimate.undefined(f"only {n} checked books can be used; {MINIMUM_RECORDS} are needed", n)
        return CollectionEstimates(
            accuracy=nothing,
            accuracy_of_checked=nothing,
            class_shares=dict.fromkeys(classes, nothing),
            post_stratified_shares=dict.fromkeys(classes, nothing),
            predicted_shares=predicted,
            cells=pd.DataFrame(),
            design_effect=math.nan,
            uncovered=uncovered,
            n_checked=n,
            n_collection=len(table),
            n_left_out=left_out,
            sentences=(f"Only {n} checked books can be used: nothing can be said of the collection.",),
        )
    cells = pd.DataFrame({name: _stratum(table, name) for name in strata}, index=table.index)
    weighting = post_stratify(cells[usable], cells, list(cells.columns), MINIMUM_RECORDS)
    right = (books[PREDICTED] == books[TRUTH]).to_numpy(dtype=bool)
    groups = group_numbers(books[TITLE_KEY])[0]
    accuracy = weighted_share(right, weighting.weights, groups, weighting.cell, confidence)
    as_they_are = weighted_share(right, groups=groups, confidence=confidence)
    by_cells, powered = {}, {}
    for name in classes:
        is_class = (books[TRUTH] == name).to_numpy(dtype=bool)
        by_cells[name] = weighted_share(is_class, weighting.weights, groups, weighting.cell, confidence)
        guess = _guess(table, name)
        powered[name] = prediction_powered_share(
            is_class,
            guess[usable],
            guess,
            weights=weighting.weights,
            groups=groups,
            cell=weighting.cell,
            confidence=confidence,
        ).estimate
    return CollectionEstimates(
        accuracy=accuracy,
        accuracy_of_checked=as_they_are,
        class_shares=powered,
        post_stratified_shares=by_cells,
        predicted_shares=predicted,
        cells=weighting.cells,
        design_effect=weighting.design_effect,
        uncovered=uncovered,
        n_checked=n,
        n_collection=len(table),
        n_left_out=left_out,
        sentences=_sentences(accuracy, as_they_are, powered, weighting, uncovered, len(table)),
    )


def confidence_bands(confidence: pd.Series, bands: int = BANDS) -> pd.Series:
    """Return the band of each confidence, in bands of about equally many books: '0.50–0.71', …; unknown is its own.

    Examples
    --------
    >>> confidence_bands(pd.Series([0.6, 0.9, None, 0.95]), bands=2).tolist()
    ['0.60–0.90', '0.60–0.90', 'unknown', '0.90–0.95']
    """
    numbers = confidence.to_numpy(dtype=float, na_value=np.nan)
    known = ~np.isnan(numbers)
    words = np.full(len(numbers), "unknown", dtype=object)
    if known.any():
        edges = np.unique(np.quantile(numbers[known], np.linspace(0, 1, bands + 1), method="lower"))
        names = [f"{low:.2f}–{high:.2f}" for low, high in itertools.pairwise(edges)] or [f"{edges[0]:.2f}"]
        place = np.searchsorted(edges[1:-1], numbers[known], side="left")
        words[known] = np.array(names, dtype=object)[place]
    return pd.Series(words, index=confidence.index).astype("str")


def _accuracy_without_training(table: pd.DataFrame) -> NDArray[np.bool_]:
    apart = np.ones(len(table), dtype=bool)
    if SPLIT in table:
        apart &= table[SPLIT].isin(["", "test"]).to_numpy(dtype=bool)
    if LEAK in table:
        apart &= ~table[LEAK].to_numpy(dtype=bool)
    return apart


def _stratum(table: pd.DataFrame, name: str) -> pd.Series:
    return confidence_bands(table[CONFIDENCE]) if name == CONFIDENCE else facet_values(table, name)


def _guess(table: pd.DataFrame, name: str) -> NDArray[np.float64]:
    """Return the model's guess at a class: its probability, or 0 and 1 where only labels are known."""
    predicted = np.asarray(table[PREDICTED] == name, dtype=np.float64)
    column = probability_column(name)
    if column not in table:
        return predicted
    given = table[column].to_numpy(dtype=float, na_value=np.nan)
    return np.asarray(np.where(np.isnan(given), predicted, given))


def _sentences(
    accuracy: Estimate,
    as_they_are: Estimate,
    shares: dict[str, Estimate],
    weighting: PostStratification,
    uncovered: dict[str, float],
    n_collection: int,
) -> tuple[str, ...]:
    sizes = {name: class_share.value for name, class_share in shares.items()}
    ranges = {name: f"{name} {_range(class_share)}" for name, class_share in shares.items()}
    sentences = [
        (
            f"In the whole collection of {n_collection:,} books the model is right for {_range(accuracy)}, in the"
            f" {as_they_are.n:,} checked books as they are for {_range(as_they_are)}."
        ),
        f"The collection is {largest_listed(sizes, ranges)}.",
    ]
    if weighting.design_effect >= 1.05:
        effective = accuracy.n / weighting.design_effect
        sentences.append(
            f"The checked books are spread unevenly over the collection: {accuracy.n:,} of them count like"
            f" {effective:,.0f} drawn at random (design effect {weighting.design_effect:.2f})."
        )
    silent = [f"{in_percent(share)} by {facet_title(facet).lower()}" for facet, share in uncovered.items() if share > 0]
    if silent:
        sentences.append(f"No checked book speaks for a part of the collection: {listed(silent)}.")
    return tuple(sentences)


def _range(share: Estimate) -> str:
    if not share.defined:
        return f"(not known: {share.reason})"
    return f"{percent(share.value)} ({interval_percent(share.low, share.high)})"
