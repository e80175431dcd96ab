"""Charts of right and wrong: confusion, lengths, reliability, rates with intervals, words for and against."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from core.evaluation import most_confused
from core.facets import facet_title, shown_value
from core.formatting import percent
from core.translation import _, noop, plural
from dashboard.charts import LIGHT, Chart, ChartTheme, fixed, named

__all__ = [
    "CELL",
    "PAIR",
    "confusion_chart",
    "heatmap_chart",
    "length_chart",
    "rates_chart",
    "reliability_chart",
    "words_chart",
]

# --- Right and wrong --------------------------------------------------------------------------------------------------
# The confusion matrix, lengths of titles by outcome, reliability of the confidences.


# Of more classes than this only the most confused are drawn.
MOST_CLASSES = 20

# The name of what a click on the confusion matrix selects.
CELL = "cell"
# And on the heatmap of two facets.
PAIR = "pair"
# With more columns than this, the numbers in its cells would cover each other; the tooltip has them.
_READABLE_PAIRS = 12
# With more classes than this, words in the cells would cover each other; the tooltip has them.
_READABLE = 6


def confusion_chart(confusion: pd.DataFrame, chart_theme: ChartTheme = LIGHT) -> Chart:
    """Draw the confusion matrix; a click on a cell selects its ``truth`` and ``predicted`` under the name :data:`CELL`.

    With many classes only those with the most errors are drawn, in small cells without words.

    Parameters
    ----------
    confusion : DataFrame
        Rows: the truth; columns: what was predicted; cells: books.
    """
    totals = confusion.sum(axis=1)
    rows = most_confused(confusion, MOST_CLASSES)
    columns = [str(name) for name in confusion.columns if name in rows or name not in confusion.index]
    cells = pd.DataFrame(
        [
            {"truth": truth, "predicted": predicted, "n": int(n), "share": n / max(int(totals[truth]), 1)}
            for truth, counts in zip(rows, confusion.loc[rows, columns].to_numpy(), strict=True)
            for predicted, n in zip(columns, counts, strict=True)
        ]
    ).astype({"truth": "object", "predicted": "object"})
    cells["books"] = [plural("{n:,} book", "{n:,} books", n) for n in cells["n"]]
    cells["of_row"] = [
        _("{share} of the row", share=percent(share, 0)).replace(" %", "\u00a0%") for share in cells["share"]
    ]
    return Chart(spec=_confusion_spec(tuple(rows), tuple(columns), chart_theme), tables={"cells": cells})


@fixed
def _confusion_spec(rows: tuple[str, ...], columns: tuple[str, ...], chart_theme: ChartTheme) -> Any:
    few = len(columns) <= _READABLE
    click = alt.selection_point(name=CELL, fields=["truth", "predicted"], on="click", empty=True)
    top = alt.Axis(orient="top", labelAngle=0 if few else -60, labelLimit=160)
    shade = alt.Scale(domain=[0, 1], range=[chart_theme.faint_right, chart_theme.right])
    base = named("cells").encode(
        x=alt.X("predicted:N", sort=list(columns), title=_("predicted"), axis=top),
        y=alt.Y("truth:N", sort=list(rows), title=_("what the books are"), axis=alt.Axis(labelLimit=200)),
    )
    squares = (
        base.mark_rect(cursor="pointer", stroke=chart_theme.text)
        .encode(
            color=alt.Color("share:Q", scale=shade, legend=None),
            strokeWidth=alt.condition(click, alt.value(3), alt.value(0), empty=False),
            tooltip=["truth:N", "predicted:N", "books:N", alt.Tooltip("of_row:N", title=_("share"))],
        )
        .add_params(click)
    )
    ink = alt.condition("datum.share > 0.5", alt.value(chart_theme.on_right), alt.value(chart_theme.on_faint))
    layers = [squares]
    if few:
        layers += [
            base.mark_text(dy=-8, fontWeight="bold").encode(text="books:N", color=ink),
            base.mark_text(dy=8).encode(text="of_row:N", color=ink),
        ]
    height = 60 + max(24, 80 if len(rows) <= _READABLE else 24) * len(rows)
    return alt.layer(*layers).properties(height=height)


def _translated(table: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return the table with the words of a column in the reader's language."""
    return table.assign(**{column: table[column].map(_)})


def length_chart(table: pd.DataFrame, chart_theme: ChartTheme = LIGHT) -> Chart:
    """Draw how long the titles are that were read right and wrong: the share of each outcome per band of length.

    Parameters
    ----------
    table : DataFrame
        ``length`` (band of characters, in order), ``outcome`` ('right', 'wrong'), ``n``, ``share`` (of the outcome).
    """
    bands = [shown_value("title_length", str(band)) for band in table["length"]]
    table = _translated(table, "outcome").assign(length=bands)
    return Chart(spec=_length_spec(tuple(dict.fromkeys(bands)), chart_theme), tables={"lengths": table})


