"""How sure a share is: Wilson and Clopper–Pearson intervals, and how many labels a promise needs."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, overload

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from core.errors import InputError
from core.formatting import plain

__all__ = ["MINIMUM_RECORDS", "Estimate", "clopper_pearson", "labels_needed", "proportion", "wilson"]

# Below this many records a group is shown with its counts and no rate.
MINIMUM_RECORDS = 10

Side = Literal["two-sided", "upper", "lower"]
Counts = NDArray[Any] | Sequence[int] | pd.Series


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A number that never stands alone: with its interval, the records it rests on, and how it was reckoned.

    Attributes
    ----------
    value, low, high : float
        NaN when undefined. Shares lie between 0 and 1.
    n : int
        Records (books) the number rests on.
    method : str
        How the interval was computed, in a few words.
    reason : str
        Why the value is undefined; '' when it is defined.
    confidence : float
        The nominal coverage of the interval.
    """

    value: float
    low: float
    high: float
    n: int
    method: str
    reason: str = ""
    confidence: float = 0.95

    @classmethod
    def undefined(cls, reason: str, n: int = 0, method: str = "") -> "Estimate":
        """Return an estimate without a value, and say why."""
        return cls(value=math.nan, low=math.nan, high=math.nan, n=n, method=method, reason=reason)

    @property
    def defined(self) -> bool:
        """Whether there is a value."""
        return not math.isnan(self.value)

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-able content; what is undefined is None, and then ``reason`` says why.

        >>> proportion(9, 10).as_dict()["n"], Estimate.undefined("no labelled books").as_dict()["value"]
        (10, None)
        """
        content: dict[str, Any] = {
            "value": plain(self.value),
            "low": plain(self.low),
            "high": plain(self.high),
            "n": self.n,
            "method": self.method,
        }
        if self.reason:
            content["reason"] = self.reason
        return content


@overload
def wilson(k: float, n: float, confidence: float = 0.95) -> tuple[float, float]: ...
@overload
def wilson(k: Counts, n: Counts | float, confidence: float = 0.95) -> tuple[NDArray[Any], NDArray[Any]]: ...
def wilson(k: Any, n: Any, confidence: float = 0.95) -> tuple[Any, Any]:
    """Return the limits of the Wilson score interval of a share.

    Parameters
    ----------
    k : number or array
        Records with the property, 0 to `n`. Fractions are allowed (effective counts of weighted samples).
    n : number or array
        Records looked at. Where it is 0 both limits are NaN.
    confidence : float
        Two-sided coverage wanted, between 0 and 1. It is reached on average over shares, not for every one.

    Returns
    -------
    low, high : floats or arrays
        Between 0 and 1.

    Raises
    ------
    InputError
        A count outside 0 to `n`, or a confidence outside 0 to 1.

    References
    ----------
    E. B. Wilson (1927), "Probable inference, the law of succession, and statistical inference", Journal of the
    American Statistical Association 22.
    L. D. Brown, T. T. Cai, A. DasGupta (2001), "Interval estimation for a binomial proportion", Statistical Science 16.

    Examples
    --------
    >>> low, high = wilson(759, 850)
    >>> round(low, 4), round(high, 4)
    (0.8704, 0.912)
    """
    counts, sizes = _checked(k, n, confidence)
    z = float(special.ndtri(0.5 + confidence / 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        share = counts / sizes
        scale = 1 + z * z / sizes
        middle = (share + z * z / (2 * sizes)) / scale
        half = z / scale * np.sqrt(share * (1 - share) / sizes + z * z / (4 * sizes * sizes))
        # At the ends the limit is exactly 0 or 1; rounding must not leave it a hair inside.
        low = np.where(counts == 0, np.where(sizes > 0, 0.0, np.nan), np.clip(middle - half, 0, 1))
        high = np.where((counts == sizes) & (sizes > 0), 1.0, np.clip(middle + half, 0, 1))
    return _plain(low), _plain(high)


@overload
def clopper_pearson(k: float, n: float, confidence: float = 0.95, side: Side = "two-sided") -> tuple[float, float]: ...
@overload
def clopper_pearson(
    k: Counts, n: Counts | float, confidence: float = 0.95, side: Side = "two-sided"
) -> tuple[NDArray[Any], NDArray[Any]]: ...
def clopper_pearson(k: Any, n: Any, confidence: float = 0.95, side: Side = "two-sided") -> tuple[Any, Any]:
    """Return exact limits of a share: the true share is outside with at most the probability stated.

    Parameters
    ----------
    k, n : numbers or arrays
        Records with the property, and records looked at. Where `n` is 0 nothing is known: the limits are NaN.
    confidence : float
        Coverage that is never fallen short of, whatever the true share is.
    side : {'two-sided', 'upper', 'lower'}
        'upper' puts all the doubt above (the low limit is 0): the bound for "at most this share is wrong". 'lower'
        puts it below (the high limit is 1): "at least this share is right".

    Returns
    -------
    low, high : floats or arrays

    Raises
    ------
    InputError
        A count outside 0 to `n`, a confidence outside 0 to 1, or an unknown side.

    References
    ----------
    C. J. Clopper, E. S. Pearson (1934), "The use of confidence or fiducial limits illustrated in the case of the
    binomial", Biometrika 26.

    Examples
    --------
    >>> round(clopper_pearson(0, 59, side="upper")[1], 4)
    0.0495
    """
    counts, sizes = _checked(k, n, confidence)
    if side not in ("two-sided", "upper", "lower"):
        raise InputError(f"There is no side '{side}' of an interval. There are: two-sided, upper, lower.")
    tail = (1 - confidence) / (2 if side == "two-sided" else 1)
    known = sizes > 0
    low, high = np.where(known, 0.0, np.nan), np.where(known, 1.0, np.nan)
    if side != "upper":
        inside = known & (counts > 0)
        low[inside] = special.betaincinv(counts[inside], (sizes - counts + 1)[inside], tail)
    if side != "lower":
        inside = known & (counts < sizes)
        high[inside] = special.betaincinv((counts + 1)[inside], (sizes - counts)[inside], 1 - tail)
    return _plain(low), _plain(high)


def proportion(
    k: int, n: int, confidence: float = 0.95, method: Literal["Wilson", "Clopper–Pearson"] = "Wilson"
) -> Estimate:
    """Return the share k of n with its interval.

    Parameters
    ----------
    k, n : int
        Records with the property, and records looked at; undefined when `n` is 0.
    method : {'Wilson', 'Clopper–Pearson'}
        Wilson for what is described, Clopper–Pearson for what is promised.

    Notes
    -----
    A share of fewer than :data:`MINIMUM_RECORDS` records is computed here all the same; whoever lists groups leaves
    it out.

    Examples
    --------
    >>> proportion(0, 0).reason
    'no records'
    """
    if n == 0:
        return Estimate.undefined("no records", 0, method)
    low, high = (wilson if method == "Wilson" else clopper_pearson)(k, n, confidence)
    return Estimate(value=k / n, low=float(low), high=float(high), n=int(n), method=method, confidence=confidence)


def labels_needed(max_error: float, confidence: float = 0.95, errors: int = 0) -> int:
    """Return how many labelled books it takes to promise an error share when `errors` of them turn out wrong.

    It is the smallest n for which the one-sided Clopper–Pearson limit of `errors` out of n is at most `max_error`.

    Parameters
    ----------
    max_error : float
        The share of errors that is promised not to be passed, between 0 and 1.
    confidence : float
        Between 0 and 1.
    errors : int
        Wrong labels expected among the n, 0 or more.

    Raises
    ------
    InputError
        A share or confidence that is not between 0 and 1, or a negative number of errors.

    Examples
    --------
    >>> labels_needed(0.05), labels_needed(0.02), labels_needed(0.01)
    (59, 149, 299)
    """
    _check_confidence(confidence)
    if not 0 < max_error < 1:
        raise InputError(f"An error share to promise lies between 0 and 1 (5 per cent is 0.05); {max_error} came.")
    if errors < 0:
        raise InputError(f"The number of errors is 0 or more; {errors} came.")
    enough = max(errors + 1, 1)
    while special.bdtr(errors, enough, max_error) > 1 - confidence:
        enough *= 2
    too_few = errors
    while enough - too_few > 1:
        middle = (enough + too_few) // 2
        if special.bdtr(errors, middle, max_error) > 1 - confidence:
            too_few = middle
        else:
            enough = middle
    return enough


def _plain(limits: NDArray[np.float64]) -> Any:
    return limits if limits.ndim else float(limits)


def _checked(k: Any, n: Any, confidence: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    _check_confidence(confidence)
    counts, sizes = np.broadcast_arrays(np.asarray(k, dtype=float), np.asarray(n, dtype=float))
    wrong = ~((counts >= 0) & (counts <= sizes))
    if wrong.any():
        raise InputError(f"A count must lie between 0 and its total: {counts[wrong][0]:g} of {sizes[wrong][0]:g} came.")
    return counts, sizes


def _check_confidence(confidence: float) -> None:
    if not 0 < confidence < 1:
        raise InputError(f"A confidence lies between 0 and 1 (95 per cent is 0.95); {confidence} came.")
