"""What every cut accepts and how often that is right; and a policy: from which confidence on each class is accepted."""

import bisect
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from core.errors import InputError
from core.evaluation import accuracy_estimate
from core.facets import facet_codes
from core.manifests import Record, Texts
from core.schema import CONFIDENCE, PREDICTED, TRUTH
from core.slices import Slice
from core.statistics import MINIMUM_RECORDS, Estimate, total_variation, total_variation_by_chance, wilson

__all__ = [
    "ALL_CLASSES",
    "Curves",
    "CutPoint",
    "GuaranteeRecord",
    "Policy",
    "acceptance_rates",
    "acceptance_rates_by_class",
    "apply_policy",
    "check_cut",
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


# --- A policy: from which confidence on a prediction is accepted, class by class; and what was promised of it ---------


@dataclass(frozen=True)
class Policy:
    """Cuts on the confidence: a prediction is accepted when its confidence is greater than the cut of its class.

    A class without a cut is never accepted, and neither is a record whose confidence is unknown (NaN). A cut of 0
    accepts every prediction of its class, a cut of 1 none.

    Attributes
    ----------
    cuts : mapping
        Predicted class → cut, 0 to 1. Empty when `stratum` is used.
    stratum : str
        The facet by which the cuts differ, '' when they do not.
    by_stratum : mapping
        Value of that facet → (predicted class → cut). Records of any other value are never accepted.
    where : Slice, optional
        The slice the cuts were chosen on. Of a record outside of it nothing is known, so none is accepted; without one
        the cuts are those of the whole collection.
    """

    cuts: Mapping[str, float] = field(default_factory=dict)
    stratum: str = ""
    by_stratum: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    where: Slice | None = None

    def __post_init__(self) -> None:
        for cuts in (self.cuts, *self.by_stratum.values()):
            for name, cut in cuts.items():
                check_cut(name, cut)
        if (self.stratum and self.cuts) or (self.by_stratum and not self.stratum):
            raise InputError("A policy has either one cut a class, or cuts for each value of one facet, not both.")

    @classmethod
    def from_cuts(
        cls, cuts: Mapping[str, float | None], stratum: str, by_stratum: Mapping[str, Mapping[str, float | None]]
    ) -> "Policy":
        """Return the policy of cuts that were searched for; a class for which none was found is never accepted."""

        def known(part: Mapping[str, float | None]) -> dict[str, float]:
            return {name: cut for name, cut in part.items() if cut is not None}

        if stratum:
            return cls(stratum=stratum, by_stratum={value: known(part) for value, part in by_stratum.items()})
        return cls(known(cuts))

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-able content that :meth:`from_dict` understands."""
        content: dict[str, Any] = {"cuts": {name: float(self.cuts[name]) for name in sorted(self.cuts)}}
        if self.stratum:
            content["stratum"] = self.stratum
            content["by_stratum"] = {value: dict(sorted(cuts.items())) for value, cuts in self.by_stratum.items()}
        if self.where is not None:
            content["slice"] = self.where.to_dict() | {"description": self.where.description}
        return content

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> "Policy":
        """Return the policy that :meth:`as_dict` described."""
        where = content.get("slice")
        return cls(
            dict(content.get("cuts", {})),
            content.get("stratum", ""),
            dict(content.get("by_stratum", {})),
            Slice.from_dict(where) if where else None,
        )

    def covers(self, table: pd.DataFrame) -> NDArray[np.bool_]:
        """Return which records the cuts apply to, shape (n_records,): those of its slice, else all."""
        return np.ones(len(table), dtype=bool) if self.where is None else self.where.mask(table)


class GuaranteeRecord(Record):
    """What a promise said when the cuts were kept; the keys are those of :meth:`core.thresholds.Guarantee.as_dict`.

    Attributes
    ----------
    kind : {'accepted', 'whole', 'two models'}
        What the share is of: the accepted records, or all records once people have done the rest; the last where two
        models decide before people do.
    max_error, confidence : float or None
        The share of wrong ones that is not passed, and the probability of that; None where an earlier version did not
        say.
    per : str
        'class' or 'together': whether each class has its own promise.
    stratum : str
        Facet in each value of which it is kept, '' for none.
    cuts, by_stratum : mapping
        Class → cut, and value of the facet → class → cut; None where nothing can be promised.
    promised : bool
        Whether all that was asked for can be promised; `reason` says why not.
    labelled, left_out, more_labels : int
        Labelled books it rests on; those left out since the model may have learned from them; those it would take
        beyond (None: that is not known, or no number will do).
    sentence, headline : str
        All of it in words, with the warnings; and its first sentence alone, '' where an earlier version kept none.
    """

    kind: str = "accepted"
    max_error: float | None = None
    confidence: float | None = None
    per: str = ""
    stratum: str = ""
    cuts: dict[str, float | None] = Field(default_factory=dict)
    by_stratum: dict[str, dict[str, float | None]] = Field(default_factory=dict)
    promised: bool = True
    reason: str = ""
    labelled: int = 0
    more_labels: int | None = None
    left_out: int = 0
    sentence: str = ""
    headline: str = ""
    warnings: Texts = ()
    population: dict[str, Any] = Field(default_factory=dict)
    groups: Annotated[tuple[dict[str, Any], ...], Field(strict=False)] = ()

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> "GuaranteeRecord | None":
        """Return the promise that a policy or the settings of an export hold; None where none was made.

        Raises
        ------
        InputError
            A value is of another type than this version writes.
        """
        return cls.parse(content, "the promise that was kept") if content else None

    @property
    def is_of_whole(self) -> bool:
        """Whether the share is of all records once people have done the rest."""
        return self.kind != "accepted"

    @property
    def in_words(self) -> str:
        """Its sentence without the full stop, else what is known of it."""
        known = ", ".join(f"{name} {value}" for name, value in self.as_dict().items())
        return (self.sentence or known).rstrip(".")


def check_cut(name: str, cut: float) -> None:
    """Refuse what is no confidence.

    Raises
    ------
    InputError
        The cut is not a number from 0 to 1.
    """
    if not 0 <= cut <= 1:
        raise InputError(f"The cut for '{name}' is {cut}; a cut is a confidence from 0 to 1 (97 per cent is 0.97).")


def apply_policy(table: pd.DataFrame, policy: Policy) -> NDArray[np.bool_]:
    """Say which predictions are accepted.

    Parameters
    ----------
    table : DataFrame
        ``predicted``, ``confidence`` (0 to 1, NaN if unknown), and what the policy's facet and slice are read from.

    Returns
    -------
    bool array, shape (n_records,)

    Raises
    ------
    InputError
        The policy has a cut for a class that is nowhere predicted although others are: a slip of spelling.

    Examples
    --------
    >>> table = pd.DataFrame({"predicted": ["a", "a", "b"], "confidence": [0.9, 0.91, 1.0]})
    >>> apply_policy(table, Policy({"a": 0.9})).tolist()
    [False, True, False]
    """
    codes, names = pd.factorize(table[PREDICTED])
    classes = [str(name) for name in names]
    _check_classes(policy, classes)
    confidence = table[CONFIDENCE].to_numpy(dtype=float, na_value=np.nan)
    inside = policy.covers(table)
    if not policy.stratum:
        limits = np.array([policy.cuts.get(name, np.inf) for name in classes] + [np.inf])
        return np.asarray((confidence > limits[codes]) & inside)
    group, values = facet_codes(table, policy.stratum)
    nowhere: Mapping[str, float] = {}
    grid = np.array(
        [[policy.by_stratum.get(value, nowhere).get(name, np.inf) for name in classes] + [np.inf] for value in values]
    ).reshape(len(values), len(classes) + 1)
    return np.asarray((confidence > grid[group, codes]) & inside)


def _check_classes(policy: Policy, classes: list[str]) -> None:
    known = {name for name in classes if name}
    cut_classes = {name for cuts in (policy.cuts, *policy.by_stratum.values()) for name in cuts}
    if known and cut_classes and not cut_classes & known:
        raise InputError(
            f"There is a cut for '{min(cut_classes)}', but no record is predicted to be that."
            f" Predicted classes are: {', '.join(sorted(known))}."
        )
