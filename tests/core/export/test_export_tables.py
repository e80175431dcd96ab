"""The flat files: original strings unchanged, our columns behind them, the same in every flat format."""

import csv
import io
import json
import time

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.errors import InputError
from core.export.table import added_columns, original_column_name, plain_names, prepare, probability_names
from core.export.tabular import CELL_LIMIT, workbook_remarks, write_csv, write_jsonl, write_parquet, write_xlsx

OURS = (
    "record_id",
    "pred_label",
    "pred_confidence",
    "pred_p_fiction",
    "pred_p_non_fiction",
    "pred_decision",
    "pred_threshold",
    "pred_model",
    "pred_model_version",
    "pred_run_id",
    "pred_date",
    "human_label",
    "human_label_source",
    "agrees_with_human",
    "reviewed_by_role",
    "review_note",
)


def csv_rows(path):
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))


def test_original_columns_come_first_then_ours(example):
    names = [column.name for column in example.table().columns()]
    assert names == ["BL record ID", "Title", "Date of publication", "Genre", *OURS]


def test_only_files_for_review_say_what_the_machine_leaned_to(example):
    table = example.table()
    assert "pred_suggested_label" not in [column.name for column in table.columns()]
    review = table.flat(table.abstained, suggested=True)
    assert review["pred_suggested_label"].tolist() == ["Fiction"]
    assert review["pred_label"].tolist() == [""]


def test_rows_are_in_the_order_of_the_identifiers_whatever_came_in(example):
    back = np.arange(len(example.records))[::-1]
    turned = prepare(
        example.records.iloc[back],
        example.originals.iloc[back],
        example.scored.sample(frac=1, random_state=1),
        example.settings(),
    )
    assert turned.records["record_id"].tolist() == sorted(example.records["record_id"])
    assert turned.originals["BL record ID"].tolist() == turned.records["record_id"].tolist()
    assert turned.decisions["record_id"].tolist() == turned.records["record_id"].tolist()


def test_an_original_column_of_our_name_is_kept_under_another(example):
    originals = example.originals.assign(pred_label="theirs", record_id="other")
    table = prepare(example.records, originals, example.scored, example.settings())
    flat = table.flat(table.accepted)
    assert set(flat["pred_label (as loaded)"]) == {"theirs"}
    assert set(flat["record_id (as loaded)"]) == {"other"}
    assert flat["record_id"].tolist() == table.records["record_id"].iloc[table.accepted].tolist()


def test_a_column_record_id_with_the_same_identifiers_stands_once(example):
    originals = example.originals.rename(columns={"BL record ID": "record_id"})
    table = prepare(example.records, originals, example.scored, example.settings())
    names = [column.name for column in table.columns()]
    assert names.count("record_id") == 1
    assert names[0] == "record_id"
    assert table.columns()[0].unique


@pytest.mark.parametrize(("name", "expected"), [("a", "a"), ("pred_label", "pred_label (as loaded)")])
def test_names_of_kept_columns(name, expected):
    assert original_column_name(name, OURS) == expected


def test_probability_columns_have_different_names_for_classes_that_look_alike():
    names = probability_names(["Non-fiction", "Non fiction", "Проза", "Стихи"])
    assert list(names.values()) == [
        "pred_p_non_fiction",
        "pred_p_non_fiction_2",
        "pred_p_unnamed_3",
        "pred_p_unnamed_4",
    ]


def test_plain_names_have_no_blanks_and_are_all_different(example):
    columns = added_columns(example.settings(), ["F"], [])
    assert plain_names(columns)[0] == "record_id"
    names = plain_names([*example.table().columns(), *columns])
    assert len(set(names)) == len(names)
    assert all(name.replace("_", "a").isalnum() for name in names)


def test_the_columns_say_whether_confidences_are_probabilities(example):
    from core.export import ModelSource

    plain = example.settings(model=ModelSource(name="m"))
    meanings = {column.name: column.meaning for column in added_columns(plain, ["F"], ["F"])}
    assert "not calibrated" in meanings["pred_confidence"]


def test_records_without_identifier_are_refused(example):
    records = example.records.assign(record_id=["", *example.records["record_id"][1:]])
    with pytest.raises(InputError, match="1 records have no identifier"):
        prepare(records, example.originals, example.scored, example.settings())


def test_tables_that_do_not_stand_side_by_side_are_refused(example):
    with pytest.raises(InputError, match="10 records but 9 rows of original columns"):
        prepare(example.records, example.originals.iloc[1:], example.scored, example.settings())


