"""Which record who looks at: people who review at the same time get different records.

A claim lapses, so that what somebody left lying is given to the next.
"""

import time
from collections.abc import Iterable
from typing import Final

from sqlalchemy import and_, delete, insert, select, update

from core.database import CLAIMS, Database
from core.review import read_decisions

__all__ = ["LEASE_SECONDS", "claim_next", "release", "renew"]

LEASE_SECONDS: Final = 600


def claim_next(
    database: Database,
    predictions: str,
    record_ids: Iterable[str],
    *,
    holder: str,
    lease_seconds: float = LEASE_SECONDS,
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
    lease_seconds : float
        After so long without :func:`renew` another may have it.

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
    with database.writing(alone=True) as connection:
        now = time.time()
        decided = read_decisions(database, predictions).current
        connection.execute(delete(CLAIMS).where(CLAIMS.c.until <= now))
        others = select(CLAIMS.c.record_id).where(CLAIMS.c.predictions == predictions, CLAIMS.c.holder != holder)
        taken = set(connection.execute(others).scalars())
        free = next((record_id for record_id in wanted if record_id not in taken and record_id not in decided), None)
        if free is not None:
            claim = {"predictions": predictions, "record_id": free, "holder": holder}
            own = and_(*(CLAIMS.c[name] == value for name, value in claim.items()))
            connection.execute(delete(CLAIMS).where(own))
            connection.execute(insert(CLAIMS).values(**claim, until=now + lease_seconds))
    return free


def renew(
    database: Database, predictions: str, record_id: str, *, holder: str, lease_seconds: float = LEASE_SECONDS
) -> bool:
    """Hold a record longer; False when it was not held any more, so that another may have it."""
    now = time.time()
    held = and_(
        CLAIMS.c.predictions == predictions,
        CLAIMS.c.record_id == record_id,
        CLAIMS.c.holder == holder,
        CLAIMS.c.until > now,
    )
    with database.writing() as connection:
        return connection.execute(update(CLAIMS).where(held).values(until=now + lease_seconds)).rowcount > 0


def release(database: Database, predictions: str, record_id: str, *, holder: str) -> None:
    """Let a record go, so that another can have it at once; what one does not hold stays with who holds it."""
    own = and_(CLAIMS.c.predictions == predictions, CLAIMS.c.record_id == record_id, CLAIMS.c.holder == holder)
    with database.writing() as connection:
        connection.execute(delete(CLAIMS).where(own))
