"""Table in, chart out, one module a family. Nothing here imports Streamlit.

What a chart looks like is fixed once for all its tables: Altair copies a chart at every step of building it, which was
three quarters of a slider's move. So a function of tables alone calls one that is :func:`fixed` and knows no table, and
what goes to the browser again is the table. The tests compare every specification with Vega-Lite's schema.

How charts look on light and on dark paper: the colour-blind-safe set of Okabe and Ito (2008), text that can be read.
Colours are those of ``.streamlit/config.toml``; text stands out at least 4.5 to 1 from the paper, marks 3 to 1.
"""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, ParamSpec

import altair as alt
import pandas as pd

from core.translation import current_language, number_text

__all__ = ["DARK", "LIGHT", "Chart", "ChartTheme", "fixed", "named"]

_P = ParamSpec("_P")


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A chart and what it shows.

    Attributes
    ----------
    spec : mapping
        In Vega-Lite, without data. It is shared: do not change it.
    tables : mapping
        The tables that `spec` names.
    """

    spec: Mapping[str, Any]
    tables: Mapping[str, pd.DataFrame]


def named(table: str) -> alt.Chart:
    """Return an empty chart of a table that is known by its name only."""
    return alt.Chart(alt.NamedData(table))


@dataclass(frozen=True, kw_only=True)
class ChartTheme:
    """The colours of all charts under one theme.

    Attributes
    ----------
    paper, text : str
        Background of the page; labels, titles and counts.
    accent, second, neutral, right, wrong : str
        Marks: the thing itself, what it is held against, intervals and rules, outcomes.
    faint_right, faint_wrong : str
        Where a scale from nothing to `right` or `wrong` begins.
    on_right, on_wrong, on_faint : str
        Words on `right`, on `wrong`, and on the lower half of their scales.
    """

    paper: str
    text: str
    accent: str
    second: str
    neutral: str
    right: str
    wrong: str
    faint_right: str
    faint_wrong: str
    on_right: str
    on_wrong: str
    on_faint: str


LIGHT: Final = ChartTheme(
    paper="#fbf8f1",
    text="#4a453c",
    accent="#0072b2",
    second="#c24e00",
    neutral="#857f73",
    right="#0072b2",
    wrong="#d55e00",
    faint_right="#dbe7ef",
    faint_wrong="#f6e3d5",
    on_right="#ffffff",
    on_wrong="#14120e",
    on_faint="#14120e",
)
DARK: Final = ChartTheme(
    paper="#12151a",
    text="#c9c2b3",
    accent="#4f9fd0",
    second="#e8772e",
    neutral="#8d877b",
    right="#4f9fd0",
    wrong="#e8772e",
    faint_right="#203b51",
    faint_wrong="#3c2a20",
    on_right="#0e1115",
    on_wrong="#0e1115",
    on_faint="#ffffff",
)


def _number_locale() -> alt.NumberLocale:
    """Return how Vega writes numbers: as sentences in the reader's language do, and "49.3 %" for ".1%"."""
    return alt.NumberLocale(
        decimal=number_text("."),
        thousands=number_text(","),
        grouping=[3],
        currency=["", ""],
        minus="\u2212",
        percent="\u00a0%",
    )


# More than all charts of all pages in both colours; what is shown of values in another order is another chart.
_MOST_SPECS: Final = 128


def fixed(build: Callable[_P, Any]) -> Callable[_P, dict[str, Any]]:
    """Have what builds an Altair chart called once for equal arguments and language, and return its specification.

    Parameters
    ----------
    build : callable
        Its last argument is the :class:`ChartTheme`; it reads nothing but its arguments, and data by :func:`named`.
    """

    @functools.lru_cache(_MOST_SPECS)
    def specification(language: str, *args: Any) -> dict[str, Any]:
        spec: dict[str, Any] = _themed(build(*args), args[-1]).to_dict()  # type: ignore[call-arg]
        for default in ("continuousWidth", "continuousHeight"):  # Altair's, where a page has its own width
            spec["config"]["view"].pop(default, None)
        return spec

    @functools.wraps(build)
    def of_language(*args: Any) -> dict[str, Any]:
        return specification(current_language(), *args)

    return of_language  # type: ignore[return-value]


def _themed(chart: Any, chart_theme: ChartTheme) -> Any:
    """Return an Altair chart whose labels and titles can be read on the paper, and are not cut off."""
    words: dict[str, Any] = {
        "labelColor": chart_theme.text,
        "titleColor": chart_theme.text,
        "labelFontSize": 12,
        "titleFontSize": 12,
    }
    return (
        chart.configure(locale=alt.Locale(number=_number_locale()))
        .configure_axis(**words, titleLimit=0)
        .configure_axisY(labelFlush=False)  # flush, the first label would stand beside its row
        .configure_legend(**words, orient="top", labelLimit=0, titleLimit=0)
        .configure_header(**words)
        .configure_view(strokeOpacity=0)
    )
