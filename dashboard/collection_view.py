"""The whole collection: what checked books say of it, whether confidences are true, and how a sample represents it.

Pieces of the Errors and the Representativeness page.
"""

from typing import Any

import pandas as pd
import streamlit as st

from core.evaluation import Evaluation
from core.facets import facet_title, shown_value
from core.formatting import capitalised
from core.predictions import Scored
from core.representativeness import FacetComparison, Representativeness
from core.translation import _, inside, noop
from core.wording import evaluation as wording
from core.wording.representativeness import catalogued_differently, headline
from dashboard import cache, feedback, widgets
from dashboard import tables as theme
from dashboard.charts.errors import reliability_chart
from dashboard.feedback import escape, percent, rate
from dashboard.tables import show_chart, show_sentences_table, show_table

__all__ = [
    "METHOD_NOTE",
    "calibration",
    "facet_table",
    "keyword_sentence",
    "summary",
    "summary_table",
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
    show_table(shares, alt=_("Share of each class in the collection, with intervals"))
    widgets.download_table(shares, "class-shares")
    uncovered = ", ".join(
        _("{share} by {facet}", share=percent(share), facet=inside(facet_title(facet)))
        for facet, share in collection.uncovered.items()
    )
    st.markdown(_("Books of the collection that are like no checked book: {uncovered}.", uncovered=uncovered))
    st.caption(
        _(
            "**Share of all books**: prediction-powered (Angelopoulos and others 2023): the model's answers for all"
            " books, corrected by what it gets wrong on the checked ones. **By weights alone**: the checked books,"
            " weighted so that they resemble the collection in prediction and confidence. Design effect (how much the"
            " weights widen the intervals): {design_effect:.2f}.",
            design_effect=collection.design_effect,
        )
    )


def calibration(scored: Scored, evaluation: Evaluation) -> None:
    """Show whether the model is as often right as it says, before and after calibrating."""
    if scored.calibrated:
        st.markdown(_("These confidences were calibrated when the model was trained."))
    tried = cache.calibrations(scored)
    best = min(tried, key=lambda candidate: candidate.log_loss)
    feedback.conclusion(escape(wording.calibration(tried[0])))
    feedback.show_sentences(*map(wording.calibration, tried[1:]))
    if best is not tried[0]:
        feedback.show_sentences(
            _(
                "All probabilities together, not the largest alone, are truest after {best_title}. Train or calibrate"
                " on checked books of this collection (Models page, “Calibrate on”) to have it.",
                best_title=_(best.title),
            )
        )
    for column, candidate in zip(st.columns(len(tried)), tried, strict=True):
        with column:
            st.markdown(f"**{capitalised(_(candidate.title))}**")
            chart = candidate.reliability.rename(columns={"low": "from", "high": "to"})
            chart = chart.rename(columns={"acc_low": "low", "acc_high": "high"})
            show_chart(
                reliability_chart(chart, chart_theme=theme.chart_theme()),
                alt=_("How often it is right where it says so, {candidate_title}", candidate_title=_(candidate.title)),
            )
    table = pd.DataFrame(
        [{"confidences": _(o.title), "off by": o.ece, "log loss": o.log_loss, "books": o.n} for o in tried]
    )
    show_table(
        table,
        shares=["off by"],
        columns={
            "off by": st.column_config.NumberColumn(
                help=_("Expected calibration error (ECE): as in the sentences above")
            ),
            "log loss": st.column_config.NumberColumn(
                _("all probabilities (log loss)"),
                format="%.3f",
                help=_(
                    "The logarithmic loss: how little the answers of people surprise a reader of all probabilities."
                    " Lower is truer."
                ),
            ),
        },
        alt=_("Calibration error and log loss before and after"),
    )
    widgets.download_table(table, "calibration")
    st.caption(
        _(
            "Each dot is about a tenth of the checked books: across, how sure the model said it was; up, how often it"
            " was right, with its 95 % interval; on the dashed line it is as good as its word. What is learned from"
            " four fifths of the checked books is measured on the other fifth."
        )
    )


METHOD_NOTE = noop(
    "For each facet the shares of the sample and of the collection are compared. **Share that would have to move**"
    " (total variation distance) is the part of the sample's books that would have to be other books for the two to be"
    " alike; beside it stands what a random sample of the same size would show by chance. The verdict goes by that"
    " size, never by the p value, which only says whether chance alone could have made the difference (chi-square,"
    " small cells pooled, adjusted for all facets together after Holm). Ratios are ratios of shares with 95 % intervals"
    " (Katz, on the logarithm); values of fewer than 10 books in both sets have none. A missing value is a value of its"
    " own. Where the sample is part of the collection, interval and test compare it with the rest of the collection."
)


def summary(representativeness: Representativeness) -> pd.DataFrame:
    """Return one row a facet: verdict in words, effect sizes, what differs most; what is cataloguing alone, last."""
    return pd.DataFrame(
        [
            {
                "facet": _(comparison.title),
                "verdict": comparison.verdict,
                "what differs most": headline(comparison),
                "catalogued differently": catalogued_differently(comparison),
                "would have to move": comparison.tvd,
                "by chance": comparison.tvd_by_chance,
                "divergence (bits)": comparison.jsd_bits,
                "Cramér's V": comparison.cramers_v,
                "p, adjusted": comparison.p_adjusted,
            }
            for comparison in sorted(
                representativeness.facets,
                key=lambda comparison: (
                    catalogued_differently(comparison),
                    -(comparison.tvd if comparison.tvd == comparison.tvd else -1),
                ),
            )
        ]
    )


def summary_table(table: pd.DataFrame) -> None:
    """Show what a curator reads of the summary, however narrow the window; the download has the statistics too."""
    facets = [
        _("{facet} (as catalogued)", facet=_(facet)) if by_cataloguing else _(facet)
        for facet, by_cataloguing in zip(table["facet"], table["catalogued differently"], strict=True)
    ]
    show_sentences_table(
        pd.DataFrame(
            {
                "facet": facets,
                "what differs most": table["what differs most"],
                "would have to move": table["would have to move"].map(percent),
            }
        ),
        alt=_("How the sample differs from the collection, one row a facet, the largest difference first"),
    )
    st.caption(
        _(
            "Would have to move: the part of the sample that would have to be other books for the two to be alike."
            " As catalogued: the two differ in how their records were made, which says little about the books."
        )
    )


def facet_table(comparison: FacetComparison, sample: str, population: str) -> None:
    """Show every value of a facet with counts, shares and ratio."""
    names = {
        "value": inside(_(comparison.title)),
        "sample_share": _("share in {sample}", sample=sample),
        "sample_n": _("books in {sample}", sample=sample),
        "population_share": _("share in {population}", population=population),
        "population_n": _("books in {population}", population=population),
        "ratio": _("times as frequent"),
        "low": _("at least"),
        "high": _("at most"),
        "residual": _("standard errors from chance"),
        "sample_detected_n": _("detected in {sample}", sample=sample),
        "population_detected_n": _("detected in {population}", population=population),
    }
    shown = comparison.table[[column for column in names if column in comparison.table]].rename(columns=names)
    numbers: dict[str, Any] = {
        names[key]: st.column_config.NumberColumn(format="%.2f", width=width)
        for key, width in (("ratio", 128), ("low", 87), ("high", 84))
    }
    # A count stands beside its share, whose header says of what: all are seen in a window of 1,280 pixels.
    numbers |= {names[key]: st.column_config.Column(width=180) for key in ("sample_share", "population_share")}
    numbers |= {names[key]: st.column_config.Column(_("books"), width=62) for key in ("sample_n", "population_n")}
    shown[names["value"]] = [shown_value(comparison.facet, str(value)) for value in shown[names["value"]]]
    numbers[names["value"]] = st.column_config.TextColumn(width=116)
    show_table(
        shown.drop(columns=names["residual"], errors="ignore"),
        shares=[names["sample_share"], names["population_share"]],
        columns=numbers,
        alt=_("{comparison_title}: counts, shares, ratios", comparison_title=_(comparison.title)),
    )
    widgets.download_table(shown, f"{sample}-{population}-{comparison.facet}")


def keyword_sentence(table: pd.DataFrame) -> str:
    """Say how often the words stand in titles of each set."""
    sums = table.groupby(["word", "set"], sort=False)[["n_with_word", "n_titles"]].sum().reset_index()
    parts = [
        _(
            "“{word}” in {n_with_word:,} of {n_titles:,} titles of {set}",
            word=row["word"],
            n_with_word=row["n_with_word"],
            n_titles=row["n_titles"],
            set=row["set"],
        )
        for row in sums.to_dict("records")
    ]
    return "; ".join(parts) + "."
