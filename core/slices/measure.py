"""What is told of a slice, and error rates facet by facet: counts, rates with intervals, and what they cover."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.errors import InputError
from core.facets import facet_codes, facet_order
from core.predicates import AllOf, Books, FacetPredicate
from core.schema import CORRECT, TRUTH
from core.slices.definition import Slice
from core.slices.stratified import Excess, LabelledTitles, Mask, class_codes, excess, one_per_title, worst_p
from core.statistics import MINIMUM_RECORDS, Estimate, adjust_p, proportion, wilson
from core.text_formats import plain

__all__ = [
    "Confusion",
    "FacetSlices",
    "LabelledBooks",
    "Overall",
    "PairSlices",
    "SliceMeasurement",
    "cross_table",
    "error_share",
    "facet_slices",
    "measure_slices",
    "pair_slices",
]

# --- What is told of a slice ------------------------------------------------------------------------------------------
# Counts, rates with intervals, what its classes do elsewhere, and what it covers.


@dataclass(frozen=True)
class Confusion:
    """How many books of one class were taken for another."""

    truth: str
    predicted: str
    n: int


@dataclass(frozen=True, kw_only=True)
class SliceMeasurement:
    """The numbers of one slice.

    Attributes
    ----------
    slice : Slice
    n, errors : int
        Labelled books, and the wrong ones among them.
    rate : Estimate
        Share that is wrong, with Wilson's interval; undefined below ten books.
    by_truth, by_prediction : Excess
        Errors expected if its books failed as often as the rest of the same true classes, and of the same predicted
        classes, and how many times that there are; undefined below ten books.
    explains : Estimate
        Share of all errors that lie in the slice.
    collection_n : int
        Records of the whole collection that are in the slice.
    confusions : tuple of Confusion
        What the wrong ones were taken for, the commonest first.
    """

    slice: Slice
    n: int
    errors: int
    rate: Estimate
    by_truth: Excess
    by_prediction: Excess
    explains: Estimate
    collection_n: int
    confusions: tuple[Confusion, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-able content; what is undefined is None."""
        return {
            "description": self.slice.description,
            **self.slice.to_dict(),
            "n": self.n,
            "errors": self.errors,
            "error_rate": plain(self.rate.value),
            "low": plain(self.rate.low),
            "high": plain(self.rate.high),
            "expected_errors": plain(self.by_truth.expected),
            "ratio": plain(self.by_truth.ratio),
            "ratio_low": plain(self.by_truth.low),
            "ratio_high": plain(self.by_truth.high),
            "ratio_among_predicted": plain(self.by_prediction.ratio),
            "ratio_among_predicted_low": plain(self.by_prediction.low),
            "ratio_among_predicted_high": plain(self.by_prediction.high),
            "explains": plain(self.explains.value),
            "explains_low": plain(self.explains.low),
            "explains_high": plain(self.explains.high),
            "collection_n": self.collection_n,
            "confusions": [vars(confusion) for confusion in self.confusions],
        }


