"""Fixed-sequence tests of cuts, and the graphical procedure that makes the promises of several groups hold together."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from core.statistics import labels_needed

__all__ = [
    "CutResult",
    "SequenceGroup",
    "SequenceResult",
    "TestSequence",
    "allowed_errors",
    "build_test_sequence",
    "fixed_sequence_test",
    "graphical_procedure",
    "possible_counts",
    "short_number",
]

# --- Testing cuts one after the other in an order fixed beforehand ----------------------------------------------------
# Why a promise holds however many cuts are tried.


# Where testing starts, as shares of the labelled records of known confidence, and the part of alpha spent there. A
# single start in the middle fails where the model is weak, a start among the surest few is stopped by one wrong label;
# the two together were the most robust on simulated models and on out-of-fold predictions of the annotated books.
EARLY_START, EARLY_ALPHA, MAIN_START = 0.20, 0.30, 0.45
# Where the main start would forgive fewer than two errors it is put later, but at no more than half of the records.
LATEST_START, MIN_ALLOWED_ERRORS = 0.50, 2
# After the main start so many steps are wide, then every count is tried: at first a single error can end the sequence,
# later the place where it ends should be found to the record.
WIDE_STEPS = 3


@dataclass(frozen=True)
class TestSequence:
    """The cuts that will be tested, in their order, fixed without a look at the labels.

    Attributes
    ----------
    accepted : int array, shape (n_steps,)
        How many labelled records each cut accepts, rising. Empty when no cut could pass even without an error.
    alpha : array, shape (n_steps,)
        The part of alpha each step begins with; 0 except at the starts, sum 1.
    main : int
        The step of the main start; what other groups of records leave over is spent from there.
    """

    __test__: ClassVar[bool] = False  # pytest takes a class of this name for tests

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
        The alpha it was tested at; 0 when none passed.
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
    There are two starts, see :data:`EARLY_START`; the early one is left out (and the main one has all of alpha) where
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
    """Test the cuts in their order; the first that fails ends the sequence from its start.

    Parameters
    ----------
    errors : int array, shape (n_steps,)
        Wrong ones among the accepted of each step.
    alpha : float
        Probability with which a false promise may be made here.
    extra : float
        Doubt that other groups of records left over.

    Notes
    -----
    This is the fallback procedure: each start has a part of alpha, a cut that passes hands what it had to the next,
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


# --- Settling the cuts of several groups of records so that all promises hold together --------------------------------


@dataclass(frozen=True)
class SequenceGroup:
    """The labelled records of one group, the surest first.

    Attributes
    ----------
    confidence : array, falling
        Above 0, without NaN.
    errors : int array, shape as `confidence`
        Wrong ones among the first 1, 2, … records.
    """

    confidence: NDArray[np.float64]
    errors: NDArray[np.int64]

    @classmethod
    def from_records(cls, confidence: ArrayLike, wrong: ArrayLike) -> "SequenceGroup":
        """Sort records; those of unknown confidence or of confidence 0 are left out: no cut accepts them."""
        stated, mistaken = np.asarray(confidence, dtype=float), np.asarray(wrong, dtype=bool)
        known = stated > 0
        order = np.argsort(-stated[known], kind="stable")
        return cls(stated[known][order], np.cumsum(mistaken[known][order], dtype=np.int64))

    def __len__(self) -> int:
        return len(self.confidence)


@dataclass(frozen=True, kw_only=True)
class CutResult:
    """What came out for one group.

    Attributes
    ----------
    cut : float or None
        None when nothing can be promised.
    accepted, errors : int
        Labelled records above the cut and wrong ones among them. Without a cut: of the first cut that was tried; 0 when
        none was.
    level : float
        Probability with which this promise may be false. Without a cut: with which it was tried.
    allowed : int
        Errors that would have been forgiven at the first cut that was tried; −1 when none was.
    tried : int
        Cuts tested.
    """

    cut: float | None
    accepted: int
    errors: int
    level: float
    allowed: int
    tried: int


