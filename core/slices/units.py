"""The books a search may use: each title once, with its true class and whether it is wrong, in two halves."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.schema import CORRECT, PREDICTED, TITLE_KEY, TRUTH

__all__ = ["LabelledTitles", "Mask", "Rows", "class_codes", "halves", "one_per_title"]

Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class LabelledTitles:
    """Labelled books, one per title.

    Attributes
    ----------
    records : DataFrame
        Their rows of the scored table.
    views : array of int, shape (2, units)
        True class and predicted class, numbered from 0. Errors are compared within either: a slice of many novels is
        not weak because novels are often missed, and not because "non-fiction" is often a wrong answer.
    strata : int
        How many classes there are.
    wrong : array of bool, shape (units,)
    """

    records: pd.DataFrame
    views: npt.NDArray[np.intp]
    strata: int
    wrong: Mask

    def __len__(self) -> int:
        return len(self.wrong)

    def count(self, rows: Rows, claims: npt.NDArray[np.intp] | None = None) -> tuple[Counts, Counts]:
        """Count records and errors among `rows`, each of shape (views, strata).

        Parameters
        ----------
        claims : array of int, shape (units,), optional
            A further division, from 0: strata are then class and division, divisions × classes of them.
        """
        number = self.strata * (1 if claims is None else int(claims.max(initial=0)) + 1)
        wrong = self.wrong[rows]
        n, errors = np.empty((2, len(self.views), number), dtype=np.int64)
        for view, stratum in enumerate(self.views):
            strata = stratum[rows] if claims is None else stratum[rows] + self.strata * claims[rows]
            n[view] = np.bincount(strata, minlength=number)
            errors[view] = np.bincount(strata[wrong], minlength=number)
        return n, errors


def one_per_title(labelled: pd.DataFrame, classes: tuple[str, ...]) -> LabelledTitles:
    """Keep the first book of every title: editions fail together, and counted singly they would prove too much.

    Books without a title are each kept.
    """
    keys = labelled[TITLE_KEY]
    first = ~(keys.duplicated() & (keys != "")).to_numpy(dtype=bool)
    records = labelled[first].reset_index(drop=True)
    views, names = class_codes(records, classes)
    return LabelledTitles(records, views, len(names), ~records[CORRECT].to_numpy(dtype=bool))


def class_codes(labelled: pd.DataFrame, classes: tuple[str, ...]) -> tuple[npt.NDArray[np.intp], list[str]]:
    """Give numbers to true and predicted classes, shape (2, records); names not among `classes` come after them."""
    given, predicted = labelled[TRUTH], labelled[PREDICTED].fillna("")
    names = [*classes, *sorted((set(given.unique()) | set(predicted.unique())) - set(classes))]
    codes = [pd.Categorical(column, categories=names).codes.astype(np.intp) for column in (given, predicted)]
    return np.stack(codes), names


def halves(titles: LabelledTitles, divisions: int, seed: int) -> list[Rows]:
    """Divide the books into two halves at random, with the same numbers of every class taken for every other.

    Parameters
    ----------
    divisions : int
        How often.

    Returns
    -------
    list of arrays of int, length 2 × divisions
        The two halves of one division stand side by side.

    Notes
    -----
    If errors fall on the books of a class without regard to facts, then they still do within either half, since the
    halves are drawn without regard to facts.
    """
    random = np.random.default_rng(seed)
    parts = []
    for _ in range(divisions):
        draw = random.permutation(len(titles))
        cell = (titles.views[0] * titles.strata + titles.views[1])[draw]
        order = draw[np.argsort(cell, kind="stable")]
        parts += [np.sort(order[0::2]), np.sort(order[1::2])]
    return parts