@dataclass(frozen=True)
class Overall:
    """How often all labelled books are wrong: their ``rate`` with its interval, and the number of ``errors``."""

    errors: int
    rate: Estimate

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-able content."""
        return {
            "n": self.rate.n,
            "errors": self.errors,
            "error_rate": plain(self.rate.value),
            "low": plain(self.rate.low),
            "high": plain(self.rate.high),
        }


class LabelledBooks:
    """The labelled books of a scored table, against which slices are measured.

    Parameters
    ----------
    table : DataFrame
        The scored table; only its rows with a truth count.
    classes : sequence of str
    """

    def __init__(self, table: pd.DataFrame, classes: Sequence[str]) -> None:
        self.known: Mask = (table[TRUTH] != "").to_numpy(dtype=bool)
        rows = table[self.known]
        views, self.names = class_codes(rows, tuple(classes))
        self.titles = LabelledTitles(rows, views, len(self.names), ~rows[CORRECT].to_numpy(dtype=bool))
        self._n, self._errors = self.titles.count(np.arange(len(rows)))

    def __len__(self) -> int:
        return len(self.titles)

    @property
    def errors(self) -> int:
        """How many of the labelled books are wrong."""
        return int(self.titles.wrong.sum())

    @property
    def overall(self) -> Overall:
        """How often the labelled books are wrong."""
        return Overall(self.errors, proportion(self.errors, len(self)))

    def measure(self, slice_: Slice, rows: npt.NDArray[np.int64], collection_n: int) -> SliceMeasurement:
        """Measure a slice that holds these `rows` of the labelled books and so many records of the collection."""
        n, errors = self.titles.count(rows)
        size, wrong = int(n[0].sum()), int(errors[0].sum())
        views = [Excess(np.nan, np.nan, np.nan, np.nan)] * 2
        if size >= MINIMUM_RECORDS:
            views = [excess(*counts) for counts in zip(n, errors, self._n, self._errors, strict=True)]
        failed = rows[self.titles.wrong[rows]]
        return SliceMeasurement(
            slice=slice_,
            n=size,
            errors=wrong,
            rate=error_share(wrong, size),
            by_truth=views[0],
            by_prediction=views[1],
            explains=proportion(wrong, self.errors),
            collection_n=collection_n,
            confusions=self._confusions(failed),
        )

    def _confusions(self, failed: npt.NDArray[np.int64]) -> tuple[Confusion, ...]:
        truth, predicted = self.titles.views[:, failed]
        pairs, counts = np.unique(truth * len(self.names) + predicted, return_counts=True)
        confusions = [
            Confusion(self.names[pair // len(self.names)], self.names[pair % len(self.names)], int(count))
            for pair, count in zip(pairs.tolist(), counts, strict=True)
        ]
        return tuple(sorted(confusions, key=lambda confusion: -confusion.n))


def measure_slices(
    table: pd.DataFrame, classes: Sequence[str], slices: Sequence[Slice], collection: pd.DataFrame | None = None
) -> list[SliceMeasurement]:
    """Measure slices that are known beforehand: saved ones, named ones, ones from a URL.

    Parameters
    ----------
    table : DataFrame
        The scored table; rates are of its rows with a truth.
    classes : sequence of str
    collection : DataFrame, optional
        Records that the slices are counted in; without it, all rows of `table`.
    """
    labelled = LabelledBooks(table, classes)
    books = Books(table)
    collected = books if collection is None else Books(collection)
    measured = []
    for slice_ in slices:
        inside, covered = (where.where(AllOf(slice_.predicates)) for where in (books, collected))
        measured.append(labelled.measure(slice_, np.flatnonzero(inside[labelled.known]), int(covered.sum())))
    return measured


def error_share(errors: int, n: int) -> Estimate:
    """Return the share of errors with its interval, undefined below ten books."""
    if n < MINIMUM_RECORDS:
        return Estimate.undefined(f"fewer than {MINIMUM_RECORDS} books", n)
    return proportion(errors, n)


# --- Error rates facet by facet, and facet against facet: asked for, not searched for ---------------------------------


@dataclass(frozen=True)
class FacetSlices:
    """Every value of some facets as a slice.

    Attributes
    ----------
    overall : Overall
    slices : tuple of SliceMeasurement
        Facet by facet, values in the facet's own order.
    p, p_adjusted : tuple of float
        Exact, one-sided, that the slice is worse than the rest of its true and of its predicted classes, each title
        once; adjusted by Benjamini–Yekutieli for all slices here. NaN below ten books.
    """

    overall: Overall
    slices: tuple[SliceMeasurement, ...]
    p: tuple[float, ...]
    p_adjusted: tuple[float, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-able content, as ``colophon slices --by … --json`` prints it."""
        return {
            "overall": self.overall.as_dict(),
            "slices": [
                measured.as_dict() | {"p": plain(p), "p_adjusted": plain(adjusted), "folded_under": None}
                for measured, p, adjusted in zip(self.slices, self.p, self.p_adjusted, strict=True)
            ],
        }


def facet_slices(
    table: pd.DataFrame, classes: Sequence[str], facets: Sequence[str], collection: pd.DataFrame | None = None
) -> FacetSlices:
    """Measure every value of the facets that occurs among the labelled books.

    Parameters
    ----------
    table : DataFrame
        The scored table.
    classes : sequence of str
    facets : sequence of str
    collection : DataFrame, optional
        Records that the slices are counted in; without it, all rows of `table`.

    Raises
    ------
    InputError
        There is no facet of a name that was given.
    """
    labelled = LabelledBooks(table, classes)
    titles = one_per_title(table[labelled.known], tuple(classes))
    everything = titles.count(np.arange(len(titles)))
    slices: list[SliceMeasurement] = []
    p: list[float] = []
    for facet in facets:
        codes, values = facet_codes(labelled.titles.records, facet)
        of_unit, unit_values = facet_codes(titles.records, facet)
        of_record, record_values = facet_codes(table if collection is None else collection, facet)
        covered = dict(zip(record_values, np.bincount(of_record, minlength=len(record_values)).tolist(), strict=True))
        place = {value: code for code, value in enumerate(values)}
        unit_place = {value: code for code, value in enumerate(unit_values)}
        for value in facet_order(
            facet, sorted(values, key=lambda facet_value: (-covered.get(facet_value, 0), facet_value))
        ):
            rows = np.flatnonzero(codes == place[value])
            slices.append(labelled.measure(Slice((FacetPredicate(facet, (value,)),)), rows, covered.get(value, 0)))
            members = np.flatnonzero(of_unit == unit_place.get(value, -1))
            p.append(worst_p(*titles.count(members), *everything) if len(rows) >= MINIMUM_RECORDS else np.nan)
    return FacetSlices(labelled.overall, tuple(slices), tuple(p), tuple(adjust_p(p, "by").tolist()))