def graphical_procedure(groups: Sequence[SequenceGroup], max_error: float, alpha: float) -> list[CutResult]:
    """Find for each group the lowest cut that can be promised: at most `max_error` of the accepted are wrong.

    Parameters
    ----------
    groups : sequence of SequenceGroup
        Records that were neither learned from nor used to order the cuts.
    max_error : float
        Between 0 and 1.
    alpha : float
        The probability that any of the promises is false; with 95 per cent confidence it is 0.05.

    Returns
    -------
    list of CutResult
        One a group, in their order.

    Notes
    -----
    Alpha is split evenly over the groups that have enough labelled records to pass at all; a group that may accept
    everything hands its part on to the others. Nothing in that, and nothing in the order of the cuts, looks at labels
    other than those already tested. That is a graphical procedure (Bretz et al. 2009): the probability that any promise
    is false is at most `alpha`.

    The k surest labelled records are, given the confidence of the next one, k independent draws from the records of
    the collection above it, so that the test of each cut is exact. For the sequence of tests the bound is exact where
    the error share of the accepted passes `max_error` once as the cut falls (to within the gap between two labelled
    confidences). Where it does so several times, it hangs a little on the confidences of the labelled records which of
    the false promises is the first to be tested; the simulations in tests/theory show that the bound holds there too.

    References
    ----------
    F. Bretz, W. Maurer, W. Brannath, M. Posch (2009), "A graphical approach to sequentially rejective multiple test
    procedures", Statistics in Medicine 28.
    """
    able = _testable_groups(groups, max_error, alpha)
    share = alpha / max(len(able), 1)
    sequences = {i: build_test_sequence(possible_counts(groups[i].confidence), max_error, share) for i in able}
    error_counts = {i: groups[i].errors[sequences[i].accepted - 1] for i in able}
    extra = dict.fromkeys(able, 0.0)
    results = {i: fixed_sequence_test(sequences[i], error_counts[i], max_error, share) for i in able}
    done: set[int] = set()
    while True:
        arrived = [i for i in able if i not in done and results[i].unspent_alpha > 0]
        done.update(arrived)
        waiting = [i for i in able if i not in done]
        if not arrived or not waiting:
            break
        for i in waiting:
            extra[i] += sum(results[j].unspent_alpha for j in arrived) / len(waiting)
            results[i] = fixed_sequence_test(sequences[i], error_counts[i], max_error, share, extra[i])
    return [
        (
            _outcome(group, sequences[i], results[i], max_error, share)
            if i in results and len(sequences[i].accepted)
            else CutResult(cut=None, accepted=0, errors=0, level=alpha / (len(able) + 1), allowed=-1, tried=0)
        )
        for i, group in enumerate(groups)
    ]


def _testable_groups(groups: Sequence[SequenceGroup], max_error: float, alpha: float) -> list[int]:
    """Return the groups that can pass if they are without an error: as many as have enough records for their share."""
    largest = sorted(range(len(groups)), key=lambda i: -len(groups[i]))
    while largest and len(groups[largest[-1]]) < labels_needed(max_error, 1 - alpha / len(largest)):
        largest.pop()
    return sorted(largest)


def _outcome(
    group: SequenceGroup, sequence: TestSequence, done: SequenceResult, max_error: float, share: float
) -> CutResult:
    if done.step < 0:
        main = int(sequence.accepted[sequence.main])
        level = share * float(sequence.alpha[sequence.main])
        allowed = int(allowed_errors([main], max_error, level)[0])
        return CutResult(
            cut=None, accepted=main, errors=int(group.errors[main - 1]), level=level, allowed=allowed, tried=done.tried
        )
    accepted = int(sequence.accepted[done.step])
    cut = 0.0
    if accepted < len(group):
        cut = short_number(float(group.confidence[accepted]), float(group.confidence[accepted - 1]))
    allowed = int(allowed_errors([accepted], max_error, done.level)[0])
    return CutResult(
        cut=cut,
        accepted=accepted,
        errors=int(group.errors[accepted - 1]),
        level=done.level,
        allowed=allowed,
        tried=done.tried,
    )


def short_number(low: float, high: float) -> float:
    """Return the number with the fewest decimals between two confidences, so that a cut can be read and typed.

    It lies above `low` and below `high`, so that "greater than" and "at least" mean the same; where there is no number
    between them it is `low`.

    >>> short_number(0.8712, 0.8749), short_number(0.99999991, 0.99999995)
    (0.872, 0.99999992)
    """
    for digits in range(1, 18):
        scale = 10.0**digits
        candidate = round((math.floor(low * scale) + 1) / scale, digits)
        if low < candidate < high:
            return candidate
    return low
