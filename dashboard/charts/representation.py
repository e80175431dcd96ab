"""A sample held against a population: shares side by side, and how many times over- or under-represented."""

import math
from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from dashboard.charts.palette import LIGHT, ChartTheme, themed

# 0.125 is read as 1/8, and what is above 1 as so many times.
_RATIO_WORDS = (
    "datum.value < 1 ? '1/' + format(1 / datum.value, ',.0f')"
    " : format(datum.value, ',.0f') + (datum.value > 1 ? '×' : '')"
)

__all__ = ["keyword_chart", "ratio_chart", "ratio_ticks", "share_chart"]


def share_chart(table: pd.DataFrame, sample: str, population: str, chart_theme: ChartTheme = LIGHT) -> Any:
    """Draw the share of each value in the sample (dot) and in the population (tick), joined by a line.

    Parameters
    ----------
    table : DataFrame
        ``value``, ``sample_share``, ``population_share`` (0 to 1), ``sample_n``, ``population_n``.
    """
    order = table["value"].tolist()
    long = pd.concat(
        [
            table.assign(set=sample, share=table["sample_share"], n=table["sample_n"]),
            table.assign(set=population, share=table["population_share"], n=table["population_n"]),
        ]
    )[["value", "set", "share", "n"]]
    y = alt.Y("value:N", sort=order, title=None, axis=alt.Axis(labelLimit=240))
    lines = (
        alt.Chart(table[["value", "sample_share", "population_share"]])
        .mark_rule(color=chart_theme.neutral)
        .encode(y=y, x=alt.X("sample_share:Q"), x2="population_share:Q")
    )
    dots = (
        alt.Chart(long)
        .mark_point(size=80, filled=True, opacity=1)
        .encode(
            y=y,
            x=alt.X("share:Q", title="share of the books", axis=alt.Axis(format="%")),
            color=alt.Color(
                "set:N",
                title=None,
                scale=alt.Scale(domain=[sample, population], range=[chart_theme.accent, chart_theme.second]),
            ),
            shape=alt.Shape(
                "set:N", title=None, scale=alt.Scale(domain=[sample, population], range=["circle", "diamond"])
            ),
            tooltip=[
                "value:N",
                "set:N",
                alt.Tooltip("share:Q", format=".1%"),
                alt.Tooltip("n:Q", format=",", title="books"),
            ],
        )
    )
    return themed(alt.layer(lines, dots).properties(height=alt.Step(24)), chart_theme)


def ratio_chart(table: pd.DataFrame, sample: str, population: str, chart_theme: ChartTheme = LIGHT) -> Any:
    """Draw how many times each value is over- or under-represented, with its interval, on a doubling scale.

    Parameters
    ----------
    table : DataFrame
        ``value``, ``ratio``, ``low``, ``high``; rows with an undefined or zero ratio are left to the table.
    """
    columns = ["value", "ratio", "low", "high", "sample_n", "population_n"]
    known = table[table["ratio"].notna() & (table["ratio"] > 0) & (table["low"] > 0)][columns]
    order = table["value"].tolist()
    y = alt.Y("value:N", sort=order, title=None, axis=alt.Axis(labelLimit=240))
    ticks = ratio_ticks([*known["low"], *known["high"]])
    scale = alt.Scale(type="log", base=2, domain=[ticks[0], ticks[-1]])
    axis = alt.Axis(values=ticks, labelExpr=_RATIO_WORDS)
    title = f"times as frequent in {sample} as in {population} (1 = the same)"
    tips: list[Any] = [
        "value:N",
        *(alt.Tooltip(f"{key}:Q", format=".2f") for key in ("ratio", "low", "high")),
        "sample_n:Q",
    ]
    base = alt.Chart(known).encode(y=y, tooltip=tips)
    lines = base.mark_rule(strokeWidth=2, color=chart_theme.neutral).encode(
        x=alt.X("low:Q", scale=scale, title=title, axis=axis), x2="high:Q"
    )
    dots = base.mark_point(size=70, filled=True, color=chart_theme.accent, opacity=1).encode(
        x=alt.X("ratio:Q", scale=scale, title=title, axis=axis)
    )
    reference_line = (
        alt.Chart(pd.DataFrame({"ratio": [1.0]}))
        .mark_rule(strokeWidth=2, color=chart_theme.text)
        .encode(x=alt.X("ratio:Q", scale=scale, title=title, axis=axis))
    )
    return themed(alt.layer(reference_line, lines, dots).properties(height=alt.Step(24)), chart_theme)


def ratio_ticks(ratios: Sequence[float], most: int = 8) -> list[float]:
    """Return powers of two around these ratios, 1 always among them, from the smallest to the greatest, few enough.

    >>> ratio_ticks([0.3, 5.0])
    [0.25, 0.5, 1.0, 2.0, 4.0, 8.0]
    >>> ratio_ticks([0.002, 1.5])
    [0.0009765625, 0.00390625, 0.015625, 0.0625, 0.25, 1.0, 4.0]
    """
    known = [ratio for ratio in ratios if ratio > 0 and math.isfinite(ratio)]
    low = min([0.0, *(math.floor(math.log2(ratio)) for ratio in known)])
    high = max([1.0, *(math.ceil(math.log2(ratio)) for ratio in known)])
    step = max(1, math.ceil((high - low) / most))
    first, last = -math.ceil(-low / step) * step, math.ceil(high / step) * step
    return [2.0**power for power in range(first, last + 1, step)]


def keyword_chart(table: pd.DataFrame, chart_theme: ChartTheme = LIGHT) -> Any:
    """Draw how often words stand in titles, year by year: one small chart a word, one line a set.

    Parameters
    ----------
    table : DataFrame
        ``year``, ``word``, ``set``, ``n_titles``, ``n_with_word``, ``rolling_share``.
    """
    sets = list(dict.fromkeys(table["set"]))
    chart = (
        alt.Chart(table)
        .mark_line()
        .encode(
            x=alt.X("year:Q", axis=alt.Axis(format="d"), title="year of publication"),
            y=alt.Y("rolling_share:Q", axis=alt.Axis(format="%"), title="share of titles"),
            color=alt.Color(
                "set:N",
                title=None,
                scale=alt.Scale(domain=sets, range=[chart_theme.accent, chart_theme.second]),
                sort=sets,
            ),
            strokeDash=alt.StrokeDash("set:N", title=None, sort=sets),
            tooltip=[
                "year:Q",
                "word:N",
                "set:N",
                alt.Tooltip("n_with_word:Q", title="titles with the word"),
                alt.Tooltip("n_titles:Q", title="titles that year", format=","),
                alt.Tooltip("rolling_share:Q", format=".1%", title="share"),
            ],
            facet=alt.Facet("word:N", columns=2, title=None),
        )
        .properties(height=150, width=320)
    )
    return themed(chart, chart_theme)
