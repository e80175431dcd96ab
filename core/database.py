"""What people decide, kept in a database through SQLAlchemy: SQLite (WAL) by default, PostgreSQL by URL for a team."""

import contextlib
import functools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    Column,
    Connection,
    Engine,
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
)
from sqlalchemy.exc import DatabaseError

from core.errors import StorageError

__all__ = ["Database"]

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
# How each kind of database is kept from writing for others until a transaction ends.
_ALONE = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "LOCK TABLE notes IN SHARE ROW EXCLUSIVE MODE"}
# What SQLite calls a file that is none of its own, and one that is broken.
_DAMAGED = ("SQLITE_NOTADB", "SQLITE_CORRUPT")
_MEND = (
    "Put a copy of an earlier day in its place; or move it away, and the workspace begins with an empty one, without"
    " the names and decisions that were in it."
)
_LOOK = (
    "It must be made by Colophon, may not be held by another program, and needs a disk with room on which it can be"
    " read and written."
)


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
        The database is damaged or cannot be used. Every method may say so, since damage may lie anywhere in a file.
    """

    def __init__(self, url: str) -> None:
        self._engine = _engine(url)

    @classmethod
    def at(cls, path: Path) -> "Database":
        """Open (or make) the SQLite database in `path`."""
        return cls(f"sqlite:///{path}")

    def point(self, kind: str, name: str, fingerprint: str) -> None:
        """Let `name` stand for the thing with this fingerprint from now on."""
        with self._connected() as connection:
            connection.execute(delete(_NAMES).where(_NAMES.c.kind == kind, _NAMES.c.name == name))
            connection.execute(
                insert(_NAMES).values(kind=kind, name=name, fingerprint=fingerprint, pointed_at=_moment())
            )

    def names(self, kind: str) -> dict[str, str]:
        """Return name → fingerprint for all things of a kind, the newest name first."""
        query = select(_NAMES.c.name, _NAMES.c.fingerprint).where(_NAMES.c.kind == kind)
        with self._connected() as connection:
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
        with self._connected() as connection:
            connection.execute(insert(_NOTES), rows)

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
        with self._connected(alone=True) as connection:
            content = json.dumps(make(_read(connection, kind, subject, after)), ensure_ascii=False)
            row = {"kind": kind, "subject": subject, "content": content, "at": _moment()}
            number = connection.execute(insert(_NOTES), row).inserted_primary_key
        assert number is not None
        return int(number[0])

    def read(self, kind: str, subject: str | None = None) -> Sequence[dict[str, Any]]:
        """Return the notes of a kind (about one subject), oldest first, each with ``id``, ``subject``, ``at`` added.

        ``id`` is the note's number: it rises by the order of writing, whatever the clock said.
        """
        with self._connected() as connection:
            return _read(connection, kind, subject)

    @contextlib.contextmanager
    def _connected(self, *, alone: bool = False) -> Iterator[Connection]:
        with _complaints_in_words(self._engine.url), self._engine.begin() as connection:
            if alone:
                connection.exec_driver_sql(_ALONE.get(self._engine.dialect.name, "SELECT 1"))
            yield connection


def _read(connection: Connection, kind: str, subject: str | None, after: int = 0) -> list[dict[str, Any]]:
    query = select(_NOTES).where(_NOTES.c.kind == kind, _NOTES.c.id > after)
    if subject is not None:
        query = query.where(_NOTES.c.subject == subject)
    rows = connection.execute(query.order_by(_NOTES.c.id)).all()
    return [{**json.loads(row.content), "id": row.id, "subject": row.subject, "at": row.at} for row in rows]


@functools.cache
def _engine(url: str) -> Engine:
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def _prepare(connection: Any, record: Any) -> None:
            # WAL lets a job write while pages read; the wait covers two writers at the same moment.
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA busy_timeout=10000")

    try:
        with _complaints_in_words(engine.url):
            _METADATA.create_all(engine)
    except StorageError:
        engine.dispose()
        raise
    return engine


@contextlib.contextmanager
def _complaints_in_words(url: URL) -> Iterator[None]:
    try:
        yield
    except DatabaseError as error:
        where = url.database if url.get_backend_name() == "sqlite" else url.render_as_string(hide_password=True)
        damaged = str(getattr(error.orig, "sqlite_errorname", "")).startswith(_DAMAGED)
        what, to_do = ("is damaged", _MEND) if damaged else ("cannot be used", _LOOK)
        raise StorageError(f"The workspace's database {where} {what} ({error.orig}). {to_do}") from error
