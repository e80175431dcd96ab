"""Which record who looks at: people who review at the same time get different records.

A claim lapses, so that what somebody left lying is given to the next.
"""

import time
from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, insert, select
from sqlalchemy.orm import aliased

from core.database import Claim, Database, Decision

__all__ = ["LEASE_SECONDS", "claim_next", "release"]

LEASE_SECONDS: Final = 600  # a record is held so long for who is shown it; then another may have it
_AT_ONCE: Final = 500  # records of which it is asked in one go whether they are decided


def claim_next(
    database: Database,
    predictions: str,
    record_ids: Iterable[str],
    *,
    holder: str,
) -> str | None:
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


def release(database: Database, predictions: str, record_id: str, *, holder: str) -> None:
    """Let a record go, so that another can have it at once; what one does not hold stays with who holds it."""
    with database.writing(kind="claim") as connection:
        connection.execute(delete(Claim).where(_held(predictions, record_id, holder)))


def _held(predictions: str, record_id: str, holder: str) -> ColumnElement[bool]:
    return and_(Claim.predictions == predictions, Claim.record_id == record_id, Claim.holder == holder)
