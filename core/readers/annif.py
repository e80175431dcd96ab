"""Annif's suggestions: for one document, for a folder or zip of many, or as a table with a suggestion a row.

A line is a suggestion: ``<URI>``, label, for some vocabularies a notation, and a score from 0 to 1, parted by tabs. The
file is called like its document, so its name without the ending is the identifier; an empty file says that nothing was
suggested. (Annif 1.4, National Library of Finland: ``annif index``, suggestions of a directory.)
"""

import contextlib
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.errors import UnreadableFileError
from core.formatting import Number, as_text
from core.progress import Progress
from core.readers.columns import normal_header
from core.readers.container import OpenedFile, files_in, zip_members
from core.readers.encoding import encoding_name
from core.readers.scores import DOCUMENT_ID, score_from, suggested
from core.readers.table import CHUNK_ROWS, Reader, ReaderOptions, RejectedRows, SourceTable, TextColumns
from core.translation import noop

__all__ = [
    "READER",
    "FaultyLine",
    "document_id",
    "id_source_sentence",
    "one_row_a_document",
    "read",
    "read_documents",
    "recognise",
    "row",
    "suggestions",
]

# --- Annif's suggestions for one document -----------------------------------------------------------------------------
# Annif's suggestions for one document, as ``annif index`` writes them beside it in a file that ends in .annif.


SUFFIX = ".annif"
ENCODING = "utf-8-sig"  # what Annif writes; a byte-order mark that another program has added is passed over
COLUMNS = (DOCUMENT_ID, "predicted", "confidence", "results")
BEST = "The suggestion with the highest score is the prediction; all suggestions are kept in 'results'."
_FORM = "a line of 'annif index' is <URI>, label and score, parted by tabs"
_LINE = re.compile(r"<[^<>\t\n]*>\t[^\t\n]*\t(?:[^\t\n]*\t)?\d(?:\.\d+)?(?:[eE]-?\d+)?\r?(?:\n|$)")
_MAX_SHOWN = 60


class FaultyLine(ValueError):  # noqa: N818 - it is a line, and the sentence is about it
    """A line that is no suggestion: its number, what is wrong, and the line."""

    def __init__(self, number: int, fault: str, text: str) -> None:
        super().__init__(f"line {number}: {fault}")
        self.text = text


def recognise(name: str, head: bytes, begins: str) -> str:
    r"""Return how it is known that a file is one document's suggestions: by its name or by its first line; else ''.

    >>> [bool(recognise(*file)) for file in (("7.annif", b"", ""), ("7.tsv", b"", "<http://x/1>\tMap\t0.4000"))]
    [True, True]
    >>> recognise("7.tsv", b"", "id\tTitle")
    ''
    """
    known = name.lower().endswith(SUFFIX) or _LINE.match(begins) is not None
    return "It is one document's suggestions, as 'annif index' writes them." if known else ""


def document_id(name: str) -> str:
    """Return the identifier of the document that a file is about: the file's name without its last ending.

    >>> document_id("index/014602826.annif"), document_id("v.1.annif")
    ('014602826', 'v.1')
    """
    return Path(name).stem


def suggestions(content: bytes, encoding: str = ENCODING) -> list[dict[str, str]]:
    """Return the suggestions in one file, in its order, each with ``uri``, ``label``, ``notation`` if any, ``score``.

    Where the vocabulary has no label in the language that was asked for, the notation, else the URI stands for it.

    Raises
    ------
    FaultyLine
        A line is no suggestion, or no text.
    """
    answers = []
    for number, line in enumerate(_decoded(content, encoding).split("\n"), start=1):
        cells = line.rstrip("\r").split("\t")
        if cells == [""]:
            continue
        if not 3 <= len(cells) <= 4:
            has = "1 cell" if len(cells) == 1 else f"{len(cells)} cells"
            raise FaultyLine(number, f"it has {has} ('{line[:_MAX_SHOWN].rstrip()}'), but {_FORM}", line)
        uri, label, notation, score = cells if len(cells) == 4 else (*cells[:2], "", cells[2])
        if not (uri.startswith("<") and uri.endswith(">")):
            raise FaultyLine(
                number, f"it begins with '{uri[:_MAX_SHOWN]}' and not with a URI in < >, but {_FORM}", line
            )
        if score_from(score) is None:
            raise FaultyLine(number, f"its score is '{score[:_MAX_SHOWN]}', which is no number from 0 to 1", line)
        answer = {"uri": uri[1:-1], "label": label or notation or uri[1:-1]}
        answers.append(answer | ({"notation": notation} if notation else {}) | {"score": Number(score.strip())})
    return answers


