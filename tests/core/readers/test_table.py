"""Column names that a person gives for a file without a header."""

from pathlib import Path

import pytest

from core.errors import InputError
from core.readers.table import columns_given

PATH = Path("books.csv")


def test_names_are_taken_as_they_are_given() -> None:
    assert columns_given([" id ", "title"], ["1", "Emma"], PATH) == ["id", "title"]


@pytest.mark.parametrize("names", [["id", ""], ["", "title"], ["id", "id"], [" ", "title"]])
def test_names_must_all_be_there_and_differ(names: list[str]) -> None:
    with pytest.raises(InputError, match="must all be there and all differ"):
        columns_given(names, ["1", "Emma"], PATH)


def test_there_are_as_many_as_the_first_line_has_cells() -> None:
    with pytest.raises(InputError, match=r"3 column names were given, and the first line of books\.csv has 2 cells"):
        columns_given(["id", "title", "year"], ["1", "Emma"], PATH)
