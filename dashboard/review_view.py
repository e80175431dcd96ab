"""Pieces of the Review page: one record with its choices, what was decided, undo.

Every button carries the record it was drawn for (or the number of the decision it takes back), never a place in a list:
whoever presses decides what stood on the screen, or nothing.
"""

import uuid
from dataclasses import dataclass, field
from typing import Final

import pandas as pd
import streamlit as st

from core.errors import ColophonError
from core.predictions import Scored
from core.review import (
    CANNOT_TELL,
    ConcurrentDecisionError,
    Decision,
    DecisionLog,
    record_decision,
    undo_decision,
)
from core.schema import AUTHOR, CONFIDENCE, DATE, LANGUAGE, PLACE, PREDICTED, PUBLISHER, RECORD_ID, TITLE
from dashboard import cache, navigation, widgets
from dashboard.feedback import count, escape, percent
from dashboard.tables import show_table

__all__ = ["decided", "progress_sentence", "reviewer", "show_record"]

# So long a book stands on the screen before it can be decided: a key pressed twice was meant for the book before it.
LEAST_SECONDS = 0.8
_LISTED: Final = 200
_NAME: Final = "reviewer"
# Above so many classes, answers are chosen from a list.
_MOST_BUTTONS: Final = 9


@dataclass(kw_only=True)
class _ReviewState:
    """What one browser window is looking at; it lives as long as the window.

    Attributes
    ----------
    predictions : str
        Fingerprint of the predictions it is about.
    record : str
        The record on the screen; it stays there until its reader moves on, whatever others do meanwhile.
    again : bool
        Whether the reader chose to decide a decided record once more.
    ready : str
        The record that has stood on the screen long enough to be decided.
    drawing : bool
        Whether the page is being drawn as a whole just now.
    """

    predictions: str
    record: str = ""
    again: bool = False
    skipped: set[str] = field(default_factory=set)
    ready: str = ""
    drawing: bool = False
    notices: list[str] = field(default_factory=list)

    @property
    def too_early(self) -> bool:
        """Whether the record on the screen cannot be decided yet."""
        return bool(self.record) and self.ready != self.record and LEAST_SECONDS > 0


def _review_state(predictions: str) -> _ReviewState:
    desk = st.session_state.get(navigation.DESK)
    if not isinstance(desk, _ReviewState) or desk.predictions != predictions:
        desk = st.session_state[navigation.DESK] = _ReviewState(predictions=predictions)
    return desk


def _window() -> str:
    """Return what stands for this browser window in the decisions made in it."""
    return str(st.session_state.setdefault(navigation.WINDOW, uuid.uuid4().hex))


def _name() -> str:
    return str(st.session_state.get(_NAME, st.session_state.get(navigation.REVIEWER, ""))).strip()


def progress_sentence(waiting: int, done: int) -> str:
    """Say how much is done and how much is left."""
    return f"{count(done, 'book')} decided, {waiting:,} waiting."


def reviewer() -> None:
    """Ask for the reviewer's name: it is kept with each decision, and may stay empty."""
    # A widget's own state is dropped when its page is left; the name is wanted again.
    st.session_state.setdefault(_NAME, st.session_state.get(navigation.REVIEWER, ""))
    st.session_state[navigation.REVIEWER] = st.text_input(
        "Your name (may stay empty)",
        key=_NAME,
        max_chars=80,
        help="Kept in this workspace with each of your decisions, so that others can ask you. It is not exported.",
    )


def show_record(scored: Scored, waiting: pd.DataFrame, log: DecisionLog) -> None:
    """Show the record on this reader's desk and a button for each answer; every answer is written at once."""
    desk = _review_state(scored.predictions)
    desk.drawing = True
    for notice in desk.notices:
        st.warning(escape(notice), icon=":material/pan_tool:")
    desk.notices = []
    record = _record(scored, waiting, log, desk)
    if record is None:
        desk.drawing = False
        return
    record_id = str(record[RECORD_ID])
    earlier = log.current.get(record_id)
    with st.container(border=True):
        st.markdown(f"### {escape(record[TITLE]) or '(no title)'}")
        facts = [str(record[key]) for key in (AUTHOR, DATE, PLACE, PUBLISHER, LANGUAGE) if record[key]]
        st.caption(escape(" · ".join([*facts, f"record {record_id}"])))
        says = f"The model says **{escape(record[PREDICTED]) or 'nothing'}**, {percent(record[CONFIDENCE])} sure."
        if earlier is None:
            st.markdown(f"{says} It waits here because: {escape(record['reason'])}.")
        else:
            st.markdown(f"{says} **{escape(_decision_text(earlier))}**")
        if earlier is not None and not desk.again:
            _go_on(scored, record_id)
        else:
            _answers(scored, record, log.newest, early=desk.too_early)
    if desk.too_early:
        _become_ready(scored.predictions, record_id)
    desk.drawing = False


