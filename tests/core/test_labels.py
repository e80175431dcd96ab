import pandas as pd

from core.labels import books_from_annotations


def _annotations(*rows: tuple[str, str, str, str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["record_id", "label_given", "annotator", "note"], dtype="str")
    return frame.assign(created_at="", line=range(2, len(frame) + 2))


def _books(annotations: pd.DataFrame) -> pd.Series:
    return annotations["record_id"].drop_duplicates().reset_index(drop=True)


def test_rows_that_repeat_one_annotation_count_once_and_are_not_agreement() -> None:
    rows = _annotations(("1", "Fiction", "a", "x"), ("1", "Fiction", "b", "x"), ("2", "Non-fiction", "a", ""))
    table, names, repeats = books_from_annotations(rows, _books(rows))
    assert table["label"].tolist() == ["Fiction", "Non-fiction"]
    assert table["rows"].tolist() == [2, 1]
    assert names.classes == ("Fiction", "Non-fiction")
    assert (repeats.rows, repeats.books, repeats.repeated_books, repeats.identical_books) == (3, 2, 1, 1)
    assert "that is not agreement between people" in repeats.sentence


def test_rows_with_another_note_are_not_the_same_annotation() -> None:
    rows = _annotations(("1", "Fiction", "a", "x"), ("1", "Fiction", "b", "y"))
    assert books_from_annotations(rows, _books(rows))[2].identical_books == 0


def test_more_than_half_decides_and_a_tie_is_no_label() -> None:
    rows = _annotations(
        ("1", "Fiction", "a", ""),
        ("1", "fiction", "b", ""),
        ("1", "Non-fiction", "c", ""),
        ("2", "Fiction", "a", ""),
        ("2", "Non-fiction", "b", ""),
    )
    table, _, repeats = books_from_annotations(rows, _books(rows))
    assert table["label"].tolist() == ["Fiction", ""]
    assert table["disagreeing"].tolist() == [True, True]
    assert repeats.disagreeing_books == 2


def test_undecided_answers_are_kept_and_counted() -> None:
    rows = _annotations(("1", "both", "a", ""), ("2", "", "a", ""), ("3", "can't tell", "a", ""), ("3", "Map", "b", ""))
    table, names, _ = books_from_annotations(rows, _books(rows))
    assert table["label"].tolist() == ["", "", "Map"]
    assert table["label_given"].tolist() == ["both", "", "Map"]
    assert table["annotator"].tolist() == ["a", "a", "b"]
    assert names.undecided == {"both": 1, "": 1, "can't tell": 1}


def test_books_come_in_the_order_asked_for() -> None:
    rows = _annotations(("1", "Fiction", "a", ""), ("2", "Map", "a", ""))
    table, _, _ = books_from_annotations(rows, pd.Series(["2", "1"], dtype="str"))
    assert table["label"].tolist() == ["Map", "Fiction"]
