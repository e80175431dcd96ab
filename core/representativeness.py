"""Is a sample like the collection it should speak for? Effect sizes in words; the size of the sample never decides."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.errors import InputError
from core.facets import FACETS, facet_codes, facet_order, facet_title, facet_values, missing_value
from core.formatting import plain
from core.language_evidence import LanguageEvidence, Overlap, keyword_frequency, language_evidence, shared_books
from core.schema import (
    AUTHOR,
    CONFIDENCE,
    COUNTRY,
    DATE,
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
    ChiSquare,
    Estimate,
    adjust_p,
    chi_square,
    cramers_v,
    group_numbers,
    jensen_shannon,
    post_stratify,
    prediction_powered_share,
    share_ratio,
    standardised_residuals,
    total_variation,
    total_variation_by_chance,
    uncovered_share,
    weighted_share,
)
from core.translation import in_english, language_name, noop

__all__ = [
    "TOO_FEW_BOOKS",
    "VERDICTS",
    "CollectionEstimates",
    "FacetComparison",
    "LanguageEvidence",
    "Representativeness",
    "collection_estimates",
    "compare",
    "confidence_bands",
    "field_quality",
    "keyword_frequency",
    "language_evidence",
    "verdict_of",
]


# Total variation distance beyond what a random sample of this size would show (below the limit) → the word for it.
VERDICTS: tuple[tuple[float, str], ...] = (
    (0.05, noop("alike")),
    (0.15, noop("slightly different")),
    (0.30, noop("clearly different")),
    (math.inf, noop("very different")),
)
TOO_FEW_BOOKS = noop("too few books to say")


@dataclass(frozen=True, kw_only=True)
class FacetComparison:
    """One facet of a sample beside that of the population.

    Attributes
    ----------
    facet, title : str
        Its name, and its name for people.
    sample_name, population_name : str
        What the two are called: adjectives of books.
    table : DataFrame
        One row a value, the commonest of the population first: ``value``, ``sample_n``, ``population_n``, ``shared_n``
        (in both), ``sample_share``, ``population_share`` (0 to 1, of all books of the set), ``ratio`` of the shares
        with ``low`` and ``high`` (95 per cent), ``residual`` (standard errors from what chance would give). Ratio and
        residual are NaN for values of fewer than 10 books in both sets. For the language also ``sample_detected_n`` and
        ``population_detected_n``: books whose language was detected from the title, not catalogued.
    n_sample, n_population, n_shared : int
        Books of the sample, of the population, and of both.
    tvd : float
        Total variation distance: the share of the sample's books that would have to change their value, 0 to 1.
    tvd_by_chance : float
        What a random sample of the same size would show on average.
    jsd_bits, cramers_v : float
        Jensen–Shannon divergence (0 to 1 bit) and Cramér's V (0 to 1). All effect sizes are NaN for sets of fewer than
        10 books.
    test : ChiSquare
        Of the sample against the population's other books, small cells pooled.
    p_adjusted : float
        The test's p value, adjusted for all facets compared together (Holm).
    verdict : str
        A word for ``tvd`` less ``tvd_by_chance``, see :data:`VERDICTS`; the p value has no part in it.
    """

    facet: str
    title: str
    sample_name: str
    population_name: str
    table: pd.DataFrame
    n_sample: int
    n_population: int
    n_shared: int
    tvd: float
    tvd_by_chance: float
    jsd_bits: float
    cramers_v: float
    test: ChiSquare
    p_adjusted: float
    verdict: str

    def chart_table(self, top: int = 15) -> pd.DataFrame:
        """Return the table for a chart: the commonest values in their natural order, the rest as 'other values (N)'.

        The commonest are those of the largest share in either set; the missing value is always shown. All numbers
        elsewhere rest on the whole table.
        """
        shares = self.table[["sample_share", "population_share"]].max(axis=1).fillna(0)
        missing = (self.table["value"] == missing_value(self.facet)).to_numpy(dtype=bool)
        shown = (shares.rank(ascending=False, method="first") <= top).to_numpy(dtype=bool) | missing
        if (~shown).sum() == 1:  # one value alone is no "others"
            shown[:] = True
        order = facet_order(self.facet, self.table["value"][shown])
        chart = self.table[shown].set_index("value").loc[order].reset_index()
        if shown.all():
            return chart
        rest = self.table[~shown]
        sums = {str(name): [int(rest[name].sum())] for name in rest if str(name).endswith("_n")}
        others = _rates(pd.DataFrame(sums), self.n_sample, self.n_population, self.n_shared)
        others["value"] = f"other values ({len(rest):,})"
        return pd.concat([chart, others[list(chart.columns)]], ignore_index=True)

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-able content: every value, undefined numbers as None."""
        return {
            "facet": self.facet,
            "tvd": plain(self.tvd),
            "tvd_by_chance": plain(self.tvd_by_chance),
            "jsd_bits": plain(self.jsd_bits),
            "cramers_v": plain(self.cramers_v),
            "p": plain(self.test.p),
            "p_adjusted": plain(self.p_adjusted),
            "df": self.test.df,
            "pooled": self.test.pooled,
            "verdict": self.verdict,
            "rows": plain(self.table.to_dict("records")),
        }


