import numpy as np
import pandas as pd
import pytest

from core.errors import InputError
from core.predictions import Scored, align_scored, predictions_from_columns


def _text(*values: str) -> pd.Series:
    return pd.Series(list(values), dtype="str")


def test_label_and_probabilities_in_three_spellings() -> None:
    understood = predictions_from_columns(
        _text("Fiction", "Non-fiction"),
        {"fiction": _text("0.9", "0.25"), "non_fiction": _text("0.1", "0.75")},
        None,
        _text("fiction", "both"),
    )
    table, names = understood.table, understood.names
    assert names.classes == ("Fiction", "Non-fiction")
    assert table["predicted"].tolist() == ["Fiction", "Non-fiction"]
    assert table["confidence"].tolist() == [0.9, 0.75]
    assert table["margin"].tolist() == pytest.approx([0.8, 0.5])
    assert table["p_Non-fiction"].tolist() == [0.1, 0.75]
    assert table["truth"].tolist() == ["Fiction", ""]
    assert table["truth_given"].tolist() == ["fiction", "both"]
    assert understood.warnings == ()
    assert understood.questions == (
        "'fiction' and 'Fiction' were taken as one class, for they differ in case, spaces or hyphens only: is that"
        " right?",
        "'both' (1 row) was taken as no answer. If it is a class, say so by giving it a class name.",
    )


def test_probabilities_alone_give_the_label_of_the_highest() -> None:
    columns = {"Map": _text("0.2", "", "0.5"), "Play": _text("0.7", "", "0.2"), "Song": _text("0.1", "", "0.3")}
    understood = predictions_from_columns(None, columns, None, None)
    table, names = understood.table, understood.names
    assert names.classes == ("Map", "Play", "Song")
    assert table["predicted"].tolist() == ["Play", "", "Map"]
    assert np.isnan(table["confidence"][1])
    assert table["margin"].tolist()[0] == pytest.approx(0.5)


def test_one_score_is_the_probability_of_the_predicted_class() -> None:
    table = predictions_from_columns(_text("A", "B"), {}, _text("0,8", "0.6"), None).table
    assert table["confidence"].tolist() == [0.8, 0.6]
    assert table["p_A"].tolist() == pytest.approx([0.8, 0.4])
    three = predictions_from_columns(_text("A", "B", "C"), {}, _text("0.8", "0.6", "0.5"), None).table
    assert "p_A" not in three
    assert three["margin"].isna().all()


def test_labels_alone_have_no_confidence() -> None:
    understood = predictions_from_columns(_text("A", "B"), {}, None, _text("A", "A"))
    table = understood.table
    assert table["confidence"].isna().all()
    assert "No record has a confidence" in understood.warnings[-1]
    assert table["truth"].tolist() == ["A", "A"]


@pytest.mark.parametrize("bad", ["1.2", "-0.1", "high"])
def test_a_score_on_another_scale_is_refused_with_its_place(bad: str) -> None:
    with pytest.raises(InputError, match=r"Column 'confidence', record 2: .* is not a probability"):
        predictions_from_columns(_text("A", "B"), {}, _text("0.5", bad), None)
    with pytest.raises(InputError, match=r"Column 'confidence', line 9: "):
        predictions_from_columns(_text("A", "B"), {}, _text("0.5", bad), None, lines=np.array([7, 9]))


def test_contradictions_in_the_file_are_told() -> None:
    columns = {"A": _text("0.9", "0.5"), "B": _text("0.1", "0.9")}
    assert predictions_from_columns(_text("B", "B"), columns, None, None).warnings == (
        "In 1 rows the probabilities do not sum to 1 (by more than 0.01).",
        "In 1 rows the predicted class is not the one with the highest probability.",
    )


def test_a_row_without_prediction_is_counted() -> None:
    understood = predictions_from_columns(_text("A", "", "N/A", "N/A"), {}, _text("0.5", "", "", "nan"), None)
    assert understood.table["predicted"].tolist() == ["A", "", "", ""]
    assert understood.warnings == (
        "3 rows have no usable predicted class: 'N/A' (2), blank (1). They can never be accepted; if one of these is a "
        "class, give it a class name.",
        "1 of 4 cells of 'confidence' say 'nan' and were read as blank.",
    )


