"""How the records of an export go from the catalogue by whoever decides to a label."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.translation import _, noop, number_text
from core.wording.review import WAYS
from dashboard.charts import LIGHT, ChartTheme

__all__ = ["flow_chart"]

_NO_LABEL: Final = noop("no label yet")


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
    sizes = [[int(flows["n"].sum())], by_decision[decisions].tolist(), by_label[labels].tolist()]
    nodes = [_("all records<br>{sizes:,}", sizes=sizes[0][0])]
    nodes += [_("{ways}: {by_decision:,}", ways=_(WAYS[name]), by_decision=by_decision[name]) for name in decisions]
    nodes += [_("{name}<br>{n:,}", name=_in_chart(name), n=by_label[name]) for name in labels]
    middle = {name: 1 + at for at, name in enumerate(decisions)}
    right = {name: 1 + len(decisions) + at for at, name in enumerate(labels)}
    colors = [
        chart_theme.neutral,
        *(_color(name, chart_theme) for name in decisions),
        *[chart_theme.neutral] * len(labels),
    ]
    sankey = go.Sankey(
        # The words of the middle stand to its right: left of the centre they have room on a telephone too.
        node={
            "label": nodes,
            "color": colors,
            "x": [x for x, column in zip((0.001, 0.38, 0.999), sizes, strict=True) for each in column],
            "y": [y for column in sizes for y in _centres(column)],
            "pad": 24,
            "thickness": 14,
            "line": {"width": 0},
        },
        link={
            "source": [0] * len(decisions) + flows["decision"].map(middle).tolist(),
            "target": [middle[name] for name in decisions] + flows["label"].map(right).tolist(),
            "value": [int(by_decision[name]) for name in decisions] + flows["n"].tolist(),
            "color": chart_theme.faint_right,
        },
        textfont={"color": chart_theme.text, "size": 12, "shadow": "none"},
    )
    figure = go.Figure(sankey)
    figure.update_layout(separators=number_text(".,"), height=360, margin={"l": 8, "r": 8, "t": 8, "b": 20})
    return figure


def _centres(sizes: Sequence[int]) -> list[float]:
    """Return where the middle of each node stands, from 0 at the top to 1, in the order given."""
    ends = np.cumsum(sizes)
    return [float(min(max((end - size / 2) / ends[-1], 0.001), 0.999)) for end, size in zip(ends, sizes, strict=True)]


def _in_chart(label: str) -> str:
    # Plotly reads a few marks of HTML in its words; a label is shown as it is written.
    return label.replace("&", "&amp;").replace("<", "&lt;") or _(_NO_LABEL)


def _color(decision: str, chart_theme: ChartTheme) -> str:
    return chart_theme.wrong if decision == "abstained" else chart_theme.right