@dataclass(frozen=True)
class Representativeness:
    """A sample beside the population it should speak for, facet by facet; `n_elsewhere` books are in that alone."""

    sample_name: str
    population_name: str
    n_sample: int
    n_population: int
    n_shared: int
    n_elsewhere: int
    facets: tuple[FacetComparison, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-able content."""
        return {
            "sample": self.sample_name,
            "population": self.population_name,
            "sample_n": self.n_sample,
            "population_n": self.n_population,
            "shared_n": self.n_shared,
            "facets": [facet.as_dict() for facet in self.facets],
        }


@in_english()
def compare(
    sample_records: pd.DataFrame,
    population_records: pd.DataFrame,
    facets: Sequence[str] = FACETS,
    *,
    sample_name: str = "sample",
    population_name: str = "population",
) -> Representativeness:
    """Compare a sample with the population it should speak for.

    Parameters
    ----------
    sample_records, population_records : DataFrame
        Records, one row a book (see :mod:`core.schema`).
    facets : sequence of str
        Facets to compare by, see :mod:`core.facets`.
    sample_name, population_name : str
        What the sentences call the two: 'annotated' and 'digitised' give "… of the annotated and … of the digitised
        books".

    Raises
    ------
    InputError
        One of the two has no books, or a facet's column is missing.

    Notes
    -----
    Books found in both (by identifier) count in both when shares and distances are computed, as anybody would expect of
    "3 % of the digitised books". The test and the residuals compare the sample with the population's *other* books,
    because the same book on both sides proves nothing; the interval of a ratio takes the shared books into account as
    told in :func:`core.statistics.share_ratio`. Nothing is drawn at random: the same tables give the same numbers.

    The distance between a sample and its population is never zero, and grows with the number of rare values. What a
    random sample of the same size would show is computed exactly
    (:func:`core.statistics.total_variation_by_chance`), and the verdict is on what goes beyond it. If the sample is not
    part of the population, it is what two random sets of these sizes from one collection would show.
    """
    if sample_records.empty or population_records.empty:
        empty = sample_name if sample_records.empty else population_name
        raise InputError(f"There are no books in '{empty}': nothing can be compared.")
    overlap = shared_books(sample_records, population_records)
    names = (sample_name, population_name)
    unadjusted = [
        _compare_facet(sample_records, population_records, overlap=overlap, facet=facet, names=names)
        for facet in facets
    ]
    adjusted = adjust_p([facet.test.p for facet in unadjusted], "holm")
    results = tuple(replace(facet, p_adjusted=float(p)) for facet, p in zip(unadjusted, adjusted, strict=True))
    n = (len(sample_records), len(population_records), overlap.n, int((~overlap.in_population).sum()))
    return Representativeness(sample_name, population_name, *n, results)


def _compare_facet(
    sample: pd.DataFrame, population: pd.DataFrame, overlap: Overlap, facet: str, names: tuple[str, str]
) -> FacetComparison:
    n = (len(sample), len(population), overlap.n)
    counts, rest = _count(sample, population, overlap, facet)
    disjoint = np.vstack([counts["sample_n"], rest])
    table = _rates(counts, *n)
    table["residual"] = np.where(table["ratio"].notna(), standardised_residuals(disjoint)[0], np.nan)
    table = table.sort_values(["population_n", "sample_n", "value"], ascending=[False, False, True], ignore_index=True)

    test = chi_square(disjoint)
    if not rest.any():
        test = ChiSquare(
            statistic=math.nan, df=0, p=math.nan, pooled=0, reason="no book of the population is outside the sample"
        )
    tvd = by_chance = bits = association = math.nan
    if min(n[:2]) >= MINIMUM_RECORDS:
        tvd = total_variation(counts["sample_n"], counts["population_n"])
        by_chance = _by_chance(counts, *n)
        bits = jensen_shannon(counts["sample_n"], counts["population_n"])
        association = cramers_v(disjoint)
    return FacetComparison(
        facet=facet,
        title=facet_title(facet),
        sample_name=names[0],
        population_name=names[1],
        table=table,
        n_sample=n[0],
        n_population=n[1],
        n_shared=n[2],
        tvd=tvd,
        tvd_by_chance=by_chance,
        jsd_bits=bits,
        cramers_v=association,
        test=test,
        p_adjusted=math.nan,
        verdict=verdict_of(tvd, by_chance),
    )


def verdict_of(tvd: float, by_chance: float) -> str:
    """Return the word for a distance, see :data:`VERDICTS`; :data:`TOO_FEW_BOOKS` when it is undefined."""
    if math.isnan(tvd):
        return TOO_FEW_BOOKS
    beyond = max(tvd - by_chance, 0.0)
    return next(word for limit, word in VERDICTS if beyond < limit)


def _count(
    sample: pd.DataFrame, population: pd.DataFrame, overlap: Overlap, facet: str
) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """Return counts by value, and the counts of the population's books that are not in the sample."""
    (ours, our_values), (theirs, their_values) = facet_codes(sample, facet), facet_codes(population, facet)
    number = {value: position for position, value in enumerate(dict.fromkeys((*their_values, *our_values)))}
    ours = np.array([number[value] for value in our_values], dtype=np.intp)[ours]
    theirs = np.array([number[value] for value in their_values], dtype=np.intp)[theirs]

    def count(codes: NDArray[np.intp]) -> NDArray[np.int64]:
        return np.bincount(codes, minlength=len(number)).astype(np.int64)

    counts = pd.DataFrame({"value": pd.Series(list(number), dtype="str")})
    counts["sample_n"], counts["population_n"] = count(ours), count(theirs)
    # A book may be catalogued differently in the two tables; it cannot be shared more often than it is counted.
    most = counts[["sample_n", "population_n"]].min(axis=1)
    counts["shared_n"] = np.minimum(count(ours[overlap.in_sample]), most)
    if facet == LANGUAGE and LANGUAGE_SOURCE in sample and LANGUAGE_SOURCE in population:
        counts["sample_detected_n"] = count(ours[(sample[LANGUAGE_SOURCE] == "detected").to_numpy(dtype=bool)])
        counts["population_detected_n"] = count(
            theirs[(population[LANGUAGE_SOURCE] == "detected").to_numpy(dtype=bool)]
        )
    return counts, count(theirs[~overlap.in_population])


def _rates(counts: pd.DataFrame, n_sample: int, n_population: int, n_shared: int) -> pd.DataFrame:
    estimate = share_ratio(
        counts["sample_n"],
        n_sample,
        counts["population_n"],
        n_population,
        shared_k=counts["shared_n"],
        shared_n=n_shared,
    )
    enough = counts[["sample_n", "population_n"]].max(axis=1) >= MINIMUM_RECORDS
    enough &= min(n_sample, n_population) >= MINIMUM_RECORDS
    return counts.assign(
        sample_share=counts["sample_n"] / n_sample if n_sample >= MINIMUM_RECORDS else np.nan,
        population_share=counts["population_n"] / n_population if n_population >= MINIMUM_RECORDS else np.nan,
        ratio=np.where(enough, estimate.ratio, np.nan),
        low=np.where(enough, estimate.low, np.nan),
        high=np.where(enough, estimate.high, np.nan),
        residual=np.nan,
    )


def _by_chance(counts: pd.DataFrame, n_sample: int, n_population: int, n_shared: int) -> float:
    union = counts["sample_n"] + counts["population_n"] - counts["shared_n"]
    total = float(union.sum())
    if total <= n_sample:
        return 0.0
    # From "sample against all books" to "sample against population": the ratio of the two standard errors.
    wanted = 1 / n_sample + 1 / n_population - 2 * n_shared / (n_sample * n_population)
    scale = math.sqrt(max(wanted, 0.0) / (1 / n_sample - 1 / total))
    return total_variation_by_chance(union, n_sample) * scale


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
    unseen = np.ones(len(table), dtype=bool)
    if SPLIT in table:
        unseen &= table[SPLIT].isin(["", "test"]).to_numpy(dtype=bool)
    if LEAK in table:
        unseen &= ~table[LEAK].to_numpy(dtype=bool)
    return unseen


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
