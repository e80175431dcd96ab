"""Records in a table: the same columns, widths and order everywhere."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core.schema import AUTHOR, CONFIDENCE, DATE, LANGUAGE, PLACE, PREDICTED, RECORD_ID, TITLE, TRUTH
from dashboard import widgets

__all__ = ["records_table"]

_COLUMNS = (TITLE, AUTHOR, DATE, PLACE, LANGUAGE, PREDICTED, CONFIDENCE, TRUTH, RECORD_ID)
_SHOWN = 1000


def records_table(
    table: pd.DataFrame, *, name: str, alt: str, columns: Sequence[str] = _COLUMNS, height: int | None = None
) -> None:
    """Show records (the first thousand) and offer all of them as a download.

    Parameters
    ----------
    name : str
        File name of the download, also the widget's key.
    alt : str
        What the table holds, for people who hear the page.
    """
    there = [column for column in columns if column in table]
    settings: dict[str, Any] = {
        TITLE: st.column_config.TextColumn("title", width="large"),
        AUTHOR: st.column_config.TextColumn("author", width="small"),
        DATE: st.column_config.TextColumn("date", width="small"),
        PLACE: st.column_config.TextColumn("place", width="small"),
        LANGUAGE: st.column_config.TextColumn("language", width="small"),
        PREDICTED: st.column_config.TextColumn("model says", width="small"),
        CONFIDENCE: st.column_config.NumberColumn("sure", format="percent", width="small"),
        TRUTH: st.column_config.TextColumn("people say", width="small"),
        RECORD_ID: st.column_config.TextColumn("record", width="small"),
    }
    st.dataframe(
        table[there].head(_SHOWN),
        hide_index=True,
        column_config={column: settings[column] for column in there if column in settings},
        height=height or "auto",
        alt=alt,
        key=f"records-{name}",
    )
    if len(table) > _SHOWN:
        st.caption(f"The first {_SHOWN:,} of {len(table):,} are shown; the download has all.")
    widgets.download_table(table[there], name, f"Download these {len(table):,} records (CSV)")
