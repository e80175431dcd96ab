"""Books drawn with known, unequal chances: what is said of the whole is false no more often than stated.

Three hard decades are 30 % of the collection, and 5 % or 60 % of the books that were drawn; the model is as sure of
them as of the others. Counted as a plain random sample these draws break the same promise.
"""

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.stats import binom

from core.thresholds import ErrorBand, find_whole_guarantee
from core.thresholds.population import PopulationCheck

pytestmark = pytest.mark.slow

SIZE, DRAWS, LABELS = 3_000, 160, 600
NOT_COMPARED = PopulationCheck(0, 0, ())


def world(seed: int = 0) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
    """Confidence, whether it is of a hard decade, whether it is wrong: .01 of the easy, .2 of the hard."""
    generator = np.random.default_rng(seed)
    hard = np.arange(SIZE) < 0.3 * SIZE
    wrong = generator.random(SIZE) < np.where(hard, 0.2, 0.01)
    return generator.permutation(np.linspace(1, 0.5, SIZE)), hard, wrong


def broken(
    share_of_hard: float, max_error: float, *, stratified: bool, weighted: bool = True, draws: int = DRAWS
) -> tuple[int, float]:
    """Return how often more than was promised stayed wrong, and the mean share that was accepted."""
    confidence, hard, wrong = world()
    chance = np.where(hard, share_of_hard * LABELS / hard.sum(), (1 - share_of_hard) * LABELS / (~hard).sum())
    generator, times, coverage = np.random.default_rng(1), 0, 0.0
    for _ in range(draws):
        drawn = generator.random(SIZE) < chance
        if stratified:
            drawn = np.zeros(SIZE, dtype=bool)
            for part, n in ((hard, round(share_of_hard * LABELS)), (~hard, round((1 - share_of_hard) * LABELS))):
                drawn[generator.choice(np.flatnonzero(part), n, replace=False)] = True
        truth = np.where(drawn, np.where(wrong, "b", "a"), "")
        table = pd.DataFrame({"predicted": "a", "confidence": confidence, "truth": truth})
        if weighted:
            table["drawn_chance"] = np.where(drawn, chance, np.nan)
        result = find_whole_guarantee(table, ["a", "b"], max_error, population=NOT_COMPARED)
        cut = result.groups[0].cut
        left = 0 if cut is None else int((wrong & ~drawn & (confidence > cut)).sum())
        times += left > max_error * SIZE
        coverage += result.coverage / draws
    return times, coverage


@pytest.mark.parametrize("stratified", [False, True])
@pytest.mark.parametrize(("share_of_hard", "max_error"), [(0.05, 0.04), (0.6, 0.02)])
def test_the_whole_is_wrong_no_more_often_than_stated(share_of_hard: float, max_error: float, stratified: bool) -> None:
    times, coverage = broken(share_of_hard, max_error, stratified=stratified)
    assert times <= binom.ppf(0.999, DRAWS, 0.05)
    assert coverage > 0.1


def test_counted_as_a_plain_sample_the_same_books_break_it() -> None:
    times, _ = broken(0.05, 0.04, stratified=False, weighted=False)
    assert times > 0.5 * DRAWS


@pytest.mark.parametrize("share_of_hard", [0.15, 0.6])
def test_a_reader_who_moves_the_slider_finds_no_false_bound(share_of_hard: float) -> None:
    confidence, hard, wrong = world()
    chance = np.where(hard, share_of_hard * LABELS / hard.sum(), (1 - share_of_hard) * LABELS / (~hard).sum())
    generator, times = np.random.default_rng(2), 0
    for _ in range(DRAWS):
        drawn = generator.random(SIZE) < chance
        truth = np.where(drawn, np.where(wrong, "b", "a"), "")
        table = pd.DataFrame({"predicted": "a", "confidence": confidence, "truth": truth})
        bounds = ErrorBand(table.assign(drawn_chance=np.where(drawn, chance, np.nan)), ["a"]).table()
        left = np.sort(confidence[wrong & ~drawn])
        times += bool((len(left) - np.searchsorted(left, bounds["cut"], side="right") > bounds["most_wrong"]).any())
    assert times <= binom.ppf(0.999, DRAWS, 0.05)
