"""Which words are named for and against a class, and which say nothing to a reader."""

import pandas as pd

from core.explain import Explanation
from core.wording.evaluation import words_for_and_against


def explained(**contributions: float) -> Explanation:
    table = pd.DataFrame({"word": list(contributions), "contribution": list(contributions.values())})
    return Explanation(
        title=" ".join(contributions),
        class_name="Fiction",
        probability=0.9,
        log_odds=2.0,
        base=0.0,
        table=table,
        note="",
    )


def test_the_strongest_telling_words_are_named_first() -> None:
    sentence = words_for_and_against(
        explained(The=2.0, Sir=1.5, tale=0.5, ballad=1.0, of=-0.7, history=-0.4), "Fiction"
    )
    assert sentence == "For Fiction speak: ballad, tale. Against it: history."


def test_a_word_far_weaker_than_the_strongest_is_not_named() -> None:
    assert words_for_and_against(explained(ballad=1.0, tale=0.04)) == "For it speak: ballad."


def test_stop_words_alone_are_not_passed_off_as_nothing() -> None:
    assert words_for_and_against(explained(The=1.0, Mrs=0.5)) == "Only words such as “the” speak for it."
    assert words_for_and_against(explained(history=-1.0)) == "No word speaks for it. Against it: history."


def test_signs_around_a_word_are_not_shown() -> None:
    assert (
        words_for_and_against(explained(**{"Zeit.": 1.0, "(alter,": -0.5})) == "For it speak: Zeit. Against it: alter."
    )
