"""The desk of the Review page: one record at a time, a button and a key for each answer, every answer written at once.

A record stays on its reader's screen until that reader moves on. Buttons carry its identifier and not a place in a
list: whoever presses decides what stood on the screen, or nothing.
"""

import contextlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

import pandas as pd
import streamlit as st

from core.corpus import book_link, link_pattern, save_link_pattern
from core.database import claim_next, release_claim
from core.errors import ColophonError, InputError, StorageError
from core.facets import shown_value
from core.people import Role
from core.predictions import Scored, load_predictions
from core.review import (
    CANNOT_TELL,
    BatchReport,
    ConcurrentDecisionError,
    Decision,
    DecisionLog,
    OpinionPair,
    record_decision,
)
from core.review_queue import ORDERS, Order, Reason, ReviewQueue, ReviewReason, WaitingList
from core.review_workbook import RefusedRow
from core.schema import AUTHOR, CONFIDENCE, DATE, LANGUAGE, PLACE, PREDICTED, PUBLISHER, RECORD_ID, TITLE
from core.translation import _, noop, translate
from core.wording.evaluation import words_for_and_against
from core.wording.review import ORDER_NAMES, REASON_NAMES, reason_sentence
from dashboard import cache, feedback, language, navigation, people, widgets
from dashboard.feedback import escape, percent

__all__ = [
    "ReviewState",
    "answer_words",
    "choose_order",
    "review_state",
    "reviewer_label",
    "reviewer_name",
    "show_desk",
    "show_record_help",
    "too_early",
    "window",
]


# --- What one browser window is looking at on the Review page, and who sits before it ---------------------------------

_TRAIL: Final = 100


@dataclass(kw_only=True)
class ReviewState:
    """What one browser window is looking at; it lives as long as the window.

    Attributes
    ----------
    predictions : str
        Fingerprint of the predictions it is about.
    record : str
        The record on the screen; it stays there until its reader moves on, whatever others do meanwhile.
    again : bool
        Whether the reader chose to decide a decided record once more.
    skipped : set of str
    trail : list of str
        The records that were on the screen before, the latest last: to go back to.
    ready : str
        The record that has stood on the screen long enough to be decided.
    explained : str
        The record whose words the reader asked to see.
    drawing : bool
        Whether the page is being drawn as a whole just now.
    written : int
        The number of the last decision made here; a run of the page that read the log before it is out of date.
    last_answer : str
        What was said of the book before, and by the model.
    notices : list of str
        To be said once.
    listed : tuple of str
        The records in the table of many; from which place of the queue on, what was decided when they were listed, and
        how often they were listed anew stand in the next three.
    report, refused
        What became of answers that came at once, to be said once.
    """

    predictions: str
    record: str = ""
    again: bool = False
    skipped: set[str] = field(default_factory=set)
    trail: list[str] = field(default_factory=list)
    ready: str = ""
    explained: str = ""
    drawing: bool = False
    written: int = 0
    last_answer: str = ""
    notices: list[str] = field(default_factory=list)
    listed: tuple[str, ...] = ()
    listed_from: int = 0
    listed_seen: int = 0
    listed_turn: int = 0
    report: BatchReport | None = None
    refused: tuple[RefusedRow, ...] = ()

    def leave(self) -> None:
        """Go from the record on the screen to the next."""
        if self.record:
            self.trail = [*(name for name in self.trail if name != self.record), self.record][-_TRAIL:]
        self.record, self.again = "", False


def review_state(predictions: str) -> ReviewState:
    """Return what this window is looking at."""
    desk = st.session_state.get(navigation.DESK)
    if not isinstance(desk, ReviewState) or desk.predictions != predictions:
        desk = st.session_state[navigation.DESK] = ReviewState(predictions=predictions)
    return desk


def window() -> str:
    """Return what stands for this browser window in the decisions made in it."""
    return str(st.session_state.setdefault(navigation.WINDOW, uuid.uuid4().hex))


def reviewer_name() -> str:
    """Return the name of whoever decides in this window, '' for none."""
    return people.current_person().name


