"""What titles tell of a sample: words over time, books in common, and how far languages were only detected."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.errors import InputError
from core.facets import phrase_mask
from core.joins import join_ids
from core.schema import ALTERNATE_ID, LANGUAGE, LANGUAGE_SOURCE, RECORD_ID, TITLE, YEAR
from core.statistics import MINIMUM_RECORDS, share_ratio, wilson

__all__ = ["LanguageEvidence", "LanguageSources", "Overlap", "keyword_frequency", "language_evidence", "shared_books"]

# --- Words in titles over time: in a sample and in the population it should speak for ---------------------------------


def keyword_frequency(
    sample: pd.DataFrame,
    population: pd.DataFrame,
    words: Sequence[str],
    window: int = 5,
    *,
    sample_name: str = "sample",
    population_name: str = "population",
) -> pd.DataFrame:
    """Return how often chosen words are in titles, year by year.

    Parameters
    ----------
    sample, population : DataFrame
        Records with ``title`` and ``year``.
    words : sequence of str
        Each is looked for on its own, as :func:`core.text_search.phrase_mask` does: 'poem' finds *poems*; 'poem, verse'
        is one entry that finds either.
    window : int
        Years of the rolling mean, odd, centred on the year.
    sample_name, population_name : str
        What the column ``set`` says.

    Returns
    -------
    DataFrame
        ``word``, ``set``, ``year`` (Int64), ``n_titles``, ``n_with_word``, ``share``, ``rolling_n`` (titles in the
        window), ``rolling_share``, ``low``, ``high`` (Wilson, 95 per cent, of the rolling share). Every year from the
        first to the last of both sets has a row, and one row with year <NA> counts the titles without a date. Shares of
        fewer than 10 titles are NaN.

    Raises
    ------
    InputError
        No word, or a window that is not odd and positive.

    Notes
    -----
    The rolling mean weighs years by their titles (all titles with the word in the window over all titles in it): a year
    of two titles does not count as much as one of a thousand.
    """
    if not words:
        raise InputError("Name at least one word to look for in the titles.")
    if window < 1 or window % 2 == 0:
        raise InputError(f"The window is an odd number of years, so that it has a middle; {window} came.")
    sets = {sample_name: sample, population_name: population}
    known = [records[YEAR].dropna() for records in sets.values() if records[YEAR].notna().any()]
    first, last = (min(int(y.min()) for y in known), max(int(y.max()) for y in known)) if known else (0, -1)
    years = last - first + 1
    frames = []
    for name, records in sets.items():
        # Titles without a year have a place of their own behind the last year.
        place = records[YEAR].to_numpy(dtype="float64", na_value=last + 1).astype(np.int64) - first
        titles = np.bincount(place, minlength=years + 1)
        for word in words:
            hits = np.bincount(place, weights=phrase_mask(records[TITLE], word), minlength=years + 1).astype(np.int64)
            frames.append(_series(word, name, first=first, titles=titles, hits=hits, window=window))
    return pd.concat(frames, ignore_index=True)


def _series(
    word: str, name: str, first: int, titles: NDArray[np.int64], hits: NDArray[np.int64], window: int
) -> pd.DataFrame:
    years = len(titles) - 1
    rolling_n, rolling_hits = (np.append(_rolling_sum(counts[:years], window), 0) for counts in (titles, hits))
    low, high = wilson(rolling_hits, rolling_n)
    known = rolling_n >= MINIMUM_RECORDS
    year = pd.array([*range(first, first + years), None], dtype="Int64")
    return pd.DataFrame(
        {
            "word": pd.Series([word] * len(titles), dtype="str"),
            "set": pd.Series([name] * len(titles), dtype="str"),
            "year": year,
            "n_titles": titles,
            "n_with_word": hits,
            "share": _share(hits, titles),
            "rolling_n": rolling_n,
            "rolling_share": _share(rolling_hits, rolling_n),
            "low": np.where(known, low, np.nan),
            "high": np.where(known, high, np.nan),
        }
    )


def _rolling_sum(counts: NDArray[np.int64], window: int) -> NDArray[np.int64]:
    """Sum of the years within the window that exist; at both ends it is cut, not padded."""
    if not len(counts):
        return counts
    return np.asarray(np.convolve(counts, np.ones(window, dtype=np.int64))[window // 2 :][: len(counts)])


def _share(hits: NDArray[np.int64], titles: NDArray[np.int64]) -> NDArray[np.float64]:
    shares = np.full(len(titles), np.nan)
    known = titles >= MINIMUM_RECORDS
    shares[known] = hits[known] / titles[known]
    return shares


# --- Which books two tables have in common ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Overlap:
    """The books of a sample that are also in a population.

    Attributes
    ----------
    in_sample : bool array, shape (n_sample,)
        Sample rows that are in the population.
    in_population : bool array, shape (n_population,)
        Population rows that are in the sample.
    """

    in_sample: NDArray[np.bool_]
    in_population: NDArray[np.bool_]

    @property
    def n(self) -> int:
        """Sample rows that are in the population."""
        return int(self.in_sample.sum())


def shared_books(sample: pd.DataFrame, population: pd.DataFrame) -> Overlap:
    """Find the books that are in both tables, by their identifiers.

    Parameters
    ----------
    sample, population : DataFrame
        With ``record_id``, and ``alternate_id`` where there is one: a digitised book is found in the catalogue of
        paper books by its second identifier. Leading zeros that one table has lost are seen through. Where two rows of
        the population have the same identifier, the first is taken.

    Returns
    -------
    Overlap
    """
    ours, theirs = _identifiers(sample), _identifiers(population)
    # Few rows of a large population can match: only those go through the join.
    rows = np.flatnonzero(_candidates(ours, theirs))
    in_sample, in_population = np.zeros(len(sample), dtype=bool), np.zeros(len(population), dtype=bool)
    if len(rows):
        position = join_ids(ours, [ids.iloc[rows].reset_index(drop=True) for ids in theirs]).position
        in_sample = position >= 0
        in_population[rows[position[in_sample]]] = True
    return Overlap(in_sample, in_population)


def _identifiers(records: pd.DataFrame) -> list[pd.Series]:
    return [records[column].reset_index(drop=True) for column in (RECORD_ID, ALTERNATE_ID) if column in records]


def _candidates(ours: list[pd.Series], theirs: list[pd.Series]) -> NDArray[np.bool_]:
    """Say which rows have an identifier that, leading zeros aside, is among `ours`."""
    import pyarrow as pa
    import pyarrow.compute as pc

    def bare(ids: pd.Series) -> pa.ChunkedArray:
        return pc.utf8_ltrim(pa.chunked_array([pa.array(ids, type=pa.large_string())]), characters="0")

    wanted = pa.chunked_array([chunk for ids in ours for chunk in bare(ids).chunks], type=pa.large_string()).unique()
    wanted = wanted.filter(pc.not_equal(wanted, ""))
    mask = np.zeros(len(theirs[0]), dtype=bool)
    for ids in theirs:
        mask |= pc.is_in(bare(ids), value_set=wanted).to_numpy()
    return mask


# --- How much a comparison by language rests on languages that were detected from titles ------------------------------
# How much a comparison by language rests on languages that were detected from titles, not catalogued.


# Below this share of the catalogued books that are outside the sample, the sample would be compared with itself.
_FEW_ELSEWHERE = 0.25

Detector = Callable[[pd.Series], pd.Series]
Mask = NDArray[np.bool_]
Languages = NDArray[np.object_]


@dataclass(frozen=True)
class LanguageSources:
    """Books of a set by where their language comes from."""

    catalogued: int
    detected: int
    unknown: int

    @property
    def n(self) -> int:
        """All books of the set."""
        return self.catalogued + self.detected + self.unknown


@dataclass(frozen=True, kw_only=True)
class LanguageEvidence:
    """The same comparison by language, on different evidence.

    Attributes
    ----------
    table : DataFrame
        One row a language, the commonest of the population first; books without a language count in the shares but
        have no row. ``value``; ``sample_n``, ``population_n``, ``ratio``, ``low``, ``high`` with all languages as they
        are; ``sample_catalogued_n``, ``population_catalogued_n``, ``catalogued_ratio``, ``catalogued_low``,
        ``catalogued_high`` among books with a catalogued language only. If a detector was given also
        ``sample_detected_n``, ``population_detected_n``, ``detected_ratio``, ``detected_low``, ``detected_high`` with
        the language detected from the title in both sets, and ``checked_n`` and ``recognised_n``: books of the two
        sets catalogued in the language, and how many of them the detector recognises. Ratios are NaN for languages of
        fewer than 10 books in both sets.
    sample, population : LanguageSources
    catalogued_elsewhere : int
        Books of the population with a catalogued language that are not in the sample: only they can be compared with
        it.
    circular : bool
        True where so few of the population's catalogued books are elsewhere that, by catalogued languages, the sample
        would be compared with itself.
    sample_name, population_name : str
        What the two are called: adjectives of books.
    """

    table: pd.DataFrame
    sample: LanguageSources
    population: LanguageSources
    catalogued_elsewhere: int
    circular: bool
    sample_name: str
    population_name: str


@dataclass(frozen=True)
class _Side:
    """The languages of one set, and of which of its books they are known in which way."""

    language: Languages
    catalogued: Mask
    shared: Mask
    detected: Languages | None

    @property
    def sources(self) -> LanguageSources:
        known = int((self.language != "").sum())
        catalogued = int(self.catalogued.sum())
        return LanguageSources(catalogued, known - catalogued, len(self.language) - known)


def language_evidence(
    sample: pd.DataFrame,
    population: pd.DataFrame,
    *,
    sample_name: str = "sample",
    population_name: str = "population",
    detect: Detector | None = None,
) -> LanguageEvidence:
    """Say how much of a comparison by language rests on detected languages.

    Parameters
    ----------
    sample, population : DataFrame
        Records with ``title``, ``language`` and ``language_source``, and the identifiers.
    sample_name, population_name : str
        What the sentences call the two.
    detect : function, optional
        Takes titles and returns the language detected from each, '' where it is not sure: the same function that filled
        the languages of the population. With it both sets are also compared by detected languages alone, which is the
        only like-for-like comparison when one set is catalogued and the other is not.

    Raises
    ------
    InputError
        A column is missing, or one of the sets has no books.
    """
    for records, name in ((sample, sample_name), (population, population_name)):
        missing = [column for column in (TITLE, LANGUAGE, LANGUAGE_SOURCE) if column not in records]
        if missing or records.empty:
            fault = f"have no column '{missing[0]}'" if missing else "are none: there is nothing to compare"
            raise InputError(f"The {name} books {fault}.")
    overlap = shared_books(sample, population)
    ours, theirs = _side(sample, overlap.in_sample, detect), _side(population, overlap.in_population, detect)
    known = [side.language[side.language != ""] for side in (theirs, ours)]
    table = pd.DataFrame({"value": pd.Series(pd.unique(np.concatenate(known)), dtype="str")})
    everything = (np.ones(len(sample), dtype=bool), np.ones(len(population), dtype=bool))
    _add_ratio(table, "", (ours.language, theirs.language), everything, (ours.shared, theirs.shared))
    _add_ratio(
        table,
        "catalogued_",
        (ours.language, theirs.language),
        (ours.catalogued, theirs.catalogued),
        (ours.shared, theirs.shared),
    )
    if ours.detected is not None and theirs.detected is not None:
        _add_ratio(table, "detected_", (ours.detected, theirs.detected), everything, (ours.shared, theirs.shared))
        new = theirs.catalogued & ~theirs.shared
        truth = np.concatenate([ours.language[ours.catalogued], theirs.language[new]])
        guess = np.concatenate([ours.detected[ours.catalogued], theirs.detected[new]])
        table["checked_n"] = _count(table, truth)
        table["recognised_n"] = _count(table, truth[truth == guess])
    table = table.sort_values(["population_n", "sample_n", "value"], ascending=[False, False, True], ignore_index=True)
    elsewhere = int((theirs.catalogued & ~theirs.shared).sum())
    circular = elsewhere < _FEW_ELSEWHERE * int(theirs.catalogued.sum()) or not theirs.catalogued.any()
    return LanguageEvidence(
        table=table,
        sample=ours.sources,
        population=theirs.sources,
        catalogued_elsewhere=elsewhere,
        circular=circular,
        sample_name=sample_name,
        population_name=population_name,
    )


def _side(records: pd.DataFrame, shared: Mask, detect: Detector | None) -> _Side:
    language = records[LANGUAGE].fillna("").to_numpy(dtype=object)
    catalogued = (records[LANGUAGE_SOURCE] != "detected").to_numpy(dtype=bool) & (language != "")
    detected = None
    if detect is not None:
        # Where nothing is catalogued, the language is the detector's answer already.
        detected = language.copy()
        if catalogued.any():
            detected[catalogued] = detect(records[TITLE][catalogued]).to_numpy(dtype=object)
    return _Side(language, catalogued, shared, detected)


def _count(table: pd.DataFrame, languages: Languages) -> NDArray[np.int64]:
    counts = pd.Series(languages).value_counts()
    return np.array([counts.get(value, 0) for value in table["value"]], dtype=np.int64)


def _add_ratio(
    table: pd.DataFrame,
    prefix: str,
    languages: tuple[Languages, Languages],
    taken: tuple[Mask, Mask],
    shared: tuple[Mask, Mask],
) -> None:
    """Add counts, ratio and limits on one kind of evidence to `table`; pairs are sample and population."""
    k, population_k = (_count(table, side[mask]) for side, mask in zip(languages, taken, strict=True))
    both = [mask & common for mask, common in zip(taken, shared, strict=True)]
    estimate = share_ratio(
        k,
        int(taken[0].sum()),
        population_k,
        int(taken[1].sum()),
        shared_k=np.minimum.reduce([_count(table, languages[0][both[0]]), k, population_k]),
        shared_n=min(int(mask.sum()) for mask in both),
    )
    enough = np.maximum(k, population_k) >= MINIMUM_RECORDS
    table[f"sample_{prefix}n"], table[f"population_{prefix}n"] = k, population_k
    for name, numbers in (("ratio", estimate.ratio), ("low", estimate.low), ("high", estimate.high)):
        table[f"{prefix}{name}"] = np.where(enough, numbers, np.nan)
