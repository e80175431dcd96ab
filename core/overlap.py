"""Which books two tables have in common."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.joins import join_ids
from core.schema import ALTERNATE_ID, RECORD_ID

__all__ = ["Overlap", "shared_books"]


@dataclass(frozen=True)
class Overlap:
    """The books of a sample that are also in a population.

    Attributes
    ----------
    in_sample : bool array, shape (n_sample,)
        Sample rows that are in the population.
    in_population : bool array, shape (n_population,)
        Population rows that are in the sample.
    """

    in_sample: NDArray[np.bool_]
    in_population: NDArray[np.bool_]

    @property
    def n(self) -> int:
        """Sample rows that are in the population."""
        return int(self.in_sample.sum())

    @property
    def is_subset(self) -> bool:
        """Whether the whole sample is in the population."""
        return bool(self.in_sample.all())


def shared_books(sample: pd.DataFrame, population: pd.DataFrame) -> Overlap:
    """Find the books that are in both tables, by their identifiers.

    Parameters
    ----------
    sample, population : DataFrame
        With ``record_id``, and ``alternate_id`` where there is one: a digitised book is found in the catalogue of
        paper books by its second identifier. Leading zeros that one table has lost are seen through.

    Returns
    -------
    Overlap
    """
    ours, theirs = _identifiers(sample), _identifiers(population)
    bare = pd.Index(np.unique(np.concatenate([_bare(ids) for ids in ours]).astype(str))).difference([""])
    # Few rows of a large population can match: only those go through the join.
    candidate = np.zeros(len(population), dtype=bool)
    for ids in theirs:
        candidate |= ids.str.lstrip("0").isin(bare).to_numpy(dtype=bool)
    rows = np.flatnonzero(candidate)
    in_population = np.zeros(len(population), dtype=bool)
    if not len(rows):
        return Overlap(np.zeros(len(sample), dtype=bool), in_population)
    position = join_ids(ours, [ids.iloc[rows].reset_index(drop=True) for ids in theirs]).position
    in_population[rows[position[position >= 0]]] = True
    return Overlap(position >= 0, in_population)


def _identifiers(records: pd.DataFrame) -> list[pd.Series]:
    return [records[column].reset_index(drop=True) for column in (RECORD_ID, ALTERNATE_ID) if column in records]


def _bare(ids: pd.Series) -> NDArray[np.object_]:
    return ids.str.lstrip("0").to_numpy(dtype=object)
