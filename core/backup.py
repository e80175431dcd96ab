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

from core.database.transfer import copy_tables, read_tables
from core.errors import InputError
from core.progress import Progress, silent
from core.storage import KIND_WORDS, VERSION, Workspace, write_atomically

__all__ = ["BackedUp", "Restored", "back_up", "restore"]

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
