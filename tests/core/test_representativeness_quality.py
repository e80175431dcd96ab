import pandas as pd

from core.representativeness import field_quality
from core.wording.evaluation import dates, languages, titles


def _records() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "record_id": ["1", "2", "3"],
            "title": ["A", "B", "B."],
            "author": ["x", "", "x"],
            "date": ["1843", "", "[1850?]"],
            "year": pd.array([1843, None, 1850], dtype="Int64"),
            "date_certainty": ["certain", "none", "uncertain"],
            "place": ["", "", ""],
            "country": ["England", "", ""],
            "publisher": ["", "", ""],
            "language": ["English", "German", ""],
            "language_source": ["catalogue", "detected", ""],
            "genre_given": ["", "", ""],
            "title_key": ["a", "b", "b"],
        }
    )


def test_each_field_says_how_many_records_have_it() -> None:
    table = field_quality(_records()).set_index("field")
    assert table.loc["author", ["filled", "n", "distinct"]].tolist() == [2, 3, 1]
    assert table.loc["author", "commonest"] == "x (2)"
    assert table.loc["year read from the date", "filled"] == 2
    assert table.loc["place of publication", "share"] == 0
    assert table.loc["title", "commonest"] == ""


def test_the_sentences_count_right() -> None:
    records = _records()
    assert dates(records) == "Of 3 dates, 1 is certain, 1 is a guess and 1 is missing."
    assert languages(records).startswith("The catalogue gives a language for 1 of 3 records; for 1 it was")
    assert titles(records).startswith("2 different titles; 2 records share their title")
