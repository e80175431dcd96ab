"""One door for every format: recognise a file, read it, or preview its first rows in a process of its own."""

import contextlib
import importlib
import json
import logging
import os
import re
import subprocess
import sys
import threading
import traceback
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from core import errors
from core.errors import Choice, ChoiceNeededError, InputError, UnreadableFileError
from core.formatting import listed, unsafe_table
from core.processes import memory_limit, module_command, module_environment
from core.progress import Progress, silent
from core.readers import annif
from core.readers.container import UNPACKED_LIMIT, OpenedFile, open_file
from core.readers.encoding import damage_questions, unmarked_utf16
from core.readers.marc import MARC_COLUMN
from core.readers.scores import unfold_cells
from core.readers.table import Reader, ReaderOptions, SourceTable

__all__ = [
    "FORMATS",
    "PreviewLimits",
    "folder_formats",
    "formats_in_words",
    "main",
    "read_first_rows",
    "read_table",
    "recognise",
]


# --- The formats that come in: one entry each, which reading, importing, command line and page go by ------------------

# A new format is a new entry, and a module beside this one that reads it. They are asked in this order.
FORMATS: Final[dict[str, Reader]] = {
    reader.name: reader
    for reader in (
        Reader(name="csv", module="core.readers.delimited", words="CSV", has_header=True),
        Reader(name="tsv", module="core.readers.delimited", words="TSV", has_header=True),
        Reader(name="xlsx", module="core.readers.excel", words="Excel", has_header=True, binary=True),
        Reader(name="parquet", module="core.readers.parquet", words="Parquet", binary=True),
        Reader(name="json", module="core.readers.json_records", words="JSON"),
        Reader(name="jsonl", module="core.readers.json_records", words="JSON Lines"),
        annif.READER,
        Reader(name="marc", module="core.readers.marc", words="MARC", binary=True),
        Reader(name="marcxml", module="core.readers.marc", words="MARCXML"),
    )
}


def formats_in_words(*, folders: bool) -> str:
    """Return what can be read, in words; with or without folders, which nobody can upload."""
    place = "a folder or a zip" if folders else "a zip"
    files = ", ".join(reader.words for reader in FORMATS.values() if not reader.suffix)
    return "; ".join([f"{files}; gzip of these", *(f"{place} of {reader.words}" for reader in folder_formats())])


def folder_formats() -> list[Reader]:
    """Return the readers for which many files, in a folder or a zip archive, are one table."""
    return [reader for reader in FORMATS.values() if reader.suffix]


# --- Which format a file is in, told by its content first and by its name second --------------------------------------


_NOT_TABLES = (
    (b"%PDF", "a PDF document; export the table from its source as CSV or Excel"),
    (b"\xd0\xcf\x11\xe0", "an old Office file (.xls or .doc); open it and save the table as .xlsx or CSV"),
    (b"{\\rtf", "a rich-text document; save the table as CSV or Excel"),
    (b"BZh", "packed with bzip2; unpack it first"),
    (b"\xfd7zXZ", "packed with xz; unpack it first"),
    (b"(\xb5/\xfd", "packed with zstd; unpack it first"),
    (b"7z\xbc\xaf", "a 7-Zip archive; unpack it first"),
    (b"Rar!", "a RAR archive; unpack it first"),
    (b"\x1f\x8b", "an archive inside an archive; unpack it first"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"GIF8", "an image"),
    (b"SQLite format 3", "an SQLite database; export the table from it as CSV"),
)
_MARC_LEADER = re.compile(rb"\d{5}[a-z ][a-z ][a-z ][a-z# ][a-z# ]\d\d\d{5}")
# Length and base address in digits; what stands between them is often wrong, and UNIMARC has it otherwise.
_ODD_LEADER = re.compile(rb"\d{5}[^\r\n]{7}\d{5}[^\r\n]{7}")
_TEXT_CONTROLS = frozenset(b"\t\n\r\x0b\x0c\x1a\x1b\x1d\x1e\x1f\x88\x89\x98\x9c")