def test_predictions_that_speak_twice_of_a_record_are_refused(example):
    twice = pd.concat([example.scored, example.scored.iloc[:1]])
    with pytest.raises(InputError, match="more than once of '014602826'"):
        prepare(example.records, example.originals, twice, example.settings())


def test_predictions_without_a_record_are_counted_and_left_out(example):
    stranger = example.scored.iloc[:1].assign(record_id="999")
    table = prepare(example.records, example.originals, pd.concat([example.scored, stranger]), example.settings())
    assert table.unmatched["record_id"].tolist() == ["999"]
    assert len(table) == 10


def test_records_without_a_prediction_are_not_matched(example):
    table = prepare(example.records, example.originals, example.scored.iloc[:3], example.settings())
    assert table.counts.by_decision["not-matched"] == 7


def test_the_csv_has_crlf_no_mark_and_every_original_byte(example, tmp_path):
    table = example.table()
    path = tmp_path / "a.csv"
    assert write_csv(path, table.flat(table.accepted), table.columns()) == 5
    content = path.read_bytes()
    assert content.startswith(b"BL record ID,Title,")
    assert content.count(b"\r\n") == 6
    assert b"=cmd|' /C calc'!A0" in content
    rows = csv_rows(path)
    assert [row[0] for row in rows[1:]] == ["014602826", "014602830", "014602832", "014602835", "014602836"]


def test_numbers_dates_and_truth_values_in_the_csv(example, tmp_path):
    table = example.table()
    write_csv(tmp_path / "a.csv", table.flat(np.arange(10)), table.columns())
    head, *rows = csv_rows(tmp_path / "a.csv")
    by_id = {row[0]: dict(zip(head, row, strict=True)) for row in rows}
    cologne = by_id["014602830"]
    assert (cologne["pred_confidence"], cologne["pred_p_fiction"]) == ("0.9999", "0.00004")
    assert (cologne["pred_threshold"], cologne["pred_date"]) == ("0.97", "2026-11-23T10:20:00Z")
    assert by_id["014602834"]["agrees_with_human"] == "false"
    assert by_id["014602836"]["pred_confidence"] == ""
    assert by_id["014602838"]["pred_p_fiction"] == ""
    assert by_id["014602833"]["pred_label"] == ""


def test_json_lines_have_real_nulls_and_unescaped_letters(example, tmp_path):
    table = example.table()
    write_jsonl(tmp_path / "a.jsonl", table.flat(np.arange(10)), table.columns())
    content = (tmp_path / "a.jsonl").read_bytes()
    assert b"\r" not in content
    assert "Стихотворения".encode() in content
    rows = {row["record_id"]: row for row in map(json.loads, content.decode().splitlines())}
    assert rows["014602836"]["pred_confidence"] is None
    assert rows["014602834"]["agrees_with_human"] is False
    assert rows["014602826"]["Genre"] is None
    assert rows["014602826"]["BL record ID"] == "014602826"


def test_parquet_types_and_metadata(example, tmp_path):
    table = example.table()
    write_parquet(tmp_path / "a.parquet", table.flat(np.arange(10)), table.columns(), table.settings)
    read = pq.read_table(tmp_path / "a.parquet")
    kinds = {field.name: field.type for field in read.schema}
    assert kinds["BL record ID"] == pa.string()
    assert kinds["pred_confidence"] == pa.float64()
    assert kinds["pred_date"] == pa.timestamp("ms", "UTC")
    assert kinds["agrees_with_human"] == pa.bool_()
    assert read.schema.metadata[b"run_id"] == b"run-20261123-01"
    assert read.schema.metadata[b"licence"] == b"CC0-1.0"
    assert read.column("human_label").null_count == 6
    assert str(read.column("pred_date")[0]) == "2026-11-23 10:20:00+00:00"


def workbook(example, tmp_path, **columns):
    originals = example.originals.assign(**columns)
    table = prepare(example.records, originals, example.scored, example.settings())
    path = tmp_path / "a.xlsx"
    report = write_xlsx(path, table.flat(table.accepted), table.columns(), ["Read this first", "=1+1"])
    return report, openpyxl.load_workbook(path)


