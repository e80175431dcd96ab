"""Review: which records people should look at, and what they decided. Append only; undoing is another row."""

from collections.abc import Iterable
from typing import Final

import pandas as pd

from core.database import Database
from core.errors import InputError
from core.schema import CONFIDENCE, LABEL, NOTE, PREDICTED, RECORD_ID

__all__ = ["CANNOT_TELL", "decisions", "record_decision", "review_list", "send_to_review", "sent_records", "undo_last"]

CANNOT_TELL: Final = "can't tell"
_SENT, _DECIDED = "review", "decision"


def send_to_review(database: Database, predictions: str, record_ids: Iterable[str], reason: str) -> int:
    """Put records on the review list of some predictions.

    Parameters
    ----------
    predictions : str
        Fingerprint of the predictions.
    reason : str
        Why, for whoever reviews them.

    Returns
    -------
    int
        How many were not on the list before.
    """
    known = set(sent_records(database, predictions))
    new = [str(one) for one in dict.fromkeys(record_ids) if str(one) not in known]
    if new:
        database.add(_SENT, predictions, {"record_ids": new, "reason": reason})
    return len(new)


def sent_records(database: Database, predictions: str) -> dict[str, str]:
    """Return the records that were sent to review → why, in the order they were sent."""
    found: dict[str, str] = {}
    for note in database.read(_SENT, predictions):
        for record_id in note["record_ids"]:
            found.setdefault(record_id, note["reason"])
    return found


def record_decision(
    database: Database, predictions: str, record_id: str, label: str, *, old: str = "", note: str = ""
) -> None:
    """Write down what a person decided about a record.

    Parameters
    ----------
    label : str
        A class, or :data:`CANNOT_TELL`: then no label is exported for the record.
    old : str
        What the model had said.

    Raises
    ------
    InputError
        No label.
    """
    if not label.strip():
        raise InputError(f"A decision needs a label, or '{CANNOT_TELL}'; record {record_id} was left undecided.")
    content = {"record_id": record_id, "label": label, "old": old, "note": note, "undone": False}
    database.add(_DECIDED, predictions, content)


def undo_last(database: Database, predictions: str) -> str | None:
    """Take back the last decision that holds; return its record, or None when there is none."""
    held = decisions(database, predictions)
    if held.empty:
        return None
    last = str(held.iloc[-1][RECORD_ID])
    content = {"record_id": last, "label": "", "old": "", "note": "", "undone": True}
    database.add(_DECIDED, predictions, content)
    return last


def decisions(database: Database, predictions: str) -> pd.DataFrame:
    """Return the decisions that hold, one a record, the latest last.

    Returns
    -------
    DataFrame
        ``record_id``, ``label`` (a class or "can't tell"), ``old``, ``note``, ``role``, ``at``; as
        :func:`core.export.decide` takes it for `reviews`. A record decided twice has its later decision; undoing that
        one brings the earlier back.
    """
    stacks: dict[str, list[dict[str, str]]] = {}
    for note in database.read(_DECIDED, predictions):
        stack = stacks.setdefault(note["record_id"], [])
        if note["undone"]:
            if stack:
                stack.pop()
        else:
            stack.append({**{key: note[key] for key in ("label", "old", "note")}, "at": note["at"]})
    rows = [{RECORD_ID: record_id, "role": "curator", **stack[-1]} for record_id, stack in stacks.items() if stack]
    columns = [RECORD_ID, LABEL, "old", NOTE, "role", "at"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.sort_values("at", kind="stable", ignore_index=True).astype("str")


def review_list(
    table: pd.DataFrame, sent: dict[str, str], accepted: pd.Series | None, decided: Iterable[str]
) -> pd.DataFrame:
    """Return the records that wait for a person: those sent, then those below their cut, the least sure first.

    Parameters
    ----------
    table : DataFrame
        The scored table.
    sent : dict
        From :func:`sent_records`.
    accepted : Series of bool, optional
        Whether the policy accepts each row of `table`; without it only the records that were sent wait.
    decided : iterable of str
        Records that have been decided.

    Returns
    -------
    DataFrame
        Rows of `table` with ``reason``.
    """
    done = table[RECORD_ID].isin(set(decided))
    asked = table[RECORD_ID].isin(sent.keys())
    waiting = asked if accepted is None else asked | (~accepted & (table[PREDICTED] != ""))
    rows = table[waiting & ~done]
    reason = rows[RECORD_ID].map(sent).fillna("below its cut-off")
    order = pd.DataFrame({"asked": ~rows[RECORD_ID].isin(sent.keys()), "sure": rows[CONFIDENCE]}, index=rows.index)
    return rows.assign(reason=reason.astype("str")).loc[order.sort_values(["asked", "sure"], kind="stable").index]
