"""Is a sample like the collection it should speak for? Effect sizes in words; the size of the sample never decides."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.errors import InputError
from core.facets import FACETS, facet_codes, facet_order, facet_title, facet_words, missing_value
from core.keywords import keyword_frequency
from core.language_evidence import LanguageEvidence, language_evidence
from core.overlap import Overlap, shared_books
from core.schema import LANGUAGE, LANGUAGE_SOURCE
from core.statistics import (
    MINIMUM_RECORDS,
    ChiSquare,
    adjust_p,
    chi_square,
    cramers_v,
    in_percent,
    jensen_shannon,
    over_or_under,
    share_ratio,
    standardised_residuals,
    total_variation,
    total_variation_by_chance,
)

__all__ = [
    "VERDICTS",
    "FacetComparison",
    "LanguageEvidence",
    "Representativeness",
    "compare",
    "keyword_frequency",
    "language_evidence",
]

# Total variation distance beyond what a random sample of this size would show → the word for it.
VERDICTS: tuple[tuple[float, str], ...] = (
    (0.05, "alike"),
    (0.15, "slightly different"),
    (0.30, "clearly different"),
    (math.inf, "very different"),
)
UNTOLD = "too few books to say"
_MISSING_GAP = 0.10  # from this difference on, missing values distort the comparison of the others


@dataclass(frozen=True)
class FacetComparison:
    """One facet of a sample beside that of the population.

    Attributes
    ----------
    facet, title : str
        Its name, and its name for people.
    table : DataFrame
        One row a value, the commonest of the population first: ``value``, ``sample_n``, ``population_n``, ``shared_n`` (in both),
        ``sample_share``, ``population_share`` (0 to 1, of all books of the set), ``ratio`` of the shares with ``low`` and ``high``
        (95 per cent), ``residual`` (standard errors from what chance would give). Ratio and residual are NaN for values of fewer
        than 10 books in both sets. For the language also ``sample_detected_n`` and ``population_detected_n``: books whose language
        was detected from the title, not catalogued.
    tvd : float
        Total variation distance: the share of the sample's books that would have to change their value, 0 to 1.
    tvd_by_chance : float
        What a random sample of the same size would show on average.
    jsd_bits, cramers_v : float
        Jensen–Shannon divergence (0 to 1 bit) and Cramér's V (0 to 1).
    test : ChiSquare
        Of the sample against the population's other books, small cells pooled.
    p_adjusted : float
        The test's p value, adjusted for all facets compared together (Holm).
    verdict : str
        A word for ``tvd`` less ``tvd_by_chance``, see :data:`VERDICTS`; the p value has no part in it.
    sentence : str
        The headline: what differs most, in words.
    caveats : tuple of str
        What a reader must know before believing the headline.
    top : int
        How many values a chart shows.
    """

    facet: str
    title: str
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
    sentence: str
    caveats: tuple[str, ...]
    top: int

    def chart_table(self, top: int | None = None) -> pd.DataFrame:
        """Return the table for a chart: the commonest values in their natural order, the rest as 'other values (N)'.

        The missing value is always shown. All numbers elsewhere rest on the whole table.
        """
        most = (
            self.table[["sample_share", "population_share"]].max(axis=1).fillna(0).rank(ascending=False, method="first")
        )
        missing = (self.table["value"] == missing_value(self.facet)).to_numpy()
        shown = (most <= (top or self.top)).to_numpy() | missing
        if (~shown).sum() == 1:  # one value alone is no "others"
            shown[:] = True
        order = facet_order(self.facet, self.table["value"][shown])
        chart = self.table[shown].set_index("value").loc[order].reset_index()
        if shown.all():
            return chart
        counts = self.table.loc[~shown].select_dtypes("number").filter(regex="_n$").sum()
        others = _rates(
            pd.DataFrame([counts]).astype(np.int64), self.n_sample, self.n_population, self.n_shared
        ).assign(value=f"other values ({int((~shown).sum()):,})")
        return pd.concat([chart, others.reindex(columns=chart.columns)], ignore_index=True)

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-able content: every value, undefined numbers as None."""
        rows = self.table.to_dict("records")
        return {
            "facet": self.facet,
            "tvd": _json(self.tvd),
            "tvd_by_chance": _json(self.tvd_by_chance),
            "jsd_bits": _json(self.jsd_bits),
            "cramers_v": _json(self.cramers_v),
            "p": _json(self.test.p),
            "p_adjusted": _json(self.p_adjusted),
            "df": self.test.df,
            "pooled": self.test.pooled,
            "verdict": self.verdict,
            "sentence": self.sentence,
            "caveats": list(self.caveats),
            "rows": [{str(key): _json(value) for key, value in row.items()} for row in rows],
        }


