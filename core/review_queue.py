"""The queue of the Review page: which records people should look at, why each waits, and in which order they come."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.classes import match_classes
from core.database import Database
from core.facets import facet_values
from core.predictions import Scored, identifiers_in, load_predictions
from core.review import Decision, DecisionLog, sent_for_scored
from core.schema import CONFIDENCE, PREDICTED, RECORD_ID, TRUTH
from core.slices import Slice
from core.slices.ledger import ALPHA, saved_slices
from core.slices.measure import slice_p_value
from core.storage import Workspace
from core.thresholds import Policy, apply_policy

__all__ = [
    "ORDERS",
    "SURE",
    "Order",
    "OtherPredictions",
    "PromiseProgress",
    "Reason",
    "ReviewPace",
    "ReviewQueue",
    "ReviewReason",
    "WaitingList",
    "build_queue",
    "drawn_ranks",
    "failing_slices",
    "pace_of",
    "promise_progress",
    "queue_of",
    "waiting_for",
]

SURE: Final = 0.9
"""From this confidence on a checked book whose label the model contradicts is looked at again."""


class Reason(StrEnum):
    """Why a record waits."""

    DRAWN = "drawn"
    SENT = "sent"
    SLICE = "slice"
    SUSPECT = "suspect"
    MODELS = "models"
    BELOW = "below"
    DISPUTED = "disputed"
    SECOND = "second"


class Order(StrEnum):
    """In which order records come."""

    PROMISE = "promise"
    RANDOM = "random"
    LEAST_SURE = "least-sure"
    SLICE = "slice"


ORDERS: Final[tuple[Order, ...]] = tuple(Order)


@dataclass(frozen=True, kw_only=True)
class ReviewReason:
    """One reason why a record waits.

    Attributes
    ----------
    kind : Reason
    detail : str
        What a person wrote (sent), the name of the slice, the label that was given (suspect), or the name of the other
        predictions (models); '' for the rest.
    other : str
        What the other predictions say (models); '' for the rest.
    value : float
        The cut that was not passed (below), 0 to 1; NaN where the class has none, and for the rest.
    """

    kind: Reason
    detail: str = ""
    other: str = ""
    value: float = float("nan")


@dataclass(frozen=True, kw_only=True)
class OtherPredictions:
    """What another model says of books of the same corpus.

    Attributes
    ----------
    name : str
    labels : mapping of str to str
        Record → predicted class, as this model spells it.
    """

    name: str
    labels: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, eq=False)
class ReviewQueue:
    """All records of some predictions that people should look at, whoever has looked at them by now.

    Attributes
    ----------
    positions : mapping of str to int
        Every record of the scored table → its row.
    masks : mapping
        Reason → which rows wait for it, bool arrays of shape (n_records,).
    cuts : float array, shape (n_records,)
        The cut of each record; NaN where none is kept.
    lots : float array, shape (n_records,)
        A number from 0 to 1 for each record, always the same, by which books are chosen for a second opinion.
    """

    scored: Scored
    positions: Mapping[str, int]
    masks: Mapping[Reason, NDArray[np.bool_]]
    cuts: NDArray[np.float64]
    lots: NDArray[np.float64]
    sent: Mapping[str, str]
    draw_ranks: NDArray[np.float64]
    slices: tuple[Slice, ...]
    slice_ranks: NDArray[np.float64]
    others: tuple[OtherPredictions, ...]

    @property
    def counts(self) -> dict[Reason, int]:
        """Reason → how many records wait for it, in the order of :class:`Reason`; a record may wait for several."""
        return {reason: int(mask.sum()) for reason, mask in self.masks.items() if mask.any()}

    def reasons(self, record_id: str) -> tuple[ReviewReason, ...]:
        """Return why a record waits, the weightiest reason first; nothing for a record that does not."""
        row = self.positions.get(record_id)
        if row is None:
            return ()
        table = self.scored.table
        listed: list[ReviewReason] = []
        was_sent = self.masks[Reason.SENT][row] or self.masks[Reason.DRAWN][row]
        for kind, mask in self.masks.items():
            # Who looks at a book again that was sent for it is not told whether its label is the one in doubt.
            if not mask[row] or (kind is Reason.SUSPECT and was_sent):
                continue
            if kind is Reason.SENT:
                listed.append(ReviewReason(kind=kind, detail=self.sent.get(record_id, "")))
            elif kind is Reason.SLICE:
                listed.append(ReviewReason(kind=kind, detail=self.slices[int(self.slice_ranks[row])].name))
            elif kind is Reason.SUSPECT:
                listed.append(ReviewReason(kind=kind, detail=str(table[TRUTH].iloc[row])))
            elif kind is Reason.MODELS:
                predicted = str(table[PREDICTED].iloc[row])
                listed += [
                    ReviewReason(kind=kind, detail=other.name, other=other.labels[record_id])
                    for other in self.others
                    if other.labels.get(record_id, predicted) != predicted
                ]
            else:
                value = float(self.cuts[row]) if kind is Reason.BELOW else float("nan")
                listed.append(ReviewReason(kind=kind, value=value))
        return tuple(listed)

    def ordered(
        self, order: Order = Order.PROMISE, *, seed: int = 0, reasons: Collection[Reason] = ()
    ) -> tuple[str, ...]:
        """Return the records that wait, in an order.

        Parameters
        ----------
        order : Order
            ``promise``: first what was drawn, in the order of the draw, then what a person sent, then the books closest
            below their cut, those that people have checked already last. ``random``: shuffled. ``least-sure``: by
            rising confidence. ``slice``: the books of each failing slice together, the worst slice first, then those
            sent for one reason together, then the least sure.
        seed : int
            Of the shuffle; each seed stands for one order, whatever waits.
        reasons : collection of Reason, optional
            Only what waits for one of these; without any, everything.
        """
        masks = [mask for reason, mask in self.masks.items() if not reasons or reason in reasons]
        if not masks:
            return ()
        rows = np.flatnonzero(np.logical_or.reduce(masks))
        table = self.scored.table
        ids = table[RECORD_ID].to_numpy(dtype=object)
        confidence = np.nan_to_num(table[CONFIDENCE].to_numpy(dtype=float, na_value=np.nan), nan=-1.0)
        keys: list[NDArray[Any]]
        if order is Order.RANDOM:
            keys = [np.random.default_rng(seed).permutation(len(table))]
        elif order is Order.LEAST_SURE:
            keys = [confidence]
        elif order is Order.SLICE:
            numbers = {why: number for number, why in enumerate(dict.fromkeys(self.sent.values()))}
            sent = np.array([numbers[self.sent[i]] if i in self.sent else np.inf for i in ids[rows]], dtype=float)
            keys = [np.nan_to_num(self.slice_ranks, nan=np.inf), _spread(sent, rows, len(table)), confidence]
        else:
            by_hand = self.masks[Reason.SENT] if Reason.SENT in self.masks else np.zeros(len(table), dtype=bool)
            checked = (table[TRUTH] != "").to_numpy(dtype=bool) & ~by_hand
            short = np.nan_to_num(self.cuts - confidence, nan=np.inf)
            keys = [np.nan_to_num(self.draw_ranks, nan=np.inf), ~by_hand, checked, np.maximum(short, 0), -confidence]
        # The last key of lexsort goes first.
        chosen = rows[np.lexsort([key[rows] for key in reversed(keys)])]
        return tuple(ids[chosen].tolist())


def _spread(values: NDArray[np.float64], rows: NDArray[np.intp], n: int) -> NDArray[np.float64]:
    whole = np.full(n, np.inf)
    whole[rows] = values
    return whole


def build_queue(
    scored: Scored,
    *,
    policy: Policy | None = None,
    sent: Mapping[str, str] | None = None,
    draw_ranks: Mapping[str, int] | None = None,
    slices: Sequence[Slice] = (),
    others: Sequence[OtherPredictions] = (),
) -> ReviewQueue:
    """Gather the records that people should look at.

    What a label set has answered stands in the export: such a record waits only where it was drawn or sent, or where
    its label looks wrong.

    Parameters
    ----------
    policy : Policy, optional
        The cuts that are kept: what does not pass its own waits. A record without a prediction waits for no cut.
    sent : mapping, optional
        Record → why, from :func:`core.review.sent_for_scored`.
    draw_ranks : mapping, optional
        Record → its place in the draw it belongs to, from :func:`drawn_ranks`.
    slices : sequence of Slice
        Those in which the model fails, the worst first, from :func:`failing_slices`.
    others : sequence of OtherPredictions
        Of the same corpus: where one names another class, the record waits.
    """
    table, sent = scored.table, sent or {}
    ids = table[RECORD_ID].to_numpy(dtype=object)
    positions = {record_id: row for row, record_id in enumerate(ids.tolist())}
    predicted = table[PREDICTED].to_numpy(dtype=object)
    confidence = table[CONFIDENCE].to_numpy(dtype=float, na_value=np.nan)
    truth = table[TRUTH].to_numpy(dtype=object)

    def among(names: Collection[str]) -> NDArray[np.bool_]:
        mask = np.zeros(len(table), dtype=bool)
        mask[[positions[name] for name in names if name in positions]] = True
        return mask

    ranks = np.full(len(table), np.nan)
    for record_id, rank in (draw_ranks or {}).items():
        if record_id in positions:
            ranks[positions[record_id]] = rank
    slice_ranks = np.full(len(table), np.nan)
    for number in reversed(range(len(slices))):  # of several the worst is named
        slice_ranks[slices[number].mask(table)] = number
    differs = np.zeros(len(table), dtype=bool)
    for other in others:
        known = np.array([other.labels.get(record_id, "") for record_id in ids], dtype=object)
        differs |= (known != "") & (known != predicted) & (predicted != "")
    drawn = ~np.isnan(ranks)
    below = np.zeros(len(table), dtype=bool)
    if policy is not None:
        below = ~apply_policy(table, policy) & (predicted != "")
    # A truth that came with the predictions only measures: an export leaves its record to people all the same.
    undecided = (truth == "") | (not scored.label_sets)
    masks = {
        Reason.DRAWN: drawn,
        Reason.SENT: among(sent) & ~drawn,
        Reason.SLICE: ~np.isnan(slice_ranks) & undecided,
        Reason.SUSPECT: (truth != "") & (predicted != "") & (truth != predicted) & (confidence >= SURE),
        Reason.MODELS: differs & undecided,
        Reason.BELOW: below & undecided,
    }
    return ReviewQueue(
        scored=scored,
        positions=positions,
        masks=masks,
        cuts=_cuts(table, policy),
        lots=_lots(scored.predictions, ids.tolist()),
        sent=sent,
        draw_ranks=ranks,
        slices=tuple(slices),
        slice_ranks=slice_ranks,
        others=tuple(others),
    )


def _cuts(table: pd.DataFrame, policy: Policy | None) -> NDArray[np.float64]:
    if policy is None:
        return np.full(len(table), np.nan)
    if not policy.stratum:
        cuts = table[PREDICTED].map(lambda name: policy.cuts.get(name, np.nan)).to_numpy(dtype=float)
    else:
        nowhere: Mapping[str, float] = {}
        values = facet_values(table, policy.stratum)
        pairs = zip(values.tolist(), table[PREDICTED].tolist(), strict=True)
        cuts = np.array([policy.by_stratum.get(value, nowhere).get(name, np.nan) for value, name in pairs], dtype=float)
    return np.where(policy.covers(table), cuts, np.nan)


def _lots(predictions: str, record_ids: Sequence[str]) -> NDArray[np.float64]:
    """Draw a lot for each record that no later run draws anew."""
    digests = (hashlib.blake2b(f"{predictions}|{name}".encode(), digest_size=8).digest() for name in record_ids)
    return np.array([int.from_bytes(digest) / 2**64 for digest in digests], dtype=float)


def failing_slices(scored: Scored, slices: Sequence[Slice]) -> tuple[Slice, ...]:
    """Return those of the named slices in which the model is shown to be wrong more often than on the rest.

    The largest p that counts is 0.05 for each, see :func:`core.slices.measure.slice_p_value`; the smallest p comes
    first. A slice with too few checked books is not among them.
    """
    p_values = [slice_p_value(scored.table, scored.classes, named) for named in slices] if len(scored.labelled) else []
    worst_first = sorted(zip(p_values, range(len(p_values)), strict=True))
    return tuple(slices[number] for p_value, number in worst_first if p_value <= ALPHA)


def drawn_ranks(database: Database, scored: Scored, sent: Collection[str]) -> dict[str, int]:
    """Return the records that were drawn by lot and sent to review → their place in the draw.

    A draw counts where at least nine in ten of its books were sent; of several draws the newest is what a record
    belongs to, and an earlier draw goes before.
    """
    ranks: dict[str, int] = {}
    start = 0
    for note in database.read("draw"):
        names = identifiers_in(scored, note["record_ids"]) if sent else []
        if names and sum(name in sent for name in names) >= 0.9 * len(names):
            ranks |= {name: start + place for place, name in enumerate(names) if name in sent}
            start += len(names)
    return ranks


def queue_of(workspace: Workspace, scored: Scored, policy: Policy | None) -> ReviewQueue:
    """Gather what waits for people in a workspace: by the policy that is kept, named slices, what was sent and drawn.

    Predictions of another model count where they are of the same corpus and have a class in common with these.
    """
    sent = sent_for_scored(workspace.database, scored)
    return build_queue(
        scored,
        policy=policy,
        sent=sent,
        draw_ranks=drawn_ranks(workspace.database, scored, sent),
        slices=failing_slices(scored, list(saved_slices(workspace.database).values())),
        others=_other_predictions(workspace, scored),
    )


def _other_predictions(workspace: Workspace, scored: Scored) -> list[OtherPredictions]:
    own = load_predictions(workspace, scored.predictions).manifest.corpus
    listed: list[OtherPredictions] = []
    for artifact in workspace.list("predictions"):
        if not own or artifact.fingerprint == scored.predictions:
            continue
        predictions = load_predictions(workspace, artifact.name)
        names = match_classes(predictions.classes, scored.classes).class_by_answer
        if predictions.manifest.corpus == own and set(names.values()) & set(scored.classes):
            table = predictions.table()
            labels = table[PREDICTED].map(lambda answer, names=names: names.get(answer, answer))
            pairs = dict(zip(table[RECORD_ID].tolist(), labels.tolist(), strict=True))
            listed.append(OtherPredictions(name=artifact.name, labels=pairs))
    return listed


# --- What waits for one reader ----------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class WaitingList:
    """What waits for one reader, as the decisions stand.

    Attributes
    ----------
    record_ids : tuple of str
        In the order in which they come: what is to be settled, then second opinions, then what nobody has decided.
    disputed : frozenset of str
        Records about which two others disagree: this reader settles them.
    second : frozenset of str
        Records that another person has decided, and this reader is to decide without knowing how.
    """

    record_ids: tuple[str, ...]
    disputed: frozenset[str] = frozenset()
    second: frozenset[str] = frozenset()


def waiting_for(
    queue: ReviewQueue,
    ordered: Sequence[str],
    log: DecisionLog,
    *,
    by: str = "",
    session: str = "",
    second_share: float = 0.0,
) -> WaitingList:
    """Return what waits for a reader.

    Parameters
    ----------
    ordered : sequence of str
        From :meth:`ReviewQueue.ordered`.
    by : str
        The reader's name. Who gives none settles nothing and gives no second opinion: nobody could tell that it is
        another person.
    session : str
        The reader's browser window.
    second_share : float
        The share of the decided books that a second person decides too, 0 to 1. Which they are is settled by lot, the
        same at all times.
    """
    current, disputes = log.current, log.disputes
    disputed: list[str] = []
    second: list[str] = []
    if by.strip():
        disputed = [
            record_id
            for record_id, pair in disputes.items()
            if record_id in queue.positions
            and not any(_is_same_person(row, by, session) for row in (pair.first, pair.second))
        ]
    if by.strip() and second_share > 0:
        paired = {pair.first.record_id for pair in log.pairs}
        second = [
            record_id
            for record_id, row in current.items()
            if record_id not in paired
            and row.by
            and queue.lots[queue.positions.get(record_id, 0)] < second_share
            and record_id in queue.positions
            and not _is_same_person(row, by, session)
        ]
    undecided = [record_id for record_id in ordered if record_id not in current and record_id not in disputes]
    return WaitingList(
        record_ids=(*disputed, *second, *undecided), disputed=frozenset(disputed), second=frozenset(second)
    )


def _is_same_person(row: Decision, by: str, session: str) -> bool:
    return bool(session and row.session == session) or row.by.casefold() == by.strip().casefold()


# --- How far people are -----------------------------------------------------------------------------------------------

_LATELY: Final = 10.0  # minutes


@dataclass(frozen=True, kw_only=True)
class ReviewPace:
    """How fast one reader decides.

    Attributes
    ----------
    today : int
        Decisions of this day (UTC) that stand.
    lately : int
        Of these, in the last `minutes`.
    minutes : float
        Ten, or since the first of them if that is less; above 0.
    """

    today: int
    lately: int
    minutes: float


def pace_of(log: DecisionLog, now: datetime, *, by: str = "", session: str = "") -> ReviewPace:
    """Return how fast a reader decides, known by the browser window or by the name that was given."""
    moments = []
    for row in reversed(log.rows):
        moment = datetime.fromisoformat(row.at)
        if moment.date() != now.astimezone(UTC).date():
            break
        if row.is_active and ((session and row.session == session) or (by and _is_same_person(row, by, session))):
            moments.append(moment)
    ages = [(now - moment).total_seconds() / 60 for moment in moments]
    lately = [age for age in ages if age <= _LATELY]
    return ReviewPace(today=len(ages), lately=len(lately), minutes=max(min(max(lately, default=0.0), _LATELY), 0.1))


@dataclass(frozen=True, kw_only=True)
class PromiseProgress:
    """How many of the books that a promise of the whole leaves to people they have decided.

    Attributes
    ----------
    total, done : int
        Records below their cut that nobody had checked before; those of them that are decided and not disputed.
    """

    total: int
    done: int

    @property
    def left(self) -> int:
        """How many are to be done."""
        return self.total - self.done


def promise_progress(queue: ReviewQueue, log: DecisionLog) -> PromiseProgress:
    """Count what people have done of what lies below the cuts."""
    table = queue.scored.table
    to_do = queue.masks[Reason.BELOW] & (table[TRUTH] == "").to_numpy(dtype=bool)
    rows = [queue.positions[record_id] for record_id in log.current if record_id in queue.positions]
    return PromiseProgress(total=int(to_do.sum()), done=int(to_do[rows].sum()))
