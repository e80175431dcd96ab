"""Excel workbooks (.xlsx): the values of one sheet as text."""

import datetime as dt
import itertools
import re
import warnings
import zipfile
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from core.errors import Choice, ChoiceNeededError, InputError, UnreadableFileError
from core.progress import Progress
from core.readers.container import OpenedFile, check_zip
from core.readers.table import ReaderOptions, RejectedRows, SourceTable, TextColumns, columns_given, unique_headers

__all__ = ["cell_text", "read"]

_LOOKED_AT = 50  # rows by which a sheet is judged
_MOSTLY = 0.6
_TOTALS = frozenset({"total", "totals", "grand total", "sum", "summe", "gesamt", "somme", "totaal", "totale", "totalt"})


def read(opened: OpenedFile, options: ReaderOptions, progress: Progress) -> SourceTable:
    """Read one sheet of a workbook. See :func:`core.readers.read_table`.

    Lines are the row numbers that Excel shows. The first row that is not blank is the header. Formulas give the value
    that was saved with them.
    """
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with zipfile.ZipFile(opened.stream) as archive:
            check_zip(archive, opened.path, opened.limit)
        opened.stream.seek(0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl tells of styles and extensions it does not keep
            book = load_workbook(opened.stream, read_only=True, data_only=True, keep_links=False)
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, TypeError) as error:
        raise UnreadableFileError(
            f"{opened.path} cannot be read as an Excel workbook ({error}); open it in Excel and save it again as .xlsx."
        ) from error
    try:
        return _read_sheet(book, opened, options, progress)
    finally:
        book.close()


