"""Joining two tables of books by identifier, and which books a model is tested on that it learned from."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.schema import ALTERNATE_ID, RECORD_ID, TITLE_KEY

__all__ = ["Join", "LeakReport", "find_leaks", "join_ids", "without_leading_zeros"]

# --- Joining two tables of books by their identifiers, as text, and saying how each match was found -------------------


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


# --- Leak check: which of the books a model is tested on are also among the books it learned from ---------------------


@dataclass(frozen=True)
class LeakReport:
    """Which checked books are also among others, and how that was seen.

    Attributes
    ----------
    by_id_mask, by_title_mask : bool arrays, one value a checked book
        Found by an identifier; found by an equal normalised title, whether or not by an identifier too.
    restored : int
        Of those found by an identifier, how many only after lost leading zeros were restored.
    """

    by_id_mask: NDArray[np.bool_]
    by_title_mask: NDArray[np.bool_]
    restored: int

    @property
    def mask(self) -> NDArray[np.bool_]:
        """Found either way."""
        return self.by_id_mask | self.by_title_mask

    @property
    def n(self) -> int:
        """Books that were checked."""
        return len(self.by_id_mask)

    @property
    def n_leaked(self) -> int:
        """Books found either way."""
        return int(self.mask.sum())

    @property
    def by_id(self) -> int:
        """Books found by an identifier."""
        return int(self.by_id_mask.sum())

    @property
    def by_title(self) -> int:
        """Books found by their title alone."""
        return self.n_leaked - self.by_id

    def sentence(self, checked: str = "the checked books", others: str = "the training books") -> str:
        """Say it for a curator.

        >>> LeakReport(np.array([True, False, False]), np.array([True, True, False]), 1).sentence()
        '2 of 3 of the checked books are also among the training books: 1 by identifier (1 of them only after lost \
leading zeros were restored), 1 by title alone.'
        """
        if not self.n_leaked:
            return f"None of {self.n:,} of {checked} is among {others}, neither by identifier nor by title."
        restored = f" ({self.restored:,} of them only after lost leading zeros were restored)" if self.restored else ""
        return (
            f"{self.n_leaked:,} of {self.n:,} of {checked} {'is' if self.n_leaked == 1 else 'are'} also among {others}:"
            f" {self.by_id:,} by identifier{restored}, {self.by_title:,} by title alone."
        )

    def as_dict(self) -> dict[str, int | str]:
        """Return JSON-able counts and the sentence."""
        return {
            "checked": self.n,
            "found": self.n_leaked,
            "by_id": self.by_id,
            "by_title": self.by_title,
            "restored": self.restored,
            "sentence": self.sentence(),
        }


def find_leaks(checked: pd.DataFrame, others: pd.DataFrame) -> LeakReport:
    """Find the checked books that are among others, by identifier or by normalised title.

    Parameters
    ----------
    checked, others : DataFrames
        Columns ``record_id``, ``title_key`` and, where there is one, ``alternate_id``. An empty identifier or title
        matches nothing.

    Notes
    -----
    Identifiers are compared as text: the record ids, then every pair of record and alternate ids, then all-digit ones
    without leading zeros (see :func:`core.joins.join_ids`). Titles are equal when their keys are: other editions of a
    title teach a model the same words.
    """
    join = join_ids(_ids(checked), _ids(others))
    keys = checked[TITLE_KEY]
    by_title = keys.isin(others.loc[others[TITLE_KEY] != "", TITLE_KEY]).to_numpy(dtype=bool)
    return LeakReport(join.position >= 0, by_title, join.by_zeros)


def _ids(table: pd.DataFrame) -> list[pd.Series]:
    columns = [RECORD_ID, ALTERNATE_ID] if ALTERNATE_ID in table else [RECORD_ID]
    return [table[column].reset_index(drop=True) for column in columns]
