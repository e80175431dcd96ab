"""All facts that may take part in a search, and for which records they hold. Errors play no part in choosing them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.facets import facet_codes
from core.schema import TITLE_KEY
from core.slices.facts import MEASURES, FacetPredicate, Predicate, RangePredicate, TitlePredicate, measure_of
from core.slices.terms import find_terms

__all__ = ["PredicateTable", "collect_predicates"]

Mask = npt.NDArray[np.bool_]

# A fact that holds for nearly every record sets nothing apart.
COMMON = 0.8
# Rarer words than a slice may be take part, since they may form a group; a fifth of its size, at least so many titles.
MIN_PREDICATE_TITLES = 4
# Years are cut at full decades and lengths at tens of characters, into at most so many steps; every run of steps is a
# range.
STEP = 10
MOST_STEPS = {"year": 12, "title_length": 5}


@dataclass
class PredicateTable:
    """Facts, and for which of the records they hold.

    Attributes
    ----------
    predicates : list of Predicate
    records : int
        How many records there are.
    """

    records: int
    predicates: list[Predicate] = field(default_factory=list)
    _mask_functions: list[Callable[[], Mask]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.predicates)

    def add(self, predicate: Predicate, make: Callable[[], Mask]) -> None:
        """Add a fact, and a function that tells for each record whether it holds."""
        self.predicates.append(predicate)
        self._mask_functions.append(make)

    def columns(self, which: Sequence[int]) -> Mask:
        """Tell for some facts and every record whether they hold, shape (facts, records)."""
        columns = np.empty((len(which), self.records), dtype=bool)
        for row, predicate in enumerate(which):
            columns[row] = self._mask_functions[predicate]()
        return columns

    def subjects(self) -> npt.NDArray[np.intp]:
        """Give numbers to what the facts speak of: −1 for words of the title, of which any may be joined."""
        subjects = pd.factorize(np.array([predicate.subject for predicate in self.predicates], dtype=object))[0].astype(
            np.intp
        )
        return np.where([isinstance(predicate, TitlePredicate) for predicate in self.predicates], -1, subjects)


def collect_predicates(records: pd.DataFrame, facets: Sequence[str], words: int, min_n: int) -> PredicateTable:
    """Collect every fact that holds for at least `min_n` of the records and for at most four fifths of them.

    Parameters
    ----------
    records : DataFrame
        Records columns, one row a book.
    facets : sequence of str
        Names of facets; their values are facts, a missing value among them.
    words : int
        See :func:`core.slices.terms.find_terms`; 0 leaves the titles aside.
    """
    table = PredicateTable(len(records))
    most = COMMON * len(records)
    for facet in facets:
        codes, values = facet_codes(records, facet)
        frequency = np.bincount(codes, minlength=len(values))
        for code in np.flatnonzero((frequency >= min_n) & (frequency <= most)):
            table.add(FacetPredicate(facet, values[code]), lambda codes=codes, code=code: codes == code)  # type: ignore[misc]
    for measure in MEASURES:
        numbers = measure_of(records, measure)
        for predicate in _ranges(measure, numbers, min_n, most):
            table.add(predicate, lambda predicate=predicate, numbers=numbers: predicate.holds(numbers))  # type: ignore[misc]
    if words:
        terms = find_terms(
            records[TITLE_KEY], words, max(MIN_PREDICATE_TITLES, min_n // 5), facet_codes(records, "language")[0]
        )
        for pattern, titles in zip(terms.patterns, terms.titles, strict=True):
            table.add(TitlePredicate((pattern,)), lambda titles=titles: _mask_at(titles, len(records)))  # type: ignore[misc]
    return table


def _mask_at(rows: npt.NDArray[np.int64], length: int) -> Mask:
    mask = np.zeros(length, dtype=bool)
    mask[rows] = True
    return mask


def _ranges(measure: str, numbers: npt.NDArray[np.float64], min_n: int, most: float) -> list[RangePredicate]:
    """Return every run of neighbouring steps with enough records and not too many."""
    known = np.sort(numbers[~np.isnan(numbers)])
    cuts = _cuts(known, min_n, MOST_STEPS[measure])
    edges: list[int | None] = [None, *cuts, None]
    before = [0, *np.searchsorted(known, cuts).tolist(), len(known)]
    return [
        RangePredicate(measure, edges[first], None if (end := edges[last]) is None else end - 1)
        for first in range(len(edges) - 1)
        for last in range(first + 1, len(edges))
        if min_n <= before[last] - before[first] <= most and last - first < len(edges) - 1
    ]


def _cuts(known: npt.NDArray[np.float64], min_n: int, most_steps: int) -> list[int]:
    """Return full tens such that at least `min_n` numbers lie between neighbours, round ones kept before others."""
    if not len(known):
        return []
    tens, counts = np.unique(known // STEP, return_counts=True)
    cuts: list[int] = []
    sizes: list[int] = [0]
    for ten, count in zip(tens.astype(int), counts, strict=True):
        if sizes[-1] >= min_n:
            cuts.append(int(ten) * STEP)
            sizes.append(0)
        sizes[-1] += int(count)
    if cuts and sizes[-1] < min_n:
        cuts.pop()
        sizes[-2:] = [sum(sizes[-2:])]
    while len(cuts) >= most_steps:
        weight = [
            (sizes[i] + sizes[i + 1]) * (4 if cut % 100 == 0 else 2 if cut % 50 == 0 else 1)
            for i, cut in enumerate(cuts)
        ]
        least = int(np.argmin(weight))
        cuts.pop(least)
        sizes[least : least + 2] = [sum(sizes[least : least + 2])]
    return cuts
