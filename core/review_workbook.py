"""The queue as an Excel workbook that people fill in, and the way back: their answers as decisions."""

import io
import warnings
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from core.classes import class_key
from core.errors import InputError, UnreadableFileError
from core.export.tabular import write_text
from core.predictions import Scored
from core.readers.container import check_zip
from core.readers.excel import cell_text
from core.review import CANNOT_TELL, Answer
from core.review_queue import ReviewQueue
from core.schema import AUTHOR, CONFIDENCE, DATE, PREDICTED, TITLE
from core.storage import file_sha256
from core.translation import in_english
from core.wording.review import reason_sentence

__all__ = ["RefusedRow", "WorkbookAnswers", "read_review_workbook", "write_review_workbook"]

_SHEET, _LISTS = "Review", "Answers"
_HEADERS: Final = ("title", "author", "date", "model says", "sure", "why", "label", "note", "identifier", "key")
_WIDTHS: Final = (60, 24, 12, 16, 8, 40, 18, 30, 16, 10)
_SURE, _WHY, _LABEL, _NOTE, _IDENTIFIER, _KEY = range(4, 10)
_ROW_LIMIT: Final = 1_048_575
_LARGEST: Final = 500_000_000  # bytes, unpacked
_APART: Final = "|"


@dataclass(frozen=True, kw_only=True)
class RefusedRow:
    """A row of a workbook of which nothing was written: its number as Excel shows it, and why."""

    row: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class WorkbookAnswers:
    """What people wrote into a workbook.

    Attributes
    ----------
    answers : tuple of Answer
    refused : tuple of RefusedRow
    blank : int
        Rows without a label.
    session : str
        What stands for this file in the decisions made of it: a copy under another name is the same answers.
    """

    answers: tuple[Answer, ...]
    refused: tuple[RefusedRow, ...]
    blank: int
    session: str


@in_english()
def write_review_workbook(
    target: Path | BinaryIO, scored: Scored, queue: ReviewQueue, record_ids: Sequence[str], *, newest: int
) -> int:
    """Write records as a workbook with a column of labels to choose from, and return how many there are.

    Parameters
    ----------
    target : path or stream
    record_ids : sequence of str
        What waits, in order; at most 1,048,575 rows fit.
    newest : int
        The number of the newest decision: what is decided after it is not overwritten when the answers come back.

    Notes
    -----
    All text is written as text, never as a formula or a link. The last column, hidden, holds for each row the
    predictions' fingerprint, `newest` and the identifier.
    """
    import xlsxwriter

    content = io.BytesIO()
    shown = [name for name in record_ids if name in queue.positions][:_ROW_LIMIT]
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        text = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
        open_cell = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top", "bg_color": "#fff6d6"})
        heading = book.add_format({"num_format": "@", "bold": True})
        number = book.add_format({"num_format": "0 %", "valign": "top"})
        sheet, lists = book.add_worksheet(_SHEET), book.add_worksheet(_LISTS)
        sheet.freeze_panes(1, 1)
        for place, (name, width) in enumerate(zip(_HEADERS, _WIDTHS, strict=True)):
            column_format = open_cell if place in (_LABEL, _NOTE) else text
            sheet.set_column(place, place, width, column_format, {"hidden": place == _KEY})
            write_text(sheet, 0, place, name, heading)
        answers = [*scored.classes, CANNOT_TELL]
        for row, answer in enumerate(answers):
            write_text(lists, row, 0, answer, text)
        lists.hide()
        if shown:
            choices = {"validate": "list", "source": f"={_LISTS}!$A$1:$A${len(answers)}", "error_title": "Label"}
            choices["error_message"] = "Choose a label of the list, or leave the cell empty."
            sheet.data_validation(1, _LABEL, len(shown), _LABEL, choices)
        columns = [scored.table[name].tolist() for name in (TITLE, AUTHOR, DATE, PREDICTED, CONFIDENCE)]
        for row, record_id in enumerate(shown, start=1):
            *texts, confidence = (column[queue.positions[record_id]] for column in columns)
            why = "; ".join(reason_sentence(reason) for reason in queue.reasons(record_id))
            key = _APART.join([scored.predictions, str(newest), record_id])
            for place, value in {**dict(enumerate(texts)), _WHY: why, _IDENTIFIER: record_id, _KEY: key}.items():
                write_text(sheet, row, place, str(value), text)
            if confidence == confidence:  # not NaN
                sheet.write_number(row, _SURE, float(confidence), number)
    if isinstance(target, Path):
        target.write_bytes(content.getvalue())
    else:
        target.write(content.getvalue())
    return len(shown)


