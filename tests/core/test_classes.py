import pytest

from core.classes import class_key, is_undecided, match_classes


@pytest.mark.parametrize("spelling", ["Non-fiction", "non_fiction", "NON FICTION", "nonfiction", " Non‐Fiction "])
def test_spellings_of_one_class_share_a_key(spelling: str) -> None:
    assert class_key(spelling) == "nonfiction"


def test_a_key_of_only_signs_stays_what_it_is() -> None:
    assert class_key("+") == "+" != class_key("-")


@pytest.mark.parametrize("answer", ["", "  ", "both", "Both", "can't tell", "Cannot tell", "don't know", "unsure"])
def test_answers_that_are_no_class(answer: str) -> None:
    assert is_undecided(answer)


@pytest.mark.parametrize("answer", ["Fiction", "None of these", "Poetry", "0"])
def test_answers_that_are_classes(answer: str) -> None:
    assert not is_undecided(answer)


def test_truth_is_spelled_as_the_predictions_are() -> None:
    names = match_classes(["fiction", "non_fiction", "both", "", "", "fiction"], known=["Fiction", "Non-fiction"])
    assert names.classes == ("Fiction", "Non-fiction")
    assert names.spelled == {"fiction": "Fiction", "non_fiction": "Non-fiction"}
    assert names.undecided == {"both": 1, "": 2}
    assert names.sentences == ("'fiction' taken as 'Fiction'.", "'non_fiction' taken as 'Non-fiction'.")


def test_the_commonest_spelling_wins_and_a_tie_goes_by_alphabet() -> None:
    assert match_classes(["map", "Map", "Map"]).classes == ("Map",)
    assert match_classes(["map", "Map"]).classes == ("Map",)


def test_a_class_nobody_knew_is_a_class_of_its_own() -> None:
    assert match_classes(["drama", "fiction"], known=["Fiction"]).classes == ("Fiction", "drama")
