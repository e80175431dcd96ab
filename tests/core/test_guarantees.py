"""Every promise is a question to the same checked books: the first is sharp, one band pays for all others."""

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest

from core.alpha_budget import AlphaBudget
from core.errors import InputError
from core.formatting import lower_percent
from core.guarantees import (
    AcceptedRequest,
    SavedPolicy,
    WholeRequest,
    ask_accepted,
    ask_band,
    ask_whole,
    budget_of,
    compared_records,
    promise_of,
    report_policy,
)
from core.predictions import Scored
from core.storage import Workspace
from core.thresholds import Policy, PopulationCheck, apply_policy
from core.thresholds.population import PopulationAspect
from core.wording import thresholds as wording

NOT_COMPARED = PopulationCheck(0, 0, ())


def predictions(name: str = "tfidf", classes: tuple[str, ...] = ("a", "b")) -> Scored:
    """2,000 books, every fourth checked; of the less sure half one in ten is wrong."""
    generator = np.random.default_rng(1)
    wrong = (np.arange(2000) >= 1000) & (generator.random(2000) < 0.1)
    predicted = np.asarray(classes, dtype=object)[np.arange(2000) % len(classes)]
    truth = np.where(wrong, np.roll(predicted, 1), predicted)
    truth[np.arange(2000) % 4 != 0] = ""
    table = pd.DataFrame(
        {
            "record_id": [f"r{i}" for i in range(2000)],
            "predicted": predicted,
            "confidence": np.linspace(1, 0.5, 2000),
            "truth": truth,
            "language": np.where(np.arange(2000) % 3, "English", "French"),
            "year": 1850.0,
            "place": "London",
        }
    )
    return Scored(name=name, fingerprint=name, classes=classes, table=table, calibrated=True)


@pytest.fixture
def budget(workspace: Workspace) -> AlphaBudget:
    return budget_of(workspace, predictions())


def test_the_first_question_has_a_test_of_its_own_and_stays_the_same(budget: AlphaBudget) -> None:
    first = ask_whole(predictions(), WholeRequest(max_error=0.02), budget, NOT_COMPARED)
    assert first.groups[0].alpha == pytest.approx(0.6 * 0.05)
    ask_accepted(predictions(), AcceptedRequest(max_error=0.05), budget, NOT_COMPARED)
    again = ask_whole(predictions(), WholeRequest(max_error=0.02), budget, NOT_COMPARED)
    assert again.cuts == first.cuts
    assert again.groups[0].alpha == first.groups[0].alpha


def test_every_other_share_of_the_whole_or_the_accepted_is_paid_for_once(budget: AlphaBudget) -> None:
    ask_whole(predictions(), WholeRequest(max_error=0.02), budget, NOT_COMPARED)
    levels = set()
    for share in (0.01, 0.03, 0.05, 0.1):
        whole = ask_whole(predictions(), WholeRequest(max_error=share), budget, NOT_COMPARED)
        accepted = ask_accepted(predictions(), AcceptedRequest(max_error=share, per="together"), budget, NOT_COMPARED)
        levels |= {whole.groups[0].alpha, accepted.groups[0].level}
        ask_accepted(predictions(), AcceptedRequest(max_error=share), budget, NOT_COMPARED)
        ask_whole(predictions(), WholeRequest(max_error=share, per="class"), budget, NOT_COMPARED)
    ask_band(predictions(), budget)
    assert len(levels) == 1
    assert [question.description for question in budget.questions()] == [
        "at most 2 % of the whole wrong, by 'tfidf'",
        "every cut-off and every share at once, by 'tfidf'",
    ]


def test_the_promise_of_the_accepted_is_a_question_too(budget: AlphaBudget) -> None:
    first = ask_accepted(predictions(), AcceptedRequest(max_error=0.05, per="together"), budget, NOT_COMPARED)
    assert first.groups[0].level == pytest.approx(0.6 * 0.05)
    assert first.guaranteed
    other = ask_accepted(predictions("other"), AcceptedRequest(max_error=0.05, per="together"), budget, NOT_COMPARED)
    assert other.groups[0].level < 0.2432 * 0.05
    assert len(budget.questions()) == 2


def test_a_facet_a_confidence_and_many_classes_are_questions_of_their_own(budget: AlphaBudget) -> None:
    ask_whole(predictions(), WholeRequest(max_error=0.02), budget, NOT_COMPARED)
    ask_whole(predictions(), WholeRequest(max_error=0.02, stratum="language"), budget, NOT_COMPARED)
    ask_accepted(predictions(), AcceptedRequest(max_error=0.05, confidence=0.9), budget, NOT_COMPARED)
    many = predictions("many", tuple("abcdef"))
    ask_accepted(many, AcceptedRequest(max_error=0.05), budget, NOT_COMPARED)
    assert [question.description for question in budget.questions()] == [
        "at most 2 % of the whole wrong, by 'tfidf'",
        "at most 2 % of the whole wrong, in each language, by 'tfidf'",
        "every cut-off and every share at once, by 'tfidf'",
        "at most 5 % of the accepted wrong, in each class, by 'many'",
    ]
    assert budget.left == pytest.approx(1 - sum(question.weight for question in budget.questions()))


