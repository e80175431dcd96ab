"""What people decide, kept in a database through SQLAlchemy: SQLite (WAL) by default, PostgreSQL by URL for a team."""

import atexit
import contextlib
import copy
import functools
import json
import os
import shutil
import sqlite3
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, cast

from sqlalchemy import (
    URL,
    ColumnElement,
    Connection,
    Engine,
    Table,
    and_,
    create_engine,
    delete,
    event,
    exists,
    func,
    insert,
    make_url,
    select,
    update,
)
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import aliased
from sqlalchemy.pool import StaticPool

from core.database import models
from core.database.entries import KINDS, insert_entry, newest_entry, parse_note, read_entries
from core.database.migrate import carried_over, is_older, make_tables
from core.database.models import Claim, Decision, Name
from core.errors import StorageError, describe_system_error
from core.people import Person

__all__ = [
    "LEASE_SECONDS",
    "MAY_NOT_WRITE",
    "REPAIR_HINT",
    "Claim",
    "Database",
    "Decision",
    "claim_next",
    "engine_of",
    "has_content",
    "identity",
    "is_full_or_forbidden",
    "nearly_full",
    "read_only_cause",
    "read_only_engine",
    "recent",
    "release_claim",
    "translate_errors",
    "turn_of",
]


# --- How a workspace's database is opened: SQLite (WAL) by default, PostgreSQL by URL for a team ----------------------
#
# What can go wrong with a file (damaged, of another program, on a full disk, not to be written to) becomes a sentence
# that says what to do.

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


# --- What people decide: names of things, and tables to which is only ever added --------------------------------------
#
# A database that may only be looked at (its folder is read-only, the disk is full) is opened so that it can be read;
# each write then says why it is refused. A database whose file was replaced under a running program is noticed before a
# write.

