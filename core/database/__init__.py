"""What people decide, kept in a database through SQLAlchemy: SQLite (WAL) by default, PostgreSQL by URL for a team."""

from core.database.models import Claim, Decision
from core.database.store import Database

__all__ = ["Claim", "Database", "Decision"]