@st.fragment(run_every=LEAST_SECONDS)
def _become_ready(predictions: str, record_id: str) -> None:
    """Let a record be decided once the browser that shows it has asked again.

    The browser counts the time, from when it has received the record: the server cannot know how late a press or a
    page was on its way.
    """
    desk = _review_state(predictions)
    if not desk.drawing:
        desk.ready = record_id
        st.rerun()


def _record(scored: Scored, waiting: pd.DataFrame, log: DecisionLog, desk: _ReviewState) -> pd.Series | None:
    """Return the record to show: the one on the desk while it can be decided or was decided, else the next."""
    ids = waiting[RECORD_ID]
    if desk.record and (ids == desk.record).any():
        return waiting[ids == desk.record].iloc[0]
    if desk.record in log.current and (scored.table[RECORD_ID] == desk.record).any():
        return scored.table[scored.table[RECORD_ID] == desk.record].iloc[0]
    desk.again = False
    if waiting.empty:
        desk.record = ""
        return None
    left = waiting[~ids.isin(desk.skipped)]
    if left.empty:
        desk.skipped.clear()
        left = waiting
    desk.record = str(left.iloc[0][RECORD_ID])
    return left.iloc[0]


def _answers(scored: Scored, record: pd.Series, newest: int, *, early: bool) -> None:
    record_id = str(record[RECORD_ID])
    note = f"note-{record_id}"
    decision_args = (str(record[PREDICTED]), newest, note)
    many = len(scored.classes) > _MOST_BUTTONS
    answers = [CANNOT_TELL] if many else [*scored.classes, CANNOT_TELL]
    if many:
        _choose_answer(scored, record, decision_args)
    columns = st.columns(len(answers) + 1)
    st.text_input("Note (optional)", key=note)
    for number, (column, answer) in enumerate(zip(columns, answers, strict=False), start=1):
        column.button(
            escape(answer),
            key=f"answer-{number}-{record_id}",
            shortcut=str(number) if number < 10 and not many else None,
            width="stretch",
            disabled=early,
            on_click=_answer,
            args=(scored.name, scored.predictions, record_id, answer, *decision_args),
        )
    columns[-1].button(
        "Skip",
        key=f"skip-{record_id}",
        shortcut="s",
        width="stretch",
        on_click=_skip,
        args=(scored.predictions, record_id),
    )


def _choose_answer(scored: Scored, record: pd.Series, decision_args: tuple[str, int, str]) -> None:
    """Draw a list to search, with what the model said first, where there are too many classes for buttons."""
    record_id, predicted = str(record[RECORD_ID]), str(record[PREDICTED])
    options = [*([predicted] if predicted else []), *(name for name in scored.classes if name != predicted)]
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    chosen = left.selectbox(
        "What it is", options, index=None, placeholder="Type a part of the name", key=f"choice-{record_id}"
    )
    right.button(
        "Decide",
        key=f"decide-{record_id}",
        type="primary",
        width="stretch",
        disabled=chosen is None,
        on_click=_answer,
        args=(scored.name, scored.predictions, record_id, str(chosen), *decision_args),
    )


def _answer(name: str, predictions: str, record_id: str, answer: str, old: str, seen: int, note: str) -> None:
    """Write what was pressed about the record the button was drawn for, unless it was decided meanwhile.

    The table is that of now: since the button was drawn, the predictions may have met their catalogue, and others may
    have decided this record by the identifier it has there.
    """
    desk = _review_state(predictions)
    if desk.record == record_id and desk.too_early:
        return
    try:
        record_decision(
            cache.workspace().database,
            predictions,
            record_id,
            answer,
            old=old,
            note=str(st.session_state.get(note, "")),
            by=_name(),
            session=_window(),
            seen=seen,
            scored=cache.scored(name, widgets.chosen_labels()),
        )
    except ConcurrentDecisionError as error:
        if error.decision.session == _window() and error.decision.label == answer:  # one key, pressed twice
            desk.record, desk.again = "", False
            return
        desk.record, desk.again = error.decision.record_id, False
        desk.notices = [f"Your answer “{answer}” was not written: this book was decided meanwhile."]
    except ColophonError as error:
        desk.record, desk.notices = record_id, [str(error)]
    else:
        desk.record, desk.again = "", False


def _skip(predictions: str, record_id: str) -> None:
    desk = _review_state(predictions)
    desk.skipped.add(record_id)
    desk.record, desk.again = "", False


