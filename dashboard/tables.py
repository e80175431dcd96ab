"""Every table of the pages: headers in words, one way of writing shares, light or dark paper."""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import pandas as pd
import streamlit as st

from core.facets import FACETS, facet_title
from core.schema import AUTHOR, CONFIDENCE, DATE, PREDICTED, RECORD_ID, TITLE, TRUTH
from core.translation import ENGLISH, _, current_language, inside, noop, number_text
from dashboard.charts import DARK, LIGHT, Chart, ChartTheme
from dashboard.feedback import NO_BREAK, escape

__all__ = [
    "HEADERS",
    "SHARE_FORMAT",
    "accent_text_colour",
    "chart_theme",
    "classes_alike",
    "fit_the_window",
    "header",
    "headers_in_words",
    "show_chart",
    "show_sentences_table",
    "show_table",
]

# --- Whether the reader sees light or dark paper ----------------------------------------------------------------------


# Streamlit writes white on the accent. The accent of dark paper is light, since words in it must stand out as well.
_DARK_WORDS = """<style>
[data-testid="stBaseButton-primary"], [data-testid="stBaseButton-primary"] *,
[data-testid="stBaseButton-primaryFormSubmit"], [data-testid="stBaseButton-primaryFormSubmit"] *,
[data-testid="stMultiSelect"] span[title], [data-testid="stMultiSelect"] span[title] ~ * { color: #0e1115 !important; }
</style>"""

# On a laptop a fifth of the page was margin while the tables beside it were cut; on a telephone titles and links were.
_FITTING = """<style>
@media (min-width: 641px) and (max-width: 1600px) {
  [data-testid="stMainBlockContainer"] { padding-left: 2.5rem !important; padding-right: 2.5rem !important; }
}
@media (max-width: 640px) { [data-testid="stHeading"] h1 { font-size: 1.75rem !important; } }
@media (max-width: 640px) { [data-testid="stTable"] :is(th, td) { padding: 0.25rem 0.3rem 0.25rem 0 !important; } }
[data-testid="stPageLink-NavLink"], [data-testid="stPageLink-NavLink"] * {
  white-space: normal !important; overflow: visible !important;
}
[data-testid="stButtonGroup"] > div, [data-testid="stButtonGroup"] [role="radiogroup"] {
  flex-wrap: wrap !important; overflow: visible !important;
}
/* A choice of three stands in one line of a telephone. */
@media (max-width: 640px) { [data-testid="stButtonGroup"] button {
  padding-left: 0.5rem !important; padding-right: 0.5rem !important;
} [data-testid="stButtonGroup"] button p { font-size: 0.8125rem !important; } }
.st-key-road [data-testid="stPageLink-NavLink"] { padding-left: 0 !important; padding-right: 0 !important; }
.st-key-road [data-testid="stPageLink-NavLink"] p { font-size: 0.8125rem !important; }
.st-key-road [data-testid="stPageLink-NavLink"] span:has(> [data-testid="stIconMaterial"]) { display: none !important; }
/* The menu and what is chosen below it stand in one window of 800 pixels. */
[data-testid="stSidebarHeader"] { height: 2rem !important; margin-bottom: 0.25rem !important; }
.st-key-menu [data-testid="stElementContainer"]:has(a) { margin: 0 !important; }
.st-key-menu [data-testid="stPageLink-NavLink"] { padding: 0 0.5rem !important; margin: 0 !important; height: 1.5rem; }
.st-key-menu [data-testid="stCaptionContainer"] { margin-top: 0.3rem !important; }
.st-key-menu [data-testid="stCaptionContainer"] p { line-height: 1.4rem !important; }
.st-key-lang { margin-top: -0.6rem !important; }
[data-testid="stSidebarUserContent"] { padding-bottom: 1rem !important; }
</style>"""


def chart_theme() -> ChartTheme:
    """Return how charts shall look; light where the browser has not yet said."""
    return DARK if st.context.theme.type == "dark" else LIGHT


