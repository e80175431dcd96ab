"""Percentages have one way of writing, and no table shows the name of a column as the program knows it."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from core.storage import Workspace
from dashboard.charts.errors import heatmap_chart, rates_chart, reliability_chart
from dashboard.feedback import escape, interval, percent
from dashboard.tables import HEADERS, SHARE_FORMAT, header, headers_in_words
from tests.serving import ROOT

pytestmark = pytest.mark.slow

SOURCES = sorted([*(ROOT / "dashboard").rglob("*.py"), *(ROOT / "pages").glob("*.py")])
# Streamlit's own formats, Python's, and those of charts, which all write "49.27%". Cells that are edited or sent in
# parts a browser writes as its own language does; their step leaves one decimal.
OTHER_WAYS = re.compile(
    r"""format\s*=\s*["']percent["'](?!, step)|%\}|["']\{?:?\.\d%\}?["']\s*\.format|tickformat["']?\s*[:=]"""
)
PAGES = sorted(path.name for path in (ROOT / "pages").glob("*.py"))
VIEWS = [
    *((name, {}) for name in PAGES),
    *(("catalogue.py", {"view": view}) for view in ("Records", "How it was read", "Rejected rows")),
    ("representativeness.py", {"show": "Times as frequent"}),
    ("thresholds.py", {"way": "By a promise"}),
]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_no_percentage_is_written_in_another_way(path: Path) -> None:
    text = path.read_text()
    assert not OTHER_WAYS.search(text)
    if path.name not in ("tables.py", "loading.py"):  # the preview of a file shows the headers of the file
        assert "st.dataframe(" not in text


def test_a_percentage_does_not_break_before_its_sign() -> None:
    assert percent(0.4927) == "49.3\u00a0%"
    assert interval(0.8704, 0.9121) == "87.0 to 91.3\u00a0%"
    assert escape("At most 5 % are wrong") == "At most 5\u00a0% are wrong"
    assert SHARE_FORMAT == "%.1f\u00a0%%"


def test_charts_write_percentages_as_sentences_do() -> None:
    table = pd.DataFrame({"value": ["Dutch"], "rate": [0.5], "low": [0.4], "high": [0.6], "n": [20]})
    bins = table.assign(mean_confidence=0.5, accuracy=0.5)
    for chart in (rates_chart(table, value="value", rate="rate", title="share"), reliability_chart(bins)):
        assert chart.spec["config"]["locale"]["number"]["percent"] == "\u00a0%"
    cells = pd.DataFrame({"a": ["x"], "b": ["y"], "rate": [0.25], "errors": [5], "n": [20]})
    chart = heatmap_chart(cells, "a", "b")
    assert chart.spec["config"]["locale"]["number"]["percent"] == "\u00a0%"
    [cell] = chart.tables["cells"].to_dict("records")
    assert (cell["rate"], cell["books"], cell["down"], cell["across"]) == (0.25, "5 of 20", "x", "y")
    assert chart.spec["params"][0]["select"]["fields"] == ["down", "across"]


def test_headers_are_words() -> None:
    assert header("record_id") == "identifier"
    assert header("genre_given") == "genre as catalogued"
    assert header("first_confidence") == "first is sure"
    assert header("n_a") == "n a"
    assert not any("_" in words for words in HEADERS.values())
    assert list(headers_in_words(pd.DataFrame(columns=["n", "books", "low"]))) == ["n", "books", "at least"]


@pytest.mark.parametrize(("name", "query"), VIEWS, ids=str)
def test_no_page_shows_a_raw_header_or_a_percentage_that_breaks(
    name: str, query: dict[str, str], demo_copy: Workspace, open_page: Callable[[Workspace, str], AppTest]
) -> None:
    app = open_page(demo_copy, name)
    for key, value in query.items():
        app.query_params[key] = value
    app.run()
    assert not app.exception
    for table in app.dataframe:
        settings = json.loads(table.proto.columns or "{}")
        for column in table.value.columns:
            setting = settings.get(str(column), {})
            shown = setting.get("label") or str(column)
            assert "_" not in shown, shown
    texts = [item.value for kind in (app.markdown, app.caption, app.metric) for item in kind]
    assert not [text for text in texts if re.search(r"\d%|\d %", str(text)) and "<" not in str(text)]


def test_a_list_of_books_to_label_is_understood_when_it_comes_back() -> None:
    from core.readers.mapping import suggest_mapping
    from dashboard.tables import headers_in_words

    sent = pd.DataFrame({"record_id": ["001"], "title": ["A tale"], "author": [""], "date": ["1850"], "language": [""]})
    back = headers_in_words(sent.assign(label="Fiction"))
    mapping = suggest_mapping(back, "labels")
    assert {target: mapping.columns[target] for target in ("record_id", "title", "label")} == {
        "record_id": "identifier",
        "title": "title",
        "label": "label",
    }
