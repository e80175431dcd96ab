"""The list of pages, in the order a curator walks them. To add one: a file in pages/ and a line here."""

from pathlib import Path
from typing import NamedTuple

import streamlit as st
from streamlit.navigation.page import StreamlitPage

__all__ = ["ICON", "PAGES", "PageEntry", "links_to", "navigation"]

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
