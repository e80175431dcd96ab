"""A workspace as one file, and a workspace from such a file, with a checksum of everything in it."""

import hashlib
import json
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final

from sqlalchemy import Connection, Table, insert, select

from core.database import Database
from core.database.migrate import KINDS_SINCE, carry_over, count_on
from core.database.models import HEAD, Base, Claim
from core.errors import InputError
from core.progress import Progress, silent
from core.storage import KIND_WORDS, VERSION, Workspace, write_atomically

__all__ = ["BackedUp", "Restored", "back_up", "copy_tables", "read_tables", "restore"]


# --- All rows of a database as lines of JSON, and back: the same from SQLite and from PostgreSQL ----------------------

_MANY: Final = 500
# Tables of these versions have the columns of today; what got a table later stands among the notes.
_READABLE: Final = ("0002", HEAD)
# Who looks at a record at the moment is of no use later.
_LEFT_OUT: Final = (Claim.__tablename__,)


def _tables() -> list[Table]:
    return [table for table in Base.metadata.sorted_tables if table.name not in _LEFT_OUT]


def read_tables(database: Database, out: IO[bytes]) -> int:
    """Write all rows as they are at one moment, a line each, and return how many there are."""
    count = 0
    with database.reading() as connection:
        # In one transaction that sees nothing of what is written meanwhile.
        connection.exec_driver_sql(
            "BEGIN" if connection.dialect.name == "sqlite" else "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"
        )
        out.write(json.dumps({"tables": HEAD}).encode() + b"\n")
        for table in _tables():
            order = [*table.primary_key.columns]
            for row in connection.execute(select(table).order_by(*order)):
                line = {"table": table.name, "row": dict(zip(table.c.keys(), row, strict=True))}
                out.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
                count += 1
    return count


def _write(connection: Connection, table: Table | None, rows: list[dict[str, object]]) -> None:
    if table is not None and rows:
        connection.execute(insert(table), rows)


def copy_tables(lines: IO[bytes], database: Database) -> int:
    """Write rows into an empty database, all or none, and return how many there are; those of 0002 are carried over.

    Raises
    ------
    InputError
        A line is no row of a table of this version.
    """
    tables = {table.name: table for table in _tables()}
    count, revision = 0, HEAD
    with database.writing() as connection:
        rows: list[dict[str, object]] = []
        current: Table | None = None
        for number, line in enumerate(lines, start=1):
            try:
                content = json.loads(line)
                if number == 1:
                    revision = content["tables"]
                    if revision not in _READABLE:
                        raise InputError(
                            f"The backup's database is of version {revision}, and this Colophon reads"
                            f" {', '.join(_READABLE)}. Restore it with the Colophon that made it, and open the"
                            " workspace with this one."
                        )
                    continue
                table, row = tables[content["table"]], content["row"]
                if set(row) != set(table.c.keys()):
                    raise KeyError(content["table"])
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                raise InputError(f"Line {number:,} of the backup's database is no row of it.") from error
            if rows and (table is not current or len(rows) == _MANY):
                _write(connection, current, rows)
                rows = []
            current = table
            rows.append(row)
            count += 1
        _write(connection, current, rows)
        numbered = [table for table in tables.values() if "id" in table.c]
        count_on(connection, numbered)
        for later, names in KINDS_SINCE.items():
            if revision < later:
                carry_over(connection, names)
                count_on(connection, numbered)
    return count


# --- A workspace as one file, and a workspace from such a file, with a checksum of everything in it -------------------

_LIST: Final = "backup.json"
_TABLES: Final = "database.jsonl"
_FORMAT: Final = 1
_BLOCK: Final = 1 << 20
_MOST: Final = 1_000_000  # files of a backup