@fixed
def _length_spec(order: tuple[str, ...], chart_theme: ChartTheme) -> Any:
    return (
        named("lengths")
        .mark_bar()
        .encode(
            x=alt.X(
                "length:N", sort=list(order), title=_("length of the title in characters"), axis=alt.Axis(labelAngle=0)
            ),
            xOffset=alt.XOffset("outcome:N", sort=[_("right"), _("wrong")]),
            y=alt.Y("share:Q", axis=alt.Axis(format="%"), title=_("share of titles")),
            color=alt.Color(
                "outcome:N",
                title=None,
                scale=alt.Scale(domain=[_("right"), _("wrong")], range=[chart_theme.right, chart_theme.wrong]),
            ),
            tooltip=[
                "length:N",
                "outcome:N",
                alt.Tooltip("n:Q", format=",", title=_("books")),
                alt.Tooltip("share:Q", format=".1%"),
            ],
        )
        .properties(height=240)
    )


def reliability_chart(table: pd.DataFrame, chart_theme: ChartTheme = LIGHT) -> Chart:
    """Draw how often the model is right where it says it is so many per cent sure.

    Parameters
    ----------
    table : DataFrame
        ``mean_confidence``, ``accuracy``, ``low``, ``high``, ``n`` per bin.
    """
    ends = pd.DataFrame({"x": [0.0, 1.0], "y": [0.0, 1.0]})
    return Chart(spec=_reliability_spec(chart_theme), tables={"bins": table, "perfect": ends})


@fixed
def _reliability_spec(chart_theme: ChartTheme) -> Any:
    base = named("bins")
    # Each layer says both titles: one without them takes them from all, or adds its own.
    x_title, right = _("how sure it was"), _("how often it was right")
    x = alt.X("mean_confidence:Q", axis=alt.Axis(format="%"), title=x_title)
    tips = [
        alt.Tooltip("mean_confidence:Q", format=".1%", title=_("sure")),
        alt.Tooltip("accuracy:Q", format=".1%", title=_("right")),
        alt.Tooltip("low:Q", format=".1%", title=_("at least")),
        alt.Tooltip("high:Q", format=".1%", title=_("at most")),
        alt.Tooltip("n:Q", format=",", title=_("books")),
    ]
    lines = base.mark_rule(color=chart_theme.neutral, strokeWidth=2).encode(
        x=x, y=alt.Y("low:Q", title=right), y2="high:Q"
    )
    dots = base.mark_point(size=80, filled=True, color=chart_theme.accent, opacity=1).encode(
        x=x, y=alt.Y("accuracy:Q", axis=alt.Axis(format="%"), title=right), tooltip=tips
    )
    perfect = (
        named("perfect")
        .mark_line(strokeDash=[4, 4], color=chart_theme.neutral)
        .encode(x=alt.X("x:Q", title=x_title), y=alt.Y("y:Q", title=right))
    )
    return alt.layer(perfect, lines, dots).properties(height=300)


def heatmap_chart(table: pd.DataFrame, down: str, across: str, chart_theme: ChartTheme = LIGHT) -> Chart:
    """Draw the share wrong for every pair of values of two facets; pairs of fewer than ten books stay empty.

    A click on a cell selects its ``down`` and ``across`` under the name :data:`PAIR`.

    Parameters
    ----------
    table : DataFrame
        As :func:`core.slices.cross_table` returns it.
    """
    known = table.dropna(subset=["rate"])
    rows, columns = (
        tuple(shown_value(facet, str(value)) for value in dict.fromkeys(table[facet]) if value in set(known[facet]))
        for facet in (down, across)
    )
    cells = pd.DataFrame(
        {
            "down": known[down].astype("object"),
            "across": known[across].astype("object"),
            "row": [shown_value(down, str(value)) for value in known[down]],
            "column": [shown_value(across, str(value)) for value in known[across]],
            "rate": known["rate"].astype(float),
            "books": [
                _("{errors:,} of {n:,}", errors=errors, n=n)
                for errors, n in zip(known["errors"], known["n"], strict=True)
            ],
        }
    )
    half = float(cells["rate"].max()) / 2
    return Chart(spec=_heatmap_spec(rows, columns, down, across, half, chart_theme), tables={"cells": cells})


@fixed
def _heatmap_spec(
    rows: tuple[str, ...], columns: tuple[str, ...], down: str, across: str, half: float, chart_theme: ChartTheme
) -> Any:
    few = len(columns) <= _READABLE_PAIRS
    click = alt.selection_point(name=PAIR, fields=["down", "across"], on="click", empty=True)
    axis = alt.Axis(orient="top", labelAngle=0 if few else -60, labelLimit=160)
    shade = alt.Scale(domainMin=0, range=[chart_theme.faint_wrong, chart_theme.wrong])
    base = named("cells").encode(
        x=alt.X("column:N", sort=list(columns), title=None, axis=axis),
        y=alt.Y("row:N", sort=list(rows), title=None, axis=alt.Axis(labelLimit=200)),
    )
    squares = (
        base.mark_rect(cursor="pointer", stroke=chart_theme.text)
        .encode(
            color=alt.Color("rate:Q", scale=shade, legend=alt.Legend(title=_("share wrong"), format=".0%")),
            strokeWidth=alt.condition(click, alt.value(3), alt.value(0), empty=False),
            tooltip=[
                alt.Tooltip("row:N", title=facet_title(down)),
                alt.Tooltip("column:N", title=facet_title(across)),
                alt.Tooltip("books:N", title=_("wrong")),
                alt.Tooltip("rate:Q", format=".1%", title=_("share")),
            ],
        )
        .add_params(click)
    )
    dark = alt.condition(f"datum.rate > {half}", alt.value(chart_theme.on_wrong), alt.value(chart_theme.on_faint))
    layers = [squares, *([base.mark_text().encode(text="books:N", color=dark)] if few else [])]
    return alt.layer(*layers).properties(height=80 + 28 * len(rows))


