"""Facets, their marks and samples, labelling functions and small choices have tables of their own, too.

The tables are written out here, so that a later change of the models changes nothing in this step.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from core.database.entries import KINDS
from core.database.migrate import KINDS_SINCE, carry_over, count_on

__all__ = ["down_revision", "revision", "upgrade"]

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the tables, and carry over what is understood."""
    _make_tables()
    connection = op.get_bind()
    names = KINDS_SINCE[revision]
    carry_over(connection, names)
    count_on(connection, [KINDS[name].table for name in names])


def _entry(name: str, about: str, *columns: sa.Column[Any]) -> None:
    op.create_table(
        name,
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column(about, sa.String(120), nullable=False),
        *columns,
        sa.Column("more", sa.Text()),
    )
    op.create_index(f"ix_{name}_{about}", name, [about, "id"])


def _text(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _person() -> sa.Column[Any]:
    return sa.Column("person_id", sa.Integer(), sa.ForeignKey("people.id"))


def _make_tables() -> None:
    _entry(
        "facets",
        "corpus",
        _text("name"),
        _text("definition"),
        _text("renamed_to", nullable=True),
        sa.Column("removed", sa.Boolean()),
        _person(),
    )
    _entry(
        "facet_marks",
        "facet",
        _text("record_id"),
        sa.Column("fits", sa.Boolean(), nullable=False),
        _text("via", nullable=True),
        _person(),
        _text("session", nullable=True),
        sa.Column("undoes", sa.Integer()),
    )
    _entry(
        "facet_samples",
        "facet",
        _text("sizes"),
        sa.Column("cut", sa.Float(), nullable=False),
        sa.Column("marks_up_to", sa.Integer(), nullable=False),
    )
    op.create_table(
        "sampled_titles",
        sa.Column("entry_id", sa.Integer(), sa.ForeignKey("facet_samples.id"), primary_key=True),
        sa.Column("place", sa.Integer(), primary_key=True),
        _text("record_id"),
        sa.Column("stratum", sa.Integer(), nullable=False),
    )
    _entry("titles_shown", "books")
    _entry("labelling_functions", "scope", _text("toml", nullable=True), _text("removes", nullable=True))
    _entry("label_audits", "labels", _text("annotators"), _text("left_out"), sa.Column("false_alarm", sa.Float()))
    _entry("book_links", "scope", _text("pattern"))
    _entry("second_opinions", "predictions", sa.Column("share", sa.Float(), nullable=False))
    _entry("training_labels", "predictions", sa.Column("known", sa.Boolean(), nullable=False), _text("labels"))
    _entry("chosen_catalogues", "predictions", _text("corpus"), sa.Column("fingerprint", sa.String(64)))