@dataclass(frozen=True, kw_only=True)
class BackedUp:
    """What a backup holds (the keys of ``colophon backup --json``).

    Attributes
    ----------
    file : str
    files : int
        How many files of the workspace are in it.
    rows : int
        How many rows its database has.
    bytes : int
        Size of the backup.
    """

    file: str
    files: int
    rows: int
    bytes: int

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-able content."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class Restored:
    """What came out of a backup (the keys of ``colophon restore --json``).

    Attributes
    ----------
    workspace : str
    files, rows : int
        As in :class:`BackedUp`.
    """

    workspace: str
    files: int
    rows: int

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-able content."""
        return asdict(self)


def back_up(workspace: Workspace, out: Path, progress: Progress = silent) -> BackedUp:
    """Write everything that was imported, trained, decided and exported into one file.

    Names, decisions and all else of the database are those of one moment; what is written while the backup is made is
    not in it. Jobs that run are not in it either.

    Raises
    ------
    InputError
        There is a file at `out` already.
    """
    if out.exists():
        raise InputError(f"{out} is there already. Give another name, or move it away.")
    with tempfile.TemporaryFile() as tables, write_atomically(out) as beside:
        rows = read_tables(workspace.database, tables)
        files: dict[str, dict[str, Any]] = {}
        with zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED, compresslevel=1, allowZip64=True) as archive:
            paths = list(_files_of(workspace))
            for done, (name, path) in enumerate(paths):
                progress(done / max(len(paths), 1), "Writing the backup")
                with path.open("rb") as stream:
                    files[name] = _put(archive, name, stream)
            tables.seek(0)
            described = {"format": _FORMAT, "version": VERSION, "rows": rows, "files": files}
            described["database"] = _put(archive, _TABLES, tables)
            archive.writestr(_LIST, json.dumps(described, ensure_ascii=False, indent=1))
    return BackedUp(file=str(out), files=len(files), rows=rows, bytes=out.stat().st_size)


def restore(backup: Path, workspace: Workspace, progress: Progress = silent) -> Restored:
    """Fill an empty workspace with what a backup holds; all of it is checked before anything is written.

    Raises
    ------
    InputError
        The file is no backup, or is damaged, or one of its names leads out of the workspace; or the workspace is not
        empty.
    """
    _refuse_content(workspace)
    try:
        with zipfile.ZipFile(backup) as archive:
            described = _described(archive, backup)
            files: dict[str, dict[str, Any]] = described["files"]
            for done, (name, about) in enumerate([*files.items(), (_TABLES, described["database"])]):
                progress(done / (2 * len(files) + 1), "Checking the backup")
                _check(archive, name, about, backup)
            for done, name in enumerate(files):
                progress(0.5 + done / (2 * len(files) + 1), "Writing the workspace")
                target = workspace.root / name
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(name) as stream, write_atomically(target) as beside, beside.open("wb") as copy:
                    shutil.copyfileobj(stream, copy, _BLOCK)
            # The database last: until its names are there, nothing of what was written is in the workspace.
            with archive.open(_TABLES) as stream:
                rows = copy_tables(stream, workspace.database)
    except (zipfile.BadZipFile, EOFError, NotImplementedError) as error:
        raise InputError(f"{backup} is no backup of Colophon, or is damaged ({error}).") from error
    return Restored(workspace=str(workspace.root), files=len(files), rows=rows)


def _files_of(workspace: Workspace) -> Iterator[tuple[str, Path]]:
    """Return the files of everything that is complete, by their path in the workspace."""
    for kind in KIND_WORDS:
        folder = workspace.root / kind
        for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
            name = path.relative_to(workspace.root)
            # A thing with a dot before its name is unfinished.
            if path.is_file() and not path.is_symlink() and not name.parts[1].startswith("."):
                yield name.as_posix(), path


def _put(archive: zipfile.ZipFile, name: str, stream: IO[bytes]) -> dict[str, Any]:
    """Write a file into a zip, and return its size and the digest of its bytes."""
    digest, size = hashlib.sha256(), 0
    with archive.open(name, "w", force_zip64=True) as copy:
        while block := stream.read(_BLOCK):
            digest.update(block)
            size += len(block)
            copy.write(block)
    return {"sha256": digest.hexdigest(), "bytes": size}


def _refuse_content(workspace: Workspace) -> None:
    full = [KIND_WORDS[kind] for kind in KIND_WORDS if workspace.database.names(kind)]
    if full or workspace.database.count_notes() or any(_files_of(workspace)):
        raise InputError(
            f"The workspace {workspace.root} is not empty, and a backup is never mixed with what is there.",
            command_line="Give a new one with --workspace.",
        )


def _described(archive: zipfile.ZipFile, backup: Path) -> dict[str, Any]:
    """Return what a backup says of itself, once its shape and its names are checked."""
    refusal = InputError(f"{backup} is no backup of Colophon: it does not say what it holds.")
    members = archive.namelist()
    if _LIST not in members or len(members) > _MOST:
        raise refusal
    try:
        described = json.loads(archive.read(_LIST))
        files, version = described["files"], described["version"]
        rest = {"database": described["database"], **files}
        shaped = all(
            re.fullmatch("[0-9a-f]{64}", about["sha256"]) and isinstance(about["bytes"], int) for about in rest.values()
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise refusal from error
    if not shaped or not isinstance(version, int):
        raise refusal
    if version > VERSION or described["format"] > _FORMAT:
        raise InputError(f"{backup} was made by a newer Colophon. Restore it with that one.")
    for name in files:
        parts = PurePosixPath(name).parts
        if (
            not parts
            or parts[0] not in KIND_WORDS
            or len(parts) < 2
            or any(part in ("..", ".") for part in parts)
            or any(sign in name for sign in "\\\0")
            or name != "/".join(parts)
        ):
            raise InputError(f"{backup} holds a file that does not belong into a workspace: “{name[:80]}”.")
    if sorted(members) != sorted([*files, _TABLES, _LIST]):
        raise InputError(f"{backup} holds other files than it says.")
    return dict(described)


def _check(archive: zipfile.ZipFile, name: str, about: dict[str, Any], backup: Path) -> None:
    digest, size = hashlib.sha256(), 0
    with archive.open(name) as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
            size += len(block)
            if size > about["bytes"]:  # what unpacks to more than it says is not unpacked further
                break
    if size != about["bytes"] or digest.hexdigest() != about["sha256"]:
        raise InputError(f"{backup} is damaged: “{name}” is not what it was when the backup was made.")
