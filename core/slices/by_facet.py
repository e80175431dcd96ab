"""Error rates facet by facet, and facet against facet: asked for, not searched for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from core.errors import InputError
from core.facets import facet_codes, facet_order
from core.plain_json import plain
from core.schema import CORRECT, TRUTH
from core.slices.definition import Slice
from core.slices.facts import FacetPredicate
from core.slices.measure import LabelledBooks, Overall, SliceMeasurement
from core.slices.stratified import worst_p
from core.slices.units import one_per_title
from core.statistics import MINIMUM_RECORDS, adjust_p, wilson

__all__ = ["FacetSlices", "PairSlices", "cross_table", "facet_slices", "pair_slices"]


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
            slices.append(labelled.measure(Slice((FacetPredicate(facet, value),)), rows, covered.get(value, 0)))
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
        slices.append(Slice((FacetPredicate(facet_a, first), FacetPredicate(facet_b, second))))
        inside = np.array([value == first for value in a_values], dtype=bool)[a]
        inside &= np.array([value == second for value in b_values], dtype=bool)[b]
        p.append(worst_p(*titles.count(np.flatnonzero(inside)), *everything))
    return PairSlices(tuple(slices), tuple(p))


def _places(rows: pd.DataFrame, facet: str) -> np.ndarray:
    """Return the place of each row's value in the facet's own order, the commonest first where it has none."""
    commonest = rows.groupby(facet)["n"].sum().sort_values(ascending=False, kind="stable").index
    place = {value: position for position, value in enumerate(facet_order(facet, commonest))}
    return rows[facet].map(place).to_numpy()
