"""The suggestions for many documents: a folder that ``annif index`` has gone through, or a zip archive of one."""

import contextlib
import hashlib
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from core.errors import UnreadableFileError
from core.progress import Progress
from core.readers.annif import (
    BEST,
    COLUMNS,
    ENCODING,
    SUFFIX,
    FaultyLine,
    document_id,
    id_source_sentence,
    row,
    suggestions,
)
from core.readers.container import zip_members
from core.readers.encoding import encoding_name
from core.readers.table import CHUNK_ROWS, ReaderOptions, RejectedRows, SourceTable, TextColumns

__all__ = ["folder_sha256", "read_documents"]

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


def folder_sha256(folder: Path) -> str:
    """Return a SHA-256 over the names and the bytes of a folder's files of suggestions, as 64 hexadecimal digits."""
    whole = hashlib.sha256()
    for path in _files_in(folder):
        with path.open("rb") as stream:
            whole.update(f"{hashlib.file_digest(stream, 'sha256').hexdigest()}  {path.name}\n".encode())
    return whole.hexdigest()


@contextlib.contextmanager
def _documents(path: Path, limit: int) -> Iterator[_Documents | None]:
    if path.is_dir():
        try:
            names = [entry.name for entry in path.iterdir() if entry.is_file() and not entry.name.startswith(".")]
            files = [_File(entry.name, entry.stat().st_size, entry.read_bytes) for entry in _files_in(path)]
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


def _files_in(folder: Path) -> list[Path]:
    candidates = (
        path for path in folder.iterdir() if path.name.lower().endswith(SUFFIX) and not path.name.startswith(".")
    )
    return sorted((path for path in candidates if path.is_file()), key=lambda path: path.name)


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
