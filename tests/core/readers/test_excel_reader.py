"""Excel workbooks: values as text, the sheet that is read, rows that do not fit."""

import datetime as dt
from pathlib import Path

import openpyxl
import pytest

from core.errors import InputError, UnreadableFileError
from core.readers import read_table
from core.readers import table as table_module


def workbook(path: Path, **sheets: list[list[object]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
        if title.startswith("hidden"):
            sheet.sheet_state = "hidden"
    book.save(path)
    return path


def test_values_are_text(tmp_path: Path):
    rows = [
        ["id", "Title", "year", "at", "share", "ok"],
        ["014602826", "None", 1879, dt.datetime(2020, 7, 1), 0.25, True],
        [14602826.0, "two\nlines", 1879.5, dt.datetime(2020, 7, 1, 14, 54), None, False],
    ]
    table = read_table(workbook(tmp_path / "t.xlsx", Books=rows))
    assert table.frame.to_numpy().tolist() == [
        ["014602826", "None", "1879", "2020-07-01", "0.25", "true"],
        ["14602826", "two\nlines", "1879.5", "2020-07-01 14:54:00", "", "false"],
    ]
    assert table.lines.tolist() == [2, 3]
    assert (table.format, table.encoding, table.delimiter) == ("xlsx", "", "")
    assert table.warnings == ()


def test_the_first_sheet_that_is_shown_and_filled_is_read_and_others_are_mentioned(tmp_path: Path):
    path = workbook(
        tmp_path / "t.xlsx",
        hidden_old=[["id"], ["9"]],
        Empty=[],
        Books=[["id"], ["1"]],
        More=[["id"], ["2"]],
    )
    table = read_table(path)
    assert table.frame["id"].tolist() == ["1"]
    assert table.warnings == (
        "Only the sheet 'Books' was read; the workbook has 'hidden_old' (hidden), 'Empty', 'Books', 'More'.",
    )
    assert read_table(path, sheet="hidden_old").frame["id"].tolist() == ["9"]
    with pytest.raises(InputError, match="There is no sheet 'Bücher' in .*; it has 'hidden_old'"):
        read_table(path, sheet="Bücher")
    with pytest.raises(UnreadableFileError, match="The sheet 'Empty' of .* is empty"):
        read_table(path, sheet="Empty")


def test_blank_rows_short_rows_and_long_rows(tmp_path: Path):
    rows = [[], ["id", "Title", None], ["1"], [], ["2", "b", "stray"], ["3", "c"], [], []]
    table = read_table(workbook(tmp_path / "t.xlsx", Books=rows))
    assert table.frame.to_numpy().tolist() == [["1", ""], ["3", "c"]]
    assert table.lines.tolist() == [3, 6]
    assert table.rejected.to_dict("records") == [
        {"line": 5, "reason": "it has a value in column 3 where the header ends at 2", "text": "2 | b | stray"}
    ]
    assert table.warnings[0] == "1 blank rows between records were passed over."


def test_chunks_do_not_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(table_module, "CHUNK_ROWS", 2)
    table = read_table(workbook(tmp_path / "t.xlsx", Books=[["id"], *[[str(i)] for i in range(5)]]))
    assert table.frame["id"].tolist() == ["0", "1", "2", "3", "4"]
    assert table.lines.tolist() == [2, 3, 4, 5, 6]


def test_formulas_are_mentioned(tmp_path: Path):
    table = read_table(workbook(tmp_path / "t.xlsx", Books=[["id", "n"], ["1", "=1+1"]]))
    assert table.frame["n"].tolist() == [""]
    assert "The workbook holds formulas" in table.warnings[0]


def test_workbooks_that_cannot_serve(tmp_path: Path):
    with pytest.raises(UnreadableFileError, match="holds no record: it has a header and nothing else"):
        read_table(workbook(tmp_path / "h.xlsx", Books=[["id", "Title"]]))
    path = workbook(tmp_path / "t.xlsx", Books=[["id"], ["1"]])
    with pytest.raises(UnreadableFileError, match="unpacks to more than"):
        read_table(path, limit=100)
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(UnreadableFileError, match="damaged"):
        read_table(path)
