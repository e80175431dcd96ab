"""Search one half, confirm on the other, and the reverse: what chance alone would have shown is not reported.

The slices found on one half are tested on the other, which had no say in choosing them, and their p values are adjusted
by Benjamini and Yekutieli, which holds whatever the slices have in common. Each direction has its equal part of the
stated rate: the false share among all that is reported is at most the sum of the false shares of the directions. A
small sample is divided several times, since what one division finds is partly luck.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.progress import Progress, silent
from core.slices.bits import Bits, Layout, lay_out
from core.slices.choose import short_list
from core.slices.fact_table import PredicateTable
from core.slices.facts import Predicate, TitlePredicate
from core.slices.groups import grow_groups
from core.slices.search import search
from core.slices.stratified import worst_p
from core.slices.units import LabelledTitles, Mask, Rows
from core.statistics import adjust_p

__all__ = ["Candidate", "SearchLimits", "find_candidates"]

# Facts are packed so many at a time: what is unpacked stays small.
BATCH = 64


@dataclass(frozen=True)
class SearchLimits:
    """What a search looks for: facts a slice, fewest records and errors in the searched half."""

    max_facts: int
    min_n: int
    min_errors: int


@dataclass(frozen=True)
class Candidate:
    """A slice that one or more halves proposed and their other halves tested.

    Attributes
    ----------
    predicates : tuple of Predicate
    mask : array of bool, shape (units,)
    proposals : int
        How many of the searched halves proposed it.
    unseen : int
        A half that its search had not seen, as a position in the list of halves; of several the one with the median p
        (the larger of two): the sober view.
    p, p_adjusted : float
        Exact, on a half that its search had not seen, and adjusted for all slices tested; of several the smallest.
    """

    predicates: tuple[Predicate, ...]
    mask: Mask
    proposals: int
    unseen: int
    p: float
    p_adjusted: float


def find_candidates(
    titles: LabelledTitles,
    table: PredicateTable,
    parts: Sequence[Rows],
    rules: SearchLimits,
    progress: Progress = silent,
) -> list[Candidate]:
    """Return every slice that was tested, confirmed or not, the smallest adjusted p first.

    Parameters
    ----------
    parts : sequence of arrays of int
        Halves: each even position and the one after it make a division. Each is searched, and confirmed on the other.
    """
    known: dict[frozenset[Predicate], tuple[tuple[Predicate, ...], Mask]] = {}
    tests: dict[frozenset[Predicate], list[tuple[float, float, int]]] = {}
    layouts = [lay_out(part, titles.views, titles.strata, titles.wrong) for part in parts]
    packed, mix = _pack(table, titles, layouts)
    for seen, layout in enumerate(layouts):
        progress(seen / len(parts), f"Searching {len(table):,} facts, part {seen + 1} of {len(parts)}")
        unseen = seen ^ 1
        proposals = _propose(table, layout, packed[seen], mix, rules)
        everything, rows = titles.count(parts[unseen]), parts[unseen]
        p = [worst_p(*titles.count(rows[inside[rows]]), *everything) for _, inside in proposals]
        adjusted = np.minimum(1, len(parts) * adjust_p(p, "by"))
        for proposal, value, level in zip(proposals, p, adjusted, strict=True):
            key = frozenset(proposal[0])
            known.setdefault(key, proposal)
            tests.setdefault(key, []).append((value, float(level), unseen))
    candidates = []
    for key, results in tests.items():
        results.sort()
        sober = results[len(results) // 2][2]
        p_adjusted = min(level for _, level, _ in results)
        candidates.append(Candidate(*known[key], len(results), sober, results[0][0], p_adjusted))
    return sorted(candidates, key=lambda candidate: (candidate.p_adjusted, candidate.p, len(candidate.predicates)))


def _pack(
    table: PredicateTable, titles: LabelledTitles, layouts: Sequence[Layout]
) -> tuple[list[Bits], npt.NDArray[np.float64]]:
    """Lay out all facts for every half; also return the shares of the true classes where each fact holds."""
    packed = [np.empty((len(table), layout.words), dtype=np.uint64) for layout in layouts]
    members = np.empty((len(table), titles.strata))
    of_class = [np.flatnonzero(titles.views[0] == number) for number in range(titles.strata)]
    for start in range(0, len(table), BATCH):
        batch = slice(start, min(start + BATCH, len(table)))
        columns = table.columns(range(batch.start, batch.stop))
        for bits, layout in zip(packed, layouts, strict=True):
            bits[batch] = layout.pack(columns)
        for number, rows in enumerate(of_class):
            members[batch, number] = np.count_nonzero(columns[:, rows], axis=1)
    return packed, members / np.maximum(members.sum(axis=1, keepdims=True), 1)


def _propose(
    table: PredicateTable, layout: Layout, bits: Bits, mix: npt.NDArray[np.float64], rules: SearchLimits
) -> list[tuple[tuple[Predicate, ...], Mask]]:
    """Search one half; return the facts of each slice proposed, and for which units they hold."""
    subjects = table.subjects()
    terms = np.flatnonzero([isinstance(predicate, TitlePredicate) for predicate in table.predicates])
    grown = grow_groups(bits[terms], mix[terms], layout, min_errors=rules.min_errors)
    groups = [tuple(terms[list(group)].tolist()) for group in grown]
    predicates: list[Predicate] = [*table.predicates, *(_any_of(table, group) for group in groups)]
    if groups:
        unions = np.stack([np.bitwise_or.reduce(bits[list(group)], axis=0) for group in groups])
        bits = np.concatenate([bits, unions])
        subjects = np.concatenate([subjects, np.full(len(groups), -1, dtype=np.intp)])
    candidates = search(
        bits, subjects, layout, max_facts=rules.max_facts, min_n=rules.min_n, min_errors=rules.min_errors
    )

    def holds(predicate: int) -> Mask:
        members = [predicate] if predicate < len(table) else list(groups[predicate - len(table)])
        return np.asarray(table.columns(members).any(axis=0))

    return [
        (tuple(predicates[i] for i in entry.predicates), np.logical_and.reduce([holds(i) for i in entry.predicates]))
        for entry in short_list(candidates, bits, layout)
    ]


def _any_of(table: PredicateTable, group: Sequence[int]) -> TitlePredicate:
    members = [
        predicate for predicate in (table.predicates[term] for term in group) if isinstance(predicate, TitlePredicate)
    ]
    return TitlePredicate(tuple(pattern for predicate in members for pattern in predicate.any_of))