_NAMES: Final = cast(Table, models.Name.__table__)
_NOTES: Final = cast(Table, models.Note.__table__)
# How each kind of database is kept from writing to a table for others until a transaction ends.
_ALONE: Final = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE"}
_MIXTURE = (
    "It may be a copy of an earlier day beside which colophon.db-wal, with what was written last to the newer one, was"
    " left."
)
_REPLACED = (
    "The workspace's database was replaced or removed while Colophon was running, so nothing more is written to it."
    " Stop the server first, then put the right file in its place, and start the server again."
)
_MAYBE_LOST = " What was written last may be lost: look at it again after the start."
# Files of which this process has looked through what was left of recent writes.
_LOOKED_THROUGH: set[tuple[int, int] | None] = set()


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
        self._begin(_opened(url))

    def _begin(self, engine: Engine | None, path: Path | None = None, read_only_reason: str = "") -> None:
        self._engine = engine
        self._path, self._file = path, identity(path)
        self._read_only_reason = read_only_reason
        self._person = Person()
        self._fault: StorageError | None = None
        self._last: tuple[str, int, str] | None = None
        self._pending: tuple[int, int] | None = None
        self._odd: Counter[str] = Counter()
        self._looked_up_to = 0

    @classmethod
    def at(cls, path: Path) -> "Database":
        """Open (or make) the SQLite database in `path`; one that cannot be written to is opened for reading."""
        why = read_only_cause(path)
        if not why:
            try:
                return cls._for_writing(path)
            except StorageError as error:
                if not has_content(path) or not is_full_or_forbidden(error):
                    raise
                why = "the disk is full" if nearly_full(path.parent) else MAY_NOT_WRITE
                with contextlib.suppress(StorageError):
                    return cls._for_reading(path, why)
                raise
        return cls._for_reading(path, why)

    @classmethod
    def broken(cls, error: StorageError, path: Path | None = None) -> "Database":
        """Return a database of which every use raises `error`: for who looks at what is wrong with a workspace."""
        database = cls.__new__(cls)
        database._begin(None, path)
        database._fault = error
        return database

    @property
    def read_only_reason(self) -> str:
        """Why nothing can be written, as a part of a sentence; '' when it can be written."""
        return self._read_only_reason

    def acting_as(self, person: Person) -> "Database":
        """Return the same database for what one person does: it writes what their role allows, and names them."""
        database = copy.copy(self)
        database._person = person
        database._odd, database._looked_up_to = Counter(), 0  # else the copies would count in one place
        return database

    def close(self) -> None:
        """Let its connections go; a later use opens them again."""
        if self._engine is not None:
            self._engine.dispose()

    @property
    def path(self) -> Path | None:
        """The file, where it is one."""
        return self._path

    def count_notes(self) -> int:
        """Return how many notes there are of all kinds, those included that this version does not understand."""
        tables = [_NOTES, *(kind.table for kind in KINDS.values())]
        with self.reading() as connection:
            return sum(connection.execute(select(func.count()).select_from(table)).scalar_one() for table in tables)

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
        """Append notes of one kind about one subject; nothing is ever overwritten.

        A note that says not ``by`` whom it is gets the name of the person who acts, where it is known.
        """
        if not contents:
            return
        at = _moment()
        with self.writing(kind=kind) as connection:
            for content in contents:
                last = _write(connection, kind, subject, self._signed(content), at)
        self._last = (*last, at)

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
        with self.writing(kind=kind, alone=_table_of(kind)) as connection:
            content = self._signed(make(_read(connection, kind, subject, after)))
            at = _moment()
            last = _write(connection, kind, subject, content, at)
        self._last = (*last, at)
        return last[1]

    def newest(self, kind: str, subject: str | None = None) -> int:
        """Return the number of the newest note of a kind (about one subject), 0 when there is none.

        Since notes are only ever added, what :meth:`read` returns is the same while this is.
        """
        with self.reading() as connection:
            if known := KINDS.get(kind):
                return newest_entry(connection, known, subject)
            query = select(func.max(_NOTES.c.id)).where(_NOTES.c.kind == kind)
            if subject is not None:
                query = query.where(_NOTES.c.subject == subject)
            return int(connection.execute(query).scalar() or 0)

    def read(self, kind: str, subject: str | None = None, *, after: int = 0) -> Sequence[dict[str, Any]]:
        """Return the notes of a kind (about one subject), oldest first, each with ``id``, ``subject``, ``at`` added.

        ``id`` is the note's number: among those of its kind it rises by the order of writing, whatever the clock said.
        With `after` only notes with a higher number are read. Notes that this version does not understand are left
        out; see :meth:`count_unreadable_notes`.
        """
        with self.reading() as connection:
            return _read(connection, kind, subject, after)

    def count_unreadable_notes(self) -> dict[str, int]:
        """Return kind → how many of its notes this version does not understand; each note is looked at once."""
        query = select(_NOTES.c.id, _NOTES.c.kind, _NOTES.c.content).where(_NOTES.c.id > self._looked_up_to)
        with self.reading() as connection:
            rows = connection.execute(query.order_by(_NOTES.c.id)).all()
        for row in rows:
            # What has a table of its own is among the notes since it was not understood.
            self._odd[row.kind] += row.kind in KINDS or parse_note(row.kind, row.content) is None
            self._looked_up_to = row.id
        return {kind: count for kind, count in sorted(self._odd.items()) if count}

    @classmethod
    def _for_writing(cls, path: Path) -> "Database":
        with translate_errors(path):
            path.touch()
        file = identity(path)
        left = has_content(recent(path)) and file not in _LOOKED_THROUGH
        database = cls.__new__(cls)
        engine = engine_of(f"sqlite:///{path}", file)
        database._begin(engine, path)
        if left:
            database._refuse_a_mixture()
            _LOOKED_THROUGH.add(file)
        with translate_errors(path):
            make_tables(engine, path)
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
            raise StorageError(f"The workspace's database {self._path} is damaged ({what}). {_MIXTURE} {REPAIR_HINT}")

    @classmethod
    def _for_reading(cls, path: Path, why: str) -> "Database":
        database = cls.__new__(cls)
        database._begin(read_only_engine(path), path, why)
        return database

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection to read with."""
        self._refuse_another_file()
        with self._connected() as connection:
            yield connection

    def _signed(self, content: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**content, "by": self._person.name} if self._person.name and "by" not in content else content

    @contextlib.contextmanager
    def writing(self, *, kind: str = "", alone: str = "") -> Iterator[Connection]:
        """Give a connection of which all is written at its end, or nothing.

        Parameters
        ----------
        kind : str
            What is written, as :meth:`core.people.Person.may_write` has it; '' is for curators alone.
        alone : str
            The table to which nobody else can write meanwhile; '' for none.
        """
        self._person.require(kind)
        if self._read_only_reason:
            self._write_after_all()
        self._refuse_another_file()
        turn = turn_of(self._engine) if self._engine is not None else contextlib.nullcontext()
        with turn, self._connected() as connection:
            if alone:
                connection.exec_driver_sql(_ALONE[connection.dialect.name].format(table=alone))
            self._refuse_other_content(connection)
            yield connection
        if self._path is not None and self._pending is None:
            self._pending = identity(recent(self._path))
        self._refuse_another_file(_MAYBE_LOST)

    @contextlib.contextmanager
    def _connected(self) -> Iterator[Connection]:
        if self._fault or self._engine is None:
            raise self._fault or StorageError("The workspace's database is not open.")
        with translate_errors(self._path or self._engine.url), self._engine.begin() as connection:
            yield connection

    def _write_after_all(self) -> None:
        """Open for writing what was opened for reading: room may have been made since.

        Raises
        ------
        StorageError
            It still cannot be written to.
        """
        refusal = StorageError(f"Nothing was written: {self._read_only_reason}.")
        if self._path is None or read_only_cause(self._path):
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
        pending = self._pending and identity(recent(self._path)) != self._pending
        if identity(self._path) != self._file or pending:
            raise StorageError(_REPLACED + more)

    def _refuse_other_content(self, connection: Connection) -> None:
        """Notice a copy that was written over the same file: the row that this program wrote last is not in it."""
        if self._last is not None:
            name, number, at = self._last
            table = models.Base.metadata.tables[name]
            if connection.execute(select(table.c.at).where(table.c.id == number)).scalar() != at:
                raise StorageError(_REPLACED)


def _opened(url: str) -> Engine:
    engine = engine_of(url, None)
    with translate_errors(engine.url):
        make_tables(engine)
    return engine


def _table_of(kind: str) -> str:
    return KINDS[kind].table.name if kind in KINDS else _NOTES.name


def _write(connection: Connection, kind: str, subject: str, content: Mapping[str, Any], at: str) -> tuple[str, int]:
    """Write a note into the table of its kind, and return that and the note's number."""
    text = json.dumps(content, ensure_ascii=False)
    known = KINDS.get(kind)
    if known is not None and parse_note(kind, text) is not None:
        return known.table.name, insert_entry(connection, known, subject, json.loads(text), at)
    row = {"kind": kind, "subject": subject, "content": text, "at": at}
    number = connection.execute(insert(_NOTES).values(row)).inserted_primary_key
    assert number is not None
    return _NOTES.name, int(number[0])