def _go_on(scored: Scored, record_id: str) -> None:
    """Offer the two ways from a book that was decided meanwhile."""
    left, right = st.columns(2)
    left.button(
        "Go on to the next book",
        key=f"next-{record_id}",
        type="primary",
        width="stretch",
        icon=":material/arrow_forward:",
        on_click=_skip,
        args=(scored.predictions, record_id),
    )
    right.button(
        "Decide it again",
        key=f"again-{record_id}",
        width="stretch",
        help="Your answer will then hold; the earlier one stays in the list below.",
        on_click=_again,
        args=(scored.predictions, record_id),
    )


def _again(predictions: str, record_id: str) -> None:
    desk = _review_state(predictions)
    desk.record, desk.again = record_id, True


def decided(scored: Scored, log: DecisionLog) -> None:
    """Show every decision with who made it; one's own last can be taken back at once, any other by choosing it."""
    rows = [row for row in reversed(log.rows) if not row.undoes]
    if not rows:
        return
    st.header("Decided")
    ids = scored.table[RECORD_ID]
    wanted = {row.record_id for row in rows}
    titles = dict(zip(ids[ids.isin(wanted)], scored.table[TITLE][ids.isin(wanted)], strict=True))
    own = log.latest_of_session(_window())
    if own is not None:
        st.button(
            "Undo my last decision",
            key=f"undo-{own.id}",
            icon=":material/undo:",
            shortcut="u",
            disabled=_review_state(scored.predictions).too_early,
            help=f"“{escape(titles.get(own.record_id, '')[:80])}”: {escape(own.label)}",
            on_click=_undo,
            args=(scored.predictions, own.id),
        )
    by_id = {row.id: row for row in log.rows}
    holding = {row.id for row in log.current.values()}
    shown = pd.DataFrame(
        [
            {
                "title": titles.get(row.record_id, ""),
                "decided": row.label,
                "model said": row.old,
                "by": _reviewer_label(row),
                "when": row.when,
                "state": _state(row, holding, by_id),
                "note": row.note,
                "record": row.record_id,
            }
            for row in rows
        ]
    )
    show_table(
        shown.head(1000),
        columns={
            "title": st.column_config.TextColumn(width=240),
            "by": st.column_config.TextColumn(width=150),
            "when": st.column_config.TextColumn(width=165),
            "state": st.column_config.TextColumn(width=140),
        },
        alt="Decisions, the latest first",
    )
    widgets.download_table(shown, "decisions")
    _take_back(scored.predictions, [row for row in rows if row.is_active], titles)


def _take_back(predictions: str, standing: list[Decision], titles: dict[str, str]) -> None:
    """Let any decision be taken back by its number, whoever made it."""
    if not standing:
        return
    with st.expander("Take back another decision", icon=":material/history:"):
        descriptions = {
            row.id: (
                f"{titles.get(row.record_id, '')[:70]} ({row.record_id}): {row.label}, {_reviewer_label(row)},"
                f" {row.when}"
            )
            for row in standing
        }
        words = st.text_input("Words of its title, its record or its reviewer", key="decision_words").casefold().split()
        fitting = [id_ for id_, text in descriptions.items() if all(word in text.casefold() for word in words)]
        if not fitting:
            st.markdown("No decision fits these words.")
            return
        chosen = st.selectbox(
            "Decision", fitting[:_LISTED], format_func=descriptions.__getitem__, key="decision_chosen"
        )
        if len(fitting) > _LISTED:
            st.caption(f"The latest {_LISTED} of {len(fitting):,} are offered; type words to find others.")
        st.button(
            "Take this decision back",
            key=f"take-back-{chosen}",
            icon=":material/undo:",
            on_click=_undo,
            args=(predictions, chosen),
        )


def _undo(predictions: str, decision: int) -> None:
    """Take back the decision the button was drawn for."""
    desk = _review_state(predictions)
    try:
        row = undo_decision(cache.workspace().database, predictions, decision, by=_name(), session=_window())
    except ColophonError as error:
        desk.notices = [str(error)]
    else:
        desk.record, desk.again = row.record_id, False
        desk.notices = [f"Taken back: “{row.label}”, decided {_reviewer_label(row, 'by ')}."]


def _reviewer_label(row: Decision, before: str = "") -> str:
    """Return who made a decision, as the reader knows them."""
    if row.session and row.session == _window():
        return f"{before}you"
    return f"{before}{row.by}" if row.by else f"{before}somebody without a name"


def _decision_text(row: Decision) -> str:
    return f"It was decided meanwhile: “{row.label}”, {_reviewer_label(row, 'by ')}, {row.when}."


def _state(row: Decision, holding: set[int], by_id: dict[int, Decision]) -> str:
    if row.undone_by:
        return f"taken back {_reviewer_label(by_id[row.undone_by], 'by ')}"
    return "holds" if row.id in holding else "a later one holds"
