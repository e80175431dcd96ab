"""What comparing a sample with its collection says, facet by facet, in a curator's words.

The two sets are called by adjectives of books: 'annotated' and 'digitised' give "19 % of the annotated and 3 % of the
digitised books".
"""

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.facets import facet_words, missing_value
from core.formatting import capitalised, in_percent, listed, over_or_under
from core.language_evidence import LanguageEvidence, LanguageSources
from core.representativeness import TOO_FEW_BOOKS, VERDICTS, FacetComparison, Representativeness
from core.schema import LANGUAGE
from core.statistics import MINIMUM_RECORDS

__all__ = ["caveats", "evidence_sentences", "headline", "sentences"]

# From these differences of the shares of missing values on, the comparison of the other values is distorted, and so
# much so that only the books that have a value are compared in a headline.
_DISTORTING, _OVERWHELMING = 0.10, 0.25
_WORTH_SAYING = 0.01  # differences of shares below this are not in a headline
_ABOUT_CATALOGUING = ("language_source", "date_certainty")  # here the missing value is what the facet is about


def sentences(result: Representativeness) -> tuple[str, ...]:
    """Say by which facets the two sets are how different (the conclusion, first), and how they overlap."""
    ours, theirs = f"{result.sample_name} books", f"{result.population_name} books"
    summary = []
    for word in (*(word for _, word in reversed(VERDICTS)), TOO_FEW_BOOKS):
        facets = [comparison.title.lower() for comparison in result.facets if comparison.verdict == word]
        if facets:
            summary.append(f"{capitalised(word)} by {', '.join(facets)}.")
    if not result.n_elsewhere:
        summary.append(
            f"All {result.n_population:,} {theirs} are among the {result.n_sample:,} {ours}: there are no others to"
            " test them against."
        )
    elif result.n_shared:
        part = f"{result.n_shared:,} of the {result.n_sample:,}"
        if result.n_shared == result.n_sample:
            part = f"All {result.n_sample:,}"
        summary.append(
            f"{part} {ours} are among the {result.n_population:,} {theirs}; they are tested against the other"
            f" {result.n_elsewhere:,}."
        )
    return tuple(summary)


def headline(comparison: FacetComparison) -> str:
    """Say what differs most in a facet: the value most over- and the one most under-represented.

    Where values are missing in one set very much more often than in the other, that is said first, and the rest is
    compared among the books that have a value.
    """
    title, table, verdict = comparison.title.lower(), comparison.table, comparison.verdict
    if verdict == TOO_FEW_BOOKS:
        return f"There are too few books to compare the two by {title}."
    ours, theirs = table["sample_n"].to_numpy(dtype=float), table["population_n"].to_numpy(dtype=float)
    if verdict == VERDICTS[0][1]:
        largest = 100 * np.abs(ours / ours.sum() - theirs / theirs.sum()).max()
        return (
            f"By {title} the {comparison.sample_name} books are like the {comparison.population_name} ones: no value's"
            f" share differs by more than {max(largest, 0.1):.1f} percentage points."
        )
    sentences = []
    missing = (table["value"] == missing_value(comparison.facet)).to_numpy(dtype=bool)
    if _missing_gap(comparison, _OVERWHELMING) is not None:
        sentences.append(f"{_missing_words(comparison)}.")
        ours, theirs = np.where(missing, 0, ours), np.where(missing, 0, theirs)
        if min(ours.sum(), theirs.sum()) < MINIMUM_RECORDS:
            return sentences[0]
    before = "among the others, " if sentences else ""
    for position in _extremes(ours, theirs):
        mine, other = ours[position] / ours.sum(), theirs[position] / theirs.sum()
        words = facet_words(comparison.facet, str(table["value"].iloc[position]))
        shares = f"{in_percent(mine)} and {in_percent(other)}" if sentences else _of_both(comparison, mine, other)
        ratio = over_or_under(mine / other if other else math.nan)
        sentences.append(f"{capitalised(before + words)} are {shares}: {ratio}.")
        before = ""
    if not sentences:
        sentences.append(f"By {title} the two differ in many small ways: no value's share by a percentage point.")
    return " ".join(sentences)


