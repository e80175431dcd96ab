"""Pieces of the Errors page: what the checked books say of the whole collection, and whether confidences are true."""

import pandas as pd
import streamlit as st

from core.evaluation import Evaluation
from core.facets import facet_title
from core.predictions import Scored
from core.wording import evaluation as wording
from dashboard import cache, feedback, widgets
from dashboard import tables as theme
from dashboard.charts.errors import reliability_chart
from dashboard.feedback import escape, percent, rate
from dashboard.tables import show_table

__all__ = [
    "calibration",
    "whole_collection",
]


def whole_collection(scored: Scored) -> None:
    """Show accuracy and class shares estimated for all books, and what no checked book speaks for."""
    collection = cache.collection(scored)
    conclusion, *further = wording.collection(collection)
    feedback.conclusion(escape(conclusion))
    feedback.show_sentences(*further)
    shares = pd.DataFrame(
        [
            {
                "class": name,
                "share of all books": rate(share),
                "by weights alone": rate(collection.post_stratified_shares[name]),
                "the model says": percent(collection.predicted_shares[name]),
            }
            for name, share in collection.class_shares.items()
        ]
    )
    show_table(shares, alt="Share of each class in the collection, with intervals")
    widgets.download_table(shares, "class-shares")
    uncovered = ", ".join(
        f"{percent(share)} by {facet_title(facet).lower()}" for facet, share in collection.uncovered.items()
    )
    st.markdown(f"Books of the collection that are like no checked book: {uncovered}.")
    st.caption(
        "**Share of all books**: prediction-powered (Angelopoulos and others 2023): the model's answers for all books,"
        " corrected by what it gets wrong on the checked ones. **By weights alone**: the checked books, weighted"
        " so that they resemble the collection in prediction and confidence. Design effect (how much the weights widen"
        f" the intervals): {collection.design_effect:.2f}."
    )


def calibration(scored: Scored, evaluation: Evaluation) -> None:
    """Show whether the model is as often right as it says, before and after calibrating."""
    if scored.calibrated:
        st.markdown("These confidences were calibrated when the model was trained.")
    tried = cache.calibrations(scored)
    best = min(tried, key=lambda candidate: candidate.log_loss)
    feedback.conclusion(escape(wording.calibration(tried[0])))
    feedback.show_sentences(*map(wording.calibration, tried[1:]))
    if best is not tried[0]:
        feedback.show_sentences(
            f"All probabilities together, not the largest alone, are truest after {best.title}. Train or calibrate on"
            " checked books of this collection (Models page, “Calibrate on”) to have it."
        )
    for column, candidate in zip(st.columns(len(tried)), tried, strict=True):
        with column:
            st.markdown(f"**{candidate.title[0].upper()}{candidate.title[1:]}**")
            chart = candidate.reliability.rename(columns={"low": "from", "high": "to"})
            chart = chart.rename(columns={"acc_low": "low", "acc_high": "high"})
            st.altair_chart(
                reliability_chart(chart, chart_theme=theme.chart_theme()),
                alt=f"How often it is right where it says so, {candidate.title}",
            )
    table = pd.DataFrame(
        [{"confidences": o.title, "off by": o.ece, "log loss": o.log_loss, "books": o.n} for o in tried]
    )
    show_table(
        table,
        shares=["off by"],
        columns={
            "off by": st.column_config.NumberColumn(help="Expected calibration error (ECE): as in the sentences above"),
            "log loss": st.column_config.NumberColumn(
                "all probabilities (log loss)",
                format="%.3f",
                help=(
                    "The logarithmic loss: how little the answers of people surprise a reader of all probabilities."
                    " Lower is truer."
                ),
            ),
        },
        alt="Calibration error and log loss before and after",
    )
    widgets.download_table(table, "calibration")
    st.caption(
        "Each dot is about a tenth of the checked books: across, how sure the model said it was; up, how often it was"
        " right, with its 95 % interval; on the dashed line it is as good as its word. What is learned from four fifths"
        " of the checked books is measured on the other fifth."
    )
