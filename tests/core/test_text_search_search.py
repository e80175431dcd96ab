import pandas as pd
import pytest

from core.text_search import find_records

BOOKS = pd.DataFrame(
    {
        "title": ["Waverley; or, 'Tis sixty years since", "The WAVERLEY novels", "Les Misérables", "Война и мир", None],
        "author": ["Scott, Walter", "", "Hugo, Victor", "Толстой, Лев", "Scott, Walter"],
        "record_id": ["001204567", "2", "3", "4", "5"],
        "alternate_id": ["", "", "B99", "", ""],
    }
)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("waverley", [0, 1]),
        ("Waverley scott", [0]),
        ("scott", [0, 4]),
        ("1204567", [0]),
        ("b99", [2]),
        ("miserables", [2]),
        ("Mise\u0301rables", [2]),
        ("ВОЙНА", [3]),
        ("waverley hugo", []),
        ("(tis|", []),
        ("'tis", [0]),
    ],
)
def test_every_word_is_looked_for_in_title_author_and_identifiers(text: str, rows: list[int]) -> None:
    assert find_records(BOOKS, text).nonzero()[0].tolist() == rows


def test_a_blank_text_finds_everything_and_a_table_without_authors_is_searched_too() -> None:
    assert find_records(BOOKS, "  ").all()
    assert find_records(BOOKS[["title"]], "novels").tolist() == [False, True, False, False, False]
    assert find_records(BOOKS.head(0), "novels").tolist() == []


def test_all_rows_are_looked_at() -> None:
    many = pd.DataFrame({"title": ["Poems"] * 5000 + ["Waverley"], "record_id": [str(n) for n in range(5001)]})
    assert find_records(many, "waverley").nonzero()[0].tolist() == [5000]
