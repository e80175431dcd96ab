"""Scores as other programs write them: percentages, gaps, rounding; what is no probability is refused by its line."""

import numpy as np
import pandas as pd
import pytest

from core.errors import InputError
from core.readers.scores import numeric_share, positive_class, read_scores


def _text(*values: str, name: str = "score") -> pd.Series:
    return pd.Series(list(values), dtype="str", name=name)


@pytest.mark.parametrize(
    "cells",
    [
        ("95.1 %", "8%", "100 %"),
        ("95,1 %", "8,0 %", "100,0 %"),
        ("95.1\u00a0%", "8 %", "100%"),
        ("0.951", ".08", "1"),
        ("0,951", "0,08", "1,0"),
    ],
)
def test_one_scale_however_it_is_written(cells: tuple[str, ...]) -> None:
    scores = read_scores({"c": _text(*cells)})
    assert scores.values["c"].tolist() == pytest.approx([0.951, 0.08, 1.0])
    assert len(scores.remarks) == ("%" in cells[0])


def test_numbers_up_to_100_are_percentages_and_it_is_told() -> None:
    scores = read_scores({"c": _text("95.1", "72", "99.5")})
    assert scores.values["c"].tolist() == [0.951, 0.72, 0.995]
    assert scores.remarks == ("'score' holds percentages (such as '95.1'), which were divided by 100.",)


def test_columns_that_sum_to_100_are_percentages_though_half_are_below_one() -> None:
    columns = {"A": _text("99.5", "0.4", name="p_A"), "B": _text("0.5", "99.6", name="p_B")}
    scores = read_scores(columns)
    assert scores.values["A"].tolist() == pytest.approx([0.995, 0.004])
    assert scores.remarks[0].startswith("'p_A', 'p_B' hold percentages")


@pytest.mark.parametrize("blank", ["", " ", "nan", "NaN", "N/A", "null", "#N/A", "-", "–"])
def test_a_blank_is_no_score_and_words_for_it_are_told(blank: str) -> None:
    scores = read_scores({"c": _text("0.5", blank)})
    assert np.isnan(scores.values["c"]).tolist() == [False, True]
    assert len(scores.remarks) == bool(blank.strip())


def test_rounding_is_mended_and_told() -> None:
    scores = read_scores({"c": _text("0.5", "1.0000001", "-0.00002")}, np.array([2, 3, 4]))
    assert scores.values["c"].tolist() == [0.5, 1.0, 0.0]
    remark = "2 values of 'score' beyond 0 or 1 by rounding (1.0000001 in line 3) were taken as 0 or 1."
    assert scores.remarks == (remark,)


@pytest.mark.parametrize(
    ("cells", "line", "message"),
    [
        (("0.5", "1.2", "0.7"), 3, r"'1.2' is not a probability from 0 to 1 \(1 such cell of 3\). Mend the cell"),
        (("0.5", "high", "0.7"), 3, "'high' is not a probability: it is no number"),
        (("0.5", "inf", "0.7"), 3, "'inf' is not a probability"),
        (("0.5", "95 %", "0.7"), 2, "'0.5' has no percent sign where other cells have one"),
        (("0.5", "97", "0.7"), 3, "'97' is not a probability"),
        (("97", "101", "99"), 2, "'97' is not a probability"),
        (("-0.858", "2.5", "-2"), 2, r".* raw scores of a model \(logits\).*softmax"),
    ],
)
def test_what_is_no_probability_is_refused_by_its_line(cells: tuple[str, ...], line: int, message: str) -> None:
    with pytest.raises(InputError, match=rf"Column 'score', line {line}: {message}"):
        read_scores({"c": _text(*cells)}, np.array([2, 3, 4]))


def test_a_column_that_is_blank_throughout_is_told() -> None:
    assert read_scores({"c": _text("", "")}).remarks == ("'score' is blank in every row.",)


def test_the_share_of_numbers() -> None:
    assert numeric_share(_text("95 %", "", "x", "0,5", "nan")) == pytest.approx(2 / 3)
    assert np.isnan(numeric_share(_text("", "")))


@pytest.mark.parametrize(
    ("of_map", "of_play", "expected"),
    [
        (["0.9"] * 5, ["0.2"] * 5, "Map"),
        (["10 %"] * 5, ["80 %"] * 5, "Play"),
        (["0.9"] * 5, ["0.8"] * 5, ""),  # the confidence in the predicted class
        (["0.9"] * 4, ["0.2"] * 4, ""),  # too few to believe
        (["0.4"] * 5, ["0.3"] * 5, ""),  # neither
    ],
)
def test_a_lone_score_that_is_the_probability_of_one_class(of_map: list, of_play: list, expected: str) -> None:
    names = _text(*["Map"] * len(of_map), *["Play"] * len(of_play))
    assert positive_class(names, _text(*of_map, *of_play)) == expected
