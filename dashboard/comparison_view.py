"""Two sets of predictions on the same books: which is right more often, where they disagree, where each is better."""

import pandas as pd
import streamlit as st

from core.predictions import Scored
from core.statistics import MINIMUM_RECORDS
from dashboard import cache, feedback, widgets
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
    st.dataframe(table, hide_index=True, alt="Both sets of predictions on the same books")
    widgets.download_table(table, "two-models")
    view = st.segmented_control(
        "Show",
        ["Where they disagree", "Where one is better"],
        default="Where they disagree",
        required=True,
        key="differ",
    )
    shown = found.disagreements if view == "Where they disagree" else found.by_value
    st.dataframe(shown.head(1000), hide_index=True, alt=str(view))
    widgets.download_table(shown, "disagreements" if view == "Where they disagree" else "better-and-worse")