def _read(connection: Connection, kind: str, subject: str | None, after: int = 0) -> list[dict[str, Any]]:
    if known := KINDS.get(kind):
        return read_entries(connection, known, subject, after)
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


# --- Which record who looks at: people who review at the same time get different records ------------------------------
#
# A claim lapses, so that what somebody left lying is given to the next.

LEASE_SECONDS: Final = 600  # a record is held so long for who is shown it; then another may have it
_AT_ONCE: Final = 500  # records of which it is asked in one go whether they are decided


def claim_next(database: Database, predictions: str, record_ids: Iterable[str], *, holder: str) -> str | None:
    """Give somebody the first record that nobody has decided and nobody else holds.

    Who asks again before deciding gets the same record, and holds it longer.

    Parameters
    ----------
    predictions : str
        Fingerprint of the predictions.
    record_ids : iterable of str
        The records that wait, in the order in which they are wanted.
    holder : str
        Who holds it: a browser window, or a person; not ''.

    Returns
    -------
    str or None
        The record; None when there is none left.

    Raises
    ------
    StorageError
        Nothing can be written here.
    """
    wanted = list(dict.fromkeys(map(str, record_ids)))
    with database.writing(kind="claim", alone=Claim.__tablename__) as connection:
        now = time.time()
        connection.execute(delete(Claim).where(Claim.until <= now))
        others = select(Claim.record_id).where(Claim.predictions == predictions, Claim.holder != holder)
        taken = set(connection.execute(others).scalars())
        left = [record_id for record_id in wanted if record_id not in taken]
        free = _first_undecided(connection, predictions, left)
        if free is not None:
            claim = {"predictions": predictions, "record_id": free, "holder": holder}
            connection.execute(delete(Claim).where(_held(predictions, free, holder)))
            connection.execute(insert(Claim).values(**claim, until=now + LEASE_SECONDS))
    return free


def _first_undecided(connection: Connection, predictions: str, record_ids: Sequence[str]) -> str | None:
    taker = aliased(Decision)
    undone = exists().where(taker.undoes == Decision.id)
    decided = select(Decision.record_id).where(Decision.subject == predictions, ~Decision.undone, ~undone)
    for first in range(0, len(record_ids), _AT_ONCE):
        part = record_ids[first : first + _AT_ONCE]
        standing = set(connection.execute(decided.where(Decision.record_id.in_(part))).scalars())
        free = next((record_id for record_id in part if record_id not in standing), None)
        if free is not None:
            return free
    return None


def release_claim(database: Database, predictions: str, record_id: str, *, holder: str) -> None:
    """Let a record go, so that another can have it at once; what one does not hold stays with who holds it."""
    with database.writing(kind="claim") as connection:
        connection.execute(delete(Claim).where(_held(predictions, record_id, holder)))


def _held(predictions: str, record_id: str, holder: str) -> ColumnElement[bool]:
    return and_(Claim.predictions == predictions, Claim.record_id == record_id, Claim.holder == holder)
