"""Words that behave alike become one slice; words of another class, or that fail less, stay outside."""

import numpy as np

from core.slices.confirm import grow_groups
from core.slices.search import lay_out


def grown(columns: np.ndarray, truth: np.ndarray, wrong: np.ndarray) -> list[tuple[int, ...]]:
    views = np.stack([truth, np.where(wrong, 1 - truth, truth)])
    layout = lay_out(np.arange(len(truth)), views, 2, wrong)
    of_class = np.stack([(columns & (truth == k)).sum(axis=1) for k in (0, 1)], axis=1)
    mix = of_class / of_class.sum(axis=1, keepdims=True)
    return grow_groups(layout.pack(columns), mix, layout, min_errors=3)


def library(n: int = 3000) -> tuple[np.ndarray, np.ndarray, np.random.Generator]:
    random = np.random.default_rng(11)
    truth = (np.arange(n) % 2).astype(np.intp)
    return truth, random.random((6, n)) < 0.03, random


def test_rare_words_that_fail_alike_are_one_group():
    truth, columns, random = library()
    columns[:3] &= truth == 0  # three words of class 0 that fail
    columns[3] &= truth == 0  # one that does not
    columns[4] &= truth == 1  # one that fails, in the other class
    failing = columns[:3].any(axis=0) | columns[4]
    wrong = random.random(len(truth)) < np.where(failing, 0.7, 0.05)
    groups = grown(columns, truth, wrong)
    assert [set(group) for group in groups] == [{0, 1, 2}]


def test_a_word_that_is_only_a_little_worse_stays_outside():
    truth, columns, random = library(40_000)
    wrong = random.random(len(truth)) < np.where(columns[:2].any(axis=0), 0.7, np.where(columns[2], 0.1, 0.05))
    assert [set(group) for group in grown(columns, truth, wrong)] == [{0, 1}]


def test_without_errors_there_is_no_group():
    truth, columns, _ = library()
    assert grown(columns, truth, np.zeros(len(truth), dtype=bool)) == []