def test_names_that_differ_in_signs_are_different_classes() -> None:
    understood = predictions_from_columns(_text("C++", "C#"), {}, None, _text("C#", "C#"))
    assert understood.names.classes == ("C#", "C++")
    assert (understood.table["predicted"] == understood.table["truth"]).tolist() == [False, True]
    assert "'C#' and 'C++' are two classes here" in understood.questions[-1]


def test_truth_without_a_common_name_is_not_compared_but_asked_about() -> None:
    predicted, truth = _text("LABEL_1", "LABEL_0"), _text("Fiction", "Non-fiction")
    understood = predictions_from_columns(predicted, {}, _text("0.9", "0.8"), truth)
    assert understood.table["truth"].tolist() == ["", ""]
    assert understood.table["truth_given"].tolist() == ["Fiction", "Non-fiction"]
    assert understood.names.classes == ("LABEL_0", "LABEL_1")
    assert "No class name of the truth" in understood.questions[0]
    renamed = {"LABEL_1": "Fiction", "LABEL_0": "Non-fiction"}
    mapped = predictions_from_columns(predicted, {}, _text("0.9", "0.8"), truth, renamed=renamed)
    assert mapped.table["truth"].tolist() == mapped.table["predicted"].tolist() == ["Fiction", "Non-fiction"]
    assert mapped.table["p_Fiction"].tolist() == pytest.approx([0.9, 0.2])
    assert mapped.questions == ()


def test_a_person_can_say_that_the_names_are_right_as_they_are() -> None:
    saved = predictions_from_columns(_text("A"), {}, None, _text("B"), renamed={"B": "B"})
    assert saved.table["truth"].tolist() == ["B"]


def test_one_column_of_probabilities_speaks_for_two_classes() -> None:
    understood = predictions_from_columns(_text("A", "B"), {"A": _text("0.9", "0.2")}, None, None)
    assert understood.table["confidence"].tolist() == [0.9, 0.8]
    assert "the rest of 1 was taken for 'B'" in understood.questions[0]
    alone = predictions_from_columns(None, {"A": _text("0.9", "0.2"), "B": _text("", "")}, None, None)
    assert alone.table["predicted"].tolist() == ["A", "B"]
    assert "'B' is blank in every row." in alone.warnings
    with pytest.raises(InputError, match="one column of probabilities only, of 'A', and no other class is named"):
        predictions_from_columns(None, {"A": _text("0.9", "0.2")}, None, None)


def test_a_blank_cell_beside_others_that_sum_to_one_is_the_rest() -> None:
    columns = {"A": _text("0.9", "", "0.3"), "B": _text("0.1", "0.2", "0.7")}
    understood = predictions_from_columns(None, columns, None, None)
    assert understood.table["predicted"].tolist() == ["A", "A", "B"]
    assert "In 1 row one probability is blank" in understood.warnings[0]


def test_a_confidence_below_one_half_of_two_classes_is_asked_about() -> None:
    understood = predictions_from_columns(_text("A", "B"), {}, _text("0.9", "0.2"), None)
    assert "In 1 of 2 rows the confidence is below one half" in understood.questions[0]


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
    item = Scored(name="one", fingerprint="x", classes=("A", "B C"), table=first, calibrated=True)
    two = Scored(name="two", fingerprint="y", classes=("a", "b-c"), table=second, calibrated=True)
    result = align_scored(item, two)
    assert result["record_id"].tolist() == ["001", "002"]
    assert result["predicted"].tolist() == ["A", "B C"]
    assert result["truth"].tolist() == ["A", ""]
    assert result["correct"].tolist() == [True, False]


@pytest.mark.parametrize(
    ("predicted", "asked"),
    [
        (("A", "B", "B", "B"), []),  # one of four
        (("B", "B", "B", "B"), []),  # two of four: as many rows speak for the columns as against them
        (("B", "B", "A", "B"), ["In 3 of 4 rows"]),
        (("B", "", "B", ""), []),  # of the two rows that name a class one differs
        (("B", "", "A", ""), ["In 2 of 2 rows"]),
        (("", "", "", ""), []),
    ],
)
def test_swapped_columns_are_asked_about_when_most_named_rows_differ(
    predicted: tuple[str, ...], asked: list[str]
) -> None:
    columns = {"A": _text("0.9", "0.8", "0.3", "0.4"), "B": _text("0.1", "0.2", "0.7", "0.6")}
    questions = predictions_from_columns(_text(*predicted), columns, None, None).questions
    assert [question.split(" another")[0] for question in questions if "changed places" in question] == asked


