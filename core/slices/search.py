"""Search for conjunctions of predicates that fail more than the rest of their classes, and a short list of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from core.slices.stratified import min_ratio, min_score, worst_p

__all__ = ["Bits", "Conjunction", "Layout", "conjunctions", "count_ones", "lay_out", "search", "short_list"]

# --- Sets of records as rows of bits: unions, intersections and counts of many sets at once ---------------------------


Bits = npt.NDArray[np.uint64]
Counts = npt.NDArray[np.int64]

WORD = 64
# Cells × strata from which the table of both is multiplied as a sparse one.
DENSE = 2_000


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Where each record's bit lies: one cell after another, those of errors first, each from a fresh word.

    A cell is what cannot be told apart when counting: records in the same stratum of every view (a view is one way to
    divide records into strata, such as by true class), all of them wrong or all right.

    Attributes
    ----------
    order : array of int
        Position in the table of each bit, −1 for the bits that fill up a word.
    starts : array of int, shape (cells,)
        First word of each cell.
    error_cells : int
        How many of the cells hold errors.
    membership : array of float, shape (cells, views × strata)
        1 where the cell lies in the stratum of the view.
    shape : tuple of int
        Views, strata.
    """

    order: npt.NDArray[np.int64]
    starts: npt.NDArray[np.intp]
    error_cells: int
    membership: npt.NDArray[np.float64]
    shape: tuple[int, int]

    @property
    def words(self) -> int:
        """How many words a set takes."""
        return len(self.order) // WORD

    @property
    def error_word_count(self) -> int:
        """How many words the errors take."""
        return int(self.starts[self.error_cells]) if self.error_cells < len(self.starts) else self.words

    @property
    def everything(self) -> Bits:
        """The set of all records that are laid out, shape (words,)."""
        return np.packbits(self.order >= 0, bitorder="little").view(np.uint64)

    def pack(self, columns: npt.NDArray[np.bool_]) -> Bits:
        """Turn truth values, shape (sets, records of the table), into rows of bits, shape (sets, words)."""
        laid = np.take(columns, self.order, axis=1)  # −1 takes the last record; those bits are cleared next
        laid[:, self.order < 0] = False
        return np.packbits(laid, axis=1, bitorder="little").view(np.uint64)

    def count(self, sets: Bits) -> tuple[Counts, Counts]:
        """Count the records and the errors of each set, each of shape (sets, views, strata)."""
        shape = (len(sets), *self.shape)
        if not len(sets) or not len(self.starts):
            return np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
        cells = np.add.reduceat(np.bitwise_count(sets), self.starts, axis=1, dtype=np.int32)
        wrong, strata_of = self.error_cells, self._strata_of_cells
        errors = (cells[:, :wrong] @ strata_of[:wrong]).reshape(shape)
        others = (cells[:, wrong:] @ strata_of[wrong:]).reshape(shape)
        return (errors + others).astype(np.int64), errors.astype(np.int64)

    @cached_property
    def _strata_of_cells(self) -> Any:
        """:attr:`membership`, sparse where it is large: with a hundred classes it is nearly all zeros."""
        return self.membership if self.membership.size < DENSE else sparse.csr_array(self.membership.astype(np.int32))

    def count_all(self, part: Bits | None = None) -> tuple[Counts, Counts]:
        """Count the records and errors of everything, or of one set, each of shape (views, strata)."""
        n, errors = self.count((self.everything if part is None else part)[None])
        return n[0], errors[0]


def count_ones(sets: Bits) -> Counts:
    """Count the bits of each row, shape (rows,)."""
    return np.asarray(np.bitwise_count(sets).sum(axis=1, dtype=np.int64))


