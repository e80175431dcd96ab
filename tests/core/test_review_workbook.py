"""The queue as a workbook: written, filled in by openpyxl and by LibreOffice, and read back."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from openpyxl import load_workbook

from core.cli import main
from core.errors import InputError, UnreadableFileError
from core.importing import import_file
from core.predictions import Scored, load_scored
from core.review import (
    BatchReport,
    decisions_for_scored,
    record_answers,
    record_decision,
    send_to_review,
    undo_decision,
)
from core.review_queue import build_queue
from core.review_workbook import read_review_workbook, write_review_workbook
from core.storage import Workspace
from core.wording.review import batch_sentences

IDS = ["001", "002", "003", "x4"]
TITLES = ['=HYPERLINK("https://x.example")', "<r>Poems</r>", "A map", "+1 tale"]
LABEL, NOTE, IDENTIFIER, KEY = 7, 8, 9, 10  # columns as openpyxl counts


@pytest.fixture
def place(workspace: Workspace, tmp_path: Path) -> Workspace:
    rows = {"record_id": IDS, "title": TITLES, "predicted": ["Fiction", "Map", "Map", "Fiction"]}
    pd.DataFrame({**rows, "confidence": [0.5, 0.6, 0.7, 0.8]}).to_csv(tmp_path / "p.csv", index=False)
    import_file(workspace, tmp_path / "p.csv", "predictions", name="p")
    scored = load_scored(workspace, "p")
    send_to_review(workspace.database, scored.predictions, IDS, "to see", scored=scored)
    return workspace


@pytest.fixture
def scored(place: Workspace) -> Scored:
    return load_scored(place, "p")


def write(place: Workspace, scored: Scored, path: Path) -> Path:
    queue = build_queue(scored, sent=dict.fromkeys(IDS, "to see"))
    newest = decisions_for_scored(place.database, scored).newest
    assert write_review_workbook(path, scored, queue, IDS, newest=newest) == 4
    return path


def fill(path: Path, change: Callable[[Any], None]) -> Path:
    book = load_workbook(path)
    change(book["Review"])
    book.save(path)
    return path


def take_in(place: Workspace, scored: Scored, path: Path, by: str = "Anna") -> BatchReport:
    answers = read_review_workbook(path, scored)
    return record_answers(place.database, scored, answers.answers, by=by, session=answers.session)


def test_the_workbook_is_text_with_a_list_of_labels_and_a_hidden_key(
    place: Workspace, scored: Scored, tmp_path: Path
) -> None:
    book = load_workbook(write(place, scored, tmp_path / "q.xlsx"))
    sheet = book["Review"]
    assert [cell.value for cell in sheet[1]] == [
        "title", "author", "date", "model says", "sure", "why", "label", "note", "identifier", "key",
    ]  # fmt: skip
    assert [row[0].value for row in sheet.iter_rows(min_row=2)] == TITLES
    assert {cell.data_type for row in sheet.iter_rows(min_row=2) for cell in row if cell.column != 5} <= {"s", "n"}
    assert [sheet.cell(row, IDENTIFIER).value for row in range(2, 6)] == IDS
    assert sheet.column_dimensions["J"].hidden
    assert sheet.cell(2, KEY).value == f"{scored.predictions}|0|001"
    assert sheet.cell(2, 6).value == "somebody sent it here: to see"
    [rule] = sheet.data_validations.dataValidation
    assert (str(rule.sqref), rule.formula1) == ("G2:G5", "Answers!$A$1:$A$3")
    assert [cell.value for cell in book["Answers"]["A"]] == ["Fiction", "Map", "can't tell"]


def test_answers_come_back_once_however_often_the_file_does(place: Workspace, scored: Scored, tmp_path: Path) -> None:
    def answer(sheet: Any) -> None:
        sheet.cell(2, LABEL).value, sheet.cell(2, NOTE).value = "map", "an atlas"
        sheet.cell(4, LABEL).value = "can't tell"

    path = fill(write(place, scored, tmp_path / "q.xlsx"), answer)
    assert read_review_workbook(path, scored).blank == 2
    report = take_in(place, scored, path)
    assert [(a.record_id, a.label, a.old, a.note) for a in report.written] == [
        ("001", "Map", "Fiction", "an atlas"),
        ("003", "can't tell", "Map", ""),
    ]
    assert batch_sentences(report, 2) == ["2 answers were written.", "2 rows have no label yet."]
    again = take_in(place, scored, path)
    assert (len(again.written), len(again.already)) == (0, 2)
    assert take_in(place, scored, path, by="Ben").written == ()  # a copy under another name is no agreement
    log = decisions_for_scored(place.database, scored)
    assert len(log.rows) == 2 and not log.pairs
    undo_decision(place.database, scored.predictions, log.rows[0].id)
    assert [a.record_id for a in take_in(place, scored, path).withdrawn] == ["001"]


def test_what_others_decided_meanwhile_stays_and_is_shown(place: Workspace, scored: Scored, tmp_path: Path) -> None:
    path = write(place, scored, tmp_path / "q.xlsx")
    record_decision(place.database, scored.predictions, "001", "Fiction", by="Ben", scored=scored)
    fill(path, lambda sheet: sheet.__setitem__("G2", "Map"))
    report = take_in(place, scored, path)
    [conflict] = report.conflicts
    assert (conflict.answer.label, conflict.decision.label, conflict.decision.by) == ("Map", "Fiction", "Ben")
    assert not report.written
    assert decisions_for_scored(place.database, scored).current["001"].label == "Fiction"


def test_rows_that_cannot_be_taken_are_named_and_the_others_written(
    place: Workspace, scored: Scored, tmp_path: Path
) -> None:
    def spoil(sheet: Any) -> None:
        sheet.cell(2, LABEL).value = "Song"
        sheet.cell(3, LABEL).value = '=IF(TRUE,"Map","")'
        sheet.cell(4, LABEL).value, sheet.cell(4, IDENTIFIER).value = "Map", "002"
        sheet.cell(5, LABEL).value, sheet.cell(5, NOTE).value = "Fiction", "seen"

    answers = read_review_workbook(fill(write(place, scored, tmp_path / "q.xlsx"), spoil), scored)
    assert [(a.record_id, a.row) for a in answers.answers] == [("x4", 5)]
    assert [(refused.row, refused.reason.split(";")[0]) for refused in answers.refused] == [
        (2, "“Song” is none of the labels, which are Fiction, Map, can't tell"),
        (3, "a formula stands in the column “label”"),
        (4, "its identifier is “002” and was “003”: cells may have been moved or sorted alone"),
    ]


def test_an_identifier_that_became_a_number_is_known_by_its_key(
    place: Workspace, scored: Scored, tmp_path: Path
) -> None:
    def number(sheet: Any) -> None:
        sheet.cell(2, LABEL).value, sheet.cell(2, IDENTIFIER).value = "Map", 1

    answers = read_review_workbook(fill(write(place, scored, tmp_path / "q.xlsx"), number), scored)
    assert [a.record_id for a in answers.answers] == ["001"]


def test_a_key_that_was_changed_or_is_of_other_predictions(place: Workspace, scored: Scored, tmp_path: Path) -> None:
    def change(sheet: Any) -> None:
        sheet.cell(2, LABEL).value, sheet.cell(2, KEY).value = "Map", "001"

    answers = read_review_workbook(fill(write(place, scored, tmp_path / "q.xlsx"), change), scored)
    assert answers.refused[0].reason.startswith("its hidden key is missing or was changed")

    def other(sheet: Any) -> None:
        sheet.cell(2, LABEL).value, sheet.cell(2, KEY).value = "Map", "ffff|0|001"

    with pytest.raises(InputError, match=r"written for other predictions \(ffff\) and not for 'p'"):
        read_review_workbook(fill(write(place, scored, tmp_path / "q.xlsx"), other), scored)


def test_another_file_is_refused(scored: Scored, tmp_path: Path) -> None:
    (tmp_path / "no.xlsx").write_bytes(b"PK")
    with pytest.raises(UnreadableFileError, match=r"no\.xlsx cannot be read as an Excel workbook"):
        read_review_workbook(tmp_path / "no.xlsx", scored)
    pd.DataFrame({"title": ["a"], "label": ["b"]}).to_excel(tmp_path / "other.xlsx", index=False)
    with pytest.raises(UnreadableFileError, match="its first row lacks author, date"):
        read_review_workbook(tmp_path / "other.xlsx", scored)


def test_the_command_writes_the_queue_and_takes_the_answers(
    place: Workspace, scored: Scored, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "q.xlsx"
    command = ["review", "--workspace", str(place.root), "--predictions", "p", "--json", "--quiet"]
    assert main([*command, "--export", str(path), "--order", "least-sure"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["file"], result["rows"], result["reasons"]) == (str(path), 4, {"sent": 4})
    fill(path, lambda sheet: (sheet.__setitem__("G2", "Map"), sheet.__setitem__("G3", "Song"))[0])
    assert main([*command, "--import", str(path)]) == 2
    assert "--by NAME" in capsys.readouterr().err
    assert main([*command, "--import", str(path), "--by", "Anna"]) == 1
    result = json.loads(capsys.readouterr().out)
    assert (result["read"], result["new"], result["unchanged"], result["blank"]) == (2, 1, 0, 2)
    assert [refused["row"] for refused in result["refused"]] == [3]
    assert main([*command, "--import", str(path), "--by", "Anna"]) == 1
    assert json.loads(capsys.readouterr().out)["new"] == 0
    [row] = decisions_for_scored(place.database, scored).rows
    assert (row.record_id, row.label, row.by) == ("001", "Map", "Anna")


@pytest.mark.slow
def test_libreoffice_keeps_what_is_needed(place: Workspace, scored: Scored, tmp_path: Path) -> None:
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("LibreOffice is not installed, so that no other office program has saved the workbook")
    path = fill(write(place, scored, tmp_path / "q.xlsx"), lambda sheet: sheet.__setitem__("G2", "Map"))
    saved = tmp_path / "saved"
    command = [office, "--headless", "--convert-to", "xlsx", "--outdir", str(saved), str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    report = take_in(place, scored, saved / "q.xlsx")
    assert [(a.record_id, a.label) for a in report.written] == [("001", "Map")]
