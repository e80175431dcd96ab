"""What people decided about some predictions: the log as a whole, and which decision of each record holds."""

import functools
import threading
import weakref
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import pandas as pd

from core.database import Database
from core.errors import ConflictError
from core.predictions import Scored, identifiers_in
from core.schema import LABEL, NOTE, RECORD_ID
from core.translation import noop

__all__ = [
    "CANNOT_TELL",
    "DECIDED",
    "SECOND",
    "ConcurrentDecisionError",
    "Decision",
    "DecisionLog",
    "OpinionPair",
    "decisions_for_scored",
    "decisions_of_notes",
    "identifiers_now",
    "read_decisions",
    "with_identifiers_of",
]

CANNOT_TELL: Final = noop("can't tell")
DECIDED: Final = "decision"
SECOND: Final = "second"
_DISPUTED_NOTE: Final = "two people disagree about this book; it waits for a third"


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
    """Return everything that was decided about some predictions (by fingerprint).

    What was read before is not read again: decisions are only ever added.
    """
    with _LOCK:
        return _known_log(database, predictions).update(database).log


def decisions_for_scored(database: Database, scored: Scored) -> DecisionLog:
    """Return everything that was decided about some predictions, with the identifiers that the scored table has.

    Predictions made elsewhere may meet their catalogue after people began to decide: what was decided under the
    identifier in their file holds for the catalogue's record, on Review and in what is exported. Of two decisions about
    what proves to be one record the later holds. What was decided about either of two predictions holds for those that
    were put together from them, and what a model learned from decisions holds for what it says of the same corpus.
    """
    with _LOCK:
        own = _known_log(database, scored.predictions).update(database).named_by(scored)
        if not scored.decided_before:
            return own
        logs = [_known_log(database, source).update(database).named_by(scored) for source in scored.decided_before]
        return DecisionLog(tuple(sorted((row for log in (*logs, own) for row in log.rows), key=lambda row: row.id)))


class _KnownLog:
    """What was read of the decisions about some predictions, to which later ones are added."""

    def __init__(self, predictions: str) -> None:
        self.log = DecisionLog(())
        self._predictions = predictions
        self._rows: dict[int, Decision] = {}
        self._standing: dict[str, list[int]] = {}
        self._scored: weakref.ref[Scored] | None = None
        self._names: dict[int, str] = {}
        self._named = self.log

    def update(self, database: Database) -> "_KnownLog":
        """Read what was written since."""
        notes = database.read(DECIDED, self._predictions, after=self.log.newest)
        if notes:
            _add_rows(self._rows, self._standing, notes)
            self.log = DecisionLog(tuple(self._rows.values()))
        return self

    def named_by(self, scored: Scored) -> DecisionLog:
        """Return the log with the identifiers that a scored table has."""
        if self._scored is None or self._scored() is not scored:
            self._scored, self._names, self._named = weakref.ref(scored), {}, DecisionLog(())
        if self._named.newest != self.log.newest:
            new = [row for row in self.log.rows if row.id not in self._names]
            named = with_identifiers_of(scored, new)
            self._names |= {row.id: other.record_id for row, other in zip(new, named, strict=True)}
            rows = self.log.rows
            self._named = DecisionLog(tuple(_called(row, self._names[row.id]) for row in rows))
        return self._named


_LOCK = threading.RLock()
_KNOWN: "weakref.WeakKeyDictionary[Database, dict[str, _KnownLog]]" = weakref.WeakKeyDictionary()


def _known_log(database: Database, predictions: str) -> _KnownLog:
    return _KNOWN.setdefault(database, {}).setdefault(predictions, _KnownLog(predictions))


def _called(row: Decision, record_id: str) -> Decision:
    return row if row.record_id == record_id else replace(row, record_id=record_id)


def with_identifiers_of(scored: Scored, rows: Sequence[Decision]) -> tuple[Decision, ...]:
    """Return decisions with the identifiers that the scored table has."""
    ids = identifiers_now(scored, [row.record_id for row in rows], [row.file_id for row in rows])
    return tuple(_called(row, named) for row, named in zip(rows, ids, strict=True))


def decisions_of_notes(notes: Iterable[Mapping[str, Any]]) -> list[Decision]:
    """Return notes as decisions, oldest first, those marked that were taken back."""
    rows: dict[int, Decision] = {}
    _add_rows(rows, {}, notes)
    return list(rows.values())


def _add_rows(rows: dict[int, Decision], standing: dict[str, list[int]], notes: Iterable[Mapping[str, Any]]) -> None:
    """Add notes to decisions by number, and mark those they take back; `standing` holds what stands of a record."""
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
            second=note.get("opinion", "") == SECOND,
            blind=bool(note.get("blind", False)),
        )


def identifiers_now(scored: Scored, record_ids: Sequence[str], file_ids: Sequence[str]) -> list[str]:
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