def show_chart(chart: Chart, *, alt: str, **options: Any) -> Any:
    """Draw a chart and return what Streamlit's chart returns (what was clicked).

    Parameters
    ----------
    alt : str
        What the chart holds, for people who hear the page.
    """
    return st.vega_lite_chart(spec={**chart.spec, "datasets": dict(chart.tables)}, alt=alt, **options)


def accent_text_colour() -> None:
    """Make words on the accent colour (primary buttons, chosen values) dark where the paper is dark."""
    if chart_theme() is DARK:
        st.html(_DARK_WORDS)


def fit_the_window() -> None:
    """Give tables the room that a laptop's window has, and let titles and links wrap on a telephone."""
    st.html(_FITTING)


# --- Every table of the pages: headers in words, shares with one way of writing, sentences that wrap ------------------


# Streamlit's own "percent" writes 49.27%; this writes 49.3 %, of a value from 0 to 100, and still sorts by number.
SHARE_FORMAT: Final = f"%.1f{NO_BREAK}%%"
# A row that holds as many lines of a sentence, in pixels.
_LINE, _MARGIN = 22, 13

# What columns of records, predictions and measurements are called in a table. Others lose their underscores.
HEADERS: Final[Mapping[str, str]] = {
    RECORD_ID: noop("identifier"),
    AUTHOR: noop("author"),
    DATE: noop("date"),
    TITLE: noop("title"),
    PREDICTED: noop("model says"),
    CONFIDENCE: noop("sure"),
    TRUTH: noop("people say"),
    "alternate_id": noop("second identifier"),
    "similarity": noop("similarity"),
    "given": noop("given"),
    "suggested": noop("suggested"),
    "annotator": noop("annotator"),
    "created_at": noop("given at"),
    "loaded": noop("loaded"),
    "accepted": noop("accepted"),
    "abstained": noop("for review"),
    "human-label-kept": noop("label by people"),
    "rejected": noop("rejected by people"),
    "not-matched": noop("without prediction"),
    "reason": noop("reason"),
    "difference": noop("difference"),
    "acc_high": noop("right, at most"),
    "acc_low": noop("right, at least"),
    "adjusted_ratio": noop("same labels compared"),
    "commonest": noop("commonest values"),
    "date_given": noop("date as given"),
    "date_year": noop("year"),
    "distinct": noop("different values"),
    "error_rate": noop("share wrong"),
    "errors": noop("wrong"),
    "filled": noop("records with a value"),
    "first_confidence": noop("first is sure"),
    "first_errors": noop("wrong, first"),
    "first_predicted": noop("first says"),
    "first_rate": noop("share wrong, first"),
    "high": noop("at most"),
    "low": noop("at least"),
    "n": noop("books"),
    "n_accepted": noop("checked among the accepted"),
    "n_titles": noop("titles that year"),
    "n_with_word": noop("titles with the word"),
    "p_adjusted": noop("p, adjusted"),
    "rate": noop("share"),
    "ratio": noop("times the rest"),
    "rolling_share": noop("share, mean of some years"),
    "second_confidence": noop("second is sure"),
    "second_errors": noop("wrong, second"),
    "second_predicted": noop("second says"),
    "second_rate": noop("share wrong, second"),
    "suspect_rate": noop("share suspect"),
    "title_key": noop("title, letters only"),
}


def classes_alike() -> Any:
    """Return the setting of the column that says how well each class is recognised."""
    return st.column_config.Column(
        _("every class alike"),
        help=_(
            "Macro-F1: how well each class is recognised, on average over the classes, whether it has many books or"
            " few. 1 is best."
        ),
    )


def header(column: str) -> str:
    """Return what a column is called in a table: plain words, no underscore.

    >>> header("record_id"), header("genre_given"), header("share wrong"), header("my_own_column")
    ('identifier', 'genre given by the catalogue', 'share wrong', 'my own column')
    """
    if column in HEADERS:
        return _(HEADERS[column])
    if column in FACETS:
        title = facet_title(column)
        return inside(title[:1]) + title[1:]
    return _(" ".join(column.replace("_", " ").split()))