def test_every_text_in_the_workbook_is_text(example, tmp_path):
    report, book = workbook(example, tmp_path)
    sheet = book["Accepted"]
    assert report.rows == sheet.max_row - 1
    head = {cell.value: cell.column for cell in sheet[1]}
    titles = [sheet.cell(row, head["Title"]) for row in range(2, sheet.max_row + 1)]
    formula = next(cell for cell in titles if str(cell.value).startswith("=cmd"))
    assert (formula.data_type, formula.number_format) == ("s", "@")
    assert sheet.cell(2, head["record_id"]).value == "014602826"
    assert sheet.cell(2, head["record_id"]).number_format == "@"
    assert sheet.cell(2, head["pred_confidence"]).value == 0.9731
    assert book["Read me"]["A2"].data_type == "s"


def test_the_workbook_has_a_frozen_filtered_header(example, tmp_path):
    _, book = workbook(example, tmp_path)
    sheet = book["Accepted"]
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == sheet.dimensions


@pytest.mark.parametrize(
    "text",
    [
        "a\x00b",
        "one\rtwo",
        "one\ntwo",
        "_x000D_",
        "\ufffe",
        " both ends ",
        "<&>\"'",
        "=1+1",
        "{=1+1}",
        "@home",
        "0012",
        "1e5",
        "https://example.org/a",
        "mailto:a@example.org",
        "internal:Accepted!A1",
        "<r><t>&amp;</t></r>",
        "<r></c></r>",
        "<r> =1+1 </r>",
    ],
)
def test_hard_text_in_the_workbook_comes_back(example, tmp_path, text):
    from core.export.validation import unescape_cell

    _, book = workbook(example, tmp_path, Title=text)
    cell = book["Accepted"]["B2"]
    assert unescape_cell(cell.value) == text
    assert (cell.data_type, cell.number_format, cell.hyperlink) == ("s", "@", None)


def test_cells_that_are_too_long_are_cut_and_counted(example, tmp_path):
    report, book = workbook(example, tmp_path, Title="x" * (CELL_LIMIT + 1))
    value = book["Accepted"]["B2"].value
    assert len(value) == CELL_LIMIT
    assert value.endswith("[cut: the whole text is in the CSV]")
    assert report.truncated == report.rows
    assert "cells were cut in the workbook at 32,767 characters" in workbook_remarks(report)[0]


def test_a_sheet_takes_no_more_rows_than_a_sheet_has(example, tmp_path, monkeypatch):
    monkeypatch.setattr("core.export.tabular.ROW_LIMIT", 3)
    report, book = workbook(example, tmp_path)
    assert (report.rows, report.left_out, book["Accepted"].max_row) == (2, 5, 3)
    assert "5 records are beyond" in workbook_remarks(report)[0]


def test_characters_that_are_two_units_of_utf_16_count_twice(example, tmp_path):
    report, book = workbook(example, tmp_path, Title="\N{OPEN BOOK}" * (CELL_LIMIT // 2 + 1))
    value = book["Accepted"]["B2"].value
    assert CELL_LIMIT - 1 <= len(value.encode("utf-16-le")) // 2 <= CELL_LIMIT
    assert value.endswith("[cut: the whole text is in the CSV]")
    assert report.truncated == report.rows


def test_equal_records_give_an_equal_workbook_and_nothing_beside_it(example, tmp_path, monkeypatch):
    workbook(example, tmp_path)
    first = (tmp_path / "a.xlsx").read_bytes()
    monkeypatch.setattr("time.time", lambda: 2e9)
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        workbook(example, tmp_path)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert (tmp_path / "a.xlsx").read_bytes() == first
    assert [path.name for path in tmp_path.iterdir()] == ["a.xlsx"]


def test_a_workbook_that_cannot_be_written_fails_as_any_file(example, tmp_path):
    (tmp_path / "a.xlsx").mkdir()
    with pytest.raises(IsADirectoryError):
        workbook(example, tmp_path)


def test_no_personal_names_of_reviewers_are_written(example):
    columns = [column.name for column in example.table().columns(suggested=True)]
    assert not [name for name in columns if "reviewer" in name or "annotator" in name]


def test_the_csv_is_what_pandas_reads_back_as_text(example, tmp_path):
    table = example.table()
    write_csv(tmp_path / "a.csv", table.flat(np.arange(10)), table.columns())
    text = (tmp_path / "a.csv").read_text(encoding="utf-8")
    frame = pd.read_csv(io.StringIO(text), dtype="str", keep_default_na=False)
    assert frame["Title"].tolist() == table.originals["Title"].tolist()
