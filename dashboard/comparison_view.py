"""Two sets of predictions on the same books: which is right more often, where they disagree, where each is better."""

import pandas as pd
import streamlit as st

from core.predictions import Scored
from core.schema import TITLE, TRUTH
from core.statistics import MINIMUM_RECORDS
from dashboard import cache, feedback, widgets
from dashboard.tables import CLASSES_ALIKE, show_table
from dashboard.text import escape, figure, rate

__all__ = ["show"]

# The answers are what is compared: they stand beside the title, not behind everything that is known of the book.
_FIRST = (TITLE, TRUTH, "first", "second", "outcome", "first_confidence", "second_confidence")
_MOST_SENTENCES = 5


def show(first: Scored, second: Scored) -> None:
    """Compare two sets of predictions on the books both speak of and a person has checked."""
    comparison = cache.comparison(first, second)
    feedback.conclusion(escape(comparison.headline))
    groups = comparison.group_sentences
    few = len(groups) <= _MOST_SENTENCES + 1
    feedback.show_sentences(*(groups if few else groups[:_MOST_SENTENCES]))
    if not few:
        feedback.show_sentences(
            f"{len(groups) - _MOST_SENTENCES:,} more groups differ: “Where one is better” below lists all."
        )
    feedback.show_sentences(*comparison.notes)
    if comparison.n < MINIMUM_RECORDS:
        return
    table = pd.DataFrame(
        [
            {
                "predictions": name,
                "right": rate(comparison.accuracy[place]),
                "macro-F1": figure(comparison.macro_f1[place]),
                "right where the other is wrong": alone,
            }
            for place, (name, alone) in enumerate(
                zip(comparison.names, (comparison.only_first, comparison.only_second), strict=True)
            )
        ]
    )
    show_table(table, columns={"macro-F1": CLASSES_ALIKE}, alt="Both sets of predictions on the same books")
    widgets.download_table(table, "two-models")
    view = st.segmented_control(
        "Show",
        ["Where they disagree", "Where one is better"],
        default="Where they disagree",
        required=True,
        key="differ",
    )
    shown = comparison.disagreements if view == "Where they disagree" else comparison.by_value
    first_of_all = [column for column in _FIRST if column in shown]
    shown = shown[[*first_of_all, *(column for column in shown if column not in first_of_all)]]
    shares = [column for column in map(str, shown.columns) if column.endswith(("confidence", "rate"))]
    st.caption(f"First: {escape(first.name)}. Second: {escape(second.name)}.")
    show_table(
        shown.head(1000),
        shares=shares,
        columns={
            TITLE: st.column_config.TextColumn(width=270),
            TRUTH: st.column_config.TextColumn(width=95),
            "first": st.column_config.TextColumn("first says", width=95),
            "second": st.column_config.TextColumn("second says", width=95),
            "outcome": st.column_config.TextColumn(width=170),
        },
        alt=str(view),
    )
    widgets.download_table(shown, "disagreements" if view == "Where they disagree" else "better-and-worse")
