"""Counting what a policy keeps: errors to expect among the accepted, keep-rates of groups, distance from all."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.facets import facet_codes
from core.statistics import MINIMUM_RECORDS, Estimate, total_variation, total_variation_by_chance, wilson

__all__ = ["acceptance_rates", "acceptance_rates_by_class", "distance_of_accepted", "expected_errors"]


def expected_errors(errors: NDArray[np.int64], n: NDArray[np.int64], accepted: NDArray[np.int64]) -> Estimate:
    """Return how many of the accepted records are wrong, labelled or not.

    Parameters
    ----------
    errors, n, accepted : int arrays, one value a predicted class
        Wrong ones among the labelled accepted, the labelled accepted, and all accepted.

    Returns
    -------
    Estimate
        A number of records. The errors found among the labelled are certain; the rate of each class is carried over to
        its unlabelled records, and the Wilson limits of the classes are put together; they are for the number itself,
        not for its expectation. Classes with fewer than 10 labelled accepted records share one rate with all others.
        Undefined when there are fewer than 10 in all.

    References
    ----------
    G. Y. Zou, A. Donner (2008), "Construction of confidence limits about effect measures: a general approach",
    Statistics in Medicine 27 (limits of a sum from the limits of its parts).
    """
    used = accepted > 0
    observed, checked, rest = errors[used], n[used], (accepted - n)[used]
    method = "Wilson by predicted class, limits put together after Zou and Donner"
    if not rest.sum():
        exact = float(observed.sum())
        return Estimate(exact, exact, exact, int(checked.sum()), "every accepted record is labelled")
    if (checked[rest > 0] < MINIMUM_RECORDS).any():
        observed, checked, rest = (np.array([values.sum()]) for values in (observed, checked, rest))
        method = "Wilson, one rate for all classes"
    total = int(checked.sum())
    if total < MINIMUM_RECORDS:
        return Estimate.undefined(f"only {total} labelled books are accepted", total, method)
    known = rest > 0
    rate = observed[known] / checked[known]
    # The unlabelled are a sample too, whose errors vary around the rate: 1/n + 1/rest stands for both variances.
    effective = checked[known] * rest[known] / (checked[known] + rest[known])
    low, high = wilson(rate * effective, effective)
    value = float((rest[known] * rate).sum())
    down = math.sqrt(float(((rest[known] * (rate - low)) ** 2).sum()))
    up = math.sqrt(float(((rest[known] * (high - rate)) ** 2).sum()))
    certain = float(observed.sum())
    return Estimate(certain + value, certain + max(value - down, 0.0), certain + value + up, total, method)


def acceptance_rates(table: pd.DataFrame, accepted: NDArray[np.bool_], facet: str) -> pd.DataFrame:
    """Return which share of each group of records a policy accepts.

    Parameters
    ----------
    table : DataFrame
        Records, labelled or not.
    accepted : bool array
        From :func:`core.thresholds.policy.apply_policy`.

    Returns
    -------
    DataFrame
        ``value``, ``n``, ``accepted``, ``rate`` with ``low`` and ``high`` (95 % Wilson; NaN below 10 records), the
        largest group first.
    """
    codes, values = facet_codes(table, facet)
    return _acceptance_rates_by_value(codes, values, accepted)


def acceptance_rates_by_class(
    truth: pd.Series, accepted: NDArray[np.bool_], classes: Sequence[str] = (), predicted: pd.Series | None = None
) -> pd.DataFrame:
    """Return which share of the books of each class a policy accepts, rightly or wrongly labelled.

    Parameters
    ----------
    truth : Series of str
        '' where unknown: such records are left out.
    accepted : bool array
    classes : sequence of str, optional
        Classes to list even if no book is of them.
    predicted : Series of str, optional
        The class each book is accepted as.

    Returns
    -------
    DataFrame
        As :func:`acceptance_rates`; with `predicted` also ``as_another``, how many of the kept are accepted as another
        class than they are: they are kept, but not as what they are.
    """
    known = (truth != "").to_numpy(dtype=bool)
    names = sorted({str(name) for name in truth[known].unique()} | set(classes))
    codes = pd.Index(names).get_indexer(pd.Index(truth[known]))
    table = _acceptance_rates_by_value(codes, names, accepted[known])
    if predicted is None:
        return table
    other = accepted[known] & (predicted[known].to_numpy(dtype=object) != truth[known].to_numpy(dtype=object))
    wrongly = dict(zip(names, np.bincount(codes[other], minlength=len(names)).tolist(), strict=True))
    return table.assign(as_another=[int(wrongly[name]) for name in table["value"]])


def _acceptance_rates_by_value(
    codes: NDArray[np.intp], values: Sequence[str], accepted: NDArray[np.bool_]
) -> pd.DataFrame:
    n = np.bincount(codes, minlength=len(values))
    k = np.bincount(codes[accepted], minlength=len(values))
    low, high = wilson(k, n)
    few = n < MINIMUM_RECORDS
    rates = pd.DataFrame(
        {
            "value": pd.Series(list(values), dtype="str"),
            "n": n,
            "kept": k,
            "rate": np.where(few, np.nan, k / np.maximum(n, 1)),
            "low": np.where(few, np.nan, low),
            "high": np.where(few, np.nan, high),
        }
    )
    return rates.sort_values(["n", "value"], ascending=[False, True], ignore_index=True)


def distance_of_accepted(rates: pd.DataFrame) -> tuple[float, float]:
    """Return the total variation distance between the accepted and all records, and what chance alone would show.

    Parameters
    ----------
    rates : DataFrame
        From :func:`acceptance_rates`.

    Returns
    -------
    distance, by_chance : float
        0 to 1; NaN with fewer than 10 accepted records.
    """
    accepted, everything = rates["kept"].to_numpy(), rates["n"].to_numpy()
    taken = int(accepted.sum())
    if taken < MINIMUM_RECORDS:
        return math.nan, math.nan
    return total_variation(accepted, everything), total_variation_by_chance(everything, taken)