def read_review_workbook(path: Path, scored: Scored) -> WorkbookAnswers:
    """Read the answers that people wrote into a workbook of :func:`write_review_workbook`.

    Returns
    -------
    WorkbookAnswers
        A row is refused, with its reason, whose label is no class of the predictions, in which a formula stands (it is
        not evaluated), whose identifier is not the one it was written with, or which speaks of no record here.

    Raises
    ------
    UnreadableFileError
        It is no workbook, or none that Colophon wrote.
    InputError
        It was written for other predictions.
    """
    rows = _rows(path)
    labels = {class_key(name): name for name in (*scored.classes, CANNOT_TELL)}
    known = set(scored.table["record_id"])
    predicted = dict(zip(scored.table["record_id"], scored.table[PREDICTED], strict=True))
    answers: list[Answer] = []
    refused: list[RefusedRow] = []
    blank = 0
    others: set[str] = set()
    for number, cells in rows:
        label, note, identifier, key = (cells[place] for place in (_LABEL, _NOTE, _IDENTIFIER, _KEY))
        formulas = [_HEADERS[place] for place, cell in enumerate(cells) if cell.is_formula]
        if not label.text and not formulas:
            blank += 1
            continue
        fingerprint, seen, record_id = ([*key.text.split(_APART, 2), "", "", ""])[:3]
        reason = ""
        if formulas:
            reason = f"a formula stands in the column “{formulas[0]}”; it was not evaluated. Type the value itself"
        elif not seen.isdigit() or not record_id:
            reason = "its hidden key is missing or was changed, so nobody can tell which book it was written for"
        elif fingerprint != scored.predictions:
            others.add(fingerprint)
            reason = "it was written for other predictions"
        elif not _is_same_identifier(identifier.text, record_id):
            reason = (
                f"its identifier is “{identifier.text}” and was “{record_id}”: cells may have been moved or sorted"
                " alone"
            )
        elif record_id not in known:
            reason = f"there is no record “{record_id}” among these predictions"
        elif class_key(label.text) not in labels:
            reason = f"“{label.text}” is none of the labels, which are {', '.join(labels.values())}"
        if reason:
            refused.append(RefusedRow(row=number, reason=reason))
        else:
            answers.append(
                Answer(
                    record_id=record_id,
                    label=labels[class_key(label.text)],
                    note=note.text,
                    old=str(predicted[record_id]),
                    seen=int(seen),
                    row=number,
                )
            )
    if others and not answers:
        raise InputError(
            f"{path.name} was written for other predictions ({', '.join(sorted(others))}) and not for '{scored.name}'"
            f" ({scored.predictions}). Choose those, or export the queue anew."
        )
    return WorkbookAnswers(
        answers=tuple(answers), refused=tuple(refused), blank=blank, session=f"workbook-{file_sha256(path)[:16]}"
    )


@dataclass(frozen=True)
class _Cell:
    text: str
    is_formula: bool


def _rows(path: Path) -> list[tuple[int, list[_Cell]]]:
    """Return the rows below the header that hold anything, with their numbers as Excel shows them."""
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with zipfile.ZipFile(path) as archive:
            check_zip(archive, path, _LARGEST)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl tells of styles and extensions it does not keep
            book = load_workbook(path, read_only=True, data_only=False, keep_links=False)
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, TypeError, OSError) as error:
        raise UnreadableFileError(
            f"{path.name} cannot be read as an Excel workbook ({error}); save it again as .xlsx."
        ) from error
    try:
        sheet: Any = book[_SHEET] if _SHEET in book.sheetnames else book.worksheets[0]
        sheet.reset_dimensions()
        rows = enumerate(sheet.iter_rows(), start=1)
        header = [cell_text(cell.value).strip().lower() for cell in next(rows, (1, ()))[1]]
        missing = [name for name in _HEADERS if name not in header]
        if missing:
            raise UnreadableFileError(
                f"{path.name} is no workbook of the review queue: its first row lacks {', '.join(missing)}."
                " Export the queue and fill that file in."
            )
        places = [header.index(name) for name in _HEADERS]
        listed = []
        for number, cells in rows:
            values = [_cell(cells[place]) if place < len(cells) else _Cell("", False) for place in places]
            if any(cell.text or cell.is_formula for cell in values):
                listed.append((number, values))
        return listed
    finally:
        book.close()


def _cell(cell: Any) -> _Cell:
    return _Cell("" if cell.data_type == "f" else cell_text(cell.value).strip(), cell.data_type == "f")


def _is_same_identifier(shown: str, written: str) -> bool:
    """Say whether an identifier is what was written; a program may have made a number of it and lost its zeros."""
    return shown == written or (shown.isdigit() and written.isdigit() and int(shown) == int(written))
