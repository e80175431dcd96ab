"""Search one part of the records for conjunctions of facts that fail more than the rest of their classes.

What is enumerated: every conjunction of up to three facts with at least `min_n` records and `min_errors` errors in the
part. Both counts can only fall when a fact is added, so a conjunction is extended only while it has enough (Agrawal and
Srikant 1994, "Fast algorithms for mining association rules"), and errors are counted first, being the fewer. What is
left out: two facts about one subject (two decades); pairs in which one fact takes nothing away, with all that contain
them; and, when the list is drawn up, conjunctions that are not worse than the rest of each of their parts (they say
nothing new) or fail less than 1.2 times as often as the rest of their classes. Nothing is sampled and nothing else is
cut off: what is listed is what trying everything would list.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.slices.bits import Bits, Counts, Layout, count_ones
from core.slices.stratified import min_ratio, min_score, worst_p

__all__ = ["Conjunction", "conjunctions", "search"]

# Standard deviations by which a conjunction must be worse than the rest of each of its parts, to be worth its words.
NOTABLE_SCORE = 2.5
# A slice that fails less than so many times as often as the rest of its classes is not worth a reader's time, however
# sure it is.
WORSE = 1.2
# So many of the highest scores get their exact p value.
POOL = 200
# Words of bits handled at once: 32 MB.
CHUNK = 4_000_000


@dataclass(frozen=True)
class _Level:
    """Conjunctions of one length: facts (rows × length), records and errors by stratum, and which are worth telling."""

    predicates: npt.NDArray[np.intp]
    n: Counts
    errors: Counts
    score: npt.NDArray[np.float64]
    notable: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Conjunction:
    """A conjunction, as it looks in the part that was searched.

    Attributes
    ----------
    predicates : tuple of int
        Positions in the table of facts.
    p : float
        Exact one-sided p value, not adjusted: it has been selected and is only good for ranking.
    """

    predicates: tuple[int, ...]
    p: float


def search(
    bits: Bits, subjects: npt.NDArray[np.intp], layout: Layout, *, max_facts: int, min_n: int, min_errors: int
) -> list[Conjunction]:
    """Return the conjunctions that fail most beyond their class, the smallest p first, at most two hundred.

    Parameters
    ----------
    bits : array, shape (facts, words)
        For which records each fact holds, laid out by `layout`, whose views are true and predicted class.
    subjects : array of int, shape (facts,)
        What each fact speaks of; −1 may be joined with anything.
    """
    everything = layout.count_all()
    levels = list(conjunctions(bits, subjects, layout, max_facts=max_facts, min_n=min_n, min_errors=min_errors))
    ranked: list[tuple[float, tuple[int, ...], Counts, Counts]] = []
    for level in levels:
        worse = min_ratio(level.n, level.errors, *everything) >= WORSE
        keep = np.flatnonzero(level.notable & worse & (level.score > 0))
        best = keep[np.argsort(-level.score[keep], kind="stable")[:POOL]]
        ranked += [
            (float(level.score[i]), tuple(level.predicates[i].tolist()), level.n[i], level.errors[i]) for i in best
        ]
    ranked.sort(key=lambda entry: -entry[0])
    candidates = [
        Conjunction(predicates, worst_p(n, errors, *everything)) for _, predicates, n, errors in ranked[:POOL]
    ]
    return sorted(candidates, key=lambda entry: (entry.p, len(entry.predicates), entry.predicates))


def conjunctions(
    bits: Bits, subjects: npt.NDArray[np.intp], layout: Layout, *, max_facts: int, min_n: int, min_errors: int
) -> Iterator[_Level]:
    """Count all conjunctions of one fact, then of two, then of three; see the module's text for which."""
    n_all, errors_all = layout.count_all()
    n, errors = layout.count(bits)
    alive = np.flatnonzero((_total(n) >= min_n) & (_total(errors) >= min_errors))
    alive = alive[_first_of_equals(bits[alive])]
    n, errors = n[alive], errors[alive]
    score = min_score(n, errors, n_all, errors_all)
    singles = _Level(alive[:, None], n, errors, score, np.ones(len(alive), dtype=bool))
    yield singles
    if max_facts < 2 or len(alive) < 2:
        return
    # From here on facts are numbered within `alive`.
    own, about = np.ascontiguousarray(bits[alive]), subjects[alive]
    pairs, number = _pairs(own, about, layout, singles, n_all, errors_all, min_n, min_errors)
    yield _named(pairs, alive)
    if max_facts > 2 and len(pairs.predicates) > 2:
        for triples in _triples(own, layout, pairs, number, n_all, errors_all, min_n, min_errors):
            yield _named(triples, alive)


