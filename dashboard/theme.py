"""Whether the reader sees light or dark paper."""

import streamlit as st

from dashboard.charts.palette import DARK, LIGHT, Look

__all__ = ["look", "words_on_the_accent"]

# Streamlit writes white on the accent. The accent of dark paper is light, since words in it must stand out as well.
_DARK_WORDS = """<style>
[data-testid="stBaseButton-primary"], [data-testid="stBaseButton-primary"] *,
[data-testid="stBaseButton-primaryFormSubmit"], [data-testid="stBaseButton-primaryFormSubmit"] *,
[data-testid="stMultiSelect"] span[title], [data-testid="stMultiSelect"] span[title] ~ * { color: #0e1115 !important; }
</style>"""


def look() -> Look:
    """Return how charts shall look; light where the browser has not yet said."""
    return DARK if st.context.theme.type == "dark" else LIGHT


def words_on_the_accent() -> None:
    """Make words on the accent colour (primary buttons, chosen values) dark where the paper is dark."""
    if look() is DARK:
        st.html(_DARK_WORDS)
