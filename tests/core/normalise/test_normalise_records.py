"""From a file's columns to records, with every row accounted for."""

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.normalise import normalise_records
from core.readers import ColumnMapping, SourceTable, read_table, suggest_mapping
from core.schema import RECORDS_COLUMNS

CSV = """record id,other id,Title,Name,Date,Place,Country,Languages,Publisher,Genre
014756048,000000037,"A  Gossip
about Manchester",A.,[1888],Manchester,England,,A. Heywood & Son,
,000000196,The Poetical Aviary,,1841.,Calcutta,India ; England,eng,,Verse
,,Geschichte der deutschen Literatur,,,"[Leipzig, 1850]",,,,
014756048,000000038,Another title,,1901,Paris,,fre,,
000,000000040,1848,,an VII,,,,,
"""


@pytest.fixture
def source(tmp_path: Path) -> SourceTable:
    path = tmp_path / "t.csv"
    path.write_text(CSV, encoding="utf-8")
    return read_table(path)


def mapping(source: SourceTable) -> ColumnMapping:
    return suggest_mapping(source.frame, "corpus", ["record id=record_id", "other id=alternate_id"])


def test_a_corpus_holds_each_book_once(source):
    result = normalise_records(source, mapping(source))
    records = result.records
    assert tuple(records.columns) == RECORDS_COLUMNS
    assert records["record_id"].tolist() == ["014756048", "000000196", "line-5", "000"]
    assert records["alternate_id"].tolist() == ["000000037", "000000196", "", "000000040"]
    assert records["title"].iloc[0] == "A Gossip about Manchester"
    assert records["year"].tolist() == [1888, 1841, 1850, pd.NA]
    assert records["date_certainty"].tolist() == ["inferred", "certain", "inferred", "unreadable"]
    assert records["date"].tolist() == ["[1888]", "1841.", "", "an VII"]
    assert records["place"].tolist() == ["Manchester", "Calcutta", "Leipzig", ""]
    assert records["country"].tolist() == ["England", "India", "", ""]
    assert records["language"].tolist() == ["English", "English", "German", ""]
    assert records["language_source"].tolist() == ["detected", "catalogue", "detected", ""]
    assert records["language_confidence"].isna().tolist() == [False, True, False, True]
    assert records["publisher"].tolist() == ["A. Heywood & Son", "", "", ""]
    assert records["genre_given"].tolist() == ["", "Verse", "", ""]
    assert records["title_key"].iloc[0] == "a gossip about manchester"
    assert result.rows.tolist() == [0, 1, 2, 4]
    assert result.inverse.tolist() == [0, 1, 2, 0, 3]
    assert result.rejected.to_dict("records") == [
        {
            "line": 6,
            "reason": "it repeats the record id 014756048 of line 2",
            "text": "014756048 | 000000038 | Another title | 1901 | Paris | fre",
        }
    ]
    assert result.warnings == (
        "2 rows have no record id in 'record id': 1 took their alternate id, 1 are known by their line in the file.",
        "1 rows repeat the record id of an earlier row and were set aside; the first row was kept.",
        "For 1 records without a date the year was read from the place of publication.",
    )


def test_the_types_of_the_columns_do_not_depend_on_what_is_in_them(source):
    full = normalise_records(source, mapping(source)).records
    bare = normalise_records(source, ColumnMapping(columns={"title": "Title"}), detect_languages=False).records
    expected = dict.fromkeys(RECORDS_COLUMNS, "str") | {"year": "Int64", "language_confidence": "float64"}
    for records in (full, bare):
        assert {name: str(kind) for name, kind in records.dtypes.items()} == expected
        assert not records.drop(columns=["year", "language_confidence"]).isna().any().any()


def test_labels_leave_repeated_rows_to_the_caller(source):
    records = normalise_records(source, mapping(source), repeats=True, detect_languages=False)
    assert len(records.records) == 4
    assert len(records.rejected) == 0
    assert np.flatnonzero(records.inverse == 0).tolist() == [0, 3]
    assert records.inverse.tolist() == [0, 1, 2, 0, 3]


def test_every_row_can_be_a_record(source):
    records = normalise_records(source, mapping(source), unique=False, detect_languages=False)
    assert len(records.records) == 5
    assert records.rows.tolist() == records.inverse.tolist() == [0, 1, 2, 3, 4]
    assert len(records.rejected) == 0


def test_without_a_record_id_the_line_is_the_id(source):
    records = normalise_records(source, ColumnMapping(columns={"title": "Title"}), detect_languages=False)
    assert records.records["record_id"].tolist() == ["line-2", "line-4", "line-5", "line-6", "line-7"]
    assert "records are known by their line in the file" in records.warnings[0]


def table(frame: pd.DataFrame) -> SourceTable:
    nothing = pd.DataFrame({"line": np.array([], dtype=np.int64), "reason": [], "text": []})
    lines = np.arange(2, 2 + len(frame), dtype=np.int64)
    return SourceTable(
        path=Path("t.csv"),
        format="csv",
        encoding="utf-8",
        delimiter=",",
        frame=frame.astype("str"),
        lines=lines,
        rejected=nothing,
        reasons=(),
        warnings=(),
    )


def test_an_alternate_id_that_is_taken_is_not_taken_again():
    frame = pd.DataFrame({"id": ["7", "", "", "", "line-3"], "alt": ["", "7", "8", "8", ""], "Title": list("abcde")})
    records = normalise_records(
        table(frame),
        ColumnMapping(columns={"record_id": "id", "alternate_id": "alt", "title": "Title"}),
        detect_languages=False,
    )
    assert records.records["record_id"].tolist() == ["7", "line-3-", "line-4", "line-5", "line-3"]


def test_lists_written_as_text_are_unwrapped_and_mentioned():
    frame = pd.DataFrame(
        {
            "id": ["1", "2"],
            "title": ["['Poems', 'Single Works']", "['Tales']"],
            "authors": ["{'creator': ['A.']}", "{}"],
        }
    )
    records = normalise_records(
        table(frame),
        ColumnMapping(columns={"record_id": "id", "title": "title", "author": "authors"}),
        detect_languages=False,
    )
    assert records.records["title"].tolist() == ["Poems", "Tales"]
    assert records.records["author"].tolist() == ["A.", ""]
    assert records.warnings == (
        "The cells of 'title' are lists written as text; 1 have more than one, of which the first was taken.",
        "The cells of 'authors' are lists written as text.",
    )


def test_text_is_composed_and_white_space_is_single():
    frame = pd.DataFrame({"id": [" 1 "], "title": [" Cafe\u0301\u00a0 noir\t\n "]})
    records = normalise_records(
        table(frame), ColumnMapping(columns={"record_id": "id", "title": "title"}), detect_languages=False
    )
    assert records.records.loc[0, ["record_id", "title"]].tolist() == ["1", "Café noir"]


def test_languages_the_catalogue_names_often_are_expected():
    rows = "".join(f"{i},Poems {i},Icelandic\n" for i in range(3))
    text = f"id,Title,Languages\n{rows}9,Saga af Agli Skallagrímssyni og kappar,\n"
    frame = pd.read_csv(io.StringIO(text), dtype="str", keep_default_na=False)
    columns = ColumnMapping(columns={"record_id": "id", "title": "Title", "language": "Languages"})
    assert normalise_records(table(frame), columns).records["language"].iloc[-1] == "Icelandic"
    assert normalise_records(table(frame), columns, detect_languages=False).records["language"].iloc[-1] == ""
