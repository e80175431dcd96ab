"""Two sets of predictions on the same books: which is right more often, where they disagree, where each is better."""

import pandas as pd
import streamlit as st

from core.predictions import Scored
from core.schema import TITLE
from core.statistics import MINIMUM_RECORDS
from dashboard import cache, feedback, widgets
from dashboard.tables import show_table
from dashboard.text import escape, figure, rate

__all__ = ["show"]


def show(first: Scored, second: Scored) -> None:
    """Compare two sets of predictions on the books both speak of and a person has checked."""
    found = cache.comparison(first, second)
    feedback.conclusion(escape(found.sentences[0]))
    feedback.say(*found.sentences[1:])
    if found.n < MINIMUM_RECORDS:
        return
    table = pd.DataFrame(
        [
            {
                "predictions": name,
                "right": rate(found.accuracy[place]),
                "macro-F1": figure(found.macro_f1[place]),
                "right where the other is wrong": alone,
            }
            for place, (name, alone) in enumerate(zip(found.names, (found.only_first, found.only_second), strict=True))
        ]
    )
    show_table(table, alt="Both sets of predictions on the same books")
    widgets.download_table(table, "two-models")
    view = st.segmented_control(
        "Show",
        ["Where they disagree", "Where one is better"],
        default="Where they disagree",
        required=True,
        key="differ",
    )
    shown = found.disagreements if view == "Where they disagree" else found.by_value
    shares = [column for column in map(str, shown.columns) if column.endswith(("confidence", "rate"))]
    show_table(
        shown.head(1000),
        shares=shares,
        columns={TITLE: st.column_config.TextColumn(width=300)},
        alt=str(view),
    )
    widgets.download_table(shown, "disagreements" if view == "Where they disagree" else "better-and-worse")
