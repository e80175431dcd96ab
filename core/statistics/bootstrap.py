"""Weighted, grouped records: weights that let a sample speak for the collection, and intervals of estimates."""

import math
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from core.errors import InputError
from core.statistics.intervals import MINIMUM_RECORDS, Estimate, wilson

__all__ = [
    "PostStratification",
    "PredictionPowered",
    "bootstrap_draws",
    "bootstrap_interval",
    "bootstrap_intervals",
    "cell_residuals",
    "design_effect",
    "group_numbers",
    "grouped_variance",
    "post_stratify",
    "prediction_powered_share",
    "share_estimate",
    "uncovered_share",
    "weighted_share",
]


# --- Weights that let a sample speak for the collection: post-stratification, and what unequal weights cost -----------


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


# --- Intervals by drawing books again ---------------------------------------------------------------------------------
# Whole groups (all rows of a book, all editions of a title), never single rows.


# Draws whose statistic is undefined (a class that was not drawn) are left out; with more than this the interval is too.
MOST_UNDEFINED = 0.05
_CHUNK = 4_000_000  # cells of a block of multiplicities: 16 MB of 32-bit numbers

Statistic = Callable[[NDArray[np.float64]], NDArray[np.float64]]
Parts = ArrayLike | sparse.csr_array


def group_numbers(groups: ArrayLike | pd.Series) -> tuple[NDArray[np.intp], int]:
    """Return each row's group as a number from 0, and how many groups there are.

    An empty name is no group: such rows (books without a title) stand each for themselves. Whole numbers are taken as
    numbers of groups, so that groups that are used again and again need to be numbered only once.
    """
    given = np.asarray(groups)
    if np.issubdtype(given.dtype, np.integer):
        numbers, codes = np.unique(given, return_inverse=True)
        return codes, len(numbers)
    names = np.asarray(groups, dtype=object)
    codes, uniques = pd.factorize(names)
    alone = (codes < 0) | (names == "")
    codes = np.where(alone, len(uniques) + np.arange(len(codes)), codes)
    numbers, codes = np.unique(codes, return_inverse=True)
    return codes, len(numbers)


