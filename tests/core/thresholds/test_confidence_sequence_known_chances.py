"""Bets against a collection with known, unequal chances, by hand."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest

from core.thresholds import find_whole_guarantee
from core.thresholds.confidence_sequence import WeightedBet
from core.thresholds.finite_population import allowed_in_sample
from core.thresholds.sample import CheckedSample
from core.wording import whole as wording


def test_a_sample_without_an_error_gives_the_exact_limit() -> None:
    # .9 ** 28 = .0523 and .9 ** 29 = .0471: with 29 wrong ones a sample of a tenth would most likely show one.
    assert WeightedBet(stake=0.1, alpha=0.05).most_left(0.0) == 28
    assert WeightedBet(stake=0.1, alpha=0.05).costs(np.array([0.1]))[0] == math.inf


def test_what_an_error_costs_by_hand() -> None:
    bet = WeightedBet(stake=0.05, alpha=0.05)
    # log(.5) / log(.95) = 13.51, log(.9) / log(.95) = 2.05; one of each is the checked book itself.
    assert bet.costs(np.array([0.1, 0.5, 1.0])) == pytest.approx([12.5134, 1.0541, 0.0], abs=1e-4)
    # log(.05) / log(.95) = 58.40
    assert bet.most_left(0.0) == 58
    assert bet.most_left(12.5134) == 70


@pytest.mark.parametrize("stake", [0.02, 0.1, 0.2])
def test_the_mean_of_the_bet_is_one_whatever_is_drawn(stake: float) -> None:
    """All 32 draws of five wrong records, each with its probability."""
    chances = np.array([0.2, 0.3, 0.5, 0.9, 1.0])
    mean = 0.0
    for drawn in itertools.product([0, 1], repeat=5):
        mask = np.array(drawn)
        probability = np.prod(np.where(mask, chances, 1 - chances))
        mean += probability * np.prod(1 - stake / chances * mask)
    assert mean / (1 - stake) ** 5 == pytest.approx(1.0)


def test_equal_chances_forgive_hardly_less_than_the_exact_test() -> None:
    for n, size, share in ((425, 2_000, 0.05), (1000, 52_695, 0.02), (600, 10_000, 0.05)):
        left = int(share * size)
        bet = WeightedBet.against(left, n / size, 0.05)
        forgiven = bet.allowed_cost(left) / bet.costs(np.array([n / size]))[0]
        exact = allowed_in_sample(left, n, size, 0.05)
        assert 0.8 * exact - 1 <= forgiven <= exact


def collection(wrong: tuple[int, ...] = ()) -> pd.DataFrame:
    """1,000 books, the surest first: every second one drawn, but of the last 200 every one."""
    drawn = (np.arange(1000) % 2 == 0) | (np.arange(1000) >= 800)
    truth = np.where(drawn, "a", "").astype(object)
    truth[list(wrong)] = "b"
    chance = np.where(np.arange(1000) >= 800, 1.0, 0.5)
    return pd.DataFrame(
        {
            "predicted": "a",
            "confidence": np.linspace(1, 0.5, 1000),
            "truth": truth,
            "drawn_chance": np.where(drawn, chance, np.nan),
        }
    )


def test_books_drawn_with_certainty_cost_nothing_and_the_others_their_weight() -> None:
    right = find_whole_guarantee(collection(), ["a", "b"], 0.02)
    assert (right.accepted, right.labelled, right.known_chances) == (1000, 600, True)
    assert find_whole_guarantee(collection(tuple(range(800, 1000, 2))), ["a", "b"], 0.02).accepted == 1000
    wrong = tuple(range(100, 800, 20))
    result = find_whole_guarantee(collection(wrong), ["a", "b"], 0.02)
    bet = WeightedBet.against(20, 0.5, 0.05)
    allowed = math.floor(bet.allowed_cost(20) / bet.costs(np.array([0.5]))[0])
    assert allowed >= 1
    (group,) = result.groups
    assert group.errors == group.allowed == allowed
    assert result.accepted == wrong[allowed]
    assert group.most_wrong <= 20


def test_blank_books_of_a_drawn_list_are_wrong_and_others_are_only_checked() -> None:
    table = collection()
    table["unanswered"] = False
    table.loc[[100, 200], "truth"] = ""
    table.loc[[100, 200], "unanswered"] = True
    table.loc[[301, 303], "truth"] = "b"  # somebody looked at them beside the draw
    sample = CheckedSample.from_table(table)
    assert (sample.unusable, sample.not_drawn, sample.editions) == (2, 2, 0)
    assert sample.wrong.nonzero()[0].tolist() == [100, 200]
    assert sample.is_weighted
    (*_, rests_on) = wording.sentences(find_whole_guarantee(table, ["a", "b"], 0.02))
    assert rests_on == (
        "It rests on 600 books drawn with known chances; 2 of them, which nobody could decide, are counted as"
        " wrong; 2 others, which were checked beside the draw, prove nothing of the rest."
    )


def test_equal_known_chances_are_a_plain_random_sample() -> None:
    table = collection().assign(drawn_chance=np.where(np.arange(1000) % 2 == 0, 0.5, np.nan))
    sample = CheckedSample.from_table(table)
    assert sample.has_known_chances
    assert not sample.is_weighted
    assert sample.drawn.sum() == 500
    assert find_whole_guarantee(table, ["a"], 0.02).groups[0].allowed == allowed_in_sample(20, 500, 1000, 0.05)