def recognise(opened: OpenedFile, *, text: bool = False) -> tuple[str, str]:
    """Return the format of a file and one sentence that says how it was known.

    Parameters
    ----------
    text : bool
        True where a person said that it is text: then control characters are no reason to refuse it.

    Returns
    -------
    (str, str)
        A key of :data:`core.readers.reading.FORMATS`; any delimited text is ``csv``.

    Raises
    ------
    UnreadableFileError
        The file is something that holds no table: a PDF, a web page, an image, an archive of many files, bytes.
    """
    head = opened.head()
    for magic, what in _NOT_TABLES:
        if head.startswith(magic):
            raise UnreadableFileError(f"{opened.path} is {what}.")
    if head.startswith(b"PAR1"):
        return "parquet", "It begins with the mark of a Parquet file."
    if head.startswith(b"PK\x03\x04"):
        return _zipped_document(opened)
    if head[257:262] == b"ustar":
        raise UnreadableFileError(
            f"{opened.path} is an archive of several files (tar); unpack it and give one of them."
        )
    if b"\x1e" in head and (_MARC_LEADER.match(head) or (_ODD_LEADER.match(head) and b"\x1f" in head)):
        return "marc", "It begins with the leader of a MARC 21 record."
    by_reader = _by_reader(opened.name, head, head.decode("utf-8", "replace"), binary=True)
    if by_reader:
        return by_reader
    begins = _as_text(head, opened, text).lstrip("\ufeff \t\r\n")
    by_reader = _by_reader(opened.name, head, begins, binary=False)
    if by_reader:
        return by_reader
    if begins.startswith("<"):
        return _markup(begins, opened)
    if begins.startswith(("{", "[")):
        json_format = _json_kind(begins, opened.name)
        if json_format:
            return json_format
    return "csv", "It is text without the marks of another format, so it was read as a table of delimited lines."


def _by_reader(name: str, head: bytes, begins: str, *, binary: bool) -> tuple[str, str] | None:
    for reader in FORMATS.values():
        why = reader.recognise(name, head, begins) if reader.recognise and reader.binary is binary else ""
        if why:
            return reader.name, why
    return None


def _zipped_document(opened: OpenedFile) -> tuple[str, str]:
    try:
        with zipfile.ZipFile(opened.stream) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile as error:
        raise UnreadableFileError(f"{opened.path} is a damaged archive ({error}); fetch or save it again.") from error
    opened.stream.seek(0)
    if any(name.startswith("xl/") and name.endswith(".bin") and "workbook" in name for name in names):
        raise UnreadableFileError(f"{opened.path} is a binary Excel file (.xlsb); save the table as .xlsx or CSV.")
    if "xl/workbook.xml" in names:
        return "xlsx", "It is an Excel workbook."
    raise UnreadableFileError(
        f"{opened.path} is a zipped document that is not an Excel workbook; save the table as .xlsx or CSV."
    )


def _as_text(head: bytes, opened: OpenedFile, trusted: bool) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head.decode("utf-16", "replace")
    utf16 = unmarked_utf16(head)
    if utf16:
        return head.decode(utf16, "replace")
    controls = sum(1 for byte in head if byte < 32 and byte not in _TEXT_CONTROLS)
    if not trusted and controls > 0.02 * len(head) and controls > 4:
        raise UnreadableFileError(
            f"{opened.path} is not a table: {100 * controls / len(head):.0f} % of its first bytes are no text in any"
            " encoding. CSV, TSV, Excel (.xlsx), Parquet, JSON and JSON Lines can be read."
        )
    return head.decode("utf-8", "replace")


def _markup(begins: str, opened: OpenedFile) -> tuple[str, str]:
    start = begins[:4000].lower()
    if re.match(
        r"(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<(!doctype\s+html|html|head|body|table|meta|script|div)\b", start, re.S
    ):
        raise UnreadableFileError(
            f"{opened.path} is a web page, perhaps an error or sign-in page that was saved under this name; "
            "download the file itself."
        )
    if "loc.gov/marc21/slim" in start or re.search(r"<(\w+:)?(collection|record)\b", start):
        return "marcxml", "It is XML with MARC records."
    if start.startswith("<?xml") or re.search(r"</|/>", start):
        raise UnreadableFileError(f"{opened.path} is XML, but not MARCXML; export the table as CSV, Excel or MARCXML.")
    return "csv", "It is text, so it was read as a table of delimited lines."


def _json_kind(begins: str, name: str) -> tuple[str, str] | None:
    suffix = Path(name).suffix.lower()
    if begins.startswith("["):
        if suffix == ".json" or re.match(r"\[\s*[\[{\]]", begins):
            return "json", "It begins with '[', so it was read as a JSON list."
        return None
    if not re.match(r"\{\s*[\"}]", begins):
        return None
    if suffix in (".jsonl", ".ndjson"):
        return "jsonl", f"Its name ends in '{suffix}' and it begins with '{{', so each line is one JSON object."
    first, newline, rest = begins.partition("\n")
    if first.rstrip().endswith("}") and newline and rest.lstrip().startswith("{"):
        return "jsonl", "Its lines are JSON objects, one a line."
    if first.rstrip().endswith("}") and not rest.strip() and suffix != ".json":
        return "jsonl", "Its one line is a JSON object."
    return "json", "It begins with '{', so it was read as JSON."


