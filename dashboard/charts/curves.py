"""What a cut-off does: errors among the accepted over coverage, and both over the cut-off."""

from typing import Any

import altair as alt
import pandas as pd

from dashboard.charts.palette import LIGHT, ChartTheme, themed

__all__ = ["cut_chart", "risk_coverage_chart"]

# In every layer, since one layer without a title takes it from all.
WRONG_AMONG, ACCEPTED = "wrong among the accepted", "share of the books accepted"


def risk_coverage_chart(
    curve: pd.DataFrame, here: float | None, allowed: float | None = None, chart_theme: ChartTheme = LIGHT
) -> Any:
    """Draw the share of errors among the accepted over the share accepted, with its band and the chosen point.

    Parameters
    ----------
    curve : DataFrame
        ``coverage``, ``error_rate``, ``error_low``, ``error_high`` (0 to 1), ``cut``, ``n_accepted``.
    here : float, optional
        The coverage that the present cut-off gives.
    allowed : float, optional
        The share of errors that shall not be exceeded.
    """
    x = alt.X("coverage:Q", axis=alt.Axis(format="%"), title=ACCEPTED)
    y = alt.Y("error_rate:Q", axis=alt.Axis(format="%"), title=WRONG_AMONG)
    tips = [
        alt.Tooltip("cut:Q", format=".3f", title="cut-off"),
        alt.Tooltip("coverage:Q", format=".1%", title="accepted"),
        alt.Tooltip("error_rate:Q", format=".1%", title="wrong"),
        alt.Tooltip("error_low:Q", format=".1%", title="at least"),
        alt.Tooltip("error_high:Q", format=".1%", title="at most"),
        alt.Tooltip("n_accepted:Q", format=",", title="checked among the accepted"),
    ]
    base = alt.Chart(curve)
    band = base.mark_area(opacity=0.3, color=chart_theme.accent).encode(
        x=x, y=alt.Y("error_low:Q", title=WRONG_AMONG), y2="error_high:Q"
    )
    line = base.mark_line(color=chart_theme.accent).encode(x=x, y=y, tooltip=tips)
    layers: list[alt.Chart] = [band, line]
    if allowed is not None:
        rule = alt.Chart(pd.DataFrame({"error_rate": [allowed]}))
        layers.append(
            rule.mark_rule(strokeDash=[4, 4], color=chart_theme.wrong).encode(
                y=alt.Y("error_rate:Q", title=WRONG_AMONG)
            )
        )
    if here is not None:
        rule = alt.Chart(pd.DataFrame({"coverage": [here]}))
        layers.append(
            rule.mark_rule(color=chart_theme.neutral, strokeWidth=2).encode(x=alt.X("coverage:Q", title=ACCEPTED))
        )
    return themed(alt.layer(*layers).properties(height=260), chart_theme)


def cut_chart(curve: pd.DataFrame, cut: float | None, chart_theme: ChartTheme = LIGHT) -> Any:
    """Draw the share accepted and the share right among the accepted over the cut-off of one class.

    Parameters
    ----------
    curve : DataFrame
        ``cut``, ``coverage``, ``accuracy``, ``low``, ``high``.
    """
    long = pd.concat(
        [
            pd.DataFrame({"cut": curve["cut"], "share": curve["accuracy"], "what": "right among the accepted"}),
            pd.DataFrame({"cut": curve["cut"], "share": curve["coverage"], "what": "accepted"}),
        ]
    )
    x = alt.X("cut:Q", title="cut-off on the confidence")
    colours = alt.Scale(domain=["right among the accepted", "accepted"], range=[chart_theme.accent, chart_theme.second])
    lines = (
        alt.Chart(long)
        .mark_line(interpolate="step-after")
        .encode(
            x=x,
            y=alt.Y("share:Q", axis=alt.Axis(format="%"), title="share of the books", scale=alt.Scale(domain=[0, 1])),
            color=alt.Color("what:N", title=None, scale=colours),
            strokeDash=alt.StrokeDash("what:N", title=None),
            tooltip=[alt.Tooltip("cut:Q", format=".3f"), "what:N", alt.Tooltip("share:Q", format=".1%")],
        )
    )
    layers: list[alt.Chart] = [lines]
    if cut is not None:
        rule = alt.Chart(pd.DataFrame({"cut": [cut]}))
        layers.append(
            rule.mark_rule(color=chart_theme.neutral, strokeWidth=2).encode(
                x=alt.X("cut:Q", title="cut-off on the confidence")
            )
        )
    return themed(alt.layer(*layers).properties(height=230), chart_theme)