def _multiplicities(n_groups: int, n_draws: int, seed: int) -> Iterator[NDArray[np.float32]]:
    generator = np.random.default_rng(seed)
    step = max(1, _CHUNK // n_groups)
    for start in range(0, n_draws, step):
        rows = min(step, n_draws - start)
        drawn = generator.integers(0, n_groups, size=(rows, n_groups))
        drawn += np.arange(rows)[:, None] * n_groups
        counts = np.bincount(drawn.ravel(), minlength=rows * n_groups)
        yield counts.reshape(rows, n_groups).astype(np.float32)


def bootstrap_draws(
    statistic: Statistic,
    parts: Parts,
    groups: ArrayLike | pd.Series | None = None,
    *,
    n_draws: int = 1000,
    seed: int = 0,
) -> NDArray[np.float64]:
    """Return the statistic in each of `n_draws` collections drawn again from the groups.

    Parameters and the way of working are those of :func:`bootstrap_interval`.

    Returns
    -------
    array, shape (n_draws,) or (n_draws, n_statistics), as the statistic gives it.
    """
    by_group = _by_group(parts, groups)
    drawn = [
        statistic(counts.astype(np.float64) @ by_group) for counts in _multiplicities(by_group.shape[0], n_draws, seed)
    ]
    return np.concatenate(drawn)


def bootstrap_interval(
    statistic: Statistic,
    parts: Parts,
    groups: ArrayLike | pd.Series | None = None,
    *,
    n_draws: int = 1000,
    seed: int = 0,
    confidence: float = 0.95,
) -> Estimate:
    """Return a statistic with its percentile interval, by drawing whole groups with replacement.

    Parameters
    ----------
    statistic : function
        Takes sums of `parts`, shape (n_draws, n_parts), and returns one number a draw, shape (n_draws,); NaN where it
        is undefined.
    parts : array, shape (n_rows, n_parts)
        What each row adds to the sums the statistic is made of: for macro-F1 one column a cell of the confusion matrix,
        for a mean the value and a one, for a difference between two models the parts of both side by side.
        Weighted rows are parts times weight.
    groups : array, shape (n_rows,), optional
        Rows of one group (a book, the editions of a title) are drawn together. Without it each row is its own group.
        Rows with an empty group stand for themselves.
    n_draws, seed : int
    confidence : float

    Returns
    -------
    Estimate
        ``n`` is the number of rows. Undefined with a reason when there are no rows or when the statistic is undefined
        on the rows as they are. With a single group, or a statistic that is undefined in more than 5 per cent of the
        draws, the value stands without limits, and ``reason`` says why.

    Notes
    -----
    Sums over rows are first taken within each group, so that a draw costs one product of group counts with group sums:
    1,000 draws of macro-F1 over 850 books take some hundredths of a second.

    References
    ----------
    B. Efron, R. Tibshirani (1993), An Introduction to the Bootstrap, chapters 8 and 13.
    A. C. Davison, D. V. Hinkley (1997), Bootstrap Methods and their Application, section 3.8 (groups).

    Examples
    --------
    >>> right = np.array([1, 1, 1, 1, 0, 1, 1, 0, 1, 1])
    >>> parts = np.column_stack([right, np.ones(10)])
    >>> share = bootstrap_interval(lambda sums: sums[:, 0] / sums[:, 1], parts, seed=1)
    >>> share.value, share.n
    (0.8, 10)
    """
    return bootstrap_intervals(
        lambda sums: statistic(sums)[:, None], parts, groups, n_draws=n_draws, seed=seed, confidence=confidence
    )[0]


def bootstrap_intervals(
    statistics: Statistic,
    parts: Parts,
    groups: ArrayLike | pd.Series | None = None,
    *,
    n_draws: int = 1000,
    seed: int = 0,
    confidence: float = 0.95,
) -> list[Estimate]:
    """Return several statistics with their percentile intervals, all from the same draws.

    Parameters are those of :func:`bootstrap_interval`, but that `statistics` gives shape (n_draws, n_statistics)
    and `parts` may be sparse: with many classes a book adds to few of the sums.

    Returns
    -------
    list of Estimate, one a statistic
        What makes one undefined, or without limits, is said there; the others do not suffer from it.
    """
    if not 0 < confidence < 1:
        raise InputError(f"A confidence lies between 0 and 1 (95 per cent is 0.95); {confidence} came.")
    rows = parts if sparse.issparse(parts) else np.asarray(parts, dtype=float)
    n_rows = rows.shape[0]
    if not n_rows:
        with np.errstate(divide="ignore", invalid="ignore"):
            count = statistics(np.zeros((1, rows.shape[1]))).shape[1]
        return [Estimate.undefined("no records", 0, "bootstrap")] * count
    by_group = _by_group(rows, groups)
    n_groups = by_group.shape[0]
    method = f"bootstrap of {n_groups:,} {'books' if groups is None else 'groups'}, {n_draws:,} draws"
    with np.errstate(divide="ignore", invalid="ignore"):
        values = statistics(np.asarray(rows.sum(axis=0)).reshape(1, -1))[0]
        draws = np.empty((0, len(values)))
        if n_groups > 1 and not np.isnan(values).all():
            draws = bootstrap_draws(statistics, by_group, n_draws=n_draws, seed=seed)
    return [
        _estimate(float(value), draws[:, place], n_groups=n_groups, n_rows=n_rows, method=method, confidence=confidence)
        for place, value in enumerate(values)
    ]


def _estimate(
    value: float, draws: NDArray[np.float64], n_groups: int, n_rows: int, method: str, confidence: float
) -> Estimate:
    if math.isnan(value):
        return Estimate.undefined("a part the number is made of has no records", n_rows, method)
    if n_groups < 2:
        reason = "all records belong to one group: the interval is undefined"
        return Estimate(
            value=value, low=math.nan, high=math.nan, n=n_rows, method=method, reason=reason, confidence=confidence
        )
    undefined = np.isnan(draws)
    if undefined.mean() > MOST_UNDEFINED:
        reason = "too few records of some class: the interval is undefined"
        return Estimate(
            value=value, low=math.nan, high=math.nan, n=n_rows, method=method, reason=reason, confidence=confidence
        )
    tail = (1 - confidence) / 2
    low, high = np.quantile(draws[~undefined], [tail, 1 - tail])
    return Estimate(value=value, low=float(low), high=float(high), n=n_rows, method=method, confidence=confidence)


def _by_group(parts: Parts, groups: ArrayLike | pd.Series | None) -> Any:
    """Return the sums of each group's rows, as an array or, where `parts` are sparse, as a sparse one."""
    rows = parts if sparse.issparse(parts) else np.asarray(parts, dtype=float)
    if rows.ndim != 2:
        raise InputError(
            f"The parts of a statistic have one row a record and one column a part; shape {rows.shape} came."
        )
    if groups is None:
        return rows
    codes, n_groups = group_numbers(groups)
    if len(codes) != rows.shape[0]:
        raise InputError(f"There are {rows.shape[0]:,} rows and {len(codes):,} groups; each row needs one group.")
    if sparse.issparse(rows):
        places = np.arange(len(codes))
        return sparse.csr_array((np.ones(len(codes)), (codes, places)), shape=(n_groups, len(codes))) @ rows
    sums = [np.bincount(codes, weights=column, minlength=n_groups) for column in rows.T]
    return np.column_stack(sums)


# --- Means and shares of weighted, grouped records --------------------------------------------------------------------
# Linearised variance, and limits that stay between 0 and 1.


def grouped_variance(influence: ArrayLike, groups: ArrayLike | pd.Series | None = None) -> float:
    """Return the variance of a sum whose terms vary together within groups.

    Parameters
    ----------
    influence : array, shape (n_rows,)
        What each record adds to the estimate beyond its expectation (they sum to about 0).
    groups : array, shape (n_rows,), optional
        Rows of one group are one draw. Without it each row is a draw of its own.

    Returns
    -------
    float
        G/(G − 1) · Σ (sum of a group)²; NaN with fewer than two groups.

    References
    ----------
    K. M. Wolter (2007), Introduction to Variance Estimation, chapter 6.
    """
    values = np.asarray(influence, dtype=float)
    if groups is None:
        sums, count = values, len(values)
    else:
        codes, count = group_numbers(groups)
        sums = np.bincount(codes, weights=values, minlength=count)
    if count < 2:
        return math.nan
    return float(count / (count - 1) * ((sums - sums.mean()) ** 2).sum())


def cell_residuals(
    values: NDArray[np.float64], weights: NDArray[np.float64], cell: NDArray[np.intp] | None
) -> NDArray[np.float64]:
    """Return how far each value is from the weighted mean of its cell (without cells: of all).

    A cell's own mean takes one record from what is left to vary around it; the residuals are scaled up for that.
    """
    if cell is None:
        cell = np.zeros(len(values), dtype=np.intp)
    n_cell = np.bincount(cell)
    w_cell = np.bincount(cell, weights=weights)
    sums = np.bincount(cell, weights=weights * values)
    mean = np.divide(sums, w_cell, out=np.zeros(len(w_cell)), where=w_cell > 0)
    inflate = np.sqrt(n_cell / np.maximum(n_cell - 1, 1))
    return np.asarray((values - mean[cell]) * inflate[cell])


def share_estimate(value: float, variance: float, n: int, least_n: float, method: str, confidence: float) -> Estimate:
    """Return a share whose variance is known as an estimate with limits between 0 and 1.

    It is Wilson's interval at the effective number of records, value·(1 − value)/variance. At the ends, where no
    variance can be seen, the effective number is `least_n`; where that is infinite, since all records were looked at,
    the limits are the value.
    """
    seen = 0 < value < 1 and variance > 0
    effective = value * (1 - value) / variance if seen else least_n
    if math.isinf(effective):
        return Estimate(value=value, low=value, high=value, n=n, method="all records", confidence=confidence)
    low, high = wilson(value * effective, effective, confidence)
    return Estimate(value=value, low=float(low), high=float(high), n=n, method=method, confidence=confidence)


def weighted_share(
    y: ArrayLike,
    weights: ArrayLike | None = None,
    groups: ArrayLike | pd.Series | None = None,
    cell: NDArray[np.intp] | None = None,
    confidence: float = 0.95,
    *,
    sampled: ArrayLike = 0.0,
) -> Estimate:
    """Return the weighted share of records with a property.

    Parameters
    ----------
    y : array of bool, shape (n_rows,)
    weights : array, shape (n_rows,), optional
        0 or more; equal without it.
    groups : array, shape (n_rows,), optional
        Rows that belong together (editions of one title, rows of one book).
    cell : int array, shape (n_rows,), optional
        Post-stratum of each row: the variance is then that within cells.
    sampled : float or array, shape (n_rows,)
        The part of its population (with `cell`: of its post-stratum) that was looked at, 0 to 1: at 0 the population
        is without end, at 1 the share is known exactly.

    Returns
    -------
    Estimate
        Undefined without any weight.

    Notes
    -----
    A post-stratum of few records hides how much they vary: five that are all right show no variance. So the variance of
    each is reckoned with one record more of either kind, as Agresti and Coull do.

    References
    ----------
    C. Franco, R. J. A. Little, T. A. Louis, E. V. Slud (2019), "Comparative study of confidence intervals for
    proportions in complex sample surveys", Journal of Survey Statistics and Methodology 7 (Wilson at the effective
    sample size).
    A. Agresti, B. A. Coull (1998), "Approximate is better than 'exact' for interval estimation of binomial
    proportions", The American Statistician 52.
    W. G. Cochran (1977), Sampling Techniques, chapter 2 (finite populations).
    """
    values = np.asarray(y, dtype=float)
    weight = np.ones(len(values)) if weights is None else np.asarray(weights, dtype=float)
    kind = "post-stratified, " if cell is not None else "weighted, " if weights is not None else ""
    method = f"{kind}Wilson at the effective number of records"
    total = weight.sum()
    if not total > 0:
        return Estimate.undefined("no records", len(values), method)
    share = min(max(float((weight * values).sum() / total), 0.0), 1.0)
    unseen = np.clip(1 - np.broadcast_to(np.asarray(sampled, dtype=float), values.shape), 0, 1)
    residual = cell_residuals(values, weight, cell) * np.sqrt(unseen)
    variance = grouped_variance(weight * residual / total, groups)
    if cell is not None:
        variance += _hidden_variance(values, weight, groups, cell, unseen)
    return share_estimate(
        share, variance, n=len(values), least_n=_least_n(weight, groups, unseen), method=method, confidence=confidence
    )


def _least_n(weight: NDArray[np.float64], groups: ArrayLike | pd.Series | None, unseen: NDArray[np.float64]) -> float:
    """Return the number of records that a share counts with where none is seen to differ."""
    n_groups = len(weight) if groups is None else group_numbers(groups)[1]
    part = float((weight**2 * unseen).sum() / (weight**2).sum())
    return n_groups / design_effect(weight) / part if part > 0 else math.inf


def _hidden_variance(
    values: NDArray[np.float64],
    weight: NDArray[np.float64],
    groups: ArrayLike | pd.Series | None,
    cell: NDArray[np.intp],
    unseen: NDArray[np.float64],
) -> float:
    """Return by how much one record more of either kind in each cell raises the variance of a weighted share."""
    codes = np.arange(len(values)) if groups is None else group_numbers(groups)[0]
    pairs = np.unique(np.stack([cell, codes]), axis=1)[0]
    draws = np.bincount(pairs, minlength=int(cell.max()) + 1)
    n = np.bincount(cell)
    used = n > 0
    share = np.bincount(cell, weights=weight) / weight.sum()
    mean = np.bincount(cell, weights=values)[used] / n[used]
    with_more = (mean * draws[used] + 1) / (draws[used] + 2)
    more = with_more * (1 - with_more) - mean * (1 - mean)
    open_part = np.bincount(cell, weights=unseen)[used] / n[used]
    return float((share[used] ** 2 * open_part * more / draws[used]).sum())


# --- Prediction-powered inference -------------------------------------------------------------------------------------
# Few labels and many predictions together say more than the labels alone.


@dataclass(frozen=True)
class PredictionPowered:
    """A share estimated from labels and predictions.

    Attributes
    ----------
    estimate : Estimate
    power : float
        How far the predictions were trusted: 0 is the labels alone, 1 the untuned method.
    """

    estimate: Estimate
    power: float


def prediction_powered_share(
    y: ArrayLike,
    guess: ArrayLike,
    guess_collection: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    groups: ArrayLike | pd.Series | None = None,
    cell: NDArray[np.intp] | None = None,
    power: float | None = None,
    confidence: float = 0.95,
    sampled: ArrayLike | None = None,
) -> PredictionPowered:
    """Return the share of records with a property in a collection of which few records are labelled.

    Parameters
    ----------
    y : array of bool, shape (n_labelled,)
        Whether each labelled record has the property.
    guess : array, shape (n_labelled,)
        The model's guess at `y` for the same records: a probability, or 0 and 1. It may be wrong and uncalibrated; the
        interval holds all the same, only wider.
    guess_collection : array, shape (n_collection,)
        The model's guess for every record of the collection, the labelled ones among them.
    weights, cell : arrays, shape (n_labelled,), optional
        Post-stratification weights and cells, where the labelled records are no plain random sample.
    groups : array, shape (n_labelled,), optional
        Labelled rows that belong together (editions of one title).
    power : float, optional
        Without it, tuned to the smallest variance (between 0 and 1).
    confidence : float
    sampled : float or array, shape (n_labelled,), optional
        As in :func:`weighted_share`: the share meant is then that of these records themselves, whose guesses are all
        known. Without it, it is that of a population that they were drawn from.

    Returns
    -------
    PredictionPowered
        Undefined with fewer than two labelled groups.

    Notes
    -----
    With power λ the estimate is λ·(mean guess of the collection) + (mean of y − λ·guess of the labelled), and its
    variance λ²·Var(guess)/N + Var(y − λ·guess)/n. The published method takes the first mean over the unlabelled records
    alone, as if the labelled ones were no part of the collection; with weights that would be wrong, and with few labels
    it makes no difference. Small cells are treated as in :func:`weighted_share`. The limits are Wilson's at the number
    of records a plain sample would need for this variance, so that they stay between 0 and 1 and a class nobody found
    has a width too.

    The model must not have learned from the labelled records. Without weights these must be a random sample of the
    collection: a good model does not mend a sample that is not (tests/theory shows how often it then fails).

    References
    ----------
    A. N. Angelopoulos, S. Bates, C. Fannjiang, M. I. Jordan, T. Zrnic (2023), "Prediction-powered inference",
    arXiv 2301.09633 (Science 382).
    A. N. Angelopoulos, J. C. Duchi, T. Zrnic (2023), "PPI++: efficient prediction-powered inference",
    arXiv 2311.01453 (the tuned power).
    """
    values, own, everywhere = (np.asarray(a, dtype=float) for a in (y, guess, guess_collection))
    if values.shape != own.shape:
        raise InputError(f"There are {len(values):,} labels and {len(own):,} guesses for them; each needs one.")
    weight = np.ones(len(values)) if weights is None else np.asarray(weights, dtype=float)
    method = "prediction-powered"
    if len(values) < 2 or not weight.sum() > 0 or not len(everywhere):
        return PredictionPowered(Estimate.undefined("too few labelled records", len(values), method), math.nan)
    weight = weight / weight.sum()
    scale = _tuned_power(values, own, everywhere, weight) if power is None else power
    rectified = values - scale * own
    value = scale * float(everywhere.mean()) + float((weight * rectified).sum())
    unseen = np.clip(
        1 - np.broadcast_to(np.asarray(0.0 if sampled is None else sampled, dtype=float), values.shape), 0, 1
    )
    variance = grouped_variance(weight * cell_residuals(rectified, weight, cell) * np.sqrt(unseen), groups)
    if cell is not None:
        variance += _hidden_variance(values, weight, groups, cell, unseen)
    if sampled is None:
        variance += scale**2 * float(everywhere.var()) / len(everywhere)
    if math.isnan(variance):
        reason = "all labelled records belong to one group"
        return PredictionPowered(Estimate.undefined(reason, len(values), method), scale)
    least = _least_n(weight, groups, unseen)
    value = min(max(value, 0.0), 1.0)
    return PredictionPowered(
        share_estimate(value, variance, n=len(values), least_n=least, method=method, confidence=confidence), scale
    )


def _tuned_power(
    y: NDArray[np.float64], guess: NDArray[np.float64], everywhere: NDArray[np.float64], weight: NDArray[np.float64]
) -> float:
    centred = guess - (weight * guess).sum()
    together = float((weight * centred * (y - (weight * y).sum())).sum())
    spread = float(everywhere.var())
    if spread <= 0:
        return 0.0
    return min(max(together / ((1 + len(y) / len(everywhere)) * spread), 0.0), 1.0)
