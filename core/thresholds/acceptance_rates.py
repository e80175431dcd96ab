"""What every cut accepts and how often that is right, and whom a policy accepts more or less often."""

import bisect
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.errors import InputError
from core.evaluation.metrics import accuracy_estimate
from core.facets import facet_codes
from core.schema import CONFIDENCE, PREDICTED, TRUTH
from core.statistics import MINIMUM_RECORDS, Estimate, total_variation, total_variation_by_chance, wilson

__all__ = [
    "ALL_CLASSES",
    "Curves",
    "CutPoint",
    "acceptance_rates",
    "acceptance_rates_by_class",
    "distance_of_accepted",
    "expected_errors",
]

# --- Curves over the cut ----------------------------------------------------------------------------------------------
# What every cut accepts and how often it is right, sorted once and then only looked up.


ALL_CLASSES: Final = "all classes"


@dataclass(frozen=True, kw_only=True)
class CutPoint:
    """What a cut does.

    Attributes
    ----------
    records, accepted : int
        Records with this prediction, labelled or not, and how many of them are accepted.
    labelled, labelled_accepted, errors : int
        The same among the labelled records, and how many of the accepted are wrong.
    """

    records: int
    accepted: int
    labelled: int
    labelled_accepted: int
    errors: int

    @property
    def coverage(self) -> float:
        """Share of the records that is accepted; NaN when there are none."""
        return self.accepted / self.records if self.records else float("nan")

    @property
    def accuracy(self) -> Estimate:
        """Share right among the labelled accepted, with its Wilson interval; undefined below 10."""
        right = self.labelled_accepted - self.errors
        return accuracy_estimate(right, self.labelled_accepted, "labelled books are accepted")


@dataclass(frozen=True, kw_only=True)
class _SortedClass:
    """One class: confidences rising (NaN left out), and errors from each labelled record upwards."""

    records: int
    confidence: NDArray[np.float64]
    labelled: int
    checked: NDArray[np.float64]
    errors_from: NDArray[np.int64]  # one longer than `checked`: the last is 0

    def at(self, cut: float) -> CutPoint:
        accepted = len(self.confidence) - bisect.bisect_right(self.confidence, cut)
        start = bisect.bisect_right(self.checked, cut)
        return CutPoint(
            records=self.records,
            accepted=accepted,
            labelled=self.labelled,
            labelled_accepted=len(self.checked) - start,
            errors=int(self.errors_from[start]),
        )


class Curves:
    """All cuts of one set of predictions, ready to be looked up.

    Build it once for predictions and labels (some seconds for millions of records) and keep it under their fingerprint;
    a look-up is two binary searches.

    Parameters
    ----------
    table : DataFrame
        ``predicted``, ``confidence``, ``truth`` ('' where unknown). Records without a usable prediction belong to no
        class; they count among the records of :data:`ALL_CLASSES` and are never accepted.
    classes : sequence of str

    Raises
    ------
    InputError
        From the look-ups: a class that is not one of `classes`.
    """

    def __init__(self, table: pd.DataFrame, classes: Sequence[str]) -> None:
        confidence = table[CONFIDENCE].to_numpy(dtype=float, na_value=np.nan)
        codes = pd.Index(list(classes)).get_indexer(pd.Index(table[PREDICTED]))
        truth = pd.Index(list(classes)).get_indexer(pd.Index(table[TRUTH]))
        checked = (table[TRUTH] != "").to_numpy(dtype=bool)
        wrong = truth != codes
        self.classes = tuple(classes)
        self._parts = {
            name: _sort(confidence, checked, wrong, codes == i, codes == i) for i, name in enumerate(self.classes)
        }
        self._parts[ALL_CLASSES] = _sort(confidence, checked, wrong, codes >= 0, np.ones(len(table), dtype=bool))

    def at(self, class_name: str, cut: float) -> CutPoint:
        """Return what one cut does, for a class or for :data:`ALL_CLASSES` (one cut whatever the class)."""
        return self._part(class_name).at(cut)

    def table(self, points: int = 400) -> pd.DataFrame:
        """Return how often the accepted are right, over all cuts.

        Parameters
        ----------
        points : int
            At most so many cuts a class, spread evenly over the labelled records.

        Returns
        -------
        DataFrame
            One row a class (and :data:`ALL_CLASSES`) and cut: ``class``, ``cut`` (accepted is what lies above it),
            ``accepted`` and ``coverage`` (of all records with this prediction), ``n_accepted`` and ``errors`` (among
            the labelled), ``accuracy`` with ``low`` and ``high`` (95 % Wilson), ``error_rate`` with ``error_low`` and
            ``error_high``. Rates are NaN where fewer than 10 labelled records are accepted.

        References
        ----------
        R. El-Yaniv, Y. Wiener (2010), "On the foundations of noise-free selective classification", JMLR 11.
        """
        return pd.concat([self._curve(name, points) for name in (*self.classes, ALL_CLASSES)], ignore_index=True)

    def _part(self, class_name: str) -> _SortedClass:
        if class_name not in self._parts:
            raise InputError(f"There is no class '{class_name}'. Classes are: {', '.join(self.classes)}.")
        return self._parts[class_name]

    def _curve(self, name: str, points: int) -> pd.DataFrame:
        part = self._parts[name]
        # Only below a labelled record's confidence does anything that is known change.
        cuts = np.concatenate([[0.0], np.unique(part.checked)])
        cuts = np.unique(cuts[np.unique(np.linspace(0, len(cuts) - 1, min(points, len(cuts))).round().astype(int))])
        start = np.searchsorted(part.checked, cuts, side="right")
        n = len(part.checked) - start
        errors = part.errors_from[start]
        accepted = len(part.confidence) - np.searchsorted(part.confidence, cuts, side="right")
        low, high = wilson(n - errors, n)
        with np.errstate(divide="ignore", invalid="ignore"):
            accuracy = (n - errors) / n
            few = n < MINIMUM_RECORDS
            low, high, accuracy = (np.where(few, np.nan, limit) for limit in (low, high, accuracy))
            coverage = accepted / part.records if part.records else np.full(len(cuts), np.nan)
        return pd.DataFrame(
            {
                "class": name,
                "cut": cuts,
                "accepted": accepted,
                "coverage": coverage,
                "n_accepted": n,
                "errors": errors,
                "accuracy": accuracy,
                "low": low,
                "high": high,
                "error_rate": 1 - accuracy,
                "error_low": 1 - high,
                "error_high": 1 - low,
            }
        )


def _sort(
    confidence: NDArray[np.float64],
    checked: NDArray[np.bool_],
    wrong: NDArray[np.bool_],
    mine: NDArray[np.bool_],
    counted: NDArray[np.bool_],
) -> _SortedClass:
    known = mine & ~np.isnan(confidence)
    labelled = known & checked
    order = np.argsort(confidence[labelled], kind="stable")
    errors = wrong[labelled][order].astype(np.int64)
    return _SortedClass(
        records=int(counted.sum()),
        confidence=np.sort(confidence[known]),
        labelled=int((counted & checked).sum()),
        checked=confidence[labelled][order],
        errors_from=np.append(np.cumsum(errors[::-1])[::-1], 0),
    )


# --- Counting what a policy keeps -------------------------------------------------------------------------------------
# Errors to expect among the accepted, acceptance rates of groups, distance from all.


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
        return Estimate(
            value=exact, low=exact, high=exact, n=int(checked.sum()), method="every accepted record is labelled"
        )
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
    return Estimate(
        value=certain + value, low=certain + max(value - down, 0.0), high=certain + value + up, n=total, method=method
    )


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
