"""Functions that copy one another: a vote that is counted twice is no second witness."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.statistics import MINIMUM_RECORDS
from core.weak_supervision.votes import ABSTAIN, Votes

__all__ = ["MAX_AGREEMENT", "DuplicateFunction", "agreements", "find_duplicates"]

MAX_AGREEMENT = 0.9  # of the books on which either votes, the share on which both vote alike


@dataclass(frozen=True)
class DuplicateFunction:
    """A function that is refused because an earlier one says the same.

    Attributes
    ----------
    position, of : int
        Positions of the refused function and of the one it copies.
    name, original : str
    share : float
        Of the books on which either votes, the share on which both vote for the same class.
    books : int
        On how many books either votes.
    """

    position: int
    of: int
    name: str
    original: str
    share: float
    books: int

    @property
    def sentence(self) -> str:
        """Say it for a curator."""
        return (
            f"“{self.name}” copies “{self.original}”: on {100 * self.share:.0f} % of the {self.books:,} books on which"
            " either votes, both vote alike. It is left out, since the same evidence must not count twice."
        )


def agreements(votes: Votes) -> pd.DataFrame:
    """Return every pair of functions with a book in common: ``first``, ``second`` (positions), ``share``, ``books``."""
    m = votes.matrix.shape[1]
    cast = (votes.matrix != ABSTAIN).astype(np.float32)
    together = cast.T @ cast
    polarity = votes.polarity
    alike = polarity[:, None] == polarity[None, :]
    counts = np.diag(together)
    either = counts[:, None] + counts[None, :] - together
    first, second = np.triu_indices(m, 1)
    pairs = pd.DataFrame(
        {
            "first": first,
            "second": second,
            "share": np.where(alike, together, 0)[first, second] / np.maximum(either[first, second], 1),
            "books": either[first, second].astype(int),
        }
    )
    overlapping: pd.DataFrame = pairs[together[first, second] > 0].reset_index(drop=True)
    return overlapping


def find_duplicates(votes: Votes, limit: float = MAX_AGREEMENT) -> tuple[DuplicateFunction, ...]:
    """Find functions that say what an earlier one says already.

    A function copies an earlier one when both have the same class and the same condition, or when on at least `limit`
    of the books on which either votes (10 or more) both vote alike. What copies a copy copies the original.
    """
    pairs = agreements(votes)
    close = pairs[(pairs["share"] >= limit) & (pairs["books"] >= MINIMUM_RECORDS)]
    near = {(int(a), int(b)): (float(s), int(n)) for a, b, s, n in close.itertuples(index=False)}
    refused: dict[int, DuplicateFunction] = {}
    for later, function in enumerate(votes.functions):
        for earlier in range(later):
            if earlier in refused:
                continue
            other = votes.functions[earlier]
            same = (other.label, other.when) == (function.label, function.when)
            if same or (earlier, later) in near:
                books = int((votes.matrix[:, later] != ABSTAIN).sum())
                share, books = near.get((earlier, later), (1.0, books))
                refused[later] = DuplicateFunction(later, earlier, function.name, other.name, share, books)
                break
    return tuple(refused.values())