# --- One door for every format: open the file, tell its format, and let that format's module read it ------------------


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
    in a zip archive. Of some formats many files, in a folder or a zip archive, are one table, a row a document. What is
    guessed can be said instead. Nothing is interpreted: ``014602826`` keeps its zero and a book called ``None`` its
    title.

    Parameters
    ----------
    path : path
        The file, or a folder of files that are one table.
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
    for reader in folder_formats():
        if format in (None, reader.name) and Path(path).exists():
            options = ReaderOptions(encoding=encoding, rows=rows)
            module = importlib.import_module(reader.module)
            documents: SourceTable | None = module.read_documents(Path(path), options, progress, limit)
            if documents is not None:
                progress(1.0, f"Read {len(documents.frame):,} documents")
                return documents
    if Path(path).is_dir():
        suffixes = " or ".join(reader.suffix for reader in folder_formats())
        folders = " or ".join(reader.folder_words for reader in folder_formats())
        raise UnreadableFileError(
            f"{path} is a folder, and no file directly in it ends in {suffixes}; give the one file in it that holds the"
            f" table, or {folders}."
        )
    with open_file(Path(path), progress, limit, head_only=rows is not None) as opened:
        detected_format, why = recognise(opened, text=format is not None and not FORMATS[format].binary)
        chosen = format or detected_format
        if (
            format is not None
            and detected_format != format
            and (FORMATS[detected_format].binary or FORMATS[format].binary)
        ):
            raise UnreadableFileError(f"{path} is not {chosen.upper()}: {why[0].lower()}{why[1:]}")
        if chosen == "tsv" and delimiter is None:
            delimiter = "\t"
        if columns and not FORMATS[chosen].has_header:
            with_header = listed(reader.words for reader in FORMATS.values() if reader.has_header)
            raise InputError(f"Column names can be given for {with_header}; {path} is {chosen.upper()}.")
        options = ReaderOptions(
            format=chosen, encoding=encoding, delimiter=delimiter, sheet=sheet, rows=rows, columns=tuple(columns)
        )
        table: SourceTable = importlib.import_module(FORMATS[chosen].module).read(opened, options, progress)
    progress(1.0, f"Read {len(table.frame):,} records")
    cells = table.frame.drop(columns=MARC_COLUMN, errors="ignore")  # holds once more what stands in the others
    questions = (*table.questions, *damage_questions(cells, table.lines))
    chosen_because = why if format is None else f"The format {format.upper()} was given."
    frame, unfolded = unfold_cells(table.frame)
    warnings = table.warnings
    if FORMATS[table.format].has_header:  # what people save from a spreadsheet program
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


# --- The first rows of a file, read by a process of its own -----------------------------------------------------------
# Whatever the file does to memory, it does to that one.
# ``python -m core.readers.reading`` is that process: it takes its task from standard input and answers on standard
# output, both JSON. It imports what reading needs and nothing else.


PREVIEW_ROWS: Final = 2_000
_CELL_CHARACTERS: Final = 20_000
_ALL_CHARACTERS: Final = 32 * 1024**2
_ALL_CELLS: Final = 1_000_000
_LOG = logging.getLogger(__name__)
# However many people look at files, the machine reads for so many of them at once.
_TURNS = threading.BoundedSemaphore(2)


@dataclass(frozen=True)
class PreviewLimits:
    """What the reading process may take: bytes of memory beyond what Python itself needs, and seconds."""

    memory: int = 1024**3
    seconds: float = 60.0


def read_first_rows(
    path: Path,
    *,
    format: str | None = None,  # noqa: A002 - the word people know
    encoding: str | None = None,
    delimiter: str | None = None,
    sheet: str | None = None,
    columns: Sequence[str] = (),
    limits: PreviewLimits | None = None,
) -> SourceTable:
    """Return the first 2,000 rows of a file, or fewer where they are large; the arguments are those of `read_table`.

    `complete` of the result says whether these were all rows. Cells longer than 20,000 characters are cut.

    Raises
    ------
    UnreadableFileError
        As :func:`read_table`; or the reading took more memory or time than it may.
    InputError
        As :func:`read_table`.
    """
    limits = limits or PreviewLimits()
    task = {
        "path": str(path),
        "memory": limits.memory,
        "rows": PREVIEW_ROWS,
        "options": {
            "format": format,
            "encoding": encoding,
            "delimiter": delimiter,
            "sheet": sheet,
            "columns": list(columns),
        },
    }
    with _TURNS:
        answer = _answer(path, json.dumps(task).encode(), limits.seconds)
    if "error" in answer:
        family = getattr(errors, str(answer["error"]), InputError)
        if family is ChoiceNeededError:
            choices = [Choice(*choice) for choice in answer["choices"]]
            raise ChoiceNeededError(answer["message"], option=answer["option"], choices=choices)
        raise family(answer["message"])
    return _table(path, answer)


