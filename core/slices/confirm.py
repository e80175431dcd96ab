"""Search one half, confirm on the other, and the reverse: what chance alone would have shown is not reported.

The slices found on one half are tested on the other, which had no say in choosing them, and their p values are adjusted
by Benjamini and Yekutieli at half the stated rate; so are those found the other way round. The false share among all
that is reported is then at most the stated rate, whatever the slices have in common: it is at most the sum of the two
false shares, and each of these is at most half the rate. A small sample is divided several times, since what one
division finds is partly luck; with k directions each has a k-th part of the rate.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.slices.bits import Bits, Layout, lay_out
from core.slices.choose import short_list
from core.slices.fact_table import FactTable
from core.slices.facts import Fact, TitleFact
from core.slices.groups import grow_groups
from core.slices.search import search
from core.slices.units import Mask, Rows, Units
from core.statistics import adjust_p

__all__ = ["Candidate", "Rules", "find_candidates"]

# Facts are packed so many at a time: what is unpacked stays small.
BATCH = 64


@dataclass(frozen=True)
class Rules:
    """What a search looks for: facts a slice, fewest records and errors in the searched half."""

    max_facts: int
    min_n: int
    min_errors: int


@dataclass(frozen=True)
class Candidate:
    """A slice that some halves proposed and their other halves tested.

    Attributes
    ----------
    facts : tuple of Fact
    inside : array of bool, shape (units,)
    proposed : int
        How many halves proposed it, each without knowing the others.
    unseen : array of int
        Units that one of these searches had not seen: of several, those with the median p (the higher of two).
    p : float
        Exact, on the units `unseen`.
    p_adjusted : float
        The smallest of its adjusted p values, for all slices that were tested in all directions.
    """

    facts: tuple[Fact, ...]
    inside: Mask
    proposed: int
    unseen: Rows
    p: float
    p_adjusted: float


def find_candidates(
    units: Units, table: FactTable, divisions: Sequence[tuple[Rows, Rows]], rules: Rules
) -> list[Candidate]:
    """Return every slice that was tested, confirmed or not, the smallest adjusted p first.

    Parameters
    ----------
    divisions : sequence of pairs
        The two halves of each division; either half is searched, and the other confirms.
    """
    directions = [direction for one, other in divisions for direction in ((one, other), (other, one))]
    tests: dict[frozenset[Fact], list[tuple[float, float, int]]] = {}
    known: dict[frozenset[Fact], tuple[tuple[Fact, ...], Mask]] = {}
    for number, (seen, unseen) in enumerate(directions):
        proposals = _propose(units, table, seen, rules)
        p = np.array([units.p(inside, unseen) for _, inside in proposals])
        adjusted = np.minimum(1, len(directions) * adjust_p(p, "by"))
        for proposal, value, level in zip(proposals, p, adjusted, strict=True):
            key = frozenset(proposal[0])
            known.setdefault(key, proposal)
            tests.setdefault(key, []).append((float(value), float(level), number))
    candidates = []
    for key, results in tests.items():
        results.sort()
        p_median, _, number = results[len(results) // 2]
        least = min(level for _, level, _ in results)
        facts, inside = known[key]
        candidates.append(Candidate(facts, inside, len(results), directions[number][1], p_median, least))
    return sorted(candidates, key=lambda candidate: (candidate.p_adjusted, candidate.p, len(candidate.facts)))


def _propose(units: Units, table: FactTable, seen: Rows, rules: Rules) -> list[tuple[tuple[Fact, ...], Mask]]:
    layout = lay_out(seen, units.stratum, units.wrong)
    bits = np.empty((len(table), layout.words), dtype=np.uint64)
    mix = np.empty((len(table), units.strata))
    for start in range(0, len(table), BATCH):
        columns = table.columns(range(start, min(start + BATCH, len(table))))
        bits[start : start + BATCH] = layout.pack(columns)
        mix[start : start + BATCH] = _mix(columns, units)
    subjects = table.subjects()
    terms = np.flatnonzero([isinstance(fact, TitleFact) for fact in table.facts])
    grown = grow_groups(bits[terms], mix[terms], layout, min_errors=rules.min_errors)
    groups = [tuple(terms[list(group)].tolist()) for group in grown]
    facts: list[Fact] = [*table.facts, *(_any_of(table, group) for group in groups)]
    if groups:
        unions = np.stack([np.bitwise_or.reduce(bits[list(group)], axis=0) for group in groups])
        bits = np.concatenate([bits, unions])
        subjects = np.concatenate([subjects, np.full(len(groups), -1, dtype=np.intp)])
    chosen = _searched(bits, subjects, layout, rules)

    def holds(fact: int) -> Mask:
        members = [fact] if fact < len(table) else list(groups[fact - len(table)])
        return np.asarray(table.columns(members).any(axis=0))

    return [
        (tuple(facts[i] for i in entry), np.logical_and.reduce([holds(i) for i in entry])) for entry in chosen
    ]


def _searched(bits: Bits, subjects: npt.NDArray[np.intp], layout: Layout, rules: Rules) -> Sequence[tuple[int, ...]]:
    found = search(
        bits, subjects, layout, max_facts=rules.max_facts, min_n=rules.min_n, min_errors=rules.min_errors
    )
    return [entry.facts for entry in short_list(found, bits, layout)]


def _any_of(table: FactTable, group: Sequence[int]) -> TitleFact:
    patterns: list[str] = []
    for term in group:
        fact = table.facts[term]
        if isinstance(fact, TitleFact):
            patterns += fact.any_of
    return TitleFact(tuple(patterns))


def _mix(columns: Mask, units: Units) -> npt.NDArray[np.float64]:
    members = np.stack([columns[:, units.stratum == k].sum(axis=1) for k in range(units.strata)], axis=1)
    return np.asarray(members / np.maximum(members.sum(axis=1, keepdims=True), 1))
