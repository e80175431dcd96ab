"""Files that a browser sent, written beside their place and cleared; and the folders of the server it may read.

Whoever can open a page can otherwise read every file that the server can. The command line is not bound by this: it
runs as the person who types.
"""

import hashlib
import os
import shutil
import time
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, Final

from core.errors import InputError
from core.jobs import list_jobs
from core.storage import Workspace, file_sha256

__all__ = [
    "FOLDER",
    "VARIABLE",
    "clear_stale_uploads",
    "clear_upload",
    "file_below",
    "folders_text",
    "keep_upload",
    "server_folders",
]

# --- The folders of this computer whose files the pages may read ------------------------------------------------------
# Those its operator names, none otherwise.


VARIABLE: Final = "COLOPHON_SERVER_FOLDERS"
_NOT_THERE: Final = "There is no such file in the folders that are open to these pages."


def server_folders() -> tuple[Path, ...]:
    """Return the folders named in ``$COLOPHON_SERVER_FOLDERS``, resolved; those that do not exist are left out.

    Several are parted by the sign that parts the folders of ``$PATH`` (``:``, on Windows ``;``).
    """
    named = [Path(part) for part in os.environ.get(VARIABLE, "").split(os.pathsep) if part.strip()]
    return tuple(dict.fromkeys(path.resolve() for path in named if path.is_absolute() and path.is_dir()))


def folders_text(folders: Iterable[Path]) -> str:
    """Return folders as the value of ``$COLOPHON_SERVER_FOLDERS``.

    Raises
    ------
    InputError
        One of them is no folder, or has the parting sign in its name.
    """
    resolved = []
    for folder in folders:
        if not folder.is_dir():
            raise InputError(f"There is no folder {folder}: the pages can only read below folders that exist.")
        if os.pathsep in str(folder.resolve()):
            raise InputError(f"The folder {folder} has a '{os.pathsep}' in its name and cannot be opened to the pages.")
        resolved.append(str(folder.resolve()))
    return os.pathsep.join(resolved)


def file_below(folders: Iterable[Path], typed: str) -> Path:
    """Return the file or folder that was typed, resolved, when it lies below one of the folders.

    Parameters
    ----------
    folders : iterable of path
        Resolved, as :func:`server_folders` returns them.
    typed : str
        An absolute path, or one that is relative to one of the folders.

    Raises
    ------
    InputError
        It is not below them, once ``..`` and symbolic links are followed, or it does not exist. Both are one sentence,
        so that nobody learns what else there is on this computer.
    """
    for folder in folders:
        try:
            path = (folder / typed.strip()).resolve()
            if path.is_relative_to(folder) and (path.is_file() or path.is_dir()):
                return path
        except (OSError, ValueError, RuntimeError):  # a name that is too long, a zero byte, links in a circle
            continue
    raise InputError(_NOT_THERE)


# --- Files that a browser sent ----------------------------------------------------------------------------------------
# Written beside their place, compared with what was sent, and cleared once imported.
# They lie in ``uploads/<folder>/<name>`` until the import that reads them is done, the browser's tab is closed, or a
# day has passed; a file that a running job reads stays.


FOLDER: Final = "uploads"
_BLOCK: Final = 1 << 20
_DAY: Final = 86_400.0
_NAME_BYTES: Final = 200


def keep_upload(workspace: Workspace, name: str, stream: BinaryIO, size: int) -> Path:
    """Write what a browser sent to the workspace, block by block, and return its path.

    Parameters
    ----------
    name : str
        As the file is called on the person's computer; only its last part is used.
    stream : binary stream
        Read from its beginning.
    size : int
        Bytes that were sent.

    Raises
    ------
    InputError
        What lies on the disk is not what was sent. Nothing is kept then.
    OSError
        The disk is full, or cannot be written to. Nothing is kept then.
    """
    folder = workspace.folder(FOLDER) / uuid.uuid4().hex[:16]
    beside = folder.with_name(f".{folder.name}")
    beside.mkdir()
    try:
        path = beside / _file_name(name)
        sent = hashlib.sha256()
        stream.seek(0)
        with path.open("xb") as sink:
            while block := stream.read(_BLOCK):
                sent.update(block)
                sink.write(block)
            sink.flush()
            os.fsync(sink.fileno())
        written = path.stat().st_size
        if written != size or file_sha256(path) != sent.hexdigest():
            raise InputError(
                f"Of {path.name} {written:,} of {size:,} bytes arrived as they were sent. Nothing was kept: choose the"
                " file again."
            )
        beside.rename(folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return folder / path.name


def clear_upload(workspace: Workspace, path: Path, done_by: str = "") -> bool:
    """Remove a file that was uploaded, with its folder; return whether it was one, and no running job reads it.

    Parameters
    ----------
    done_by : str
        The job that has just read it to the end, which may still be running.
    """
    home = (workspace.root / FOLDER).resolve()
    folder = path.resolve().parent
    if folder.parent != home or folder.name.startswith("."):
        return False
    if str(path) in _in_use(workspace, done_by):
        return False
    shutil.rmtree(folder, ignore_errors=True)
    return True


def clear_stale_uploads(workspace: Workspace) -> int:
    """Remove what was uploaded more than a day ago and never imported; return how many files that were."""
    home = workspace.root / FOLDER
    if not home.is_dir():
        return 0
    in_use = {Path(path).parent.name for path in _in_use(workspace)}
    cleared = 0
    for folder in list(home.iterdir()):
        try:
            age = time.time() - folder.stat().st_mtime
        except OSError:  # somebody else has just cleared it
            continue
        if age > _DAY and folder.name not in in_use:
            shutil.rmtree(folder, ignore_errors=True)
            cleared += not folder.exists()
    return cleared


def _in_use(workspace: Workspace, but_by: str = "") -> set[str]:
    """Return the paths that jobs which have not ended were asked to read, one of them left out."""
    jobs = (job for job in list_jobs(workspace) if job.id != but_by)
    return {str(job.config.get("path")) for job in jobs if not job.status().finished}


def _file_name(name: str) -> str:
    """Return the last part of a name, without signs that no file may have, and not longer than a file's name may be."""
    last = "".join(sign for sign in name.replace("\\", "/").rsplit("/", 1)[-1] if sign.isprintable()).strip()
    suffixes = "".join(Path(last).suffixes[-2:])[-40:]
    stem = last[: len(last) - len(suffixes)]
    while len((stem + suffixes).encode()) > _NAME_BYTES and stem:
        stem = stem[:-1]
    shortened = stem + suffixes
    return shortened if shortened.strip(". ") else "upload"
