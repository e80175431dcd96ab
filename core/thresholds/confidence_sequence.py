"""Exact bounds that hold after each label that comes in, of books drawn alike or each with a known chance."""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import special

__all__ = ["WeightedBet", "allowed_at_any_time", "labels_by_errors", "passing_probability"]


# --- Exact bounds where each book was drawn with a chance of its own that is known ------------------------------------
#
# Exact bounds where each book was drawn with a chance of its own that is known: bets weighted by that chance.


@dataclass(frozen=True, kw_only=True)
class WeightedBet:
    """A bet against a collection that holds too many wrong records, for a sample drawn with known, unequal chances.

    Attributes
    ----------
    stake : float
        Above 0, at most the lowest chance: what is lost on a wrong record that was drawn with the chance p is
        ``stake / p`` of the stake money; what is won on each wrong record that is claimed is ``1 / (1 - stake)``.
    alpha : float
        Probability with which the limit may be too low.

    Notes
    -----
    Let K records be wrong, the i-th drawn with the chance p_i. ``1 - stake / p_i`` if it is drawn and 1 if not has the
    mean ``1 - stake``, whatever p_i is. If records are drawn independently, the product over the wrong ones divided by
    ``(1 - stake) ** K`` is a nonnegative variable of mean 1, which passes ``1 / alpha`` with a probability of at most
    alpha (Ville, Markov). Only the wrong ones among the drawn have to be known to compute it, and it rises with K: the
    smallest K at which it passes ``1 / alpha`` is too many. In a sample of fixed size from each stratum the draws are
    negatively associated, and each factor falls when its record is drawn: the mean is then 1 at most.

    Independent draws give more. Taken in the order of the confidences the product is a martingale, so that the limit
    holds at all cuts at once.

    References
    ----------
    I. Waudby-Smith, A. Ramdas (2024), "Estimating means of bounded random variables by betting", JRSS B 86.
    K. Joag-Dev, F. Proschan (1983), "Negative association of random variables", Annals of Statistics 11.
    """

    stake: float
    alpha: float

    @classmethod
    def against(cls, left: int, least_chance: float, alpha: float) -> "WeightedBet":
        """Choose the stake that forgives most wrong ones among the checked where `left` may remain.

        Parameters
        ----------
        left : int
            0 or more.
        least_chance : float
            The lowest chance with which any record could be drawn, above 0 and at most 1.
        alpha : float

        Notes
        -----
        Nothing here depends on a label, so the bet is settled before any is looked at.
        """
        from scipy import optimize  # half a second at the start of each command, of which few come here

        most = min(least_chance, 1 - 1e-9)
        wanted = math.log(1 / alpha)

        def forgiven(part: float) -> float:
            """Return how many errors of the rarest kind are forgiven, less than none if nothing can be proved."""
            claimed = -(left + 1) * math.log1p(-part * most) - wanted
            return claimed / (-math.log1p(-part) + math.log1p(-part * most))

        best = optimize.minimize_scalar(lambda part: -forgiven(part), bounds=(0.01, 0.999), method="bounded").x
        # Without a single error all is staked: it is the exact bound for a sample that is right throughout.
        part = float(best) if forgiven(float(best)) >= 1 else 1.0
        return cls(stake=part * most, alpha=alpha)

    @property
    def base(self) -> float:
        """Wrong records that can be claimed too many when none of the checked is wrong; not rounded."""
        return math.log(self.alpha) / math.log1p(-self.stake)

    def costs(self, chances: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return by how many unchecked records the limit rises for each wrong one that was drawn with these chances.

        Infinite where the stake is the chance.
        """
        part = np.minimum(self.stake / chances, 1.0)
        with np.errstate(divide="ignore"):
            costs: NDArray[np.float64] = np.log1p(-part) / math.log1p(-self.stake) - 1
        return np.maximum(costs, 0.0)

    def most_left(self, cost: float) -> float:
        """Return the upper limit of the wrong records that nobody checked, infinite where nothing can be said.

        Parameters
        ----------
        cost : float
            Sum of the costs of the wrong ones among the checked.

        Examples
        --------
        A tenth was drawn without an error; one that misses 29 wrong ones has a probability of .9 ** 29 = .047:

        >>> WeightedBet(stake=0.1, alpha=0.05).most_left(0.0)
        28.0
        """
        # 1e-9: a limit such as 28 is not lost to rounding.
        return math.ceil(self.base + cost - 1e-9) - 1.0 if math.isfinite(cost) else math.inf

    def allowed_cost(self, left: int) -> float:
        """Return the costs that still prove that at most `left` wrong records remain; below 0 if none do."""
        return left + 1 - self.base + 1e-9 if left >= 0 else -1.0


# --- Exact bounds that hold at every time: labels come in one by one, and people may ask after each of them -----------
#
# A bound for a sample of a size fixed beforehand is false far more often than stated when it is looked at again and
# again until it is convenient. Here all looks together are false with the probability that is stated.

# With more wrong ones among the checked than this nothing more is forgiven, however many are checked.
MOST_ERRORS = 100
# How alpha is shared out over the numbers of errors. See the Notes of `labels_by_errors`.
_SLOW_START, _TURN = 4.0, 15.0
# Where the run of checked records at the end of a window is cut off; a shorter run is the careful side.
_LONGEST_RUN = 25


@lru_cache(maxsize=16_384)
def allowed_at_any_time(left: int, sample: int, population: int, alpha: float) -> int:
    """Return how many wrong ones among the checked still prove that at most `left` unchecked ones are wrong.

    The counterpart of :func:`core.thresholds.finite_population.allowed_in_sample` for people who ask again after every
    label: it may be read at every size of the sample, and all of it is false with a probability of at most `alpha`.

    Parameters
    ----------
    left : int
        Wrong records that may remain once those among the checked are put right.
    sample, population : int
        Records checked so far, in random order, and records in all; ``sample <= population``.
    alpha : float
        Probability with which this is false at any size of the sample, between 0 and 1.

    Returns
    -------
    int
        The largest number of errors that proves it; −1 where not even 0 would do. Never falls as the sample grows.
    """
    if left < 0:
        return -1
    if population - sample <= left:
        return sample
    # Without an error it takes more labels than a single look at all of alpha would; this spares most small groups.
    if sample < _labels_needed(np.zeros(1), left, population, np.full(1, alpha))[0]:
        return -1
    return int(np.searchsorted(labels_by_errors(left, population, alpha), sample, side="right")) - 1


@lru_cache(maxsize=256)
def labels_by_errors(left: int, population: int, alpha: float) -> NDArray[np.int64]:
    """Return how many labels it takes, by the number of wrong ones among them.

    Returns
    -------
    int array, shape (n_errors,)
        With at most e wrong ones among ``labels[e]`` checked records or more, at most `left` of the unchecked are
        wrong. Rising, up to half of the population and :data:`MOST_ERRORS`; may be empty. Read-only.

    Notes
    -----
    Put the wrong records of the collection in the order of falling confidence. A statement is false at some time if
    more than `left` unchecked ones are accepted then; those before the (left + 1)th unchecked one are all checked or
    among the `left`. Let X be how many checked ones stand before it. X only grows with the sample, its law depends on
    no label and no model, and a statement is false at some time if and only if X has not passed e when ``labels[e]``
    are checked, for some e: whatever cut was chosen, by whatever rule, and whenever people stop. That is why nothing
    has to be paid for trying cuts, as with PAC labels (Candès, Ilyas and Zrnic 2025), and why looking between those
    times costs nothing. The probability of it is computed by one convolution for each e (:func:`passing_probability`).
    It needs records that come in random order; when to stop may depend on all that was seen.

    How alpha is shared out was chosen by simulation on invented worlds (6,000 and 50,000 records, 2 and 5 per cent
    allowed, wrong ones at the useful cut .05 to .6 of what is allowed): the level of e is in proportion to
    (e + 1)/(e + 4)/(1 + (e/15)²). Of 6,000 records with 120 allowed it takes as many labels as the closed form of the
    prior-posterior-ratio martingale (Waudby-Smith and Ramdas 2020) with the best of four priors where 36 are wrong at
    the useful cut, 13, 27 and 38 per cent fewer with 48, 60 and 72, and 13 per cent more with 24. That one is valid
    too, but bounds *all* wrong ones above a cut, also those that people have put right by checking.

    References
    ----------
    I. Waudby-Smith, A. Ramdas (2020), "Confidence sequences for sampling without replacement", NeurIPS 33.
    A. Moscovich, B. Nadler (2017), "Fast calculation of boundary crossing probabilities for Poisson processes",
    Statistics & Probability Letters 123 (the convolutions).
    E. J. Candès, A. Ilyas, T. Zrnic (2025), "Probably approximately correct labels", arXiv 2506.10908.
    """
    errors = np.arange(MOST_ERRORS, dtype=float)
    weights = (errors + 1) / (errors + _SLOW_START) / (1 + (errors / _TURN) ** 2)
    largest = (population - left - 1) // 2

    def labels_at(level: float) -> NDArray[np.int64]:
        labels = _labels_needed(errors, left, population, np.minimum(weights / weights.max() * level, 0.5))
        return labels[labels <= largest]

    low, high = math.log(alpha / MOST_ERRORS / 3), math.log(alpha)
    chosen = np.zeros(0, dtype=np.int64)
    # Each step halves what is not known of the level; nine leave it known to a hundredth part.
    for _ in range(9):
        middle = (low + high) / 2
        tried = labels_at(math.exp(middle))
        if passing_probability(tried, left, population) <= alpha:
            low, chosen = middle, tried
        else:
            high = middle
    chosen.flags.writeable = False
    return chosen


def _labels_needed(
    errors: NDArray[np.float64], left: int, population: int, level: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Return labels with which X is at most `errors` with the probability `level`, as if drawn with replacement.

    Their shape need not be exact: whether they hold together is computed for what they are.
    """
    needed = np.ceil(population * (1 - special.betaincinv(left + 1.0, errors + 1.0, level)))
    return np.maximum.accumulate(np.maximum(needed, 1).astype(np.int64))


def passing_probability(labels: NDArray[np.int64], left: int, population: int) -> float:
    """Return the probability that X is at most e when ``labels[e]`` are checked, for any e.

    Parameters
    ----------
    labels : int array
        Not falling, at most half of what is left of the population without `left` and one more.

    Returns
    -------
    float
        An upper bound, exact but for terms of second order in the share of the population that is checked, if every
        record of the population were wrong; no collection has a larger one.
    """
    state, first, at, passed, top = np.ones(1), 0, 0, 0.0, len(labels)
    for e, checked in enumerate(labels.tolist()):
        if checked > at:
            state = np.convolve(state, _growth(left, population, at, checked, top))
            at = checked
        drop = max(e + 1 - first, 0)
        passed += float(state[:drop].sum())
        # Beyond the last limit nothing is false any more.
        state, first = state[drop : drop + top - e], max(first, e + 1)
    return passed


def _growth(left: int, population: int, at: int, checked: int, top: int) -> NDArray[np.float64]:
    """Return a law of the growth of X between two sizes of the sample, independent of X; the true one is no smaller.

    Of the ``left + 1`` unchecked records of the window h are checked, a hypergeometric number. As many unchecked ones
    are added to its end, and with each of them the run of checked ones before it. Of those there are fewer the larger X
    is, so that a law for the largest X that matters, `top`, bounds them from below.
    """
    window, rest, drawn = left + 1, population - at, checked - at
    mean = drawn * window / rest
    most = min(window, drawn, int(mean + 8 * math.sqrt(mean + 1) + 12))
    least = max(0, drawn + window - rest)
    h = np.arange(least, max(most, least) + 1, dtype=float)
    hits = np.exp(_log_choose(window, h) + _log_choose(rest - window, drawn - h) - _log_choose(rest, drawn))
    beyond, checked_beyond = population - window - top, checked - top - int(h[-1])
    if checked_beyond <= _LONGEST_RUN:
        return np.concatenate([np.zeros(least), hits])
    run = np.arange(_LONGEST_RUN, dtype=float)[None, :]
    added = np.maximum(h, 1)[:, None]
    runs = np.exp(
        _log_choose(run + added - 1, run)
        + _log_choose(beyond - added - run, checked_beyond - run)
        - _log_choose(beyond, checked_beyond)
    )
    runs[h == 0] = np.eye(1, _LONGEST_RUN)
    # What is cut off counts as the longest run that is counted.
    runs = np.column_stack([runs, np.maximum(1 - runs.sum(axis=1), 0)])
    law = np.zeros(int(h[-1]) + _LONGEST_RUN + 1)
    for hit, share, row in zip(h.astype(int).tolist(), hits.tolist(), runs, strict=True):
        law[hit : hit + _LONGEST_RUN + 1] += share * row
    return law


def _log_choose(n: float | NDArray[np.float64], k: float | NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(special.gammaln(n + 1.0) - special.gammaln(k + 1.0) - special.gammaln(n - k + 1.0))