def answer_words(label: str) -> str:
    """Return an answer as the reader's language has it; a class is called what the library calls it."""
    return _(label) if label == CANNOT_TELL else label


def reviewer_label(row: Decision, *, by: bool = False) -> str:
    """Return who made a decision, as the reader knows them; with `by`, as the end of "taken back by"."""
    if row.session and row.session == window():
        return _("by you") if by else _("you")
    name = row.by or _("somebody without a name")
    return _("by {name}", name=name) if by else name


# --- What helps to decide about one record ----------------------------------------------------------------------------
#
# What helps to decide about one record: the whole of it, similar checked titles, the words that speak, the book.

_SIMILAR: Final = 3
_LEAST_SIMILAR: Final = 0.05
_LONGEST: Final = 600
_TITLE: Final = 46


def show_record_help(scored: Scored, queue: ReviewQueue, record: pd.Series, desk: ReviewState, *, blind: bool) -> None:
    """Show what helps to decide about a record.

    Parameters
    ----------
    blind : bool
        Whether what the model says is hidden: then its words are too.
    """
    record_id = str(record[RECORD_ID])
    originals = cache.originals("predictions", scored.predictions)
    filled = _filled(originals, queue, record_id)
    _show_link(filled, record_id)
    _show_similar(scored, record)
    if not blind:
        _show_words(scored, record, desk)
    with st.expander(_("The whole record"), icon=":material/article:"):
        st.markdown("  \n".join(f"**{escape(name)}:** {escape(value[:_LONGEST])}" for name, value in filled.items()))
        _ask_link_pattern()


def _filled(originals: pd.DataFrame, queue: ReviewQueue, record_id: str) -> dict[str, str]:
    """Return the original columns of a record that hold something."""
    rows = queue.scored.table.index
    row = int(rows[queue.positions[record_id]])
    if row >= len(originals):
        return {}
    return {str(name): str(value) for name, value in originals.iloc[row].items() if str(value).strip()}


def _show_link(filled: dict[str, str], record_id: str) -> None:
    database = cache.workspace().database
    pattern = link_pattern(database)
    address = book_link(filled, record_id, pattern)
    if address:
        st.link_button(_("Read the digitised book"), address, icon=":material/open_in_new:", type="tertiary")


def _ask_link_pattern() -> None:
    """Ask for the pattern of the library's addresses, kept in the workspace."""
    if not people.may():
        return
    database = cache.workspace().database
    known = link_pattern(database)
    typed = st.text_input(
        _("Where your digitised books are read"),
        value=known,
        key="book_pattern",
        placeholder="https://books.example/{identifier}",
        help=_(
            "The address of a book, with {identifier}, or a column's name in such brackets, where its number stands."
            " Without one, a link in the record itself is shown."
        ),
    )
    if typed.strip() != known:
        try:
            save_link_pattern(database, typed)
        except InputError as error:
            st.warning(feedback.from_core(error.on_page), icon=":material/help:")


def _show_similar(scored: Scored, record: pd.Series) -> None:
    """Show the checked titles most like this one, with what people said of them."""
    nearest = cache.checked_titles(scored).nearest(str(record[TITLE]), _SIMILAR + 1)
    nearest = nearest[(nearest[RECORD_ID] != record[RECORD_ID]) & (nearest["similarity"] >= _LEAST_SIMILAR)]
    if nearest.empty:
        return
    st.markdown(_("**Similar titles**"))
    st.markdown(
        "\n".join(
            f"- {escape(_shortened(str(row.title)))} → **{escape(str(row.label))}**"
            for row in nearest.head(_SIMILAR).itertuples()
        )
    )


def _shortened(title: str) -> str:
    return title if len(title) <= _TITLE else f"{title[:_TITLE].rsplit(' ', 1)[0]} …"


