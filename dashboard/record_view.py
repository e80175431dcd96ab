"""Records in a table: the same columns, widths and order everywhere."""

from collections.abc import Mapping
from typing import Final

import pandas as pd
import streamlit as st

from core.schema import AUTHOR, CONFIDENCE, DATE, LANGUAGE, PLACE, PREDICTED, RECORD_ID, TITLE, TRUTH
from core.text_search import find_records
from dashboard import widgets
from dashboard.feedback import count, escape
from dashboard.tables import show_table

__all__ = ["records_table"]

_COLUMNS = (TITLE, PREDICTED, TRUTH, CONFIDENCE, AUTHOR, DATE, PLACE, LANGUAGE, RECORD_ID)
# In pixels: what is compared (the title, both answers) stands in a window of 1,280 without scrolling sideways.
_WIDTHS: Final[Mapping[str, int]] = {
    TITLE: 330,
    PREDICTED: 110,
    TRUTH: 110,
    CONFIDENCE: 80,
    AUTHOR: 130,
    DATE: 80,
    PLACE: 100,
    LANGUAGE: 90,
    RECORD_ID: 110,
}
# Fewer rows than this can be looked through; more get a box in which words are looked for.
_FEW = 20


def records_table(table: pd.DataFrame, *, name: str, alt: str, height: int | None = None) -> None:
    """Show records, look for words in all of them, and offer what is shown as a download.

    All rows can be scrolled through and sorted: those on the screen are fetched from the server.

    Parameters
    ----------
    name : str
        File name of the download, also the widget's key.
    alt : str
        What the table holds, for people who hear the page.
    """
    if table.empty:
        st.markdown("There is no book here.")
        return
    if len(table) > _FEW:
        table = _search_records(table, name)
        if table.empty:
            return
    noun = count(len(table), "record")
    shown_columns = [column for column in _COLUMNS if column in table]
    show_table(
        table[shown_columns],
        shares=[CONFIDENCE],
        columns={column: st.column_config.Column(width=width) for column, width in _WIDTHS.items()},
        height=height or "auto",
        alt=alt,
        key=f"records-{name}",
        lazy=True,
    )
    widgets.download_table(
        table[shown_columns], name, f"Download {'this' if len(table) == 1 else 'these'} {noun} (CSV)"
    )


def _search_records(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """Draw the box for words and return the records that hold them all."""
    words = st.text_input(
        "Find books by title, author or record number",
        key=f"find_{name}",
        bind="query-params",
        help="Every word must be found, also inside longer words. Neither capitals nor accents matter.",
    )
    if not words.strip():
        return table
    matches = table[find_records(table, words)]
    st.markdown(
        f"{len(matches):,} of {count(len(table), 'book')} {'holds' if len(matches) == 1 else 'hold'} “{escape(words)}”."
    )
    return matches
