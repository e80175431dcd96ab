"""Settling the cuts of several groups of records so that all promises hold together."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from core.statistics import labels_needed
from core.thresholds.sequence import (
    SequenceResult,
    TestSequence,
    allowed_errors,
    build_test_sequence,
    fixed_sequence_test,
    possible_counts,
)

__all__ = ["CutResult", "SequenceGroup", "graphical_procedure", "labels_estimate", "short_number"]


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


@dataclass(frozen=True)
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
    The doubt is split evenly over the groups that have enough labelled records to pass at all; a group that may accept
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
            else CutResult(None, 0, 0, alpha / (len(able) + 1), -1, 0)
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
        return CutResult(None, main, int(group.errors[main - 1]), level, allowed, done.tried)
    accepted = int(sequence.accepted[done.step])
    cut = 0.0
    if accepted < len(group):
        cut = short_number(float(group.confidence[accepted]), float(group.confidence[accepted - 1]))
    allowed = int(allowed_errors([accepted], max_error, done.level)[0])
    return CutResult(cut, accepted, int(group.errors[accepted - 1]), done.level, allowed, done.tried)


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


def labels_estimate(group: SequenceGroup, max_error: float, level: float) -> int | None:
    """Estimate how many labelled records of this group it takes until something can be promised.

    Parameters
    ----------
    level : float
        Probability with which the promise may be false.

    Returns
    -------
    int or None
        Rounded up to two digits. None when even the surest records are wrong too often as far as can be seen: then no
        number of labels helps, only a better model or a looser promise.

    Notes
    -----
    For each cut the error share is taken as (errors + ½)/(records + 1), and the records it takes at that share come
    from Chernoff's bound, log(1/level) / KL(share ‖ max_error). It is a guess: the same labels showed both.
    """
    n = np.arange(1, len(group) + 1)
    share = (group.errors + 0.5) / (n + 1)
    good = share < max_error
    if not good.any():
        return None
    distance = special.rel_entr(share, max_error) + special.rel_entr(1 - share, 1 - max_error)
    needed = float(np.min(math.log(1 / level) / distance[good] * (len(group) / n[good])))
    digits = max(int(math.log10(max(needed, 1))) - 1, 0)
    return int(math.ceil(needed / 10**digits) * 10**digits)
