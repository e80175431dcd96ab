"""Tables of an earlier version become those of this one, through Alembic; nothing in them is lost.

Before a SQLite file is changed, a copy of it is put beside it (``colophon.db.before-0003``).
"""

import contextlib
import os
import sqlite3
import threading
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Final, cast

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    MetaData,
    String,
    Table,
    create_engine,
    delete,
    func,
    insert,
    inspect,
    select,
)
from sqlalchemy.pool import StaticPool

from core.database.entries import KINDS, entry_row, item_rows, parse_note
from core.database.models import HEAD, Base, Name, Note
from core.errors import StorageError

__all__ = ["KINDS_SINCE", "carried_over", "carry_over", "count_on", "is_older", "make_tables"]


# Alembic's own table: which version the tables are of.
_VERSIONS: Final = Table("alembic_version", MetaData(), Column("version_num", String(32), primary_key=True))
_ALL_TABLES: Final = 4230119821  # of PostgreSQL's advisory locks: who changes the tables holds it
_ALONE: Final = {"sqlite": "BEGIN IMMEDIATE", "postgresql": f"SELECT pg_advisory_xact_lock({_ALL_TABLES})"}
# Alembic keeps the connection it works on in a module's variable.
_ONE_AT_A_TIME = threading.Lock()


def make_tables(engine: Engine, path: Path | None = None) -> None:
    """Make the tables of an empty database, or bring those of an earlier version up to this one, in one transaction.

    Parameters
    ----------
    path : path, optional
        Of a SQLite database: a copy is put beside it before anything in it is changed.

    Raises
    ------
    StorageError
        A newer Colophon made the tables.
    """
    with engine.begin() as connection:
        if _revision(connection) == HEAD:
            return
    with _ONE_AT_A_TIME, engine.begin() as connection:
        connection.exec_driver_sql(_ALONE[connection.dialect.name])
        # Another process may have done it while this one waited.
        revision = _revision(connection)
        if revision == HEAD:
            return
        if revision == "":
            Base.metadata.create_all(connection)
            _VERSIONS.create(connection)
            connection.execute(insert(_VERSIONS).values(version_num=HEAD))
            return
        if path is not None:
            _copy_beside(engine, path)
        _upgrade(connection)


def is_older(engine: Engine) -> bool:
    """Say whether the tables are of an earlier version.

    Raises
    ------
    StorageError
        A newer Colophon made them.
    """
    with engine.begin() as connection:
        return _revision(connection) not in ("", HEAD)


def carried_over(engine: Engine) -> Engine:
    """Return a copy in memory with the tables of this version, of a SQLite database that may not be changed."""
    memory = sqlite3.connect(":memory:", check_same_thread=False)
    with engine.connect() as connection:
        connection.connection.driver_connection.backup(memory)  # type: ignore[union-attr]
    copy = create_engine("sqlite://", creator=lambda: memory, poolclass=StaticPool)
    with _ONE_AT_A_TIME, copy.begin() as connection:
        _upgrade(connection)
    return copy


def _revision(connection: Connection) -> str:
    """Return which version the tables are of, '' where there are none, 'notes' before versions were written down."""
    tables = set(inspect(connection).get_table_names())
    if _VERSIONS.name in tables:
        revision = connection.execute(select(_VERSIONS.c.version_num)).scalar()
        if revision is None or revision > HEAD:
            raise StorageError(
                f"The workspace's database was made by a newer Colophon (its tables are of version {revision}, this one"
                f" knows {HEAD}). Use the newer Colophon, or give another workspace."
            )
        return str(revision)
    if Name.__tablename__ not in tables:
        return ""
    connection.execute(select(Name.name).limit(1)).all()  # a table of another program has other columns
    return "notes"


def _upgrade(connection: Connection) -> None:
    # Only where tables are older: the package takes a tenth of a second to load.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, HEAD)


def _copy_beside(engine: Engine, path: Path) -> None:
    """Put a complete copy beside a SQLite file, under a name that no other copy has."""
    beside = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    try:
        with contextlib.closing(sqlite3.connect(beside)) as copy, engine.connect() as reader:
            reader.connection.driver_connection.backup(copy)  # type: ignore[union-attr]
        with beside.open("rb") as stream:
            os.fsync(stream.fileno())
        target, count = path.with_name(f"{path.name}.before-{HEAD}"), 1
        while target.exists():
            count += 1
            target = path.with_name(f"{path.name}.before-{HEAD}-{count}")
        beside.replace(target)
    finally:
        for left in path.parent.glob(f"{beside.name}*"):
            left.unlink()


# --- Notes of a kind that has a table of its own by now go into it ----------------------------------------------------
#
# Notes of a kind that has a table of its own by now go into it; one that is not understood stays among the notes.

# Revision → the kinds that got tables with it.
KINDS_SINCE: Final = {
    "0003": (
        "facet",
        "facet_mark",
        "facet_sample",
        "shown",
        "function",
        "label_audit",
        "book_link",
        "second_opinions",
        "learned_from",
        "corpus_of_predictions",
    )
}
_MANY: Final = 500


def carry_over(connection: Connection, names: Sequence[str]) -> None:
    """Move the notes of some kinds into their tables, each with its number."""
    notes = cast(Table, Note.__table__)
    people: dict[str, int] = {}
    for name in names:
        kind, after = KINDS[name], 0
        while True:
            query = select(notes).where(notes.c.kind == name, notes.c.id > after).order_by(notes.c.id).limit(_MANY)
            rows = connection.execute(query).all()
            if not rows:
                break
            after = rows[-1].id
            parsed = [(row, note) for row in rows if (note := parse_note(name, row.content)) is not None]
            entries = [
                entry_row(connection, kind, row.subject, note, row.at, people) | {"id": row.id} for row, note in parsed
            ]
            items = [item for row, note in parsed for item in item_rows(kind, row.id, note)]
            if entries:
                connection.execute(insert(kind.table), entries)
                connection.execute(delete(notes).where(notes.c.id.in_([row.id for row, _ in parsed])))
            if items:
                connection.execute(insert(kind.items), items)


def count_on(connection: Connection, tables: Sequence[Table]) -> None:
    """Let the next number of each table be above those that were given by hand; SQLite does so by itself."""
    if connection.dialect.name != "postgresql":
        return
    for table in tables:
        highest = func.coalesce(func.max(table.c.id), 0) + 1
        sequence = func.pg_get_serial_sequence(table.name, "id")
        connection.execute(select(func.setval(sequence, highest, False)).select_from(table))