def test_the_margin_is_the_distance_to_the_best_of_the_others() -> None:
    """0.5 − 0.3; where the file names another class than the likeliest it is below 0: 0.2 − 0.7."""
    columns = {"A": _text("0.5", "0.7"), "B": _text("0.3", "0.2"), "C": _text("0.2", "0.1")}
    table = predictions_from_columns(_text("A", "B"), columns, None, None).table
    assert table["margin"].tolist() == pytest.approx([0.2, -0.5])
    assert table["confidence"].tolist() == [0.5, 0.2]
    two = predictions_from_columns(_text("A", "B"), {}, _text("0.8", "0.6"), None).table
    assert two["margin"].tolist() == pytest.approx([0.6, 0.2])


def test_a_stated_confidence_goes_before_the_probability_of_the_class() -> None:
    columns = {"A": _text("0.9", "0.9", "0.1"), "B": _text("0.1", "0.1", "0.9")}
    table = predictions_from_columns(_text("A", "A", "B"), columns, _text("0.7", "", ""), None).table
    assert table["confidence"].tolist() == [0.7, 0.9, 0.9]


@pytest.mark.parametrize(("off", "filled"), [(1, True), (2, False)])
def test_a_blank_cell_is_filled_where_19_of_20_rows_sum_to_one(off: int, filled: bool) -> None:
    first = ["0.6"] * (20 - off) + ["0.9"] * off + ["", "0.3"]
    second = ["0.3"] * 20 + ["0.3", ""]
    columns = {"A": _text(*first), "B": _text(*second), "C": _text(*["0.1"] * 20, "0.2", "")}
    understood = predictions_from_columns(None, columns, None, None)
    assert understood.table["p_A"].isna().tolist()[-2:] == [not filled, False]
    assert understood.table["p_B"].isna().tolist()[-1]  # two are blank: neither is known
    if filled:
        assert understood.table["p_A"][20] == pytest.approx(0.5)
    assert any("one probability is blank" in warning for warning in understood.warnings) == filled


def test_sums_are_told_beyond_a_hundredth_and_blanks_are_no_sums() -> None:
    columns = {"A": _text("0.9", "0.9", "0.9", ""), "B": _text("0.105", "0.12", "0.08", "")}
    warnings = predictions_from_columns(_text("A", "A", "A", "A"), columns, None, None).warnings
    assert "In 2 rows the probabilities do not sum to 1 (by more than 0.01)." in warnings
    assert not any("highest probability" in warning for warning in warnings)
    assert "1 of 4 records have a predicted class and no confidence: they are never accepted." in warnings


def test_one_half_itself_is_not_below_one_half() -> None:
    questions = predictions_from_columns(_text("A", "B", "A"), {}, _text("0.5", "0.49", ""), None).questions
    assert sum("In 1 of 2 rows the confidence is below one half" in question for question in questions) == 1
    assert predictions_from_columns(_text("A", "B"), {}, _text("0.5", "0.6"), None).questions == ()


def test_which_class_has_the_rest_of_one_must_be_certain() -> None:
    column = {"A": _text("0.9", "0.2", "0.4")}
    with pytest.raises(InputError, match=r"of 'A', and several other classes \(B, C\)"):
        predictions_from_columns(_text("A", "B", "C"), column, None, None)
    by_truth = predictions_from_columns(None, column, None, _text("A", "B", "B")).table
    assert by_truth["predicted"].tolist() == ["A", "B", "B"]
    assert by_truth["p_B"].tolist() == [0.1, 0.8, 0.6]
    # Only one class was ever predicted: people name the other.
    of_one = predictions_from_columns(_text("A", "A", "A"), column, None, _text("A", "B", "B")).table
    assert of_one["p_B"].tolist() == [0.1, 0.8, 0.6]
    assert of_one["confidence"].tolist() == [0.9, 0.2, 0.4]
