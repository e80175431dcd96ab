"""What was decided on the Review page: progress, many books at once, history, second opinions, training again."""

import io
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pandas as pd
import streamlit as st

from core.errors import ColophonError, InputError
from core.formatting import in_percent, upper_percent
from core.guarantees import saved_policies
from core.people import Role
from core.predictions import Scored, load_predictions
from core.retraining import BeforeAfter, check_retrainable, labels_from_decisions, retrained
from core.review import (
    CANNOT_TELL,
    Answer,
    BatchReport,
    Decision,
    DecisionLog,
    OpinionPair,
    decisions_for_scored,
    record_answers,
    undo_decision,
)
from core.review_queue import ReviewQueue, WaitingList, pace_of, promise_progress
from core.review_workbook import read_review_workbook, write_review_workbook
from core.schema import AUTHOR, CONFIDENCE, DATE, NOTE, PREDICTED, RECORD_ID, TITLE
from core.second_opinions import SecondOpinions, measure_opinions, save_second_share, second_share
from core.storage import slug
from core.translation import _, noop, translate
from core.wording.review import (
    batch_sentences,
    changes_sentence,
    opinion_sentences,
    pace_sentence,
    promise_sentence,
    retraining_sentences,
)
from dashboard import cache, feedback, jobs, navigation, people, widgets
from dashboard.feedback import escape, rate
from dashboard.guarantee_view import HUMAN_ERRORS, PEOPLE_ERR
from dashboard.review_view import ReviewState, answer_words, review_state, reviewer_label, reviewer_name, window
from dashboard.tables import show_sentences_table, show_table

__all__ = [
    "offer_retraining",
    "show_before_and_after",
    "show_history",
    "show_many",
    "show_opinions",
    "show_progress",
    "show_workbook",
]


# --- How far people are -----------------------------------------------------------------------------------------------
#
# How far people are: what they decided today, how long the rest takes, and how much of the promise is reached.


def show_progress(scored: Scored, queue: ReviewQueue, waiting: WaitingList, log: DecisionLog) -> None:
    """Show a bar and one or two sentences."""
    progress = promise_progress(queue, log)
    done = len(log.current)
    total = progress.total or done + len(waiting.record_ids)
    if total:
        st.progress(min((progress.done if progress.total else done) / total, 1.0))
    pace = pace_of(log, datetime.now(UTC), by=reviewer_name(), session=window())
    policies = saved_policies(cache.workspace(), scored.predictions)
    sentences = [
        pace_sentence(pace, len(waiting.record_ids)),
        promise_sentence(progress, policies[0].promise if policies else None),
    ]
    if any(sentences):
        st.caption(escape(" ".join(filter(None, sentences))))


# --- Many books at once: a table to fill in, and the queue as a workbook, out and back --------------------------------

_ROWS: Final = 50
_LABEL: Final = "label"


def show_many(scored: Scored, queue: ReviewQueue, waiting: WaitingList, log: DecisionLog) -> None:
    """Show the next books as a table; each row that is given a label becomes a decision when it is saved."""
    desk = review_state(scored.predictions)
    _show_report(desk)
    undecided = [name for name in waiting.record_ids if name not in log.current and name not in log.disputes]
    if not desk.listed:  # they stay while they are filled in, whatever others do meanwhile
        desk.listed, desk.listed_seen = tuple(undecided[desk.listed_from : desk.listed_from + _ROWS]), log.newest
        desk.listed_turn += 1
    if not desk.listed:
        st.markdown(_("No book is left here."))
        return
    rows = scored.table.iloc[[queue.positions[name] for name in desk.listed]]
    shown = pd.DataFrame(
        {
            TITLE: rows[TITLE].to_numpy(),
            PREDICTED: rows[PREDICTED].to_numpy(),
            _LABEL: pd.Series([None] * len(rows), dtype="object"),
            CONFIDENCE: rows[CONFIDENCE].to_numpy(dtype=float),
            NOTE: "",
            AUTHOR: rows[AUTHOR].to_numpy(),
            DATE: rows[DATE].to_numpy(),
            RECORD_ID: rows[RECORD_ID].to_numpy(),
        }
    )
    edited = st.data_editor(
        shown,
        key=f"many-{desk.listed_turn}",
        hide_index=True,
        placeholder="–",
        alt=_("Books to be given a label"),
        disabled=[TITLE, PREDICTED, CONFIDENCE, AUTHOR, DATE, RECORD_ID],
        column_config={
            TITLE: st.column_config.TextColumn(_("title"), width=360),
            PREDICTED: st.column_config.TextColumn(_("model says"), width=100),
            CONFIDENCE: st.column_config.NumberColumn(_("sure"), format="percent", step=0.001, width=70),
            _LABEL: st.column_config.SelectboxColumn(_("label"), options=[*scored.classes, CANNOT_TELL], width=130),
            NOTE: st.column_config.TextColumn(_("note"), width=130),
            AUTHOR: st.column_config.TextColumn(_("author")),
            DATE: st.column_config.TextColumn(_("date")),
            RECORD_ID: st.column_config.TextColumn(_("identifier"), width=110),
        },
    )
    filled = edited[edited[_LABEL].fillna("") != ""]
    left, right = st.columns(2)
    left.button(
        _("Save {filled}", filled=feedback.count(len(filled), "answer")) if len(filled) else _("Save"),
        key=f"save-many-{desk.listed_turn}",
        type="secondary" if filled.empty else "primary",  # words on the accent colour fade where it is disabled
        icon=":material/save:",
        disabled=filled.empty,
        on_click=_save,
        args=(scored, _answers(filled, desk.listed_seen)),
    )
    if len(undecided) > _ROWS:
        right.button(
            _("Leave these, show the next"), key=f"next-many-{desk.listed_turn}", on_click=_show_next, args=(desk,)
        )


