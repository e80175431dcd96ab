"""Review: which records people should look at, and what they decided. Append only; undoing is another row."""

import functools
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import pandas as pd

from core.database import Database
from core.errors import ConflictError, InputError, NotFoundError
from core.predictions import Scored, identifiers_in
from core.schema import CONFIDENCE, LABEL, NOTE, PREDICTED, RECORD_ID

__all__ = [
    "CANNOT_TELL",
    "ConcurrentDecisionError",
    "Decision",
    "DecisionLog",
    "OpinionPair",
    "decisions",
    "decisions_for_scored",
    "read_decisions",
    "record_decision",
    "review_list",
    "send_to_review",
    "sent_for_scored",
    "sent_records",
    "undo_decision",
]

_LOG = logging.getLogger(__name__)

CANNOT_TELL: Final = "can't tell"
_SENT, _DECIDED = "review", "decision"
_SECOND: Final = "second"
_DISPUTED_NOTE: Final = "two people disagree about this book; it waits for a third"


def send_to_review(
    database: Database, predictions: str, record_ids: Iterable[str], reason: str, *, scored: Scored | None = None
) -> int:
    """Put records on the review list of some predictions.

    Parameters
    ----------
    predictions : str
        Fingerprint of the predictions.
    reason : str
        Why, for whoever reviews them.
    scored : Scored, optional
        The scored table: a record is known and written by the identifier it has there, whatever identifier it was sent
        by before. Without it identifiers are compared as they are.

    Returns
    -------
    int
        How many were not on the list before.
    """
    known = set(sent_records(database, predictions) if scored is None else sent_for_scored(database, scored))
    wanted = [str(record_id) for record_id in record_ids]
    if scored is not None:
        wanted = identifiers_in(scored, wanted)
    new = [record_id for record_id in dict.fromkeys(wanted) if record_id not in known]
    if new:
        content = {"record_ids": new, "reason": reason}
        if scored is not None:
            content["file_ids"] = _ids_in_file(scored, new)
        database.add(_SENT, predictions, content)
        # Not why: a slice may be described by words of its titles.
        _LOG.info("sent %d records of predictions %s to review", len(new), predictions)
    return len(new)


def sent_records(database: Database, predictions: str) -> dict[str, str]:
    """Return the records that were sent to review → why, in the order they were sent."""
    reasons: dict[str, str] = {}
    for note in database.read(_SENT, predictions):
        for record_id in note["record_ids"]:
            reasons.setdefault(record_id, note["reason"])
    return reasons


def sent_for_scored(database: Database, scored: Scored) -> dict[str, str]:
    """Return :func:`sent_records` with the identifiers that the scored table has, see :func:`decisions_for_scored`."""
    named: dict[str, str] = {}
    for note in database.read(_SENT, scored.predictions):
        for record_id in _named_now(scored, note["record_ids"], note.get("file_ids") or ()):
            named.setdefault(record_id, note["reason"])
    return named


def _ids_in_file(scored: Scored, record_ids: Sequence[str]) -> list[str]:
    own = {named: in_file for in_file, named in scored.ids_in_file.items()}
    return [own.get(record_id, record_id) for record_id in record_ids]


