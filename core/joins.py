"""Joining two tables of books by their identifiers, as text, and saying how each match was found."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

__all__ = ["Join", "join_ids", "without_leading_zeros"]


def without_leading_zeros(ids: pd.Series) -> pd.Series:
    """Return all-digit identifiers without leading zeros, and '' for every other identifier.

    Spreadsheets drop leading zeros. Identifiers are never compared as numbers; this is the repair that is tried, and
    told, where the exact text did not match.

    >>> without_leading_zeros(pd.Series(["000123", "a12", ""])).tolist()
    ['123', '', '']
    """
    digits = ids.str.fullmatch(r"[0-9]+").to_numpy(dtype=bool, na_value=False)
    return ids.str.lstrip("0").where(digits, "").astype("str")


@dataclass(frozen=True)
class Join:
    """For each left row the position of its right row, and how many were found which way.

    Attributes
    ----------
    position : int64 array, shape (n_left,)
        Row of the right table, −1 where there is none.
    exact, by_alternate, by_zeros : int
        Left rows matched on the record ids as they are; through a second identifier; after leading zeros that one side
        had lost were taken away on both.
    """

    position: np.ndarray
    exact: int
    by_alternate: int
    by_zeros: int

    @property
    def matched(self) -> int:
        """Left rows that found a right row."""
        return self.exact + self.by_alternate + self.by_zeros

    def sentence(self, left: str, right: str) -> str:
        """Say it for a curator."""
        said = f"{self.matched:,} of {len(self.position):,} {left} found among {right}"
        ways = [
            f"{count:,} {how}"
            for count, how in (
                (self.exact, "by their identifier"),
                (self.by_alternate, "by their second identifier"),
                (self.by_zeros, "after restoring lost leading zeros"),
            )
            if count
        ]
        return f"{said}: {', '.join(ways)}." if ways else f"{said}."


def join_ids(left: Sequence[pd.Series], right: Sequence[pd.Series]) -> Join:
    """Match rows by identifiers: first the record ids, then any pair of identifiers, then without leading zeros.

    Parameters
    ----------
    left, right : sequences of Series of str
        The identifier columns of each table, the most important first; '' means none.

    Notes
    -----
    An identifier that stands in several right rows matches the first of them. The repair of zeros is refused where
    it would make two different right identifiers equal.
    """
    position = np.full(len(left[0]), -1, dtype=np.int64)
    found = {"exact": 0, "alternate": 0, "zeros": 0}
    steps = [("exact" if i == j == 0 else "alternate", a, b) for i, a in enumerate(left) for j, b in enumerate(right)]
    steps += [("zeros", without_leading_zeros(a), without_leading_zeros(b)) for _, a, b in steps]
    for how, a, b in steps:
        open_rows = np.flatnonzero(position < 0)
        if not len(open_rows):
            break
        usable = (b != "") & ~b.duplicated(keep=False if how == "zeros" else "first")
        places = np.flatnonzero(usable.to_numpy())
        hits = pd.Index(b.to_numpy()[places]).get_indexer(a.to_numpy()[open_rows])
        ok = hits >= 0
        position[open_rows[ok]] = places[hits[ok]]
        found[how] += int(ok.sum())
    return Join(position, found["exact"], found["alternate"], found["zeros"])
