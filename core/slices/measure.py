"""A slice (at most three predicates that hold together), and what is told of it: counts, rates, intervals, coverage."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.errors import InputError
from core.facets import facet_codes, facet_order
from core.formatting import plain
from core.predicates import AllOf, Books, FacetPredicate, Predicate, is_title_words, predicate_from_dict
from core.schema import CORRECT, TRUTH
from core.slices.stratified import Excess, LabelledTitles, Mask, class_codes, excess, one_per_title, worst_p
from core.statistics import MINIMUM_RECORDS, Estimate, adjust_p, proportion, wilson
from core.storage import digest
from core.translation import _, in_english

__all__ = [
    "MAX_PREDICATES",
    "Confusion",
    "FacetSlices",
    "LabelledBooks",
    "Overall",
    "PairSlices",
    "Slice",
    "SliceMeasurement",
    "cross_table",
    "error_share",
    "facet_slices",
    "measure_slices",
    "pair_slices",
    "slice_p_value",
]


# --- A slice: at most three facts that hold together. It can be named -------------------------------------------------
# A slice: at most three facts that hold together. It can be named, saved, sent in a URL and used as a filter.


MAX_PREDICATES: Final = 3


@dataclass(frozen=True)
class Slice:
    """The records for which all of the facts hold.

    Attributes
    ----------
    predicates : tuple of Predicate
        One to three.
    name : str
        What a person calls it; '' until it has a name.

    Examples
    --------
    >>> from core.predicates import RangePredicate, title_words
    >>> early_verse = Slice((title_words("poem*", "canto"), RangePredicate("year", None, 1799)))
    >>> early_verse.description
    'books dated before 1800 with “poem…” or “canto” in the title'
    >>> Slice.from_dict(early_verse.to_dict()) == early_verse
    True
    """

    predicates: tuple[Predicate, ...]
    name: str = ""

    def __post_init__(self) -> None:
        if not 1 <= len(self.predicates) <= MAX_PREDICATES:
            raise InputError(f"A slice has one to {MAX_PREDICATES} facts; {len(self.predicates)} came.")

    @property
    @in_english()
    def description(self) -> str:
        """The facts in English words, by which a slice is known wherever it is kept."""
        return self.in_words

    @property
    def in_words(self) -> str:
        """The facts in words of the reader's language."""
        noun = _("books")
        others = (predicate for predicate in self.predicates if not is_title_words(predicate))
        for predicate in sorted(others, key=_place_in_phrase):
            noun = predicate.words(noun)
        terms = [predicate.quoted for predicate in self.predicates if is_title_words(predicate)]
        if not terms:
            return noun
        return _("{noun} with {terms} in the title", noun=noun, terms=_(" and with ").join(terms))

    @property
    def key(self) -> str:
        """A short digest of the facts: two slices with the same facts, in whatever order, have the same key."""
        return digest(sorted((predicate.to_dict() for predicate in self.predicates), key=repr))

    def mask(self, records: pd.DataFrame) -> npt.NDArray[np.bool_]:
        """Tell for each record whether it is in the slice."""
        return AllOf(self.predicates).mask(records)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-able content."""
        content: dict[str, Any] = {"facts": [predicate.to_dict() for predicate in self.predicates]}
        return content | {"name": self.name} if self.name else content

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> "Slice":
        """Read a slice back from what :meth:`to_dict` gave.

        Raises
        ------
        InputError
            The content describes no slice.
        """
        predicates, name = content.get("facts"), content.get("name", "")
        if not isinstance(predicates, list | tuple) or not all(
            isinstance(predicate, Mapping) for predicate in predicates
        ):
            raise InputError(f"A slice needs a list of facts; {predicates!r} came.")
        if not isinstance(name, str):
            raise InputError(f"The name of a slice is a text; {name!r} came.")
        return cls(tuple(predicate_from_dict(predicate) for predicate in predicates), name)


def _place_in_phrase(predicate: Predicate) -> int:
    """Put a language before the noun and ranges last: 'Dutch books from Leiden dated before 1800'."""
    if isinstance(predicate, FacetPredicate):
        return 0 if predicate.facet == "language" else 1
    return 2


# --- A slice that somebody asks for: is it worse than the rest of its classes? ----------------------------------------


def slice_p_value(table: pd.DataFrame, classes: Sequence[str], slice_: Slice, least: int = MINIMUM_RECORDS) -> float:
    """Test a slice as :func:`core.slices.facet_slices` tests the values of a facet.

    Parameters
    ----------
    table : DataFrame
        The scored table; only its rows with a truth count.
    classes : sequence of str
    least : int
        Fewest books that are tested.

    Returns
    -------
    float
        Exact, one-sided p that the slice is worse than the rest of its true and of its predicted classes, each title
        once; not adjusted for other looks (see :class:`core.slices.Ledger`). NaN below `least` books.
    """
    labelled = table[(table[TRUTH] != "").to_numpy(dtype=bool)]
    if int(slice_.mask(labelled).sum()) < least:
        return float("nan")
    titles = one_per_title(labelled, tuple(classes))
    inside = np.flatnonzero(slice_.mask(titles.records))
    return worst_p(*titles.count(inside), *titles.count(np.arange(len(titles))))


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
