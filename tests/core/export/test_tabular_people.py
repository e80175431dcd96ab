"""What is made for people: headings in words, first things first, and nothing that a spreadsheet program would run."""

import csv
import io

import openpyxl
import pandas as pd
import pytest

from core.export.table import prepare
from core.export.tabular import accepted_csv, workbook, write_xlsx
from core.formatting import csv_for_people, safe_cell, unsafe_cell


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+44 20", "'+44 20"),
        ("-A ballad", "'-A ballad"),
        ("@home", "'@home"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("＝1+1", "'＝1+1"),
        ("-1", "-1"),
        ("+1.5", "+1.5"),
        ("-1+1|cmd", "'-1+1|cmd"),
        ("'tis", "'tis"),
        ("A = B", "A = B"),
        ("", ""),
    ],
)
def test_no_cell_is_a_formula_and_each_comes_back(text, cell):
    assert safe_cell(text) == cell
    assert unsafe_cell(cell) == text


def test_a_table_for_people_has_a_byte_order_mark_and_safe_headings_too():
    table = pd.DataFrame({"=title": ["=1+1", "Köln"], "n": [-1.5, float("nan")], "label": ["-1", None]})
    content = csv_for_people(table)
    assert content.startswith(b"\xef\xbb\xbf'=title,n,label\r\n")
    assert content.decode("utf-8-sig") == "'=title,n,label\r\n'=1+1,-1.5,-1\r\nKöln,,\r\n"
    assert csv_for_people(pd.DataFrame(columns=["a"])) == b"\xef\xbb\xbfa\r\n"


def test_columns_of_one_name_are_all_written():
    table = pd.DataFrame([["=a", "@b"]], columns=["x", "x"])
    assert csv_for_people(table).decode("utf-8-sig") == "x,x\r\n'=a,'@b\r\n"


def test_the_accepted_put_identifier_title_label_and_confidence_first(example):
    rows = list(csv.DictReader(io.StringIO(accepted_csv(example.table()).decode("utf-8-sig"), newline="")))
    assert list(rows[0])[:5] == ["Identifier", "Title", "Label", "Confidence", "Decided by"]
    assert not [name for name in rows[0] if "_" in name]
    by_id = {row["Identifier"]: row for row in rows}
    assert by_id["014602832"]["Title"] == "'=cmd|' /C calc'!A0"
    assert (by_id["014602826"]["Label"], by_id["014602826"]["Confidence"]) == ("Fiction", "0.9731")
    assert {row["Decided by"] for row in rows} == {
        "machine, above the cut-off",
        "machine, confirmed by a curator",
        "curator",
    }
    assert by_id["014602836"]["Confidence"] == ""
    assert {(row["Model"], row["Model version"], row["Run"]) for row in rows} == {
        ("bl-genre-title-classifier", "1.2.0", "run-20261123-01")
    }


def test_the_workbook_speaks_a_curators_words_and_keeps_the_librarys_columns(example, tmp_path):
    originals = example.originals.assign(Title="['" + example.originals["Title"] + "']", Label="theirs")
    table = prepare(example.records, originals, example.scored, example.settings())
    frame, columns = workbook(table)
    write_xlsx(tmp_path / "a.xlsx", frame, columns, ["read me"])
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx")["Accepted"]
    head = [cell.value for cell in sheet[1]]
    assert head[:5] == ["Identifier", "Title", "Label", "Confidence", "Decided by"]
    assert "Probability of Non-fiction" in head
    assert not [name for name in head if name.startswith("pred_") or name == "record_id"]
    assert {"Title (as loaded)", "Label (as loaded)", "Genre", "BL record ID"} <= set(head)
    first = dict(zip(head, (cell.value for cell in sheet[2]), strict=True))
    assert first["Title"] == "Poems on several occasions."
    assert first["Title (as loaded)"] == "['Poems on several occasions.']"
    letters = [cell.column_letter for cell in sheet[1]]
    widths = {name: sheet.column_dimensions[letter].width for name, letter in zip(head, letters, strict=True)}
    assert widths["Title"] > widths["Identifier"] > 10
    assert all(len(name) < widths[name] <= 60 for name in head)
