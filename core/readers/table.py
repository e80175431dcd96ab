"""What every reader returns, and the two gatherers that every reader fills."""

from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from core.errors import InputError

__all__ = ["Reader", "ReaderOptions", "RejectedRows", "SourceTable", "TextColumns", "columns_given", "unique_headers"]

CHUNK_ROWS = 20_000
MAX_TEXT_CHARACTERS = 500


@dataclass(frozen=True, kw_only=True)
class SourceTable:
    """A file as it came: every cell is text, every row knows its line, nothing is dropped in silence.

    Attributes
    ----------
    path : Path
        The file as it was given (the packed file, when it was packed).
    format : str
        A key of :data:`core.readers.FORMATS`, such as ``csv`` or ``xlsx``.
    encoding, delimiter : str
        '' where the format has none.
    frame : DataFrame
        All columns of dtype ``str`` without a missing value: an empty cell is ''.
    lines : array of int64, shape (rows,)
        Where each row begins in the file: a line number for text (the first data row of a CSV file is 2), the row
        number of an Excel sheet, else the number of the record counted from 1.
    rejected : DataFrame
        Rows that could not be used: ``line`` (int64), ``reason``, ``text`` (at most 500 characters of it).
        Rows kept and rows rejected together are all records of the file.
    reasons : tuple of str
        Why this format, encoding and delimiter were chosen, a sentence each.
    warnings : tuple of str
        What a person should know, a sentence each.
    questions : tuple of str
        What a person should confirm or correct, a sentence each.
    complete : bool
        False where only the first records were read (`ReaderOptions.rows`): every count is of those alone.
    sheets : tuple of str
        The sheets of a workbook that can be chosen.
    """

    path: Path
    format: str
    encoding: str
    delimiter: str
    frame: pd.DataFrame
    lines: npt.NDArray[np.int64]
    rejected: pd.DataFrame
    reasons: tuple[str, ...]
    warnings: tuple[str, ...]
    questions: tuple[str, ...] = ()
    complete: bool = True
    sheets: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ReaderOptions:
    """What a person decided about a file instead of leaving it to be guessed; None is a guess.

    Attributes
    ----------
    rows : int or None
        How many records to read at most, for a preview; None reads all. A reader stops once so many are read or set
        aside, and reads no more of the file than it has to.
    columns : tuple of str
        Names of the columns of a file whose first line is a record already; empty where the first line names them.
    """

    format: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    rows: int | None = None
    columns: tuple[str, ...] = ()

    @property
    def chunk(self) -> int:
        """How many rows are gathered before they become columns."""
        return CHUNK_ROWS if self.rows is None else min(CHUNK_ROWS, self.rows)

    def enough(self, read: int) -> bool:
        """Say whether so many records, read or set aside, are all that is wanted."""
        return self.rows is not None and read >= self.rows


@dataclass(frozen=True, kw_only=True)
class Reader:
    """A format that comes in: how it is known, what reads it, and how people speak of it.

    Attributes
    ----------
    name : str
        As manifests and ``--format`` have it.
    module : str
        Has ``read(opened, options, progress) -> SourceTable``; it is loaded when a file is in this format.
    words : str
        As command line and page name what can be read: 'CSV', 'Somebody's .xyz files'.
    has_header : bool
        Whether the first line names the columns, so that a person may name them instead.
    binary : bool
        Whether its files are no text.
    recognise : function, optional
        Of a file's name, its first bytes and these as text: a sentence on how the format is known, '' where it is
        another. Without it, the format is known by the marks in :func:`core.readers.reading.recognise`.
    suffix : str
        The ending of files of which many, in a folder or a zip archive, are one table; '' where each file is its own.
        The module then has ``read_documents(path, options, progress, limit) -> SourceTable | None``.
    folder_words : str
        How people call such a folder.
    gather : function, optional
        Of a delimited table, its lines and the rows set aside: the same with rows of this format gathered, and what was
        done; the table as it came and '' where it holds none.
    kind : str
        What such a file always holds, such as 'predictions'; '' where only its columns say.
    holds : str
        The same as the beginning of a sentence.
    """

    name: str
    module: str
    words: str
    has_header: bool = False
    binary: bool = False
    recognise: Callable[[str, bytes, str], str] | None = None
    suffix: str = ""
    folder_words: str = ""
    gather: "Callable[[pd.DataFrame, npt.NDArray[np.int64], RejectedRows], tuple[pd.DataFrame, npt.NDArray[np.int64], str]] | None" = None  # noqa: E501
    kind: str = ""
    holds: str = ""


def columns_given(columns: Sequence[str], first: Sequence[str], path: Path) -> list[str]:
    """Return the column names that a person gave for a file without a header.

    Raises
    ------
    InputError
        They are not as many as the first record has cells, or two are alike.
    """
    names = [name.strip() for name in columns]
    if len(names) != len(first):
        shown = " | ".join(first)[:120]
        raise InputError(
            f"{len(names)} column names were given, and the first line of {path} has {len(first)} cells: {shown}."
        )
    if len(set(names)) != len(names) or not all(names):
        raise InputError(f"The column names that were given must all be there and all differ: {', '.join(names)}.")
    return names