def _pairs(
    bits: Bits,
    subjects: npt.NDArray[np.intp],
    layout: Layout,
    singles: _Level,
    n_all: Counts,
    errors_all: Counts,
    min_n: int,
    min_errors: int,
) -> tuple[_Level, npt.NDArray[np.int32]]:
    """Count all pairs; also return the number of each pair of facts, −1 where there is none."""
    size, wrong_words = len(bits), layout.error_word_count
    alone = _total(singles.n)
    predicates, n_parts, error_parts = [], [], []
    for a in range(size - 1):
        b = np.arange(a + 1, size)
        b = b[(subjects[b] != subjects[a]) | (subjects[b] < 0)]
        wrong = count_ones(bits[b, :wrong_words] & bits[a, :wrong_words])
        b = b[wrong >= min_errors]
        if not len(b):
            continue
        n, errors = layout.count(bits[b] & bits[a])
        total = _total(n)
        narrower = (total < alone[a]) & (total < alone[b])
        keep = (total >= min_n) & narrower
        predicates.append(np.column_stack([np.full(keep.sum(), a), b[keep]]))
        n_parts.append(n[keep])
        error_parts.append(errors[keep])
    number = np.full((size, size), -1, dtype=np.int32)
    if not predicates:
        nothing = np.empty((0, *layout.shape), dtype=np.int64)
        empty = np.empty((0, 2), dtype=np.intp)
        return _Level(empty, nothing, nothing, np.empty(0), np.empty(0, dtype=bool)), number
    together, n, errors = np.concatenate(predicates), np.concatenate(n_parts), np.concatenate(error_parts)
    number[together[:, 0], together[:, 1]] = np.arange(len(together))
    news = np.ones(len(together), dtype=bool)
    for part in (together[:, 0], together[:, 1]):
        news &= min_score(n, errors, singles.n[part], singles.errors[part]) >= NOTABLE_SCORE
    return _Level(together, n, errors, min_score(n, errors, n_all, errors_all), news), number


def _triples(
    bits: Bits,
    layout: Layout,
    pairs: _Level,
    number: npt.NDArray[np.int32],
    n_all: Counts,
    errors_all: Counts,
    min_n: int,
    min_errors: int,
) -> Iterator[_Level]:
    """Count all triples whose three pairs have enough; yields only those worth telling."""
    wrong_words = layout.error_word_count
    starts = np.searchsorted(pairs.predicates[:, 0], np.arange(len(bits) + 1))
    for a in range(len(bits)):
        partners = pairs.predicates[starts[a] : starts[a + 1], 1]
        if len(partners) < 2:
            continue
        i, j = np.nonzero(number[np.ix_(partners, partners)] >= 0)
        with_a = bits[partners] & bits[a]
        step = max(1, CHUNK // layout.words)
        for begin in range(0, len(i), step):
            left, right = i[begin : begin + step], j[begin : begin + step]
            wrong = with_a[left, :wrong_words] & with_a[right, :wrong_words]
            enough = count_ones(wrong) >= min_errors
            left, right = left[enough], right[enough]
            if not len(left):
                continue
            n, errors = layout.count(with_a[left] & with_a[right])
            news = _total(n) >= min_n
            parts = (starts[a] + left, starts[a] + right, number[partners[left], partners[right]])
            for part in parts:
                news &= min_score(n, errors, pairs.n[part], pairs.errors[part]) >= NOTABLE_SCORE
            left, right, n, errors = left[news], right[news], n[news], errors[news]
            predicates = np.column_stack([np.full(len(left), a), partners[left], partners[right]])
            score = min_score(n, errors, n_all, errors_all)
            yield _Level(predicates, n, errors, score, np.ones(len(left), dtype=bool))


def _total(counts: Counts) -> Counts:
    """Sum over strata; every view holds the same records."""
    return np.asarray(counts[:, 0].sum(axis=-1))


def _named(level: _Level, alive: npt.NDArray[np.intp]) -> _Level:
    return _Level(alive[level.predicates], level.n, level.errors, level.score, level.notable)


def _first_of_equals(bits: Bits) -> npt.NDArray[np.intp]:
    """Return the rows that are not the same as an earlier one."""
    seen: dict[bytes, int] = {}
    for row in range(len(bits)):
        seen.setdefault(bits[row].tobytes(), row)
    return np.array(list(seen.values()), dtype=np.intp)