def _show_words(scored: Scored, record: pd.Series, desk: ReviewState) -> None:
    """Show the words for and against what the model says, at once where that is cheap, else when asked for."""
    name = load_predictions(cache.workspace(), scored.name).manifest.model
    known = {model.name: model.manifest.kind for model in cache.models()}
    record_id, title = str(record[RECORD_ID]), str(record[TITLE])
    if name not in known or not title:
        return
    if known[name] != "tfidf" and desk.explained != record_id:
        st.button(
            _("Show the words that speak for and against (some seconds)"),
            key=f"words-{record_id}",
            type="tertiary",
            icon=":material/search_insights:",
            on_click=_explain,
            args=(desk, record_id),
        )
        return
    try:
        explanation = cache.explanation(name, cache.text_of(name, scored.name, record_id, title))
    except ColophonError as error:  # the book can be decided without it
        st.caption(feedback.from_core(error.on_page))
        return
    feedback.show_sentences(words_for_and_against(explanation, explanation.class_name))


def _explain(desk: ReviewState, record_id: str) -> None:
    desk.explained = record_id


# --- The desk of the Review page --------------------------------------------------------------------------------------
#
# The desk of the Review page: one record at a time, a button and a key for each answer, every answer written at once.

# So long a book stands on the screen before it can be decided: a key pressed twice was meant for the book before it.
LEAST_SECONDS = 0.8
# Among so many of the next records one is looked for that nobody holds.
_CLAIMED_AMONG: Final = 50
# Above so many classes, answers are chosen from a list.
_MOST_BUTTONS: Final = 9
_STYLE: Final = "<style>.st-key-review-title h3 { font-size: 1.6rem; line-height: 1.25; }</style>"
# N goes to the note. Enter and Escape leave it, so that the next key answers again. It reads nothing of the record.
_NOTE_KEY: Final = """<script>
if (!window.colophonNoteKey) {
  window.colophonNoteKey = true;
  document.addEventListener("keydown", (event) => {
    const note = document.querySelector('[class*="st-key-note-"] input');
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) || event.target.isContentEditable;
    if (note && event.target === note && (event.key === "Escape" || event.key === "Enter")) {
      setTimeout(() => note.blur(), 0);
    } else if (note && !typing && event.key === "n" && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      note.focus();
    }
  });
}
</script>"""


def choose_order(scored: Scored, queue: ReviewQueue) -> tuple[str, ...]:
    """Draw the choice of books and their order, kept in the address, and return the records in that order."""
    with st.expander(_("Books and order"), icon=":material/sort:"):
        left, right = st.columns(2)
        chosen = language.choose(
            left.selectbox,
            _("Order"),
            [order.value for order in ORDERS],
            format_func=lambda name: _(ORDER_NAMES[Order(name)]),
            key=navigation.REVIEW_ORDER,
            help=_(
                "What brings the promise soonest: books drawn by lot, then what was sent here, then the books closest"
                " below their cut-off."
            ),
        )
        reasons = language.choose(
            right.multiselect,
            _("Why they wait"),
            [reason.value for reason in queue.counts],
            format_func=lambda name: _(REASON_NAMES[Reason(name)]),
            key=navigation.REVIEW_REASONS,
            placeholder=_("whatever the reason"),
            default=[],
        )
        seed = 0
        if chosen == Order.RANDOM:
            seed = int(
                left.number_input(_("Shuffle number"), 0, 9999, key=navigation.REVIEW_SEED, bind="query-params", step=1)
            )
    return cache.review_order(scored, Order(chosen), seed, tuple(Reason(name) for name in reasons))


def too_early(desk: ReviewState) -> bool:
    """Whether the record on the screen cannot be decided yet."""
    return bool(desk.record) and desk.ready != desk.record and LEAST_SECONDS > 0


def show_desk(scored: Scored, queue: ReviewQueue, waiting: WaitingList, log: DecisionLog) -> None:
    """Show the record on this reader's desk, what helps to decide, and a button for each answer."""
    desk = review_state(scored.predictions)
    desk.drawing = True
    for notice in desk.notices:
        st.warning(escape(notice), icon=":material/pan_tool:")
    desk.notices = []
    record = _record(scored, queue, waiting, log, desk)
    if record is not None:
        _show_record(scored, queue, waiting, log, record, desk)
        st.html(_NOTE_KEY, unsafe_allow_javascript=True)
    desk.drawing = False


