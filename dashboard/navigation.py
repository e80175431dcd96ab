"""The list of pages, in the order a curator walks them, and every session-state key.

Derived things are computed, never stored. A key has one owner: the widget that carries it.
"""

from pathlib import Path
from typing import Final, NamedTuple

import streamlit as st
from streamlit.navigation.page import StreamlitPage

__all__ = [
    "ARRIVED",
    "CELL_PREDICTED",
    "CELL_TRUTH",
    "CORPUS",
    "CUT_PREFIX",
    "DESK",
    "FACET",
    "FURTHER_LABELS",
    "ICON",
    "JOB",
    "LABELS",
    "LABEL_SET",
    "PAGES",
    "PHRASE",
    "POPULATION",
    "PREDICTIONS",
    "REVIEWER",
    "SAMPLE",
    "SLICE",
    "WINDOW",
    "WORDS",
    "PageEntry",
    "cut_key",
    "links_to",
    "navigation",
]

# --- Every session-state key, said once -------------------------------------------------------------------------------
# Widgets bound to the URL use their key as the name of the query parameter.


# In the sidebar, on every page, in the URL.
PREDICTIONS: Final = "predictions"
LABELS: Final = "checked"
FURTHER_LABELS: Final = "and_by"
SLICE: Final = "only"

# On one page, in the URL.
CORPUS: Final = "corpus"
LABEL_SET: Final = "label_set"
SAMPLE: Final = "sample"
POPULATION: Final = "population"
FACET: Final = "by"
PHRASE: Final = "words"
WORDS: Final = "keywords"
CELL_TRUTH: Final = "is"
CELL_PREDICTED: Final = "called"
CUT_PREFIX: Final = "cut_"

# In the session only.
JOB: Final = "job"  # the work this window waits for
ARRIVED: Final = "arrived"  # what it has brought, until that is said
DESK: Final = "desk"
WINDOW: Final = "browser_window"
REVIEWER: Final = "reviewer_name"


def cut_key(class_name: str) -> str:
    """Return the key of the cut-off slider of a class."""
    return CUT_PREFIX + "".join(character if character.isalnum() else "_" for character in class_name)


# --- The list of pages, in the order a curator walks them -------------------------------------------------------------
# To add one: a file in pages/ and a line here.


_ROOT = Path(__file__).parent.parent / "pages"
# A file of our own: the icons named ":material/…" would be fetched from another host by every browser.
ICON = str(Path(__file__).parent / "pictures" / "icon.png")


class PageEntry(NamedTuple):
    """One page: its file, its title, its icon, and the question it answers."""

    file: str
    title: str
    icon: str
    question: str


PAGES: tuple[PageEntry, ...] = (
    PageEntry("home.py", "Home", ":material/home:", "What is loaded, and what to do next?"),
    PageEntry("catalogue.py", "Catalogue", ":material/menu_book:", "What is in the file, and how was it read?"),
    PageEntry(
        "representativeness.py", "Representativeness", ":material/balance:", "Is the sample like the collection?"
    ),
    PageEntry("models.py", "Models", ":material/model_training:", "Which model reads the titles, and how well?"),
    PageEntry("errors.py", "Errors", ":material/search_insights:", "Where is the model wrong?"),
    PageEntry("label_audit.py", "Label audit", ":material/fact_check:", "Which labels should people look at again?"),
    PageEntry("thresholds.py", "Thresholds", ":material/tune:", "Which predictions can be accepted?"),
    PageEntry("review.py", "Review", ":material/rate_review:", "What do people say where the model is not sure?"),
    PageEntry("labelling.py", "Labelling functions", ":material/rule:", "Can rules label more books?"),
    PageEntry("export.py", "Export", ":material/download:", "How does the accepted metadata leave?"),
    PageEntry("share.py", "Share", ":material/share:", "How do others get the model and the data?"),
)


def _page(stop: PageEntry) -> StreamlitPage:
    return st.Page(
        _ROOT / stop.file,
        title=stop.title,
        icon=stop.icon,
        url_path=stop.file.removesuffix(".py"),
        default=stop is PAGES[0],
    )


def navigation() -> StreamlitPage:
    """Draw the menu and return the page that was chosen."""
    return st.navigation([_page(stop) for stop in PAGES])


def links_to(title: str, label: str | None = None) -> None:
    """Draw a link to the page called `title`."""
    stop = next(stop for stop in PAGES if stop.title == title)
    st.page_link(_page(stop), label=label or f"{stop.title}: {stop.question}", icon=stop.icon)
