"""Names, notes and claims, as they were before versions of the tables were written down."""

import sqlalchemy as sa
from alembic import op

__all__ = ["down_revision", "revision", "upgrade"]

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make what is not there yet."""
    op.create_table(
        "names",
        sa.Column("kind", sa.String(40), primary_key=True),
        sa.Column("name", sa.String(120), primary_key=True),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("pointed_at", sa.String(32), nullable=False),
        if_not_exists=True,
    )
    op.create_table(
        "notes",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("subject", sa.String(120), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        if_not_exists=True,
    )
    op.create_index("ix_notes_kind", "notes", ["kind"], if_not_exists=True)
    op.create_index("ix_notes_subject", "notes", ["subject"], if_not_exists=True)
    op.create_table(
        "claims",
        sa.Column("predictions", sa.String(120), primary_key=True),
        sa.Column("record_id", sa.Text(), primary_key=True),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("until", sa.Float(), nullable=False),
        if_not_exists=True,
    )