def _answer(path: Path, task: bytes, seconds: float) -> dict[str, Any]:
    process = subprocess.Popen(
        module_command("core.readers.reading"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=_environment(),
    )
    try:
        out, complaints = process.communicate(task, timeout=seconds)
    except subprocess.TimeoutExpired as error:
        process.kill()
        process.communicate()
        raise UnreadableFileError(
            f"{path.name}: reading its first rows took more than {seconds:g} seconds and was stopped. Save it as "
            "CSV and try again."
        ) from error
    if complaints:
        _LOG.warning("%s", complaints.decode("utf-8", "replace")[-4_000:])
    try:
        answer: dict[str, Any] = json.loads(out)
    except ValueError as error:
        raise UnreadableFileError(_out_of_memory(path)) from error
    return answer


def _environment() -> dict[str, str]:
    return {
        **module_environment(),
        "PYTHONIOENCODING": "utf-8",
        # One thread and the system's allocator: others ask for address space that they never use.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "ARROW_DEFAULT_MEMORY_POOL": "system",
    }


def _out_of_memory(path: Path) -> str:
    return (
        f"{path.name}: reading its first rows took more memory than a preview may have. Rows of such a size are "
        "hardly a catalogue; if the file is sound, save it as CSV and try again."
    )


def _table(path: Path, answer: dict[str, Any]) -> SourceTable:
    columns = {name: pd.array(values, dtype="str") for name, values in answer["columns"]}
    rejected = answer["rejected"]
    return SourceTable(
        path=path,
        format=answer["format"],
        encoding=answer["encoding"],
        delimiter=answer["delimiter"],
        frame=pd.DataFrame(columns, index=pd.RangeIndex(len(answer["lines"]))),
        lines=np.array(answer["lines"], dtype=np.int64),
        rejected=pd.DataFrame(
            {
                "line": np.array([line for line, _, _ in rejected], dtype=np.int64),
                "reason": pd.Series([reason for _, reason, _ in rejected], dtype="str"),
                "text": pd.Series([text for _, _, text in rejected], dtype="str"),
            }
        ),
        reasons=tuple(answer["reasons"]),
        warnings=tuple(answer["warnings"]),
        questions=tuple(answer["questions"]),
        complete=answer["complete"],
        sheets=tuple(answer["sheets"]),
    )


def _read(task: dict[str, Any]) -> dict[str, Any]:
    """Do the task of the reading process; every way it can end is an answer."""
    path = Path(task["path"])
    try:
        with memory_limit(task["memory"]):
            return _as_json(read_table(path, rows=task["rows"], **task["options"]))
    except MemoryError:
        return {"error": "UnreadableFileError", "message": _out_of_memory(path)}
    except ChoiceNeededError as error:
        choices = [(choice.value, choice.label, choice.sample) for choice in error.choices]
        return {"error": type(error).__name__, **_message(error, path), "option": error.option, "choices": choices}
    except InputError as error:
        return {"error": type(error).__name__, **_message(error, path)}
    except Exception as error:
        traceback.print_exc()
        message = f"{path.name} cannot be read: something was met that was not foreseen ({type(error).__name__})."
        return {"error": "UnreadableFileError", "message": message}


def _message(error: InputError, path: Path) -> dict[str, str]:
    return {"message": error.on_page.replace(str(path), path.name)}  # a page shows no path of the server


def _as_json(source: SourceTable) -> dict[str, Any]:
    rows = min(len(source.frame), max(5, _ALL_CELLS // max(1, len(source.frame.columns))))
    cut = source.frame.head(rows)
    texts = [(str(name), [text[:_CELL_CHARACTERS] for text in column.tolist()]) for name, column in cut.items()]
    while rows > 5 and sum(len(text) for _, column in texts for text in column) > _ALL_CHARACTERS:
        rows //= 2
        texts = [(name, column[:rows]) for name, column in texts]
    return {
        "format": source.format,
        "encoding": source.encoding,
        "delimiter": source.delimiter,
        "columns": texts,
        "lines": source.lines[:rows].tolist(),
        "rejected": source.rejected.head(PREVIEW_ROWS).to_numpy().tolist(),
        "reasons": source.reasons,
        "warnings": source.warnings,
        "questions": source.questions,
        "complete": source.complete and rows == len(source.frame),
        "sheets": source.sheets,
    }


def main() -> int:
    """Answer the task on standard input."""
    task = json.loads(sys.stdin.buffer.read())
    with contextlib.redirect_stdout(sys.stderr):  # the answer is all that may stand there
        answer = _read(task)
    sys.stdout.write(json.dumps(answer))
    return 0


if __name__ == "__main__":
    # A format that was added to the register of the imported module is not in that of ``__main__``.
    from core.readers import reading

    sys.exit(reading.main())
