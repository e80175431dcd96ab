"""Many books at once: a table to fill in, and the queue as a workbook, out and back."""

import io
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pandas as pd
import streamlit as st

from core.predictions import Scored
from core.review import CANNOT_TELL, DecisionLog, decisions_for_scored
from core.review_batch import Answer, BatchReport, record_answers
from core.review_queue import ReviewQueue, WaitingList
from core.review_workbook import read_review_workbook, write_review_workbook
from core.schema import AUTHOR, CONFIDENCE, DATE, NOTE, PREDICTED, RECORD_ID, TITLE
from core.storage import slug
from core.translation import _
from core.wording.review import batch_sentences
from dashboard import cache, feedback
from dashboard.feedback import escape
from dashboard.review_state import ReviewState, review_state, reviewer_name, window
from dashboard.tables import show_table

__all__ = ["show_many", "show_workbook"]

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
            TITLE: st.column_config.TextColumn(_("title"), width=240),
            PREDICTED: st.column_config.TextColumn(_("model says"), width=100),
            CONFIDENCE: st.column_config.NumberColumn(_("sure"), format="percent", step=0.001, width=70),
            _LABEL: st.column_config.SelectboxColumn(_("label"), options=[*scored.classes, CANNOT_TELL], width=130),
            NOTE: st.column_config.TextColumn(_("note"), width=160),
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
