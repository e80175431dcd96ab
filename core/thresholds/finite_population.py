"""Exact bounds for a finite collection: how many wrong predictions it can hold, given those among the checked."""

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import special

__all__ = ["allowed_in_sample", "band_limits", "crossing_probability", "most_wrong", "probability_of_so_few"]

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
