"""Review: which records people should look at, and what they decided. Append only; undoing is another row."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from core.database import Database
from core.decision_log import (
    CANNOT_TELL,
    DECIDED,
    SECOND,
    ConcurrentDecisionError,
    Decision,
    DecisionLog,
    OpinionPair,
    decisions_for_scored,
    decisions_of_notes,
    identifiers_now,
    read_decisions,
    with_identifiers_of,
)
from core.errors import ConflictError, InputError, NotFoundError
from core.predictions import Scored, identifiers_in

__all__ = [
    "CANNOT_TELL",
    "Answer",
    "AnswerConflict",
    "BatchReport",
    "ConcurrentDecisionError",
    "Decision",
    "DecisionLog",
    "OpinionPair",
    "decisions_for_scored",
    "read_decisions",
    "record_answers",
    "record_decision",
    "send_to_review",
    "sent_for_scored",
    "sent_records",
    "undo_decision",
]


_LOG = logging.getLogger(__name__)

_SENT: Final = "review"


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
        for record_id in identifiers_now(scored, note["record_ids"], note.get("file_ids") or ()):
            named.setdefault(record_id, note["reason"])
    return named


def _ids_in_file(scored: Scored, record_ids: Sequence[str]) -> list[str]:
    own = {named: in_file for in_file, named in scored.ids_in_file.items()}
    return [own.get(record_id, record_id) for record_id in record_ids]


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
        rows: Sequence[Decision] = decisions_of_notes(notes)
        if scored is not None:
            # See core.decision_log.decisions_for_scored.
            for source in scored.decided_before:
                rows = [*rows, *decisions_of_notes(database.read(DECIDED, source, after=seen or 0))]
            rows = with_identifiers_of(scored, sorted(rows, key=lambda row: row.id))
        standing = DecisionLog(tuple(rows))
        newer = standing.current.get(record_id)
        if newer is None and record_id in standing.disputes:
            newer = standing.disputes[record_id].second
        if seen is not None and newer is not None:
            raise ConcurrentDecisionError(newer)
        content: dict[str, Any] = {
            "record_id": record_id, "label": label, "old": old, "note": note, "undone": False,
        }  # fmt: skip
        content |= ({"opinion": SECOND} if second else {}) | ({"blind": True} if blind else {})
        if scored is not None:
            content["file_id"] = scored.id_in_file(record_id)
        return {**content, "by": by.strip(), "session": session}

    number = database.append(DECIDED, predictions, make, after=seen or 0)
    _LOG.info("decided 1 record of predictions %s%s", predictions, _signed(by))
    return number


def undo_decision(
    database: Database, predictions: str, decision: int, *, sources: Sequence[str] = (), by: str = "", session: str = ""
) -> Decision:
    """Take back one decision, by its number; an earlier one about the same record then holds again.

    Parameters
    ----------
    sources : sequence of str
        Fingerprints of other predictions whose decisions hold here (:attr:`core.predictions.Scored.decided_before`):
        what was decided about one of them is taken back there, and so wherever it holds.

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
    after = decision - 1
    owners = (
        name for name in sources if any(note["id"] == decision for note in database.read(DECIDED, name, after=after))
    )
    owner = next(owners, predictions)

    def make(notes: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        rows = {row.id: row for row in decisions_of_notes(notes)}
        row = rows.get(decision)
        if row is None or row.undoes:
            raise NotFoundError(f"There is no decision number {decision} about these predictions.")
        if row.undone_by:
            other = rows[row.undone_by]
            author = f" by {other.by}" if other.by else ""
            raise ConflictError(
                f"The decision “{row.label}” about record {row.record_id} was taken back already{author},"
                f" {other.when}. Nothing was written."
            )
        undone.append(row)
        content = {"record_id": row.record_id, "label": "", "old": "", "note": "", "undone": True}
        return {**content, "undoes": decision, "by": by.strip(), "session": session}

    database.append(DECIDED, owner, make, after=after)
    _LOG.info("took back 1 decision about predictions %s%s", owner, _signed(by))
    return undone[0]


def _signed(by: str) -> str:
    return f", by {by.strip()}" if by.strip() else ""


# --- Many answers at once, from a table or a workbook: each becomes a decision, and what others decided stays ---------


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What somebody says of one record.

    Attributes
    ----------
    record_id, label, note : str
        As :func:`core.review.record_decision` takes them.
    old : str
        What the model had predicted.
    seen : int
        The number of the newest decision when the record was handed out.
    row : int
        Where it stands in its file, 0 for nowhere.
    """

    record_id: str
    label: str
    note: str = ""
    old: str = ""
    seen: int = 0
    row: int = 0


@dataclass(frozen=True, kw_only=True)
class AnswerConflict:
    """An answer that was not written, and what somebody else had decided since it was handed out."""

    answer: Answer
    decision: Decision


@dataclass(frozen=True, kw_only=True)
class BatchReport:
    """What became of each answer.

    Attributes
    ----------
    written : tuple of Answer
        They are decisions now.
    already : tuple of Answer
        The same answer was there already; nothing was written twice.
    withdrawn : tuple of Answer
        They were written once and taken back since; that stays so.
    conflicts : tuple of AnswerConflict
        Somebody has decided otherwise meanwhile; that holds.
    """

    written: tuple[Answer, ...] = ()
    already: tuple[Answer, ...] = ()
    withdrawn: tuple[Answer, ...] = ()
    conflicts: tuple[AnswerConflict, ...] = ()


def record_answers(
    database: Database, scored: Scored, answers: Sequence[Answer], *, by: str = "", session: str = ""
) -> BatchReport:
    """Write down many answers, each as a decision, unless somebody decided the record after it was handed out.

    Parameters
    ----------
    by, session : str
        As :func:`core.review.record_decision` takes them.
    """
    log = decisions_for_scored(database, scored)
    taken_back = {
        (row.record_id, row.label) for row in log.rows if row.undone_by and row.by.casefold() == by.strip().casefold()
    }
    written: list[Answer] = []
    already: list[Answer] = []
    withdrawn: list[Answer] = []
    conflicts: list[AnswerConflict] = []
    for answer in answers:
        holding = log.current.get(answer.record_id)
        newer = holding if holding is not None and holding.id > answer.seen else None
        if newer is None and (answer.record_id, answer.label) in taken_back and _taken_back_since(log.rows, answer, by):
            withdrawn.append(answer)
            continue
        if newer is None:
            try:
                record_decision(
                    database,
                    scored.predictions,
                    answer.record_id,
                    answer.label,
                    old=answer.old,
                    note=answer.note,
                    by=by,
                    session=session,
                    seen=answer.seen,
                    scored=scored,
                )
            except ConcurrentDecisionError as error:
                newer = error.decision
            else:
                written.append(answer)
                continue
        if newer.label == answer.label:
            already.append(answer)
        else:
            conflicts.append(AnswerConflict(answer=answer, decision=newer))
    return BatchReport(
        written=tuple(written), already=tuple(already), withdrawn=tuple(withdrawn), conflicts=tuple(conflicts)
    )


def _taken_back_since(rows: Sequence[Decision], answer: Answer, by: str) -> bool:
    return any(
        row.id > answer.seen
        and row.undone_by
        and (row.record_id, row.label) == (answer.record_id, answer.label)
        and row.by.casefold() == by.strip().casefold()
        for row in rows
    )
