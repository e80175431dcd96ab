"""Weights that let a sample speak for the collection: post-stratification, and what unequal weights cost."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from core.errors import InputError
from core.statistics.intervals import MINIMUM_RECORDS

__all__ = [
    "PostStratification",
    "design_effect",
    "post_stratify",
    "uncovered_share",
]


def design_effect(weights: ArrayLike) -> float:
    """Return n·Σw²/(Σw)²: how many times larger unequal weights make the variance of a mean.

    Returns
    -------
    float
        1 (equal weights) to n (one record carries all); NaN without any weight. n divided by it is the effective number
        of records.

    References
    ----------
    L. Kish (1965), Survey Sampling, section 11.7.

    Examples
    --------
    >>> design_effect([1, 1, 1, 1]), design_effect([3, 1])
    (1.0, 1.25)
    """
    values = np.asarray(weights, dtype=float)
    total = values.sum()
    return float(len(values) * (values**2).sum() / total**2) if total > 0 else float("nan")


SEVERAL = "(several)"


@dataclass(frozen=True, kw_only=True)
class PostStratification:
    """The cells, and the weight of every labelled record.

    Attributes
    ----------
    weights : array, shape (n_labelled,)
        Records of the population one labelled record stands for, scaled to a mean of 1.
    cell : int array, shape (n_labelled,)
        Row of ``cells`` each labelled record is in.
    cells : DataFrame
        One row a final cell: the columns it was made by ('(several)' where values were pooled), ``n_labelled``,
        ``n_population``, ``pooled`` (how many original cells it holds), ``weight``.
    design_effect : float
        By how much the weights inflate a variance (Kish), 1 or more.
    uncovered_share : float
        Share of the population in original cells without any labelled record, 0 to 1.
    """

    weights: NDArray[np.float64]
    cell: NDArray[np.intp]
    cells: pd.DataFrame
    design_effect: float
    uncovered_share: float


def uncovered_share(labelled: pd.DataFrame, population: pd.DataFrame, by: Sequence[str]) -> float:
    """Return the share of the population in cells (combinations of the columns `by`) that hold no labelled record.

    Returns
    -------
    float
        0 to 1; NaN for an empty population.
    """
    if population.empty:
        return float("nan")
    return _uncovered(_cells(labelled, population, by))


def post_stratify(
    labelled: pd.DataFrame,
    population: pd.DataFrame,
    by: Sequence[str],
    min_labelled: int = MINIMUM_RECORDS,
    *,
    ordered: Collection[str] = (),
) -> PostStratification:
    """Weight labelled records so that every cell counts as much as it does in the population.

    Parameters
    ----------
    labelled, population : DataFrame
        Both with the columns `by`, as text. The population may hold the labelled records.
    by : sequence of str
        The most important first: cells are pooled over the last column before any other.
    min_labelled : int
        Labelled records each final cell has at least (as far as there are that many), 1 or more.
    ordered : collection of str
        Those of the columns whose values, sorted as text, stand in an order that matters, such as bands of confidence.

    Raises
    ------
    InputError
        No labelled records, no population, no column to make cells by, or one that is missing.

    Notes
    -----
    Pooling goes column by column from the last to the first, among cells that agree in all columns before it.

    - Along an ordered column the shortest cell joins that of its neighbours which has fewer labelled records, until
      none is short: books the model is unsure of must not be spoken for by those it is surest of.
    - Along another, cells that are short are put together. If they are still short, they join the cell with the most
      labelled records.

    What remains short, having nothing to join, waits for the next column. Before the first column everything agrees,
    so in the end no cell is short.

    Labelled records in cells the population does not have (books from elsewhere) are pooled in the same way, so that no
    final cell is empty on either side.

    References
    ----------
    D. Holt, T. M. F. Smith (1979), "Post stratification", Journal of the Royal Statistical Society A 142.
    """
    if labelled.empty or population.empty:
        raise InputError("Post-stratification needs labelled records and a population; one of them is empty.")
    columns = list(by)
    cells = _cells(labelled, population, columns)
    cells = cells.assign(cell=pd.factorize(_pool(cells, columns, min_labelled, ordered))[0])
    final = cells.groupby("cell", sort=True).agg(
        **{column: (column, _one_or_several) for column in columns},
        n_labelled=("n_labelled", "sum"),
        n_population=("n_population", "sum"),
        pooled=("cell", "size"),
    )
    share = final["n_population"] / final["n_population"].sum()
    final["weight"] = share / (final["n_labelled"] / final["n_labelled"].sum())
    ours = _look_up(labelled, cells, columns)
    weights = final["weight"].to_numpy(dtype=float)[ours]
    return PostStratification(
        weights=weights,
        cell=ours,
        cells=final.reset_index(drop=True),
        design_effect=design_effect(weights),
        uncovered_share=_uncovered(cells),
    )


def _cells(labelled: pd.DataFrame, population: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    columns = list(by)
    if not columns:
        raise InputError("Cells need at least one column to be made by; none came.")
    for name, frame in (("labelled records", labelled), ("population", population)):
        missing = [column for column in columns if column not in frame]
        if missing:
            available = ", ".join(map(str, frame.columns))
            raise InputError(f"The {name} have no column '{missing[0]}'. There are: {available}.")
    theirs = population.groupby(columns, sort=False, observed=True).size().rename("n_population")
    ours = labelled.groupby(columns, sort=False, observed=True).size().rename("n_labelled")
    joined = pd.concat([ours, theirs], axis=1).fillna(0).astype(int).sort_index()
    joined.index = joined.index.set_names(columns)
    return joined.reset_index()


def _pool(cells: pd.DataFrame, by: Sequence[str], min_labelled: int, ordered: Collection[str]) -> NDArray[np.intp]:
    """Return for each cell the number of the final cell it ends in (see Notes of :func:`post_stratify`)."""
    labelled, population = cells["n_labelled"].to_numpy(), cells["n_population"].to_numpy()
    final, least = np.arange(len(cells)), max(min_labelled, 1)
    for depth in reversed(range(len(by))):
        have = np.bincount(final, weights=labelled, minlength=len(cells))
        held = np.bincount(final, weights=population, minlength=len(cells))
        short = ((have < least) | (held == 0))[final]
        if not short.any():
            break
        alike = cells.groupby(list(by[:depth]), sort=False).ngroup().to_numpy() if depth else np.zeros(len(cells), int)
        for group in np.unique(alike[short]):
            mine = alike == group
            if by[depth] in ordered:
                _join_neighbours(final, np.unique(final[mine]), labelled, population, least)
                continue
            poor = np.unique(final[mine & short])
            rich = np.unique(final[mine & ~short])
            enough = have[poor].sum() >= least and held[poor].sum() > 0
            final[mine & short] = poor[0] if enough or not len(rich) else rich[np.argmax(have[rich])]
    return final


def _join_neighbours(
    final: NDArray[np.intp],
    members: NDArray[np.intp],
    labelled: NDArray[np.intp],
    population: NDArray[np.intp],
    least: int,
) -> None:
    """Let the shortest of some final cells, given in their order, join a neighbour until none is short; in place."""
    have = [int(labelled[final == member].sum()) for member in members]
    held = [int(population[final == member].sum()) for member in members]
    cells = members.tolist()
    while len(cells) > 1:
        short = [i for i in range(len(cells)) if have[i] < least or held[i] == 0]
        if not short:
            return
        shortest = min(short, key=lambda i: have[i])
        beside = min((i for i in (shortest - 1, shortest + 1) if 0 <= i < len(cells)), key=lambda i: have[i])
        first, second = sorted((shortest, beside))
        final[final == cells[second]] = cells[first]
        have[first] += have.pop(second)
        held[first] += held.pop(second)
        del cells[second]


def _look_up(frame: pd.DataFrame, cells: pd.DataFrame, columns: list[str]) -> NDArray[np.intp]:
    return frame[columns].merge(cells[[*columns, "cell"]], on=columns, how="left")["cell"].to_numpy(dtype=np.intp)


def _uncovered(cells: pd.DataFrame) -> float:
    return float(cells.loc[cells["n_labelled"] == 0, "n_population"].sum() / cells["n_population"].sum())


def _one_or_several(values: pd.Series) -> str:
    return str(values.iloc[0]) if (values == values.iloc[0]).all() else SEVERAL
