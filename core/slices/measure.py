"""What is told of a slice: counts, rates with intervals, what its classes do elsewhere, and what it covers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.plain_json import plain
from core.schema import CORRECT, TRUTH
from core.slices.definition import Slice
from core.slices.stratified import Excess, excess
from core.slices.units import LabelledTitles, Mask, class_codes
from core.statistics import MINIMUM_RECORDS, Estimate, in_percent, interval_percent, proportion

__all__ = ["Confusion", "LabelledBooks", "Overall", "SliceMeasurement", "error_share", "measure_slices"]


@dataclass(frozen=True)
class Confusion:
    """How many books of one class were taken for another."""

    truth: str
    predicted: str
    n: int


@dataclass(frozen=True)
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

    @property
    def sentence(self) -> str:
        """The numbers in plain words."""
        about = self.slice.name or self.slice.description
        text = f"{about[:1].upper()}{about[1:]}: {self.errors:,} of {self.n:,} wrong"
        if self.rate.defined:
            text += f" ({interval_percent(self.rate.low, self.rate.high)})"
        if not np.isnan(self.by_truth.ratio):
            text += f", {_times(self.by_truth.ratio)} the rest of the same classes"
        if self.explains.defined:
            text += f"; {in_percent(self.explains.value)} of all errors"
        return f"{text}; {self.collection_n:,} books of the collection."

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
            "sentence": self.sentence,
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
            slice_,
            size,
            wrong,
            error_share(wrong, size),
            views[0],
            views[1],
            proportion(wrong, self.errors),
            collection_n,
            self._confusions(failed),
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
    predicates = {predicate for slice_ in slices for predicate in slice_.predicates}
    here = {predicate: predicate.mask(table) for predicate in predicates}
    in_collection = here if collection is None else {predicate: predicate.mask(collection) for predicate in predicates}
    measured = []
    for slice_ in slices:
        inside = np.logical_and.reduce([here[predicate] for predicate in slice_.predicates])[labelled.known]
        covered = np.logical_and.reduce([in_collection[predicate] for predicate in slice_.predicates])
        measured.append(labelled.measure(slice_, np.flatnonzero(inside), int(covered.sum())))
    return measured


def error_share(errors: int, n: int) -> Estimate:
    """Return the share of errors with its interval, undefined below ten books."""
    if n < MINIMUM_RECORDS:
        return Estimate.undefined(f"fewer than {MINIMUM_RECORDS} books", n)
    return proportion(errors, n)


def _times(ratio: float) -> str:
    if 0.95 <= ratio < 1.05:
        return "as often as"
    return f"{ratio:.1f} times" if ratio < 9.95 else f"{ratio:,.0f} times"
