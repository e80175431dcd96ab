"""How a workspace's database is opened: SQLite (WAL) by default, PostgreSQL by URL for a team.

What can go wrong with a file (damaged, of another program, on a full disk, not to be written to) becomes a sentence
that says what to do.
"""

import atexit
import contextlib
import functools
import os
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Engine, create_engine, event, make_url, select
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import StaticPool

from core.database.migrate import carried_over, is_older, make_tables
from core.database.models import Name
from core.errors import StorageError, describe_system_error

__all__ = [
    "MAY_NOT_WRITE",
    "REPAIR_HINT",
    "engine_of",
    "has_content",
    "identity",
    "is_full_or_forbidden",
    "nearly_full",
    "read_only_cause",
    "read_only_engine",
    "recent",
    "translate_errors",
    "turn_of",
]

# What SQLite calls a file that is none of its own or broken; a disk without room; a file that may not be written to.
_DAMAGED = ("SQLITE_NOTADB", "SQLITE_CORRUPT")
_FULL = ("SQLITE_FULL",)
_READ_ONLY = ("SQLITE_READONLY",)
REPAIR_HINT: Final = (
    "Stop the server first, if one runs. Put a copy of an earlier day in its place, and remove colophon.db-wal and"
    " colophon.db-shm beside it; or move it away, and the workspace begins with an empty one, without the names and"
    " decisions that were in it."
)
_OPEN_HINT = (
    "It must be made by Colophon, may not be held by another program, and needs a disk with room on which it can be"
    " read and written."
)
MAY_NOT_WRITE: Final = "this workspace can be looked at but not changed, since its files may not be written to"


def identity(path: Path | None) -> tuple[int, int] | None:
    """Return what tells one file from another of the same name, None where there is none."""
    try:
        about = path.stat() if path is not None else None
    except OSError:
        return None
    return (about.st_dev, about.st_ino) if about else None


def recent(path: Path) -> Path:
    """Return where SQLite keeps what was written lately."""
    return path.with_name(f"{path.name}-wal")


def has_content(path: Path) -> bool:
    """Say whether a file is there and not empty."""
    return path.is_file() and path.stat().st_size > 0


def is_full_or_forbidden(error: StorageError) -> bool:
    """Say whether a database could not be opened for want of room or of the right to write, so that it may be read."""
    cause = error.__cause__
    name = str(getattr(getattr(cause, "orig", None), "sqlite_errorname", ""))
    return isinstance(cause, OSError) or name.startswith((*_FULL, *_READ_ONLY, "SQLITE_IOERR", "SQLITE_CANTOPEN"))


def read_only_cause(path: Path) -> str:
    """Return why a database is not even tried to be written to, '' when it is."""
    # Beside it SQLite keeps two more files, so that the folder counts too.
    needed = [path.parent, *([path] if path.is_file() else [])]
    effective = os.access in os.supports_effective_ids
    return (
        "" if all(os.access(needed_path, os.W_OK, effective_ids=effective) for needed_path in needed) else MAY_NOT_WRITE
    )


def nearly_full(folder: Path) -> bool:
    """Say whether the disk of a folder has hardly any room."""
    return shutil.disk_usage(folder).free < 1_000_000


@functools.lru_cache(maxsize=64)
def engine_of(url: str, file: tuple[int, int] | None) -> Engine:
    """Return the engine of a database; another file of the same name gets another one."""
    address = make_url(url)
    if address.drivername in ("postgresql", "postgres"):
        address = address.set(drivername="postgresql+psycopg")
    try:
        engine = create_engine(address)
    except ModuleNotFoundError as error:
        raise StorageError(
            f"The workspace's database {_display_path(address)} needs the package {error.name}: install"
            " “colophon[postgres]”."
        ) from error
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def _prepare(connection: Any, record: Any) -> None:
            # WAL lets a job write while pages read; the wait covers writers of several processes at the same moment.
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA busy_timeout=30000")

    return engine


@functools.lru_cache(maxsize=64)
def turn_of(engine: Engine) -> "contextlib.AbstractContextManager[Any]":
    """Return what the threads of this process take in turns to write.

    SQLite lets those that wait try again and again, and who comes late may be first: of ten, some wait for too long.
    PostgreSQL has a queue of its own.
    """
    return threading.RLock() if engine.dialect.name == "sqlite" else contextlib.nullcontext()


def read_only_engine(path: Path) -> Engine:
    """Return an engine that only reads, the way that works here; without a database, one that holds nothing.

    SQLite keeps recent writes in a second file (``-wal``) and needs a third (``-shm``) to read it, which it cannot make
    in a folder that may not be written to. Then the database is read as it stands, if the second is empty, or else a
    copy of both is read in a folder for what passes.
    """
    if not path.exists():
        empty = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
        make_tables(empty)
        return empty
    pending = recent(path)
    still = not (pending.exists() and pending.stat().st_size)
    ways: tuple[Callable[[], str], ...] = (
        lambda: f"{path.absolute().as_uri()}?mode=ro",
        (lambda: f"{path.absolute().as_uri()}?mode=ro&immutable=1") if still else (lambda: _copied(path)),
    )
    refusal: StorageError | None = None
    for way in ways:
        try:
            with translate_errors(path):
                engine = _reader(way())
                with engine.begin() as connection:
                    connection.execute(select(Name.name).limit(1)).all()
                return carried_over(engine) if is_older(engine) else engine
        except StorageError as error:
            refusal = refusal or error
    raise refusal or StorageError(f"The workspace's database {path} cannot be used. {_OPEN_HINT}")


def _reader(address: str) -> Engine:
    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(address, uri=True, check_same_thread=False)
        connection.execute("PRAGMA busy_timeout=10000")
        return connection

    return create_engine("sqlite://", creator=connect)


def _copied(path: Path) -> str:
    folder = Path(tempfile.mkdtemp(prefix="colophon-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for source in (path, recent(path)):
        shutil.copyfile(source, folder / source.name)
    return (folder / path.name).as_uri()


@contextlib.contextmanager
def translate_errors(where: Path | URL) -> Iterator[None]:
    """Turn what SQLAlchemy and the system say of a database into a :class:`StorageError` that says what to do."""
    try:
        yield
    except OSError as error:
        message = (
            describe_system_error(error) or f"The workspace's database cannot be used ({error.strerror}). {_OPEN_HINT}"
        )
        raise StorageError(message) from error
    except DatabaseError as error:
        name = str(getattr(error.orig, "sqlite_errorname", ""))
        if name.startswith(_FULL) or "no space left" in str(error.orig).lower():
            raise StorageError("The disk is full: nothing was written. Make room and do it again.") from error
        if name.startswith(_READ_ONLY):
            raise StorageError(f"Nothing was written: {MAY_NOT_WRITE}.") from error
        what, to_do = ("is damaged", REPAIR_HINT) if name.startswith(_DAMAGED) else ("cannot be used", _OPEN_HINT)
        raise StorageError(f"The workspace's database {_display_path(where)} {what} ({error.orig}). {to_do}") from error


def _display_path(where: Path | URL) -> str:
    if isinstance(where, Path):
        return str(where)
    return str(where.database) if where.get_backend_name() == "sqlite" else where.render_as_string(hide_password=True)
