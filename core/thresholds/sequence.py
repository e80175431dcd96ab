"""Testing cuts one after the other in an order fixed beforehand: why a promise holds however many cuts are tried."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

__all__ = [
    "SequenceResult",
    "TestSequence",
    "allowed_errors",
    "build_test_sequence",
    "fixed_sequence_test",
    "possible_counts",
]

# Where testing starts, as shares of the labelled records of known confidence, and the part of the doubt spent there. A
# single start in the middle fails where the model is weak, a start among the surest few is stopped by one wrong label;
# the two together were the most robust on simulated models and on out-of-fold predictions of the annotated books.
EARLY_START, EARLY_ALPHA, MAIN_START = 0.20, 0.30, 0.45
# Where the main start would forgive fewer than two errors it is put later, but at no more than half of the records.
LATEST_START, MIN_ALLOWED_ERRORS = 0.50, 2
# After the main start so many steps are wide, then every count is tried: at first a single error can end the walk,
# later the place where it ends should be found to the record.
WIDE_STEPS = 3


@dataclass(frozen=True)
class TestSequence:
    """The cuts that will be tested, in their order, settled without a look at the labels.

    Attributes
    ----------
    accepted : int array, shape (n_steps,)
        How many labelled records each cut accepts, rising. Empty when no cut could pass even without an error.
    alpha : array, shape (n_steps,)
        The part of the doubt each step begins with; 0 except at the starts, sum 1.
    main : int
        The step of the main start; what other groups of records leave over is spent from there.
    """

    accepted: NDArray[np.intp]
    alpha: NDArray[np.float64]
    main: int


@dataclass(frozen=True)
class SequenceResult:
    """How far testing got.

    Attributes
    ----------
    step : int
        The last step that passed, −1 when none did.
    level : float
        The doubt it was tested at; 0 when none passed.
    tried : int
        Cuts that were tested.
    unspent_alpha : float
        What may be spent elsewhere: the level at the last step when even that passed, else 0.
    """

    step: int
    level: float
    tried: int
    unspent_alpha: float


def allowed_errors(accepted: ArrayLike, max_error: float, level: float) -> NDArray[np.int64]:
    """Return how many errors among the accepted still prove that fewer than `max_error` are wrong.

    Parameters
    ----------
    accepted : int array
        Labelled records above a cut, 1 or more.
    level : float
        Probability of a false proof.

    Returns
    -------
    int array
        The largest e whose one-sided Clopper–Pearson limit is at most `max_error`; −1 where not even 0 errors would do.

    Examples
    --------
    >>> allowed_errors([58, 59, 92, 93], 0.05, 0.05).tolist()
    [-1, 0, 0, 1]
    """
    n = np.asarray(accepted, dtype=np.int64)
    with np.errstate(invalid="ignore"):
        guess = np.nan_to_num(np.floor(special.bdtrik(level, n.astype(float), max_error)), nan=0.0)
    errors = np.clip(guess.astype(np.int64), 0, n)
    # The inverse is a float: it can be off by one at the very steps that matter.
    one_more = special.bdtr(np.minimum(errors + 1, n), n, max_error) <= level
    errors = np.where(one_more & (errors < n), errors + 1, errors)
    for _ in range(2):
        errors = np.where(special.bdtr(np.maximum(errors, 0), n, max_error) > level, errors - 1, errors)
    return np.asarray(np.maximum(errors, -1), dtype=np.int64)


@lru_cache(maxsize=256)
def _steps(n: int, max_error: float, level: float) -> NDArray[np.intp]:
    """Return the counts up to n at which one more error becomes allowed, from the first that allows none."""
    most = max_error * n
    errors = np.arange(min(n, int(most + 8 * np.sqrt(most) + 16)), dtype=np.int64)
    # P(errors or fewer of m) falls with m; its inverse is a float, which can be off by one where it matters.
    least = errors + np.ceil(special.btdtria(level, errors + 1.0, 1 - max_error)).astype(np.int64)
    least = np.where(special.bdtr(errors, np.maximum(least - 1, errors + 1), max_error) <= level, least - 1, least)
    least = np.where(special.bdtr(errors, least, max_error) > level, least + 1, least)
    steps: NDArray[np.intp] = least[least <= n].astype(np.intp)
    steps.flags.writeable = False  # it is shared by all who ask again
    return steps


def possible_counts(confidence: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return how many records a cut can accept, rising: equal confidences are accepted together or not at all.

    Parameters
    ----------
    confidence : array, falling
        Above 0; the last count is all of them.
    """
    falls = np.flatnonzero(np.diff(confidence) < 0) + 1
    return np.append(falls, len(confidence)) if len(confidence) else falls


