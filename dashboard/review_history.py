"""What was decided on the Review page, by whom; and taking it back."""

from collections.abc import Mapping, Sequence
from typing import Final

import pandas as pd
import streamlit as st

from core.errors import ColophonError
from core.people import Role
from core.predictions import Scored
from core.review import Decision, DecisionLog, undo_decision
from core.review_labels import labels_from_decisions
from core.review_queue import ReviewQueue
from core.schema import TITLE
from core.translation import _, noop
from core.translation.sentences import translate
from dashboard import cache, feedback, navigation, people, widgets
from dashboard.feedback import escape
from dashboard.retraining_view import offer_retraining
from dashboard.review_state import answer_words, review_state, reviewer_label, reviewer_name, window
from dashboard.tables import show_table

__all__ = ["show_history"]

_LISTED: Final = 200
_HIDDEN: Final = noop("(you are to answer first)")


def show_history(queue: ReviewQueue, log: DecisionLog, *, early: bool, hidden: frozenset[str] = frozenset()) -> None:
    """Show the decisions with who made them; one's own last can be taken back at once, any other by choosing it.

    Parameters
    ----------
    early : bool
        Whether the record on the screen cannot be decided yet: then nothing is taken back by a key either.
    hidden : frozenset of str
        Records on which this reader is to give a second opinion: what the first said is not shown.
    """
    rows = [row for row in reversed(log.rows) if not row.undoes]
    if not rows:
        return
    st.header(_("Decided"))
    titles = _titles(queue, {row.record_id for row in rows[:_LISTED]})
    own = log.latest_of_session(window())
    if own is not None and people.may(Role.REVIEWER):
        st.button(
            _("Undo my last decision"),
            key=f"undo-{own.id}",
            icon=":material/undo:",
            shortcut="u",
            disabled=early,
            help=f"“{escape(titles.get(own.record_id, '')[:80])}”: {escape(own.label)}",
            on_click=_undo,
            args=(queue.scored, own.id),
        )
    show_table(
        _history(queue, log, rows[:_LISTED], titles, hidden),
        columns={
            # In a window of 1,280 pixels all but note and record number stand side by side.
            "title": st.column_config.TextColumn(width=240),
            "decided": st.column_config.TextColumn(width=95),
            "model said": st.column_config.TextColumn(width=95),
            "by": st.column_config.TextColumn(width=175),
            "when": st.column_config.TextColumn(_("when (UTC)"), width=140),
            "state": st.column_config.TextColumn(width=145),
        },
        alt=_("Decisions, the latest first"),
    )
    if len(rows) > _LISTED:
        st.caption(_("The latest {listed} of {rows:,} are shown; the file holds all.", listed=_LISTED, rows=len(rows)))
    widgets.download_table(lambda: _history(queue, log, rows, None, hidden), "decisions")
    if people.may():
        _offer_labels(queue)
        offer_retraining(queue.scored)
    if people.may(Role.REVIEWER):
        _take_back(queue, [row for row in rows if row.is_active and row.record_id not in hidden])


def _offer_labels(queue: ReviewQueue) -> None:
    """Make a label set of what was decided, with which a model can be trained and checked."""
    if st.button(
        _("Make these decisions a label set"),
        key="review-labels",
        icon=":material/label:",
        help=_("Books that were drawn by lot keep their chances, so that a promise can rest on them."),
    ):
        report = labels_from_decisions(cache.workspace(), queue.scored.name)
        st.success(_("Kept as the label set “{report}”.", report=escape(report.name)), icon=":material/check_circle:")
        feedback.show_sentences(*report.warnings)
        navigation.links_to("Models", _("Train a model with it"))
        navigation.links_to("Thresholds", _("Check these predictions against it"))


def _titles(queue: ReviewQueue, wanted: set[str]) -> dict[str, str]:
    known = [name for name in wanted if name in queue.positions]
    titles = queue.scored.table[TITLE].iloc[[queue.positions[name] for name in known]]
    return dict(zip(known, titles.tolist(), strict=True))


def _history(
    queue: ReviewQueue,
    log: DecisionLog,
    rows: Sequence[Decision],
    titles: Mapping[str, str] | None,
    hidden: frozenset[str],
) -> pd.DataFrame:
    titles = _titles(queue, {row.record_id for row in rows}) if titles is None else titles
    by_id = {row.id: row for row in log.rows}
    return pd.DataFrame(
        [
            {
                "title": titles.get(row.record_id, ""),
                "decided": _(_HIDDEN) if row.record_id in hidden else answer_words(row.label),
                "model said": row.old,
                "by": reviewer_label(row),
                "when": row.when.removesuffix(" UTC"),
                "state": _state(row, log, by_id),
                "note": "" if row.record_id in hidden else row.note,
                "record": row.record_id,
            }
            for row in rows
        ]
    )


def _state(row: Decision, log: DecisionLog, by_id: Mapping[int, Decision]) -> str:
    if row.undone_by:
        return _("taken back {reviewer_label}", reviewer_label=reviewer_label(by_id[row.undone_by], by=True))
    holding = log.current.get(row.record_id)
    if holding is not None and holding.id == row.id:
        return _("holds, decided blind") if row.blind else _("holds")
    if row.record_id in log.disputes and row.id in _ids(log, row.record_id):
        return _("waits for a third")
    if row.second:
        return _("second opinion")
    return _("a later one holds")


def _ids(log: DecisionLog, record_id: str) -> tuple[int, int]:
    pair = log.disputes[record_id]
    return pair.first.id, pair.second.id


def _take_back(queue: ReviewQueue, standing: list[Decision]) -> None:
    """Let any decision be taken back by its number, whoever made it."""
    if not standing:
        return
    with st.expander(_("Take back another decision"), icon=":material/history:"):
        words = (
            st.text_input(_("Words of its title, its record or its reviewer"), key="decision_words").casefold().split()
        )
        offered = standing if words else standing[:_LISTED]
        titles = _titles(queue, {row.record_id for row in offered})
        descriptions = {
            row.id: (
                f"{titles.get(row.record_id, '')[:70]} ({row.record_id}): {answer_words(row.label)},"
                f" {reviewer_label(row)}, {row.when}"
            )
            for row in offered
        }
        fitting = [id_ for id_, text in descriptions.items() if all(word in text.casefold() for word in words)]
        if not fitting:
            st.markdown(_("No decision fits these words."))
            return
        chosen = st.selectbox(
            _("Decision"), fitting[:_LISTED], format_func=descriptions.__getitem__, key="decision_chosen"
        )
        count = len(fitting) if words else len(standing)
        if count > _LISTED:
            st.caption(
                _(
                    "The latest {listed} of {count:,} are offered; type words to find others.",
                    listed=_LISTED,
                    count=count,
                )
            )
        st.button(
            _("Take this decision back"),
            key=f"take-back-{chosen}",
            icon=":material/undo:",
            on_click=_undo,
            args=(queue.scored, chosen),
        )


def _undo(scored: Scored, decision: int) -> None:
    """Take back the decision the button was drawn for."""
    desk = review_state(scored.predictions)
    try:
        row = undo_decision(
            cache.workspace().database,
            scored.predictions,
            decision,
            sources=scored.decided_before,
            by=reviewer_name(),
            session=window(),
        )
    except ColophonError as error:
        desk.notices = [translate(error.on_page)]
    else:
        desk.record, desk.again, desk.last_answer = row.record_id, False, ""
        desk.notices = [
            _(
                "Taken back: “{label}”, decided {reviewer_label}.",
                label=answer_words(row.label),
                reviewer_label=reviewer_label(row, by=True),
            )
        ]
