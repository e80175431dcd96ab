"""How much a comparison by language rests on languages that were detected from titles, not catalogued."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.errors import InputError
from core.facets import facet_words, missing_value
from core.overlap import Overlap, shared_books
from core.schema import LANGUAGE, LANGUAGE_SOURCE, TITLE
from core.statistics import MINIMUM_RECORDS, in_percent, over_or_under, share_ratio

__all__ = ["LanguageEvidence", "language_evidence"]

_FEW_ELSEWHERE = 0.25  # below this share of catalogued books outside the sample, the sample is compared with itself


@dataclass(frozen=True)
class LanguageEvidence:
    """The same comparison by language on different evidence.

    Attributes
    ----------
    table : DataFrame
        One row a language, the commonest of the population first ('no language' is not listed): ``value``; ``sample_n``,
        ``population_n``, ``ratio``, ``low``, ``high`` with all languages as they are; ``sample_catalogued_n``,
        ``population_catalogued_n``, ``catalogued_ratio``, ``catalogued_low``, ``catalogued_high`` among books with a catalogued
        language only. If a detector was given also ``sample_detected_n``, ``population_detected_n``, ``detected_ratio``,
        ``detected_low``, ``detected_high`` with the language detected from the title in both sets, and ``checked_n`` and
        ``recognised_n``: books of the two sets catalogued in the language, and how many of them the detector recognises.
        Ratios are NaN for languages of fewer than 10 books in both sets.
    counts : DataFrame
        Rows 'sample' and 'population'; columns ``catalogued``, ``detected``, ``none``: books by where their language comes from.
    catalogued_elsewhere : int
        Books of the population with a catalogued language that are not in the sample: only they can be compared with it.
    circular : bool
        True where so few of them are elsewhere that by catalogued languages the sample would be compared with itself.
    sentences : tuple of str
        What this means, in words.
    """

    table: pd.DataFrame
    counts: pd.DataFrame
    catalogued_elsewhere: int
    circular: bool
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class _Side:
    language: NDArray[np.object_]
    catalogued: NDArray[np.bool_]
    shared: NDArray[np.bool_]
    detected: NDArray[np.object_] | None


def language_evidence(
    sample: pd.DataFrame,
    population: pd.DataFrame,
    *,
    sample_name: str = "sample",
    population_name: str = "population",
    detect: Callable[[pd.Series], pd.Series] | None = None,
) -> LanguageEvidence:
    """Say how much of a comparison by language rests on detected languages.

    Parameters
    ----------
    sample, population : DataFrame
        Records with ``title``, ``language`` and ``language_source``.
    sample_name, population_name : str
        What the sentences call the two.
    detect : function, optional
        Takes titles and returns the language detected from each, '' where it is not sure: the same function that filled the
        languages of the population. With it, both sets are also compared by detected languages alone, which is the
        only like-for-like comparison when one set is catalogued and the other is not.

    Raises
    ------
    InputError
        A column is missing.
    """
    for records, name in ((sample, sample_name), (population, population_name)):
        missing = [column for column in (TITLE, LANGUAGE, LANGUAGE_SOURCE) if column not in records]
        if missing:
            raise InputError(f"The records of '{name}' have no column '{missing[0]}'.")
    overlap = shared_books(sample, population)
    ours, theirs = _side(sample, overlap.in_sample, detect), _side(population, overlap.in_population, detect)
    values = pd.Series(np.concatenate([theirs.language, ours.language]))
    table = pd.DataFrame({"value": values[values != ""].value_counts().index.astype("str")})
    everything = (np.ones(len(sample), dtype=bool), np.ones(len(population), dtype=bool))
    _add(table, "", ours.language, theirs.language, ours, theirs, everything)
    _add(table, "catalogued_", ours.language, theirs.language, ours, theirs, (ours.catalogued, theirs.catalogued))
    if ours.detected is not None and theirs.detected is not None:
        _add(table, "detected_", ours.detected, theirs.detected, ours, theirs, everything)
        new = theirs.catalogued & ~theirs.shared
        truth = np.concatenate([ours.language[ours.catalogued], theirs.language[new]])
        guess = np.concatenate([ours.detected[ours.catalogued], theirs.detected[new]])
        table["checked_n"] = _count(table, truth)
        table["recognised_n"] = _count(table, truth[truth == guess])
    table = table.sort_values(["population_n", "sample_n", "value"], ascending=[False, False, True], ignore_index=True)
    counts = pd.DataFrame([_sources(sample), _sources(population)], index=["sample", "population"])
    elsewhere = int((theirs.catalogued & ~theirs.shared).sum())
    circular = elsewhere < _FEW_ELSEWHERE * max(int(theirs.catalogued.sum()), 1)
    sentences = _sentences(table, counts, elsewhere, circular, overlap, sample_name, population_name)
    return LanguageEvidence(table, counts, elsewhere, circular, sentences)


def _side(records: pd.DataFrame, shared: NDArray[np.bool_], detect: Callable[[pd.Series], pd.Series] | None) -> _Side:
    language = records[LANGUAGE].fillna("").to_numpy(dtype=object)
    catalogued = (records[LANGUAGE_SOURCE] == "catalogue").to_numpy(dtype=bool) & (language != "")
    detected = None
    if detect is not None:
        # Where nothing is catalogued, the language is the detector's answer already.
        detected = language.copy()
        detected[catalogued] = detect(records[TITLE][catalogued]).to_numpy(dtype=object)
    return _Side(language, catalogued, shared, detected)


def _count(table: pd.DataFrame, languages: NDArray[np.object_]) -> NDArray[np.int64]:
    return pd.Series(languages).value_counts().reindex(table["value"], fill_value=0).to_numpy(dtype=np.int64)


def _add(
    table: pd.DataFrame,
    prefix: str,
    our_languages: NDArray[np.object_],
    their_languages: NDArray[np.object_],
    ours: _Side,
    theirs: _Side,
    taken: tuple[NDArray[np.bool_], NDArray[np.bool_]],
) -> None:
    """Add counts and ratio with limits of one kind of evidence to `table`."""
    mine, other = taken
    k, population_k = _count(table, our_languages[mine]), _count(table, their_languages[other])
    both = mine & ours.shared
    shared_k = np.minimum(_count(table, our_languages[both]), np.minimum(k, population_k))
    found = share_ratio(
        k,
        mine.sum(),
        population_k,
        other.sum(),
        shared_k=shared_k,
        shared_n=min(both.sum(), (other & theirs.shared).sum()),
    )
    enough = np.maximum(k, population_k) >= MINIMUM_RECORDS
    table[f"sample_{prefix}n"], table[f"population_{prefix}n"] = k, population_k
    for name, limits in (("ratio", found.ratio), ("low", found.low), ("high", found.high)):
        table[f"{prefix}{name}"] = np.where(enough, limits, np.nan)


def _sources(records: pd.DataFrame) -> dict[str, int]:
    blank = (records[LANGUAGE].fillna("") == "").to_numpy()
    detected = (records[LANGUAGE_SOURCE] == "detected").to_numpy() & ~blank
    return {"catalogued": int((~blank & ~detected).sum()), "detected": int(detected.sum()), "none": int(blank.sum())}


def _sentences(
    table: pd.DataFrame,
    counts: pd.DataFrame,
    elsewhere: int,
    circular: bool,
    overlap: Overlap,
    sample_name: str,
    population_name: str,
) -> tuple[str, ...]:
    told = []
    for row, name in (("sample", sample_name), ("population", population_name)):
        n = int(counts.loc[row].sum())
        parts = [
            f"{count:,} ({in_percent(count / n)}) {how}"
            for count, how in (
                (counts.loc[row, "catalogued"], "are catalogued"),
                (counts.loc[row, "detected"], "were detected from the title"),
                (counts.loc[row, "none"], "are unknown"),
            )
            if count
        ]
        told.append(f"Of the languages of the {n:,} {name}{_books(population_name)}, {_listed(parts)}.")
    if not counts["detected"].any():
        if circular:
            told.append(_circle(counts, elsewhere, sample_name, population_name))
        return tuple(told)
    if circular:
        told.append(_circle(counts, elsewhere, sample_name, population_name))
    ranked = table[table["ratio"].notna()]
    ranked = ranked.assign(
        gap=ranked["sample_n"] / len(overlap.in_sample) - ranked["population_n"] / len(overlap.in_population)
    )
    if len(ranked):
        row = ranked.loc[ranked["gap"].idxmax()]
        words = facet_words(LANGUAGE, row["value"])
        said = [f"with all languages {_times(row, '')}", f"with catalogued ones only {_times(row, 'catalogued_')}"]
        if "detected_ratio" in table:
            said.append(f"with detected ones only, in both, {_times(row, 'detected_')}")
        told.append(f"{words[0].upper()}{words[1:]} are {_listed(said)}.")
        if "recognised_n" in table and row["checked_n"]:
            told.append(
                f"The detector recognises {int(row['recognised_n']):,} of the {int(row['checked_n']):,} books that are"
                f" catalogued as {row['value']} ({in_percent(row['recognised_n'] / row['checked_n'])})."
            )
    return tuple(told)


def _circle(counts: pd.DataFrame, elsewhere: int, sample_name: str, population_name: str) -> str:
    catalogued = int(counts.loc["population", "catalogued"])
    if not catalogued:
        return f"No {population_name} book outside the {sample_name} has a catalogued language: all rests on detection."
    return (
        f"Of the {catalogued:,} {population_name}{_books(population_name)} with a catalogued language, {elsewhere:,} are not among"
        f" the {sample_name}: by catalogued languages the {sample_name} would be compared with themselves, so what is"
        " said by language rests on detected ones."
    )


def _times(row: pd.Series, prefix: str) -> str:
    ratio, low, high = (row[f"{prefix}{name}"] for name in ("ratio", "low", "high"))
    return f"{over_or_under(ratio)} (ratio {ratio:.2g}, 95 % interval {low:.2g} to {high:.2g})"


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _books(population_name: str) -> str:
    return "" if population_name == "population" else " books"