def cell_text(value: object) -> str:
    """Return a cell's value as text: whole numbers without '.0', dates in ISO form, truth values in lower case.

    >>> cell_text(1879.0), cell_text(None), cell_text(True), cell_text(dt.datetime(1879, 5, 1))
    ('1879', '', 'true', '1879-05-01')
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(sep=" ")
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return str(value)


def _read_sheet(book: Any, opened: OpenedFile, options: ReaderOptions, progress: Progress) -> SourceTable:
    sheet, reason, notes = _choose_sheet(book, opened, options.sheet)
    others = _other_sheets(book, sheet)
    first = list(itertools.islice(_text_rows(sheet), _LOOKED_AT))
    if not first:
        raise UnreadableFileError(f"The sheet '{sheet.title}' of {opened.path} is empty{others}.")
    if not options.columns and (above := _lines_above_header(first)):
        line, row = first[0]
        cells = "1 filled cell" if _filled(row) == 1 else f"{_filled(row)} filled cells"
        raise ChoiceNeededError(
            f"The sheet '{sheet.title}' of {opened.path} cannot be read as a table: row {line} has {cells} "
            f"('{' '.join(row).strip()[:60]}') but the rows below have more. Row {above} looks like the header: delete "
            f"the rows above it{others}.",
            option="sheet",
            choices=[Choice(other.title, other.title) for other in book.worksheets if other.title != sheet.title],
        )
    shown = _ShownNumbers()
    rows = _text_rows(sheet, shown)
    header_line, header = next(rows)
    if options.columns:
        names = columns_given(options.columns, header, opened.path)
        renamed: list[str] = []
        rows, header_line = chain([(header_line, header)], rows), header_line - 1
    else:
        names, renamed = unique_headers(header)
    columns, rejected = TextColumns(names), RejectedRows()
    pending: list[list[str]] = []
    lines = array("q")
    total = max(sheet.max_row or 0, 1)
    gaps, last = 0, header_line
    complete = True
    for line, row in rows:
        gaps += line - last - 1
        last = line
        if len(row) > len(names):
            rejected.add(
                line, f"it has a value in column {len(row)} where the header ends at {len(names)}", " | ".join(row)
            )
            continue
        if _is_total(row, len(names)):
            rejected.add(line, "it looks like a total of the rows above and no record", " | ".join(row))
            continue
        pending.append(row + [""] * (len(names) - len(row)))
        lines.append(line)
        if len(pending) >= options.chunk:
            columns.extend(pending, lines)
            pending.clear()
            del lines[:]
            if options.enough(len(columns) + len(rejected)):
                complete = next(rows, None) is None
                break
            progress(min(1.0, line / total), f"Reading {len(columns):,} rows of the sheet '{sheet.title}'")
    columns.extend(pending, lines)
    if not len(columns):
        why = (
            f"none of its rows can be used; {rejected.first()}" if len(rejected) else "it has a header and nothing else"
        )
        raise UnreadableFileError(f"The sheet '{sheet.title}' of {opened.path} holds no record: {why}.")
    frame, numbers = columns.frame()
    if gaps:
        notes.append(f"{gaps:,} blank rows between records were passed over.")
    if len(rejected):
        notes.append(
            f"{len(rejected):,} of {len(frame) + len(rejected):,} rows could not be used and were set aside, the first "
            f"on {rejected.first()}."
        )
    return SourceTable(
        path=opened.path,
        format="xlsx",
        encoding="",
        delimiter="",
        frame=frame,
        lines=numbers,
        rejected=rejected.frame(),
        reasons=(*opened.reasons, reason),
        warnings=(*notes, *renamed, *_formulas(opened, options)),
        questions=tuple(shown.questions(names)),
        complete=complete,
        sheets=tuple(sheet.title for sheet in book.worksheets),
    )


def _choose_sheet(book: Any, opened: OpenedFile, wanted: str | None) -> tuple[Any, str, list[str]]:
    sheets = {sheet.title: sheet for sheet in book.worksheets}
    hidden = [title for title, sheet in sheets.items() if sheet.sheet_state != "visible"]
    names = ", ".join(f"'{title}'" + (" (hidden)" if title in hidden else "") for title in sheets)
    if not sheets:
        raise UnreadableFileError(f"{opened.path} is a workbook without a sheet of cells.")
    if wanted is not None:
        if wanted not in sheets:
            raise InputError(f"There is no sheet '{wanted}' in {opened.path}; it has {names}.")
        return sheets[wanted], f"The sheet '{wanted}' was asked for.", []
    shown = [sheet for title, sheet in sheets.items() if title not in hidden] or list(sheets.values())
    filled = [sheet for sheet in shown if next(_text_rows(sheet), None)]
    tables = [sheet for sheet in filled if _looks_like_table(sheet)]
    chosen = (tables or filled or shown)[0]
    reason = f"The sheet '{chosen.title}' was read: the first that is not hidden and not empty."
    if tables and filled[0] is not chosen:
        reason = f"The sheet '{chosen.title}' was read: the first that holds a table."
    notes = []
    if len(sheets) > 1:
        notes.append(f"Only the sheet '{chosen.title}' was read; the workbook has {names}.")
    return chosen, reason, notes


def _other_sheets(book: Any, sheet: Any) -> str:
    names = [f"'{other.title}'" for other in book.worksheets if other.title != sheet.title]
    return f"; the workbook's other sheets are {', '.join(names)}" if names else ""


def _filled(row: list[str]) -> int:
    return sum(bool(cell.strip()) for cell in row)


def _lines_above_header(rows: list[tuple[int, list[str]]]) -> int:
    """Return the number of the row that looks like the header when it is not the first, else 0.

    A title above the header fills one cell or two; the rows of a table are filled to nearly the same width.
    """
    widths = [_filled(row) for _, row in rows]
    if len(widths) < 3:
        return 0
    usual = max(set(widths[1:]), key=widths[1:].count)
    first = widths[0]
    if usual < 2 or 2 * first > usual or widths.count(usual) < _MOSTLY * (len(widths) - 1):
        return 0
    return next(line for (line, _), width in zip(rows, widths, strict=True) if width >= usual)


def _looks_like_table(sheet: Any) -> bool:
    widths = [_filled(row) for _, row in itertools.islice(_text_rows(sheet), _LOOKED_AT)]
    return len(widths) > 1 and sum(width > 1 for width in widths) >= _MOSTLY * len(widths)


def _is_total(row: list[str], width: int) -> bool:
    first = next((cell for cell in row if cell.strip()), "")
    return width > 2 and 2 * _filled(row) <= width and first.strip(" :.").casefold() in _TOTALS


# A run of zeros, as record numbers are shown; around it what else a format has: colour or locale, text, a gap.
_ZEROS = re.compile(r'(?:\[[^\]]*\])*(?P<text>"[^"]*"|(?:\\.)*)(?P<zeros>0{2,})(?:_.|\s)*(?:;.*)?')


class _ShownNumbers:
    """Whole numbers of each column that are shown with zeros in front, and shorter ones that are not."""

    def __init__(self) -> None:
        self.padded: dict[int, tuple[int, str, str]] = {}  # column → row, as shown, as it is stored
        self.plain: dict[int, tuple[int, str]] = {}  # column → row, as shown
        self.counts: Counter[int] = Counter()

    def note(self, column: int, line: int, cell: Any, shown: str) -> None:
        """Take one cell into account; what is no whole number does not count."""
        if not _is_count(cell.value):
            return
        if _zeros_of(cell):
            self.padded.setdefault(column, (line, shown, cell_text(cell.value)))
        else:
            self.counts[column] += 1
            self.plain.setdefault(column, (line, shown))

    def questions(self, names: Sequence[str]) -> list[str]:
        """Ask about a column in which some numbers are shown with zeros and others are not."""
        question_texts = []
        for column, (line, shown, value) in self.padded.items():
            if column in self.plain and column < len(names):
                row, other = self.plain[column]
                question_texts.append(
                    f"'{names[column]}' shows some numbers with zeros in front (row {line}: {value} as {shown}) and "
                    f"{self.counts[column]:,} without (row {row}: {other}): each was read as it is shown. If all are "
                    "to have them, give the whole column one number format and save it again."
                )
        return question_texts


def _as_shown(cell: Any) -> str:
    """Return a cell's text; a whole number shown with zeros in front, as a record number is, has them."""
    value = cell.value
    shown = _zeros_of(cell) if _is_count(value) else None
    if shown is None:
        return cell_text(value)
    text = re.sub(r"[\"\\]", "", shown["text"])
    return text + cell_text(value).zfill(len(shown["zeros"]))


