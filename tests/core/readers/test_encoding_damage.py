"""Letters damaged before the file was written are remarked on as a question, and kept as they are."""

from pathlib import Path

import openpyxl

from core.importing import import_file
from core.readers import read_table
from core.storage import Workspace


def test_utf_8_read_as_windows_1252(tmp_path: Path):
    path = tmp_path / "x.csv"
    path.write_text("id,title,name\n1,Emma,Austen\n2,BrontÃ«,â€œXâ€\x9d\n3,BrontÃ«,SÃO PAULO\n", encoding="utf-8")
    table = read_table(path)
    (question,) = table.questions
    assert question.startswith(
        "3 cells look as if UTF-8 had once been read as Windows-1252 (first on line 3: 'BrontÃ«'"
    )
    assert "perhaps 'Brontë'" in question
    assert table.frame["title"].tolist() == ["Emma", "BrontÃ«", "BrontÃ«"]


def test_a_lost_letter_in_a_workbook(tmp_path: Path):
    book = openpyxl.Workbook()
    for row in [("id", "title"), ("1", "Caf\ufffd"), ("2", "Café")]:
        book.active.append(row)
    book.save(tmp_path / "x.xlsx")
    (question,) = read_table(tmp_path / "x.xlsx").questions
    assert question.startswith("1 cell holds the sign \ufffd") and "first on line 2: 'Caf\ufffd'" in question


def test_letters_that_are_whole_raise_no_question(tmp_path: Path):
    path = tmp_path / "x.csv"
    path.write_text("id,title\n1,NAÇÃO — «Àprés»\n2,Ânes & Œuvres ’’\n3,Ð\n", encoding="utf-8")
    assert read_table(path).questions == ()


def test_the_import_keeps_the_question(tmp_path: Path):
    path = tmp_path / "x.csv"
    path.write_text("id,title\n1,BrontÃ«\n", encoding="utf-8")
    report = import_file(Workspace(tmp_path / "ws"), path, "corpus")
    assert any("BrontÃ«" in question for question in report.questions)
