"""The books a search may use: each title once, with its true class and whether it is wrong, in two halves."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.schema import CORRECT, TITLE_KEY, TRUTH
from core.slices.stratified import Counts, exact_p

__all__ = ["Units", "count_by", "halves", "one_per_title"]

Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Units:
    """Labelled books, one per title.

    Attributes
    ----------
    records : DataFrame
        Their rows of the scored table.
    stratum : array of int, shape (units,)
        True class, numbered from 0.
    wrong : array of bool, shape (units,)
    strata : int
    """

    records: pd.DataFrame
    stratum: npt.NDArray[np.intp]
    wrong: Mask
    strata: int

    def __len__(self) -> int:
        return len(self.wrong)

    def p(self, inside: Mask, rows: Rows, claims: npt.NDArray[np.intp] | None = None) -> float:
        """Return the exact p value that the records `inside` fail more than the rest of their class, among `rows`.

        Parameters
        ----------
        claims : array of int, shape (units,), optional
            A further division, from 0: records are then compared within class and division.
        """
        strata, number = self.stratum[rows], self.strata
        if claims is not None:
            strata, number = strata + self.strata * claims[rows], self.strata * (int(claims.max(initial=0)) + 1)
        wrong, chosen = self.wrong[rows], inside[rows]
        all_n, all_errors = count_by(strata, wrong, number)
        n, errors = count_by(strata[chosen], wrong[chosen], number)
        return exact_p(n, errors, all_n, all_errors)


def count_by(strata: npt.NDArray[np.intp], wrong: Mask, number: int) -> tuple[Counts, Counts]:
    """Count records and errors in each stratum, each of shape (number,)."""
    n = np.bincount(strata, minlength=number).astype(np.int64)
    return n, np.bincount(strata[wrong], minlength=number).astype(np.int64)


def one_per_title(labelled: pd.DataFrame, classes: tuple[str, ...]) -> Units:
    """Keep the first book of every title: editions succeed and fail together, and counted singly they would prove too much.

    Books without a title are each kept.
    """
    keys = labelled[TITLE_KEY]
    first = ~(keys.duplicated() & (keys != "")).to_numpy(dtype=bool)
    records = labelled[first].reset_index(drop=True)
    names = [*classes, *sorted(set(records[TRUTH].unique()) - set(classes))]
    stratum = pd.Categorical(records[TRUTH], categories=names).codes.astype(np.intp)
    return Units(records, stratum, ~records[CORRECT].to_numpy(dtype=bool), max(len(names), 1))


def halves(units: Units, seed: int | np.random.SeedSequence) -> tuple[Rows, Rows]:
    """Divide the books into two halves at random, alike in classes and errors.

    Notes
    -----
    If errors fall on the books of a class without regard to facts, then they still do within either half, since the
    halves are drawn without regard to facts.
    """
    draw = np.random.default_rng(seed).permutation(len(units))
    cell = (units.stratum * 2 + units.wrong)[draw]
    order = draw[np.argsort(cell, kind="stable")]
    return np.sort(order[0::2]), np.sort(order[1::2])
