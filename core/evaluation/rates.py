"""Shares of labelled books that say so when there are too few to speak of a share."""

import math
from typing import Any

import numpy as np

from core.statistics import MINIMUM_RECORDS, Estimate, proportion

__all__ = ["plain", "rows_of", "share_right"]


def share_right(right: int, n: int, what: str = "labelled books") -> Estimate:
    """Return a share with its Wilson interval; undefined, with the reason, below 10 records.

    >>> share_right(9, 10).value
    0.9
    >>> share_right(3, 4, "labelled books of the 1840s").reason
    'only 4 labelled books of the 1840s: 3 right'
    """
    if n == 0:
        return Estimate.undefined(f"no {what}", 0, "Wilson")
    if n < MINIMUM_RECORDS:
        return Estimate.undefined(f"only {n} {what}: {right} right", n, "Wilson")
    return proportion(right, n)


def plain(value: Any) -> Any:
    """Return a table's cell as JSON knows it: undefined numbers as None, numpy numbers as Python's.

    >>> plain(np.float64("nan")), plain(np.int64(3)), plain("a")
    (None, 3, 'a')
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def rows_of(table: Any) -> list[dict[str, Any]]:
    """Return a DataFrame's rows as JSON-able dictionaries."""
    return [{str(name): plain(value) for name, value in row.items()} for row in table.to_dict("records")]
