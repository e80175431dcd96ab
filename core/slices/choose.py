"""Draw up a short list from what a search found: few, since every one more makes the confirmation harder."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from core.slices.bits import Bits, Layout, count_ones
from core.slices.search import Conjunction
from core.slices.stratified import min_score, worst_p

__all__ = ["short_list"]

# Half of the places go to slices that are still worse once those before them are taken out ("what else is wrong?"),
# the other half to the strongest that do not merely repeat one ("what would a reader ask about?").
PLACES = 20
STILL_WORSE_P, STRONG_P = 0.01, 0.001
# Scores rank; so many of the best get their exact p value.
POOL = 8
# One that lies within another to this share, or has this share of all their records in common with it, repeats it.
WITHIN, SAME = 0.75, 0.5


def short_list(candidates: Sequence[Conjunction], bits: Bits, layout: Layout) -> list[Conjunction]:
    """Choose at most twenty of the slices found, the first being the strongest.

    Parameters
    ----------
    candidates : sequence of Conjunction
        Smallest p first.
    bits : array, shape (facts, words)
        For which records of the searched part each fact holds.
    """
    if not candidates:
        return []
    members = np.stack([np.bitwise_and.reduce(bits[list(entry.predicates)], axis=0) for entry in candidates])
    chosen = _still_worse(members, layout)
    sizes = count_ones(members)
    repeated = np.zeros(len(candidates), dtype=bool)
    for i in chosen:
        repeated |= _repeats(members, sizes, i)
    for i, entry in enumerate(candidates):
        if len(chosen) >= PLACES or entry.p > STRONG_P:
            break
        if not repeated[i]:
            chosen.append(i)
            repeated |= _repeats(members, sizes, i)
    return [candidates[i] for i in chosen]


def _still_worse(members: Bits, layout: Layout) -> list[int]:
    rest = layout.everything
    parts_n, parts_errors, all_n, all_errors = [], [], [], []
    chosen = [0]
    while len(chosen) < PLACES // 2:
        claimed = rest & members[chosen[-1]]
        rest &= ~claimed
        for part, keep in ((claimed, True), (rest, False)):
            n, errors = layout.count(members & part)
            whole_n, whole_errors = layout.count_all(part)
            if keep:
                parts_n.append(n)
                parts_errors.append(errors)
                all_n.append(whole_n)
                all_errors.append(whole_errors)
        n, errors = np.concatenate([*parts_n, n], axis=-1), np.concatenate([*parts_errors, errors], axis=-1)
        whole_n, whole_errors = (
            np.concatenate([*all_n, whole_n], axis=-1),
            np.concatenate([*all_errors, whole_errors], axis=-1),
        )
        score = min_score(n, errors, whole_n, whole_errors)
        score[chosen] = -np.inf
        best, best_p = -1, STILL_WORSE_P
        for i in np.argsort(-score, kind="stable")[:POOL]:
            p = worst_p(n[i], errors[i], whole_n, whole_errors) if score[i] > 0 else 1.0
            if p < best_p:
                best, best_p = int(i), p
        if best < 0:
            break
        chosen.append(best)
    return chosen


def _repeats(members: Bits, sizes: npt.NDArray[np.int64], i: int) -> npt.NDArray[np.bool_]:
    """Tell which slices have most of their records from slice i, or most records of both in common."""
    common = count_ones(members & members[i])
    return np.asarray((common >= WITHIN * sizes) | (common >= SAME * (sizes + sizes[i] - common)))