def _show_record(
    scored: Scored, queue: ReviewQueue, waiting: WaitingList, log: DecisionLog, record: pd.Series, desk: ReviewState
) -> None:
    record_id = str(record[RECORD_ID])
    wants_answer = record_id in waiting.second or record_id in waiting.disputed
    earlier = None if wants_answer else log.current.get(record_id)
    dispute = None if wants_answer else log.disputes.get(record_id)
    early = too_early(desk)
    st.html(_STYLE)
    left, right = st.columns([3, 2], gap="medium")
    with left, st.container(border=True):
        hidden = st.toggle(
            _("Hide what the model says"),
            key=navigation.HIDE_MODEL,
            bind="query-params",
            help=_(
                "Until you have answered. A blind check: your answer is kept with the remark that you did not see the"
                " model's."
            ),
        )
        blind = hidden and earlier is None and dispute is None
        with st.container(key="review-title"):
            st.markdown(f"### {escape(record[TITLE]) or _('(no title)')}")
        facts = [
            shown_value(key, str(record[key])) for key in (AUTHOR, DATE, PLACE, PUBLISHER, LANGUAGE) if record[key]
        ]
        st.caption(escape(" · ".join([*facts, _("record {record_id}", record_id=record_id)])))
        says = _(
            "The model says **{record}**, {record_2} sure.",
            record=escape(record[PREDICTED]) or _("nothing"),
            record_2=percent(record[CONFIDENCE]),
        )
        if earlier is not None:
            st.markdown(f"{says} **{escape(_decision_text(earlier))}**")
        elif dispute is not None:
            st.markdown(f"{says} **{escape(_dispute_text())}**")
        else:
            why = _why(queue, waiting, record_id, blind=blind)
            st.markdown(
                _("{part} It waits because {why}.", part="" if blind else says, why=escape("; ".join(why))).strip()
            )
            if record_id in waiting.disputed:
                st.markdown(f"**{escape(_answers_text(log.disputes[record_id]))}**")
        if (earlier is not None or dispute is not None) and not desk.again:
            _go_on(scored, record_id, can_decide=dispute is None)
        elif people.allowed(_("decide"), Role.REVIEWER):
            decision_args = (str(record[PREDICTED]), log.newest, record_id in waiting.second, blind)
            _answers(scored, record, decision_args, early=early, can_go_back=bool(desk.trail))
        if desk.last_answer:
            st.caption(escape(desk.last_answer))
    with right:
        show_record_help(scored, queue, record, desk, blind=blind)
    if early:
        _become_ready(scored.predictions, record_id)


def _why(queue: ReviewQueue, waiting: WaitingList, record_id: str, *, blind: bool) -> list[str]:
    reasons: Sequence[ReviewReason] = queue.reasons(record_id)
    if record_id in waiting.disputed:
        reasons = [ReviewReason(kind=Reason.DISPUTED)]
    elif record_id in waiting.second:
        reasons = [ReviewReason(kind=Reason.SECOND)]
    return [reason_sentence(reason, blind=blind) for reason in reasons] or [_("you went back to it")]


@st.fragment(run_every=LEAST_SECONDS)
def _become_ready(predictions: str, record_id: str) -> None:
    """Let a record be decided once the browser that shows it has asked again.

    The browser counts the time, from when it has received the record: the server cannot know how late a press or a
    page was on its way.
    """
    desk = review_state(predictions)
    if not desk.drawing and desk.record == record_id:  # one that was drawn for the record before says nothing of this
        desk.ready = record_id
        st.rerun()