def headers_in_words(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with :func:`header` for every column; where two would be alike, both keep their own."""
    words = [header(str(column)) for column in table.columns]
    repeated = {word for word in words if words.count(word) > 1}
    names = [
        str(column).replace("_", " ") if word in repeated else word
        for column, word in zip(table.columns, words, strict=True)
    ]
    return table.set_axis(names, axis=1)


def show_table(
    table: pd.DataFrame,
    *,
    alt: str,
    shares: Sequence[str] = (),
    columns: Mapping[str, Any] | None = None,
    lines: int = 1,
    **options: Any,
) -> Any:
    """Show a table without its index, and return what Streamlit's table returns (the chosen rows).

    Parameters
    ----------
    alt : str
        What the table holds, for people who hear the page.
    shares : sequence of str
        Columns of numbers from 0 to 1, shown as percentages. Only 1 itself is shown as 100 %.
    columns : mapping, optional
        Column → its ``st.column_config``; a label given there goes before :func:`header`.
    lines : int
        Lines a row has room for; text wraps within them. Streamlit wraps in rows of three lines and more.
    """
    given, own_numbers = columns or {}, current_language() != ENGLISH
    settings: dict[Any, Any] = {}
    shown = table.copy(deep=False)
    words = headers_in_words(table).columns
    for column, word in zip(table.columns, words, strict=True):
        setting = dict(given.get(column) or st.column_config.Column())
        setting["label"] = setting.get("label") or word
        if column in shares and own_numbers and options.get("lazy"):
            # Sent in parts, so that a browser writes it: as its own language does, which most likely is the page's.
            number = st.column_config.NumberColumn(format="percent", step=0.001)
            setting = {**number, **{key: value for key, value in setting.items() if value is not None}}
            setting["type_config"] = number["type_config"]
        elif column in shares:
            share = pd.to_numeric(table[column], errors="coerce")
            shown[column] = (100 * share).mask((share < 1) & (share > 0.9994), 99.9)
            number = st.column_config.NumberColumn(format=SHARE_FORMAT)
            setting = {**number, **{key: value for key, value in setting.items() if value is not None}}
            setting["type_config"] = number["type_config"]
        elif pd.api.types.is_integer_dtype(table[column]) and "year" not in word:
            own = setting.get("type_config") or {}
            setting = {key: value for key, value in setting.items() if value is not None}
            thousands: dict[str, Any] = {"type": "number", "format": "localized"}
            setting["type_config"] = thousands | {key: value for key, value in own.items() if value is not None}
        settings[column] = setting
    if lines > 1:
        options["row_height"] = _MARGIN + _LINE * lines
    if own_numbers and not options.get("lazy"):
        shown = _in_own_numbers(shown, settings)
    return st.dataframe(shown, hide_index=True, column_config=settings, alt=alt, placeholder="–", **options)


def _in_own_numbers(table: pd.DataFrame, settings: Mapping[Any, Any]) -> Any:
    """Return a table whose numbers are written as the reader's language does, and still sort by number.

    A browser writes them in English, or in its own language, which need not be that of the page: the formats are taken
    out of `settings`.
    """
    writers: dict[Any, str | Callable[[Any], str] | None] = {}
    for column, setting in settings.items():
        kind = setting.get("type_config") or {}
        template = kind.get("format")
        if template and pd.api.types.is_numeric_dtype(table[column]):
            setting["type_config"] = {name: value for name, value in kind.items() if name != "format"}
            writers[column] = functools.partial(_own_number, template)
    return table.style.format(writers, na_rep="–") if writers else table


def _own_number(template: str, value: float) -> str:
    if template == "localized":
        return number_text(f"{value:,}" if float(value).is_integer() else f"{value:,.3g}")
    return number_text(template % value)


def show_sentences_table(table: pd.DataFrame, *, alt: str) -> None:
    """Show a small table of words as text of the page: cells wrap, and no column is hidden in a narrow window.

    Parameters
    ----------
    table : DataFrame
        Of text, as it shall be read; figures are written out. Columns are named by :func:`header`.
    """
    words = headers_in_words(table)
    st.table(words.astype(str).map(escape), hide_index=True, border="horizontal", alt=alt)
