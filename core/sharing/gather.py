"""What comes from outside, copied into a folder of our own: plain files only, under plain names, within limits.

Folders, zips and the Hub go through the same rules before anything is looked at: no links, no devices, no way out of
the folder, no kinds of file that could be run, and no more than fits.
"""

import os
import re
import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from core.errors import InputError
from core.progress import Progress, silent
from core.readers.container import UNPACKED_LIMIT, check_zip

__all__ = [
    "DATA_KINDS",
    "FILES_LIMIT",
    "MODEL_KINDS",
    "check_name",
    "check_names",
    "collect_folder",
    "collect_zip",
    "kind_of",
]

FILES_LIMIT: Final = 2_000
# What a model may consist of: numbers and text, nothing that anyone could be led to run or to unpickle.
MODEL_KINDS: Final = frozenset({".safetensors", ".json", ".parquet", ".txt", ".md", ".cff"})
DATA_KINDS: Final = MODEL_KINDS | {".csv", ".jsonl", ".jsonld", ".xml", ".mrc", ".xlsx"}
_FILES_WITHOUT_SUFFIX: Final = frozenset({"SHA256SUMS", "LICENSE", ".gitattributes"})
_NAME: Final = re.compile(r"[\w.+ ()-]+(/[\w.+ ()-]+)*")
_CHUNK: Final = 1 << 20


def kind_of(name: str) -> str:
    """Return the end of a file's name in lower case, or the whole of a name that says what it is without one."""
    base = name.rsplit("/", 1)[-1]
    return base if base in _FILES_WITHOUT_SUFFIX else Path(base).suffix.lower()


def check_name(name: str, origin: str) -> str:
    """Return a file's name inside its folder when it is harmless.

    Raises
    ------
    InputError
        It leads out of the folder, is absolute, hidden or too long, or is of a kind that is not taken.
    """
    parts = name.split("/")
    if (
        not _NAME.fullmatch(name)
        or ".." in parts
        or "." in parts
        or len(name) > 200
        or any(len(p) > 120 for p in parts)
    ):
        raise InputError(f"{origin} holds a file with a name that is not allowed: '{_shown(name)}'. Nothing was taken.")
    if any(part != part.strip() or (part.startswith(".") and part not in _FILES_WITHOUT_SUFFIX) for part in parts):
        raise InputError(f"{origin} holds a hidden file, '{_shown(name)}'. Nothing was taken.")
    if kind_of(name) not in DATA_KINDS | _FILES_WITHOUT_SUFFIX:
        raise InputError(
            f"{origin} holds a file of a kind that is not taken: '{_shown(name)}'. Models are safetensors, JSON and"
            " Parquet; data bundles are tables and metadata. Nothing was taken."
        )
    return name


def check_names(sized: Iterable[tuple[str, int]], origin: str) -> None:
    """Refuse a list of files (name, bytes) that is too long, too large, or names one file twice.

    Raises
    ------
    InputError
    """
    seen: set[str] = set()
    total = 0
    for name, size in sized:
        key = check_name(name, origin).casefold()
        if key in seen:
            raise InputError(f"{origin} holds two files called '{_shown(name)}'. Nothing was taken.")
        seen.add(key)
        total += size
        if len(seen) > FILES_LIMIT:
            raise InputError(f"{origin} holds more than {FILES_LIMIT:,} files. Nothing was taken.")
        if total > UNPACKED_LIMIT:
            raise InputError(f"{origin} holds more than {UNPACKED_LIMIT / 1e9:,.1f} GB. Nothing was taken.")
    if not seen:
        raise InputError(f"{origin} is empty. Give a model folder, an export bundle, or a name on the Hub.")


def collect_folder(source: Path, target: Path, progress: Progress = silent) -> None:
    """Copy a folder of plain files into an existing, empty folder.

    Raises
    ------
    InputError
        See the module; the message names the file.
    """
    origin = f"The folder {source}"
    files: list[tuple[str, int]] = []
    for place, folders, names in os.walk(source, followlinks=False):
        here = Path(place)
        for name in (*folders, *names):
            about = (here / name).lstat()
            inside = (here / name).relative_to(source).as_posix()
            if stat.S_ISLNK(about.st_mode):
                raise InputError(f"{origin} holds a link, '{_shown(inside)}'. Only plain files are taken.")
            if stat.S_ISREG(about.st_mode):
                files.append((inside, about.st_size))
            elif not stat.S_ISDIR(about.st_mode):
                raise InputError(f"{origin} holds something that is no file, '{_shown(inside)}'. Nothing was taken.")
        if len(files) > FILES_LIMIT:
            break
    check_names(files, origin)
    for count, (name, _) in enumerate(sorted(files)):
        progress(count / len(files), f"Copying {name}")
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / name, path, follow_symlinks=False)


def collect_zip(source: Path, target: Path, progress: Progress = silent) -> None:
    """Unpack a zip of plain files into an existing, empty folder; one folder around everything is taken off.

    Raises
    ------
    InputError
        See the module; also a zip that is damaged, locked, or made to fill a disk.
    """
    origin = f"The zip {source.name}"
    try:
        with zipfile.ZipFile(source) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            if len(members) > FILES_LIMIT:
                raise InputError(f"{origin} holds more than {FILES_LIMIT:,} files. Nothing was taken.")
            check_zip(archive, source, UNPACKED_LIMIT)
            for member in members:
                if member.flag_bits & 1:
                    raise InputError(f"{origin} has a password. Unpack it yourself and give the folder.")
                # The upper half of these bits is the file mode that Unix programs store.
                if stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG):
                    raise InputError(f"{origin} holds a link, '{_shown(member.filename)}'. Only plain files are taken.")
                if "\\" in member.orig_filename or "\0" in member.orig_filename:
                    raise InputError(
                        f"{origin} holds a file with a name that is not allowed: '{_shown(member.orig_filename)}'."
                        " Nothing was taken."
                    )
            around = _common_folder([member.filename for member in members])
            named = {member.filename[len(around) :]: member for member in members}
            if len(named) != len(members):
                raise InputError(f"{origin} holds two files with the same name. Nothing was taken.")
            check_names(((name, member.file_size) for name, member in named.items()), origin)
            left = UNPACKED_LIMIT
            for count, (name, member) in enumerate(sorted(named.items())):
                progress(count / len(named), f"Unpacking {name}")
                left -= _unpack(archive, member, target / name, left)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise InputError(f"{origin} is damaged or packed in an unknown way ({error}). Fetch it again.") from error
    except OSError as error:
        raise InputError(f"{origin} cannot be unpacked: {error.strerror or error}.") from error


def _unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path, left: int) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with archive.open(member) as packed, path.open("xb") as sink:
        while chunk := packed.read(_CHUNK):
            written += len(chunk)
            if written > left:
                raise InputError(f"The zip unpacks to more than {UNPACKED_LIMIT / 1e9:,.1f} GB. Nothing was taken.")
            sink.write(chunk)
    return written


def _common_folder(names: list[str]) -> str:
    """Return the folder that everything lies in, with its slash; '' when there is none."""
    first = {name.split("/", 1)[0] if "/" in name else "" for name in names}
    around = first.pop() if len(first) == 1 else ""
    # The folder 'bundle' says what is in it, and stays.
    return f"{around}/" if around and around not in ("bundle", "..", ".") else ""


def _shown(name: str) -> str:
    return "".join(sign if sign.isprintable() else "�" for sign in name)[:100]