def _record(
    scored: Scored, queue: ReviewQueue, waiting: WaitingList, log: DecisionLog, desk: ReviewState
) -> pd.Series | None:
    """Return the record to show: the one on the desk while it waits or was decided, else the next.

    At a press Streamlit begins a new run while the one before is still on its way to its end. That one read the log
    before the decision, and would put the book that has just been decided back on the desk.
    """
    if not desk.record and log.newest < desk.written:
        st.stop()
    known = (
        desk.record in waiting.record_ids
        or desk.record in log.current
        or desk.record in log.disputes
        or desk.record in desk.trail
    )
    if not known or desk.record not in queue.positions:
        desk.record, desk.again = _next_record(scored, waiting, log, desk), False
    return scored.table.iloc[queue.positions[desk.record]] if desk.record else None


def _next_record(scored: Scored, waiting: WaitingList, log: DecisionLog, desk: ReviewState) -> str:
    """Return the next record that waits and that no other reader has before them, '' where none waits."""
    # Of tens of thousands only the first are looked at: this is done at each key.
    left = list(islice((name for name in waiting.record_ids if name not in desk.skipped), _CLAIMED_AMONG))
    if not left:
        desk.skipped.clear()
        left = list(waiting.record_ids[:_CLAIMED_AMONG])
    if not left or left[0] in waiting.second or left[0] in waiting.disputed:
        return left[0] if left else ""
    wanted = [name for name in left if name not in log.current]
    place = cache.workspace().database
    try:
        free = claim_next(place, scored.predictions, wanted, holder=window())
    except StorageError:  # where nothing can be written, records can be looked at all the same
        free = None
    return free or left[0]


def _answers(
    scored: Scored, record: pd.Series, decision_args: tuple[str, int, bool, bool], *, early: bool, can_go_back: bool
) -> None:
    record_id = str(record[RECORD_ID])
    many = len(scored.classes) > _MOST_BUTTONS
    if many:
        _choose_answer(scored, record, decision_args)
    answers = [CANNOT_TELL] if many else [*scored.classes, CANNOT_TELL]
    with st.container(horizontal=True, gap="small"):
        for number, answer in enumerate(answers, start=1):
            st.button(
                escape(answer_words(answer)),
                key=f"answer-{number}-{record_id}",
                shortcut="t" if answer == CANNOT_TELL else str(number),
                disabled=early,
                on_click=_answer,
                args=(scored.name, scored.predictions, record_id, answer, *decision_args),
            )
    st.text_input(_("Note (optional)"), key=f"note-{record_id}")
    with st.container(horizontal=True, gap="small"):
        for label, shortcut, action in ((noop("Skip"), "s", _skip), (noop("Back"), "b", _go_back)):
            st.button(
                _(label),
                key=f"{label.lower()}-{record_id}",
                shortcut=shortcut,
                type="tertiary",
                disabled=label == "Back" and not can_go_back,
                on_click=action,
                args=(scored.predictions, record_id),
            )
    last = len(scored.classes)
    numbers = {1: "1", 2: _("1 and 2")}.get(last) or _("1 to {last}", last=last)
    keys = _("T can't tell") if many else _("{numbers} the classes · T can't tell", numbers=numbers)
    st.caption(_("Keys: {keys} · S skip · N to the note, Enter leaves it · B back · U undo", keys=keys))


def _choose_answer(scored: Scored, record: pd.Series, decision_args: tuple[str, int, bool, bool]) -> None:
    """Draw a list to search, with what the model said first, where there are too many classes for buttons."""
    record_id, predicted, blind = str(record[RECORD_ID]), str(record[PREDICTED]), decision_args[-1]
    first = [predicted] if predicted and not blind else []
    options = [*first, *(name for name in scored.classes if name not in first)]
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    chosen = left.selectbox(
        _("What it is"), options, index=None, placeholder=_("Type a part of the name"), key=f"choice-{record_id}"
    )
    right.button(
        _("Decide"),
        key=f"decide-{record_id}",
        type="primary",
        width="stretch",
        disabled=chosen is None,
        on_click=_answer,
        args=(scored.name, scored.predictions, record_id, str(chosen), *decision_args),
    )


