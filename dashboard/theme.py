"""Whether the reader sees light or dark paper."""

import streamlit as st

from dashboard.charts.palette import DARK, LIGHT, ChartTheme

__all__ = ["accent_text_colour", "chart_theme", "fit_the_window"]

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
[data-testid="stPageLink-NavLink"], [data-testid="stPageLink-NavLink"] * {
  white-space: normal !important; overflow: visible !important;
}
</style>"""


def chart_theme() -> ChartTheme:
    """Return how charts shall look; light where the browser has not yet said."""
    return DARK if st.context.theme.type == "dark" else LIGHT


def accent_text_colour() -> None:
    """Make words on the accent colour (primary buttons, chosen values) dark where the paper is dark."""
    if chart_theme() is DARK:
        st.html(_DARK_WORDS)


def fit_the_window() -> None:
    """Give tables the room that a laptop's window has, and let titles and links wrap on a telephone."""
    st.html(_FITTING)
