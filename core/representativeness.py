"""Is a sample like the collection it should speak for? Effect sizes in words; the size of the sample never decides."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.errors import InputError
from core.facets import FACETS, facet_codes, facet_order, facet_title, missing_value
from core.language_evidence import LanguageEvidence, Overlap, keyword_frequency, language_evidence, shared_books
from core.schema import LANGUAGE, LANGUAGE_SOURCE
from core.statistics import (
    MINIMUM_RECORDS,
    ChiSquare,
    adjust_p,
    chi_square,
    cramers_v,
    jensen_shannon,
    share_ratio,
    standardised_residuals,
    total_variation,
    total_variation_by_chance,
)
from core.text_formats import plain
from core.translation import in_english, noop

__all__ = [
    "TOO_FEW_BOOKS",
    "VERDICTS",
    "FacetComparison",
    "LanguageEvidence",
    "Representativeness",
    "compare",
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