def row(name: str, answers: list[dict[str, str]]) -> tuple[str, ...]:
    """Return what one file says as cells of :data:`COLUMNS`."""
    cells = {DOCUMENT_ID: document_id(name), **suggested(answers)}
    return tuple(as_text(cells[column]) for column in COLUMNS)


def id_source_sentence(example: str) -> str:
    """Return the sentence on where identifiers come from."""
    return f"A document's identifier is the name of its file without the ending, such as '{example}'."


def read(opened: OpenedFile, options: ReaderOptions, progress: Progress) -> SourceTable:
    """Read the suggestions for one document. See :func:`core.readers.read_table`."""
    encoding = encoding_name(options.encoding or ENCODING)
    try:
        answers = suggestions(opened.stream.read(), encoding)
    except FaultyLine as error:
        raise UnreadableFileError(
            f"{opened.path}, {error}. Write it again with 'annif index --force', or correct that line."
        ) from error
    if not answers:
        raise UnreadableFileError(f"{opened.path} holds blank lines only: Annif suggested nothing for this document.")
    columns = TextColumns(COLUMNS)
    columns.extend([row(opened.name, answers)], [1])
    frame, lines = columns.frame()
    return SourceTable(
        path=opened.path,
        format="annif",
        encoding=encoding.removesuffix("-sig"),
        delimiter="\t",
        frame=frame,
        lines=lines,
        rejected=RejectedRows().frame(),
        reasons=(*opened.reasons, id_source_sentence(frame[DOCUMENT_ID].iloc[0]), BEST),
        warnings=(),
    )


