"""Two models and people under one promise: broken no more often than it says, whichever model is over-confident.

Over 600 draws each: broken in .028 (both calibrated), .032 and .018 (the quick, the slow one over-confident), .018 (the
surest are wrong).
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.stats import binom

from core.thresholds import find_whole_guarantee
from core.thresholds.population import PopulationCheck
from core.thresholds.two_models import TwoModelGuarantee, find_two_model_guarantee

pytestmark = pytest.mark.slow

SIZE, SAMPLE, LIMIT, DRAWS = 2_000, 600, 0.02, 100
NOT_COMPARED = PopulationCheck(0, 0, ())
Model = tuple[NDArray[np.float64], NDArray[np.bool_]]  # confidences, and what is wrong
World = tuple[Model, Model]


def _model(generator: np.random.Generator, ease: NDArray[np.float64], skill: float, boast: float) -> Model:
    """Return a model that is right as often as it says, but for `boast`, by which it takes log odds times more."""
    odds = skill + ease + 1.3 * generator.normal(size=SIZE)
    right = 1 / (1 + np.exp(-np.abs(odds)))
    return 1 / (1 + np.exp(-np.abs(odds) * (1 + boast))), generator.random(SIZE) > right


def _world(seed: int, quick_boast: float = 0.0, slow_boast: float = 0.0) -> World:
    generator = np.random.default_rng(seed)
    ease = 0.8 * generator.normal(size=SIZE)
    return _model(generator, ease, 1.8, quick_boast), _model(generator, ease, 2.8, slow_boast)


def calibrated() -> World:
    return _world(1)


def quick_over_confident() -> World:
    return _world(2, quick_boast=2.0)


def slow_over_confident() -> World:
    return _world(3, slow_boast=2.0)


def surest_are_wrong() -> World:
    """A little more than may be is wrong among the surest of either model, each in its own part of the collection."""
    generator = np.random.default_rng(4)
    order = generator.permutation(SIZE)
    models = []
    for part in (order[:1000], order[1000:]):
        confidence = np.full(SIZE, 0.5) + 0.1 * generator.random(SIZE)
        confidence[part] = np.linspace(1, 0.6, len(part))
        wrong = generator.random(SIZE) < 0.3
        wrong[part] = False
        wrong[generator.choice(part[:400], 36, replace=False)] = True
        models.append((confidence, wrong))
    return models[0], models[1]


def _ask(world: World, drawn: NDArray[np.intp], seed: int) -> tuple[TwoModelGuarantee, int]:
    """Return the answer, and how many wrong records stay unchecked with it."""
    tables = []
    for confidence, wrong in world:
        truth = np.full(SIZE, "", dtype=object)
        truth[drawn] = "Map"
        tables.append(
            pd.DataFrame({"predicted": np.where(wrong, "Play", "Map"), "confidence": confidence, "truth": truth})
        )
    quick, slow = tables
    result = find_two_model_guarantee(quick, slow, LIMIT, population=NOT_COMPARED, seconds_a_title=1.0, seed=seed)
    by = result.cuts.decided_by(quick, slow)
    wrong = np.where(by == "quick", world[0][1], world[1][1]) & (by != "")
    wrong[drawn] = False
    return result, int(wrong.sum())


@pytest.mark.parametrize("make", [calibrated, quick_over_confident, slow_over_confident, surest_are_wrong])
def test_it_is_broken_no_more_often_than_it_says(make: Callable[[], World]) -> None:
    world = make()
    broken = 0
    for seed in range(DRAWS):
        drawn = np.random.default_rng(seed).choice(SIZE, SAMPLE, replace=False)
        broken += _ask(world, drawn, seed)[1] > LIMIT * SIZE
    assert broken <= binom.ppf(0.999, DRAWS, 0.05)


@pytest.mark.parametrize("make", [calibrated, quick_over_confident, slow_over_confident])
def test_people_have_less_to_do_than_with_the_quick_model_alone(make: Callable[[], World]) -> None:
    world = make()
    (confidence, wrong), _ = world
    together, alone = [], []
    for seed in range(12):
        drawn = np.random.default_rng(1_000 + seed).choice(SIZE, SAMPLE, replace=False)
        truth = np.full(SIZE, "", dtype=object)
        truth[drawn] = "Map"
        table = pd.DataFrame({"predicted": np.where(wrong, "Play", "Map"), "confidence": confidence, "truth": truth})
        alone.append(find_whole_guarantee(table, ["Map", "Play"], LIMIT, population=NOT_COMPARED).review)
        result, _ = _ask(world, drawn, seed)
        together.append(result.review)
        assert result.read < SIZE
    assert np.mean(together) < 0.95 * np.mean(alone)
