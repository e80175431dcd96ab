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


def shared_books(sample: pd.DataFrame, population: pd.DataFrame) -> Overlap:
    """Find the books that are in both tables, by their identifiers.

    Parameters
    ----------
    sample, population : DataFrame
        With ``record_id``, and ``alternate_id`` where there is one: a digitised book is found in the catalogue of
        paper books by its second identifier. Leading zeros that one table has lost are seen through. Where two rows of
        the population have the same identifier, the first is taken.

    Returns
    -------
    Overlap
    """
    ours, theirs = _identifiers(sample), _identifiers(population)
    # Few rows of a large population can match: only those go through the join.
    rows = np.flatnonzero(_candidates(ours, theirs))
    in_sample, in_population = np.zeros(len(sample), dtype=bool), np.zeros(len(population), dtype=bool)
    if len(rows):
        position = join_ids(ours, [ids.iloc[rows].reset_index(drop=True) for ids in theirs]).position
        in_sample = position >= 0
        in_population[rows[position[in_sample]]] = True
    return Overlap(in_sample, in_population)


def _identifiers(records: pd.DataFrame) -> list[pd.Series]:
    return [records[column].reset_index(drop=True) for column in (RECORD_ID, ALTERNATE_ID) if column in records]


def _candidates(ours: list[pd.Series], theirs: list[pd.Series]) -> NDArray[np.bool_]:
    """Say which rows have an identifier that, leading zeros aside, is among `ours`."""
    import pyarrow as pa
    import pyarrow.compute as pc

    def bare(ids: pd.Series) -> pa.ChunkedArray:
        return pc.utf8_ltrim(pa.chunked_array([pa.array(ids, type=pa.large_string())]), characters="0")

    wanted = pa.chunked_array([chunk for ids in ours for chunk in bare(ids).chunks], type=pa.large_string()).unique()
    wanted = wanted.filter(pc.not_equal(wanted, ""))
    mask = np.zeros(len(theirs[0]), dtype=bool)
    for ids in theirs:
        mask |= pc.is_in(bare(ids), value_set=wanted).to_numpy()
    return mask
