"""Excel workbooks: values as text, the sheet that is read, rows that do not fit."""

import datetime as dt
import zipfile
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


def _workbook(tmp_path: Path, sheets: dict[str, list[list[object]]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(tmp_path / "book.xlsx")
    return tmp_path / "book.xlsx"


BOOKS: list[list[object]] = [
    ["id", "title", "year"],
    *([f"00{number}", f"Title {number}", 1870] for number in range(8)),
]
COVER: list[list[object]] = [["Catalogue export"], ["made by hand"]]


def test_a_cover_sheet_is_passed_over_and_said(tmp_path: Path):
    table = read_table(_workbook(tmp_path, {"Cover": COVER, "Books": BOOKS}))
    assert table.frame["id"].tolist() == [f"00{number}" for number in range(8)]
    assert "The sheet 'Books' was read: the first that holds a table." in table.reasons
    assert "Only the sheet 'Books' was read; the workbook has 'Cover', 'Books'." in table.warnings
    assert table.sheets == ("Cover", "Books")


def test_a_title_row_above_the_header_is_refused_with_what_to_do(tmp_path: Path):
    path = _workbook(tmp_path, {"Books": [["Town Library: catalogue"], [], *BOOKS], "Maps": BOOKS})
    with pytest.raises(UnreadableFileError, match=r"row 1 has 1 filled cell \('Town Library: catalogue'\)") as raised:
        read_table(path, sheet="Books")
    assert "Row 3 looks like the header: delete the rows above it" in str(raised.value)
    assert "the workbook's other sheets are 'Maps'" in str(raised.value)


def test_a_total_is_no_record(tmp_path: Path):
    rows = [*BOOKS, ["Total", None, None], ["009", "Total", 1871]]
    table = read_table(_workbook(tmp_path, {"Books": rows}))
    assert len(table.frame) == 9
    assert table.rejected["reason"].tolist() == ["it looks like a total of the rows above and no record"]
    assert table.rejected["line"].tolist() == [10]


def test_zeros_that_a_number_format_shows_are_kept(tmp_path: Path):
    book = openpyxl.Workbook()
    for row in [["id", "n"], [1204567, 1204567], [14602826, 2.0]]:
        book.active.append(row)
    for place in ("A2", "A3", "B3"):
        book.active[place].number_format = "000000000"
    book.save(tmp_path / "x.xlsx")
    frame = read_table(tmp_path / "x.xlsx").frame
    assert frame.to_numpy().tolist() == [["001204567", "1204567"], ["014602826", "000000002"]]


@pytest.mark.parametrize(
    ("number_format", "shown"),
    [
        ("General", "4567"),
        ("0", "4567"),
        ("#,##0", "4567"),  # grouping and decimals are how a number looks, and no part of an identifier
        ("0.00", "4567"),
        ("@", "4567"),
        ("000000000", "000004567"),
        ("000", "4567"),
        ("[$-409]000000000", "000004567"),
        ("000000000;-000000000", "000004567"),
        ("000000000_)", "000004567"),
        ('"b"0000000', "b0004567"),
        (r"\b0000000", "b0004567"),
    ],
)
def test_a_whole_number_is_read_as_its_number_format_shows_it(tmp_path: Path, number_format: str, shown: str):
    book = openpyxl.Workbook()
    for row in [["id", "title"], [4567, "Tales"]]:
        book.active.append(row)
    book.active["A2"].number_format = number_format
    book.save(tmp_path / "x.xlsx")
    table = read_table(tmp_path / "x.xlsx")
    assert table.frame["id"].tolist() == [shown]
    assert table.questions == ()


def test_numbers_of_which_only_some_are_shown_with_zeros_are_asked_about(tmp_path: Path):
    book = openpyxl.Workbook()
    for row in [["id", "year"], [4567, 1850], [123456789, 1851], [4568, 1852], [4569, 1853]]:
        book.active.append(row)
    for place in ("A2", "A3", "B2", "B3", "B4", "B5"):
        book.active[place].number_format = "000000000" if place[0] == "A" else "0000"
    book.save(tmp_path / "x.xlsx")
    table = read_table(tmp_path / "x.xlsx")
    assert table.frame["id"].tolist() == ["000004567", "123456789", "4568", "4569"]
    assert table.questions == (
        "'id' shows some numbers with zeros in front (row 2: 4567 as 000004567) and 2 without (row 4: 4568): each was "
        "read as it is shown. If all are to have them, give the whole column one number format and save it again.",
    )


def test_settings_of_a_printer_make_no_binary_workbook(tmp_path: Path):
    """Excel keeps them as a .bin file beside the sheets of an ordinary workbook."""
    path = tmp_path / "printed.xlsx"
    book = openpyxl.Workbook()
    book.active.append(["id", "title"])
    book.active.append(["1", "Emma"])
    book.save(path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/printerSettings/printerSettings1.bin", b"\x00")
    assert read_table(path).frame["title"].tolist() == ["Emma"]
