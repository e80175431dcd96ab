"""What a promise promises: over draws of the labelled books it is false no more often than it says.

Each world is a large collection in which the chance of an error is known for every book, so that the true error share
above any cut is known. 2,000 times some hundred books are drawn from it, "checked", and cuts are promised. The number
of broken promises may be larger than stated by what chance would give one time in a thousand.
"""

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binom

from core.thresholds.fixed_sequence import SequenceGroup, graphical_procedure

pytestmark = pytest.mark.slow

SIZE, DRAWS = 200_000, 2000


@dataclass(frozen=True)
class World:
    """A collection, the surest book first, and what is true above each of its confidences."""

    confidence: NDArray[np.float64]
    chance: NDArray[np.float64]
    share_above: NDArray[np.float64]
    group: NDArray[np.int64]

    @classmethod
    def from_records(cls, confidence: NDArray[np.float64], chance: NDArray[np.float64], group: object = 0) -> "World":
        order = np.argsort(-confidence, kind="stable")
        stated, wrong = confidence[order], chance[order]
        return cls(
            stated,
            wrong,
            np.cumsum(wrong) / np.arange(1, len(wrong) + 1),
            np.broadcast_to(np.asarray(group), stated.shape)[order],
        )

    def part(self, group: int) -> "World":
        mine = self.group == group
        return World.from_records(self.confidence[mine], self.chance[mine])

    def error_share(self, cut: float) -> float:
        """The true share of errors above a cut; 0 where no book is."""
        accepted = int(np.searchsorted(-self.confidence, -cut, side="left"))
        return float(self.share_above[accepted - 1]) if accepted else 0.0

    def draw(self, generator: np.random.Generator, n: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        rows = generator.integers(0, len(self.confidence), n)
        return rows, generator.random(n) < self.chance[rows]


def calibrated(seed: int = 0) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    stated = 0.5 + 0.5 * np.random.default_rng(seed).beta(3, 0.8, SIZE)
    return stated, 1 - stated


def over_confident() -> World:
    stated, chance = calibrated(1)
    logit = np.log(stated / (1 - stated))
    return World.from_records(1 / (1 + np.exp(-2.5 * logit)), chance)


def with_ties() -> World:
    """Ten different confidences only: whole tenths of the collection are accepted together or not at all."""
    stated, chance = calibrated(2)
    return World.from_records(np.ceil(stated * 20) / 20, chance)


def not_monotone() -> World:
    """The surest books are wrong most often (mistaken labels), so that the error share first falls, then rises."""
    stated, chance = calibrated(3)
    place = np.argsort(np.argsort(-stated)) / SIZE
    return World.from_records(stated, np.where(place < 0.08, 0.11, np.where(place < 0.5, 0.02, chance)))


def crossing_often() -> World:
    """The error share above a cut swings around 5 per cent as the cut falls: half of all cuts are false promises."""
    place = (np.arange(SIZE) + 0.5) / SIZE
    wanted = 0.05 + 0.004 * np.sin(2 * np.pi * place * 9)
    chance = np.clip(np.gradient(wanted * place, place), 0, 1)
    return World.from_records(1 - place / 2, chance)


def always_just_false() -> World:
    """Every cut is a false promise, by a hair: the hardest case there is."""
    return World.from_records(np.random.default_rng(4).random(SIZE) / 2 + 0.5, np.full(SIZE, 0.0500001))


WORLDS = {
    "calibrated": lambda: World.from_records(*calibrated()),
    "over-confident": over_confident,
    "ties": with_ties,
    "not monotone": not_monotone,
    "crossing often": crossing_often,
    "always just false": always_just_false,
}


def at_most(share: float, draws: int = DRAWS) -> int:
    """The number of broken promises that chance exceeds once in a thousand times."""
    return int(binom.ppf(0.999, draws, share))


def broken_and_kept(world: World, n: int, max_error: float, alpha: float, seed: int = 10) -> tuple[int, int]:
    generator = np.random.default_rng(seed)
    broken = kept = 0
    for _ in range(DRAWS):
        rows, wrong = world.draw(generator, n)
        (found,) = graphical_procedure([SequenceGroup.from_records(world.confidence[rows], wrong)], max_error, alpha)
        if found.cut is not None:
            kept += 1
            broken += world.error_share(found.cut) > max_error
    return broken, kept


@pytest.mark.parametrize("n", [120, 425, 1000])
@pytest.mark.parametrize("name", WORLDS)
def test_it_is_broken_no_more_often_than_stated(name: str, n: int) -> None:
    broken, _ = broken_and_kept(WORLDS[name](), n, 0.05, 0.05)
    assert broken <= at_most(0.05)


@pytest.mark.parametrize("name", ["calibrated", "crossing often", "always just false", "ties"])
def test_it_keeps_to_other_confidences_too(name: str) -> None:
    broken, _ = broken_and_kept(WORLDS[name](), 425, 0.05, 0.2)
    assert broken <= at_most(0.2)


def test_the_tests_are_exact_where_everything_is_false() -> None:
    """No slack is given away: where every cut is just false, almost the whole doubt is spent."""
    broken, kept = broken_and_kept(always_just_false(), 425, 0.05, 0.05)
    assert broken == kept
    assert broken > 0.6 * 0.05 * DRAWS


def test_a_good_model_is_promised_much() -> None:
    _, kept = broken_and_kept(WORLDS["calibrated"](), 1000, 0.1, 0.05)
    assert kept > 0.95 * DRAWS


def test_choosing_by_observed_accuracy_does_break_its_promise() -> None:
    """The same simulation finds out a method that promises what it cannot keep."""
    world, generator, broken = WORLDS["calibrated"](), np.random.default_rng(11), 0
    for _ in range(DRAWS):
        rows, wrong = world.draw(generator, 425)
        group = SequenceGroup.from_records(world.confidence[rows], wrong)
        good = np.flatnonzero(group.errors / np.arange(1, 426) <= 0.05)
        if len(good) and good[-1] + 1 < 425:
            broken += world.error_share(float(group.confidence[good[-1] + 1])) > 0.05
    assert broken > 5 * at_most(0.05) / 2


@pytest.fixture(scope="module")
def three_classes() -> World:
    """A common class that is easy, one that is over-confident, and a rare one that is bad."""
    generator = np.random.default_rng(12)
    group = generator.choice(3, SIZE, p=[0.6, 0.3, 0.1])
    right = 0.5 + 0.5 * generator.beta(np.array([6, 2, 1.5])[group], 0.6)
    logit = np.log(right / (1 - right))
    stated = np.where(group == 1, 1 / (1 + np.exp(-2 * logit)), right)
    return World.from_records(stated, 1 - right, group)


@pytest.mark.parametrize(("n", "promised"), [(300, 0.5), (900, 1.2)])
def test_the_promises_of_three_classes_hold_together(three_classes: World, n: int, promised: float) -> None:
    parts = [three_classes.part(i) for i in range(3)]
    generator, broken, kept = np.random.default_rng(13), 0, 0
    for _ in range(DRAWS):
        rows, wrong = three_classes.draw(generator, n)
        own = three_classes.group[rows]
        groups = [
            SequenceGroup.from_records(three_classes.confidence[rows][own == i], wrong[own == i]) for i in range(3)
        ]
        found = graphical_procedure(groups, 0.05, 0.05)
        kept += sum(one.cut is not None for one in found)
        broken += any(
            one.cut is not None and part.error_share(one.cut) > 0.05 for one, part in zip(found, parts, strict=True)
        )
    assert broken <= at_most(0.05)
    assert kept > promised * DRAWS


def test_doubt_that_is_handed_on_is_not_spent_twice() -> None:
    """Two classes without any error hand their parts to a third of which every cut is just false."""
    world, generator, broken = always_just_false(), np.random.default_rng(14), 0
    perfect = SequenceGroup.from_records(np.linspace(0.9, 0.6, 200), np.zeros(200, dtype=bool))
    for _ in range(DRAWS):
        rows, wrong = world.draw(generator, 425)
        third = graphical_procedure(
            [perfect, perfect, SequenceGroup.from_records(world.confidence[rows], wrong)], 0.05, 0.05
        )[2]
        broken += third.cut is not None
    assert 0.4 * 0.05 * DRAWS < broken <= at_most(0.05)
