import numpy as np
import pandas as pd
import pytest

from core.errors import InputError
from core.predicates import LengthPredicate, TextPredicate
from core.statistics import wilson
from core.weak_supervision import LabellingFunction, Votes, agreements, describe, find_duplicates, holdout_mask
from core.weak_supervision.functions import with_class_spelling
from core.weak_supervision.tryout import accuracy_by_title

CLASSES = ("Fiction", "Non-fiction")


def votes(matrix, conditions=None):
    """Make functions whose polarity is what stands in their column."""
    matrix = np.array(matrix, dtype=np.int16)
    functions = []
    for j in range(matrix.shape[1]):
        cast = matrix[:, j][matrix[:, j] >= 0]
        when = conditions[j] if conditions else LengthPredicate("title", j + 2)
        functions.append(LabellingFunction(f"f{j}", CLASSES[int(cast[0]) if len(cast) else 0], when))
    return Votes(tuple(functions), CLASSES, matrix, (0,) * matrix.shape[1])


def test_coverage_overlap_and_conflict_of_a_matrix_worked_by_hand():
    #  f0 Fiction, f1 Fiction, f2 Non-fiction
    table = describe(votes([[0, 0, -1], [0, -1, 1], [-1, -1, 1], [-1, -1, -1], [0, -1, -1]]))
    assert table["books"].tolist() == [3, 1, 2]
    assert table["coverage"].tolist() == [0.6, 0.2, 0.4]
    assert table["overlap"].tolist() == [0.4, 0.2, 0.2]
    assert table["conflict"].tolist() == [0.2, 0.0, 0.2]
    assert table["accuracy"].isna().all()
    assert table["reason"].tolist() == ["no labels to check against"] * 3


def test_no_book_is_no_rate():
    table = describe(votes(np.zeros((0, 2), dtype=np.int16)))
    assert table[["coverage", "overlap", "conflict"]].isna().all(axis=None)


def test_accuracy_counts_each_title_once_and_has_its_interval():
    # Twelve titles; the first is there three times, and right twice. One book has no truth, one no answer.
    keys = ["a"] * 3 + [f"t{i}" for i in range(11)] + ["x", "y"]
    answers = np.array(["F"] * 14 + ["F", ""], dtype=object)
    truth = pd.Series(["F", "F", "N"] + ["F"] * 10 + ["N"] + ["", "F"])
    estimate, right = accuracy_by_title(answers, truth, pd.Series(keys))
    assert estimate.n == 12
    assert right == pytest.approx(10 + 2 / 3)
    assert estimate.value == pytest.approx((10 + 2 / 3) / 12)
    assert (estimate.low, estimate.high) == wilson(right, 12)


def test_below_ten_titles_there_is_no_rate_but_the_counts():
    estimate, right = accuracy_by_title(
        np.array(["F"] * 9, dtype=object), pd.Series(["F"] * 9), pd.Series(list("abcdefghi"))
    )
    assert np.isnan(estimate.value)
    assert (right, estimate.n, estimate.reason) == (9, 9, "fewer than 10 titles: 9 of 9 right")


def test_half_of_the_titles_are_kept_back_always_the_same():
    keys = pd.Series([f"title {i}" for i in range(4000)])
    back = holdout_mask(keys)
    assert 0.47 < back.mean() < 0.53
    assert (holdout_mask(keys[::-1]) == back[::-1]).all()
    assert holdout_mask(pd.Series([], dtype="str")).tolist() == []


def column(*rows):
    created = np.full(20, -1)
    created[list(rows)] = 0
    return created


def test_functions_that_vote_alike_are_found_and_the_later_one_is_refused():
    first, near, half = column(*range(12)), column(*range(11)), column(*range(6, 18))
    copies = find_duplicates(votes(np.column_stack([first, near, half])))
    assert [(copy.name, copy.original, copy.books) for copy in copies] == [("f1", "f0", 12)]
    assert copies[0].share == pytest.approx(11 / 12)
    assert copies[0].sentence.startswith("“f1” copies “f0”: on 92 % of the 12 books on which either votes")


def test_equal_books_with_another_class_are_no_copy():
    other = column(*range(12))
    other[other == 0] = 1
    both = votes(np.column_stack([column(*range(12)), other]))
    assert find_duplicates(both) == ()
    assert agreements(both)["share"].tolist() == [0.0]


def test_few_books_are_no_proof_but_an_equal_condition_is():
    few = np.column_stack([column(1, 2), column(1, 2)])
    assert find_duplicates(votes(few)) == ()
    same = TextPredicate("title", "word", ("novel",))
    assert [copy.name for copy in find_duplicates(votes(few, [same, same]))] == ["f1"]


def test_a_copy_of_a_copy_is_one_of_the_original():
    same = np.column_stack([column(*range(12))] * 3)
    assert [(copy.name, copy.original) for copy in find_duplicates(votes(same))] == [("f1", "f0"), ("f2", "f0")]


def test_a_class_nobody_names_is_refused():
    with pytest.raises(InputError, match="'x' votes for 'Poetry', which no label names"):
        with_class_spelling([LabellingFunction("x", "Poetry", LengthPredicate("title", 2))], CLASSES)
