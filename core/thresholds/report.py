"""What a policy does to the collection: coverage, errors to expect, work left over, and whom it keeps out."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.errors import InputError
from core.evaluation import accuracy_estimate
from core.formatting import plain
from core.schema import PREDICTED, TRUTH
from core.statistics import Estimate
from core.thresholds.finite_population import ErrorBound
from core.thresholds.policy import (
    Policy,
    acceptance_rates,
    acceptance_rates_by_class,
    apply_policy,
    distance_of_accepted,
    expected_errors,
)

__all__ = ["CLASS", "DEFAULT_FACETS", "PolicyReport", "policy_report"]

DEFAULT_FACETS: Final = ("language", "decade", "place")
CLASS: Final = "class"  # acceptance rates by what the books really are
RECORDS_AN_HOUR: Final = 60.0


@dataclass(frozen=True, kw_only=True)
class PolicyReport:
    """A policy, and all that it does.

    Attributes
    ----------
    records, accepted, review : int
        All records, those accepted, and the others, which go to review.
    review_unlabelled : int
        Records for review that nobody has labelled yet.
    labelled, labelled_accepted, errors : int
        Labelled records, those accepted, and how many of these are wrong.
    accuracy : Estimate
        Share right among the labelled accepted (Wilson).
    expected_errors : Estimate
        Wrong predictions among all accepted records, labelled or not: a number of records.
    hours : float
        Of review, at `pace` records an hour.
    per_class : DataFrame
        One row a predicted class: ``class``, ``cut`` (NaN: never accepted, or differing by stratum), ``records``,
        ``accepted``, ``coverage``, ``n_accepted`` and ``errors`` (labelled), ``accuracy``, ``low``, ``high``,
        ``expected_errors``, ``expected_low``, ``expected_high``, ``review``.
    acceptance_rates : mapping
        Facet (and ``'class'``, what the labelled books are) → table of
        :func:`core.thresholds.policy.acceptance_rates`.
    distances : DataFrame
        One row a facet: ``facet``, ``tvd`` (total variation distance between the accepted and all records, 0 to 1),
        ``tvd_by_chance`` (what as many records taken at random would show).
    bound : ErrorBound, optional
        What holds of the unchecked records however the cuts were chosen; None where nothing does.
    """

    policy: Policy
    records: int
    accepted: int
    review: int
    review_unlabelled: int
    labelled: int
    labelled_accepted: int
    errors: int
    accuracy: Estimate
    expected_errors: Estimate
    pace: float
    hours: float
    per_class: pd.DataFrame
    acceptance_rates: Mapping[str, pd.DataFrame]
    distances: pd.DataFrame
    bound: ErrorBound | None = None

    @property
    def right_at_least(self) -> float:
        """Share of the accepted that is right at least, however the cuts were chosen on the same labelled records.

        With the confidence of :attr:`bound`; NaN without it or without accepted records. Unlike :attr:`accuracy`, which
        a choice of cuts makes too good.
        """
        if self.bound is None or not self.accepted:
            return math.nan
        return 1 - min(self.errors + self.bound.most_wrong, self.accepted) / self.accepted

    @property
    def coverage(self) -> float:
        """Share of all records that is accepted; NaN without records."""
        return self.accepted / self.records if self.records else math.nan

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-able content under the names of ``colophon thresholds --json``."""
        content = self.policy.as_dict()
        return {
            **content,
            "records": self.records,
            "accepted": self.accepted,
            "coverage": plain(self.coverage),
            "review": self.review,
            "review_unlabelled": self.review_unlabelled,
            "review_hours": self.hours,
            "labelled_accepted": self.labelled_accepted,
            "errors": self.errors,
            "accuracy": self.accuracy.as_dict(),
            "right_at_least": plain(self.right_at_least),
            "expected_errors": self.expected_errors.as_dict(),
            "per_class": {
                row["class"]: {
                    **{name: row[name] for name in ("cut", "records", "accepted", "coverage", "errors", "review")},
                    "accuracy": (
                        {name: row[name] for name in ("low", "high")}
                        | {"value": row["accuracy"], "n": row["n_accepted"]}
                    ),
                    "expected_errors": {
                        "value": row["expected_errors"],
                        "low": row["expected_low"],
                        "high": row["expected_high"],
                    },
                }
                for row in plain(self.per_class.to_dict("records"))
            },
            "keep_rates": {facet: plain(table.to_dict("records")) for facet, table in self.acceptance_rates.items()},
            "distances": plain(self.distances.to_dict("records")),
        }


