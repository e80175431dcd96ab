"""A workbook for people: every text cell is text, so that no identifier, title or date is changed on opening.

The file is written directly (it is a zip of small XML parts) because it must have the same bytes each time, stream
through little memory, and never let a title that begins with ``=`` become a formula.
"""

import re
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

import numpy as np
import pandas as pd

from core.export.columns import Column
from core.export.csv_table import cells

__all__ = ["CELL_LIMIT", "ROW_LIMIT", "WorkbookReport", "column_letters", "write_xlsx"]

CELL_LIMIT: Final = 32_767  # characters in a cell (Excel specifications and limits)
ROW_LIMIT: Final = 1_048_576  # rows on a sheet, header included
_WIDEST: Final = 60
_SAMPLE_ROWS: Final = 2_000  # rows that decide how wide a column is
_MOMENT: Final = (1980, 1, 1, 0, 0, 0)
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_ESCAPE_LIKE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
_PLAIN, _TEXT, _HEAD, _WRAPPED = 0, 1, 2, 3  # cell styles, see _STYLES

_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_HEADER = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PARTS: Final = {
    "[Content_Types].xml": (
        f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
        f'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPES}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_TYPES}.styles+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPES}.worksheet+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet2.xml" ContentType="{_TYPES}.worksheet+xml"/></Types>'
    ),
    "_rels/.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/workbook.xml": (
        f'<workbook {_MAIN} xmlns:r="{_OFFICE}"><sheets><sheet name="Accepted" sheetId="1" r:id="rId1"/>'
        '<sheet name="Read me" sheetId="2" r:id="rId2"/></sheets></workbook>'
    ),
    "xl/_rels/workbook.xml.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="rId2" Type="{_OFFICE}/worksheet" Target="worksheets/sheet2.xml"/>'
        f'<Relationship Id="rId3" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>'
    ),
    # Number format 49 is '@': text stays text also when somebody edits the cell.
    "xl/styles.xml": (
        f'<styleSheet {_MAIN}><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
        '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill>'
        '<fill><patternFill patternType="gray125"/></fill>'
        '</fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
        '<cellXfs count="4">'
        '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
        '<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
        '<xf numFmtId="49" fontId="1" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1"/>'
        '<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyAlignment="1">'
        '<alignment vertical="top" wrapText="1"/></xf></cellXfs>'
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
    ),
}


@dataclass(frozen=True)
class WorkbookReport:
    """What was written, and what the workbook could not hold.

    Attributes
    ----------
    rows : int
        Records on the sheet.
    left_out : int
        Records beyond the most a sheet can hold.
    cut : int
        Cells longer than :data:`CELL_LIMIT` characters; they end in '[cut: the whole text is in the CSV]'.
    """

    rows: int
    left_out: int
    cut: int

    @property
    def sentences(self) -> tuple[str, ...]:
        """Say what the workbook could not hold."""
        remarks = []
        if self.left_out:
            remarks.append(
                f"{self.left_out:,} records are beyond the {ROW_LIMIT:,} rows of a sheet and not in the workbook."
            )
        if self.cut:
            remarks.append(
                f"{self.cut:,} cells were cut in the workbook at {CELL_LIMIT:,} characters; the CSV has them whole."
            )
        return tuple(remarks)


def write_xlsx(path: Path, frame: pd.DataFrame, columns: Sequence[Column], read_me: Sequence[str]) -> WorkbookReport:
    """Write a flat table as a workbook with a frozen, filtered header and a second sheet that explains it.

    Parameters
    ----------
    read_me : sequence of str
        One line a row of the second sheet.
    """
    left_out = max(0, len(frame) - (ROW_LIMIT - 1))
    shown = frame.iloc[: ROW_LIMIT - 1]
    cut = 0
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in _PARTS.items():
            archive.writestr(_entry(name), _HEADER + text)
        with archive.open(_entry("xl/worksheets/sheet1.xml"), "w", force_zip64=True) as sheet:
            for piece, shortened in _sheet(shown, columns):
                cut += shortened
                sheet.write(piece.encode("utf-8"))
        lines = "".join(
            f'<row r="{place}"><c r="A{place}" s="{_WRAPPED}" t="inlineStr">{_inline(line)}</c></row>'
            for place, line in enumerate(read_me, start=1)
        )
        archive.writestr(
            _entry("xl/worksheets/sheet2.xml"),
            f'{_HEADER}<worksheet {_MAIN}><cols><col min="1" max="1" width="110" customWidth="1"/></cols>'
            f"<sheetData>{lines}</sheetData></worksheet>",
        )
    return WorkbookReport(len(shown), left_out, cut)


