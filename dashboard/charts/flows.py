"""How the records of an export go from the catalogue by whoever decides to a label."""

from typing import Final

import pandas as pd
import plotly.graph_objects as go

from core.wording.decisions import WAYS
from dashboard.charts import LIGHT, ChartTheme

__all__ = ["flow_chart"]

_NO_LABEL: Final = "no label yet"


def flow_chart(flows: pd.DataFrame, chart_theme: ChartTheme = LIGHT) -> go.Figure:
    """Draw all records on the left, who decides about them in the middle, and the labels they then carry on the right.

    Parameters
    ----------
    flows : DataFrame
        As :func:`core.export.decisions.count_flows` returns it.
    """
    decisions = list(dict.fromkeys(flows["decision"]))
    labels = sorted(set(flows["label"]), key=lambda name: (name == "", name))
    by_decision, by_label = flows.groupby("decision")["n"].sum(), flows.groupby("label")["n"].sum()
    nodes = [f"all {flows['n'].sum():,} records"]
    nodes += [f"{WAYS[name]}: {by_decision[name]:,}" for name in decisions]
    nodes += [f"{_in_chart(name)}: {by_label[name]:,}" for name in labels]
    middle = {name: 1 + at for at, name in enumerate(decisions)}
    right = {name: 1 + len(decisions) + at for at, name in enumerate(labels)}
    colors = [
        chart_theme.neutral,
        *(_color(name, chart_theme) for name in decisions),
        *[chart_theme.neutral] * len(labels),
    ]
    sankey = go.Sankey(
        node={"label": nodes, "color": colors, "pad": 18, "thickness": 14, "line": {"width": 0}},
        link={
            "source": [0] * len(decisions) + flows["decision"].map(middle).tolist(),
            "target": [middle[name] for name in decisions] + flows["label"].map(right).tolist(),
            "value": [int(by_decision[name]) for name in decisions] + flows["n"].tolist(),
            "color": chart_theme.faint_right,
        },
        textfont={"color": chart_theme.text, "size": 13, "shadow": "none"},
    )
    figure = go.Figure(sankey)
    figure.update_layout(height=360, margin={"l": 8, "r": 8, "t": 8, "b": 8})
    return figure


def _in_chart(label: str) -> str:
    # Plotly reads a few marks of HTML in its words; a label is shown as it is written.
    return label.replace("&", "&amp;").replace("<", "&lt;") or _NO_LABEL


def _color(decision: str, chart_theme: ChartTheme) -> str:
    return chart_theme.wrong if decision == "abstained" else chart_theme.right
