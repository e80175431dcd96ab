"""Draw up a short list from what a search found: few, since every one more makes the confirmation harder."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from core.slices.bits import Bits, Layout
from core.slices.search import Found, bits_of_all
from core.slices.stratified import exact_p, normal_score

__all__ = ["short_list"]

# Half of the places go to slices that are still worse once those before them are taken out ("what else is wrong?"),
# the other half to the strongest that do not merely repeat one ("what would a reader ask about?").
PLACES = 20
STILL_WORSE_P, STRONG_P = 0.01, 0.001
REPEATS = 0.5  # share of records in common (Jaccard)


def short_list(found: Sequence[Found], bits: Bits, layout: Layout) -> list[Found]:
    """Choose at most twenty of the slices found, the first being the strongest.

    Parameters
    ----------
    found : sequence of Found
        Smallest p first.
    bits : array, shape (facts, words)
        For which records of the searched part each fact holds.
    """
    if not found:
        return []
    members = np.stack([np.bitwise_and.reduce(bits[list(entry.facts)], axis=0) for entry in found])
    chosen = _still_worse(members, layout)
    sizes = np.bitwise_count(members).sum(axis=1, dtype=np.int64)
    shared = np.zeros(len(found))
    for i in chosen:
        shared = np.maximum(shared, _overlap(members, sizes, i))
    for i, entry in enumerate(found):
        if len(chosen) >= PLACES or entry.p > STRONG_P:
            break
        if shared[i] < REPEATS:
            chosen.append(i)
            shared = np.maximum(shared, _overlap(members, sizes, i))
    return [found[i] for i in chosen]


def _still_worse(members: Bits, layout: Layout) -> list[int]:
    rest = bits_of_all(layout).copy()
    parts_n, parts_errors, all_n, all_errors = [], [], [], []
    chosen = [0]
    while len(chosen) < PLACES // 2:
        claimed = rest & members[chosen[-1]]
        rest &= ~claimed
        for part, keep in ((claimed, True), (rest, False)):
            n, errors = layout.both(members & part)
            whole_n, whole_errors = (counts[0] for counts in layout.both(part[None]))
            if keep:
                parts_n.append(n)
                parts_errors.append(errors)
                all_n.append(whole_n)
                all_errors.append(whole_errors)
        n, errors = np.concatenate([*parts_n, n], axis=1), np.concatenate([*parts_errors, errors], axis=1)
        whole_n, whole_errors = np.concatenate([*all_n, whole_n]), np.concatenate([*all_errors, whole_errors])
        score = normal_score(n, errors, whole_n, whole_errors)
        score[chosen] = -np.inf
        best, best_p = -1, STILL_WORSE_P
        for i in np.argsort(-score, kind="stable")[:PLACES]:
            p = exact_p(n[i], errors[i], whole_n, whole_errors) if score[i] > 0 else 1.0
            if p < best_p:
                best, best_p = int(i), p
        if best < 0:
            break
        chosen.append(best)
    return chosen


def _overlap(members: Bits, sizes: npt.NDArray[np.int64], i: int) -> npt.NDArray[np.float64]:
    common = np.bitwise_count(members & members[i]).sum(axis=1, dtype=np.int64)
    return np.asarray(common / np.maximum(sizes + sizes[i] - common, 1))