def _sheet(frame: pd.DataFrame, columns: Sequence[Column]) -> Iterable[tuple[str, int]]:
    letters = [column_letters(place) for place in range(len(columns))]
    widths = "".join(
        f'<col min="{place}" max="{place}" width="{_width(frame[column.name], column)}" style="{_style(column)}"'
        ' customWidth="1"/>'
        for place, column in enumerate(columns, start=1)
    )
    head = "".join(
        f'<c r="{letter}1" s="{_HEAD}" t="inlineStr">{_inline(column.name)}</c>'
        for letter, column in zip(letters, columns, strict=True)
    )
    yield (
        f'{_HEADER}<worksheet {_MAIN}><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" '
        f'activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><cols>{widths}</cols>'
        f'<sheetData><row r="1">{head}</row>',
        0,
    )
    for start in range(0, len(frame), 2_000):
        block = frame.iloc[start : start + 2_000]
        written = [_cells(block[column.name], column) for column in columns]
        shortened = sum(count for _, count in written)
        rows = []
        for place, row in enumerate(zip(*(cells_ for cells_, _ in written), strict=True), start=start + 2):
            inside = "".join(
                f'<c r="{letter}{place}{cell}</c>' for letter, cell in zip(letters, row, strict=True) if cell
            )
            rows.append(f'<row r="{place}">{inside}</row>')
        yield "".join(rows), shortened
    yield f'</sheetData><autoFilter ref="A1:{letters[-1]}{len(frame) + 1}"/></worksheet>', 0


def _cells(values: pd.Series, column: Column) -> tuple[list[str], int]:
    """Return a column's cells from the closing quote of ``r`` on, '' for an empty one, and how many were cut."""
    if column.type == "number":
        numbers = values.to_numpy(dtype=float)
        return ["" if np.isnan(n) else f'" s="{_PLAIN}"><v>{n!r}</v>' for n in numbers.tolist()], 0
    text = list(cells(values, column))
    cut = sum(len(cell) > CELL_LIMIT for cell in text)
    return [f'" s="{_TEXT}" t="inlineStr">{_inline(cell)}' if cell else "" for cell in text], cut


def _inline(text: str) -> str:
    if len(text) > CELL_LIMIT:
        note = "[cut: the whole text is in the CSV]"
        text = text[: CELL_LIMIT - len(note)] + note
    if "_x" in text:
        text = _ESCAPE_LIKE.sub("_x005F_", text)
    text = _NOT_XML.sub(lambda match: f"_x{ord(match.group()):04X}_", text)
    return f'<is><t xml:space="preserve">{escape(text, {chr(13): "&#13;"})}</t></is>'


def column_letters(place: int) -> str:
    """Return the name of a column, counted from 0: A … Z, AA …."""
    name = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        name = chr(65 + rest) + name
    return name


def _width(values: pd.Series, column: Column) -> int:
    """Return the width, in characters, at which the heading and nearly all of the first cells can be read."""
    heading = len(column.name) + 3  # beside it stands the arrow of the filter
    if column.type in ("number", "boolean"):
        return max(12, heading)
    lengths = values.iloc[:_SAMPLE_ROWS].str.len()
    return int(min(_WIDEST, max(10, heading, lengths.quantile(0.95) + 2 if len(lengths) else 0)))


def _style(column: Column) -> int:
    return _PLAIN if column.type == "number" else _TEXT


def _entry(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _MOMENT)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.create_system = 3  # so that the bytes do not depend on the operating system
    info.external_attr = 0o644 << 16
    return info
