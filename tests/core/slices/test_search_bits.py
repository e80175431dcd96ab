"""Counting by bits gives what counting by hand gives."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.slices.search import count_ones, lay_out


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 300), classes=st.one_of(st.integers(1, 4), st.integers(30, 60)))
def test_counts_by_view_and_class_are_those_of_numpy(seed, n, classes):
    random = np.random.default_rng(seed)
    truth, predicted = random.integers(0, classes, (2, n))
    wrong = truth != predicted
    rows = np.flatnonzero(random.random(n) < 0.7)
    if not len(rows):
        rows = np.array([0])
    columns = random.random((5, n)) < 0.4
    layout = lay_out(rows, np.stack([truth, predicted]), classes, wrong)
    counted, errors = layout.count(layout.pack(columns))
    for predicate in range(5):
        inside = rows[columns[predicate, rows]]
        for view, stratum in enumerate((truth, predicted)):
            assert counted[predicate, view].tolist() == np.bincount(stratum[inside], minlength=classes).tolist()
            bad = stratum[inside][wrong[inside]]
            assert errors[predicate, view].tolist() == np.bincount(bad, minlength=classes).tolist()
    assert layout.count_all()[0].sum(axis=1).tolist() == [len(rows)] * 2
    assert count_ones(layout.everything[None]).tolist() == [len(rows)]


def test_errors_lie_in_the_first_words():
    truth = np.array([0] * 100 + [1] * 100)
    predicted = truth.copy()
    predicted[:70] = 1
    layout = lay_out(np.arange(200), np.stack([truth, predicted]), 2, truth != predicted)
    everything = layout.everything
    assert layout.error_word_count == 2  # 70 errors take two words of 64
    assert count_ones(everything[None, : layout.error_word_count]).tolist() == [70]
    assert layout.words == 2 + 1 + 2


def test_without_errors_no_word_is_theirs():
    same = np.zeros((2, 10), dtype=np.intp)
    layout = lay_out(np.arange(10), same, 1, np.zeros(10, dtype=bool))
    assert layout.error_word_count == 0
    assert layout.count_all()[1].tolist() == [[0], [0]]


def test_an_intersection_is_counted_like_any_set():
    views = np.zeros((2, 130), dtype=np.intp)
    layout = lay_out(np.arange(130), views, 1, np.arange(130) % 2 == 0)
    bits = layout.pack(np.stack([np.arange(130) < 65, np.arange(130) >= 60]))
    n, errors = layout.count((bits[0] & bits[1])[None])
    assert (n[0, 0, 0], errors[0, 0, 0]) == (5, 3)
    assert pytest.approx(5) == count_ones((bits[0] & bits[1])[None])[0]