def _answer(
    name: str, predictions: str, record_id: str, answer: str, old: str, seen: int, second: bool, blind: bool
) -> None:
    """Write what was pressed about the record the button was drawn for, unless it was decided meanwhile.

    The table is that of now: since the button was drawn, the predictions may have met their catalogue, and others may
    have decided this record by the identifier it has there.
    """
    desk = review_state(predictions)
    # In the browser the title of the next book stands before its buttons do: a key pressed in between meets those of
    # the book before, and was meant for neither.
    if desk.record != record_id or too_early(desk):
        return
    scored = cache.scored(name, widgets.chosen_labels())
    try:
        written = record_decision(
            cache.workspace().database,
            predictions,
            record_id,
            answer,
            old=old,
            note=str(st.session_state.get(f"note-{record_id}", "")),
            by=reviewer_name(),
            session=window(),
            seen=seen,
            scored=scored,
            second=second,
            blind=blind,
        )
    except ConcurrentDecisionError as error:
        if error.decision.session == window():  # a key that was pressed while the one before was still being written
            _leave_decided(desk, record_id, error.decision.id, error.decision.label, old)
            return
        desk.record, desk.again = error.decision.record_id, False
        desk.notices = [_("Your answer “{answer}” was not written: this book was decided meanwhile.", answer=answer)]
    except ColophonError as error:
        desk.record, desk.notices = record_id, [translate(error.on_page)]
    else:
        _leave_decided(desk, record_id, written, answer, old)


def _leave_decided(desk: ReviewState, record_id: str, decision: int, answer: str, old: str) -> None:
    """Go on from a book that was decided here, unless another press, which runs beside this one, has done so."""
    desk.written = max(desk.written, decision)  # before the desk is cleared: see _record
    if desk.record == record_id:
        desk.leave()
    desk.last_answer = _("The book before: you said “{answer}”", answer=answer) + (
        _(", the model “{old}”.", old=old) if old else "."
    )


def _skip(predictions: str, record_id: str) -> None:
    desk = review_state(predictions)
    desk.skipped.add(record_id)
    desk.leave()
    desk.last_answer = ""
    with contextlib.suppress(StorageError):
        release_claim(cache.workspace().database, predictions, record_id, holder=window())


def _go_back(predictions: str, record_id: str) -> None:
    """Put the record that was on the screen before on it again."""
    desk = review_state(predictions)
    if desk.trail:
        desk.record, desk.again, desk.last_answer = desk.trail.pop(), False, ""


def _go_on(scored: Scored, record_id: str, *, can_decide: bool) -> None:
    """Offer the two ways from a book that was decided."""
    left, right = st.columns(2)
    left.button(
        _("Go on to the next book"),
        key=f"next-{record_id}",
        type="primary",
        width="stretch",
        icon=":material/arrow_forward:",
        shortcut="s",
        on_click=_skip,
        args=(scored.predictions, record_id),
    )
    if can_decide:
        right.button(
            _("Decide it again"),
            key=f"again-{record_id}",
            width="stretch",
            help=_("Your answer will then hold; the earlier one stays in the list below."),
            on_click=_again,
            args=(scored.predictions, record_id),
        )


def _again(predictions: str, record_id: str) -> None:
    desk = review_state(predictions)
    desk.record, desk.again = record_id, True


def _decision_text(row: Decision) -> str:
    mine = row.session and row.session == window()
    if mine:
        return _("You decided it: “{label}”, {when}.", label=answer_words(row.label), when=row.when)
    return _(
        "It was decided meanwhile: “{label}”, {reviewer_label}, {when}.",
        label=answer_words(row.label),
        reviewer_label=reviewer_label(row, by=True),
        when=row.when,
    )


def _dispute_text() -> str:
    return _("Two people gave different answers. It waits for a third, and nothing is exported for it until then.")


def _answers_text(pair: OpinionPair) -> str:
    first, second = pair.first, pair.second
    return _(
        "“{label}”, says {reviewer_label}; “{label_2}”, says {reviewer_label_2}.",
        label=first.label,
        reviewer_label=reviewer_label(first),
        label_2=second.label,
        reviewer_label_2=reviewer_label(second),
    )