def _named_now(scored: Scored, record_ids: Sequence[str], file_ids: Sequence[str]) -> list[str]:
    """Return what records are called in the scored table.

    Parameters
    ----------
    record_ids : sequence of str
        As they were called when the note was written: the catalogue they were joined with may have changed or gone.
    file_ids : sequence of str
        Beside them, as the predictions' own file calls them, which never changes; '' (or nothing) where an earlier
        version did not write that down.
    """
    guessed = iter(
        identifiers_in(scored, [record_id for i, record_id in enumerate(record_ids) if not any(file_ids[i : i + 1])])
    )
    return [
        scored.ids_in_file.get(file_ids[i], file_ids[i]) if any(file_ids[i : i + 1]) else next(guessed)
        for i in range(len(record_ids))
    ]


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What a person decided about a record, or that a decision was taken back.

    Attributes
    ----------
    id : int
        Its number in the workspace: it rises by the order in which people decided, whatever their clocks said.
    record_id : str
    label : str
        A class, or :data:`CANNOT_TELL`; '' where this row takes another back.
    old : str
        What the model had predicted.
    note : str
    by : str
        The name a reviewer gave, '' where none was given.
    session : str
        The browser window it was made in, '' where that is unknown.
    at : str
        Moment in UTC, ISO 8601.
    undoes : int
        The number of the decision this row takes back; 0 for a decision.
    undone_by : int
        The number of the row that took this decision back; 0 while it stands.
    file_id : str
        The record's identifier in the predictions' own file, '' where that was not written down.
    second : bool
        Whether it is a second opinion: given without knowing what another person had decided, and beside it, not in its
        place.
    blind : bool
        Whether it was made without seeing what the model says.
    """

    id: int
    record_id: str
    label: str
    old: str = ""
    note: str = ""
    by: str = ""
    session: str = ""
    at: str = ""
    undoes: int = 0
    undone_by: int = 0
    file_id: str = ""
    second: bool = False
    blind: bool = False

    @property
    def is_active(self) -> bool:
        """Whether it is a decision that nobody took back."""
        return not self.undoes and not self.undone_by

    @property
    def when(self) -> str:
        """The moment to the minute, for people: "2026-10-25 02:59 UTC"."""
        return f"{self.at.replace('T', ' '):.16} UTC"


class ConcurrentDecisionError(ConflictError):
    """The record was decided after the reader last saw it; nothing was written.

    Attributes
    ----------
    decision : Decision
        What was decided, by whom and when.
    """

    def __init__(self, decision: Decision) -> None:
        self.decision = decision
        who = f"by {decision.by} " if decision.by else ""
        super().__init__(
            f"Record {decision.record_id} was decided {who}meanwhile: “{decision.label}”, {decision.when}."
            " Nothing was written."
        )


@dataclass(frozen=True, kw_only=True)
class OpinionPair:
    """What two people said of one record without knowing of each other.

    Attributes
    ----------
    first, second : Decision
        Both stand.
    settled : Decision, optional
        What a third person decided where they disagree.
    """

    first: Decision
    second: Decision
    settled: Decision | None = None

    @property
    def agrees(self) -> bool:
        """Whether both gave the same answer."""
        return self.first.label == self.second.label


@dataclass(frozen=True)
class DecisionLog:
    """All decisions about some predictions, as they stood at one moment.

    Attributes
    ----------
    rows : tuple of Decision
        Decisions and what took them back, oldest first.
    """

    rows: tuple[Decision, ...]

    @property
    def newest(self) -> int:
        """The number of the newest row, 0 when there is none: what a reader of this log has seen."""
        return self.rows[-1].id if self.rows else 0

    @property
    def current(self) -> Mapping[str, Decision]:
        """Record → the decision that holds, in the order they were made: the latest of those that stand.

        A second opinion takes no other's place. Where it differs from the first, neither holds until a third person
        decides, see :attr:`disputes`.
        """
        return self._standing[0]

    @property
    def disputes(self) -> Mapping[str, OpinionPair]:
        """Record → the two answers that differ; nothing is exported for it while nobody has settled them."""
        return self._standing[1]

    @property
    def pairs(self) -> tuple[OpinionPair, ...]:
        """All records that two people answered without knowing of each other, in the order of the second answers.

        What was decided later settles a pair that disagrees; it makes no further pair.
        """
        return tuple(self._standing[2].values())

    @functools.cached_property
    def _standing(self) -> tuple[dict[str, Decision], dict[str, OpinionPair], dict[str, OpinionPair]]:
        held: dict[str, Decision] = {}
        disputes: dict[str, OpinionPair] = {}
        pairs: dict[str, OpinionPair] = {}
        for row in self.rows:
            if not row.is_active:
                continue
            first = held.get(row.record_id)
            if row.second and first is not None:
                pairs[row.record_id] = pair = OpinionPair(first=first, second=row)
                if not pair.agrees:
                    del held[row.record_id]
                    disputes[row.record_id] = pair
                continue
            if row.record_id in disputes:
                pairs[row.record_id] = replace(disputes.pop(row.record_id), settled=row)
            held.pop(row.record_id, None)
            held[row.record_id] = row
        return held, disputes, pairs

    def latest_of_session(self, session: str) -> Decision | None:
        """Return the latest decision of one browser window that stands, None when there is none."""
        return next((row for row in reversed(self.rows) if row.is_active and session and row.session == session), None)

    def frame(self) -> pd.DataFrame:
        """Return the decisions that hold as :func:`decisions` does; of a disputed record nobody can tell."""
        waiting = [replace(pair.second, label=CANNOT_TELL, note=_DISPUTED_NOTE) for pair in self.disputes.values()]
        rows = [
            {RECORD_ID: d.record_id, LABEL: d.label, "old": d.old, NOTE: d.note, "role": "curator", "at": d.at}
            for d in [*self.current.values(), *waiting]
        ]
        return pd.DataFrame(rows, columns=[RECORD_ID, LABEL, "old", NOTE, "role", "at"]).astype("str")


def read_decisions(database: Database, predictions: str) -> DecisionLog:
    """Return everything that was decided about some predictions (by fingerprint)."""
    return DecisionLog(tuple(_rows(database.read(_DECIDED, predictions))))


def decisions_for_scored(database: Database, scored: Scored) -> DecisionLog:
    """Return everything that was decided about some predictions, with the identifiers that the scored table has.

    Predictions made elsewhere may meet their catalogue after people began to decide: what was decided under the
    identifier in their file holds for the catalogue's record, on Review and in what is exported. Of two decisions about
    what proves to be one record the later holds.
    """
    return DecisionLog(_with_identifiers_of(scored, read_decisions(database, scored.predictions).rows))


def _with_identifiers_of(scored: Scored, rows: Sequence[Decision]) -> tuple[Decision, ...]:
    ids = _named_now(scored, [row.record_id for row in rows], [row.file_id for row in rows])
    return tuple(replace(row, record_id=named) for row, named in zip(rows, ids, strict=True))


def _rows(notes: Iterable[Mapping[str, Any]]) -> list[Decision]:
    """Return notes as decisions, oldest first, those marked that were taken back."""
    rows: dict[int, Decision] = {}
    standing: dict[str, list[int]] = {}
    for note in notes:
        undoes = int(note.get("undoes", 0))
        if note["undone"]:
            stack = standing.get(note["record_id"], [])
            # Before undoing named a decision it meant the latest of the record.
            undoes = undoes or (stack[-1] if stack else 0)
            if undoes in stack:
                stack.remove(undoes)
                rows[undoes] = replace(rows[undoes], undone_by=note["id"])
        else:
            standing.setdefault(note["record_id"], []).append(note["id"])
        rows[note["id"]] = Decision(
            **{key: note[key] for key in ("id", "record_id", "label", "old", "note", "at")},
            by=note.get("by", ""),
            session=note.get("session", ""),
            undoes=(undoes or -1) if note["undone"] else 0,
            file_id=note.get("file_id", ""),
            second=note.get("opinion", "") == _SECOND,
            blind=bool(note.get("blind", False)),
        )
    return list(rows.values())


def record_decision(
    database: Database,
    predictions: str,
    record_id: str,
    label: str,
    *,
    old: str = "",
    note: str = "",
    by: str = "",
    session: str = "",
    seen: int | None = None,
    scored: Scored | None = None,
    second: bool = False,
    blind: bool = False,
) -> int:
    """Write down what a person decided about a record.

    Parameters
    ----------
    label : str
        A class, or :data:`CANNOT_TELL`: then no label is exported for the record.
    old : str
        What the model had predicted.
    by : str
        The reviewer's name, where one was given.
    session : str
        The browser window it is made in, so that its own decisions can be taken back there.
    seen : int, optional
        :attr:`DecisionLog.newest` as it stood when the record was shown. Without it the decision is written whatever
        others decided meanwhile.
    scored : Scored, optional
        The scored table as it is now: the record is written by the identifier it has there, and what others decided
        under another identifier of the same record (that in the predictions' own file, before they met their catalogue)
        counts. Without it identifiers are compared as they are.
    second : bool
        Whether it is a second opinion beside what another person had decided when the record was shown.
    blind : bool
        Whether the reader did not see what the model says.

    Returns
    -------
    int
        The number of the decision.

    Raises
    ------
    InputError
        No label.
    ConcurrentDecisionError
        The record was decided after it was shown, and that decision stands.
    """
    if not label.strip():
        raise InputError(f"A decision needs a label, or '{CANNOT_TELL}'; record {record_id} was left undecided.")
    if scored is not None:
        [record_id] = identifiers_in(scored, [record_id])

    def make(notes: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        rows: Sequence[Decision] = _rows(notes)
        if scored is not None:
            rows = _with_identifiers_of(scored, rows)
        standing = DecisionLog(tuple(rows))
        newer = standing.current.get(record_id)
        if newer is None and record_id in standing.disputes:
            newer = standing.disputes[record_id].second
        if seen is not None and newer is not None:
            raise ConcurrentDecisionError(newer)
        content: dict[str, Any] = {
            "record_id": record_id, "label": label, "old": old, "note": note, "undone": False,
        }  # fmt: skip
        content |= ({"opinion": _SECOND} if second else {}) | ({"blind": True} if blind else {})
        if scored is not None:
            content["file_id"] = scored.id_in_file(record_id)
        return {**content, "by": by.strip(), "session": session}

    number = database.append(_DECIDED, predictions, make, after=seen or 0)
    _LOG.info("decided 1 record of predictions %s%s", predictions, _signed(by))
    return number


def undo_decision(database: Database, predictions: str, decision: int, *, by: str = "", session: str = "") -> Decision:
    """Take back one decision, by its number; an earlier one about the same record then holds again.

    Returns
    -------
    Decision
        The one that was taken back.

    Raises
    ------
    NotFoundError
        There is no decision with this number about these predictions.
    ConflictError
        It has been taken back already; nothing was written.
    """
    undone: list[Decision] = []

    def make(notes: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        rows = {row.id: row for row in _rows(notes)}
        row = rows.get(decision)
        if row is None or row.undoes:
            raise NotFoundError(f"There is no decision number {decision} about these predictions.")
        if row.undone_by:
            other = rows[row.undone_by]
            who = f" by {other.by}" if other.by else ""
            raise ConflictError(
                f"The decision “{row.label}” about record {row.record_id} was taken back already{who},"
                f" {other.when}. Nothing was written."
            )
        undone.append(row)
        content = {"record_id": row.record_id, "label": "", "old": "", "note": "", "undone": True}
        return {**content, "undoes": decision, "by": by.strip(), "session": session}

    database.append(_DECIDED, predictions, make, after=decision - 1)
    _LOG.info("took back 1 decision about predictions %s%s", predictions, _signed(by))
    return undone[0]


def _signed(by: str) -> str:
    return f", by {by.strip()}" if by.strip() else ""


def decisions(database: Database, predictions: str) -> pd.DataFrame:
    """Return the decisions that hold, one a record, the latest last.

    Returns
    -------
    DataFrame
        ``record_id``, ``label`` (a class or "can't tell"), ``old``, ``note``, ``role``, ``at``; as
        :func:`core.export.decide` takes it for `reviews`. A record decided twice has its later decision (the later
        written, whatever the clock said); undoing that one brings the earlier back.
    """
    return read_decisions(database, predictions).frame()


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
    is_sent = table[RECORD_ID].isin(sent.keys())
    waiting = is_sent if accepted is None else is_sent | (~accepted & (table[PREDICTED] != ""))
    rows = table[waiting & ~done]
    reason = pd.Series([sent.get(id_, "below its cut-off") for id_ in rows[RECORD_ID]], index=rows.index, dtype="str")
    order = pd.DataFrame({"asked": ~rows[RECORD_ID].isin(sent.keys()), "sure": rows[CONFIDENCE]}, index=rows.index)
    return rows.assign(reason=reason).loc[order.sort_values(["asked", "sure"], kind="stable").index]
