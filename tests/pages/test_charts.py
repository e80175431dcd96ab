"""Charts can be read on light and on dark paper, and say the same there."""

import altair as alt
import pandas as pd
import pytest

from dashboard.charts import DARK, LIGHT, Chart, ChartTheme, curves, errors, fixed, named
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
    spec = rates_chart(table, value="value", rate="rate", title="share", chart_theme=chart_theme).spec
    assert spec["config"]["axis"]["labelColor"] == chart_theme.text
    assert spec["config"]["axisY"]["labelFlush"] is False
    assert spec["layer"][1]["mark"]["color"] == chart_theme.accent


# --- What a chart looks like is fixed once; what it shows is another table each time ---------------------------------


def every_chart(shift: float, chart_theme: ChartTheme) -> dict[str, Chart]:
    """Draw each kind of chart on a small table whose numbers are all higher by `shift`."""
    n, x = [20, 30], [0.25 + shift, 0.5 + shift]
    bounds = {"low": x, "high": x, "n": n}
    curve = pd.DataFrame({"cut": x, "coverage": x, "error_rate": x, "error_low": x, "error_high": x, "n_accepted": n})
    values = pd.DataFrame({"value": ["Dutch", "French"], "rate": x, "ratio": x, **bounds, "sample_n": n})
    values = values.assign(population_n=n, sample_share=x, population_share=x)
    years = pd.DataFrame({"year": [1850, 1851], "word": "novel", "set": ["a", "b"], "n_titles": n, "n_with_word": n})
    cells = pd.DataFrame({"a": ["x", "y"], "b": ["u", "v"], "rate": x, "errors": n, "n": n})
    lengths = pd.DataFrame({"length": ["1 to 20"] * 2, "outcome": ["right", "wrong"], "n": n, "share": x})
    confusion = pd.DataFrame([[9, 1], [0, round(10 + 100 * shift)]], index=["a", "b"], columns=["a", "b"])
    history = [{"run": 1.0, "epoch": epoch, "loss": 0.5, "validation_loss": 0.5} for epoch in x]
    return {
        "risk_coverage_chart": curves.risk_coverage_chart(curve, 0.5 + shift, 0.02 + shift, chart_theme),
        "cut_chart": curves.cut_chart(curve.assign(accuracy=x), 0.5 + shift, chart_theme),
        "learning_chart": curves.learning_chart(curves.present_run(history), chart_theme),
        "share_chart": curves.share_chart(values, "a", "b", chart_theme),
        "ratio_chart": curves.ratio_chart(values, "a", "b", chart_theme),
        "keyword_chart": curves.keyword_chart(years.assign(rolling_share=x), chart_theme),
        "confusion_chart": errors.confusion_chart(confusion, chart_theme),
        "length_chart": errors.length_chart(lengths, chart_theme),
        "reliability_chart": errors.reliability_chart(
            pd.DataFrame({"mean_confidence": x, "accuracy": x, **bounds}), chart_theme
        ),
        "heatmap_chart": errors.heatmap_chart(cells, "a", "b", chart_theme),
        "rates_chart": errors.rates_chart(
            values, value="value", rate="rate", title="share", overall=0.1 + shift, chart_theme=chart_theme
        ),
        "words_chart": errors.words_chart(pd.DataFrame({"word": ["a", "tale"], "contribution": x}), "a", chart_theme),
    }


@pytest.mark.parametrize("chart_theme", [LIGHT, DARK])
def test_every_chart_is_one_of_vega_lite_and_names_its_tables(chart_theme: ChartTheme) -> None:
    charts = every_chart(0.0, chart_theme)
    families = (curves, errors)
    assert set(charts) == {name for family in families for name in family.__all__ if name.endswith("_chart")}
    for name, chart in charts.items():
        alt.Chart.from_dict(chart.spec, validate=True)  # raises SchemaValidationError
        assert _named_in(chart.spec) == set(chart.tables), name
        assert "datasets" not in chart.spec


def _named_in(spec: object) -> set[str]:
    if isinstance(spec, list):
        return {name for part in spec for name in _named_in(part)}
    if not isinstance(spec, dict):
        return set()
    own = {spec["data"]["name"]} if "data" in spec else set()
    return own | {name for part in spec.values() for name in _named_in(part)}


def test_other_numbers_are_the_same_chart() -> None:
    before, after = every_chart(0.0, LIGHT), every_chart(0.0625, LIGHT)
    # where the shade turns from dark words to light ones depends on the largest share of the cells
    depends = {"heatmap_chart"}
    assert {name for name, chart in before.items() if chart.spec is not after[name].spec} == depends
    for name, chart in before.items():
        if name != "keyword_chart":
            assert not all(table.equals(after[name].tables[key]) for key, table in chart.tables.items()), name


def test_a_line_that_is_not_asked_for_is_an_empty_table() -> None:
    curve = pd.DataFrame({"cut": [0.5], "coverage": [1.0], "error_rate": [0.1], "error_low": [0.0], "error_high": 0.2})
    chart = curves.risk_coverage_chart(curve.assign(n_accepted=10), None)
    assert chart.tables["here"].empty
    assert chart.tables["allowed"].empty
    assert curves.risk_coverage_chart(curve, 0.25, 0.02).tables["here"]["coverage"].tolist() == [0.25]


def test_a_chart_that_is_none_is_noticed_here() -> None:
    @fixed
    def wrong(chart_theme: ChartTheme) -> alt.Chart:
        return named("table").mark_line().encode(x=alt.X("cut:Q", axis=3))

    with pytest.raises(alt.utils.schemapi.SchemaValidationError):
        wrong(LIGHT)


def test_an_axis_of_ratios_says_1_and_no_long_fractions() -> None:
    assert ratio_ticks([0.3, 5.0]) == [0.25, 0.5, 1, 2, 4, 8]
    assert ratio_ticks([]) == [1, 2]
    assert all(1.0 in ratio_ticks([low, high]) for low in (0.001, 0.4, 3) for high in (3.5, 900))
    table = pd.DataFrame(
        {"value": ["Dutch"], "ratio": [0.01], "low": [0.002], "high": [0.1], "sample_n": [1], "population_n": [9]}
    )
    spec = ratio_chart(table, "a", "b").spec
    axis = spec["layer"][1]["encoding"]["x"]["axis"]
    assert axis["values"][0] < 0.002
    assert axis["labelExpr"].startswith("datum.value < 1 ? '1/'")


def test_of_many_classes_the_most_confused_are_drawn() -> None:
    names = [f"class {i:02d}" for i in range(30)]
    confusion = pd.DataFrame(0, index=names, columns=names)
    for i, name in enumerate(names):
        confusion.loc[name, name] = 10
        confusion.loc[name, names[(i + 1) % 30]] = i
    cells = confusion_chart(confusion).tables["cells"]
    assert cells["truth"].nunique() == cells["predicted"].nunique() == MOST_CLASSES
    assert "class 29" in set(cells["truth"])
    assert "class 03" not in set(cells["truth"])
    last = cells[(cells["truth"] == "class 29") & (cells["predicted"] == "class 29")].iloc[0]
    assert (last["n"], last["of_row"]) == (10, "26\u00a0% of the row")  # of all 39 books, also those not drawn
    two = confusion_chart(pd.DataFrame([[9, 1], [0, 10]], index=["a", "b"], columns=["a", "b"]))
    assert two.tables["cells"]["of_row"].iloc[0] == "90\u00a0% of the row"
    assert [layer["mark"]["type"] for layer in two.spec["layer"]] == ["rect", "text", "text"]


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
