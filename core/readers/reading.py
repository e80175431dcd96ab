"""One door for every format: open the file, tell its format, and let that format's module read it."""

import importlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from core.errors import InputError, UnreadableFileError
from core.plain_csv import unsafe_table
from core.progress import Progress, silent
from core.readers.annif_documents import read_documents
from core.readers.container import UNPACKED_LIMIT, open_file
from core.readers.damage import damage_questions
from core.readers.marc_columns import MARC_COLUMN
from core.readers.recognise import recognise
from core.readers.scored_answers import unfold_cells
from core.readers.table import ReaderOptions, SourceTable

__all__ = ["FORMATS", "read_table"]

# A format's module has one function, read(opened, options, progress) -> SourceTable; a new format is a new line here.
FORMATS: Mapping[str, str] = {
    "csv": "core.readers.delimited",
    "tsv": "core.readers.delimited",
    "xlsx": "core.readers.excel",
    "parquet": "core.readers.parquet",
    "json": "core.readers.json_records",
    "jsonl": "core.readers.json_records",
    "annif": "core.readers.annif",
    "marc": "core.readers.marc",
    "marcxml": "core.readers.marc",
}


def read_table(
    path: Path | str,
    *,
    format: str | None = None,  # noqa: A002 - the word people know
    encoding: str | None = None,
    delimiter: str | None = None,
    sheet: str | None = None,
    columns: Sequence[str] = (),
    rows: int | None = None,
    progress: Progress = silent,
    limit: int = UNPACKED_LIMIT,
) -> SourceTable:
    """Read a file as a table of text, with the reasons for every guess and the rows that could not be used.

    CSV, TSV and other delimited text, Excel (.xlsx), Parquet, JSON and JSON Lines; each also packed with gzip or alone
    in a zip archive. A folder or a zip archive of the .annif files that ``annif index`` writes is one table, a row a
    document. What is guessed can be said instead. Nothing is interpreted: ``014602826`` keeps its zero and a book
    called ``None`` its title.

    Parameters
    ----------
    path : path
        The file, or the folder of Annif's suggestions.
    format : str, optional
        A key of :data:`FORMATS`.
    encoding : str, optional
        The encoding of a text file, such as ``utf-8`` or ``windows-1252``.
    delimiter : str, optional
        One character, or tab, comma, semicolon, pipe.
    sheet : str, optional
        The name of an Excel sheet; without one, the first that is neither hidden nor empty.
    columns : sequence of str
        Names of the columns where the first line is a record already; delimited text and Excel only.
    rows : int, optional
        Read about so many records from the beginning and no more of the file than that takes; `complete` tells whether
        those were all.
    limit : int
        Bytes that a packed file may unpack to.

    Raises
    ------
    UnreadableFileError
        The file cannot serve as a table: missing, a folder without suggestions, empty, a header without records, a PDF,
        a web page, bytes.
    InputError
        An argument names no format, encoding, delimiter or sheet.
    """
    if format is not None and format not in FORMATS:
        raise InputError(f"'{format}' is not a format that can be read; these are: {', '.join(FORMATS)}.")
    if os.fspath(path) == "":
        raise InputError("No file was named.")
    if format in (None, "annif") and Path(path).exists():
        documents = read_documents(Path(path), ReaderOptions(encoding=encoding, rows=rows), progress, limit)
        if documents is not None:
            progress(1.0, f"Read {len(documents.frame):,} documents")
            return documents
    with open_file(Path(path), progress, limit, head_only=rows is not None) as opened:
        detected_format, why = recognise(opened, text=format is not None and format not in _BINARY)
        chosen = format or detected_format
        if chosen not in FORMATS:
            raise UnreadableFileError(
                f"{path} looks like {chosen.upper()}, which cannot be read here; these can: {', '.join(FORMATS)}."
            )
        if format is not None and detected_format != format and (detected_format in _BINARY or format in _BINARY):
            raise UnreadableFileError(f"{path} is not {format.upper()}: {why[0].lower()}{why[1:]}")
        if chosen == "tsv" and delimiter is None:
            delimiter = "\t"
        if columns and chosen not in _WITH_HEADER:
            raise InputError(f"Column names can be given for CSV, TSV and Excel; {path} is {chosen.upper()}.")
        options = ReaderOptions(chosen, encoding, delimiter, sheet, rows, tuple(columns))
        table: SourceTable = importlib.import_module(FORMATS[chosen]).read(opened, options, progress)
    progress(1.0, f"Read {len(table.frame):,} records")
    cells = table.frame.drop(columns=MARC_COLUMN, errors="ignore")  # holds once more what stands in the others
    questions = (*table.questions, *damage_questions(cells, table.lines))
    chosen_because = why if format is None else f"The format {format.upper()} was given."
    frame, unfolded = unfold_cells(table.frame)
    warnings = table.warnings
    if table.format in _WITH_HEADER:  # what people save from a spreadsheet program
        frame, count = unsafe_table(frame)
        if count:
            changed = "1 cell" if count == 1 else f"{count:,} cells"
            warnings = (
                *warnings,
                f"In {changed} an apostrophe before =, +, - or @ was taken off: files for spreadsheet programs have it,"
                " so that no cell runs as a formula.",
            )
    return replace(
        table,
        frame=frame,
        warnings=warnings,
        reasons=(chosen_because, *table.reasons, *([unfolded] if unfolded else [])),
        complete=table.complete and opened.whole,
        questions=questions,
    )


_WITH_HEADER = frozenset({"csv", "tsv", "xlsx"})
_BINARY = frozenset({"xlsx", "parquet", "marc"})