# --- Rates with their intervals: one dot and one line a value, never a bare bar ---------------------------------------


def rates_chart(
    table: pd.DataFrame,
    *,
    value: str,
    rate: str,
    title: str,
    overall: float | None = None,
    order: Sequence[str] | None = None,
    chart_theme: ChartTheme = LIGHT,
) -> Chart:
    """Draw one rate a row, with its interval and its n, and a line for the whole.

    Parameters
    ----------
    table : DataFrame
        Columns named by `value` and `rate` (0 to 1), and ``low``, ``high`` (the interval) and ``n``. Rows with an
        undefined rate are left out of the chart (they stay in the table beside it).
    overall : float, optional
        The rate of all records together.
    """
    known = table[table[rate].notna()]
    data = pd.DataFrame(
        {
            "value": known[value].astype("str"),
            "rate": known[rate].astype(float),
            "low": known["low"].astype(float),
            "high": known["high"].astype(float),
            "n": known["n"].astype(int),
        }
    )
    data["books"] = [_("{n:,} books", n=n) for n in data["n"]]
    sort = tuple(order) if order is not None else tuple(data["value"])
    overall_rate = pd.DataFrame({"rate": [] if overall is None else [overall]}, dtype=float)
    return Chart(spec=_rates_spec(sort, title, chart_theme), tables={"rates": data, "overall": overall_rate})


@fixed
def _rates_spec(order: tuple[str, ...], title: str, chart_theme: ChartTheme) -> Any:
    y = alt.Y("value:N", sort=list(order), title=None, axis=alt.Axis(labelLimit=260))
    x = alt.X("rate:Q", title=title, axis=alt.Axis(format="%"), scale=alt.Scale(zero=True))
    tips = [
        alt.Tooltip("value:N", title=_("value")),
        alt.Tooltip("rate:Q", format=".1%"),
        alt.Tooltip("low:Q", format=".1%", title=_("at least")),
        alt.Tooltip("high:Q", format=".1%", title=_("at most")),
        alt.Tooltip("n:Q", format=",", title=_("books")),
    ]
    base = named("rates").encode(y=y, tooltip=tips)
    lines = base.mark_rule(strokeWidth=2, color=chart_theme.neutral).encode(x=alt.X("low:Q", title=title), x2="high:Q")
    dots = base.mark_point(size=70, filled=True, color=chart_theme.accent, opacity=1).encode(x=x)
    counts = base.mark_text(align="left", dx=6, color=chart_theme.text, fontSize=11).encode(
        x=alt.X("high:Q"), text="books:N"
    )
    overall = (
        named("overall")
        .mark_rule(strokeDash=[4, 4], color=chart_theme.neutral, aria=False)
        .encode(x="rate:Q", tooltip=[alt.Tooltip("rate:Q", format=".1%", title=_("all books"))])
    )
    return alt.layer(lines, dots, counts, overall).properties(height=alt.Step(26))


# --- Words for and against a class ------------------------------------------------------------------------------------


def words_chart(table: pd.DataFrame, class_name: str, chart_theme: ChartTheme = LIGHT) -> Chart:
    """Draw what each word of a title contributes, in the order of the title.

    Parameters
    ----------
    table : DataFrame
        ``word``, ``contribution`` (log-odds; above 0 speaks for the class).
    """
    speaks = [noop("for") if number > 0 else noop("against") for number in table["contribution"]]
    data = table.assign(place=range(len(table)), speaks=speaks)
    data["word"] = [f"{place + 1}. {word}" for place, word in zip(data["place"], data["word"], strict=True)]
    return Chart(
        spec=_words_spec(tuple(data["word"]), class_name, chart_theme), tables={"words": _translated(data, "speaks")}
    )


@fixed
def _words_spec(words: tuple[str, ...], class_name: str, chart_theme: ChartTheme) -> Any:
    scale = alt.Scale(domain=[_("for"), _("against")], range=[chart_theme.right, chart_theme.wrong])
    return (
        named("words")
        .mark_bar()
        .encode(
            y=alt.Y("word:N", sort=list(words), title=None, axis=alt.Axis(labelLimit=160, labelOverlap=False)),
            x=alt.X(
                "contribution:Q",
                title=_("against {class_name}  ←  log-odds  →  for {class_name}", class_name=class_name),
            ),
            color=alt.Color("speaks:N", title=None, scale=scale),
            tooltip=["word:N", alt.Tooltip("contribution:Q", format="+.2f")],
        )
        .properties(height=alt.Step(18))
    )
