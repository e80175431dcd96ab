"""Opening a file: it exists, it is unpacked when it is packed, and it unpacks to something bounded."""

import contextlib
import gzip
import hashlib
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from core.errors import UnreadableFileError
from core.progress import Progress

__all__ = [
    "UNPACKED_LIMIT",
    "OpenedFile",
    "check_size",
    "check_zip",
    "files_in",
    "folder_sha256",
    "open_file",
    "zip_members",
]

UNPACKED_LIMIT = 4 * 1024**3
# Catalogue text packs 5 to 20 times smaller; only a file made to fill a disk packs 300 times smaller.
RATIO_LIMIT = 300
_RATIO_MATTERS_FROM = 64 * 1024**2
_IN_MEMORY = 32 * 1024**2
_BLOCK = 1024**2
_HEAD = 64 * 1024
_PREVIEWED = 16 * 1024**2  # bytes of a packed file that a preview unpacks
_NEED_ALL = (b"PAR1", b"PK\x03\x04")  # formats whose table of contents stands at the end
_KNOWN_PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)


@dataclass(frozen=True, kw_only=True)
class OpenedFile:
    """A file that is ready to be read: seekable bytes without their packing.

    Attributes
    ----------
    path : Path
        As given, for messages.
    stream : binary stream
        Seekable, at its beginning.
    size : int
        Bytes in `stream`.
    name : str
        File name without ``.gz``, or the name of the one file in a zip archive.
    reasons : tuple of str
        What was unpacked, if anything.
    limit : int
        The greatest number of bytes that anything may unpack to.
    whole : bool
        False where `stream` holds only the beginning of what was packed, up to a line end.
    """

    path: Path
    stream: IO[bytes]
    size: int
    name: str
    reasons: tuple[str, ...]
    limit: int
    whole: bool = True

    def head(self, length: int = _HEAD) -> bytes:
        """Return the first bytes and go back to the beginning."""
        self.stream.seek(0)
        head = self.stream.read(length)
        self.stream.seek(0)
        return head


@contextlib.contextmanager
def open_file(
    path: Path, progress: Progress, limit: int = UNPACKED_LIMIT, *, head_only: bool = False
) -> Iterator[OpenedFile]:
    """Open a file, unpacking gzip and zip archives that hold one file.

    With `head_only`, of packed text the first 16 MB are unpacked, up to the last line end among them.

    Raises
    ------
    UnreadableFileError
        There is no such file, it is a folder, it is empty, an archive is damaged, locked, holds several files, or
        unpacks to more than `limit` bytes or to more than 300 times its size.
    """
    if path.is_dir():
        raise UnreadableFileError(f"{path} is a folder; give the one file in it that holds the table.")
    if not path.exists():
        raise UnreadableFileError(f"There is no file {path}; check the name and the folder.")
    try:
        packed = path.open("rb")
    except OSError as error:
        raise UnreadableFileError(f"{path} cannot be opened: {error.strerror}.") from error
    with packed:
        size = path.stat().st_size
        if size == 0:
            raise UnreadableFileError(f"{path} is empty: it holds no byte at all.")
        magic = packed.read(4)
        packed.seek(0)
        if magic[:2] == b"\x1f\x8b":
            name = path.name.removesuffix(".gz").removesuffix(".GZ")
            unpacked = _Unpacking(path=path, packed=size, limit=limit, head_only=head_only)
            with unpacked.stream(gzip.GzipFile(fileobj=packed), progress) as stream:
                yield _opened(unpacked, stream, name, "It is packed with gzip and was unpacked.")
        elif magic == b"PK\x03\x04" and (member := _only_member(packed, path, limit)):
            with zipfile.ZipFile(packed) as archive, archive.open(member) as inner:
                reason = f"It is a zip archive with one file, '{member.filename}', which was unpacked."
                unpacked = _Unpacking(path=path, packed=max(member.compress_size, 1), limit=limit, head_only=head_only)
                with unpacked.stream(inner, progress) as stream:
                    yield _opened(unpacked, stream, Path(member.filename).name, reason)
        else:
            yield OpenedFile(path=path, stream=packed, size=size, name=path.name, reasons=(), limit=limit)


def files_in(folder: Path, suffix: str) -> list[Path]:
    """Return the files directly in a folder whose names end so, hidden ones left out, by name."""
    candidates = (
        path for path in folder.iterdir() if path.name.lower().endswith(suffix) and not path.name.startswith(".")
    )
    return sorted((path for path in candidates if path.is_file()), key=lambda path: path.name)


def folder_sha256(folder: Path, suffix: str) -> str:
    """Return a SHA-256 over the names and the bytes of :func:`files_in` a folder, as 64 hexadecimal digits."""
    whole = hashlib.sha256()
    for path in files_in(folder, suffix):
        with path.open("rb") as stream:
            whole.update(f"{hashlib.file_digest(stream, 'sha256').hexdigest()}  {path.name}\n".encode())
    return whole.hexdigest()


