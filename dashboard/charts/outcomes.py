"""Right and wrong: the confusion matrix, lengths of titles by outcome, reliability of the confidences."""

from typing import Any

import altair as alt
import pandas as pd
import plotly.graph_objects as go

from dashboard.charts.palette import ACCENT, NEUTRAL, RIGHT, WRONG

__all__ = ["confusion_chart", "length_chart", "reliability_chart"]


def confusion_chart(confusion: pd.DataFrame) -> go.Figure:
    """Draw the confusion matrix; a click on a cell tells which truth and which prediction.

    Parameters
    ----------
    confusion : DataFrame
        Rows: the truth; columns: what was predicted; cells: books.
    """
    shares = confusion.div(confusion.sum(axis=1).replace(0, 1), axis=0)
    text = [
        [f"{count:,} books<br>{100 * share:.0f} % of the row" for count, share in zip(counts, parts, strict=True)]
        for counts, parts in zip(confusion.to_numpy(), shares.to_numpy(), strict=True)
    ]
    rows = [f"is {name}" for name in confusion.index]
    columns = [f"predicted {name}" for name in confusion.columns]
    figure = go.Figure(
        go.Heatmap(
            z=shares.to_numpy(),
            x=columns,
            y=rows,
            text=text,
            texttemplate="%{text}",
            hovertemplate="%{y}, %{x}<br>%{text}<extra></extra>",
            colorscale=[[0, "#dbe7ef"], [1, "#0072B2"]],
            zmin=0,
            zmax=1,
            showscale=False,
        )
    )
    figure.update_layout(
        height=120 + 80 * len(rows),
        margin={"l": 10, "r": 10, "t": 10, "b": 10},
        xaxis={"side": "top", "title": None},
        yaxis={"autorange": "reversed", "title": None},
    )
    return figure


def length_chart(table: pd.DataFrame) -> Any:
    """Draw how long the titles are that were read right and wrong: the share of each outcome per band of length.

    Parameters
    ----------
    table : DataFrame
        ``length`` (band of characters, in order), ``outcome`` ('right', 'wrong'), ``n``, ``share`` (of the outcome).
    """
    order = list(dict.fromkeys(table["length"]))
    return (
        alt.Chart(table)
        .mark_bar()
        .encode(
            x=alt.X("length:N", sort=order, title="length of the title in characters", axis=alt.Axis(labelAngle=0)),
            xOffset=alt.XOffset("outcome:N", sort=["right", "wrong"]),
            y=alt.Y("share:Q", axis=alt.Axis(format="%"), title="share of titles"),
            color=alt.Color("outcome:N", title=None, scale=alt.Scale(domain=["right", "wrong"], range=[RIGHT, WRONG])),
            tooltip=["length:N", "outcome:N", alt.Tooltip("n:Q", format=","), alt.Tooltip("share:Q", format=".1%")],
        )
        .properties(height=240)
        .configure_legend(orient="top")
    )


def reliability_chart(table: pd.DataFrame) -> Any:
    """Draw how often the model is right where it says it is so many per cent sure.

    Parameters
    ----------
    table : DataFrame
        ``mean_confidence``, ``accuracy``, ``low``, ``high``, ``n`` per bin.
    """
    base = alt.Chart(table)
    # Each layer says both titles: one without them takes them from all, or adds its own.
    said, right = "how sure the model said it was", "how often it was right"
    x = alt.X("mean_confidence:Q", axis=alt.Axis(format="%"), title=said)
    tips = [
        alt.Tooltip("mean_confidence:Q", format=".1%"),
        alt.Tooltip("accuracy:Q", format=".1%", title="right"),
        alt.Tooltip("low:Q", format=".1%"),
        alt.Tooltip("high:Q", format=".1%"),
        alt.Tooltip("n:Q", format=","),
    ]
    lines = base.mark_rule(color=NEUTRAL, strokeWidth=2).encode(x=x, y=alt.Y("low:Q", title=right), y2="high:Q")
    dots = base.mark_point(size=80, filled=True, color=ACCENT, opacity=1).encode(
        x=x, y=alt.Y("accuracy:Q", axis=alt.Axis(format="%"), title=right), tooltip=tips
    )
    perfect = (
        alt.Chart(pd.DataFrame({"x": [0.0, 1.0], "y": [0.0, 1.0]}))
        .mark_line(strokeDash=[4, 4], color=NEUTRAL)
        .encode(x=alt.X("x:Q", title=said), y=alt.Y("y:Q", title=right))
    )
    return alt.layer(perfect, lines, dots).properties(height=300)


def heatmap_chart(table: pd.DataFrame, down: str, across: str) -> go.Figure:
    """Draw the share wrong for every pair of values of two facets; pairs of fewer than ten books stay empty.

    Parameters
    ----------
    table : DataFrame
        As :func:`core.slices.cross_table` returns it.
    """
    known = table.dropna(subset=["rate"])
    grid = known.pivot(index=down, columns=across, values="rate")
    counts = known.assign(text=known["errors"].astype("str") + " of " + known["n"].astype("str"))
    text = counts.pivot(index=down, columns=across, values="text").fillna("")
    rows = [value for value in dict.fromkeys(table[down]) if value in grid.index]
    columns = [value for value in dict.fromkeys(table[across]) if value in grid.columns]
    grid, text = grid.loc[rows, columns], text.loc[rows, columns]
    figure = go.Figure(
        go.Heatmap(
            z=grid.to_numpy(),
            x=columns,
            y=rows,
            text=text.to_numpy(),
            texttemplate="%{text}",
            hovertemplate="%{y}, %{x}<br>%{text} wrong<extra></extra>",
            colorscale=[[0, "#f6e3d5"], [1, "#D55E00"]],
            zmin=0,
            colorbar={"title": "share wrong", "tickformat": ".0%"},
        )
    )
    figure.update_layout(
        height=140 + 28 * len(rows),
        margin={"l": 10, "r": 10, "t": 10, "b": 10},
        yaxis={"autorange": "reversed", "type": "category"},
        xaxis={"type": "category"},
    )
    return figure
