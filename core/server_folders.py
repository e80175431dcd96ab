"""The folders of this computer whose files the pages may read: those its operator names, none otherwise.

Whoever can open a page can otherwise read every file that the server can. The command line is not bound by this: it
runs as the person who types.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from core.errors import InputError

__all__ = ["VARIABLE", "file_below", "folders_text", "server_folders"]

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
