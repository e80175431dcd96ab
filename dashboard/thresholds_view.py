"""Pieces of the Thresholds page: a slider a class, what the cuts do, whom they drop."""

import contextlib
from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st
from streamlit.errors import StreamlitAPIException

from core.facets import facet_order, facet_title
from core.policies import KeptPolicy, keep_policy
from core.predictions import Scored
from core.statistics import interval_count
from core.thresholds import PolicyReport
from dashboard import cache, feedback, state, widgets
from dashboard.charts.rates import rates_chart
from dashboard.text import escape, interval, percent

__all__ = ["HOW", "class_table", "headline", "keep", "keep_rates", "sliders"]

# An address leaves out what a slider begins with; no step of the slider meets this, so none is ever left out.
_NEVER = 0.0001
HOW = (
    "A prediction is **accepted** when its confidence is greater than the cut-off of its class; the others go"
    " to review."
    " **Right among the accepted** is measured on the accepted books that people checked, with a 95 % Wilson interval."
    " **Wrong to expect** carries the rate of each class over to all accepted books, checked or not, with the"
    " limits of the"
    " classes put together (Zou and Donner 2008). A cut-off chosen by looking at these figures makes them too good; a"
    " promise does not: its bound is exact (Clopper–Pearson) and holds however many cut-offs are tried (learn"
    " then test,"
    " Angelopoulos and others 2021). **Keep-rate**: the share of a group's books that is accepted."
)


def sliders(classes: Sequence[str], start: Mapping[str, float]) -> dict[str, float]:
    """Draw one slider a class and return the cuts; they are in the URL."""
    cuts = {}
    for column, name in zip(st.columns(len(classes)), classes, strict=False):
        key = state.cut_key(name)
        _carry(key, start.get(name, 0.9))
        with column:
            cuts[name] = st.slider(
                f"Accept {escape(name)} above",
                0.0,
                1.0,
                _NEVER,
                step=0.005,
                format="%.3f",
                key=key,
                bind="query-params",
                help="The model's confidence, from 0 to 1. Higher: fewer books, fewer wrong ones.",
            )
        if cuts[name] == _NEVER:  # somebody went back to an address from before any cut-off stood in it
            st.session_state[f"{key}_next"] = start.get(name, 0.9)
            st.rerun()
    return {name: float(cut) for name, cut in cuts.items()}


def _carry(key: str, start: float) -> None:
    """Let the address carry a cut-off that nobody touched yet: the kept ones it begins with may change tomorrow."""
    following = st.session_state.pop(f"{key}_next", None)
    if following is not None:
        st.session_state[key] = following
    elif key not in st.session_state:
        with contextlib.suppress(ValueError):
            start = float(st.query_params.get(key, start))
        st.session_state[key] = min(max(start, 0.0), 1.0)
        with contextlib.suppress(StreamlitAPIException):  # it follows by itself a slider that was drawn before
            st.query_params[key] = f"{st.session_state[key]:g}"


def headline(report: PolicyReport) -> None:
    """Say in words and figures what the policy does."""
    feedback.conclusion(escape(report.sentences[0]))
    expected, accuracy = report.expected_errors, report.accuracy
    figures = [
        ("Accepted", f"{report.accepted:,}", f"{percent(report.coverage)} of {report.records:,} books"),
        (
            "Right",
            percent(accuracy.value),
            f"{interval(accuracy.low, accuracy.high)}: {report.errors:,} wrong of {report.labelled_accepted:,} checked",
        ),
        (
            "Wrong to expect",
            f"{expected.value:,.0f}" if expected.defined else "unknown",
            f"{interval_count(expected.low, expected.high)} among all accepted"
            if expected.defined
            else expected.reason,
        ),
        ("For review", f"{report.review:,}", f"{report.hours:,.1f} hours at {report.pace:,.0f} books an hour"),
    ]
    for column, (label, value, note) in zip(st.columns(4), figures, strict=True):
        with column, st.container(border=True):
            st.metric(label, value)
            st.caption(note)


def keep(predictions: str, chosen: KeptPolicy, accepted: int) -> None:
    """Draw the button that keeps the cut-offs; while a slice is chosen they are kept for its books alone.

    With nothing accepted it is no invitation.
    """
    where = chosen.policy.where
    label = "Keep these cut-offs for the export" if where is None else "Keep these cut-offs for these books"
    if st.button(label, type="primary" if accepted else "secondary", icon=":material/check:"):
        keep_policy(cache.workspace(), predictions, chosen)
        only = f" They accept only {escape(where.description)}; no other book." if where is not None else ""
        st.success(f"Kept. The Export page uses them.{only}", icon=":material/check_circle:")


def class_table(report: PolicyReport) -> None:
    """Show what the cuts do class by class."""
    table = pd.DataFrame(
        [
            {
                "predicted": row["class"],
                "cut-off": row["cut"],
                "books": row["records"],
                "accepted": row["accepted"],
                "checked": row["n_accepted"],
                "wrong": row["errors"],
                "right": percent(row["accuracy"]),
                "between": interval(row["low"], row["high"]),
                "wrong to expect": "–"
                if row["expected_errors"] != row["expected_errors"]
                else f"{row['expected_errors']:,.0f} ({interval_count(row['expected_low'], row['expected_high'])})",
                "for review": row["review"],
            }
            for row in report.per_class.to_dict("records")
        ]
    )
    st.dataframe(
        table,
        hide_index=True,
        column_config={"cut-off": st.column_config.NumberColumn(format="%.3f")},
        alt="What the cut-offs do, class by class",
    )
    widgets.download_table(table, "cut-offs")


def keep_rates(report: PolicyReport, scored: Scored, facet: str) -> None:
    """Draw whose books are accepted and whose are not, for one facet (or by what the books really are)."""
    table = report.keep_rates[facet]
    title = "what the books are" if facet == "class" else facet_title(facet).lower()
    order = list(table["value"]) if facet == "class" else facet_order(facet, table["value"])
    known = table[table["rate"].notna()]
    if known.empty:
        st.markdown(f"No group by {title} has ten books.")
        return
    shown = known.head(25)
    st.altair_chart(
        rates_chart(
            shown,
            value="value",
            rate="rate",
            title="share accepted, with 95 % interval",
            overall=report.coverage if facet != "class" else None,
            order=[value for value in order if value in set(shown["value"])],
        ),
        alt=f"Share accepted by {title}",
    )
    widgets.download_table(table, f"accepted-by-{facet}")
