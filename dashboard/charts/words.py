"""Words for and against a class."""

from typing import Any

import altair as alt
import pandas as pd

from dashboard.charts.palette import LIGHT, ChartTheme, themed

__all__ = ["words_chart"]


def words_chart(table: pd.DataFrame, class_name: str, chart_theme: ChartTheme = LIGHT) -> Any:
    """Draw what each word of a title contributes, in the order of the title.

    Parameters
    ----------
    table : DataFrame
        ``word``, ``contribution`` (log-odds; above 0 speaks for the class).
    """
    speaks = ["for" if number > 0 else "against" for number in table["contribution"]]
    data = table.assign(place=range(len(table)), speaks=speaks)
    data["word"] = [f"{place + 1}. {word}" for place, word in zip(data["place"], data["word"], strict=True)]
    scale = alt.Scale(domain=["for", "against"], range=[chart_theme.right, chart_theme.wrong])
    chart = (
        alt.Chart(data)
        .mark_bar()
        .encode(
            y=alt.Y(
                "word:N", sort=data["word"].tolist(), title=None, axis=alt.Axis(labelLimit=160, labelOverlap=False)
            ),
            x=alt.X("contribution:Q", title=f"against {class_name}  ←  log-odds  →  for {class_name}"),
            color=alt.Color("speaks:N", title=None, scale=scale),
            tooltip=["word:N", alt.Tooltip("contribution:Q", format="+.2f")],
        )
        .properties(height=alt.Step(18))
    )
    return themed(chart, chart_theme)
