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


def test_nothing_matched_is_said_with_an_identifier_of_each_side() -> None:
    assert join_ids([_ids("q")], [_ids("z")]).sentence("books", "records") == (
        "0 of 1 books found among records: for instance 'q' here, 'z' there."
    )
    assert join_ids([_ids("")], [_ids("z")]).sentence("books", "records") == "0 of 1 books found among records."
    cases = join_ids([_ids("bl-001204567")], [_ids("z", "BL-001204567")]).sentence("books", "records")
    assert cases.endswith("'bl-001204567' here, 'BL-001204567' there. They differ in capital letters only.")
    address = join_ids([_ids("http://example.org/id/001204567")], [_ids("001204567")]).sentence("books", "records")
    assert address.endswith("there. The one ends in the other.")


def test_a_right_row_is_taken_once_by_the_row_with_its_very_identifier() -> None:
    join = join_ids([_ids("12", "012", "x")], [_ids("012", "x")])
    assert join.position.tolist() == [0, 0, 1]
    once = join.one_to_one()
    assert once.position.tolist() == [-1, 0, 1]
    assert (once.exact, once.by_zeros, once.matched) == (2, 0, 2)