def lay_out(
    rows: npt.NDArray[np.int64], views: npt.NDArray[np.intp], strata: int, wrong: npt.NDArray[np.bool_]
) -> Layout:
    """Lay out the records `rows` of a table.

    Parameters
    ----------
    rows : array of int
        Positions in the table.
    views : array of int, shape (views, records of the table)
        Stratum of each record in each view, from 0.
    strata : int
        How many strata a view may have.
    wrong : array of bool, shape (records of the table,)
    """
    key = (~wrong[rows]).astype(np.int64)
    for view in views:
        key = key * strata + view[rows]
    occurring = np.flatnonzero(np.bincount(key))
    cells = np.stack(np.unravel_index(occurring, (2, *[strata] * len(views))))
    blocks, starts, words = [], [], 0
    for number in occurring:
        block = rows[key == number]
        size = -(-len(block) // WORD)
        blocks.append(np.concatenate([block, np.full(size * WORD - len(block), -1, dtype=np.int64)]))
        starts.append(words)
        words += size
    membership = np.zeros((cells.shape[1], len(views), strata))
    for view in range(len(views)):
        membership[np.arange(cells.shape[1]), view, cells[1 + view]] = 1
    return Layout(
        order=np.concatenate(blocks),
        starts=np.array(starts, dtype=np.intp),
        error_cells=int((cells[0] == 0).sum()),
        membership=membership.reshape(cells.shape[1], -1),
        shape=(len(views), strata),
    )


# --- Search one part of the records for conjunctions of facts that fail more than the rest of their -------------------
# Search one part of the records for conjunctions of facts that fail more than the rest of their classes.
# What is enumerated: every conjunction of up to three facts with at least `min_n` records and `min_errors` errors in
# the part. Both counts can only fall when a fact is added, so a conjunction is extended only while it has enough
# (Agrawal and Srikant 1994, "Fast algorithms for mining association rules"), and errors are counted first, being the
# fewer. What is left out: two facts about one subject (two decades); pairs in which one fact takes nothing away, with
# all that contain them; and, when the list is drawn up, conjunctions that are not worse than the rest of each of their
# parts (they say nothing new) or fail less than 1.2 times as often as the rest of their classes. Nothing is sampled and
# nothing else is cut off: what is listed is what trying everything would list.


# Standard deviations by which a conjunction must be worse than the rest of each of its parts, to be worth its words.
NOTABLE_SCORE = 2.5
# A slice that fails less than so many times as often as the rest of its classes is not worth a reader's time, however
# sure it is.
WORSE = 1.2
# So many of the highest scores get their exact p value.
POOL = 200
# Words of bits handled at once: 32 MB.
CHUNK = 4_000_000


@dataclass(frozen=True, kw_only=True)
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
    singles = _Level(
        predicates=alive[:, None], n=n, errors=errors, score=score, notable=np.ones(len(alive), dtype=bool)
    )
    yield singles
    if max_facts < 2 or len(alive) < 2:
        return
    # From here on facts are numbered within `alive`.
    own, about = np.ascontiguousarray(bits[alive]), subjects[alive]
    pairs, number = _pairs(
        own,
        about,
        layout=layout,
        singles=singles,
        n_all=n_all,
        errors_all=errors_all,
        min_n=min_n,
        min_errors=min_errors,
    )
    yield _named(pairs, alive)
    if max_facts > 2 and len(pairs.predicates) > 2:
        for triples in _triples(
            own,
            layout,
            pairs=pairs,
            number=number,
            n_all=n_all,
            errors_all=errors_all,
            min_n=min_n,
            min_errors=min_errors,
        ):
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
        return _Level(
            predicates=empty, n=nothing, errors=nothing, score=np.empty(0), notable=np.empty(0, dtype=bool)
        ), number
    together, n, errors = np.concatenate(predicates), np.concatenate(n_parts), np.concatenate(error_parts)
    number[together[:, 0], together[:, 1]] = np.arange(len(together))
    news = np.ones(len(together), dtype=bool)
    for part in (together[:, 0], together[:, 1]):
        news &= min_score(n, errors, singles.n[part], singles.errors[part]) >= NOTABLE_SCORE
    return _Level(
        predicates=together, n=n, errors=errors, score=min_score(n, errors, n_all, errors_all), notable=news
    ), number


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
            yield _Level(predicates=predicates, n=n, errors=errors, score=score, notable=np.ones(len(left), dtype=bool))


def _total(counts: Counts) -> Counts:
    """Sum over strata; every view holds the same records."""
    return np.asarray(counts[:, 0].sum(axis=-1))


def _named(level: _Level, alive: npt.NDArray[np.intp]) -> _Level:
    return _Level(
        predicates=alive[level.predicates], n=level.n, errors=level.errors, score=level.score, notable=level.notable
    )


def _first_of_equals(bits: Bits) -> npt.NDArray[np.intp]:
    """Return the rows that are not the same as an earlier one."""
    seen: dict[bytes, int] = {}
    for row in range(len(bits)):
        seen.setdefault(bits[row].tobytes(), row)
    return np.array(list(seen.values()), dtype=np.intp)


# --- Draw up a short list from what a search found --------------------------------------------------------------------
# Few, since every one more makes the confirmation harder.


# Half of the places go to slices that are still worse once those before them are taken out ("what else is wrong?"),
# the other half to the strongest that do not merely repeat one ("what would a reader ask about?").
PLACES = 20
STILL_WORSE_P, STRONG_P = 0.01, 0.001
# Scores rank; so many of the best get their exact p value.
CANDIDATES = 8
# One that lies within another to this share, or has this share of all their records in common with it, repeats it.
WITHIN, SAME = 0.75, 0.5


def short_list(candidates: Sequence[Conjunction], bits: Bits, layout: Layout) -> list[Conjunction]:
    """Choose at most twenty of the slices found, the first being the strongest.

    Parameters
    ----------
    candidates : sequence of Conjunction
        Smallest p first.
    bits : array, shape (facts, words)
        For which records of the searched part each fact holds.
    """
    if not candidates:
        return []
    members = np.stack([np.bitwise_and.reduce(bits[list(entry.predicates)], axis=0) for entry in candidates])
    chosen = _still_worse(members, layout)
    sizes = count_ones(members)
    repeated = np.zeros(len(candidates), dtype=bool)
    for i in chosen:
        repeated |= _repeats(members, sizes, i)
    for i, entry in enumerate(candidates):
        if len(chosen) >= PLACES or entry.p > STRONG_P:
            break
        if not repeated[i]:
            chosen.append(i)
            repeated |= _repeats(members, sizes, i)
    return [candidates[i] for i in chosen]


def _still_worse(members: Bits, layout: Layout) -> list[int]:
    rest = layout.everything
    parts_n, parts_errors, all_n, all_errors = [], [], [], []
    chosen = [0]
    while len(chosen) < PLACES // 2:
        claimed = rest & members[chosen[-1]]
        rest &= ~claimed
        for part, keep in ((claimed, True), (rest, False)):
            n, errors = layout.count(members & part)
            whole_n, whole_errors = layout.count_all(part)
            if keep:
                parts_n.append(n)
                parts_errors.append(errors)
                all_n.append(whole_n)
                all_errors.append(whole_errors)
        n, errors = np.concatenate([*parts_n, n], axis=-1), np.concatenate([*parts_errors, errors], axis=-1)
        whole_n, whole_errors = (
            np.concatenate([*all_n, whole_n], axis=-1),
            np.concatenate([*all_errors, whole_errors], axis=-1),
        )
        score = min_score(n, errors, whole_n, whole_errors)
        score[chosen] = -np.inf
        best, best_p = -1, STILL_WORSE_P
        for i in np.argsort(-score, kind="stable")[:CANDIDATES]:
            p = worst_p(n[i], errors[i], whole_n, whole_errors) if score[i] > 0 else 1.0
            if p < best_p:
                best, best_p = int(i), p
        if best < 0:
            break
        chosen.append(best)
    return chosen


def _repeats(members: Bits, sizes: npt.NDArray[np.int64], i: int) -> npt.NDArray[np.bool_]:
    """Tell which slices have most of their records from slice i, or most records of both in common."""
    common = count_ones(members & members[i])
    return np.asarray((common >= WITHIN * sizes) | (common >= SAME * (sizes + sizes[i] - common)))
