"""Whoever asks after each label and stops when it suits is told something false no more often than stated.

Each world is a finite collection of which it is known for every record whether its prediction is wrong. Its records are
checked in random order, and the promise of the whole is asked for again and again on the way. A walk is broken if any
of its answers was false, since people may have stopped there. Broken in 2,000 walks of 100 looks each: calibrated .041,
over-confident .046, ties .010, surest are wrong .046, hardly wrong .024; with the bound of a single look, asked again,
it is .20, .24, .09, .21 and .13.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.stats import binom

from core.thresholds import apply_policy, find_whole_guarantee
from core.thresholds.confidence_sequence import allowed_at_any_time
from core.thresholds.finite_population import allowed_in_sample
from tests.theory.test_whole_theory import (
    CLASSES,
    NOT_COMPARED,
    SIZE,
    World,
    calibrated,
    hardly_wrong,
    over_confident,
    with_ties,
)

pytestmark = pytest.mark.slow

WALKS = 300
LEFT = SIZE // 50
Allowed = Callable[[int, int, int, float], int]


def surest_are_wrong() -> World:
    """All wrong ones stand among the surest, so that every cut but the highest is just too low."""
    wrong = np.zeros(SIZE, dtype=bool)
    wrong[np.random.default_rng(3).choice(SIZE // 4, 3 * LEFT, replace=False)] = True
    return np.linspace(1, 0.5, SIZE), wrong


WORLDS: dict[str, Callable[[], World]] = {
    "calibrated": calibrated,
    "over-confident": over_confident,
    "ties": with_ties,
    "surest are wrong": surest_are_wrong,
    "hardly wrong": hardly_wrong,
}


def broken_walks(
    world: World, looks: NDArray[np.intp], walks: int, allowed: Allowed = allowed_at_any_time, seed: int = 30
) -> int:
    """Count the walks on which any answer was false; what find_whole_guarantee does, without its tables."""
    confidence, wrong = world
    generator, broken = np.random.default_rng(seed), 0
    forgiven = [allowed(LEFT, int(n), SIZE, 0.05) for n in looks]
    for _ in range(walks):
        order = generator.permutation(SIZE)
        errors = wrong[order]
        for n, most in zip(looks.tolist(), forgiven, strict=True):
            checked = -np.sort(-confidence[order[:n][errors[:n]]])
            cut = checked[most] if 0 <= most < len(checked) else (0.0 if most >= 0 else 1.0)
            later = order[n:][errors[n:]]
            if most >= 0 and int((confidence[later] > cut).sum()) > LEFT:
                broken += 1
                break
    return broken


def at_most(share: float, draws: int) -> int:
    return int(binom.ppf(0.999, draws, share))


@pytest.mark.parametrize("name", WORLDS)
def test_asking_after_every_label_breaks_nothing_more_often_than_stated(name: str) -> None:
    assert broken_walks(WORLDS[name](), np.arange(10, 1_010, 10), WALKS) <= at_most(0.05, WALKS)


def test_a_bound_for_one_look_does_break() -> None:
    """The same walks find out the promise of one look when it is asked for ten or a hundred times."""
    for looks in (np.arange(100, 1_100, 100), np.arange(10, 1_010, 10)):
        broken = broken_walks(surest_are_wrong(), looks, WALKS, allowed_in_sample)
        print(f"{len(looks)} looks with a fresh alpha: broken in {broken / WALKS:.3f}")
        assert broken > at_most(0.05, WALKS)


def scored(world: World, checked: NDArray[np.intp]) -> pd.DataFrame:
    confidence, wrong = world
    predicted = np.where(np.arange(SIZE) % 3 == 0, "b", "a").astype(object)
    truth = np.full(SIZE, "", dtype=object)
    other = np.where(predicted == "a", "b", "a")
    truth[checked] = np.where(wrong[checked], other[checked], predicted[checked])
    return pd.DataFrame({"predicted": predicted, "confidence": confidence, "truth": truth})


@pytest.mark.parametrize("settings", [{}, {"per": "class"}, {"human_error": 0.01}])
def test_classes_and_people_who_err_are_counted_at_every_time(settings: dict[str, object]) -> None:
    world, generator, broken, walks, share = surest_are_wrong(), np.random.default_rng(31), 0, 60, 0.03
    people = float(settings.get("human_error", 0))  # type: ignore[arg-type]
    for _ in range(walks):
        order = generator.permutation(SIZE)
        for n in range(200, 1_001, 200):
            table = scored(world, order[:n])
            result = find_whole_guarantee(
                table, CLASSES, share, anytime=True, population=NOT_COMPARED, **settings  # type: ignore[arg-type]
            )  # fmt: skip
            accepted = apply_policy(table, result.policy())
            left = world[1] & accepted & (table["truth"] == "").to_numpy()
            by_people = people * int((~accepted | (table["truth"] != "").to_numpy()).sum())
            false = result.accepted > 0 and left.sum() + by_people > share * SIZE
            if settings.get("per") == "class":
                mine = [(table["predicted"] == name).to_numpy() for name in CLASSES]
                false = any(left[rows].sum() > share * rows.sum() for rows in mine)
            if false:
                broken += 1
                break
    assert broken <= at_most(0.05, walks)
