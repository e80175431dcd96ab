"""Where the second of two models is better or worse than the first: value by value of some facets."""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from core.facets import facet_codes
from core.statistics import MINIMUM_RECORDS, adjust_p, mcnemar_exact

__all__ = ["BETTER", "LEVEL", "TOO_FEW", "UNCLEAR", "WORSE", "outcomes_by_value"]

BETTER: Final = "better"
WORSE: Final = "worse"
UNCLEAR: Final = "no clear difference"
TOO_FEW: Final = "too few books"
LEVEL: Final = 0.05
# Fewer books than this on which only one is right cannot give a p value below the level, whichever way they fall.
_LEAST_DISCORDANT = 6


def outcomes_by_value(
    pairs: pd.DataFrame, first_right: NDArray[np.bool_], second_right: NDArray[np.bool_], facets: Sequence[str]
) -> pd.DataFrame:
    """Say for each value of some facets whether the second of two models is better or worse there.

    Parameters
    ----------
    pairs : DataFrame
        Books both models predicted, with the records columns the facets are read from.
    first_right, second_right : bool arrays, shape (n_books,)
        Whether the first, the second model is right.

    Returns
    -------
    DataFrame
        As :attr:`core.comparison.ModelComparison.by_value`.

    References
    ----------
    A. Agresti, Y. Min (2005), "Simple improved confidence intervals for comparing matched proportions", Statistics in
    Medicine 24.
    R. E. Tarone (1990), "A modified Bonferroni method for discrete data", Biometrics 46 (values that cannot pass the
    test whichever way their books fall are no tests).
    """
    counted = {
        "n": np.ones(len(pairs), dtype=bool),
        "first_errors": ~first_right,
        "second_errors": ~second_right,
        "only_first": first_right & ~second_right,
        "only_second": second_right & ~first_right,
    }
    parts = []
    for facet in facets:
        codes, values = facet_codes(pairs, facet)
        part = pd.DataFrame({"facet": facet, "value": pd.Series(list(values), dtype="str")})
        for name, mask in counted.items():
            part[name] = np.bincount(codes[mask], minlength=len(values))
        parts.append(part.sort_values(["n", "value"], ascending=[False, True]))
    empty = pd.DataFrame({"facet": [], "value": [], **{name: np.zeros(0, dtype=np.int64) for name in counted}})
    table = pd.concat(parts, ignore_index=True) if parts else empty
    n, b, c = (table[name].to_numpy(dtype=np.int64) for name in ("n", "only_first", "only_second"))
    enough = n >= MINIMUM_RECORDS
    low, high = _matched_interval(b, c, n)
    # Which values are tested depends on how many books differ, not on which model is right: that spoils no p value.
    tested = enough & (b + c >= _LEAST_DISCORDANT)
    p = np.array(
        [mcnemar_exact(int(x), int(y)) if test else math.nan for x, y, test in zip(b, c, tested, strict=True)],
        dtype=float,
    )
    adjusted = adjust_p(p, "holm")
    clear = np.nan_to_num(adjusted, nan=1.0) < LEVEL
    return table.assign(
        difference=np.where(enough, (c - b) / np.maximum(n, 1), np.nan),
        low=np.where(enough, low, np.nan),
        high=np.where(enough, high, np.nan),
        p=p,
        p_adjusted=adjusted,
        verdict=np.select([~enough, clear & (c > b), clear & (b > c)], [TOO_FEW, BETTER, WORSE], UNCLEAR),
    )


def _matched_interval(
    b: NDArray[np.int64], c: NDArray[np.int64], n: NDArray[np.int64], confidence: float = 0.95
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return limits of (c − b)/n by Wald after half a book is added to each cell (Agresti and Min 2005)."""
    z = float(special.ndtri(0.5 + confidence / 2))
    size, gain = n + 2.0, (c - b).astype(float)
    half = z * np.sqrt(np.maximum(b + c + 1 - gain**2 / size, 0)) / size
    return np.maximum(gain / size - half, -1.0), np.minimum(gain / size + half, 1.0)