def _answers(filled: pd.DataFrame, seen: int) -> list[Answer]:
    return [
        Answer(
            record_id=str(row[RECORD_ID]),
            label=str(row[_LABEL]),
            note=str(row[NOTE] or ""),
            old=str(row[PREDICTED]),
            seen=seen,
        )
        for row in filled.to_dict("records")
    ]


def _save(scored: Scored, answers: Sequence[Answer]) -> None:
    """Write what was filled in, then show the next books."""
    desk = review_state(scored.predictions)
    database = cache.workspace().database
    desk.report = record_answers(database, scored, answers, by=reviewer_name(), session=window())
    desk.refused, desk.listed, desk.listed_from = (), (), 0


def _show_next(desk: ReviewState) -> None:
    desk.listed, desk.listed_from = (), desk.listed_from + _ROWS


def _show_report(desk: ReviewState) -> None:
    """Say, once, what became of the answers; those that others gave meanwhile stand beside them."""
    report, refused = desk.report, desk.refused
    desk.report, desk.refused = None, ()
    if report is None:
        return
    sentence = escape(" ".join(batch_sentences(report)))
    if report.conflicts or refused:
        st.warning(sentence, icon=":material/pan_tool:")
    else:
        st.success(sentence, icon=":material/check_circle:")
    if report.conflicts:
        show_table(_conflicts(report), alt=_("Answers that were not written, beside what others decided"))
    if refused:
        st.markdown(_("These rows of the workbook were not taken:"))
        st.markdown(
            "\n".join(
                _("- Row {row}: {reason}.", row=row.row, reason=feedback.from_core(row.reason))
                for row in refused[:_ROWS]
            )
        )
        if len(refused) > _ROWS:
            st.caption(_("And {refused:,} more.", refused=len(refused) - _ROWS))


def _conflicts(report: BatchReport) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "record": conflict.answer.record_id,
                "your answer": conflict.answer.label,
                "decided meanwhile": conflict.decision.label,
                "by": conflict.decision.by or _("somebody without a name"),
                "when": conflict.decision.when,
            }
            for conflict in report.conflicts
        ]
    )


# --- The queue as a workbook ------------------------------------------------------------------------------------------


def show_workbook(scored: Scored, queue: ReviewQueue, waiting: WaitingList) -> None:
    """Offer the queue as an Excel workbook, and take in one that was filled in."""
    desk = review_state(scored.predictions)
    ids = [name for name in waiting.record_ids if name not in waiting.second and name not in waiting.disputed]

    database = cache.workspace().database  # here: the file is made outside the page, where nobody is signed in

    def workbook() -> bytes:
        content = io.BytesIO()
        newest = decisions_for_scored(database, scored).newest
        write_review_workbook(content, scored, queue, ids, newest=newest)
        return content.getvalue()

    left, right = st.columns(2)
    with left:
        st.markdown(_("**Fill it in with Excel or LibreOffice**"))
        st.download_button(
            _("Download {ids} as a workbook", ids=feedback.count(len(ids), "book")),
            data=workbook,
            file_name=f"review-{slug(scored.name)}.xlsx",
            mime="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            on_click="ignore",
            icon=":material/download:",
            key="review-workbook",
            disabled=not ids,
        )
        st.caption(_("The column “label” holds a list to choose from. Rows can be sorted as a whole, or deleted."))
    with right:
        sent = st.file_uploader(_("Bring it back"), type=["xlsx"], key=f"review-upload-{desk.listed_turn}")
        named = bool(reviewer_name())
        if sent is not None and not named:
            st.caption(_("Give your name above first: the answers are kept with it."))
        if st.button(_("Take in the answers"), disabled=sent is None or not named, key="review-take-in") and sent:
            _take_in(scored, desk, sent.name, sent.getvalue())
            st.rerun()


