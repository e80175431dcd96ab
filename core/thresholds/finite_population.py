"""Exact bounds for a finite collection: how many wrong predictions it can hold, at one cut or at every cut at once."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from core.schema import CONFIDENCE, PREDICTED
from core.thresholds.confidence_sequence import WeightedBet
from core.thresholds.policy import ALL_CLASSES, Policy
from core.thresholds.sample import CheckedSample

__all__ = [
    "ErrorBand",
    "ErrorBound",
    "ErrorLimits",
    "allowed_in_sample",
    "band_limits",
    "band_share",
    "crossing_probability",
    "has_band",
    "most_wrong",
    "probability_of_so_few",
]


# --- Exact bounds for a finite collection -----------------------------------------------------------------------------
#
# Exact bounds for a finite collection: how many wrong predictions it can hold, given those among the checked.

# The band is exact up to this share of the sample being wrong; above it only the trivial bound is given.
BAND_SHARE = 0.25
# Probability that is cut off at the end of a kernel of the band; what is cut off counts as a crossing.
_TAIL = 1e-15


def probability_of_so_few(errors: int, sample: int, population: int, wrong: int) -> float:
    """Return the probability that a random sample holds `errors` wrong records or fewer.

    Parameters
    ----------
    errors : int
        0 or more.
    sample, population : int
        Records drawn without replacement, and records in all; ``sample <= population``.
    wrong : int
        Wrong records in the population, 0 to `population`.

    Returns
    -------
    float
        The hypergeometric distribution function, 0 to 1; 1 where `errors` cannot be passed.

    Examples
    --------
    >>> round(probability_of_so_few(0, 149, 10**7, 200_000), 4)
    0.0493
    """
    most = min(wrong, sample)
    if errors >= most:
        return 1.0
    least = max(0, sample + wrong - population)
    if errors < least:
        return 0.0
    k = np.arange(least, errors + 1, dtype=float)
    log = (
        _log_choose(wrong, k)
        + _log_choose(population - wrong, sample - k)
        - _log_choose(population, np.asarray(float(sample)))
    )
    return float(min(np.exp(log).sum(), 1.0))


def most_wrong(errors: int, sample: int, population: int, alpha: float) -> int:
    """Return the exact upper limit of the wrong records in a population.

    Parameters
    ----------
    errors, sample, population : int
        As in :func:`probability_of_so_few`.
    alpha : float
        Probability with which the limit may be too low, between 0 and 1.

    Returns
    -------
    int
        The largest number of wrong records with which a sample shows `errors` or fewer with a probability above
        `alpha`; at least `errors`, at most all records but the right ones among the sample.

    References
    ----------
    T. Wright (1991), "Exact Confidence Bounds when Sampling from Small Finite Universes", Springer.

    Examples
    --------
    >>> most_wrong(0, 149, 10**7, 0.05) / 10**7 < 0.02 < most_wrong(0, 148, 10**7, 0.05) / 10**7
    True
    """
    low, high = errors, population - (sample - errors)
    while low < high:
        middle = (low + high + 1) // 2
        if probability_of_so_few(errors, sample, population, middle) > alpha:
            low = middle
        else:
            high = middle - 1
    return low


@lru_cache(maxsize=4096)
def allowed_in_sample(left: int, sample: int, population: int, alpha: float) -> int:
    """Return how many wrong ones among the checked still prove that at most `left` unchecked ones are wrong.

    Parameters
    ----------
    left : int
        Wrong records that may remain once those among the checked are put right.

    Returns
    -------
    int
        The largest e with ``most_wrong(e, …) - e <= left``; −1 where not even 0 would do.

    Notes
    -----
    With one more error the limit rises by one at least, so ``most_wrong(e) - e`` never falls and bisection finds the
    last e.
    """
    if left < 0:
        return -1

    def proves(errors: int) -> bool:
        wrong = left + errors + 1
        return wrong > population - (sample - errors) or (
            probability_of_so_few(errors, sample, population, wrong) <= alpha
        )

    if not proves(0):
        return -1
    low, high = 0, sample
    while low < high:
        middle = (low + high + 1) // 2
        if proves(middle):
            low = middle
        else:
            high = middle - 1
    return low


# --- A band that holds at every cut at once ---------------------------------------------------------------------------


@lru_cache(maxsize=1024)
def band_limits(sample: int, population: int, alpha: float) -> NDArray[np.int64]:
    """Return limits of the wrong records above a cut that hold for all cuts together, by errors above the cut.

    Parameters
    ----------
    sample, population : int
        Checked records, drawn at random without replacement, and all records.
    alpha : float
        Probability with which any of the limits, at any cut, may be too low.

    Returns
    -------
    int array, shape (n_limits,)
        With e wrong checked records above a cut, at most ``limits[e]`` records above it are wrong, checked or not. For
        larger e nothing is said. Read-only.

    Notes
    -----
    Put the wrong records of the collection in the order of falling confidence. Which of them were checked is a random
    sequence that does not depend on the model or on the labels: ``sample`` ones among ``population`` places in random
    order (places after the last wrong record are never looked at). The limits are broken where more than ``limits[e]``
    wrong records are passed before the (e + 1)th checked one. That probability is computed exactly: the number of ones
    among the first b places is a sum of Bernoulli variables conditioned on their total, so that one convolution a step
    carries its distribution on. All limits belong to one common level, the largest at which they hold together ("equal
    local levels").

    References
    ----------
    R. H. Berk, D. H. Jones (1979), "Goodness-of-fit test statistics that dominate the Kolmogorov statistics",
    Zeitschrift für Wahrscheinlichkeitstheorie 47.
    A. Moscovich, B. Nadler (2017), "Fast calculation of boundary crossing probabilities for Poisson processes",
    Statistics & Probability Letters 123 (the convolutions).
    """
    if sample >= population:
        exact = np.arange(population + 1, dtype=np.int64)
        exact.flags.writeable = False
        return exact
    count = max(int(BAND_SHARE * sample), 1)
    low, high = math.log(alpha / count), math.log(alpha)
    limits = _limits(count, sample, population, math.exp(low))
    # Each step halves what is not known of the common level; 14 leave it known to a thousandth part.
    for _ in range(14):
        middle = (low + high) / 2
        tried = _limits(count, sample, population, math.exp(middle))
        if crossing_probability(tried, sample, population) <= alpha:
            low, limits = middle, tried
        else:
            high = middle
    limits.flags.writeable = False
    return limits


def _limits(count: int, sample: int, population: int, level: float) -> NDArray[np.int64]:
    """Return limits for 0, 1, … errors that rise with `level` falling, near :func:`most_wrong` at that level.

    Their shape need not be exact: whether they hold together is computed for what they are.
    """
    errors = np.arange(count)
    seen = errors / sample
    upper = special.betaincinv(errors + 1.0, sample - errors, 1 - level)
    # A sample without replacement says more than its size, the more the larger a part of the collection it is.
    shares = seen + (upper - seen) * math.sqrt(1 - sample / population)
    limits: NDArray[np.int64] = np.ceil(shares * population).astype(np.int64)
    return np.minimum(np.maximum.accumulate(np.maximum(limits, errors)), population - sample + errors)


def crossing_probability(limits: NDArray[np.int64], sample: int, population: int) -> float:
    """Return the probability that more than ``limits[e]`` wrong records hold only e checked ones, for any e.

    Parameters
    ----------
    limits : int array
        Not falling.

    Returns
    -------
    float
        Exact but for rounding, if every record of the population were wrong; no collection has a larger one.
    """
    share = sample / population
    kernels: dict[int, NDArray[np.float64]] = {}
    state = np.ones(1)  # of having 0 checked ones among the first 0
    at, first = 0, 0
    for e, limit in enumerate(limits.tolist()):
        step = limit + 1 - at
        if limit + 1 > population:
            break
        if step > 0:
            if step not in kernels:
                mean = step * share
                longest = min(step, int(mean + 12 * math.sqrt(mean + 1) + 40))
                kernels[step] = _binomial(np.arange(longest + 1), step, share)
            state = np.convolve(state, kernels[step])
            at = limit + 1
        # With e or fewer checked ones among the first `at` the limit is broken: only the others go on.
        drop = max(e + 1 - first, 0)
        state, first = state[drop:], max(first, e + 1)
        keep = np.flatnonzero(state > _TAIL)
        if not len(keep):
            return 1.0
        state = state[: keep[-1] + 1]
    ones = first + np.arange(len(state))
    fits = ones <= sample
    rest = _binomial(sample - ones[fits], population - at, share)
    return 1 - float((state[fits] * rest).sum() / _binomial(sample, population, share))


def _binomial(successes: NDArray[np.int64] | int, trials: int, share: float) -> NDArray[np.float64]:
    """Return binomial probabilities; a third of the time of scipy.stats, which checks its arguments anew each time."""
    k = np.asarray(successes, dtype=float)
    log = _log_choose(trials, k) + special.xlogy(k, share) + special.xlog1py(trials - k, -share)
    probability: NDArray[np.float64] = np.exp(log)
    return probability


def _log_choose(n: float, k: NDArray[np.float64]) -> NDArray[np.float64]:
    chosen: NDArray[np.float64] = special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)
    return chosen


# --- A bound on the records that are wrong and accepted, true at every cut at once ------------------------------------

# One band is for all records whatever their class, and up to so many classes each has one of its own. The first serves
# cuts that are alike: it needs no sum of worst cases, so it has the larger part of alpha.
MOST_BANDS: Final = 4
SHARE_OF_ALL: Final = 0.7
# What a single cut has of the alpha of all cuts, roughly: good enough to forecast what further labels would do.
SHARE_OF_ONE_CUT: Final = 0.05
# Of all records: where chances differ the one bet that serves every cut is placed against so many wrong ones.
BET_AGAINST: Final = 0.02


def has_band(per: str, n_classes: int) -> bool:
    """Say whether a band has limits for what is asked: of all classes together, or of each of so many."""
    return per == "together" or 1 < n_classes <= MOST_BANDS


def band_share(name: str, n_classes: int) -> float:
    """Return which part of a band's alpha the limits of a class have, or those of :data:`ALL_CLASSES`."""
    if not has_band("class", n_classes):
        return 1.0
    return SHARE_OF_ALL if name == ALL_CLASSES else (1 - SHARE_OF_ALL) / n_classes


@dataclass(frozen=True, kw_only=True)
class ErrorBound:
    """How many records are wrong, accepted and unchecked under a policy, at most.

    Attributes
    ----------
    most_wrong : int
    records : int
        Of the collection.
    confidence : float
        That it holds at this and every other cut.
    """

    most_wrong: int
    records: int
    confidence: float

    @property
    def share(self) -> float:
        """Of all records; NaN without records."""
        return self.most_wrong / self.records if self.records else math.nan


@dataclass(frozen=True, kw_only=True, eq=False)
class ErrorLimits:
    """How many records above a cut are wrong though nobody checked them, at most: at all cuts together.

    Attributes
    ----------
    unchecked : float array, shape (n_limits,)
        With e wrong ones among the checked above a cut at most ``unchecked[e]``; nothing is said for larger e.
    alpha : float
        Probability with which any of them is too low.
    """

    unchecked: NDArray[np.float64]
    alpha: float

    def allowed(self, left: int) -> int:
        """Return how many wrong ones among the checked still prove that at most `left` unchecked ones are wrong.

        −1 where not even 0 would do.
        """
        beyond = np.flatnonzero(self.unchecked > left)
        return int(beyond[0]) - 1 if len(beyond) else len(self.unchecked) - 1

    def most_left(self, errors: int) -> float:
        """Return the limit of the unchecked with so many errors; infinity where nothing is said."""
        return float(self.unchecked[errors]) if errors < len(self.unchecked) else math.inf


class ErrorBand:
    """A bound on the records that are wrong and accepted, at every cut at once.

    Whoever moves a cut, reads the bound, moves it again and stops where it pleases has a true bound all the same. Build
    it once for predictions and labels; a look-up is two binary searches a class.

    Parameters
    ----------
    table : DataFrame
        As for :func:`find_whole_guarantee`.
    classes : sequence of str
    confidence : float
        With which the bound is true at all cuts of all classes together.
    alpha : float, optional
        What may be spent on it; ``1 - confidence`` by default.

    See Also
    --------
    core.thresholds.finite_population.band_limits : why it holds.
    core.thresholds.confidence_sequence.WeightedBet : why it holds where records were drawn independently, with known
        chances that differ.
    """

    def __init__(
        self, table: pd.DataFrame, classes: Sequence[str], confidence: float = 0.95, alpha: float | None = None
    ) -> None:
        sample = CheckedSample.from_table(table)
        stated = np.nan_to_num(table[CONFIDENCE].to_numpy(dtype=float, na_value=np.nan), nan=0.0)
        codes = pd.Index(list(classes)).get_indexer(pd.Index(table[PREDICTED]))
        self.records, self.confidence, self.labelled = len(table), confidence, int(sample.drawn.sum())
        spent = round(1 - confidence, 12) if alpha is None else alpha
        own = tuple(classes) if has_band("class", len(classes)) else ()
        every = np.flatnonzero(codes >= 0)
        self._all = _ClassBand.from_rows(every, stated, sample, spent * band_share(ALL_CLASSES, len(classes)))
        self._by_class = {
            name: _ClassBand.from_rows(
                np.flatnonzero(codes == i), stated, sample, spent * band_share(name, len(classes))
            )
            for i, name in enumerate(own)
        }

    def limits(self, name: str = ALL_CLASSES) -> ErrorLimits | None:
        """Return the limits of one class, or of all together; None where there is no band of its own."""
        band = self._all if name == ALL_CLASSES else self._by_class.get(name)
        if band is None:
            return None
        unchecked = band.limits - np.arange(len(band.limits), dtype=float) if band.left is None else band.left
        return ErrorLimits(unchecked=unchecked, alpha=band.alpha)

    def bound(self, policy: Policy) -> ErrorBound:
        """Return the bound for what a policy accepts.

        Of cuts that differ by stratum the lowest of a class counts, and a slice is bounded by the whole: the policy
        accepts no more than that.
        """
        lowest: dict[str, float] = {}
        for cuts in (policy.cuts, *policy.by_stratum.values()):
            for name, cut in cuts.items():
                lowest[name] = min(cut, lowest.get(name, 1.0))
        most = self._all.most_wrong(min(lowest.values(), default=1.0))
        if self._by_class:
            apart = sum(band.most_wrong(lowest[name]) for name, band in self._by_class.items() if name in lowest)
            most = min(most, apart)
        return ErrorBound(most_wrong=most, records=self.records, confidence=self.confidence)

    def table(self) -> pd.DataFrame:
        """Return the bound over all cuts.

        Returns
        -------
        DataFrame
            One row a class, up to :data:`MOST_BANDS` classes, and of :data:`ALL_CLASSES`, and step of its bound, the
            highest cut first: ``class``, ``cut``, ``accepted`` (of all records with this prediction), ``labelled`` and
            ``errors`` (among the accepted of the sample), ``most_wrong`` and ``error_high`` (as a share of all).
        """
        bands = {**self._by_class, ALL_CLASSES: self._all}
        tables = [band.table().assign(**{"class": name}) for name, band in bands.items()]
        table = pd.concat(tables, ignore_index=True)
        return table.assign(error_high=table["most_wrong"] / max(self.records, 1))


@dataclass(frozen=True, kw_only=True, eq=False)
class _ClassBand:
    """One band: confidences rising, of all records, of the sample and of its wrong ones, and limits by errors.

    ``checked`` are those that the sample's records state, ``counted`` and ``wrong`` those that they are counted at.

    ``left`` is None, or where chances differ the limit of the unchecked wrong ones for 0, 1, … of the surest errors.
    """

    confidence: NDArray[np.float64]
    checked: NDArray[np.float64]
    counted: NDArray[np.float64]
    wrong: NDArray[np.float64]
    limits: NDArray[np.int64]
    alpha: float
    left: NDArray[np.float64] | None = None

    @classmethod
    def from_rows(
        cls, rows: NDArray[np.intp], stated: NDArray[np.float64], sample: CheckedSample, alpha: float
    ) -> "_ClassBand":
        n, frame = int(sample.drawn[rows].sum()), int(sample.frame[rows].sum())
        drawn, errors, counted = rows[sample.drawn[rows]], rows[sample.wrong[rows]], sample.confidence
        left = None
        if sample.is_weighted:
            least = float(sample.chance[sample.drawn].min())
            bet = WeightedBet.against(int(BET_AGAINST * len(rows)), least, alpha)
            surest = errors[np.argsort(-counted[errors], kind="stable")]
            costs = np.concatenate([[0.0], np.cumsum(bet.costs(sample.chance[surest]))])
            left = np.array([bet.most_left(cost) for cost in costs.tolist()])
        return cls(
            confidence=np.sort(stated[rows]),
            checked=np.sort(stated[drawn]),
            counted=np.sort(counted[drawn]),
            wrong=np.sort(counted[errors]),
            limits=band_limits(n, frame, alpha) if n and left is None else np.zeros(0, dtype=np.int64),
            left=left,
            alpha=alpha,
        )

    def most_wrong(self, cut: float) -> int:
        return int(self._most_wrong(np.asarray([cut]))[0])

    def table(self) -> pd.DataFrame:
        # Between two wrong ones of the sample the bound stays the same; just above one is where most is accepted.
        cuts = np.unique(np.append(self.wrong[self.wrong > 0], 0.0))[::-1]
        return pd.DataFrame(
            {
                "cut": cuts,
                "accepted": _above(self.confidence, cuts),
                "labelled": _above(self.counted, cuts),
                "errors": _above(self.wrong, cuts),
                "most_wrong": self._most_wrong(cuts),
            }
        )

    def _most_wrong(self, cuts: NDArray[np.float64]) -> NDArray[np.int64]:
        errors = _above(self.wrong, cuts)
        unchecked = _above(self.confidence, cuts) - _above(self.checked, cuts)
        if self.left is not None:
            return np.asarray(np.minimum(self.left[errors], unchecked), dtype=np.int64)
        beyond = np.append(self.limits, len(self.confidence) + len(self.wrong))
        most: NDArray[np.int64] = np.minimum(beyond[np.minimum(errors, len(self.limits))] - errors, unchecked)
        return most


def _above(rising: NDArray[np.float64], cuts: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.asarray(len(rising) - np.searchsorted(rising, cuts, side="right"), dtype=np.int64)
