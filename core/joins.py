"""Joining two tables of books by their identifiers, as text, and saying how each match was found."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

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


EXACT, ALTERNATE, ZEROS = 1, 2, 3


@dataclass(frozen=True)
class Join:
    """For each left row the position of its right row, and which way it was found.

    Attributes
    ----------
    position : int64 array, shape (n_left,)
        Row of the right table, −1 where there is none.
    method : int8 array, shape (n_left,)
        How the row was matched: 1 on the record ids as they are; 2 through a second identifier; 3 after leading zeros
        that one side had lost were taken away on both; 0 where it was not.
    example : (str, str)
        An identifier of each side, '' where a side has none: to be shown when nothing matched.
    """

    position: NDArray[np.int64]
    method: NDArray[np.int8]
    example: tuple[str, str] = ("", "")

    @property
    def exact(self) -> int:
        """Left rows matched on the record ids as they are."""
        return int((self.method == EXACT).sum())

    @property
    def by_alternate(self) -> int:
        """Left rows matched through a second identifier."""
        return int((self.method == ALTERNATE).sum())

    @property
    def by_zeros(self) -> int:
        """Left rows matched after lost leading zeros were restored."""
        return int((self.method == ZEROS).sum())

    @property
    def matched(self) -> int:
        """Left rows that found a right row."""
        return int((self.position >= 0).sum())

    def one_to_one(self) -> "Join":
        """Return the join with each right row taken once: by the row that has its very identifier, else by the first.

        The other rows count as not matched.
        """
        order = np.lexsort((np.arange(len(self.method)), self.method))
        ranked = order[self.position[order] >= 0]
        again = ranked[pd.Series(self.position[ranked]).duplicated().to_numpy()]
        position, way = self.position.copy(), self.method.copy()
        position[again], way[again] = -1, 0
        return Join(position, way, self.example)

    def sentence(self, left: str, right: str) -> str:
        """Say it for a curator; where nothing matched, with an identifier of each side."""
        text = f"{self.matched:,} of {len(self.position):,} {left} found among {right}"
        ways = [
            f"{count:,} {how}"
            for count, how in (
                (self.exact, "by their identifier"),
                (self.by_alternate, "by their second identifier"),
                (self.by_zeros, "after restoring lost leading zeros"),
            )
            if count
        ]
        if ways:
            return f"{text}: {', '.join(ways)}."
        return f"{text}{_unlike(*self.example)}"


def _unlike(ours: str, theirs: str) -> str:
    if not (ours and theirs):
        return "."
    hint = ""
    if ours.casefold() == theirs.casefold():
        hint = " They differ in capital letters only."
    elif ours.casefold().endswith(theirs.casefold()) or theirs.casefold().endswith(ours.casefold()):
        hint = " The one ends in the other."
    return f": for instance '{ours}' here, '{theirs}' there.{hint}"


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
    way = np.zeros(len(left[0]), dtype=np.int8)
    steps = [(EXACT if i == j == 0 else ALTERNATE, a, b) for i, a in enumerate(left) for j, b in enumerate(right)]
    steps += [(ZEROS, without_leading_zeros(a), without_leading_zeros(b)) for _, a, b in steps]
    for how, a, b in steps:
        open_rows = np.flatnonzero(position < 0)
        if not len(open_rows):
            break
        usable = (b != "") & ~b.duplicated(keep=False if how == ZEROS else "first")
        places = np.flatnonzero(usable.to_numpy())
        hits = pd.Index(b.to_numpy()[places]).get_indexer(a.to_numpy()[open_rows])
        ok = hits >= 0
        position[open_rows[ok]] = places[hits[ok]]
        way[open_rows[ok]] = how
    return Join(position, way, _example(left[0], right[0]))


def _example(left: pd.Series, right: pd.Series) -> tuple[str, str]:
    """Return the first identifier of each side; of the right side one that resembles it, where there is one."""
    ours = next((str(identifier) for identifier in left.head(50) if identifier), "")
    near = right.head(1000)[right.head(1000).str.casefold().str.endswith(ours.casefold()[-6:])] if ours else right[:0]
    theirs = next((str(identifier) for identifier in [*near, *right.head(50)] if identifier), "")
    return ours, theirs
