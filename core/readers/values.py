"""What the values of a column say about it: shares of cells that look like identifiers, years, probabilities."""

import re

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.readers.marc_countries import is_country_code

__all__ = [
    "country_code_share",
    "id_share",
    "is_class_column",
    "numbers",
    "ruined_dates",
    "sampled",
    "sums_to_one",
    "unit_share",
    "year_share",
]

_SAMPLE = 20_000
_YEAR = re.compile(r"(?<!\d)(?:1[4-9]\d\d|20\d\d)(?!\d)|\bM[DCLXVI]{3,}\b|(?<!\d)1[4-9]\d[-?u]|(?<!\d)1[4-9](?:--|uu)")
# A year read as seconds since 1970 and written as a date: 1892 becomes 01/01/1970 00:31.
_EPOCH = re.compile(r"^(?:0?1/0?1/1970|1970-01-01|31/12/1969|12/31/1969|1969-12-31)(?:[ T]\d|$)")


def sampled(column: "pd.Series[str]") -> "pd.Series[str]":
    """Return at most 20,000 cells that are not blank, evenly spread over the column."""
    filled = column[column.str.strip() != ""]
    step = max(1, len(filled) // _SAMPLE)
    return filled.iloc[::step]


def numbers(column: "pd.Series[str]") -> npt.NDArray[np.float64]:
    """Return a column of text as numbers, NaN where a cell is blank or no number; a decimal comma is understood.

    >>> numbers(pd.Series(["0.25", "0,75", "", "x"], dtype="str")).tolist()
    [0.25, 0.75, nan, nan]
    """
    text = column.str.strip()
    values = pd.to_numeric(text, errors="coerce")
    comma = text.str.fullmatch(r"[+-]?\d*,\d+(?:[eE][+-]?\d+)?") & values.isna()
    if comma.any():
        values = values.where(~comma, pd.to_numeric(text.str.replace(",", ".", regex=False), errors="coerce"))
    return np.asarray(values.to_numpy(dtype=np.float64, na_value=np.nan))


def unit_share(column: "pd.Series[str]") -> float:
    """Return the share of filled cells that are a number from 0 to 1; NaN when no cell is filled."""
    filled = sampled(column)
    if not len(filled):
        return float("nan")
    values = numbers(filled)
    return float(np.mean((values >= 0) & (values <= 1)))


def sums_to_one(frame: pd.DataFrame) -> bool:
    """Return whether the columns, all probabilities, sum to 1 (within .02) in 95 of 100 rows where all are filled."""
    total = np.sum([numbers(frame[name]) for name in frame.columns], axis=0)
    total = total[~np.isnan(total)]
    return bool(len(total)) and float(np.mean(np.abs(total - 1) < 0.02)) >= 0.95


def year_share(column: "pd.Series[str]") -> float:
    """Return the share of filled cells in which a year stands; NaN when no cell is filled."""
    filled = sampled(column)
    if not len(filled):
        return float("nan")
    return float(np.mean([_YEAR.search(cell) is not None for cell in filled]))


def ruined_dates(column: "pd.Series[str]") -> bool:
    """Return whether nearly all dates are the first day of 1970, which is what years become when read as seconds."""
    filled = sampled(column)
    return bool(len(filled)) and float(np.mean([_EPOCH.match(cell) is not None for cell in filled])) >= 0.9


def country_code_share(column: "pd.Series[str]") -> float:
    """Return the share of filled cells that are a country code of MARC (enk, nyu, fr); NaN when no cell is filled.

    Fill characters, which say that nothing is coded, are passed over.
    """
    filled = sampled(column)
    filled = filled[~filled.str.fullmatch(r"[|# ]+")]
    if not len(filled):
        return float("nan")
    codes, distinct = pd.factorize(filled)
    return float(np.mean(np.array([is_country_code(cell) for cell in distinct], dtype=bool)[codes]))


def id_share(column: "pd.Series[str]") -> float:
    """Return the share of filled cells that could be an identifier: one word of at most 80 characters."""
    filled = sampled(column)
    if not len(filled):
        return float("nan")
    return float(filled.str.fullmatch(r"\s*\S{1,80}\s*").mean())


def is_class_column(column: "pd.Series[str]") -> bool:
    """Return whether a column could hold class names: few different values, not numbers with fractions."""
    filled = sampled(column)
    distinct = filled.nunique()
    if not distinct or distinct > 200 or (distinct > 20 and distinct > 0.5 * len(filled)):
        return False
    values = numbers(filled)
    return not bool(np.any(values[~np.isnan(values)] % 1))
