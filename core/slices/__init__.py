"""Slices: kinds of books on which a model fails, found by the program and not by a list of suspicions.

A slice is a conjunction of at most three predicates of a record: a facet's value, a range of years or of lengths, words
of the title. A slice that :func:`find_slices` reports is

- *real*: found on one half of the labelled books, confirmed on the other (:mod:`core.slices.confirm`);
- *not the class mix*: worse than the rest of the same true classes, and than the rest of the same predicted classes
  (:mod:`core.slices.stratified`);
- *not another's shadow*: slices that a stronger one explains are folded under it (:mod:`core.slices.confirm`);
- *useful*: with the share of all errors that lie in it and the records of the collection that it covers
  (:mod:`core.slices.measure`).

What is enumerated, and what is not, stands in :mod:`core.slices.search`. Slices that somebody asks for are measured by
:func:`measure_slices`, :func:`facet_slices` and :func:`cross_table`; who looks at many of them keeps a
:class:`Ledger`. Words that somebody types are tested on titles that lists keep back (:mod:`core.slices.held_back`).
"""

from core.slices.definition import Slice, slice_p_value
from core.slices.find import SliceFinding, SliceFindings, find_slices
from core.slices.held_back import PhraseLook, held_back, look_at_words
from core.slices.ledger import Ledger, Look, ledger_of, level_of_look
from core.slices.measure import (
    FacetSlices,
    PairSlices,
    SliceMeasurement,
    cross_table,
    facet_slices,
    measure_slices,
    pair_slices,
)

__all__ = [
    "FacetSlices",
    "Ledger",
    "Look",
    "PairSlices",
    "PhraseLook",
    "Slice",
    "SliceFinding",
    "SliceFindings",
    "SliceMeasurement",
    "cross_table",
    "facet_slices",
    "find_slices",
    "held_back",
    "ledger_of",
    "level_of_look",
    "look_at_words",
    "measure_slices",
    "pair_slices",
    "slice_p_value",
]