def cross_table(table: pd.DataFrame, facet_a: str, facet_b: str) -> pd.DataFrame:
    """Return the error rate of every pair of values of two facets: the table behind the heatmap.

    Parameters
    ----------
    table : DataFrame
        The scored table; rows without a truth are left out.
    facet_a, facet_b : str
        Two different facets.

    Returns
    -------
    DataFrame
        One row a pair that occurs, in the facets' own order: the values (columns named like the facets), ``n``,
        ``errors``, ``rate``, ``low``, ``high`` (Wilson, 95 %). Below ten books the last three are NaN.

    Raises
    ------
    InputError
        The facets are the same, or there is none of that name.
    """
    if facet_a == facet_b:
        raise InputError(f"A table of facet against facet needs two different facets; '{facet_a}' came twice.")
    labelled = table[table[TRUTH] != ""]
    wrong = ~labelled[CORRECT].to_numpy(dtype=bool)
    (a, a_values), (b, b_values) = facet_codes(labelled, facet_a), facet_codes(labelled, facet_b)
    cell = a * len(b_values) + b
    size = len(a_values) * len(b_values)
    n, errors = np.bincount(cell, minlength=size), np.bincount(cell[wrong], minlength=size)
    occurring = np.flatnonzero(n)
    n, errors = n[occurring], errors[occurring]
    enough = n >= MINIMUM_RECORDS
    low, high = wilson(errors, n)
    rows = pd.DataFrame(
        {
            facet_a: pd.Series([a_values[i] for i in occurring // len(b_values)], dtype="str"),
            facet_b: pd.Series([b_values[i] for i in occurring % len(b_values)], dtype="str"),
            "n": n,
            "errors": errors,
            "rate": np.where(enough, errors / np.maximum(n, 1), np.nan),
            "low": np.where(enough, low, np.nan),
            "high": np.where(enough, high, np.nan),
        }
    )
    return rows.iloc[np.lexsort([_places(rows, facet_b), _places(rows, facet_a)])].reset_index(drop=True)


@dataclass(frozen=True)
class PairSlices:
    """Every pair of values of two facets that :func:`cross_table` gives a rate, as a slice.

    Attributes
    ----------
    slices : tuple of Slice
        In the order of the table.
    p : tuple of float
        As in :class:`FacetSlices`, not adjusted.
    """

    slices: tuple[Slice, ...]
    p: tuple[float, ...]


def pair_slices(table: pd.DataFrame, classes: Sequence[str], facet_a: str, facet_b: str) -> PairSlices:
    """Test every pair of values of two facets that has at least ten labelled books.

    Parameters
    ----------
    table : DataFrame
        The scored table; rows without a truth are left out.
    classes : sequence of str
    facet_a, facet_b : str
        Two different facets.

    Raises
    ------
    InputError
        The facets are the same, or there is none of that name.
    """
    shown = cross_table(table, facet_a, facet_b).dropna(subset=["rate"])
    titles = one_per_title(table[table[TRUTH] != ""], tuple(classes))
    everything = titles.count(np.arange(len(titles)))
    (a, a_values), (b, b_values) = facet_codes(titles.records, facet_a), facet_codes(titles.records, facet_b)
    slices, p = [], []
    for first, second in zip(shown[facet_a], shown[facet_b], strict=True):
        slices.append(Slice((FacetPredicate(facet_a, (first,)), FacetPredicate(facet_b, (second,)))))
        inside = np.array([value == first for value in a_values], dtype=bool)[a]
        inside &= np.array([value == second for value in b_values], dtype=bool)[b]
        p.append(worst_p(*titles.count(np.flatnonzero(inside)), *everything))
    return PairSlices(tuple(slices), tuple(p))


def _places(rows: pd.DataFrame, facet: str) -> np.ndarray:
    """Return the place of each row's value in the facet's own order, the commonest first where it has none."""
    commonest = rows.groupby(facet)["n"].sum().sort_values(ascending=False, kind="stable").index
    place = {value: position for position, value in enumerate(facet_order(facet, commonest))}
    return rows[facet].map(place).to_numpy()
