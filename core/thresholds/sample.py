"""Drawing books for people to label, so that a promise becomes possible."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.errors import InputError
from core.facets import facet_codes
from core.schema import PREDICTED, TRUTH

__all__ = ["draw_review_sample"]


def draw_review_sample(
    table: pd.DataFrame, n: int, strata: Sequence[str] = (PREDICTED,), seed: int = 0
) -> pd.DataFrame:
    """Draw unlabelled records at random, each stratum as often as it has records.

    Parameters
    ----------
    table : DataFrame
        Scored records; those with a ``truth`` are not drawn.
    n : int
        Records to draw, 1 or more; all of them when there are fewer.
    strata : sequence of str
        Facets or text columns whose combinations are the strata. Empty: a plain random sample.
    seed : int

    Returns
    -------
    DataFrame
        Rows of `table` with their index, in random order, and the columns ``stratum`` (its values, joined by ' · ') and
        ``weight`` (records of the collection that one drawn record stands for).

    Raises
    ------
    InputError
        `n` is below 1, or every record is labelled.

    Notes
    -----
    Shares are proportional (largest remainders, ties by chance), so that the drawn records can be counted as a plain
    random sample: a promise that rests on them is, if anything, too careful.
    """
    if n < 1:
        raise InputError(f"A sample has at least 1 record; {n} came.")
    left = np.flatnonzero((table[TRUTH] == "").to_numpy(dtype=bool))
    if not len(left):
        raise InputError("Every record is labelled already: there is nothing to draw.")
    random = np.random.default_rng(seed)
    everywhere, names = _strata(table, strata)
    codes = everywhere[left]
    sizes = np.bincount(codes, minlength=len(names))
    take = _proportional(sizes, min(n, len(left)), random)
    # One shuffle decides everything: the first `take` of each stratum in it are drawn.
    order = random.permutation(len(left))
    by_stratum = np.argsort(codes[order], kind="stable")
    place = np.empty(len(left), dtype=np.intp)
    place[by_stratum] = np.arange(len(left)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    drawn = order[place < take[codes[order]]]
    weights = sizes / np.maximum(take, 1)
    return table.iloc[left[drawn]].assign(
        stratum=[names[code] for code in codes[drawn]],
        weight=weights[codes[drawn]],
    )


def _strata(table: pd.DataFrame, strata: Sequence[str]) -> tuple[NDArray[np.intp], list[str]]:
    codes, names = np.zeros(len(table), dtype=np.intp), ["all records"]
    for number, facet in enumerate(strata):
        inner, values = facet_codes(table, facet)
        used, codes = np.unique(codes * len(values) + inner, return_inverse=True)
        pairs = [divmod(pair, len(values)) for pair in used.tolist()]
        names = [values[inner] if number == 0 else f"{names[outer]} · {values[inner]}" for outer, inner in pairs]
    return codes, names


def _proportional(sizes: NDArray[np.int64], n: int, random: np.random.Generator) -> NDArray[np.int64]:
    exact = sizes * (n / sizes.sum())
    take: NDArray[np.int64] = np.floor(exact).astype(np.int64)
    missing = n - int(take.sum())
    if missing > 0:
        # Ties among remainders are broken by chance, else the first strata of the alphabet would be drawn more often.
        rank = np.lexsort((random.random(len(sizes)), -(exact - take)))
        take[rank[:missing]] += 1
    return take