def _zeros_of(cell: Any) -> re.Match[str] | None:
    return _ZEROS.fullmatch(cell.number_format or "")


def _is_count(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and float(value).is_integer() and value >= 0


def _text_rows(sheet: Any, numbers: _ShownNumbers | None = None) -> Iterator[tuple[int, list[str]]]:
    """Give (row number, cells as text without the empty ones at the end) of each row that is not blank."""
    sheet.reset_dimensions()  # the range written in the file is often wrong
    for line, cells in enumerate(sheet.iter_rows(), start=1):
        row = [_as_shown(cell) for cell in cells]
        if numbers is not None:
            for column, (cell, text) in enumerate(zip(cells, row, strict=True)):
                numbers.note(column, line, cell, text)
        while row and not row[-1].strip():
            row.pop()
        if row:
            yield line, row


def _formulas(opened: OpenedFile, options: ReaderOptions) -> list[str]:
    opened.stream.seek(0)
    limit = None if options.rows is None else 4 * 1024**2  # bytes of each sheet that a preview looks at
    with zipfile.ZipFile(opened.stream) as archive:
        for name in archive.namelist():
            if name.startswith("xl/worksheets/") and name.endswith(".xml"):
                with archive.open(name) as sheet:
                    before, seen = b"", 0
                    while (limit is None or seen < limit) and (block := sheet.read(1024**2)):
                        if b"<f>" in before + block or b"<f " in before + block:
                            return [
                                "The workbook holds formulas: the values saved with them were read, and a formula that "
                                "was never calculated reads as empty."
                            ]
                        before, seen = block[-3:], seen + len(block)
    return []
