"""Parquet, JSON and JSON Lines: every value as text, as it was written."""

import datetime as dt
import json
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.errors import UnreadableFileError
from core.readers import read_table
from core.readers import table as table_module


def test_parquet_values_are_text(tmp_path: Path):
    table = pa.table(
        {
            "id": pa.array([14602826, None], pa.int64()),
            "Title": ["None", None],
            "names": [["A", "B"], []],
            "share": [0.25, 3.0],
            "day": [dt.date(1879, 5, 1), None],
            "kind": pa.array(["Monograph", "Serial"]).dictionary_encode(),
            "more": [{"a": 1, "b": [1, 2]}, None],
            "raw": [b"x", b"\xff"],
        }
    )
    pq.write_table(table, tmp_path / "t.parquet")
    read = read_table(tmp_path / "t.parquet")
    assert read.frame.to_numpy().tolist() == [
        ["14602826", "None", "A ; B", "0.25", "1879-05-01", "Monograph", '{"a":1,"b":[1,2]}', "x"],
        ["", "", "", "3", "", "Serial", "", "/w=="],
    ]
    assert read.lines.tolist() == [1, 2]
    assert read.format == "parquet"
    assert read.warnings == (
        "Columns that hold lists or objects were written as text, lists parted by ' ; ': names, more.",
    )


def test_parquet_ids_that_went_through_floats_are_mentioned(tmp_path: Path):
    pd.DataFrame({"record_id": [1.0, None], "Title": ["a", "b"]}).to_parquet(tmp_path / "t.parquet")
    read = read_table(tmp_path / "t.parquet")
    assert read.frame["record_id"].tolist() == ["1", ""]
    assert "zeros at the beginning of an identifier are lost: record_id" in read.warnings[0]


def test_parquet_that_cannot_serve(tmp_path: Path):
    (tmp_path / "t.parquet").write_bytes(b"PAR1 and nothing more PAR1")
    with pytest.raises(UnreadableFileError, match="cannot be read as Parquet"):
        read_table(tmp_path / "t.parquet")
    pd.DataFrame({"id": pd.Series([], dtype="str")}).to_parquet(tmp_path / "e.parquet")
    with pytest.raises(UnreadableFileError, match="holds no record"):
        read_table(tmp_path / "e.parquet")


def test_json_lines_keep_numbers_as_written_and_nested_values_as_json(tmp_path: Path):
    lines = [
        '{"id": "014602826", "n": 1.10, "big": 12345678901234567890, "yes": true, "no": null}',
        "",
        '{"id": "2", "list": [1.50, "a", null, {"k": 2}], "n": NaN}',
        "{broken",
        "[1, 2]",
    ]
    (tmp_path / "t.jsonl").write_text("\n".join(lines), encoding="utf-8")
    table = read_table(tmp_path / "t.jsonl")
    assert list(table.frame.columns) == ["id", "n", "big", "yes", "no", "list"]
    assert table.frame.to_numpy().tolist() == [
        ["014602826", "1.10", "12345678901234567890", "true", "", ""],
        ["2", "NaN", "", "", "", '[1.50,"a",null,{"k":2}]'],
    ]
    assert table.lines.tolist() == [1, 3]
    assert table.rejected["line"].tolist() == [4, 5]
    assert "it is not JSON: Expecting property name" in table.rejected["reason"].iloc[0]
    assert table.rejected["reason"].iloc[1] == "it is not a JSON object but a list"
    assert table.rejected["text"].iloc[1] == "[1,2]"


def test_a_json_list_and_a_list_under_a_key(tmp_path: Path):
    records = [{"id": "1", "Title": "é"}, {"id": "2"}]
    path = tmp_path / "t.json"
    path.write_text(json.dumps(records, indent=2), encoding="utf-8")
    table = read_table(path)
    assert (table.format, table.lines.tolist()) == ("json", [1, 2])
    assert table.frame.to_numpy().tolist() == [["1", "é"], ["2", ""]]
    path.write_text(json.dumps({"date": "2020", "books": records}), encoding="utf-16")
    table = read_table(path)
    assert len(table.frame) == 2
    assert "The records were found under the key 'books'." in table.reasons


def test_json_objects_one_after_the_other_are_json_lines_whatever_the_name(tmp_path: Path):
    (tmp_path / "t.json").write_text('{"id": 1}\n{"id": 2}\n', encoding="utf-8")
    table = read_table(tmp_path / "t.json")
    assert (table.format, table.frame["id"].tolist()) == ("jsonl", ["1", "2"])
    (tmp_path / "u.json").write_text('{\n"id": 1}\n{"id":\n 2}\n', encoding="utf-8")
    with pytest.raises(UnreadableFileError, match="none of its 4 records can be used"):
        read_table(tmp_path / "u.json")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[]", "holds no record: the list is empty"),
        ('[["Fiction", 0.9]]', "a JSON list whose items are not objects"),
        ('[{"id": 1},', "cannot be read as JSON: .* on line 1"),
        ('{"a": [{"id": 1}], "b": [{"id": 1}]}', r"several lists of records \(a, b\)"),
        ("[{}]", "records without any key"),
        ("[" * 100_000, "nested too deeply|cannot be read as JSON"),
    ],
)
def test_json_that_cannot_serve(tmp_path: Path, content: str, message: str):
    (tmp_path / "t.json").write_text(content, encoding="utf-8")
    with pytest.raises(UnreadableFileError, match=message):
        read_table(tmp_path / "t.json")


def test_keys_that_come_late_are_empty_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(table_module, "CHUNK_ROWS", 2)
    lines = [json.dumps({"id": str(i)} | ({"note": "x"} if i == 4 else {})) for i in range(5)]
    (tmp_path / "t.jsonl").write_text("\n".join(lines), encoding="utf-8")
    table = read_table(tmp_path / "t.jsonl")
    assert table.frame["id"].tolist() == ["0", "1", "2", "3", "4"]
    assert table.frame["note"].tolist() == ["", "", "", "", "x"]


def test_one_object_is_one_record(tmp_path: Path):
    (tmp_path / "t.json").write_text('{"id": "1"}', encoding="utf-8")
    assert read_table(tmp_path / "t.json").frame["id"].tolist() == ["1"]
    (tmp_path / "t.txt").write_text('{"id": "1"}\n', encoding="utf-8")
    assert read_table(tmp_path / "t.txt").format == "jsonl"


def test_bytes_in_json_that_are_no_text(tmp_path: Path):
    good = '{"id": "é"}\n'.encode() * 3
    (tmp_path / "t.jsonl").write_bytes(good + b'{"id": "\xe9"}\n')
    table = read_table(tmp_path / "t.jsonl")
    assert table.frame["id"].tolist() == ["é"] * 3
    assert table.rejected.to_dict("records") == [
        {"line": 4, "reason": "it holds bytes that are not valid UTF-8", "text": '{"id": "\\xe9"}'}
    ]
    (tmp_path / "t.json").write_bytes(b"[{}]" + '"éé"'.encode() + b"\n\xe9")
    with pytest.raises(UnreadableFileError, match="line 2 holds bytes that are not valid UTF-8"):
        read_table(tmp_path / "t.json")


def test_half_characters_are_replaced_and_mentioned(tmp_path: Path):
    (tmp_path / "t.json").write_text('[{"id": "1", "Title": "a\\ud800b"}]', encoding="utf-8")
    table = read_table(tmp_path / "t.json")
    assert table.frame["Title"].tolist() == ["a?b"]
    assert "halves of characters" in table.warnings[0]
