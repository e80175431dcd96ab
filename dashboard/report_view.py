"""The report as a download: the whole audit in one file that can be handed on."""

import streamlit as st

from core.predictions import Scored
from core.report import build_content, render
from core.storage import now, slug
from dashboard import cache

__all__ = ["download"]


def download(scored: Scored) -> None:
    """Draw a button that downloads the report on predictions; it takes some seconds to make, when it is clicked."""
    if not len(scored.labelled):
        st.caption("A report can be made as soon as some of these books have been checked by a person.")
        return
    place, date = cache.workspace(), now()[:10]
    st.download_button(
        "Download the report (HTML)",
        data=lambda: render(build_content(place, scored, date=date)).encode("utf-8"),
        file_name=f"report-{slug(scored.name)}.html",
        mime="text/html",
        on_click="ignore",
        icon=":material/description:",
        help="One file with the verdict, the figures, the charts and the definitions; it opens without a network.",
        key="download-report",
    )
