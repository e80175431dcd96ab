"""How a model learns, while it learns: the loss on the titles it learns from, and on titles held out."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd

from core.statistics import in_percent
from dashboard.charts.palette import LIGHT, ChartTheme, themed

__all__ = ["learning_chart", "learning_sentence", "present_run"]

# One batch has few titles, so that its loss jumps; the mean of the last ten shows where it goes.
_SMOOTHED = 10
_LEARNED, _HELD = "titles learned from", "titles held out"


def present_run(history: Sequence[Mapping[str, float]]) -> pd.DataFrame:
    """Return the measurements of the run that is under way.

    Returns
    -------
    DataFrame
        ``run`` (number of the fold, 0 for all books), ``epoch``, ``loss`` (smoothed), ``validation_loss``,
        ``validation_accuracy`` (0 to 1), NaN where not measured.
    """
    columns = ["run", "epoch", "loss", "validation_loss", "validation_accuracy"]
    table = pd.DataFrame(list(history)).reindex(columns=columns).astype(float)
    table = table[table["run"].fillna(0) == (table["run"].fillna(0).iloc[-1] if len(table) else 0)]
    smoothed = table["loss"].dropna().rolling(_SMOOTHED, min_periods=1).mean()
    return table.assign(loss=smoothed.reindex(table.index)).reset_index(drop=True)


def learning_sentence(run: pd.DataFrame) -> str:
    """Say how good the model of this run is so far, on titles that it does not learn from."""
    if run.empty:
        return "It has not begun to learn."
    number = int(run["run"].fillna(0).iloc[-1])
    name = f"Part {number}" if number else "All books"
    measured = run[run["validation_accuracy"].notna()]
    if len(measured):
        last = measured.iloc[-1]
        epochs = f"{last['epoch']:.0f} epoch{'s' if last['epoch'] > 1 else ''}"
        return f"{name}: after {epochs}, {in_percent(last['validation_accuracy'])} of the titles held out are right."
    if number:
        return f"{name}: titles held out are asked after the first epoch."
    return f"{name}: the last run learns from every title, so none is held out."


def learning_chart(run: pd.DataFrame, chart_theme: ChartTheme = LIGHT) -> Any:
    """Draw the loss over the epochs of one run, see :func:`present_run`."""
    losses = [
        run[["epoch", "loss"]].dropna().assign(what=_LEARNED),
        run[["epoch", "validation_loss"]].dropna().rename(columns={"validation_loss": "loss"}).assign(what=_HELD),
    ]
    long = pd.concat(losses, ignore_index=True)
    scale = alt.Scale(domain=[_LEARNED, _HELD], range=[chart_theme.accent, chart_theme.wrong])
    base = alt.Chart(long).encode(
        x=alt.X("epoch:Q", title="epochs (passes over the titles)", axis=alt.Axis(tickMinStep=1)),
        y=alt.Y("loss:Q", title="loss (lower is better)", scale=alt.Scale(zero=True)),
        color=alt.Color("what:N", title=None, scale=scale),
        tooltip=["what:N", alt.Tooltip("epoch:Q", format=".2f"), alt.Tooltip("loss:Q", format=".3f")],
    )
    lines = base.mark_line().encode(
        strokeDash=alt.StrokeDash("what:N", title=None, scale=alt.Scale(domain=[_LEARNED, _HELD]))
    )
    dots = base.transform_filter(alt.datum["what"] == _HELD).mark_point(size=70, filled=True, opacity=1)
    return themed(alt.layer(lines, dots).properties(height=220), chart_theme)
