"""A sample held against a population: shares side by side, and how many times over- or under-represented."""

from typing import Any

import altair as alt
import pandas as pd

from dashboard.charts.palette import ACCENT, NEUTRAL, OKABE_ITO

__all__ = ["keyword_chart", "ratio_chart", "share_chart"]


def share_chart(table: pd.DataFrame, sample: str, population: str) -> Any:
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
        .mark_rule(color=NEUTRAL)
        .encode(y=y, x=alt.X("sample_share:Q"), x2="population_share:Q")
    )
    dots = (
        alt.Chart(long)
        .mark_point(size=80, filled=True, opacity=1)
        .encode(
            y=y,
            x=alt.X("share:Q", title="share of the books", axis=alt.Axis(format="%")),
            color=alt.Color(
                "set:N", title=None, scale=alt.Scale(domain=[sample, population], range=[ACCENT, OKABE_ITO[4]])
            ),
            shape=alt.Shape(
                "set:N", title=None, scale=alt.Scale(domain=[sample, population], range=["circle", "diamond"])
            ),
            tooltip=["value:N", "set:N", alt.Tooltip("share:Q", format=".1%"), alt.Tooltip("n:Q", format=",")],
        )
    )
    return alt.layer(lines, dots).properties(height=alt.Step(24)).configure_legend(orient="top")


def ratio_chart(table: pd.DataFrame, sample: str, population: str) -> Any:
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
    scale = alt.Scale(type="log", base=2)
    title = f"times as frequent in {sample} as in {population} (1 = the same; each step doubles)"
    tips: list[Any] = [
        "value:N",
        *(alt.Tooltip(f"{key}:Q", format=".2f") for key in ("ratio", "low", "high")),
        "sample_n:Q",
    ]
    base = alt.Chart(known).encode(y=y, tooltip=tips)
    lines = base.mark_rule(strokeWidth=2, color=NEUTRAL).encode(x=alt.X("low:Q", scale=scale, title=title), x2="high:Q")
    dots = base.mark_point(size=70, filled=True, color=ACCENT, opacity=1).encode(x=alt.X("ratio:Q", scale=scale))
    one = alt.Chart(pd.DataFrame({"ratio": [1.0]})).mark_rule(strokeDash=[4, 4], color=NEUTRAL).encode(x="ratio:Q")
    return alt.layer(one, lines, dots).properties(height=alt.Step(24))


def keyword_chart(table: pd.DataFrame) -> Any:
    """Draw how often words stand in titles, year by year: one small chart a word, one line a set.

    Parameters
    ----------
    table : DataFrame
        ``year``, ``word``, ``set``, ``n_titles``, ``n_with_word``, ``rolling_share``.
    """
    sets = list(dict.fromkeys(table["set"]))
    return (
        alt.Chart(table)
        .mark_line()
        .encode(
            x=alt.X("year:Q", axis=alt.Axis(format="d"), title="year of publication"),
            y=alt.Y("rolling_share:Q", axis=alt.Axis(format="%"), title="share of titles"),
            color=alt.Color("set:N", title=None, scale=alt.Scale(domain=sets, range=[ACCENT, OKABE_ITO[4]]), sort=sets),
            strokeDash=alt.StrokeDash("set:N", title=None, sort=sets),
            tooltip=[
                "year:Q",
                "word:N",
                "set:N",
                alt.Tooltip("n_with_word:Q", title="titles with the word"),
                alt.Tooltip("n_titles:Q", title="titles that year", format=","),
                alt.Tooltip("rolling_share:Q", format=".2%"),
            ],
            facet=alt.Facet("word:N", columns=2, title=None),
        )
        .properties(height=150, width=320)
        .configure_legend(orient="top")
    )