@dataclass(frozen=True)
class Representativeness:
    """A sample beside the population it should speak for, facet by facet."""

    sample_name: str
    population_name: str
    n_sample: int
    n_population: int
    n_shared: int
    facets: tuple[FacetComparison, ...]
    sentences: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-able content."""
        return {
            "sample": self.sample_name,
            "population": self.population_name,
            "sample_n": self.n_sample,
            "population_n": self.n_population,
            "shared_n": self.n_shared,
            "sentences": list(self.sentences),
            "facets": [facet.as_dict() for facet in self.facets],
        }


@dataclass(frozen=True)
class _Sets:
    """Everything about the two sets that does not depend on the facet."""

    sample: pd.DataFrame
    population: pd.DataFrame
    overlap: Overlap
    sample_name: str
    population_name: str

    @property
    def n(self) -> tuple[int, int, int]:
        return len(self.sample), len(self.population), self.overlap.n


def compare(
    sample_records: pd.DataFrame,
    population_records: pd.DataFrame,
    facets: Sequence[str] = FACETS,
    *,
    sample_name: str = "sample",
    population_name: str = "population",
    top: int = 15,
) -> Representativeness:
    """Compare a sample with the population it should speak for.

    Parameters
    ----------
    sample_records, population_records : DataFrame
        Records, one row a book (see :mod:`core.schema`).
    facets : sequence of str
        Facets to compare by, see :mod:`core.facets`.
    sample_name, population_name : str
        What the sentences call the two: 'annotated' and 'digitised' give "… of the annotated and … of the digitised books".
    top : int
        How many values a chart shows by default. No number depends on it.

    Returns
    -------
    Representativeness

    Raises
    ------
    InputError
        One of the two has no books, or a facet's column is missing.

    Notes
    -----
    Books found in both (by identifier) count in both when shares and distances are computed, as anybody would expect of
    "3 % of the digitised books". The test and the residuals compare the sample with the population's *other* books, because the
    same book on both sides proves nothing; the interval of a ratio takes the shared books into account as told in
    :func:`core.statistics.share_ratio`. There is no chance in any of this: the same tables give the same numbers.

    A distance between a sample and its population is never zero, and grows with the number of rare values. What a
    random sample of the same size would show is computed exactly (:func:`core.statistics.total_variation_by_chance`) and the
    verdict is on what goes beyond it. If the sample is not part of the population, the value by chance is that of two random sets
    of these sizes from one collection.
    """
    if sample_records.empty or population_records.empty:
        empty = sample_name if sample_records.empty else population_name
        raise InputError(f"There are no books in '{empty}': nothing can be compared.")
    overlap = shared_books(sample_records, population_records)
    sets = _Sets(sample_records, population_records, overlap, sample_name, population_name)
    found = [_compare_facet(sets, facet, top) for facet in facets]
    adjusted = adjust_p([facet.test.p for facet in found], "holm")
    told = tuple(replace(facet, p_adjusted=float(p)) for facet, p in zip(found, adjusted, strict=True))
    return Representativeness(sample_name, population_name, *sets.n, told, _summary(sets, told))


def _compare_facet(sets: _Sets, facet: str, top: int) -> FacetComparison:
    n_sample, n_population, n_shared = sets.n
    (ours, our_values), (theirs, their_values) = facet_codes(sets.sample, facet), facet_codes(sets.population, facet)
    values = list(dict.fromkeys((*their_values, *our_values)))
    number = {value: position for position, value in enumerate(values)}
    ours = np.array([number[value] for value in our_values], dtype=np.intp)[ours]
    theirs = np.array([number[value] for value in their_values], dtype=np.intp)[theirs]

    def count(codes: NDArray[np.intp]) -> NDArray[np.int64]:
        return np.bincount(codes, minlength=len(values)).astype(np.int64)

    rest = count(theirs[~sets.overlap.in_population])
    counts = pd.DataFrame({"sample_n": count(ours), "population_n": count(theirs)})
    # A book may be catalogued differently in the two tables; it cannot be shared more often than it is counted.
    counts["shared_n"] = np.minimum(count(ours[sets.overlap.in_sample]), counts.min(axis=1))
    if facet == LANGUAGE and LANGUAGE_SOURCE in sets.sample and LANGUAGE_SOURCE in sets.population:
        counts["sample_detected_n"] = count(ours[(sets.sample[LANGUAGE_SOURCE] == "detected").to_numpy()])
        counts["population_detected_n"] = count(theirs[(sets.population[LANGUAGE_SOURCE] == "detected").to_numpy()])
    table = _rates(counts, n_sample, n_population, n_shared)
    disjoint = np.vstack([counts["sample_n"], rest])
    table["residual"] = np.where(table["ratio"].notna(), standardised_residuals(disjoint)[0], np.nan)
    table.insert(0, "value", pd.Series(values, dtype="str"))
    table = table.sort_values(["population_n", "sample_n", "value"], ascending=[False, False, True], ignore_index=True)

    test = chi_square(disjoint)
    if not rest.any():
        test = ChiSquare(math.nan, 0, math.nan, 0, "the sample is the whole population")
    enough = n_sample >= MINIMUM_RECORDS and n_population >= MINIMUM_RECORDS
    tvd = total_variation(counts["sample_n"], counts["population_n"]) if enough else math.nan
    by_chance = _by_chance(counts, sets.n) if enough else math.nan
    verdict = _verdict(tvd, by_chance)
    return FacetComparison(
        facet,
        facet_title(facet),
        table,
        *sets.n,
        tvd,
        by_chance,
        jensen_shannon(counts["sample_n"], counts["population_n"]) if enough else math.nan,
        cramers_v(disjoint) if enough else math.nan,
        test,
        math.nan,
        verdict,
        _headline(sets, facet, table, verdict),
        _caveats(sets, facet, table),
        top,
    )


def _rates(counts: pd.DataFrame, n_sample: int, n_population: int, n_shared: int) -> pd.DataFrame:
    found = share_ratio(
        counts["sample_n"],
        n_sample,
        counts["population_n"],
        n_population,
        shared_k=counts["shared_n"],
        shared_n=n_shared,
    )
    enough = counts[["sample_n", "population_n"]].max(axis=1) >= MINIMUM_RECORDS
    enough &= min(n_sample, n_population) >= MINIMUM_RECORDS
    table = counts.assign(
        sample_share=counts["sample_n"] / n_sample,
        population_share=counts["population_n"] / n_population,
        ratio=np.where(enough, found.ratio, np.nan),
        low=np.where(enough, found.low, np.nan),
        high=np.where(enough, found.high, np.nan),
        residual=np.nan,
    )
    if n_sample < MINIMUM_RECORDS:
        table["sample_share"] = np.nan
    if n_population < MINIMUM_RECORDS:
        table["population_share"] = np.nan
    return table


def _by_chance(counts: pd.DataFrame, n: tuple[int, int, int]) -> float:
    n_sample, n_population, n_shared = n
    union = counts["sample_n"] + counts["population_n"] - counts["shared_n"]
    total = float(union.sum())
    of_union = total_variation_by_chance(union, n_sample)
    if total <= n_sample:
        return 0.0
    # From "sample against all books" to "sample against population": the ratio of the two standard errors.
    wanted = 1 / n_sample + 1 / n_population - 2 * n_shared / (n_sample * n_population)
    return of_union * math.sqrt(max(wanted, 0.0) / (1 / n_sample - 1 / total))


def _verdict(tvd: float, by_chance: float) -> str:
    beyond = max(tvd - by_chance, 0.0)
    return UNTOLD if math.isnan(tvd) else next(word for limit, word in VERDICTS if beyond < limit)


def _headline(sets: _Sets, facet: str, table: pd.DataFrame, verdict: str) -> str:
    if verdict == UNTOLD:
        return f"There are too few books to compare the two by {facet_title(facet).lower()}."
    difference = (table["sample_share"] - table["population_share"]).where(
        table["ratio"].notna() | (table["sample_n"] >= MINIMUM_RECORDS)
    )
    books = _books(sets)
    if difference.isna().all() or verdict == VERDICTS[0][1]:
        largest = float(difference.abs().max()) if difference.notna().any() else 0.0
        return (
            f"By {facet_title(facet).lower()} the {sets.sample_name} are like the {sets.population_name}{books}: no value's share"
            f" differs by more than {max(100 * largest, 0.1):.1f} percentage points."
        )
    sentences = []
    for position in (difference.idxmax(), difference.idxmin()):
        row = table.loc[position]
        if abs(difference[position]) < 0.01:
            continue
        words = facet_words(facet, row["value"])
        sets_named = (
            f"{in_percent(row['sample_share'])} of the {sets.sample_name} and {in_percent(row['population_share'])} of the"
            f" {sets.population_name}{books}"
        )
        if sentences:
            sets_named = f"{in_percent(row['sample_share'])} and {in_percent(row['population_share'])}"
        sentences.append(f"{words[0].upper()}{words[1:]} are {sets_named}: {over_or_under(row['ratio'])}.")
    return " ".join(sentences) or (
        f"By {facet_title(facet).lower()} the {sets.sample_name} differ from the {sets.population_name}{books} in many small"
        " ways: no value's share differs by a percentage point."
    )


def _books(sets: _Sets) -> str:
    return "" if sets.population_name == "population" else " books"


def _caveats(sets: _Sets, facet: str, table: pd.DataFrame) -> tuple[str, ...]:
    caveats = []
    blank = table[table["value"] == missing_value(facet)]
    if len(blank):
        ours, theirs = (float(blank[column].iloc[0]) for column in ("sample_share", "population_share"))
        if abs(ours - theirs) >= _MISSING_GAP:
            words = facet_words(facet, missing_value(facet))
            caveats.append(
                f"{words[0].upper()}{words[1:]} are {in_percent(ours)} of the {sets.sample_name} and {in_percent(theirs)} of the"
                f" {sets.population_name}{_books(sets)}. This difference in cataloguing distorts the shares of all other values."
            )
    if "population_detected_n" in table:
        ours, theirs = (int(table[column].sum()) for column in ("sample_detected_n", "population_detected_n"))
        if ours or theirs:
            caveats.append(
                f"The language was detected from the title, not catalogued, for {ours:,} of the {len(sets.sample):,}"
                f" {sets.sample_name} and {theirs:,} of the {len(sets.population):,} {sets.population_name}{_books(sets)}."
            )
    return tuple(caveats)


def _summary(sets: _Sets, facets: Sequence[FacetComparison]) -> tuple[str, ...]:
    n_sample, n_population, n_shared = sets.n
    sentences = []
    if sets.overlap.is_subset and n_shared < n_population:
        sentences.append(
            f"All {n_sample:,} {sets.sample_name} are among the {n_population:,} {sets.population_name}{_books(sets)}. The tests"
            f" compare them with the other {n_population - int(sets.overlap.in_population.sum()):,}."
        )
    elif n_shared:
        sentences.append(
            f"{n_shared:,} of the {n_sample:,} {sets.sample_name} are among the {n_population:,} {sets.population_name}"
            f"{_books(sets)}. The tests compare the sample with those that are not in it."
        )
    for _, word in reversed(VERDICTS):
        named = [facet.title.lower() for facet in facets if facet.verdict == word]
        if named:
            sentences.append(f"{word[0].upper()}{word[1:]} by {', '.join(named)}.")
    return tuple(sentences)


def _json(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