def test_books_drawn_with_unequal_chances_never_count_alike(workspace: Workspace) -> None:
    scored = predictions()
    chance = np.where(scored.table["truth"] != "", np.where(np.arange(2000) % 8, 0.3, 0.2), np.nan)
    weighted = dataclasses.replace(scored, table=scored.table.assign(drawn_chance=chance))
    budget = budget_of(workspace, weighted)
    result = ask_accepted(weighted, AcceptedRequest(max_error=0.1, per="together"), budget, NOT_COMPARED)
    assert [question.description for question in budget.questions()] == [
        "every cut-off and every share at once, by 'tfidf'"
    ]
    assert result.groups[0].level == pytest.approx(0.6 * 0.05 * 0.7)
    with pytest.raises(InputError, match="do not count alike"):
        ask_accepted(weighted, AcceptedRequest(max_error=0.1, stratum="language"), budget, NOT_COMPARED)


class TestHowRightTheAcceptedAreHoweverTheCutsWereChosen:
    """Right at least = 1 − (wrong ones seen + unchecked wrong ones at most) / accepted."""

    def test_cuts_set_by_hand_are_a_position_of_the_band(self, budget: AlphaBudget) -> None:
        scored = predictions()
        chosen = SavedPolicy(policy=Policy({"a": 0.75, "b": 0.75}))
        report = report_policy(scored, chosen, budget, NOT_COMPARED)
        bound = ask_band(scored, budget).bound(chosen.policy)
        assert (report.accepted, report.errors) == (1000, 0)
        assert report.bound == bound
        assert report.right_at_least == pytest.approx(1 - bound.most_wrong / 1000)
        assert 0.95 < report.right_at_least < report.accuracy.low
        assert f"at least {lower_percent(report.right_at_least)} of all 1,000 accepted are right" in " ".join(
            wording.policy(report)
        )

    def test_a_promise_of_the_whole_is_not_asked_once_more(self, budget: AlphaBudget) -> None:
        scored = predictions()
        result = ask_whole(scored, WholeRequest(max_error=0.02), budget, NOT_COMPARED)
        chosen = SavedPolicy(policy=result.policy(), promise=promise_of(result))
        report = report_policy(scored, chosen, budget, NOT_COMPARED)
        assert report.bound is not None
        assert report.bound.most_wrong == result.most_wrong
        assert report.right_at_least == 1 - (report.errors + result.most_wrong) / report.accepted
        assert len(budget.questions()) == 1

    def test_a_promise_of_the_accepted_says_it_itself(self, budget: AlphaBudget) -> None:
        result = ask_accepted(predictions(), AcceptedRequest(max_error=0.05, per="together"), budget, NOT_COMPARED)
        chosen = SavedPolicy(policy=result.policy(), promise=wording.guarantee_record(result))
        report = report_policy(predictions(), chosen, budget, NOT_COMPARED)
        assert report.bound is None
        assert math.isnan(report.right_at_least)

    def test_books_that_cannot_stand_for_the_others_say_nothing(self, budget: AlphaBudget) -> None:
        chosen = SavedPolicy(policy=Policy({"a": 0.75, "b": 0.75}))
        aspect = PopulationAspect(name="x", title="X", effect=0.5, by_chance=0, p=0, differs=True)
        differing = PopulationCheck(500, 1500, (aspect,))
        assert report_policy(predictions(), chosen, budget, differing).bound is None
        assert budget.questions() == ()


@pytest.mark.parametrize("kind", ["whole", "accepted"])
def test_what_a_stricter_question_promises_is_promised_of_a_laxer_share_too(budget: AlphaBudget, kind: str) -> None:
    scored = predictions()

    def ask(share: float) -> tuple[int, float]:
        if kind == "whole":
            result = ask_whole(scored, WholeRequest(max_error=share), budget, NOT_COMPARED)
        else:
            request = AcceptedRequest(max_error=share, per="together")
            result = ask_accepted(scored, request, budget, NOT_COMPARED)
        return int(apply_policy(scored.table, result.policy()).sum()), result.max_error

    strict, _ = ask(0.02)
    # A share that is hardly laxer: the band alone would accept less than the exact test of the first question did.
    lax, share = ask(0.021)
    assert (lax >= strict > 0, share) == (True, 0.021)
    assert [question.weight for question in budget.questions()] == pytest.approx([0.6, 0.243], abs=0.001)
    assert ask(0.05)[0] >= lax
    assert ask(0.02) == (strict, 0.02)


def test_checked_books_drawn_among_the_surest_are_compared_with_these(budget: AlphaBudget) -> None:
    scored = predictions()
    result = ask_whole(scored, WholeRequest(max_error=0.02, surest=0.5), budget)
    promise = promise_of(result)
    part = compared_records(scored.table, promise)
    assert len(part) == 1_000
    assert part["confidence"].min() > scored.table["confidence"].median()
    assert compared_records(scored.table, None) is scored.table
