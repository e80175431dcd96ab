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
from core.facets import facet_values
from core.schema import (
    AUTHOR,
    CONFIDENCE,
    COUNTRY,
    DATE,
    GENRE_GIVEN,
    LANGUAGE,
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
    group_numbers,
    post_stratify,
    prediction_powered_share,
    uncovered_share,
    weighted_share,
)
from core.text_formats import plain
from core.translation import language_name

__all__ = [
    "CollectionEstimates",
    "collection_estimates",
    "confidence_bands",
    "field_quality",
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


def _named(column: str, value: object) -> str:
    return language_name(str(value)) if column == LANGUAGE else str(value)


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
                    "; ".join(f"{_named(column, value)} ({count:,})" for value, count in counts.items())
                    if column not in (RECORD_ID, TITLE)
                    else ""
                ),
            }
        )
    return pd.DataFrame(rows)


# --- What a few checked books say of the whole collection -------------------------------------------------------------
# Its accuracy and its class shares, with what is not known.


BANDS = 5
# Checked books a cell has at least. By simulation (tests/theory/test_collection_theory.py): with 10, cells in which the
# model is unsure join surer ones too often where confident books were checked ten times as often.
CELL_MINIMUM = 5
# Of the strata, those whose values have neighbours.
_ORDERED = (CONFIDENCE, "decade")


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
        }


def collection_estimates(
    table: pd.DataFrame,
    classes: Sequence[str],
    *,
    strata: Sequence[str] = (PREDICTED, CONFIDENCE),
    covered_facets: Sequence[str] = ("language", "decade"),
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
        or facets. Cells with fewer than 5 checked books are pooled, over the last of the strata first, and with a
        neighbour where values have an order.
    covered_facets : sequence of str
        Facets for which the share of books without any checked book of their value is told.

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
    linearised; coverage is checked by simulation in tests/theory. They are of this collection and of no other: the part
    of it that has been checked is known, and with all of it the limits meet.

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
        )
    cells = pd.DataFrame({name: _stratum(table, name) for name in strata}, index=table.index)
    weighting = post_stratify(cells[usable], cells, list(cells.columns), CELL_MINIMUM, ordered=_ORDERED)
    sampled = (weighting.cells["n_labelled"] / weighting.cells["n_population"]).to_numpy(dtype=float)[weighting.cell]
    right = (books[PREDICTED] == books[TRUTH]).to_numpy(dtype=bool)
    groups = group_numbers(books[TITLE_KEY])[0]
    accuracy = weighted_share(right, weighting.weights, groups, weighting.cell, sampled=sampled)
    as_they_are = weighted_share(right, groups=groups, sampled=n / len(table))
    by_cells, powered = {}, {}
    for name in classes:
        is_class = (books[TRUTH] == name).to_numpy(dtype=bool)
        by_cells[name] = weighted_share(is_class, weighting.weights, groups, weighting.cell, sampled=sampled)
        guess = _guess(table, name)
        powered[name] = prediction_powered_share(
            is_class,
            guess[usable],
            guess,
            weights=weighting.weights,
            groups=groups,
            cell=weighting.cell,
            sampled=sampled,
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