def build_test_sequence(possible: NDArray[np.intp], max_error: float, alpha: float) -> TestSequence:
    """Settle which cuts are tested, by the number of labelled records they accept.

    Parameters
    ----------
    possible : int array
        From :func:`possible_counts`.
    max_error, alpha : float
        The share of errors to be promised, and the probability with which the promise may be false.

    Notes
    -----
    Wide steps are the counts at which one more error becomes allowed: between two of them a test only gets harder.
    There are two starts, see :data:`EARLY_START`; the early one is left out (and the main one has all the doubt) where
    it would not forgive a single error. Steps that would part equal confidences move on to the next possible count.
    """
    nothing = TestSequence(np.zeros(0, dtype=np.intp), np.zeros(0), 0)
    if not len(possible):
        return nothing
    n = int(possible[-1])
    early_steps = _steps(n, max_error, EARLY_ALPHA * alpha)
    before = early_steps[early_steps <= EARLY_START * n]
    early = len(before) > 1
    main_share = 1 - EARLY_ALPHA if early else 1.0
    main_steps = _steps(n, max_error, main_share * alpha)
    if not len(main_steps):
        return nothing
    first = max(int((main_steps <= MAIN_START * n).sum()) - 1, 0)
    while first < MIN_ALLOWED_ERRORS and first + 1 < len(main_steps) and main_steps[first + 1] <= LATEST_START * n:
        first += 1
    main = main_steps[first]
    wide = main_steps[first : first + WIDE_STEPS + 1]
    counts = [*wide, n] if len(wide) <= WIDE_STEPS else [*wide, *range(int(wide[-1]), n + 1)]
    starts = {int(main): main_share}
    if early and before[-1] < main:
        counts += list(early_steps[(early_steps >= before[-1]) & (early_steps < main)])
        starts[int(before[-1])] = EARLY_ALPHA
    else:
        starts[int(main)] = 1.0
    accepted = np.unique(_next_possible(np.asarray(counts), possible))
    shares = np.zeros(len(accepted))
    for start, share in starts.items():
        shares[np.searchsorted(accepted, _next_possible(np.asarray([start]), possible)[0])] += share
    where = int(np.searchsorted(accepted, _next_possible(np.asarray([main]), possible)[0]))
    return TestSequence(accepted.astype(np.intp), shares, where)


def _next_possible(counts: NDArray[np.intp], possible: NDArray[np.intp]) -> NDArray[np.intp]:
    return possible[np.searchsorted(possible, counts)]


def fixed_sequence_test(
    sequence: TestSequence, errors: NDArray[np.int64], max_error: float, alpha: float, extra: float = 0.0
) -> SequenceResult:
    """Test the cuts in their order; the first that fails ends the walk from its start.

    Parameters
    ----------
    errors : int array, shape (n_steps,)
        Wrong ones among the accepted of each step.
    alpha : float
        Probability with which a false promise may be made here.
    extra : float
        Doubt that other groups of records left over.

    Returns
    -------
    SequenceResult

    Notes
    -----
    This is the fallback procedure: each start has a part of the doubt, a cut that passes hands what it had to the next,
    a cut that fails keeps it. The chance of passing any cut whose error share is above `max_error` is at most
    ``alpha + extra``.

    References
    ----------
    B. L. Wiens (2003), "A fixed sequence Bonferroni procedure for testing multiple endpoints", Pharmaceutical
    Statistics 2.
    A. N. Angelopoulos, S. Bates, E. J. Candès, M. I. Jordan, L. Lei (2021), "Learn then test: calibrating predictive
    algorithms to achieve risk control", arXiv 2110.01052, section 2.3.
    """
    steps = len(sequence.accepted)
    if not steps:
        return SequenceResult(-1, 0.0, 0, 0.0)
    p = special.bdtr(errors, sequence.accepted, max_error)
    own = sequence.alpha * alpha
    own[sequence.main] += extra
    level, best, best_level, tried = 0.0, -1, 0.0, 0
    for step in range(steps):
        level += own[step]
        if level <= 0:
            continue
        tried += 1
        if p[step] <= level:
            best, best_level = step, float(level)
        else:
            level = 0.0
    return SequenceResult(best, best_level, tried, float(level) if best == steps - 1 else 0.0)
