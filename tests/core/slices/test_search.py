"""The search enumerates what it says, no more and no less: held against a search that tries everything."""

import itertools

import numpy as np
import pytest

from core.slices.search import _repeats, conjunctions, count_ones, lay_out, search, short_list
from core.slices.stratified import min_ratio, min_score, worst_p


def invented(seed: int, n: int = 400, predicates: int = 14):
    random = np.random.default_rng(seed)
    columns = random.random((predicates, n)) < random.uniform(0.1, 0.7, (predicates, 1))
    columns[3] = columns[2] & (random.random(n) < 0.7)  # a part of another, like a word and its family
    columns[5] = columns[4]  # the same under another name
    truth = random.integers(0, 2, n)
    wrong = random.random(n) < np.where(columns[7] & columns[8], 0.7, 0.3)
    views = np.stack([truth, np.where(wrong, 1 - truth, truth)])
    subjects = np.where(np.arange(predicates) % 3 == 0, -1, np.arange(predicates) % 3)
    layout = lay_out(np.arange(n), views, 2, wrong)
    return columns, subjects, layout, wrong


def everything(columns, subjects, wrong, min_n, min_errors):
    found = {}
    distinct = {column.tobytes(): predicate for predicate, column in reversed(list(enumerate(columns)))}
    predicates = sorted(distinct.values())
    for length in (1, 2, 3):
        for chosen in itertools.combinations(predicates, length):
            about = [subjects[predicate] for predicate in chosen if subjects[predicate] >= 0]
            inside = columns[list(chosen)].all(axis=0)
            parts = [columns[list(part)].all(axis=0) for part in itertools.combinations(chosen, length - 1) if part]
            # A pair that is as large as one of its facts is not extended, nor is it told.
            pairs = [
                (columns[a] & columns[b]).sum() < min(columns[a].sum(), columns[b].sum())
                for a, b in itertools.combinations(chosen, 2)
            ]
            if (
                len(set(about)) == len(about)
                and all(pairs)
                and inside.sum() >= min_n
                and (inside & wrong).sum() >= min_errors
            ):
                found[chosen] = (inside, parts)
    return found


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_singles_and_pairs_are_all_there_and_triples_that_bring_news(seed):
    columns, subjects, layout, wrong = invented(seed)
    expected = everything(columns, subjects, wrong, 12, 8)
    levels = list(conjunctions(layout.pack(columns), subjects, layout, max_facts=3, min_n=12, min_errors=8))
    counted = {
        tuple(predicates): (int(n[0].sum()), int(errors[0].sum()))
        for level in levels
        for predicates, n, errors in zip(level.predicates.tolist(), level.n, level.errors, strict=True)
    }
    for predicates, (inside, _) in expected.items():
        if len(predicates) < 3:
            assert counted[predicates] == (inside.sum(), (inside & wrong).sum())
    assert {predicates for predicates in counted if len(predicates) < 3} == {
        predicates for predicates in expected if len(predicates) < 3
    }

    def counts(members):
        return (count[0] for count in layout.count(layout.pack(members[None])))

    def news(inside, parts):
        own = [count[None] for count in counts(inside)]
        return all(min_score(*own, *counts(part))[0] >= 2.5 for part in parts)

    triples = {
        predicates for predicates, (inside, parts) in expected.items() if len(predicates) == 3 and news(inside, parts)
    }
    assert {predicates for predicates in counted if len(predicates) == 3} == triples


def test_the_best_come_first_with_their_exact_p():
    columns, subjects, layout, _ = invented(3)
    bits = layout.pack(columns)
    found = search(bits, subjects, layout, max_facts=2, min_n=12, min_errors=3)
    assert found
    assert [one.p for one in found] == sorted(one.p for one in found)
    for one in found:
        counts = layout.count(np.bitwise_and.reduce(bits[list(one.predicates)], axis=0)[None])
        assert one.p == worst_p(counts[0][0], counts[1][0], *layout.count_all())
        assert min_ratio(*counts, *layout.count_all())[0] >= 1.2


def test_a_planted_pair_is_found_first_although_its_parts_look_well():
    random = np.random.default_rng(8)
    n = 4000
    columns = random.random((12, n)) < 0.2
    truth = random.integers(0, 2, n)
    wrong = random.random(n) < np.where(columns[4] & columns[7], 0.6, 0.1)
    layout = lay_out(np.arange(n), np.stack([truth, np.where(wrong, 1 - truth, truth)]), 2, wrong)
    found = search(layout.pack(columns), np.arange(12), layout, max_facts=3, min_n=20, min_errors=5)
    assert found[0].predicates == (4, 7)


@pytest.mark.parametrize(("max_facts", "longest"), [(1, 1), (2, 2), (3, 3)])
def test_no_more_facts_than_asked_for(max_facts, longest):
    columns, subjects, layout, _ = invented(1)
    levels = conjunctions(layout.pack(columns), subjects, layout, max_facts=max_facts, min_n=5, min_errors=2)
    assert max(level.predicates.shape[1] for level in levels) == longest


def test_nothing_alive_finds_nothing():
    columns, subjects, layout, _ = invented(1)
    assert search(layout.pack(columns), subjects, layout, max_facts=3, min_n=400, min_errors=3) == []


def blocks(*groups: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Records in blocks of (how many, how many of them wrong); the block of each, and which are wrong."""
    block = np.repeat(np.arange(len(groups)), [n for n, _ in groups])
    wrong = np.concatenate([np.arange(n) < errors for n, errors in groups])
    return block, wrong


def test_the_short_list_holds_what_is_worse_by_itself_and_what_repeats_nothing():
    # Two bad blocks of their own, one of no importance, and the good rest.
    block, wrong = blocks((60, 45), (60, 30), (60, 4), (600, 30))
    first, second, third = (block == number for number in range(3))
    inner = first & (np.arange(len(block)) % 5 != 0)  # four fifths of the first block: it says nothing new
    columns = np.stack([first, inner, second, third])
    layout = lay_out(np.arange(len(block)), np.zeros((1, len(block)), dtype=np.intp), 1, wrong)
    bits = layout.pack(columns)
    found = search(bits, np.arange(4), layout, max_facts=1, min_n=10, min_errors=3)
    assert [entry.predicates for entry in found] == [(0,), (1,), (2,)]
    # With the first taken out the second is still worse; the inner one repeats the first.
    assert [entry.predicates for entry in short_list(found, bits, layout)] == [(0,), (2,)]
    assert [entry.predicates for entry in short_list(found[:1], bits, layout)] == [(0,)]
    assert short_list([], bits, layout) == []


@pytest.mark.parametrize(
    ("inside", "shared", "repeats"),
    [
        (40, 30, True),  # three quarters of it lie in the other
        (40, 29, False),
        (150, 84, True),  # 84 of the 166 records of both
        (150, 83, False),  # 83 of 167 are not half
    ],
)
def test_what_repeats_a_slice(inside, shared, repeats):
    """A slice of 100 records, and one of `inside` records of which `shared` lie in it."""
    n = 400
    rows = np.arange(n)
    members = np.stack([rows < 100, (rows >= 100 - shared) & (rows < 100 - shared + inside)])
    layout = lay_out(rows, np.zeros((1, n), dtype=np.intp), 1, rows % 2 == 0)
    bits = layout.pack(members)
    assert bool(_repeats(bits, count_ones(bits), 0)[1]) is repeats
