"""Slices overlap: each is kept only if it is still worse once the stronger ones are taken out, else folded under one.

"Before 1800" fails because of verse: among books that are no verse, and among those that are, the early ones are no
worse than the others. So it is shown under the verse slice and does not stand beside it as a cause of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.slices.confirm import Candidate
from core.slices.units import Units
from core.statistics import adjust_p

__all__ = ["Folded", "fold"]

# A slice explains another if that one is no longer worse at this level within it and outside it.
EXPLAINED_P = 0.05


@dataclass(frozen=True)
class Folded:
    """A confirmed slice and its place among the others.

    Attributes
    ----------
    candidate : Candidate
    p_given : float
        Exact p value, on records the search had not seen, that it is worse than the rest within each of the stronger
        slices and outside them (Mantel–Haenszel strata).
    under : int
        Position, in the list returned, of the slice it is folded under; −1 when it stands by itself.
    """

    candidate: Candidate
    p_given: float
    under: int


def fold(units: Units, confirmed: Sequence[Candidate], others: Sequence[float], rate: float) -> list[Folded]:
    """Order slices by strength and fold those that others explain.

    Step by step: every remaining slice is tested within strata of the slices that stand already; those no longer worse
    (p adjusted by Benjamini–Yekutieli for the remaining ones, above `rate`) are folded under the standing slice that
    explains them best; of the others the strongest stands next. If a weaker one explains it and not the reverse, that
    one is taken first: the cause before its shadow.

    Returns
    -------
    list of Folded
        Standing slices in the order they were taken, each followed by those folded under it.
    """
    remaining = list(range(len(confirmed)))
    standing: list[int] = []
    given: dict[int, float] = {}
    under: dict[int, int] = {}
    while remaining:
        claims = _claims(units, [confirmed[i] for i in standing])
        p = {i: _given(units, confirmed[i], claims) for i in remaining}
        again = adjust_p([*(p[i] for i in remaining), *(confirmed[i].p for i in standing), *others], "by")
        for i, value in list(zip(remaining, again, strict=False)) if standing else []:
            if 2 * value > rate:
                given[i] = p[i]
                under[i] = max(standing, key=lambda k: _given(units, confirmed[i], _claims(units, [confirmed[k]])))
                remaining.remove(i)
        if not remaining:
            break
        strength = {i: _overall(units, confirmed[i], claims) for i in remaining}
        leader = _cause(units, confirmed, standing, remaining, min(remaining, key=lambda i: (strength[i], i)), strength)
        given[leader] = p[leader]
        standing.append(leader)
        remaining.remove(leader)
    order = [i for leader in standing for i in (leader, *(k for k, top in under.items() if top == leader))]
    place = {i: position for position, i in enumerate(order)}
    return [Folded(confirmed[i], given[i], place[under[i]] if i in under else -1) for i in order]


def _cause(
    units: Units,
    confirmed: Sequence[Candidate],
    standing: Sequence[int],
    remaining: Sequence[int],
    leader: int,
    strength: dict[int, float],
) -> int:
    """Return `leader`, or the slice that explains it without being explained by it."""
    tried = {leader}
    while True:
        with_leader = _claims(units, [confirmed[i] for i in (*standing, leader)])
        rivals = []
        for i in remaining:
            if i not in tried and (own := _overall(units, confirmed[i], with_leader)) <= EXPLAINED_P:
                with_rival = _claims(units, [confirmed[k] for k in (*standing, i)])
                if _overall(units, confirmed[leader], with_rival) > EXPLAINED_P:
                    rivals.append((own, strength[i], i))
        if not rivals:
            return leader
        leader = min(rivals)[2]
        tried.add(leader)


def _claims(units: Units, slices: Sequence[Candidate]) -> npt.NDArray[np.intp]:
    """Number each record by the first of the slices that it is in; 0 when it is in none."""
    claims = np.zeros(len(units), dtype=np.intp)
    for number, entry in reversed(list(enumerate(slices, start=1))):
        claims[entry.inside] = number
    return claims


def _given(units: Units, candidate: Candidate, claims: npt.NDArray[np.intp]) -> float:
    return units.p(candidate.inside, candidate.unseen, claims)


def _overall(units: Units, candidate: Candidate, claims: npt.NDArray[np.intp]) -> float:
    return units.p(candidate.inside, np.arange(len(units)), claims)
