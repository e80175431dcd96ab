"""All rows of a database as lines of JSON, and back: the same from SQLite and from PostgreSQL."""

import json
from typing import IO, Final

from sqlalchemy import Connection, Table, insert, select

from core.database.carry_over import KINDS_SINCE, carry_over, count_on
from core.database.models import HEAD, Base, Claim
from core.database.store import Database
from core.errors import InputError

__all__ = ["copy_tables", "read_tables"]

_MANY: Final = 500
# Tables of these versions have the columns of today; what got a table later stands among the notes.
_READABLE: Final = ("0002", HEAD)
# Who looks at a record at the moment is of no use later.
_LEFT_OUT: Final = (Claim.__tablename__,)


def _tables() -> list[Table]:
    return [table for table in Base.metadata.sorted_tables if table.name not in _LEFT_OUT]


def read_tables(database: Database, out: IO[bytes]) -> int:
    """Write all rows as they are at one moment, a line each, and return how many there are."""
    count = 0
    with database.reading() as connection:
        # In one transaction that sees nothing of what is written meanwhile.
        connection.exec_driver_sql(
            "BEGIN" if connection.dialect.name == "sqlite" else "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"
        )
        out.write(json.dumps({"tables": HEAD}).encode() + b"\n")
        for table in _tables():
            order = [*table.primary_key.columns]
            for row in connection.execute(select(table).order_by(*order)):
                line = {"table": table.name, "row": dict(zip(table.c.keys(), row, strict=True))}
                out.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
                count += 1
    return count


def _write(connection: Connection, table: Table | None, rows: list[dict[str, object]]) -> None:
    if table is not None and rows:
        connection.execute(insert(table), rows)


def copy_tables(lines: IO[bytes], database: Database) -> int:
    """Write rows into an empty database, all or none, and return how many there are; those of 0002 are carried over.

    Raises
    ------
    InputError
        A line is no row of a table of this version.
    """
    tables = {table.name: table for table in _tables()}
    count, revision = 0, HEAD
    with database.writing() as connection:
        rows: list[dict[str, object]] = []
        current: Table | None = None
        for number, line in enumerate(lines, start=1):
            try:
                content = json.loads(line)
                if number == 1:
                    revision = content["tables"]
                    if revision not in _READABLE:
                        raise InputError(
                            f"The backup's database is of version {revision}, and this Colophon reads"
                            f" {', '.join(_READABLE)}. Restore it with the Colophon that made it, and open the"
                            " workspace with this one."
                        )
                    continue
                table, row = tables[content["table"]], content["row"]
                if set(row) != set(table.c.keys()):
                    raise KeyError(content["table"])
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                raise InputError(f"Line {number:,} of the backup's database is no row of it.") from error
            if rows and (table is not current or len(rows) == _MANY):
                _write(connection, current, rows)
                rows = []
            current = table
            rows.append(row)
            count += 1
        _write(connection, current, rows)
        numbered = [table for table in tables.values() if "id" in table.c]
        count_on(connection, numbered)
        for later, names in KINDS_SINCE.items():
            if revision < later:
                carry_over(connection, names)
                count_on(connection, numbered)
    return count