def _decoded(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        number = content.count(b"\n", 0, error.start) + 1
        raise FaultyLine(
            number,
            f"it holds bytes that are not valid {error.encoding.upper()} (0x{content[error.start]:02X}); Annif writes"
            " UTF-8, so name the encoding if another program has changed the file",
            content[:200].decode("utf-8", "replace"),
        ) from error


# --- The suggestions for many documents -------------------------------------------------------------------------------
# A folder that ``annif index`` has gone through, or a zip archive of one.


# A suggestion has some hundred bytes; nobody asks for a hundred thousand of them for one document.
FILE_LIMIT = 16 * 1024**2
_PROGRESS_EVERY = 500


@dataclass(frozen=True)
class _File:
    name: str
    size: int
    read: Callable[[], bytes]


@dataclass(frozen=True)
class _Documents:
    """The files of suggestions in one place, and the documents that have none."""

    place: str
    files: Sequence[_File]
    others: int
    without: int


def read_documents(path: Path, options: ReaderOptions, progress: Progress, limit: int) -> SourceTable | None:
    """Return the suggestions in a folder or in a zip archive as one table, None when `path` is neither of them.

    Each file that ends in .annif is a row: ``document_id`` (the file's name without the ending), ``predicted``,
    ``confidence``, ``results``. An empty file is a document for which nothing was suggested: it stays in the table,
    without a prediction. A file that cannot be read is set aside with its name, line and reason. Of a folder, only the
    files directly in it count, as for Annif itself; of an archive, all.

    Raises
    ------
    UnreadableFileError
        No file has a suggestion, or the archive is damaged, locked or unpacks to too much.
    """
    with _documents(path, limit) as documents:
        return None if documents is None else _table(path, documents, options, progress)


@contextlib.contextmanager
def _documents(path: Path, limit: int) -> Iterator[_Documents | None]:
    if path.is_dir():
        try:
            names = [entry.name for entry in path.iterdir() if entry.is_file() and not entry.name.startswith(".")]
            files = [_File(entry.name, entry.stat().st_size, entry.read_bytes) for entry in files_in(path, SUFFIX)]
        except OSError as error:
            raise UnreadableFileError(f"{path} cannot be opened: {error.strerror}.") from error
        yield _gathered("a folder", files, names) if files else None
        return
    with contextlib.ExitStack() as stack:
        try:
            archive = stack.enter_context(zipfile.ZipFile(path)) if _begins_like_zip(path) else None
        except (zipfile.BadZipFile, OSError):
            archive = None  # the reader of one file says what is wrong with it
        members = None if archive is None else zip_members(archive, path, limit)
        if archive is None or members is None or len(members) < 2:
            yield None
            return
        files = [
            _File(member.filename, member.file_size, lambda member=member: archive.read(member))  # type: ignore[misc]
            for member in sorted(members, key=lambda entry: entry.filename)
            if member.filename.lower().endswith(SUFFIX)
        ]
        try:
            yield _gathered("a zip archive", files, [entry.filename for entry in members]) if files else None
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise UnreadableFileError(f"{path} is a damaged archive ({error}); fetch or pack it again.") from error


def _begins_like_zip(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(4) == b"PK\x03\x04"


def _gathered(place: str, files: Sequence[_File], names: Sequence[str]) -> _Documents:
    stems = {file.name[: -len(SUFFIX)] for file in files}
    texts = [str(PurePosixPath(name).with_suffix("")) for name in names if name.lower().endswith(".txt")]
    without = sum(text not in stems for text in texts)
    return _Documents(place, files, len(names) - len(files), without)


def _table(path: Path, documents: _Documents, options: ReaderOptions, progress: Progress) -> SourceTable:
    encoding = encoding_name(options.encoding or ENCODING)
    columns, rejected = TextColumns(COLUMNS), RejectedRows()
    rows: list[tuple[str, ...]] = []
    lines: list[int] = []
    silent_files = 0
    files = documents.files if options.rows is None else documents.files[: options.rows]
    total = len(files)
    for number, file in enumerate(files, start=1):
        if number % _PROGRESS_EVERY == 0:
            progress(number / total, f"Reading {number:,} of {total:,} documents")
        if file.size > FILE_LIMIT:
            rejected.add(
                number, f"{file.name} has {file.size / 1e6:,.0f} MB, too much for one document's suggestions", ""
            )
            continue
        try:
            answers = suggestions(file.read(), encoding)
        except FaultyLine as error:
            rejected.add(number, f"{file.name}, {error}", error.text)
            continue
        except PermissionError:
            rejected.add(number, f"{file.name} may not be opened by this user", "")
            continue
        silent_files += not answers
        rows.append(row(file.name, answers))
        lines.append(number)
        if len(rows) >= CHUNK_ROWS:
            columns.extend(rows, lines)
            rows, lines = [], []
    columns.extend(rows, lines)
    if len(columns) == silent_files:
        raise UnreadableFileError(_nothing(path, total, silent_files, rejected))
    frame, numbers = columns.frame()
    total = len(documents.files)
    ends = "1 file that ends" if total == 1 else f"{total:,} files that end"
    found_there = f"It is {documents.place} with {ends} in {SUFFIX}, as 'annif index' writes them"
    others = f"; other files in it were passed over ({documents.others:,})" if documents.others else ""
    return SourceTable(
        path=path,
        format="annif",
        encoding=encoding.removesuffix("-sig"),
        delimiter="\t",
        frame=frame,
        lines=numbers,
        rejected=rejected.frame(),
        reasons=(f"{found_there}{others}.", id_source_sentence(document_id(documents.files[0].name)), BEST),
        warnings=tuple(_warnings(documents, len(files), silent_files, rejected)),
        complete=len(files) == len(documents.files),
    )


def _warnings(documents: _Documents, total: int, silent_files: int, rejected: RejectedRows) -> Iterator[str]:
    if len(rejected):
        first = rejected.frame()["reason"].iloc[0]
        yield (
            f"{len(rejected):,} of {total:,} files could not be read and were set aside, the first: {first}. Write them"
            " again with 'annif index --force'."
        )
    if silent_files:
        yield (
            f"For {silent_files:,} of {total:,} documents Annif suggested nothing (their files are empty); they are"
            " kept without a prediction."
        )
    if documents.without:
        yield (
            f"Documents (.txt) without a file of suggestions beside them: {documents.without:,}. They are not among the"
            " predictions; run 'annif index' again to have them too."
        )


def _nothing(path: Path, total: int, silent_files: int, rejected: RejectedRows) -> str:
    if silent_files:
        what = f"{silent_files:,} of its {total:,} files that end in {SUFFIX} are empty"
        what += f", {len(rejected):,} cannot be read" if len(rejected) else ""
        return f"{path} holds no suggestion: {what}. Run 'annif index --force' with a lower --threshold."
    first = rejected.frame()["reason"].iloc[0]
    return (
        f"{path} holds no suggestion: none of its {total:,} files that end in {SUFFIX} can be read; the first: {first}."
        " Write them again with 'annif index --force'."
    )


# --- A table with a suggestion a row (document, URI, label, score), several rows a document ---------------------------
# One row a document.


_ROLES: Final = {
    DOCUMENT_ID: ("document id", "doc id", "record id", "identifier", "id"),
    "uri": ("uri", "subject uri", "concept uri"),
    "label": ("label", "subject label", "subject", "preferred label"),
    "notation": ("notation",),
    "score": ("score", "confidence"),
    "rank": ("rank",),
}
_NEEDED: Final = (DOCUMENT_ID, "uri", "label", "score")


def one_row_a_document(
    frame: pd.DataFrame, lines: npt.NDArray[np.int64], rejected: RejectedRows
) -> tuple[pd.DataFrame, npt.NDArray[np.int64], str]:
    """Gather rows of suggestions into documents, by the rule of :func:`core.readers.scores.suggested`.

    Nothing is done unless the table has a document, a URI, a label and a score in each row, at most a notation and a
    rank beside them, and a document that stands in several rows: any other table is something else.

    Returns
    -------
    frame : DataFrame of text
        ``document_id``, ``predicted``, ``confidence``, ``results``, or the table as it came.
    lines : array of int64
        The line of each document's first suggestion.
    reason : str
        What was done, '' for nothing.
    """
    roles = _roles(frame)
    if roles is None or not frame[roles[DOCUMENT_ID]].duplicated().any():
        return frame, lines, ""
    documents: dict[str, list[dict[str, str]]] = {}
    firsts: dict[str, int] = {}
    columns = [frame[roles[name]].tolist() if name in roles else [""] * len(frame) for name in _READ]
    for line, name, uri, label, notation, score in zip(lines.tolist(), *columns, strict=True):
        answer = {"uri": uri.strip().removeprefix("<").removesuffix(">"), "label": label or notation or uri}
        fault = "" if name.strip() else "it names no document"
        if score_from(score) is None:
            fault = f"its score is '{score[:60]}', which is no number from 0 to 1"
        if fault:
            rejected.add(line, fault, " ".join((name, uri, label, score)))
            continue
        answer |= ({"notation": notation} if notation else {}) | {"score": Number(score.strip())}
        documents.setdefault(name, []).append(answer)
        firsts.setdefault(name, line)
    rows = [{DOCUMENT_ID: name, **suggested(answers)} for name, answers in documents.items()]
    gathered = pd.DataFrame(
        {name: [as_text(row[name]) for row in rows] for name in (DOCUMENT_ID, "predicted", "confidence", "results")},
        dtype="str",
    )
    reason = (
        f"Its {len(frame):,} rows are suggestions for {len(gathered):,} documents: the one with the highest score is a"
        " document's prediction, and all are kept in 'results'."
    )
    return gathered, np.array(list(firsts.values()), dtype=np.int64), reason


_READ: Final = (DOCUMENT_ID, "uri", "label", "notation", "score")


def _roles(frame: pd.DataFrame) -> dict[str, str] | None:
    """Return role → column, None when a needed one is missing or any column is something else."""
    roles: dict[str, str] = {}
    for column in frame.columns:
        role = next((name for name, words in _ROLES.items() if normal_header(str(column)) in words), None)
        if role is None or role in roles:
            return None
        roles[role] = str(column)
    return roles if all(name in roles for name in _NEEDED) else None


READER: Final = Reader(
    name="annif",
    module="core.readers.annif",
    words="Annif's .annif files",
    recognise=recognise,
    suffix=SUFFIX,
    folder_words=noop("the folder with the suggestions of 'annif index'"),
    gather=one_row_a_document,
    kind="predictions",
    holds="These are Annif's suggestions",
)
