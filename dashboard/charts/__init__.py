"""Table in, chart out, one module a family. Nothing here imports Streamlit.

How charts look on light and on dark paper: the colour-blind-safe set of Okabe and Ito (2008), text that can be read.
Colours are those of ``.streamlit/config.toml``; text stands out at least 4.5 to 1 from the paper, marks 3 to 1.
"""

from dataclasses import dataclass
from typing import Any, Final

import altair as alt

__all__ = ["DARK", "LIGHT", "ChartTheme", "themed"]


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


# Vega's formats ".1%" and "%" then write "49.3 %", as every sentence does; a locale has to be a whole one.
_PERCENT: Final = alt.NumberLocale(
    decimal=".", thousands=",", grouping=[3], currency=["", ""], minus="\u2212", percent="\u00a0%"
)


def themed(chart: Any, chart_theme: ChartTheme) -> Any:
    """Return an Altair chart whose labels and titles can be read on the paper, and are not cut off."""
    words: dict[str, Any] = {
        "labelColor": chart_theme.text,
        "titleColor": chart_theme.text,
        "labelFontSize": 12,
        "titleFontSize": 12,
    }
    return (
        chart.configure(locale=alt.Locale(number=_PERCENT))
        .configure_axis(**words, titleLimit=0)
        .configure_axisY(labelFlush=False)  # flush, the first label would stand beside its row
        .configure_legend(**words, orient="top", labelLimit=0, titleLimit=0)
        .configure_header(**words)
        .configure_view(strokeOpacity=0)
    )
