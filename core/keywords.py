"""Words in titles over time: in a sample and in the population it should speak for."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.errors import InputError
from core.facets import phrase_mask
from core.schema import TITLE, YEAR
from core.statistics import MINIMUM_RECORDS, wilson

__all__ = ["keyword_frequency"]


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
        Each is looked for on its own, as :func:`core.phrases.phrase_mask` does: 'poem' finds *poems*; 'poem, verse' is
        one entry that finds either.
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
            frames.append(_series(word, name, first, titles, hits, window))
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
