import numpy as np
import pandas as pd
import pytest

from core.errors import InputError
from core.thresholds import Policy, apply_policy


def table(*rows: tuple[str, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["predicted", "confidence"]).astype({"predicted": "str", "confidence": float})


BOOKS = table(("Map", 0.9), ("Map", 0.91), ("Song", 0.91), ("Play", 1.0), ("Map", np.nan), ("", np.nan))


@pytest.mark.parametrize(
    ("cuts", "accepted"),
    [
        ({"Map": 0.9}, [False, True, False, False, False, False]),
        ({"Map": 0.9, "Song": 0.9}, [False, True, True, False, False, False]),
        ({"Map": 0.0, "Song": 0.0, "Play": 0.0}, [True, True, True, True, False, False]),
        ({"Play": 1.0}, [False] * 6),
        ({}, [False] * 6),
    ],
)
def test_what_lies_above_the_cut_of_its_class_is_accepted(cuts: dict[str, float], accepted: list[bool]) -> None:
    assert apply_policy(BOOKS, Policy(cuts)).tolist() == accepted


def test_cuts_can_differ_by_stratum_and_other_strata_are_never_accepted() -> None:
    books = BOOKS.assign(language=["German", "Dutch", "German", "Dutch", "German", "German"])
    policy = Policy(stratum="language", by_stratum={"German": {"Map": 0.5, "Song": 0.95}})
    assert apply_policy(books, policy).tolist() == [True, False, False, False, False, False]


def test_nothing_is_accepted_of_an_empty_table() -> None:
    assert apply_policy(BOOKS.iloc[:0], Policy({"Map": 0.5})).tolist() == []


@pytest.mark.parametrize("cut", [-0.1, 1.01, 97.0, float("nan")])
def test_a_cut_is_a_confidence(cut: float) -> None:
    with pytest.raises(InputError, match=r"The cut for 'Map' is .*; a cut is a confidence from 0 to 1"):
        Policy({"Map": cut})


def test_a_cut_for_a_class_that_nobody_predicts_is_a_slip() -> None:
    with pytest.raises(InputError, match=r"cut for 'Maps'.*Predicted classes are: Map, Play, Song"):
        apply_policy(BOOKS, Policy({"Maps": 0.9}))


@pytest.mark.parametrize("wrong", [{"cuts": {"a": 0.5}, "stratum": "language"}, {"by_stratum": {"German": {"a": 0.5}}}])
def test_a_policy_has_one_kind_of_cuts(wrong: dict) -> None:
    with pytest.raises(InputError, match="not both"):
        Policy(**wrong)


@pytest.mark.parametrize(
    "policy",
    [Policy(), Policy({"b": 0.25, "a": 0.1}), Policy(stratum="language", by_stratum={"German": {"a": 0.123456789}})],
)
def test_a_policy_survives_being_written_down(policy: Policy) -> None:
    assert Policy.from_dict(policy.as_dict()) == policy
