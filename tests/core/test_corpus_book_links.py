from pathlib import Path

import pytest

from core.corpus import book_link, link_pattern, save_link_pattern
from core.database import Database
from core.errors import InputError

PATTERN = "https://books.example/{Shelf mark}/{identifier}"


def test_a_link_in_the_record_is_taken_as_it_stands() -> None:
    assert book_link({"Title": "https://a.example/no", "Link to digitised book": "http://a.example/1"}, "7") == (
        "http://a.example/1"
    )


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "data:text/html,x", "https://", "http://a b", 'https://a.example/"x', "7", ""]
)
def test_what_is_no_plain_address_gives_no_link(address: str) -> None:
    assert book_link({"Link": address}, "7") == ""


def test_the_library_s_pattern_goes_first_and_its_values_cannot_leave_their_place() -> None:
    record = {"Shelf mark": "a/b ?x=1", "Link": "https://old.example/1"}
    assert book_link(record, "7", PATTERN) == "https://books.example/a%2Fb%20%3Fx%3D1/7"
    assert book_link({"Link": "https://old.example/1"}, "7", PATTERN) == "https://old.example/1"


def test_the_pattern_is_kept_and_a_wrong_one_refused(tmp_path: Path) -> None:
    database = Database.at(tmp_path / "a.db")
    assert link_pattern(database) == ""
    save_link_pattern(database, f" {PATTERN} ")
    assert link_pattern(database) == PATTERN
    for wrong in ("books.example/{identifier}", "https://books.example/"):
        with pytest.raises(InputError, match="gives no address"):
            save_link_pattern(database, wrong)
    save_link_pattern(database, "")
    assert link_pattern(database) == ""