class RejectedRows:
    """Gathers the rows that could not be used, with the line, the reason and the beginning of the text."""

    def __init__(self) -> None:
        self._rows: list[tuple[int, str, str]] = []

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, line: int, reason: str, text: str) -> None:
        """Note one row; only the first 500 characters of its text are kept."""
        self._rows.append((line, reason, text[:MAX_TEXT_CHARACTERS]))

    def first(self) -> str:
        """Return the first reason with its line, for a message."""
        line, reason, _ = self._rows[0]
        return f"line {line}: {reason}"

    def frame(self) -> pd.DataFrame:
        """Return what was gathered: columns line (int64), reason (str), text (str)."""
        lines, reasons, texts = zip(*self._rows, strict=True) if self._rows else ((), (), ())
        return pd.DataFrame(
            {
                "line": np.array(lines, dtype=np.int64),
                "reason": pd.Series(reasons, dtype="str"),
                "text": pd.Series(texts, dtype="str"),
            }
        )


class TextColumns:
    """Gathers rows of text into Arrow columns, a chunk at a time, so that no file becomes millions of Python lists.

    Parameters
    ----------
    names : sequence of str
        Column names, all different. More can appear later (JSON): rows that came before are empty in them.
    """

    def __init__(self, names: Sequence[str] = ()) -> None:
        self._chunks: dict[str, list[pa.Array]] = {name: [] for name in names}
        self._lines = array("q")
        self.replaced_characters = False  # True when text held halves of characters, which no file can store

    def __len__(self) -> int:
        return len(self._lines)

    @property
    def names(self) -> list[str]:
        """All column names so far, in order."""
        return list(self._chunks)

    def extend(self, rows: Sequence[Sequence[str]], lines: Iterable[int]) -> None:
        """Add rows whose cells stand in the order of `names`."""
        if rows:
            self.extend_columns(dict(zip(self._chunks, zip(*rows, strict=True), strict=True)), lines)

    def extend_columns(self, columns: Mapping[str, Sequence[str]], lines: Iterable[int]) -> None:
        """Add rows given as one sequence a column; a name that is new is added, filled with '' for earlier rows."""
        for name in columns:
            if name not in self._chunks:
                self._chunks[name] = [_empty(len(self._lines))]
        before = len(self._lines)
        self._lines.extend(lines)
        for name, chunks in self._chunks.items():
            values = columns.get(name)
            chunks.append(_empty(len(self._lines) - before) if values is None else self._arrow(values))

    def frame(self) -> tuple[pd.DataFrame, npt.NDArray[np.int64]]:
        """Return the table and the line of each row, and let go of the chunks."""
        columns = {}
        for name in self.names:
            chunked = pa.chunked_array(self._chunks.pop(name), type=pa.large_string())
            # One block a column: selecting rows from a column of many blocks is slow ever after.
            columns[name] = pd.array(pa.chunked_array([chunked.combine_chunks()]), dtype="str")
            del chunked
            pa.default_memory_pool().release_unused()  # else half as much again stays with the process
        lines = np.array(self._lines, dtype=np.int64)
        return pd.DataFrame(columns, index=pd.RangeIndex(len(lines))), lines

    def _arrow(self, values: Sequence[str]) -> pa.Array:
        try:
            return pa.array(values, type=pa.large_string())
        except UnicodeEncodeError:
            self.replaced_characters = True
            whole = [value.encode("utf-8", "replace").decode() for value in values]
            return pa.array(whole, type=pa.large_string())


def unique_headers(headers: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return column names that are all there and all different, and a sentence for each that had to be changed.

    >>> unique_headers(["id", "Title", "", "Title"])[0]
    ['id', 'Title', 'column 3', 'Title (2)']
    """
    stripped = [" ".join(header.split()) for header in headers]
    taken = set(stripped)
    used: set[str] = set()
    names: list[str] = []
    warnings: list[str] = []
    for position, header in enumerate(stripped, start=1):
        name = header
        if not header:
            name = _free(f"column {position}", taken | used)
            warnings.append(f"Column {position} has no name; it is called '{name}' here.")
        elif header in used:
            name = _free(header, taken | used)
            warnings.append(f"Two columns are called '{header}'; the one in column {position} is '{name}' here.")
        used.add(name)
        names.append(name)
    return names, warnings


def _free(base: str, taken: set[str]) -> str:
    if base not in taken:
        return base
    number = 2
    while f"{base} ({number})" in taken:
        number += 1
    return f"{base} ({number})"


def _empty(length: int) -> pa.Array:
    return pa.array([""] * length, type=pa.large_string())
