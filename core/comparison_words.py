"""What a comparison of two sets of books says, in a curator's words."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.facets import facet_title, facet_words, missing_value
from core.formatting import capitalised, in_percent, over_or_under
from core.statistics import MINIMUM_RECORDS

__all__ = ["TOO_FEW_BOOKS", "VERDICTS", "SetNames", "caveats_of", "headline_of", "summary_of", "verdict_of"]

# Total variation distance beyond what a random sample of this size would show (below the limit) → the word for it.
VERDICTS: tuple[tuple[float, str], ...] = (
    (0.05, "alike"),
    (0.15, "slightly different"),
    (0.30, "clearly different"),
    (math.inf, "very different"),
)
TOO_FEW_BOOKS = "too few books to say"

# From these differences of the shares of missing values on, the comparison of the other values is distorted, and so
# much so that only the books that have a value are compared in a headline.
_DISTORTING, _OVERWHELMING = 0.10, 0.25
_WORTH_SAYING = 0.01  # differences of shares below this are not in a headline
_ABOUT_CATALOGUING = ("language_source", "date_certainty")  # here the missing value is what the facet is about


@dataclass(frozen=True)
class SetNames:
    """What the two sets are called: adjectives of books, such as 'annotated' and 'digitised'."""

    sample: str
    population: str

    def of_both(self, sample_share: float, population_share: float) -> str:
        """Return "19 % of the annotated and 3 % of the digitised books"."""
        return (
            f"{in_percent(sample_share)} of the {self.sample}"
            f" and {in_percent(population_share)} of the {self.population} books"
        )


def verdict_of(tvd: float, by_chance: float) -> str:
    """Return the word for a distance, see :data:`VERDICTS`; :data:`TOO_FEW_BOOKS` when it is undefined."""
    if math.isnan(tvd):
        return TOO_FEW_BOOKS
    beyond = max(tvd - by_chance, 0.0)
    return next(word for limit, word in VERDICTS if beyond < limit)


def headline_of(facet: str, table: pd.DataFrame, verdict: str, names: SetNames) -> str:
    """Say what differs most in a facet: the value most over- and the one most under-represented.

    Where values are missing in one set very much more often than in the other, that is said first, and the rest is
    compared among the books that have a value.
    """
    title = facet_title(facet).lower()
    if verdict == TOO_FEW_BOOKS:
        return f"There are too few books to compare the two by {title}."
    ours, theirs = table["sample_n"].to_numpy(dtype=float), table["population_n"].to_numpy(dtype=float)
    if verdict == VERDICTS[0][1]:
        largest = 100 * np.abs(ours / ours.sum() - theirs / theirs.sum()).max()
        return (
            f"By {title} the {names.sample} books are like the {names.population} ones: no value's share differs by"
            f" more than {max(largest, 0.1):.1f} percentage points."
        )
    sentences = []
    missing = (table["value"] == missing_value(facet)).to_numpy(dtype=bool)
    if _missing_gap(facet, table, _OVERWHELMING) is not None:
        sentences.append(f"{_missing_words(facet, table, names)}.")
        ours, theirs = np.where(missing, 0, ours), np.where(missing, 0, theirs)
        if min(ours.sum(), theirs.sum()) < MINIMUM_RECORDS:
            return sentences[0]
    before = "among the others, " if sentences else ""
    for position in _extremes(ours, theirs):
        mine, other = ours[position] / ours.sum(), theirs[position] / theirs.sum()
        words = facet_words(facet, str(table["value"].iloc[position]))
        shares = f"{in_percent(mine)} and {in_percent(other)}" if sentences else names.of_both(mine, other)
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


def _missing_gap(facet: str, table: pd.DataFrame, least: float) -> tuple[float, float] | None:
    """Return the shares of books without a value, if they differ by `least` or more."""
    blank = table[table["value"] == missing_value(facet)]
    if facet in _ABOUT_CATALOGUING or blank.empty:
        return None
    ours, theirs = float(blank["sample_share"].iloc[0]), float(blank["population_share"].iloc[0])
    return (ours, theirs) if abs(ours - theirs) >= least else None


def _missing_words(facet: str, table: pd.DataFrame, names: SetNames) -> str:
    gap = _missing_gap(facet, table, 0.0)
    shares = names.of_both(*gap) if gap else ""
    return f"{capitalised(facet_words(facet, missing_value(facet)))} are {shares}"


def caveats_of(facet: str, table: pd.DataFrame, names: SetNames) -> tuple[str, ...]:
    """Say what distorts the comparison: values missing unevenly, languages detected instead of catalogued."""
    caveats = []
    if _missing_gap(facet, table, _DISTORTING) is not None:
        caveats.append(
            f"{_missing_words(facet, table, names)}: this difference in cataloguing distorts the shares and ratios of"
            " all other values."
        )
    if "population_detected_n" in table:
        ours, theirs = int(table["sample_detected_n"].sum()), int(table["population_detected_n"].sum())
        if ours or theirs:
            caveats.append(
                f"The language was detected from the title, not catalogued, for {ours:,} of the"
                f" {int(table['sample_n'].sum()):,} {names.sample} and {theirs:,} of the"
                f" {int(table['population_n'].sum()):,} {names.population} books."
            )
    return tuple(caveats)


def summary_of(
    names: SetNames, n_sample: int, n_population: int, n_shared: int, n_rest: int, verdicts: Sequence[tuple[str, str]]
) -> tuple[str, ...]:
    """Say by which facets the two sets are how different (the conclusion, first), and how they overlap.

    Parameters
    ----------
    n_rest : int
        Books of the population that are not in the sample.
    verdicts : sequence of (str, str)
        Facet's name for people, and its verdict.

    Returns
    -------
    tuple of str
        At least one sentence when there is at least one facet.
    """
    sentences = []
    for word in (*(word for _, word in reversed(VERDICTS)), TOO_FEW_BOOKS):
        facets = [title.lower() for title, verdict in verdicts if verdict == word]
        if facets:
            sentences.append(f"{capitalised(word)} by {', '.join(facets)}.")
    if not n_rest:
        sentences.append(
            f"All {n_population:,} {names.population} books are among the {n_sample:,} {names.sample} books: there are"
            " no others to test them against."
        )
    elif n_shared:
        part = f"All {n_sample:,}" if n_shared == n_sample else f"{n_shared:,} of the {n_sample:,}"
        sentences.append(
            f"{part} {names.sample} books are among the {n_population:,} {names.population} books; they are tested"
            f" against the other {n_rest:,}."
        )
    return tuple(sentences)