def policy_report(
    table: pd.DataFrame,
    policy: Policy,
    facets: Sequence[str] = DEFAULT_FACETS,
    *,
    classes: Sequence[str] = (),
    pace: float = RECORDS_AN_HOUR,
) -> PolicyReport:
    """Return what a policy does to the records of a table.

    Parameters
    ----------
    table : DataFrame
        Records columns (for the facets), ``predicted``, ``confidence``, ``truth`` ('' where unknown).
    facets : sequence of str
        See :mod:`core.facets`.
    classes : sequence of str, optional
        Without it, the classes that are predicted.
    pace : float
        Records a person reviews in an hour, above 0.

    Notes
    -----
    Accuracy and acceptance rates by class rest on the labelled records; coverage, review and the other rates are counts
    over all records. The figures hold for records that the policy was not chosen on.
    """
    if not pace > 0:
        raise InputError(f"A pace is a number of records an hour above 0; {pace} came.")
    is_accepted = apply_policy(table, policy)
    labelled = (table[TRUTH] != "").to_numpy(dtype=bool)
    # Millions of records are counted by number, and their words are only compared where there is a truth.
    positions, values = pd.factorize(table[PREDICTED])
    names = list(classes) or sorted({str(value) for value in values} - {""})
    codes = np.append(pd.Index(names).get_indexer(pd.Index(values)), -1)[positions]
    wrong = np.zeros(len(table), dtype=bool)
    wrong[labelled] = (table.loc[labelled, PREDICTED] != table.loc[labelled, TRUTH]).to_numpy(dtype=bool)
    n, errors, accepted, records = (
        np.bincount(codes[mask & (codes >= 0)], minlength=len(names))
        for mask in (is_accepted & labelled, is_accepted & wrong, is_accepted, np.ones(len(table), dtype=bool))
    )
    checked, mistaken, taken = (
        int((is_accepted & labelled).sum()),
        int((is_accepted & wrong).sum()),
        int(is_accepted.sum()),
    )
    review = len(table) - taken
    rates = {facet: acceptance_rates(table, is_accepted, facet) for facet in facets}
    return PolicyReport(
        policy=policy,
        records=len(table),
        accepted=taken,
        review=review,
        review_unlabelled=int((~is_accepted & ~labelled).sum()),
        labelled=int(labelled.sum()),
        labelled_accepted=checked,
        errors=mistaken,
        accuracy=accuracy_estimate(checked - mistaken, checked, "labelled books are accepted"),
        expected_errors=expected_errors(errors, n, accepted),
        pace=pace,
        hours=review / pace,
        per_class=_per_class(policy, names, records=records, accepted=accepted, n=n, errors=errors),
        acceptance_rates={
            CLASS: acceptance_rates_by_class(table[TRUTH], is_accepted, classes, table[PREDICTED]),
            **rates,
        },
        distances=pd.DataFrame(
            [(facet, *distance_of_accepted(rates[facet])) for facet in facets],
            columns=["facet", "tvd", "tvd_by_chance"],
        ),
    )


def _per_class(
    policy: Policy,
    names: Sequence[str],
    records: NDArray[np.int64],
    accepted: NDArray[np.int64],
    n: NDArray[np.int64],
    errors: NDArray[np.int64],
) -> pd.DataFrame:
    rates = [accuracy_estimate(int(k - e), int(k)) for k, e in zip(n, errors, strict=True)]
    expected = [expected_errors(errors[i : i + 1], n[i : i + 1], accepted[i : i + 1]) for i in range(len(names))]
    return pd.DataFrame(
        {
            "class": pd.Series(list(names), dtype="str"),
            "cut": [float(policy.cuts.get(name, math.nan)) for name in names],
            "records": records,
            "accepted": accepted,
            "coverage": np.where(records > 0, accepted / np.maximum(records, 1), np.nan),
            "n_accepted": n,
            "errors": errors,
            "accuracy": [rate.value for rate in rates],
            "low": [rate.low for rate in rates],
            "high": [rate.high for rate in rates],
            "expected_errors": [number.value for number in expected],
            "expected_low": [number.low for number in expected],
            "expected_high": [number.high for number in expected],
            "review": records - accepted,
        }
    )
