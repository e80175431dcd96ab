"""What the values of a column say about it, at the limits; which columns are probabilities, and what is asked."""

import math

import pandas as pd
import pytest

from core.readers import scores
from core.readers.scores import (
    class_in_header,
    country_code_share,
    find_probabilities,
    id_share,
    is_class_column,
    ruined_dates,
    sampled,
    sums_to_one,
    unit_share,
    year_share,
)


def column(*values: str) -> "pd.Series[str]":
    return pd.Series(values, dtype="str")


def frame(**columns: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame({name: column(*values) for name, values in columns.items()})


def test_blank_cells_are_passed_over_and_long_columns_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sampled(column("a", " ", "", "b")).tolist() == ["a", "b"]
    monkeypatch.setattr(scores, "_SAMPLE", 3)
    assert sampled(column(*"abcdef")).tolist() == ["a", "c", "e"]
    assert sampled(column(*"abcde")).tolist() == list("abcde")


@pytest.mark.parametrize("share", [unit_share, year_share, country_code_share, id_share])
def test_nothing_filled_is_no_share(share) -> None:  # type: ignore[no-untyped-def]
    assert math.isnan(share(column("", " ")))


def test_shares_by_hand() -> None:
    assert unit_share(column("0", "1", "0,5", "1.1", "-0.1", "x", "", "0.2")) == pytest.approx(4 / 7)
    assert year_share(column("1850", "c. 1399", "[18--?]", "MDCCL", "12345", "187-", "")) == pytest.approx(4 / 6)
    assert country_code_share(column("enk", "nyu", "|||", "##", "zzz9")) == pytest.approx(2 / 3)
    assert id_share(column("b1", " b2 ", "two words", "x" * 80, "x" * 81)) == pytest.approx(3 / 5)


@pytest.mark.parametrize(("off", "whole"), [(1, True), (2, False)])
def test_sums_are_one_in_95_of_100_rows(off: int, whole: bool) -> None:
    first, second = ["0.4"] * 20, ["0.6"] * (20 - off) + ["0.62"] * off
    assert sums_to_one(frame(a=(*first, "0.1"), b=(*second, ""))) is whole
    near = ["0.619"] * 20
    assert sums_to_one(frame(a=tuple(first), b=tuple(near)))
    assert not sums_to_one(frame(a=("",), b=("",)))


@pytest.mark.parametrize(("ruined", "are"), [(9, True), (8, False)])
def test_nine_of_ten_dates_in_the_first_hour_of_1970_are_ruined_years(ruined: int, are: bool) -> None:
    cells = ["01/01/1970 00:31"] * ruined + ["1850"] * (10 - ruined)
    assert ruined_dates(column(*cells)) is are
    assert not ruined_dates(column(""))


@pytest.mark.parametrize(
    ("different", "rows", "is_one"),
    [(20, 20, True), (21, 42, True), (21, 41, False), (200, 400, True), (201, 1000, False)],
)
def test_classes_are_few(different: int, rows: int, is_one: bool) -> None:
    assert is_class_column(column(*(f"c{i % different}" for i in range(rows)))) is is_one


def test_fractions_are_no_classes_and_whole_numbers_may_be() -> None:
    assert is_class_column(column("1", "2", "2.0", "x"))
    assert not is_class_column(column("1", "2.5", "x"))
    assert not is_class_column(column("", " "))


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("p_Map", "Map"),
        ("prob of Map", "Map"),
        ("Map (probability)", "Map"),
        ("probMap", "Map"),
        ("mapProba", "map"),
        ("max_prob", ""),
        ("probability", ""),
        ("Map", ""),
    ],
)
def test_which_class_a_header_names(header: str, name: str) -> None:
    assert class_in_header(header) == name


FILLED = ("0.7", "0.2"), ("0.3", "0.8")


def test_headers_that_name_classes() -> None:
    table = frame(p_Map=FILLED[0], p_Song=FILLED[1], id=("a", "b"))
    result = find_probabilities(table, ["id"], [])
    assert result.columns == {"Map": "p_Map", "Song": "p_Song"}
    assert (result.questions, "join a class and a word" in result.reason) == ((), True)
    assert find_probabilities(table, ["p_Map", "id"], []).columns == {"Song": "p_Song"}


def test_probabilities_that_do_not_sum_to_one_are_asked_about() -> None:
    result = find_probabilities(frame(p_Map=("0.7", "0.2"), p_Song=("0.7", "0.8")), [], [])
    assert result.columns == {"Map": "p_Map", "Song": "p_Song"}
    assert [question.split(":")[0] for question in result.questions] == [
        "The probabilities in 'p_Map', 'p_Song' do not sum to 1"
    ]


@pytest.mark.parametrize(("song", "taken"), [(("0.3", "0.8"), ["p_Map", "p_Song"]), (("0.9", "0.9"), ["p_Map"])])
def test_beside_a_known_class_another_is_taken_when_both_sum_to_one(song: tuple[str, str], taken: list[str]) -> None:
    table = frame(p_Map=("0.7", "0.2"), p_Song=song)
    assert list(find_probabilities(table, [], ["Map"]).columns.values()) == taken


def test_what_is_named_like_one_and_holds_other_numbers_is_asked_about() -> None:
    result = find_probabilities(frame(p_Map=("7", "12"), p_Song=("x", "y")), [], [])
    assert result.columns == {}
    assert result.questions == (
        "'p_Map' was not taken for the probability of 'Map': its values are no numbers from 0 to 1.",
    )
    assert find_probabilities(frame(p_Map=("7", "12")), [], ["map"]).columns == {"Map": "p_Map"}


@pytest.mark.parametrize(("odd", "taken"), [(1, True), (2, False)])
def test_one_odd_cell_of_ten_is_borne(odd: int, taken: bool) -> None:
    cells = ["0.5"] * (10 - odd) + ["7.5e3"] * odd
    assert bool(find_probabilities(frame(p_Map=tuple(cells)), [], []).columns) is taken


def test_percentages_are_probabilities_too() -> None:
    assert find_probabilities(frame(p_Map=("70.5 %", "20 %")), [], []).columns == {"Map": "p_Map"}
    assert find_probabilities(frame(p_Map=("70", "20")), [], []).columns == {}  # whole numbers may be counts


def test_headers_that_are_classes() -> None:
    numbers = frame(Map=FILLED[0], Song=FILLED[1])
    assert find_probabilities(numbers, [], ["Map", "Song"]).columns == {"Map": "Map", "Song": "Song"}
    flags = frame(Map=("0", "1"), Song=("1", "0"))
    assert find_probabilities(flags, [], ["Map", "Song"]).columns == {}
    assert find_probabilities(numbers, [], ["Map"]).columns == {"Map": "Map", "Song": "Song"}  # they sum to 1
    assert find_probabilities(frame(a=FILLED[0], b=("0.9", "0.9")), [], []).columns == {}
    assert find_probabilities(frame(a=("0.7", "0.2")), [], []).columns == {}
