"""Charts can be read on light and on dark paper, and say the same there."""

import altair as alt
import pandas as pd
import pytest

from dashboard.charts import DARK, LIGHT, ChartTheme
from dashboard.charts.curves import ratio_chart, ratio_ticks
from dashboard.charts.errors import MOST_CLASSES, confusion_chart, rates_chart
from dashboard.charts.flows import flow_chart


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(item: str, other: str) -> float:
    light, dark = sorted((_luminance(item), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("chart_theme", [LIGHT, DARK])
def test_words_stand_out_from_the_paper_and_marks_too(chart_theme: ChartTheme) -> None:
    assert _contrast(chart_theme.text, chart_theme.paper) >= 4.5
    for mark in (chart_theme.accent, chart_theme.second, chart_theme.neutral, chart_theme.right, chart_theme.wrong):
        assert _contrast(mark, chart_theme.paper) >= 3


@pytest.mark.parametrize("chart_theme", [LIGHT, DARK])
def test_a_chart_takes_the_colours_of_its_paper(chart_theme: ChartTheme) -> None:
    table = pd.DataFrame({"value": ["Dutch"], "rate": [0.5], "low": [0.4], "high": [0.6], "n": [20]})
    spec = rates_chart(table, value="value", rate="rate", title="share", chart_theme=chart_theme).to_dict()
    assert spec["config"]["axis"]["labelColor"] == chart_theme.text
    assert spec["config"]["axisY"]["labelFlush"] is False
    assert spec["layer"][1]["mark"]["color"] == chart_theme.accent


def test_an_axis_of_ratios_says_1_and_no_long_fractions() -> None:
    assert ratio_ticks([0.3, 5.0]) == [0.25, 0.5, 1, 2, 4, 8]
    assert ratio_ticks([]) == [1, 2]
    assert all(1.0 in ratio_ticks([low, high]) for low in (0.001, 0.4, 3) for high in (3.5, 900))
    table = pd.DataFrame(
        {"value": ["Dutch"], "ratio": [0.01], "low": [0.002], "high": [0.1], "sample_n": [1], "population_n": [9]}
    )
    spec = ratio_chart(table, "a", "b").to_dict()
    axis = spec["layer"][1]["encoding"]["x"]["axis"]
    assert axis["values"][0] < 0.002
    assert axis["labelExpr"].startswith("datum.value < 1 ? '1/'")
    assert isinstance(ratio_chart(table, "a", "b"), alt.LayerChart)


def test_of_many_classes_the_most_confused_are_drawn() -> None:
    names = [f"class {i:02d}" for i in range(30)]
    confusion = pd.DataFrame(0, index=names, columns=names)
    for i, name in enumerate(names):
        confusion.loc[name, name] = 10
        confusion.loc[name, names[(i + 1) % 30]] = i
    cells = pd.DataFrame(next(iter(confusion_chart(confusion).to_dict()["datasets"].values())))
    assert cells["truth"].nunique() == cells["predicted"].nunique() == MOST_CLASSES
    assert "class 29" in set(cells["truth"])
    assert "class 03" not in set(cells["truth"])
    last = cells[(cells["truth"] == "class 29") & (cells["predicted"] == "class 29")].iloc[0]
    assert (last["n"], last["of_row"]) == (10, "26\u00a0% of the row")  # of all 39 books, also those not drawn
    two = confusion_chart(pd.DataFrame([[9, 1], [0, 10]], index=["a", "b"], columns=["a", "b"])).to_dict()
    assert next(iter(two["datasets"].values()))[0]["of_row"] == "90\u00a0% of the row"
    assert [layer["mark"]["type"] for layer in two["layer"]] == ["rect", "text", "text"]


@pytest.mark.parametrize("chart_theme", [LIGHT, DARK])
def test_words_in_the_confusion_matrix_stand_out_from_their_cell(chart_theme: ChartTheme) -> None:
    assert _contrast(chart_theme.on_right, chart_theme.right) >= 4.5
    assert _contrast(chart_theme.on_wrong, chart_theme.wrong) >= 4.5
    assert _contrast(chart_theme.on_faint, chart_theme.faint_right) >= 4.5


@pytest.mark.parametrize("chart_theme", [LIGHT, DARK])
def test_all_records_flow_by_who_decides_to_what_they_then_carry(chart_theme: ChartTheme) -> None:
    flows = pd.DataFrame(
        {"decision": ["accepted", "accepted", "abstained"], "label": ["<b>x", "y", ""], "n": [5, 2, 3]}
    )
    [sankey] = flow_chart(flows, chart_theme).data
    assert list(sankey.node.label) == [
        "all records<br>10",
        "by the machine: 7",
        "left to people: 3",
        "&lt;b>x<br>5",
        "y<br>2",
        "no label yet<br>3",
    ]
    links = list(zip(sankey.link.source, sankey.link.target, sankey.link.value, strict=True))
    assert links == [(0, 1, 7), (0, 2, 3), (1, 3, 5), (1, 4, 2), (2, 5, 3)]
    assert list(sankey.node.y) == [0.5, 0.35, 0.85, 0.25, 0.6, 0.85]
    assert sankey.textfont.color == chart_theme.text