def _take_in(scored: Scored, desk: ReviewState, name: str, content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / (Path(name).name or "review.xlsx")
        path.write_bytes(content)
        answers = read_review_workbook(path, scored)
    database = cache.workspace().database
    desk.report = record_answers(database, scored, answers.answers, by=reviewer_name(), session=answers.session)
    desk.refused = answers.refused
    desk.listed, desk.listed_from = (), 0


# --- Decisions become labels ------------------------------------------------------------------------------------------
#
# Decisions become labels: train the model again with them at one press, and see before and after side by side.

_JOB: Final = "core.retraining"
_EXAMPLES: Final = 50


def offer_retraining(scored: Scored) -> None:
    """Start, at one press, a training with what was decided; where there is no model to train, say why."""
    predictions = load_predictions(cache.workspace(), scored.name)
    try:
        check_retrainable(cache.workspace(), predictions)
    except InputError as error:
        st.caption(feedback.from_core(error.on_page))
        navigation.links_to("Models", _("Train a model with these decisions"))
        return
    if st.button(
        _("Train again with these decisions"),
        key="retrain",
        icon=":material/model_training:",
        help=_(
            "The decisions are added to the labels that the model learned from, the same kind of model is trained with"
            " the same settings, and the same catalogue is scored. These predictions stay as they are."
        ),
    ):
        jobs.start_job(_JOB, {"predictions": scored.name}, f"Training again with decisions on {scored.name}")
    jobs.show_jobs(_JOB)


def show_before_and_after(scored: Scored) -> None:
    """Show these predictions beside those of the newest model that learned from decisions about them."""
    names = retrained(cache.workspace(), scored.predictions)
    if not names:
        return
    st.header(_("Before and after"))
    after = names[0] if len(names) == 1 else str(st.selectbox(_("Trained again"), names, key="retrained"))
    kept = saved_policies(cache.workspace(), scored.predictions)
    fingerprint = load_predictions(cache.workspace(), after).fingerprint
    result = cache.before_after(scored, after, fingerprint, kept[0].chosen_at if kept else "")
    first, *others = retraining_sentences(result.checked, result.decided, result.changes, result.above_cut_offs)
    feedback.conclusion(escape(first))
    feedback.show_sentences(*others)
    _right(result)
    changed = result.changes.books
    if len(changed):
        with st.expander(changes_sentence(result.changes)):
            shown = [TITLE, "first", "second", "first_confidence", "second_confidence", RECORD_ID]
            show_table(
                changed[shown].head(_EXAMPLES),
                shares=["first_confidence", "second_confidence"],
                columns={
                    TITLE: st.column_config.TextColumn(width=300),
                    "first": st.column_config.TextColumn(_("before"), width=110),
                    "second": st.column_config.TextColumn(_("now"), width=110),
                },
                alt=_("Books whose label has changed, the surest first"),
            )
            widgets.download_table(changed, "changed-labels")
    st.button(
        _("Go on with the new predictions"),
        key="take-retrained",
        icon=":material/arrow_forward:",
        on_click=widgets.pick_next,
        args=(navigation.PREDICTIONS, after),
    )
    navigation.links_to("Models", _("Both in full, on the same books"), view="Compare two")


def _right(result: BeforeAfter) -> None:
    compared = {
        _("checked against {labels}", labels=result.labels or _("the truth that came with them")): result.checked,
        _("decided on Review, judged out of fold"): result.decided,
    }
    rows = [
        {
            "books": books,
            "before": rate(comparison.accuracy[0]),
            "now": rate(comparison.accuracy[1]),
            "difference": rate(comparison.accuracy_difference),
        }
        for books, comparison in compared.items()
        if comparison is not None and comparison.n
    ]
    if rows:
        show_sentences_table(pd.DataFrame(rows), alt=_("How often both are right on the same books"))


# --- What was decided on the Review page, by whom; and taking it back -------------------------------------------------

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
            "title": st.column_config.TextColumn(width=285),
            "decided": st.column_config.TextColumn(width=94),
            "model said": st.column_config.TextColumn(width=96),
            "by": st.column_config.TextColumn(width=167),
            "when": st.column_config.TextColumn(_("when (UTC)"), width=138),
            "state": st.column_config.TextColumn(width=120),
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


# --- Second opinions: how many books two people answer, how far they agree, and what that says of a promise -----------

_SHARES: Final = (0.0, 0.05, 0.1, 0.2, 0.5, 1.0)


def show_opinions(scored: Scored, log: DecisionLog) -> None:
    """Show the share of second opinions, the agreement, and each book on which people disagree."""
    database = cache.workspace().database
    known = second_share(database, scored.predictions)
    share = st.select_slider(
        _("Books that a second person answers too"),
        sorted({*_SHARES, known}),
        known,
        format_func=lambda value: _("none") if not value else in_percent(value),
        key="second_share",
        disabled=not people.may(),
        help=_(
            "Chosen by lot among the decided books. The second person is not told what the first said; both give a"
            " name, so that they can be told apart."
        ),
    )
    if share != known and people.may():
        save_second_share(database, scored.predictions, float(share))
    opinions = measure_opinions(log)
    first, *others = opinion_sentences(opinions)
    feedback.conclusion(escape(first))
    feedback.show_sentences(*others)
    _offer_to_promise(opinions)
    if log.disputes:
        waits = (
            _("1 book waits") if len(log.disputes) == 1 else _("{disputes:,} books wait", disputes=len(log.disputes))
        )
        st.markdown(
            _(
                "**{waits} for a third person.** Until then nothing is exported for what two disagree about.",
                waits=waits,
            )
        )
    pairs = [pair for pair in log.pairs if not pair.agrees]
    if pairs:
        table = _disagreements(scored, pairs)
        show_table(
            table, columns={"title": st.column_config.TextColumn(width=300)}, alt=_("Books on which two disagree")
        )
        widgets.download_table(table, "disagreements")
    alpha = opinions.alpha
    known_alpha = (
        _(
            "{alpha:.2f} (95 % interval {low:.2f} to {high:.2f}, {alpha_n:,} books)",
            alpha=alpha.value,
            low=alpha.low,
            high=alpha.high,
            alpha_n=alpha.n,
        )
        if alpha.defined
        else _("not known, since {reason}", reason=translate(alpha.reason))
    )
    feedback.how_computed(
        _(
            "Krippendorff's alpha, which is 1 for full agreement and 0 for what chance gives: {known_alpha}. The"
            " interval is a bootstrap over books; where nobody disagreed it has no width and says little. How often a"
            " person errs is reckoned from how often two disagree, as if both erred alike and independently; where both"
            " err for the same reason nobody sees it.",
            known_alpha=known_alpha,
        )
    )


def _offer_to_promise(opinions: SecondOpinions) -> None:
    """Offer how often people err to the promise of the whole, on the careful side."""
    error = opinions.human_error
    if not error.defined:
        return
    enough = [choice for choice in HUMAN_ERRORS if choice >= error.high]
    if not enough:
        st.caption(
            _(
                "A promise of the whole can allow for at most {human_errors} errors of people; too few"
                " books have two answers to say that they err less often.",
                human_errors=upper_percent(HUMAN_ERRORS[-1]),
            )
        )
        return
    if st.button(
        _("Ask for the promise as if people erred in {enough}", enough=upper_percent(enough[0])),
        icon=":material/verified:",
        help=_("The upper limit of what was found, rounded up."),
    ):
        st.session_state[PEOPLE_ERR] = enough[0]
        navigation.links_to("Thresholds", _("Go to the promise of the whole"))


def _disagreements(scored: Scored, pairs: list[OpinionPair]) -> pd.DataFrame:
    titles = scored.table.set_index(RECORD_ID)[TITLE]
    return pd.DataFrame(
        [
            {
                "title": titles.get(pair.first.record_id, ""),
                "first answer": answer_words(pair.first.label),
                "by": reviewer_label(pair.first),
                "second answer": answer_words(pair.second.label),
                "and by": reviewer_label(pair.second),
                "settled": f"{answer_words(pair.settled.label)}, {reviewer_label(pair.settled, by=True)}"
                if pair.settled
                else _("waits"),
                "record": pair.first.record_id,
            }
            for pair in pairs
        ]
    )
