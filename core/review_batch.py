"""Many answers at once, from a table or a workbook: each becomes a decision, and what others decided stays."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.database import Database
from core.predictions import Scored
from core.review import ConcurrentDecisionError, Decision, decisions_for_scored, record_decision

__all__ = ["Answer", "AnswerConflict", "BatchReport", "record_answers"]


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
