"""Groups of words that behave alike: each is too rare to be noticed, together they are a slice ("words of verse")."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.slices.bits import Bits, Layout
from core.slices.stratified import min_ratio, min_score, worst_p

__all__ = ["grow_groups"]

# Each word must be worse than its class beyond this p among the titles that the group does not have yet.
WORSE_P = 0.03
# Words go together only if their titles are of the same classes: total variation distance between the shares.
SAME_CLASSES = 0.25
# ... and fail nearly as badly: at least half as much beyond the rest as those of the first word.
AS_BAD = 0.5
MOST_GROUPS, MOST_WORDS = 4, 12
# Scores rank; so many of the best get their exact p value.
POOL = 15


@dataclass(frozen=True)
class _SearchSpace:
    bits: Bits
    mix: npt.NDArray[np.float64]
    layout: Layout
    min_errors: int


def grow_groups(bits: Bits, mix: npt.NDArray[np.float64], layout: Layout, *, min_errors: int) -> list[tuple[int, ...]]:
    """Return groups of terms, each of two or more, that fail beyond their class in the part that is searched.

    A group starts with the term of the smallest p. The next is the one that is most surely worse among the titles the
    group does not have yet, has at least `min_errors` errors there, and stands in titles of the same true classes. The
    second group starts among the titles that the first has not.

    Parameters
    ----------
    bits : array, shape (terms, words)
        In which titles each term is, laid out by `layout`, whose views are true and predicted class.
    mix : array of float, shape (terms, classes)
        Shares of the true classes among the titles of each term, in all labelled records: classes may be looked at on
        both sides of the split, since the test that follows is made within them.

    Notes
    -----
    The choice is made on the searched part alone, so a group is confirmed elsewhere like any other slice, and the
    greed of the choice costs power but not validity.
    """
    searched = _SearchSpace(bits, mix, layout, min_errors)
    free = layout.everything
    groups = []
    for _ in range(MOST_GROUPS):
        group, held = _grow(searched, free)
        if not group:
            break
        free &= ~held
        if len(group) > 1:
            groups.append(tuple(group))
    return groups


def _grow(searched: _SearchSpace, free: Bits) -> tuple[list[int], Bits]:
    held = np.zeros_like(free)
    group: list[int] = []
    least = 1.0
    while len(group) < MOST_WORDS:
        rest = free & ~held
        alike = np.ones(len(searched.bits), dtype=bool)
        if group:
            alike = np.abs(searched.mix - searched.mix[group[0]]).sum(axis=1) / 2 <= SAME_CLASSES
            alike[group] = False
        term, p, times = _worst(searched, np.flatnonzero(alike), rest, least)
        if term < 0 or p > WORSE_P:
            break
        if not group:
            least = 1 + AS_BAD * (times - 1)
        group.append(term)
        held |= searched.bits[term] & free
    return group, held


def _worst(searched: _SearchSpace, terms: npt.NDArray[np.intp], rest: Bits, least: float) -> tuple[int, float, float]:
    """Return the term that is most surely worse within `rest`, its exact p, and how many times as bad it is.

    It is −1 when no term has enough errors and fails at least `least` times as often as the rest.
    """
    layout = searched.layout
    n_all, errors_all = layout.count_all(rest)
    n, errors = layout.count(searched.bits[terms] & rest)
    times = min_ratio(n, errors, n_all, errors_all)
    enough = (errors[:, 0].sum(axis=-1) >= searched.min_errors) & (times >= least)
    terms, n, errors, times = terms[enough], n[enough], errors[enough], times[enough]
    score = min_score(n, errors, n_all, errors_all)
    best, best_p, how_bad = -1, 2.0, 0.0
    for i in np.argsort(-score, kind="stable")[:POOL]:
        p = worst_p(n[i], errors[i], n_all, errors_all)
        if p < best_p:
            best, best_p, how_bad = int(terms[i]), p, float(times[i])
    return best, best_p, how_bad