def _extremes(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> list[int]:
    """Return where the difference of shares is largest upwards and downwards, as far as it is worth saying."""
    difference = ours / ours.sum() - theirs / theirs.sum()
    difference[np.maximum(ours, theirs) < MINIMUM_RECORDS] = 0
    positions = (int(difference.argmax()), int(difference.argmin()))
    return [position for position in positions if abs(difference[position]) >= _WORTH_SAYING]


def _missing_gap(comparison: FacetComparison, least: float) -> tuple[float, float] | None:
    """Return the shares of books without a value, if they differ by `least` or more."""
    facet, table = comparison.facet, comparison.table
    blank = table[table["value"] == missing_value(facet)]
    if facet in _ABOUT_CATALOGUING or blank.empty:
        return None
    ours, theirs = float(blank["sample_share"].iloc[0]), float(blank["population_share"].iloc[0])
    return (ours, theirs) if abs(ours - theirs) >= least else None


def _missing_words(comparison: FacetComparison) -> str:
    facet, gap = comparison.facet, _missing_gap(comparison, 0.0)
    shares = _of_both(comparison, *gap) if gap else ""
    return f"{capitalised(facet_words(facet, missing_value(facet)))} are {shares}"


def _of_both(comparison: FacetComparison, sample_share: float, population_share: float) -> str:
    return (
        f"{in_percent(sample_share)} of the {comparison.sample_name}"
        f" and {in_percent(population_share)} of the {comparison.population_name} books"
    )


def caveats(comparison: FacetComparison) -> tuple[str, ...]:
    """Say what distorts the comparison: values missing unevenly, languages detected instead of catalogued."""
    sentences, table = [], comparison.table
    if _missing_gap(comparison, _DISTORTING) is not None:
        sentences.append(
            f"{_missing_words(comparison)}: this difference in cataloguing distorts the shares and ratios of"
            " all other values."
        )
    if "population_detected_n" in table:
        ours, theirs = int(table["sample_detected_n"].sum()), int(table["population_detected_n"].sum())
        if ours or theirs:
            sentences.append(
                f"The language was detected from the title, not catalogued, for {ours:,} of the"
                f" {int(table['sample_n'].sum()):,} {comparison.sample_name} and {theirs:,} of the"
                f" {int(table['population_n'].sum()):,} {comparison.population_name} books."
            )
    return tuple(sentences)


# --- How much a comparison by language rests on languages that were detected from titles ------------------------------


def evidence_sentences(evidence: LanguageEvidence) -> tuple[str, ...]:
    """Say how much of a comparison by language rests on languages that were detected from titles."""
    sentences = [
        _sources(evidence.sample, evidence.sample_name),
        _sources(evidence.population, evidence.population_name),
    ]
    ours, theirs = evidence.sample_name, evidence.population_name
    catalogued, elsewhere = evidence.population.catalogued, evidence.catalogued_elsewhere
    rests = "what is said by language rests on detection" if evidence.population.detected else "nothing can be said"
    if not catalogued:
        sentences.append(f"No {theirs} book has a catalogued language: {rests}.")
    elif evidence.circular:
        sentences.append(
            f"Of the {catalogued:,} {theirs} books with a catalogued language only {elsewhere:,} are not among the"
            f" {ours}: by catalogued languages the {ours} books would be compared with themselves, so {rests}."
        )
    if evidence.circular and not evidence.population.detected:
        return tuple(sentences)
    table = evidence.table
    gap = table["sample_n"] / evidence.sample.n - table["population_n"] / evidence.population.n
    gap = gap.where(table["ratio"].notna())
    if gap.isna().all():
        return tuple(sentences)
    row = table.iloc[int(np.nanargmax(gap.to_numpy()))]
    ways = [("", "with all languages as they are"), ("catalogued_", "with catalogued ones only")]
    if "detected_ratio" in table:
        ways.append(("detected_", "with those detected from the title in both"))
    comparisons = [f"{_times(row, prefix)} {how}" for prefix, how in ways]
    sentences.append(f"{capitalised(facet_words(LANGUAGE, str(row['value'])))} are {listed(comparisons)}.")
    if "checked_n" in table and int(row["checked_n"]):
        checked, recognised = int(row["checked_n"]), int(row["recognised_n"])
        sentences.append(
            f"The detector recognises {recognised:,} of the {checked:,} books catalogued as {row['value']}"
            f" ({in_percent(recognised / checked)})."
        )
    return tuple(sentences)


def _times(row: "pd.Series[float]", prefix: str) -> str:
    ratio, low, high = (float(row[f"{prefix}{name}"]) for name in ("ratio", "low", "high"))
    if np.isnan(ratio):
        return "too few to say"
    return f"{over_or_under(ratio)} ({ratio:.3g}, {low:.3g} to {high:.3g})"


def _sources(sources: LanguageSources, name: str) -> str:
    parts = (
        (sources.catalogued, "is catalogued"),
        (sources.detected, "was detected from the title"),
        (sources.unknown, "is unknown"),
    )
    phrases = [f"{how} for {count:,} ({in_percent(count / sources.n)})" for count, how in parts if count]
    return f"Of the {sources.n:,} {name} books the language {listed(phrases)}."
