"""Notes of a kind that has a table of its own by now go into it; one that is not understood stays among the notes."""

from collections.abc import Sequence
from typing import Final, cast

from sqlalchemy import Connection, Table, delete, func, insert, select

from core.database.entries import KINDS, entry_row, item_rows, parse_note
from core.database.models import Note

__all__ = ["KINDS_SINCE", "carry_over", "count_on"]

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
