"""Leak check: which of the books a model is tested on are also among the books it learned from."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.joins import join_ids
from core.schema import ALTERNATE_ID, RECORD_ID, TITLE_KEY

__all__ = ["LeakReport", "find_leaks"]


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
