"""Each kind of note has a table of its own; what is not understood stays among the notes.

The tables are written out here, so that a later change of the models changes nothing in this step.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from core.database.entries import KINDS, entry_row, item_rows, parse_note

__all__ = ["down_revision", "revision", "upgrade"]

revision = "0002"
down_revision = "0001"

_MANY = 2000
# Those that got tables here; later steps make the others.
_KINDS = ("decision", "review", "policy", "export", "look", "question", "checked_books", "draw", "how_drawn", "slice")


def upgrade() -> None:
    """Make the tables, and carry over what is understood."""
    _make_tables()
    connection = op.get_bind()
    notes = sa.table("notes", *(sa.column(name) for name in ("id", "kind", "subject", "content", "at")))
    people: dict[str, int] = {}
    for kind in _KINDS:
        after, standing = 0, _Standing()
        while True:
            query = sa.select(notes).where(notes.c.kind == kind, notes.c.id > after).order_by(notes.c.id).limit(_MANY)
            rows = connection.execute(query).all()
            if not rows:
                break
            after = rows[-1].id
            _carry_over(connection, kind, rows, people, standing)
            understood = [row.id for row in rows if parse_note(kind, row.content) is not None]
            for first in range(0, len(understood), 500):
                connection.execute(sa.delete(notes).where(notes.c.id.in_(understood[first : first + 500])))
    if connection.dialect.name == "postgresql":
        # Numbers were given by hand: the next is above them.
        for table in (KINDS[kind].table for kind in _KINDS):
            highest = sa.func.coalesce(sa.func.max(table.c.id), 0) + 1
            sequence = sa.func.pg_get_serial_sequence(table.name, "id")
            connection.execute(sa.select(sa.func.setval(sequence, highest, False)))


class _Standing:
    """Which decisions stand, so that what takes one back can name it: earlier versions meant the latest of a record."""

    def __init__(self) -> None:
        self.by_record: dict[tuple[str, str], list[int]] = {}

    def named(self, number: int, subject: str, note: dict[str, Any]) -> int | None:
        """Return what a note takes back; None where it decides, or where what it takes back does not stand."""
        stack = self.by_record.setdefault((subject, note["record_id"]), [])
        if not note["undone"]:
            stack.append(number)
            return None
        undoes = note.get("undoes") or (stack[-1] if stack else 0)
        if undoes not in stack:
            return None
        stack.remove(undoes)
        return int(undoes)


def _carry_over(connection: sa.Connection, name: str, rows: Any, people: dict[str, int], standing: _Standing) -> None:
    kind = KINDS[name]
    entries, items = [], []
    for row in rows:
        note = parse_note(name, row.content)
        if note is None:
            continue
        entry = entry_row(connection, kind, row.subject, note, row.at, people) | {"id": row.id}
        if name == "decision":
            given, entry["undoes"] = entry["undoes"], standing.named(row.id, row.subject, note)
            if entry["undoes"] is None and given:
                entry["more"] = (entry["more"] or {}) | {"undoes": given}
        entries.append(entry)
        items += item_rows(kind, row.id, note)
    if entries:
        connection.execute(sa.insert(kind.table), entries)
    if items:
        connection.execute(sa.insert(kind.items), items)


def _entry(name: str, about: str, *columns: sa.Column[Any], constraints: tuple[Any, ...] = ()) -> None:
    op.create_table(
        name,
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column(about, sa.String(120), nullable=False),
        *columns,
        sa.Column("more", sa.Text()),
        *constraints,
    )
    op.create_index(f"ix_{name}_{about}", name, [about, "id"])


def _items(name: str, belongs_to: str, *columns: sa.Column[Any]) -> None:
    op.create_table(
        name,
        sa.Column("entry_id", sa.Integer(), sa.ForeignKey(f"{belongs_to}.id"), primary_key=True),
        sa.Column("place", sa.Integer(), primary_key=True),
        *columns,
    )


def _text(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _person() -> sa.Column[Any]:
    return sa.Column("person_id", sa.Integer(), sa.ForeignKey("people.id"))


def _make_tables() -> None:
    op.create_table(
        "people",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("name", sa.Text(), nullable=False, unique=True),
        sa.Column("at", sa.String(32), nullable=False),
    )
    _entry(
        "decisions",
        "predictions",
        _text("record_id"),
        _text("file_id", nullable=True),
        _text("label"),
        _text("old"),
        _text("note"),
        _person(),
        _text("session", nullable=True),
        sa.Column("undone", sa.Boolean(), nullable=False),
        sa.Column("undoes", sa.Integer(), sa.ForeignKey("decisions.id")),
        _text("opinion", nullable=True),
        sa.Column("blind", sa.Boolean()),
        constraints=(sa.UniqueConstraint("undoes", name="uq_decisions_undoes"),),
    )
    op.create_index("ix_decisions_record", "decisions", ["predictions", "record_id", "id"])
    op.create_index("ix_decisions_session", "decisions", ["predictions", "session", "id"])
    _entry("sent_to_review", "predictions", _text("reason"))
    _items("review_items", "sent_to_review", _text("record_id"), _text("file_id", nullable=True))
    _entry("draws", "draw")
    _items("drawn_books", "draws", _text("record_id"), sa.Column("chance", sa.Float(), nullable=False))
    _entry("how_drawn", "labels", _text("answer"))
    _entry("checked_sets", "books")
    _items("checked_books", "checked_sets", _text("book"))
    _entry(
        "questions",
        "scope",
        _text("key"),
        _text("description"),
        sa.Column("books", sa.String(120), nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        _text("sequence", nullable=True),
    )
    _entry(
        "looks",
        "books",
        _text("description"),
        _text("key"),
        sa.Column("p", sa.Float()),
        sa.Column("of", sa.String(120)),
        sa.Column("n", sa.Integer()),
        sa.Column("errors", sa.Integer()),
        _text("slice", nullable=True),
    )
    _entry("saved_slices", "scope", _text("name"), _text("facts"))
    _entry("policies", "predictions", _text("policy"), _text("promise"), _text("labels"), _text("because"), _person())
    _entry(
        "exports",
        "predictions",
        _text("name"),
        _text("path", nullable=True),
        sa.Column("sha256", sa.String(64)),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("review", sa.Integer(), nullable=False),
        _text("settings"),
        _person(),
    )
