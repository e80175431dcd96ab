"""Alembic's folder: one file a change of the tables, the oldest first."""

__all__: list[str] = []
