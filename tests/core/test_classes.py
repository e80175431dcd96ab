import pytest

from core.classes import (
    class_key,
    is_undecided,
    match_classes,
    no_shared_classes,
    parse_renamed,
    similar_name_questions,
    term_key,
)
from core.errors import InputError


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
    assert names.class_by_answer == {"fiction": "Fiction", "non_fiction": "Non-fiction"}
    assert names.undecided == {"both": 1, "": 2}
    assert names.sentences == ("'fiction' taken as 'Fiction'.", "'non_fiction' taken as 'Non-fiction'.")


def test_the_commonest_spelling_wins_and_a_tie_goes_by_alphabet() -> None:
    assert match_classes(["map", "Map", "Map"]).classes == ("Map",)
    assert match_classes(["map", "Map"]).classes == ("Map",)


def test_a_class_nobody_knew_is_a_class_of_its_own() -> None:
    assert match_classes(["drama", "fiction"], known=["Fiction"]).classes == ("Fiction", "drama")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("C++", "C#"),
        ("18", "18+"),
        ("1", "-1"),
        ("1", "\u22121"),
        ("a=b", "a<b"),
        ("नाटक", "नाटिका"),
        ("กา", "กี"),
        ("Récit", "Recit"),
        ("Novel", "Novels"),
        ("Level -1", "Level 1"),
        ("10-12", "1012"),
        ("x²", "x2"),
        ("A", "A+"),
    ],
)
def test_signs_marks_and_endings_tell_classes_apart(first: str, second: str) -> None:
    assert class_key(first) != class_key(second)
    assert match_classes([first, second]).classes == tuple(sorted((first, second)))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Re\u0301cit", "Récit"),
        ("1.0", "1"),
        ("LABEL_1", "label 1"),
        ("ﬁction", "Fiction"),
        ("Ｆｉｃｔｉｏｎ", "fiction"),
        ("Science - fiction", "science_fiction"),
        ("Children’s", "children's"),
        ("\u22121", "-1"),
    ],
)
def test_one_name_in_two_ways_of_writing(first: str, second: str) -> None:
    assert class_key(first) == class_key(second)


def test_what_was_put_together_is_asked_about_and_two_normal_forms_are_not() -> None:
    names = match_classes(["Non-fiction", "Non-fiction", "NON FICTION", "Récit", "Re\u0301cit", "N/A"])
    assert names.questions == (
        (
            "'NON FICTION' and 'Non-fiction' were taken as one class, for they differ in case, spaces or hyphens only:"
            " is that right?"
        ),
        "'N/A' (1 row) was taken as no answer. If it is a class, say so by giving it a class name.",
    )


def test_a_person_says_what_a_name_means() -> None:
    renamed = parse_renamed(
        ["label 1=Fiction", "-1=", "N/A=Not applicable", "a=b=A=B"], ["LABEL_1", "-1", "N/A", "a=b"]
    )
    assert renamed == {"LABEL_1": "Fiction", "-1": "", "N/A": "Not applicable", "a=b": "A=B"}
    names = match_classes(["LABEL_1", "-1", "N/A", "a=b", "LABEL_0"], renamed=renamed)
    assert names.classes == ("A=B", "Fiction", "LABEL_0", "Not applicable")
    assert names.undecided == {"-1": 1}
    assert names.questions == ()


@pytest.mark.parametrize(
    ("text", "message"), [("Ficton=Fiction", "The file has: 'Map', 'Play'"), ("Map", "NAME=CLASS")]
)
def test_a_name_that_is_not_there_is_refused_with_those_that_are(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_renamed([text], ["Map", "Play"])
    with pytest.raises(InputError, match="both 'A' and 'B'"):
        parse_renamed(["Map=A", "map=B"], ["Map"])


def test_of_many_names_that_are_there_twenty_are_shown_and_the_rest_counted() -> None:
    names = [f"c{number:02}" for number in range(23)]
    with pytest.raises(InputError, match=r"'c18', 'c19' and 3 more\.$"):
        parse_renamed(["Map"], names)
    with pytest.raises(InputError, match=r"'c18', 'c19'\.$"):
        parse_renamed(["Map"], names[:20])


@pytest.mark.parametrize(
    ("names", "difference"),
    [
        (("Novel", "Novels"), "their ending"),
        (("Récit", "Recit"), "accents or signs"),
        (("C++", "C#"), "accents or signs"),
        (("Fiction", "Ficton"), "one letter"),
        (("Poetry", "Poerty"), "one letter"),
    ],
)
def test_names_that_are_alike_are_asked_about(names: tuple[str, str], difference: str) -> None:
    (question,) = similar_name_questions(names)
    assert f"differ in {difference} only" in question
    assert similar_name_questions(names, settled=[names[0]]) == ()


@pytest.mark.parametrize("names", [("LABEL_0", "LABEL_1"), ("1", "-1"), ("Law", "Lay"), ("Map", "Play"), ("+", "-")])
def test_names_that_are_simply_different(names: tuple[str, str]) -> None:
    assert similar_name_questions(names) == ()


def test_truth_and_predictions_without_a_common_name() -> None:
    assert "('Fiction')" in no_shared_classes(["Fiction"], ["LABEL_0"])
    assert no_shared_classes(["fiction"], ["Fiction", "Map"]) == no_shared_classes([], ["Map"]) == ""


def test_a_heading_ends_in_punctuation_that_is_not_part_of_it() -> None:
    assert term_key("Non-fiction.") == class_key("Non fiction")
    assert term_key("C++") != term_key("C#")
