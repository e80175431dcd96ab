"""Slices overlap: each is kept only if it is still worse once the stronger ones are taken out, else folded under one.

"Before 1800" fails because of verse: among books that are no verse, and among those that are, the early ones are no
worse than the others. So it is shown under the verse slice and does not stand beside it as a cause of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.slices.confirm import Candidate
from core.slices.facts import TitlePredicate
from core.slices.stratified import worst_p
from core.slices.units import LabelledTitles, Rows
from core.statistics import adjust_p

__all__ = ["FoldedSlice", "fold_explained"]

# A slice explains another if that one is no longer worse at this level within it and outside it.
EXPLAINED_P = 0.05
# ... or if its p grows by this factor and it would not be confirmed again. (One that shares nothing with the stronger
# slice keeps its p, and stands.)
WEAKENED = 5
# So many of the slices folded under one are told, the surest first; wordings of the same group of words are not.
MAX_FOLDED = 5


@dataclass(frozen=True)
class FoldedSlice:
    """A confirmed slice and its place among the others.

    Attributes
    ----------
    candidate : Candidate
    p_given : float
        Exact p value, on records its search had not seen, that it is worse than the rest within each of the stronger
        slices and outside them (Mantel–Haenszel strata).
    under : int
        Position, in the list returned, of the slice it is folded under; −1 when it stands by itself.
    """

    candidate: Candidate
    p_given: float
    under: int


def fold_explained(
    titles: LabelledTitles, parts: Sequence[Rows], tested: Sequence[Candidate], rate: float
) -> list[FoldedSlice]:
    """Order the confirmed slices by strength and fold those that others explain.

    Step by step every remaining slice is tested again, within and outside the slices that stand already. If they weaken
    it and it does not pass once more by the standard by which it was confirmed (among all slices tested, at the same
    rate), it is folded under the standing slice that explains it best. Of the others the one with the
    smallest p stands next, unless another explains it and not the reverse: the cause goes before its shadow. Slices
    that differ only in which words of one group they name are one slice, and the weaker is folded.

    Parameters
    ----------
    parts : sequence of arrays of int
        The halves of all divisions.
    tested : sequence of Candidate
        Confirmed or not; those with an adjusted p of at most `rate` are folded.

    Returns
    -------
    list of FoldedSlice
        Standing slices in the order they were taken, each followed by those folded under it.

    References
    ----------
    Mantel, N., and Haenszel, W. (1959). Statistical aspects of the analysis of data from retrospective studies of
    disease. JNCI 22.
    """
    board = _ConfirmedSlices(titles, parts, [candidate for candidate in tested if candidate.p_adjusted <= rate])
    others = [candidate.p for candidate in tested if candidate.p_adjusted > rate]
    remaining = list(range(len(board.candidates)))
    alone = board.p_given(remaining, [])
    standing: list[int] = []
    given: dict[int, float] = {}
    under: dict[int, int] = {}
    while remaining:
        p = board.p_given(remaining, standing)
        given |= p
        if standing:
            again = adjust_p([*p.values(), *(board.candidates[k].p for k in standing), *others], "by")
            for i, value in zip(list(remaining), again, strict=False):
                akin = [k for k in standing if board.shares_words(i, k)]
                explained = len(parts) * value > rate and p[i] > WEAKENED * alone[i]
                if explained or akin:
                    under[i] = akin[0] if akin else board.best_explanation(i, standing)
                    remaining.remove(i)
        if remaining:
            leader = board.cause(min(remaining, key=lambda i: (p[i], i)), remaining, standing)
            standing.append(leader)
            remaining.remove(leader)
    order: list[int] = []
    for leader in standing:
        beneath = [i for i in sorted(under) if under[i] == leader]
        order += [leader, *_without_same_words(board, leader, beneath)[:MAX_FOLDED]]
    place = {i: position for position, i in enumerate(order)}
    return [FoldedSlice(board.candidates[i], given[i], place[under[i]] if i in under else -1) for i in order]


def _without_same_words(board: "_ConfirmedSlices", leader: int, beneath: Sequence[int]) -> list[int]:
    """Leave out slices that only name other words of a group that is there already."""
    distinct: list[int] = []
    for i in beneath:
        if not any(board.shares_words(i, k) for k in (leader, *distinct)):
            distinct.append(i)
    return distinct


class _ConfirmedSlices:
    """The confirmed slices, and how bad each is when others are taken out."""

    def __init__(self, titles: LabelledTitles, parts: Sequence[Rows], candidates: Sequence[Candidate]) -> None:
        self.titles, self.parts, self.candidates = titles, parts, candidates
        self._members = [parts[candidate.unseen][candidate.mask[parts[candidate.unseen]]] for candidate in candidates]

    def p_given(self, which: Sequence[int], taken: Sequence[int]) -> dict[int, float]:
        """Return the exact p of slices, each among the records its search had not seen, with others taken out."""
        claims = self._claims(taken)
        totals = [self.titles.count(rows, claims) for rows in self.parts]
        return {
            i: worst_p(*self.titles.count(self._members[i], claims), *totals[self.candidates[i].unseen]) for i in which
        }

    def _claims(self, taken: Sequence[int]) -> npt.NDArray[np.intp]:
        """Give each record the number of the first slice taken out that it is in, from 1; 0 when in none."""
        claims = np.zeros(len(self.titles), dtype=np.intp)
        for number in range(len(taken), 0, -1):
            claims[self.candidates[taken[number - 1]].mask] = number
        return claims

    def best_explanation(self, i: int, standing: Sequence[int]) -> int:
        """Return the standing slice that, taken out alone, leaves least of a slice."""
        return max(standing, key=lambda k: self.p_given([i], [k])[i])

    def cause(self, leader: int, remaining: Sequence[int], standing: Sequence[int]) -> int:
        """Return `leader`, or the slice that explains it in no more facts, without being explained by it."""
        tried = {leader}
        while True:
            length = len(self.candidates[leader].predicates)
            rest = [i for i in remaining if i not in tried and len(self.candidates[i].predicates) <= length]
            beside_leader = self.p_given(rest, [*standing, leader])
            rivals = [
                (p, i)
                for i, p in beside_leader.items()
                if p <= EXPLAINED_P
                and (self.shares_words(leader, i) or self.p_given([leader], [*standing, i])[leader] > EXPLAINED_P)
            ]
            if not rivals:
                return leader
            leader = min(rivals)[1]
            tried.add(leader)

    def shares_words(self, index: int, other: int) -> bool:
        """Tell whether two slices have all facts in common but for one about words, and some of these words too.

        A word family ("poem…") has its words ("poems") in common with them.
        """
        first, second = set(self.candidates[index].predicates), set(self.candidates[other].predicates)
        left, right = list(first - second), list(second - first)
        if len(left) != 1 or len(right) != 1:
            return False
        a, b = left[0], right[0]
        return (
            isinstance(a, TitlePredicate)
            and isinstance(b, TitlePredicate)
            and any(_covers(s, t) or _covers(t, s) for s in a.any_of for t in b.any_of)
        )


def _covers(term: str, other: str) -> bool:
    """Tell whether every title with `other` has `term`, to judge by their letters: 'poem*' takes in 'poems'."""
    return other == term or (term.endswith("*") and other.startswith(term[:-1]))
