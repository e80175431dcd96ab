"""Search one half, confirm on the other, and the reverse; what a stronger slice may explain is folded under it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.predicates import Predicate, TextPredicate, is_title_words, title_words
from core.progress import Progress, silent
from core.slices.predicate_table import PredicateTable
from core.slices.search import Bits, Layout, lay_out, search, short_list
from core.slices.stratified import LabelledTitles, Mask, Rows, min_ratio, min_score, p_of_small_effect, worst_p
from core.statistics import adjust_p

__all__ = ["Candidate", "FoldedSlice", "SearchLimits", "find_candidates", "fold_explained", "grow_groups"]

# --- Groups of words that behave alike --------------------------------------------------------------------------------
# Each is too rare to be noticed, together they are a slice ("words of verse").


# Each word must be worse than its class beyond this p among the titles that the group does not have yet.
WORSE_P = 0.03
# Words go together only if their titles are of the same classes: total variation distance between the shares.
SAME_CLASSES = 0.25
# ... and fail nearly as badly: at least half as much beyond the rest as those of the first word.
AS_BAD = 0.5
MOST_GROUPS, MOST_WORDS = 4, 12
# Scores rank; so many of the best get their exact p value.
POOL = 15


@dataclass(frozen=True)
class _SearchSpace:
    bits: Bits
    mix: npt.NDArray[np.float64]
    layout: Layout
    min_errors: int


def grow_groups(bits: Bits, mix: npt.NDArray[np.float64], layout: Layout, *, min_errors: int) -> list[tuple[int, ...]]:
    """Return groups of terms, each of two or more, that fail beyond their class in the part that is searched.

    A group starts with the term of the smallest p. The next is the one that is most surely worse among the titles the
    group does not have yet, has at least `min_errors` errors there, and stands in titles of the same true classes. The
    second group starts among the titles that the first has not.

    Parameters
    ----------
    bits : array, shape (terms, words)
        In which titles each term is, laid out by `layout`, whose views are true and predicted class.
    mix : array of float, shape (terms, classes)
        Shares of the true classes among the titles of each term, in all labelled records: classes may be looked at on
        both sides of the split, since the test that follows is made within them.

    Notes
    -----
    The choice is made on the searched part alone, so a group is confirmed elsewhere like any other slice, and the
    greed of the choice costs power but not validity.
    """
    searched = _SearchSpace(bits, mix, layout, min_errors)
    free = layout.everything
    groups = []
    for _ in range(MOST_GROUPS):
        group, held = _grow(searched, free)
        if not group:
            break
        free &= ~held
        if len(group) > 1:
            groups.append(tuple(group))
    return groups


def _grow(searched: _SearchSpace, free: Bits) -> tuple[list[int], Bits]:
    held = np.zeros_like(free)
    group: list[int] = []
    least = 1.0
    while len(group) < MOST_WORDS:
        rest = free & ~held
        alike = np.ones(len(searched.bits), dtype=bool)
        if group:
            alike = np.abs(searched.mix - searched.mix[group[0]]).sum(axis=1) / 2 <= SAME_CLASSES
            alike[group] = False
        term, p, times = _worst(searched, np.flatnonzero(alike), rest, least)
        if term < 0 or p > WORSE_P:
            break
        if not group:
            least = 1 + AS_BAD * (times - 1)
        group.append(term)
        held |= searched.bits[term] & free
    return group, held


def _worst(searched: _SearchSpace, terms: npt.NDArray[np.intp], rest: Bits, least: float) -> tuple[int, float, float]:
    """Return the term that is most surely worse within `rest`, its exact p, and how many times as bad it is.

    It is −1 when no term has enough errors and fails at least `least` times as often as the rest.
    """
    layout = searched.layout
    n_all, errors_all = layout.count_all(rest)
    n, errors = layout.count(searched.bits[terms] & rest)
    times = min_ratio(n, errors, n_all, errors_all)
    enough = (errors[:, 0].sum(axis=-1) >= searched.min_errors) & (times >= least)
    terms, n, errors, times = terms[enough], n[enough], errors[enough], times[enough]
    score = min_score(n, errors, n_all, errors_all)
    best, best_p, how_bad = -1, 2.0, 0.0
    for i in np.argsort(-score, kind="stable")[:POOL]:
        p = worst_p(n[i], errors[i], n_all, errors_all)
        if p < best_p:
            best, best_p, how_bad = int(terms[i]), p, float(times[i])
    return best, best_p, how_bad


# --- Search one half, confirm on the other, and the reverse -----------------------------------------------------------
# What chance alone would have shown is not reported.
# The slices found on one half are tested on the other, which had no say in choosing them, and their p values are
# adjusted by Benjamini and Yekutieli, which holds whatever the slices have in common. Each direction has its equal part
# of the stated rate: the false share among all that is reported is at most the sum of the false shares of the
# directions. A small sample is divided several times, since what one division finds is partly luck.


# Facts are packed so many at a time: what is unpacked stays small.
BATCH = 64


@dataclass(frozen=True)
class SearchLimits:
    """What a search looks for: facts a slice, fewest records and errors in the searched half."""

    max_facts: int
    min_n: int
    min_errors: int


@dataclass(frozen=True)
class Candidate:
    """A slice that one or more halves proposed and their other halves tested.

    Attributes
    ----------
    predicates : tuple of Predicate
    mask : array of bool, shape (units,)
    proposals : int
        How many of the searched halves proposed it.
    unseen : int
        A half that its search had not seen, as a position in the list of halves; of several the one with the median p
        (the larger of two): the sober view.
    p, p_adjusted : float
        Exact, on a half that its search had not seen, and adjusted for all slices tested; of several the smallest.
    """

    predicates: tuple[Predicate, ...]
    mask: Mask
    proposals: int
    unseen: int
    p: float
    p_adjusted: float


def find_candidates(
    titles: LabelledTitles,
    table: PredicateTable,
    parts: Sequence[Rows],
    rules: SearchLimits,
    progress: Progress = silent,
) -> list[Candidate]:
    """Return every slice that was tested, confirmed or not, the smallest adjusted p first.

    Parameters
    ----------
    parts : sequence of arrays of int
        Halves: each even position and the one after it make a division. Each is searched, and confirmed on the other.
    """
    known: dict[frozenset[Predicate], tuple[tuple[Predicate, ...], Mask]] = {}
    tests: dict[frozenset[Predicate], list[tuple[float, float, int]]] = {}
    layouts = [lay_out(part, titles.views, titles.strata, titles.wrong) for part in parts]
    packed, mix = _pack(table, titles, layouts)
    for seen, layout in enumerate(layouts):
        progress(seen / len(parts), f"Searching {len(table):,} facts, part {seen + 1} of {len(parts)}")
        unseen = seen ^ 1
        proposals = _propose(table, layout, packed[seen], mix, rules)
        everything, rows = titles.count(parts[unseen]), parts[unseen]
        p = [worst_p(*titles.count(rows[inside[rows]]), *everything) for _, inside in proposals]
        adjusted = np.minimum(1, len(parts) * adjust_p(p, "by"))
        for proposal, value, level in zip(proposals, p, adjusted, strict=True):
            key = frozenset(proposal[0])
            known.setdefault(key, proposal)
            tests.setdefault(key, []).append((value, float(level), unseen))
    candidates = []
    for key, results in tests.items():
        results.sort()
        sober = results[len(results) // 2][2]
        p_adjusted = min(level for _, level, _ in results)
        candidates.append(Candidate(*known[key], len(results), sober, results[0][0], p_adjusted))
    return sorted(candidates, key=lambda candidate: (candidate.p_adjusted, candidate.p, len(candidate.predicates)))


def _pack(
    table: PredicateTable, titles: LabelledTitles, layouts: Sequence[Layout]
) -> tuple[list[Bits], npt.NDArray[np.float64]]:
    """Lay out all facts for every half; also return the shares of the true classes where each fact holds."""
    packed = [np.empty((len(table), layout.words), dtype=np.uint64) for layout in layouts]
    members = np.empty((len(table), titles.strata))
    of_class = [np.flatnonzero(titles.views[0] == number) for number in range(titles.strata)]
    for start in range(0, len(table), BATCH):
        batch = slice(start, min(start + BATCH, len(table)))
        columns = table.columns(range(batch.start, batch.stop))
        for bits, layout in zip(packed, layouts, strict=True):
            bits[batch] = layout.pack(columns)
        for number, rows in enumerate(of_class):
            members[batch, number] = np.count_nonzero(columns[:, rows], axis=1)
    return packed, members / np.maximum(members.sum(axis=1, keepdims=True), 1)


def _propose(
    table: PredicateTable, layout: Layout, bits: Bits, mix: npt.NDArray[np.float64], rules: SearchLimits
) -> list[tuple[tuple[Predicate, ...], Mask]]:
    """Search one half; return the facts of each slice proposed, and for which units they hold."""
    subjects = table.subjects()
    terms = np.flatnonzero([is_title_words(predicate) for predicate in table.predicates])
    grown = grow_groups(bits[terms], mix[terms], layout, min_errors=rules.min_errors)
    groups = [tuple(terms[list(group)].tolist()) for group in grown]
    predicates: list[Predicate] = [*table.predicates, *(_any_of(table, group) for group in groups)]
    if groups:
        unions = np.stack([np.bitwise_or.reduce(bits[list(group)], axis=0) for group in groups])
        bits = np.concatenate([bits, unions])
        subjects = np.concatenate([subjects, np.full(len(groups), -1, dtype=np.intp)])
    candidates = search(
        bits, subjects, layout, max_facts=rules.max_facts, min_n=rules.min_n, min_errors=rules.min_errors
    )

    def holds(predicate: int) -> Mask:
        members = [predicate] if predicate < len(table) else list(groups[predicate - len(table)])
        return np.asarray(table.columns(members).any(axis=0))

    return [
        (tuple(predicates[i] for i in entry.predicates), np.logical_and.reduce([holds(i) for i in entry.predicates]))
        for entry in short_list(candidates, bits, layout)
    ]


def _any_of(table: PredicateTable, group: Sequence[int]) -> TextPredicate:
    members = [predicate for predicate in (table.predicates[term] for term in group) if is_title_words(predicate)]
    return title_words(*(term for predicate in members for term in predicate.terms))


# --- Slices overlap ---------------------------------------------------------------------------------------------------
# Each stands only if it is still worse once the stronger ones are taken out, else it is put under one of them:
# explained by it if what remains is shown to be small, and otherwise not to be told apart from it yet.
# "Before 1800" fails because of verse: among books that are no verse, and among those that are, the early ones are no
# worse than the others. So it is shown under the verse slice and does not stand beside it as a cause of its own.


# A slice explains another if that one is no longer worse at this level within it and outside it.
EXPLAINED_P = 0.05
# ... or if its p grows by this factor and it would not be confirmed again. (One that shares nothing with the stronger
# slice keeps its p, and stands.)
WEAKENED = 5
# A slice that is still worse at this level, allowing for all that are compared, is a cause of its own.
OWN_CAUSE_P = 0.05
# What remains of a slice is small if the odds of an error are shown to be less than so many times those of the rest,
# with the confidence that the level leaves. (Twice as often wrong is a cause that people want to know of.)
SMALL_ODDS_RATIO, SMALL_P = 1.5, 0.05
# So many of the slices folded under one are told, the surest first; wordings of the same group of words are not.
MAX_FOLDED = 5


@dataclass(frozen=True)
class FoldedSlice:
    """A confirmed slice and its place among the others.

    Attributes
    ----------
    candidate : Candidate
    p_given : float
        Exact p value, on records its search had not seen, that it is worse than the rest within each of the stronger
        slices and outside them (Mantel–Haenszel strata).
    under : int
        Position, in the list returned, of the slice it is folded under; −1 when it stands by itself.
    explained : bool
        Whether what remains of it within and outside the stronger slices is shown to be small. One that is folded and
        not explained cannot be told apart from the stronger slice yet.
    """

    candidate: Candidate
    p_given: float
    under: int
    explained: bool


def fold_explained(
    titles: LabelledTitles, parts: Sequence[Rows], tested: Sequence[Candidate], rate: float
) -> list[FoldedSlice]:
    """Order the confirmed slices by strength and fold those that others explain.

    Step by step every remaining slice is tested again, within and outside the slices that stand already. If they weaken
    it, it does not pass once more by the standard by which it was confirmed (among all slices tested, at the same
    rate), and it is not worse beyond 5 % either (Holm, among those that remain), it is folded under the standing slice
    that leaves least of it. No sign of a difference is no explanation: it is *explained* only if what remains is shown
    to be small, by all labelled titles. Of the others the one with the smallest p stands next, unless another explains
    it and not the reverse: the cause goes before its shadow. Slices that differ only in which words of one group they
    name are one slice, and the weaker is folded.

    Parameters
    ----------
    parts : sequence of arrays of int
        The halves of all divisions.
    tested : sequence of Candidate
        Confirmed or not; those with an adjusted p of at most `rate` are folded.

    Returns
    -------
    list of FoldedSlice
        Standing slices in the order they were taken, each followed by those folded under it.

    References
    ----------
    Mantel, N., and Haenszel, W. (1959). Statistical aspects of the analysis of data from retrospective studies of
    disease. JNCI 22.
    """
    board = _ConfirmedSlices(titles, parts, [candidate for candidate in tested if candidate.p_adjusted <= rate])
    others = [candidate.p for candidate in tested if candidate.p_adjusted > rate]
    remaining = list(range(len(board.candidates)))
    alone = board.p_given(remaining, [])
    standing: list[int] = []
    given: dict[int, float] = {}
    under: dict[int, int] = {}
    explained: dict[int, bool] = {}
    while remaining:
        p = board.p_given(remaining, standing)
        given |= p
        if standing:
            again = adjust_p([*p.values(), *(board.candidates[k].p for k in standing), *others], "by")
            own = dict(zip(p, adjust_p(list(p.values()), "holm"), strict=True))
            for i, value in zip(list(remaining), again, strict=False):
                akin = [k for k in standing if board.shares_words(i, k)]
                gone = len(parts) * value > rate and p[i] > WEAKENED * alone[i] and own[i] > OWN_CAUSE_P
                if gone or akin:
                    under[i] = akin[0] if akin else board.best_explanation(i, standing)
                    explained[i] = bool(akin) or board.little_remains(i, standing)
                    remaining.remove(i)
        if remaining:
            leader = board.cause(min(remaining, key=lambda i: (p[i], i)), remaining, standing)
            standing.append(leader)
            remaining.remove(leader)
    order: list[int] = []
    for leader in standing:
        # Those that may be causes of their own come first, so that none is left out for a shadow.
        beneath = sorted((i for i in under if under[i] == leader), key=lambda i: (explained[i], i))
        order += [leader, *_without_same_words(board, leader, beneath)[:MAX_FOLDED]]
    place = {i: position for position, i in enumerate(order)}
    return [
        FoldedSlice(board.candidates[i], given[i], place[under[i]] if i in under else -1, explained.get(i, False))
        for i in order
    ]


def _without_same_words(board: "_ConfirmedSlices", leader: int, beneath: Sequence[int]) -> list[int]:
    """Leave out slices that only name other words of a group that is there already."""
    distinct: list[int] = []
    for i in beneath:
        if not any(board.shares_words(i, k) for k in (leader, *distinct)):
            distinct.append(i)
    return distinct


class _ConfirmedSlices:
    """The confirmed slices, and how bad each is when others are taken out."""

    def __init__(self, titles: LabelledTitles, parts: Sequence[Rows], candidates: Sequence[Candidate]) -> None:
        self.titles, self.parts, self.candidates = titles, parts, candidates
        self._members = [parts[candidate.unseen][candidate.mask[parts[candidate.unseen]]] for candidate in candidates]

    def p_given(self, which: Sequence[int], taken: Sequence[int]) -> dict[int, float]:
        """Return the exact p of slices, each among the records its search had not seen, with others taken out."""
        claims = self._claims(taken)
        totals = [self.titles.count(rows, claims) for rows in self.parts]
        return {
            i: worst_p(*self.titles.count(self._members[i], claims), *totals[self.candidates[i].unseen]) for i in which
        }

    def _claims(self, taken: Sequence[int]) -> npt.NDArray[np.intp]:
        """Give each record the number of the first slice taken out that it is in, from 1; 0 when in none."""
        claims = np.zeros(len(self.titles), dtype=np.intp)
        for number in range(len(taken), 0, -1):
            claims[self.candidates[taken[number - 1]].mask] = number
        return claims

    def best_explanation(self, i: int, standing: Sequence[int]) -> int:
        """Return the standing slice that, taken out alone, leaves least of a slice."""
        return max(standing, key=lambda k: self.p_given([i], [k])[i])

    def little_remains(self, i: int, taken: Sequence[int]) -> bool:
        """Tell whether what remains of a slice, with others taken out, is shown to be small in both views.

        All titles count, those of its search among them: a slice is proposed for looking bad, not for looking harmless.
        """
        claims = self._claims(taken)
        everything = np.arange(len(self.titles))
        counts = self.titles.count(everything[self.candidates[i].mask], claims), self.titles.count(everything, claims)
        views = zip(*counts[0], *counts[1], strict=True)
        return max(p_of_small_effect(*view, SMALL_ODDS_RATIO) for view in views) <= SMALL_P

    def cause(self, leader: int, remaining: Sequence[int], standing: Sequence[int]) -> int:
        """Return `leader`, or the slice that explains it in no more facts, without being explained by it."""
        tried = {leader}
        while True:
            length = len(self.candidates[leader].predicates)
            rest = [i for i in remaining if i not in tried and len(self.candidates[i].predicates) <= length]
            beside_leader = self.p_given(rest, [*standing, leader])
            rivals = [
                (p, i)
                for i, p in beside_leader.items()
                if p <= EXPLAINED_P
                and (self.shares_words(leader, i) or self.p_given([leader], [*standing, i])[leader] > EXPLAINED_P)
            ]
            if not rivals:
                return leader
            leader = min(rivals)[1]
            tried.add(leader)

    def shares_words(self, index: int, other: int) -> bool:
        """Tell whether two slices have all facts in common but for one about words, and some of these words too.

        A word family ("poem…") has its words ("poems") in common with them.
        """
        first, second = set(self.candidates[index].predicates), set(self.candidates[other].predicates)
        left, right = list(first - second), list(second - first)
        if len(left) != 1 or len(right) != 1:
            return False
        a, b = left[0], right[0]
        return (
            is_title_words(a)
            and is_title_words(b)
            and any(_covers(s, t) or _covers(t, s) for s in a.terms for t in b.terms)
        )


def _covers(term: str, other: str) -> bool:
    """Tell whether every title with `other` has `term`, to judge by their letters: 'poem*' takes in 'poems'."""
    return other == term or (term.endswith("*") and other.startswith(term[:-1]))
