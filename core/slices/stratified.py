"""Is a slice worse than the rest within strata? The books it may use, an exact test, and the ratio to the rest."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.schema import CORRECT, PREDICTED, TITLE_KEY, TRUTH

__all__ = [
    "Excess",
    "LabelledTitles",
    "Mask",
    "Rows",
    "class_codes",
    "exact_p",
    "excess",
    "halves",
    "min_ratio",
    "min_score",
    "one_per_title",
    "p_of_small_effect",
    "worst_p",
]

# --- The books a search may use ---------------------------------------------------------------------------------------
# Each title once, with its true class and whether it is wrong, in two halves.


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


# --- Is a slice worse than the rest within strata? An exact test ------------------------------------------------------
# Is a slice worse than the rest within strata? An exact test, its normal score, and the ratio to the rest.


# How far from its mean a stratum's count is followed, in standard deviations: what lies beyond has a probability
# below the smallest number that can be written down.
_REACH = 38.0


def exact_p(n: npt.ArrayLike, errors: npt.ArrayLike, all_n: npt.ArrayLike, all_errors: npt.ArrayLike) -> float:
    """Return the one-sided exact p value that a slice is worse than the rest within every stratum.

    Given the margins of each stratum, the slice's errors follow a hypergeometric distribution when errors fall on
    records without regard to the slice; their sum over strata is the convolution. It is the exact form of the
    Cochran–Mantel–Haenszel test.

    Parameters
    ----------
    n, errors : array of int, shape (strata,)
        Records of the slice and errors among them.
    all_n, all_errors : array of int, shape (strata,)
        The same for the slice and the rest together.

    Returns
    -------
    float
        P(sum of errors ≥ observed), 0 to 1. Strata in which nothing can vary add nothing; without any other the
        value is 1. It is conservative: at most the stated level under the null hypothesis.

    References
    ----------
    Birch, M. W. (1964). The detection of partial association, I: the 2 × 2 case. JRSS B 26.

    Examples
    --------
    One stratum of ten records with four errors; a slice of four holds three of them (Fisher's exact test):

    >>> round(exact_p([4], [3], [10], [4]), 6)
    0.119048
    """
    observed, total = _sum_of_errors(_whole(n, errors, all_n, all_errors))
    if observed <= 0:
        return 1.0
    return float(min(1.0, total[observed:].sum())) if observed < len(total) else 0.0


def p_of_small_effect(
    n: npt.ArrayLike, errors: npt.ArrayLike, all_n: npt.ArrayLike, all_errors: npt.ArrayLike, odds_ratio: float
) -> float:
    """Return the exact p value that a slice is less than so much worse than the rest within strata.

    Parameters
    ----------
    n, errors, all_n, all_errors : array of int, shape (strata,)
        As in :func:`exact_p`.
    odds_ratio : float
        Right to wrong in the rest, divided by right to wrong in the slice: what the effect must be shown to stay below,
        above 0.

    Returns
    -------
    float
        P(sum of errors ≤ observed) where the odds of an error are so many times those of the rest in each stratum, 0
        to 1; 1 where nothing can vary. At most .05: the upper limit of the effect, with 95 % confidence, is below.

    References
    ----------
    Gart, J. J. (1970). Point and interval estimation of the common odds ratio in the combination of 2 × 2 tables with
    fixed marginals. Biometrika 57.
    Schuirmann, D. J. (1987). A comparison of the two one-sided tests procedure. J. Pharmacokinetics and Biopharm. 15.

    Examples
    --------
    One error among two of a slice, one among two of the rest; with odds three times as high 0, 1 and 2 have weights
    1, 4 · 3 and 9:

    >>> round(p_of_small_effect([2], [1], [4], [2], 3), 6) == round(13 / 22, 6)
    True
    """
    observed, total = _sum_of_errors(_whole(n, errors, all_n, all_errors), odds_ratio)
    return float(min(1.0, total[: max(observed, 0) + 1].sum())) if len(total) > 1 else 1.0


def _sum_of_errors(counts: tuple[Counts, ...], odds_ratio: float = 1.0) -> tuple[int, npt.NDArray[np.float64]]:
    """Return the slice's errors, as a place among those that can be, and how probable each sum is."""
    observed, total = 0, np.ones(1)
    for part, wrong, whole, whole_wrong in zip(*counts, strict=True):
        low, high = max(0, part + whole_wrong - whole), min(part, whole_wrong)
        if low == high:
            continue
        start, weights = _hypergeometric(int(part), int(whole), int(whole_wrong), int(low), int(high), odds_ratio)
        observed += int(wrong) - start
        total = np.convolve(total, weights)
    return observed, total


def _hypergeometric(
    part: int, whole: int, wrong: int, low: int, high: int, odds_ratio: float
) -> tuple[int, npt.NDArray[np.float64]]:
    """Return the first count that is followed and the probabilities of it and its successors."""
    mean = part * wrong / whole
    spread = np.sqrt(mean * (1 - wrong / whole) * (whole - part) / max(whole - 1, 1))
    reach = int(_REACH * spread) + 64
    if odds_ratio == 1:
        low, high = max(low, int(mean) - reach), min(high, int(mean) + reach)
    k = np.arange(low, high, dtype=float)
    # Each probability is a simple multiple of the one before, so no factorial is needed.
    steps = np.log(odds_ratio * (wrong - k) * (part - k)) - np.log((k + 1) * (whole - wrong - part + k + 1))
    logs = np.concatenate([[0.0], np.cumsum(steps)])
    weights = np.exp(logs - logs.max())
    return low, weights / weights.sum()


def worst_p(n: Counts, errors: Counts, all_n: Counts, all_errors: Counts) -> float:
    """Return the exact p value that a slice is worse in every view: the largest of theirs.

    Parameters
    ----------
    n, errors, all_n, all_errors : array of int, shape (views, strata)
        As in :func:`exact_p`, once for each way of dividing records into strata.

    References
    ----------
    Berger, R. L. (1982). Multiparameter hypothesis testing and acceptance sampling. Technometrics 24
    (intersection–union tests).
    """
    return max(exact_p(*view) for view in zip(n, errors, all_n, all_errors, strict=True))


def min_score(n: Counts, errors: Counts, all_n: Counts, all_errors: Counts) -> npt.NDArray[np.float64]:
    """Return the Cochran–Mantel–Haenszel score of many slices at once, corrected for continuity, least of all views.

    Parameters
    ----------
    n, errors : array of int, shape (slices, views, strata)
    all_n, all_errors : array of int, shape (views, strata) or (slices, views, strata)

    Returns
    -------
    array of float, shape (slices,)
        Standard deviations above what the strata lead one to expect; −inf where nothing can vary. It ranks; for small
        expected counts it overstates, so whoever reports uses :func:`worst_p`.
    """
    whole = np.maximum(all_n, 1).astype(float)
    share = n / whole
    expected = share * all_errors
    variance = (expected * (all_n - n) * (all_n - all_errors) / (whole * np.maximum(all_n - 1, 1))).sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        score = (errors.sum(axis=-1) - expected.sum(axis=-1) - 0.5) / np.sqrt(variance)
    return np.asarray(np.where(variance > 0, score, -np.inf).min(axis=-1))


def min_ratio(n: Counts, errors: Counts, all_n: Counts, all_errors: Counts) -> npt.NDArray[np.float64]:
    """Return errors divided by those expected if each stratum failed as in the rest, least of all views.

    Parameters
    ----------
    n, errors, all_n, all_errors : array of int
        As in :func:`min_score`.

    Returns
    -------
    array of float, shape (slices,)
        Infinite where nothing is expected and something found; 0 where nothing is found. A stratum that occurs nowhere
        else is expected to fail as it does.
    """
    rest, rest_errors = all_n - n, all_errors - errors
    rate = np.where(rest > 0, rest_errors, all_errors) / np.maximum(np.where(rest > 0, rest, all_n), 1)
    expected = (n * rate).sum(axis=-1)
    observed = errors.sum(axis=-1).astype(float)
    with np.errstate(divide="ignore"):
        times = np.divide(observed, expected, out=np.zeros_like(observed), where=observed > 0)
    return np.asarray(times.min(axis=-1))


@dataclass(frozen=True)
class Excess:
    """How much worse a slice is than the rest at the slice's own class mix.

    Attributes
    ----------
    expected : float
        Errors it would have if each of its classes failed as often as in the rest; NaN where a class occurs nowhere
        else.
    ratio, low, high : float
        Errors divided by `expected`, with a 95 % interval (delta method on the logarithm); NaN where undefined.
    """

    expected: float
    ratio: float
    low: float
    high: float


def excess(
    n: Sequence[int] | Counts,
    errors: Sequence[int] | Counts,
    all_n: Sequence[int] | Counts,
    all_errors: Sequence[int] | Counts,
) -> Excess:
    """Compare a slice with the rest by indirect standardisation.

    Parameters
    ----------
    n, errors, all_n, all_errors : array of int, shape (classes,)
        As in :func:`exact_p`, by true class.

    References
    ----------
    Breslow, N. E., and Day, N. E. (1987). Statistical Methods in Cancer Research II, chapter 2 (standardised ratios).

    Examples
    --------
    Ten of twenty wrong where one in ten is wrong elsewhere:

    >>> excess([20], [10], [120], [20]).ratio
    5.0
    """
    part, wrong, whole, whole_wrong = _whole(n, errors, all_n, all_errors)
    rest, rest_wrong = whole - part, whole_wrong - wrong
    if np.any((part > 0) & (rest == 0)):
        return Excess(np.nan, np.nan, np.nan, np.nan)
    rate = rest_wrong / np.maximum(rest, 1)
    expected = float((part * rate).sum())
    observed = int(wrong.sum())
    if expected == 0 or observed == 0:
        return Excess(expected, 0.0 if expected else np.nan, np.nan, np.nan)
    own = wrong / np.maximum(part, 1)
    variance = (part * own * (1 - own)).sum() / observed**2
    variance += (part**2 * rate * (1 - rate) / np.maximum(rest, 1)).sum() / expected**2
    factor = float(np.exp(1.959963984540054 * np.sqrt(variance)))
    ratio = observed / expected
    return Excess(expected, ratio, ratio / factor, ratio * factor)


def _whole(*arrays: npt.ArrayLike) -> tuple[Counts, ...]:
    return tuple(np.asarray(array, dtype=np.int64) for array in arrays)
