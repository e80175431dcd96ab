"""Parts and folds of labelled books: equal titles stay together, every class keeps its share, the seed decides."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.errors import InputError

__all__ = ["SHARES", "fold_by_title", "split_by_title"]

# What is learned from; what a cut or a temperature may be chosen on; what is reported on.
SHARES: Final[Mapping[str, float]] = {"train": 0.70, "calibration": 0.15, "test": 0.15}

Texts = Sequence[str] | pd.Series | NDArray[Any]


def split_by_title(
    title_keys: Texts, labels: Texts, *, shares: Mapping[str, float] = SHARES, seed: int = 0
) -> NDArray[np.object_]:
    """Put each book into one part, so that no title stands in two parts.

    Parameters
    ----------
    title_keys : sequence of str, length n
        Normalised titles. Books with equal keys (editions, copies) go to the same part; a book whose key is '' goes
        alone.
    labels : sequence of str, length n
        Class names. Every part gets each class in proportion, as far as the groups allow.
    shares : mapping
        Part → share of the books, summing to 1. A part with share 0 stays empty.
    seed : int
        Another seed makes another split. The order of the rows plays no part.

    Returns
    -------
    array of str, length n

    Raises
    ------
    InputError
        The two columns differ in length, or the shares do not sum to 1.

    Examples
    --------
    >>> parts = split_by_title(["a", "a", "b", "c"], ["x", "x", "x", "y"], shares={"one": 0.5, "two": 0.5})
    >>> bool(parts[0] == parts[1])
    True
    """
    if any(share < 0 for share in shares.values()) or abs(sum(shares.values()) - 1) > 1e-9:
        raise InputError(f"The shares of the parts must be 0 or more and sum to 1; these came: {dict(shares)}.")
    names = np.array(list(shares), dtype=object)
    return names[_assign(title_keys, labels, list(shares.values()), seed)]


def fold_by_title(title_keys: Texts, labels: Texts, *, folds: int = 5, seed: int = 0) -> NDArray[np.int64]:
    """Put each book into one of `folds` equal parts, so that no title stands in two; see :func:`split_by_title`.

    Returns
    -------
    int64 array, length n
        From 0 to `folds` − 1.

    Raises
    ------
    InputError
        Fewer than two folds, or fewer different titles than folds.
    """
    different = len(set(_groups(title_keys)))
    if folds < 2 or different < folds:
        raise InputError(f"{different:,} different titles cannot be divided into {folds} folds; 2 is the least.")
    return _assign(title_keys, labels, [1 / folds] * folds, seed)


def _groups(title_keys: Texts) -> list[tuple[str, int]]:
    """Return a name of each book's group: its key, or the book's own row where there is no key."""
    return [(key, -1) if key else ("", row) for row, key in enumerate(np.asarray(title_keys, dtype=object).tolist())]


def _assign(title_keys: Texts, labels: Texts, shares: Sequence[float], seed: int) -> NDArray[np.int64]:
    """Give each group to the part that lacks most of its classes: large groups first, equal ones in seeded order."""
    groups = _groups(title_keys)
    classes, codes = np.unique(np.asarray(labels, dtype=object).astype(str), return_inverse=True)
    if len(groups) != len(codes):
        raise InputError(f"There are {len(groups):,} titles and {len(codes):,} labels; each book needs one of both.")
    members: dict[tuple[str, int], list[int]] = {}
    for row, group in enumerate(groups):
        members.setdefault(group, []).append(row)
    counts = np.bincount(codes, minlength=len(classes))
    lacking = [[share * count for count in counts.tolist()] for share in shares]
    usable = [part for part, share in enumerate(shares) if share > 0]
    part_of = np.zeros(len(groups), dtype=np.int64)
    for group in sorted(members, key=lambda group: (-len(members[group]), _lot(seed, group), group)):
        held: dict[int, int] = {}
        for row in members[group]:
            held[int(codes[row])] = held.get(int(codes[row]), 0) + 1
        # The least squared distance to the wanted counts after this group is added.
        part = max(usable, key=lambda part: sum(n * lacking[part][c] for c, n in held.items()))
        for c, n in held.items():
            lacking[part][c] -= n
        part_of[members[group]] = part
    return part_of


def _lot(seed: int, group: tuple[str, int]) -> bytes:
    return hashlib.sha256(f"{seed}\0{group[0]}\0{group[1]}".encode()).digest()[:8]
