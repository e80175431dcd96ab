"""Whoever asks ten models and many settings of the same checked books, and keeps what accepts most, is told the truth.

2,000 books, 425 of them checked; each of ten models is wrong about a little more than may be, in places of its own, so
that every promise that accepts nearly all is false. The adversary asks each model three things and keeps the largest
yes. With a fresh 5 % for every question that yes is false far more often than stated; with one budget it is not.
"""

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.stats import binom

from core.alpha_budget import weight_of_question
from core.thresholds import apply_policy, find_whole_guarantee
from core.thresholds.population import PopulationCheck

pytestmark = pytest.mark.slow

SIZE, CHECKED, MODELS, DRAWS = 2_000, 425, 10, 60
SHARES = (0.02, 0.03, 0.01)
NOT_COMPARED = PopulationCheck(0, 0, ())
CONFIDENCE = np.linspace(1, 0.5, SIZE)


def wrong_books() -> list[NDArray[np.bool_]]:
    """Of each model 2.9 % of the books are wrong: with those among the checked put right, 2.3 % of them stay."""
    wrong = []
    for model in range(MODELS):
        books = np.zeros(SIZE, dtype=bool)
        books[np.random.default_rng(model).choice(SIZE, int(0.029 * SIZE), replace=False)] = True
        wrong.append(books)
    return wrong


def table_of(wrong: NDArray[np.bool_], checked: NDArray[np.intp]) -> pd.DataFrame:
    truth = np.full(SIZE, "", dtype=object)
    truth[checked] = np.where(wrong[checked], "b", "a")
    return pd.DataFrame({"predicted": "a", "confidence": CONFIDENCE, "truth": truth})


def is_broken(checked: NDArray[np.intp], worlds: list[NDArray[np.bool_]], *, budget: bool) -> bool:
    """Say whether any of the answers is false: then the adversary may have kept it."""
    number = 0
    unchecked = np.ones(SIZE, dtype=bool)
    unchecked[checked] = False
    for wrong in worlds:
        table = table_of(wrong, checked)
        for share in SHARES:
            number += 1
            alpha = 0.05 * weight_of_question(number) if budget else 0.05
            result = find_whole_guarantee(table, ["a", "b"], share, alpha=alpha, population=NOT_COMPARED)
            remaining = wrong & unchecked & apply_policy(table, result.policy())
            if remaining.sum() > share * SIZE:
                return True
    return False


def test_one_budget_holds_against_ten_models_and_a_fresh_alpha_for_each_does_not() -> None:
    generator, worlds = np.random.default_rng(20), wrong_books()
    draws = [generator.choice(SIZE, CHECKED, replace=False) for _ in range(DRAWS)]
    with_budget = sum(is_broken(checked, worlds, budget=True) for checked in draws)
    without = sum(is_broken(checked, worlds, budget=False) for checked in draws)
    print(f"broken with one budget {with_budget / DRAWS:.3f}, with a fresh alpha {without / DRAWS:.3f}")
    assert with_budget <= binom.ppf(0.999, DRAWS, 0.05)
    assert without > 2 * binom.ppf(0.999, DRAWS, 0.05)


def test_the_first_question_hardly_pays_for_the_others() -> None:
    """A calibrated model: what 0.6 of alpha accepts, beside all of it, and beside the half of δ / (k (k + 1))."""
    generator = np.random.default_rng(21)
    wrong = generator.random(SIZE) < (1 - CONFIDENCE) * 0.6
    tables = [table_of(wrong, generator.choice(SIZE, CHECKED, replace=False)) for _ in range(20)]

    def coverage(part: float) -> float:
        results = [
            find_whole_guarantee(table, ["a", "b"], share, alpha=0.05 * part, population=NOT_COMPARED)
            for table in tables
            for share in (0.015, 0.02, 0.03, 0.04, 0.05)
        ]
        return float(np.mean([result.coverage for result in results]))

    whole, first, half = coverage(1.0), coverage(0.6), coverage(0.5)
    print(f"accepted with all of alpha {whole:.3f}, with 0.6 of it {first:.3f}, with half of it {half:.3f}")
    assert whole >= first >= half
    assert first > 0.9 * whole
