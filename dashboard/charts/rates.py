"""Rates with their intervals: one dot and one line a value, never a bare bar."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from dashboard.charts.palette import LIGHT, ChartTheme, themed

__all__ = ["rates_chart"]


def rates_chart(
    table: pd.DataFrame,
    *,
    value: str,
    rate: str,
    low: str = "low",
    high: str = "high",
    n: str = "n",
    title: str,
    overall: float | None = None,
    order: Sequence[str] | None = None,
    chart_theme: ChartTheme = LIGHT,
) -> Any:
    """Draw one rate a row, with its interval and its n, and a line for the whole.

    Parameters
    ----------
    table : DataFrame
        Columns named by the other arguments; rates from 0 to 1. Rows with an undefined rate are left out of the chart
        (they stay in the table beside it).
    overall : float, optional
        The rate of all records together.
    """
    known = table[table[rate].notna()]
    data = pd.DataFrame(
        {
            "value": known[value].astype("str"),
            "rate": known[rate].astype(float),
            "low": known[low].astype(float),
            "high": known[high].astype(float),
            "n": known[n].astype(int),
        }
    )
    data["books"] = data["n"].map("{:,} books".format)
    sort = list(order) if order is not None else list(data["value"])
    y = alt.Y("value:N", sort=sort, title=None, axis=alt.Axis(labelLimit=260))
    x = alt.X("rate:Q", title=title, axis=alt.Axis(format="%"), scale=alt.Scale(zero=True))
    tips = [
        alt.Tooltip("value:N", title="value"),
        alt.Tooltip("rate:Q", format=".1%"),
        alt.Tooltip("low:Q", format=".1%", title="at least"),
        alt.Tooltip("high:Q", format=".1%", title="at most"),
        alt.Tooltip("n:Q", format=",", title="books"),
    ]
    base = alt.Chart(data).encode(y=y, tooltip=tips)
    lines = base.mark_rule(strokeWidth=2, color=chart_theme.neutral).encode(x=alt.X("low:Q", title=title), x2="high:Q")
    dots = base.mark_point(size=70, filled=True, color=chart_theme.accent, opacity=1).encode(x=x)
    counts = base.mark_text(align="left", dx=6, color=chart_theme.text, fontSize=11).encode(
        x=alt.X("high:Q"), text="books:N"
    )
    layers = [lines, dots, counts]
    if overall is not None:
        layers.append(
            alt.Chart(pd.DataFrame({"rate": [overall]}))
            .mark_rule(strokeDash=[4, 4], color=chart_theme.neutral)
            .encode(x="rate:Q", tooltip=[alt.Tooltip("rate:Q", format=".1%", title="all books")])
        )
    return themed(alt.layer(*layers).properties(height=alt.Step(26)), chart_theme)
