import pandas as pd

from core.joins import join_ids, without_leading_zeros


def _ids(*values: str) -> pd.Series:
    return pd.Series(list(values), dtype="str")


def test_zeros_are_taken_from_digits_only() -> None:
    assert without_leading_zeros(_ids("0012", "a012", "", "000")).tolist() == ["12", "", "", ""]


def test_each_way_of_matching_is_counted_apart() -> None:
    left = [_ids("001", "x2", "3", "", "9"), _ids("", "b", "", "", "")]
    right = [_ids("a", "b", "001", "0003"), _ids("", "", "", "")]
    join = join_ids(left, right)
    assert join.position.tolist() == [2, 1, 3, -1, -1]
    assert (join.exact, join.by_alternate, join.by_zeros, join.matched) == (1, 1, 1, 3)
    assert join.sentence("books", "records") == (
        "3 of 5 books found among records: 1 by their identifier, 1 by their second identifier, 1 after restoring lost"
        " leading zeros."
    )


def test_blank_identifiers_never_match_each_other() -> None:
    assert join_ids([_ids("")], [_ids("")]).position.tolist() == [-1]


def test_zeros_are_not_restored_where_two_records_would_become_one() -> None:
    assert join_ids([_ids("12")], [_ids("012", "0012")]).position.tolist() == [-1]


def test_rows_of_the_right_table_are_counted_by_place_not_by_index() -> None:
    right = _ids("a", "b", "c")
    right.index = pd.Index([7, 8, 9])
    assert join_ids([_ids("c")], [right]).position.tolist() == [2]


def test_nothing_matched_is_said_without_ways() -> None:
    assert join_ids([_ids("q")], [_ids("z")]).sentence("books", "records") == "0 of 1 books found among records."