def check_zip(archive: zipfile.ZipFile, path: Path, limit: int) -> None:
    """Refuse an archive whose files together unpack to more than is allowed, before anything is unpacked.

    Raises
    ------
    UnreadableFileError
        It unpacks to more than `limit` bytes or to more than 300 times its size.
    """
    unpacked = sum(member.file_size for member in archive.infolist())
    packed = sum(member.compress_size for member in archive.infolist())
    _check_size(path, packed, unpacked, limit)


def check_size(opened: OpenedFile, unpacked: int) -> None:
    """Refuse a file whose own packing (Parquet) gives more than is allowed, while it is being unpacked.

    Raises
    ------
    UnreadableFileError
        `unpacked` is more than the limit, or more than 300 times the file's size.
    """
    _check_size(opened.path, opened.size, unpacked, opened.limit)


def zip_members(archive: zipfile.ZipFile, path: Path, limit: int) -> list[zipfile.ZipInfo] | None:
    """Return the files that a person put in an archive, None when the archive is itself a document (Excel).

    What file managers add (``__MACOSX``, names with a dot before them) is left out.

    Raises
    ------
    UnreadableFileError
        It unpacks to more than `limit` bytes or to more than 300 times its size, or a file cannot be unpacked here.
    """
    members = archive.infolist()
    if {"[Content_Types].xml", "mimetype"} & {member.filename for member in members}:
        return None
    check_zip(archive, path, limit)
    members = [
        member
        for member in members
        if not member.is_dir()
        and not member.filename.startswith("__MACOSX/")
        and not Path(member.filename).name.startswith(".")
    ]
    if any(member.flag_bits & 1 for member in members):
        raise UnreadableFileError(f"{path} is a zip archive with a password; unpack it and give the file inside.")
    if any(member.compress_type not in _KNOWN_PACKINGS for member in members):
        raise UnreadableFileError(f"{path} is packed in a way that is not known here; unpack it with its own program.")
    return members


def _opened(unpacking: "_Unpacking", stream: IO[bytes], name: str, reason: str) -> OpenedFile:
    size = stream.seek(0, 2)
    stream.seek(0)
    if size == 0:
        raise UnreadableFileError(f"{unpacking.path} is empty: what is packed in it holds no byte at all.")
    return OpenedFile(
        path=unpacking.path,
        stream=stream,
        size=size,
        name=name,
        reasons=(reason,),
        limit=unpacking.limit,
        whole=unpacking.whole,
    )


@dataclass(kw_only=True)
class _Unpacking:
    """The unpacking of one file, to the end or only its beginning."""

    path: Path
    packed: int
    limit: int
    head_only: bool
    whole: bool = True

    @contextlib.contextmanager
    def stream(self, inner: IO[bytes] | gzip.GzipFile, progress: Progress) -> Iterator[IO[bytes]]:
        with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as outside:
            try:
                self._unpack(inner, outside, progress)
            except (EOFError, OSError, zlib.error, zipfile.BadZipFile) as error:
                raise UnreadableFileError(
                    f"{self.path} is a damaged or incomplete archive ({error}); fetch or pack it again."
                ) from error
            outside.seek(0)
            yield outside

    def _unpack(self, inner: IO[bytes] | gzip.GzipFile, outside: IO[bytes], progress: Progress) -> None:
        unpacked = 0
        head_only = self.head_only
        while block := inner.read(_BLOCK):
            if unpacked == 0 and block.startswith(_NEED_ALL):
                head_only = False
            unpacked += len(block)
            _check_size(self.path, self.packed, unpacked, self.limit)
            outside.write(block)
            progress(0.0, f"Unpacking {self.path.name}: {unpacked / 1e6:,.0f} MB")
            if head_only and unpacked > _PREVIEWED:
                self.whole = False
                last = block.rfind(b"\n") + 1
                # An even number, for a line end in UTF-16 is two bytes.
                outside.truncate((unpacked - len(block) + last) // 2 * 2 if last else unpacked)
                return


def _check_size(path: Path, packed: int, unpacked: int, limit: int) -> None:
    if unpacked > limit:
        raise UnreadableFileError(
            f"{path} unpacks to more than {limit / 1e9:,.1f} GB, the limit for packed files; "
            "unpack it yourself and give the file inside, or split it."
        )
    if unpacked > _RATIO_MATTERS_FROM and unpacked > RATIO_LIMIT * packed:
        raise UnreadableFileError(
            f"{path} unpacks to more than {RATIO_LIMIT} times its size, as files made to fill a disk do; "
            "if it is sound, unpack it yourself and give the file inside."
        )


def _only_member(packed: IO[bytes], path: Path, limit: int) -> zipfile.ZipInfo | None:
    """Return the one file of a zip archive, None when the archive is itself a document (Excel)."""
    try:
        with zipfile.ZipFile(packed) as archive:
            members = zip_members(archive, path, limit)
    except (zipfile.BadZipFile, OSError) as error:
        raise UnreadableFileError(f"{path} is a damaged zip archive ({error}); fetch or pack it again.") from error
    packed.seek(0)
    if members is None:
        return None
    if len(members) != 1:
        some = ", ".join(member.filename for member in members[:5]) or "none"
        raise UnreadableFileError(
            f"{path} is a zip archive with {len(members)} files ({some}); unpack it and give one of them."
        )
    return members[0]
