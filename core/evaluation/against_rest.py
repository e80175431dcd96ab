"""Some books against the rest: how often each value of a facet, or a group that somebody asks for, is wrong."""

import math
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.schema import CORRECT
from core.statistics import MINIMUM_RECORDS, Estimate, proportion, wilson

__all__ = ["by_value", "compare_with_rest", "error_rate_ratio"]


def error_rate_ratio(errors: int, n: int, all_errors: int, all_n: int) -> float:
    """Return how many times the error rate of a part is that of the rest; NaN where either is too small or 0.

    >>> error_rate_ratio(9, 34, 91, 850) > 2.5
    True
    """
    rest, rest_n = all_errors - errors, all_n - n
    if n < MINIMUM_RECORDS or rest_n < MINIMUM_RECORDS or rest == 0:
        return math.nan
    return (errors / n) / (rest / rest_n)


def by_value(labelled: pd.DataFrame, values: pd.Series) -> pd.DataFrame:
    """Return the errors of each value of a facet, the commonest value first.

    Parameters
    ----------
    labelled : DataFrame
        Rows of the scored table with a truth.
    values : Series of str
        The facet's value of each row (see :func:`core.facets.facet_values`).

    Returns
    -------
    DataFrame
        ``value``, ``n``, ``errors``, ``error_rate`` with ``low`` and ``high`` (Wilson, 95 per cent), ``ratio`` to the
        rate of all other books. Below ten books only the counts are given; the rest is NaN.
    """
    wrong = ~labelled[CORRECT].to_numpy(dtype=bool)
    grouped = pd.DataFrame({"value": values.to_numpy(), "wrong": wrong}).groupby("value", sort=False)["wrong"]
    table = pd.DataFrame({"n": grouped.size(), "errors": grouped.sum().astype(np.int64)}).reset_index()
    table = table.sort_values(["n", "value"], ascending=[False, True], ignore_index=True)
    enough = (table["n"] >= MINIMUM_RECORDS).to_numpy()
    low, high = wilson(table["errors"].to_numpy(), table["n"].to_numpy())
    table["error_rate"] = np.where(enough, table["errors"] / table["n"], np.nan)
    table["low"], table["high"] = np.where(enough, low, np.nan), np.where(enough, high, np.nan)
    table["ratio"] = [
        error_rate_ratio(errors, n, int(wrong.sum()), len(labelled))
        for errors, n in zip(table["errors"].tolist(), table["n"].tolist(), strict=True)
    ]
    return table


def compare_with_rest(labelled: pd.DataFrame, mask: NDArray[np.bool_]) -> dict[str, Any]:
    """Compare the errors of some books with those of the rest.

    Returns
    -------
    dict
        ``n``, ``errors``, ``rate`` (Estimate), ``rest_n``, ``rest_errors``, ``rest_rate`` (Estimate), ``ratio``.
    """
    wrong = ~labelled[CORRECT].to_numpy(dtype=bool)
    n, errors = int(mask.sum()), int((wrong & mask).sum())
    rest_n, rest_errors = len(labelled) - n, int((wrong & ~mask).sum())
    few = f"fewer than {MINIMUM_RECORDS} books"
    return {
        "n": n,
        "errors": errors,
        "rate": proportion(errors, n) if n >= MINIMUM_RECORDS else Estimate.undefined(few, n),
        "rest_n": rest_n,
        "rest_errors": rest_errors,
        "rest_rate": proportion(rest_errors, rest_n) if rest_n >= MINIMUM_RECORDS else Estimate.undefined(few, rest_n),
        "ratio": error_rate_ratio(errors, n, errors + rest_errors, len(labelled)),
    }
