"""What people decide, kept in a database through SQLAlchemy: SQLite (WAL) by default, PostgreSQL by URL for a team.

Only what is read everywhere is asked for; a note may hold more.
"""

import atexit
import contextlib
import functools
import json
import os
import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy import (
    URL,
    Column,
    Connection,
    Engine,
    Float,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    delete,
    event,
    insert,
    select,
    update,
)
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import StaticPool

from core.errors import StorageError, describe_system_error

__all__ = [
    "CLAIMS",
    "Database",
    "parse_note",
]

# --- What a note in the database must look like to be understood ------------------------------------------------------
# A note of another version is left out, never lost.


class _Note(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow")


class _Decision(_Note):
    record_id: str
    label: str
    old: str
    note: str
    undone: bool


class _Sent(_Note):
    record_ids: list[str]
    reason: str


class _Cuts(_Note):
    cuts: dict[str, float] = {}
    stratum: str = ""
    by_stratum: dict[str, dict[str, float]] = {}


class _Policy(_Note):
    policy: _Cuts
    promise: dict[str, Any]
    labels: str
    because: str


class _Export(_Note):
    name: str
    accepted: int
    review: int
    settings: dict[str, Any]


class _Look(_Note):
    description: str
    key: str
    p: float | None


class _Question(_Note):
    key: str
    description: str
    books: str
    weight: float


class _CheckedBooks(_Note):
    books: list[str]


class _Draw(_Note):
    record_ids: list[str]
    chances: list[float]


class _HowDrawn(_Note):
    answer: str


_SHAPES: Final[Mapping[str, type[_Note]]] = {
    "decision": _Decision,
    "review": _Sent,
    "policy": _Policy,
    "export": _Export,
    "look": _Look,
    "question": _Question,
    "checked_books": _CheckedBooks,
    "draw": _Draw,
    "how_drawn": _HowDrawn,
}


def parse_note(kind: str, content: str) -> dict[str, Any] | None:
    """Return what a note says, None when it is no JSON object or lacks what this version needs of its kind.

    >>> parse_note("look", '{"description": "verse", "key": "a", "p": null}')
    {'description': 'verse', 'key': 'a', 'p': None}
    >>> parse_note("decision", '{"record": "7", "verdict": "Fiction"}') is None
    True
    """
    try:
        note = json.loads(content)
        if shape := _SHAPES.get(kind):
            shape.model_validate(note)
    except (ValueError, RecursionError, ValidationError):
        return None
    return note if isinstance(note, dict) else None


# --- What people decide, kept in a database through SQLAlchemy --------------------------------------------------------
# SQLite (WAL) by default, PostgreSQL by URL for a team.
# A database that may only be looked at (its folder is read-only, the disk is full) is opened so that it can be read;
# each
# write then says why it is refused. A database whose file was replaced under a running program is noticed before a
# write.


_METADATA = MetaData()
_NAMES = Table(
    "names",
    _METADATA,
    Column("kind", String(40), primary_key=True),
    Column("name", String(120), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("pointed_at", String(32), nullable=False),
)
# One append-only table for everything a person chose: policies, decisions, looks, saved slices, labels for terms.
# `subject` says what it is about (a fingerprint), `content` is JSON; the newest row of a key is what holds.
_NOTES = Table(
    "notes",
    _METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("kind", String(40), nullable=False, index=True),
    Column("subject", String(120), nullable=False, index=True),
    Column("content", Text, nullable=False),
    Column("at", String(32), nullable=False),
)
# Who looks at a record at the moment, so that no two people get the same: the only rows that are changed and removed.
CLAIMS: Final = Table(
    "claims",
    _METADATA,
    Column("predictions", String(120), primary_key=True),
    Column("record_id", String(400), primary_key=True),
    Column("holder", String(120), nullable=False),
    Column("until", Float, nullable=False),  # seconds since 1970
)
# How each kind of database is kept from writing for others until a transaction ends.
_ALONE = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "LOCK TABLE notes IN SHARE ROW EXCLUSIVE MODE"}
# What SQLite calls a file that is none of its own or broken; a disk without room; a file that may not be written to.
_DAMAGED = ("SQLITE_NOTADB", "SQLITE_CORRUPT")
_FULL = ("SQLITE_FULL",)
_READ_ONLY = ("SQLITE_READONLY",)
_REPAIR_HINT = (
    "Stop the server first, if one runs. Put a copy of an earlier day in its place, and remove colophon.db-wal and"
    " colophon.db-shm beside it; or move it away, and the workspace begins with an empty one, without the names and"
    " decisions that were in it."
)
_MIXTURE = (
    "It may be a copy of an earlier day beside which colophon.db-wal, with what was written last to the newer one, was"
    " left."
)
_OPEN_HINT = (
    "It must be made by Colophon, may not be held by another program, and needs a disk with room on which it can be"
    " read and written."
)
_REPLACED = (
    "The workspace's database was replaced or removed while Colophon was running, so nothing more is written to it."
    " Stop the server first, then put the right file in its place, and start the server again."
)
_MAYBE_LOST = " What was written last may be lost: look at it again after the start."
# Files of which this process has looked through what was left of recent writes.
_LOOKED_THROUGH: set[tuple[int, int] | None] = set()
_MAY_NOT_WRITE: Final = "this workspace can be looked at but not changed, since its files may not be written to"


def _moment() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")


class Database:
    """The workspace's database: names of things, and an append-only list of what people chose.

    Parameters
    ----------
    url : str
        A SQLAlchemy URL.

    Raises
    ------
    StorageError
        The database is damaged or cannot be used. Every method may say so, since damage may lie anywhere in a file;
        each that writes also when the database can only be read, or was replaced by another file since it was opened.
    """

    def __init__(self, url: str) -> None:
        self._begin(_engine(url, None))

    def _begin(self, engine: Engine | None, path: Path | None = None, read_only_reason: str = "") -> None:
        self._engine = engine
        self._path, self._file = path, _identity(path)
        self._read_only_reason = read_only_reason
        self._fault: StorageError | None = None
        self._last: tuple[int, str] | None = None
        self._pending: tuple[int, int] | None = None
        self._odd: Counter[str] = Counter()
        self._looked_up_to = 0

    @classmethod
    def at(cls, path: Path) -> "Database":
        """Open (or make) the SQLite database in `path`; one that cannot be written to is opened for reading."""
        why = _read_only_cause(path)
        if not why:
            try:
                return cls._for_writing(path)
            except StorageError as error:
                if not _has_content(path) or not _is_full_or_forbidden(error):
                    raise
                why = "the disk is full" if _nearly_full(path.parent) else _MAY_NOT_WRITE
                with contextlib.suppress(StorageError):
                    return cls._for_reading(path, why)
                raise
        return cls._for_reading(path, why)

    @classmethod
    def broken(cls, error: StorageError) -> "Database":
        """Return a database of which every use raises `error`: for who looks at what is wrong with a workspace."""
        database = cls.__new__(cls)
        database._begin(None)
        database._fault = error
        return database

    @property
    def read_only_reason(self) -> str:
        """Why nothing can be written, as a part of a sentence; '' when it can be written."""
        return self._read_only_reason

    def assign_name(self, kind: str, name: str, fingerprint: str) -> None:
        """Let `name` stand for the thing with this fingerprint from now on."""
        with self.writing() as connection:
            connection.execute(delete(_NAMES).where(_NAMES.c.kind == kind, _NAMES.c.name == name))
            connection.execute(
                insert(_NAMES).values(kind=kind, name=name, fingerprint=fingerprint, pointed_at=_moment())
            )

    def rename(self, kind: str, old: str, new: str) -> None:
        """Let `new` stand for what `old` stood for, in one step and at its place in the list; `old` is free then."""
        with self.writing() as connection:
            connection.execute(delete(_NAMES).where(_NAMES.c.kind == kind, _NAMES.c.name == new))
            connection.execute(update(_NAMES).where(_NAMES.c.kind == kind, _NAMES.c.name == old).values(name=new))

    def delete_name(self, kind: str, name: str) -> None:
        """Take a name away; what people decided about its thing stays."""
        with self.writing() as connection:
            connection.execute(delete(_NAMES).where(_NAMES.c.kind == kind, _NAMES.c.name == name))

    def names(self, kind: str) -> dict[str, str]:
        """Return name → fingerprint for all things of a kind, the newest name first."""
        query = select(_NAMES.c.name, _NAMES.c.fingerprint).where(_NAMES.c.kind == kind)
        with self.reading() as connection:
            rows = connection.execute(query.order_by(_NAMES.c.pointed_at.desc())).all()
        return {row.name: row.fingerprint for row in rows}

    def add(self, kind: str, subject: str, *contents: Mapping[str, Any]) -> None:
        """Append notes of one kind about one subject; nothing is ever overwritten."""
        if not contents:
            return
        at = _moment()
        rows = [
            {"kind": kind, "subject": subject, "content": json.dumps(content, ensure_ascii=False), "at": at}
            for content in contents
        ]
        newest = select(_NOTES.c.id, _NOTES.c.at).order_by(_NOTES.c.id.desc()).limit(1)
        with self.writing() as connection:
            connection.execute(insert(_NOTES), rows)
            last = connection.execute(newest).one()
        self._last = (last.id, last.at)

    def append(
        self, kind: str, subject: str, make: Callable[[Sequence[dict[str, Any]]], Mapping[str, Any]], *, after: int = 0
    ) -> int:
        """Append a note that depends on what stands there already; meanwhile nobody else can write.

        Parameters
        ----------
        make : function
            Takes the notes of this kind about this subject with a number above `after`, oldest first, and returns the
            new note. What it raises is passed on, and nothing is written.

        Returns
        -------
        int
            The number of the new note.
        """
        with self.writing(alone=True) as connection:
            content = json.dumps(make(_read(connection, kind, subject, after)), ensure_ascii=False)
            row = {"kind": kind, "subject": subject, "content": content, "at": _moment()}
            number = connection.execute(insert(_NOTES), row).inserted_primary_key
        assert number is not None
        self._last = (int(number[0]), row["at"])
        return int(number[0])

    def read(self, kind: str, subject: str | None = None) -> Sequence[dict[str, Any]]:
        """Return the notes of a kind (about one subject), oldest first, each with ``id``, ``subject``, ``at`` added.

        ``id`` is the note's number: it rises by the order of writing, whatever the clock said. Notes that this version
        does not understand are left out; see :meth:`count_unreadable_notes`.
        """
        with self.reading() as connection:
            return _read(connection, kind, subject)

    def count_unreadable_notes(self) -> dict[str, int]:
        """Return kind → how many of its notes this version does not understand; each note is looked at once."""
        query = select(_NOTES.c.id, _NOTES.c.kind, _NOTES.c.content).where(_NOTES.c.id > self._looked_up_to)
        with self.reading() as connection:
            rows = connection.execute(query.order_by(_NOTES.c.id)).all()
        for row in rows:
            self._odd[row.kind] += parse_note(row.kind, row.content) is None
            self._looked_up_to = row.id
        return {kind: count for kind, count in sorted(self._odd.items()) if count}

    @classmethod
    def _for_writing(cls, path: Path) -> "Database":
        with _translate_errors(path):
            path.touch()
        file = _identity(path)
        left = _has_content(_recent(path)) and file not in _LOOKED_THROUGH
        database = cls.__new__(cls)
        database._begin(_engine(f"sqlite:///{path}", file), path)
        if left:
            database._refuse_a_mixture()
            _LOOKED_THROUGH.add(file)
        return database

    def _refuse_a_mixture(self) -> None:
        """Refuse an older copy of the database beside the recent writes of a newer one.

        SQLite lays what is in ``colophon.db-wal`` over any file called ``colophon.db``: together with a copy of an
        earlier day they make a mixture in which notes are missing. SQLite keeps no mark by which the two would know
        each other; but the tables and indexes of a mixture contradict each other, unless all pages in which they differ
        are in the recent writes, and then nothing is missing.

        Raises
        ------
        StorageError
        """
        assert self._path is not None
        with self._connected() as connection:
            fault = connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar()
        if fault != "ok":
            what = " ".join(str(fault).split())
            raise StorageError(f"The workspace's database {self._path} is damaged ({what}). {_MIXTURE} {_REPAIR_HINT}")

    @classmethod
    def _for_reading(cls, path: Path, why: str) -> "Database":
        database = cls.__new__(cls)
        database._begin(_read_only_engine(path), path, why)
        return database

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection to read with."""
        self._refuse_another_file()
        with self._connected() as connection:
            yield connection

    @contextlib.contextmanager
    def writing(self, *, alone: bool = False) -> Iterator[Connection]:
        """Give a connection of which all is written at its end, or nothing.

        Parameters
        ----------
        alone : bool
            Whether nobody else can write meanwhile.
        """
        if self._read_only_reason:
            self._write_after_all()
        self._refuse_another_file()
        with self._connected() as connection:
            if alone:
                connection.exec_driver_sql(_ALONE.get(connection.dialect.name, "SELECT 1"))
            self._refuse_other_content(connection)
            yield connection
        if self._path is not None and self._pending is None:
            self._pending = _identity(_recent(self._path))
        self._refuse_another_file(_MAYBE_LOST)

    @contextlib.contextmanager
    def _connected(self) -> Iterator[Connection]:
        if self._fault or self._engine is None:
            raise self._fault or StorageError("The workspace's database is not open.")
        with _translate_errors(self._path or self._engine.url), self._engine.begin() as connection:
            yield connection

    def _write_after_all(self) -> None:
        """Open for writing what was opened for reading: room may have been made since.

        Raises
        ------
        StorageError
            It still cannot be written to.
        """
        refusal = StorageError(f"Nothing was written: {self._read_only_reason}.")
        if self._path is None or _read_only_cause(self._path):
            raise refusal
        try:
            again = Database._for_writing(self._path)
        except StorageError as error:
            raise refusal from error
        self._engine, self._file, self._read_only_reason = again._engine, again._file, ""

    def _refuse_another_file(self, more: str = "") -> None:
        if self._path is None:
            return
        # The file of recent writes lives as long as this program has the database open: without it, or with another,
        # what is written would be written to nobody.
        pending = self._pending and _identity(_recent(self._path)) != self._pending
        if _identity(self._path) != self._file or pending:
            raise StorageError(_REPLACED + more)

    def _refuse_other_content(self, connection: Connection) -> None:
        """Notice a copy that was written over the same file: the note that this program wrote last is not in it."""
        if self._last is not None:
            number, at = self._last
            if connection.execute(select(_NOTES.c.at).where(_NOTES.c.id == number)).scalar() != at:
                raise StorageError(_REPLACED)


def _read(connection: Connection, kind: str, subject: str | None, after: int = 0) -> list[dict[str, Any]]:
    query = select(_NOTES).where(_NOTES.c.kind == kind, _NOTES.c.id > after)
    if subject is not None:
        query = query.where(_NOTES.c.subject == subject)
    rows = connection.execute(query.order_by(_NOTES.c.id)).all()
    contents = ((parse_note(kind, row.content), row) for row in rows)
    return [
        {**content, "id": row.id, "subject": row.subject, "at": row.at}
        for content, row in contents
        if content is not None
    ]


def _identity(path: Path | None) -> tuple[int, int] | None:
    """Return what tells one file from another of the same name, None where there is none."""
    try:
        about = path.stat() if path is not None else None
    except OSError:
        return None
    return (about.st_dev, about.st_ino) if about else None


def _recent(path: Path) -> Path:
    """Return where SQLite keeps what was written lately."""
    return path.with_name(f"{path.name}-wal")


def _has_content(path: Path) -> bool:
    return path.is_file() and path.stat().st_size > 0


def _is_full_or_forbidden(error: StorageError) -> bool:
    """Say whether a database could not be opened for want of room or of the right to write, so that it may be read."""
    cause = error.__cause__
    name = str(getattr(getattr(cause, "orig", None), "sqlite_errorname", ""))
    return isinstance(cause, OSError) or name.startswith((*_FULL, *_READ_ONLY, "SQLITE_IOERR", "SQLITE_CANTOPEN"))


def _read_only_cause(path: Path) -> str:
    """Return why a database is not even tried to be written to, '' when it is."""
    # Beside it SQLite keeps two more files, so that the folder counts too.
    needed = [path.parent, *([path] if path.is_file() else [])]
    effective = os.access in os.supports_effective_ids
    return (
        ""
        if all(os.access(needed_path, os.W_OK, effective_ids=effective) for needed_path in needed)
        else _MAY_NOT_WRITE
    )


def _nearly_full(folder: Path) -> bool:
    return shutil.disk_usage(folder).free < 1_000_000


@functools.lru_cache(maxsize=64)
def _engine(url: str, file: tuple[int, int] | None) -> Engine:
    """Return the engine of a database; another file of the same name gets another one."""
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def _prepare(connection: Any, record: Any) -> None:
            # WAL lets a job write while pages read; the wait covers two writers at the same moment.
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA busy_timeout=10000")

    try:
        with _translate_errors(engine.url):
            _METADATA.create_all(engine)
    except StorageError:
        engine.dispose()
        raise
    return engine


def _read_only_engine(path: Path) -> Engine:
    """Return an engine that only reads, the way that works here; without a database, one that holds nothing.

    SQLite keeps recent writes in a second file (``-wal``) and needs a third (``-shm``) to read it, which it cannot make
    in a folder that may not be written to. Then the database is read as it stands, if the second is empty, or else a
    copy of both is read in a folder for what passes.
    """
    if not path.exists():
        empty = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
        _METADATA.create_all(empty)
        return empty
    pending = _recent(path)
    still = not (pending.exists() and pending.stat().st_size)
    ways: tuple[Callable[[], str], ...] = (
        lambda: f"{path.absolute().as_uri()}?mode=ro",
        (lambda: f"{path.absolute().as_uri()}?mode=ro&immutable=1") if still else (lambda: _copied(path)),
    )
    refusal: StorageError | None = None
    for way in ways:
        try:
            with _translate_errors(path):
                engine = _reader(way())
                with engine.begin() as connection:
                    connection.execute(select(_NAMES.c.name).limit(1)).all()
                return engine
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
    for source in (path, _recent(path)):
        shutil.copyfile(source, folder / source.name)
    return (folder / path.name).as_uri()


@contextlib.contextmanager
def _translate_errors(where: Path | URL) -> Iterator[None]:
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
            raise StorageError(f"Nothing was written: {_MAY_NOT_WRITE}.") from error
        what, to_do = ("is damaged", _REPAIR_HINT) if name.startswith(_DAMAGED) else ("cannot be used", _OPEN_HINT)
        raise StorageError(f"The workspace's database {_display_path(where)} {what} ({error.orig}). {to_do}") from error


def _display_path(where: Path | URL) -> str:
    if isinstance(where, Path):
        return str(where)
    return str(where.database) if where.get_backend_name() == "sqlite" else where.render_as_string(hide_password=True)
