import numpy as np
import pandas as pd
import pytest

from core.errors import InputError
from core.predictions import Scored, in_the_words_of, predictions_from_columns


def _text(*values: str) -> pd.Series:
    return pd.Series(list(values), dtype="str")


def test_label_and_probabilities_in_three_spellings() -> None:
    table, names, warnings = predictions_from_columns(
        _text("Fiction", "Non-fiction"),
        {"fiction": _text("0.9", "0.25"), "non_fiction": _text("0.1", "0.75")},
        None,
        _text("fiction", "both"),
    )
    assert names.classes == ("Fiction", "Non-fiction")
    assert table["predicted"].tolist() == ["Fiction", "Non-fiction"]
    assert table["confidence"].tolist() == [0.9, 0.75]
    assert table["margin"].tolist() == pytest.approx([0.8, 0.5])
    assert table["p_Non-fiction"].tolist() == [0.1, 0.75]
    assert table["truth"].tolist() == ["Fiction", ""]
    assert table["truth_given"].tolist() == ["fiction", "both"]
    assert warnings == []


def test_probabilities_alone_give_the_label_of_the_highest() -> None:
    columns = {"Map": _text("0.2", "", "0.5"), "Play": _text("0.7", "", "0.2"), "Song": _text("0.1", "", "0.3")}
    table, names, _ = predictions_from_columns(None, columns, None, None)
    assert names.classes == ("Map", "Play", "Song")
    assert table["predicted"].tolist() == ["Play", "", "Map"]
    assert np.isnan(table["confidence"][1])
    assert table["margin"].tolist()[0] == pytest.approx(0.5)


def test_one_score_is_the_probability_of_the_predicted_class() -> None:
    table, _, _ = predictions_from_columns(_text("A", "B"), {}, _text("0,8", "0.6"), None)
    assert table["confidence"].tolist() == [0.8, 0.6]
    assert table["p_A"].tolist() == pytest.approx([0.8, 0.4])
    three, _, _ = predictions_from_columns(_text("A", "B", "C"), {}, _text("0.8", "0.6", "0.5"), None)
    assert "p_A" not in three
    assert three["margin"].isna().all()


def test_labels_alone_have_no_confidence() -> None:
    table, _, _ = predictions_from_columns(_text("A", "B"), {}, None, _text("A", "A"))
    assert table["confidence"].isna().all()
    assert table["truth"].tolist() == ["A", "A"]


@pytest.mark.parametrize("bad", ["1.2", "-0.1", "97 %", "high"])
def test_a_score_on_another_scale_is_refused_with_its_place(bad: str) -> None:
    with pytest.raises(InputError, match=r"Column 'confidence', record 2: .* is not a probability"):
        predictions_from_columns(_text("A", "B"), {}, _text("0.5", bad), None)


def test_contradictions_in_the_file_are_told() -> None:
    columns = {"A": _text("0.9", "0.5"), "B": _text("0.1", "0.9")}
    _, _, warnings = predictions_from_columns(_text("B", "B"), columns, None, None)
    assert warnings == [
        "In 1 rows the probabilities do not sum to 1 (by more than 0.01).",
        "In 1 rows the predicted class is not the one with the highest probability.",
    ]


def test_a_row_without_prediction_is_counted() -> None:
    table, _, warnings = predictions_from_columns(_text("A", ""), {}, _text("0.5", ""), None)
    assert table["predicted"].tolist() == ["A", ""]
    assert warnings == ["1 rows have no usable predicted class; they can never be accepted."]


def test_neither_label_nor_probability_is_refused() -> None:
    with pytest.raises(InputError, match="neither a column"):
        predictions_from_columns(None, {}, _text("0.5"), None)


def test_two_tables_are_brought_to_one_way_of_speaking() -> None:
    first = pd.DataFrame(
        {"record_id": ["001", "002"], "alternate_id": ["", "d2"], "predicted": "A", "truth": ["A", ""]}
    )
    second = pd.DataFrame(
        {"record_id": ["1", "d2", "9"], "alternate_id": "", "predicted": ["a", "b-c", "a"], "truth": ""}
    )
    one = Scored("one", "x", ("A", "B C"), first, calibrated=True)
    two = Scored("two", "y", ("a", "b-c"), second, calibrated=True)
    found = in_the_words_of(one, two)
    assert found["record_id"].tolist() == ["001", "002"]
    assert found["predicted"].tolist() == ["A", "B C"]
    assert found["truth"].tolist() == ["A", ""]
    assert found["correct"].tolist() == [True, False]
