"""Pieces of the Review page: one record with its choices, what was decided, undo."""

import pandas as pd
import streamlit as st

from core.predictions import Scored
from core.review import CANNOT_TELL, record_decision, undo_last
from core.schema import AUTHOR, CONFIDENCE, DATE, LANGUAGE, PLACE, PREDICTED, PUBLISHER, RECORD_ID, TITLE
from dashboard import cache, widgets
from dashboard.text import count, escape, percent

__all__ = ["decided", "one_record", "progress_sentence"]


def progress_sentence(waiting: int, done: int) -> str:
    """Say how much is done and how much is left."""
    return f"{count(done, 'book')} decided, {waiting:,} waiting."


def one_record(scored: Scored, waiting: pd.DataFrame) -> None:
    """Show the first waiting record and a button for each answer; every answer is written at once."""
    skipped = st.session_state.setdefault("review_skipped", 0) % len(waiting)
    record = waiting.iloc[skipped]
    database = cache.workspace().database
    with st.container(border=True):
        st.markdown(f"### {escape(record[TITLE]) or '(no title)'}")
        facts = [str(record[key]) for key in (AUTHOR, DATE, PLACE, PUBLISHER, LANGUAGE) if record[key]]
        st.caption(escape(" · ".join([*facts, f"record {record[RECORD_ID]}"])))
        st.markdown(
            f"The model says **{escape(record[PREDICTED]) or 'nothing'}**, {percent(record[CONFIDENCE])} sure."
            f" It waits here because: {escape(record['reason'])}."
        )
        answers = [*scored.classes, CANNOT_TELL]
        columns = st.columns(len(answers) + 1)
        note = st.text_input("Note (optional)", key=f"note-{record[RECORD_ID]}")
        for number, (column, answer) in enumerate(zip(columns, answers, strict=False), start=1):
            pressed = column.button(
                escape(answer), key=f"answer-{number}", shortcut=str(number) if number < 10 else None, width="stretch"
            )
            if pressed:
                record_decision(
                    database, scored.predictions, record[RECORD_ID], answer, old=record[PREDICTED], note=note
                )
                st.rerun()
        if columns[-1].button("Skip", key="skip", shortcut="s", width="stretch"):
            st.session_state["review_skipped"] = skipped + 1
            st.rerun()


def decided(held: pd.DataFrame, scored: Scored) -> None:
    """Show the latest decisions; the last can be undone."""
    if held.empty:
        return
    st.subheader("Decided")
    if st.button("Undo the last decision", icon=":material/undo:", shortcut="u"):
        undo_last(cache.workspace().database, scored.predictions)
        st.rerun()
    titles = scored.table.set_index(RECORD_ID)[TITLE]
    shown = held.iloc[::-1].assign(title=held[RECORD_ID].map(titles).fillna("").iloc[::-1])
    shown = shown[["title", "label", "old", "note", "at", RECORD_ID]].rename(
        columns={"label": "decided", "old": "model said", "at": "when"}
    )
    st.dataframe(shown.head(1000), hide_index=True, alt="Decisions, the latest first")
    widgets.download_table(shown, "decisions")
