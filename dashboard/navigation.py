"""The list of pages, in the order a curator walks them, and every session-state key.

Derived things are computed, never stored. A key has one owner: the widget that carries it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from core.road import Step, StepState
from core.translation import _, current_language, noop

__all__ = [
    "ARRIVED",
    "CELL_PREDICTED",
    "CELL_TRUTH",
    "CORPUS",
    "CUT_PREFIX",
    "DESK",
    "FACET",
    "FACET_NOTICE",
    "FIND",
    "FURTHER_LABELS",
    "HIDE_MODEL",
    "ICON",
    "JOB",
    "LABELS",
    "LABEL_SET",
    "LEARNED_FACET",
    "PAGES",
    "PARTS",
    "PHRASE",
    "POPULATION",
    "PREDICTIONS",
    "REVIEWER",
    "REVIEW_ORDER",
    "REVIEW_REASONS",
    "REVIEW_SEED",
    "SAMPLE",
    "SLICE",
    "STATE_WORDS",
    "TOUR",
    "WINDOW",
    "WORDS",
    "PageEntry",
    "cut_key",
    "entry_of",
    "go_to",
    "links_to",
    "menu",
    "navigation",
    "page_entry",
    "pages_of",
]

# --- Every session-state key, said once -------------------------------------------------------------------------------
# Widgets bound to the URL use their key as the name of the query parameter.


# In the sidebar, on every page, in the URL.
PREDICTIONS: Final = "predictions"
LABELS: Final = "checked"
FURTHER_LABELS: Final = "and_by"
SLICE: Final = "only"

# On the pages of the tour, in the URL and in the session: which step.
TOUR: Final = "tour"

# On one page, in the URL.
CORPUS: Final = "corpus"
LABEL_SET: Final = "label_set"
SAMPLE: Final = "sample"
POPULATION: Final = "population"
FACET: Final = "by"
LEARNED_FACET: Final = "facet"
PHRASE: Final = "words"
WORDS: Final = "keywords"
FIND: Final = "find"
CELL_TRUTH: Final = "is"
CELL_PREDICTED: Final = "called"
CUT_PREFIX: Final = "cut_"
REVIEW_ORDER: Final = "order"
REVIEW_REASONS: Final = "why"
REVIEW_SEED: Final = "shuffle"
HIDE_MODEL: Final = "blind"

# In the session only.
JOB: Final = "job"  # the work this window waits for
ARRIVED: Final = "arrived"  # what it has brought, until that is said
DESK: Final = "desk"
WINDOW: Final = "browser_window"
FACET_NOTICE: Final = "facet_notice"  # what the Facets page says once
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
    """One page: its file, title and icon, the question it answers, the part of the road and the step it belongs to."""

    file: str
    title: str
    icon: str
    question: str
    part: str = ""
    step: Step | None = None


COLLECT, MODEL, JUDGE, DECIDE, HAND_OVER = PARTS = (
    noop("1 Collect"),
    noop("2 Model"),
    noop("3 Judge"),
    noop("4 Decide"),
    noop("5 Hand over"),
)
PAGES: tuple[PageEntry, ...] = (
    PageEntry("home.py", noop("Home"), ":material/home:", noop("What is loaded, and what to do next?")),
    PageEntry("help.py", noop("Help"), ":material/help:", noop("What do the words and the numbers mean?")),
    PageEntry(
        "catalogue.py",
        noop("Catalogue"),
        ":material/menu_book:",
        noop("What is in the file, and how was it read?"),
        COLLECT,
        "collect",
    ),
    PageEntry(
        "representativeness.py",
        noop("Representativeness"),
        ":material/balance:",
        noop("Is the sample like the collection?"),
        COLLECT,
        "represent",
    ),
    PageEntry(
        "labelling.py",
        noop("Labelling functions"),
        ":material/rule:",
        noop("Can rules label more books?"),
        MODEL,
        "rules",
    ),
    PageEntry(
        "facets.py",
        noop("Facets"),
        ":material/category_search:",
        noop("Which titles are like those that I mark?"),
        MODEL,
    ),
    PageEntry(
        "models.py",
        noop("Models"),
        ":material/model_training:",
        noop("Which model reads the titles, and how well?"),
        MODEL,
        "model",
    ),
    PageEntry(
        "errors.py", noop("Errors"), ":material/search_insights:", noop("Where is the model wrong?"), JUDGE, "errors"
    ),
    PageEntry(
        "label_audit.py",
        noop("Label audit"),
        ":material/fact_check:",
        noop("Which labels should people look at again?"),
        JUDGE,
        "label audit",
    ),
    PageEntry(
        "thresholds.py",
        noop("Thresholds"),
        ":material/tune:",
        noop("Which predictions can be accepted?"),
        DECIDE,
        "thresholds",
    ),
    PageEntry(
        "review.py",
        noop("Review"),
        ":material/rate_review:",
        noop("What do people say where the model is not sure?"),
        DECIDE,
        "review",
    ),
    PageEntry(
        "export.py",
        noop("Export"),
        ":material/download:",
        noop("How does the accepted metadata leave?"),
        HAND_OVER,
        "export",
    ),
    PageEntry(
        "share.py",
        noop("Share"),
        ":material/share:",
        noop("How do others get the model and the data?"),
        HAND_OVER,
        "share",
    ),
    PageEntry(
        "book.py", noop("Book"), ":material/book:", noop("What is known of one book?")
    ),  # reached by the search alone
)
_SEARCH_ONLY: Final = ("book.py",)
STATE_WORDS: Final[Mapping[StepState, str]] = {
    "done": noop("done"),
    "out of date": noop("out of date"),
    "to do": noop("to do"),
    "optional": noop("optional"),
}
_STATE_ICONS: Final[Mapping[StepState, str]] = {"done": ":material/check_circle:", "out of date": ":material/update:"}


def _address(entry: PageEntry) -> str:
    return entry.file.removesuffix(".py")


def _page(entry: PageEntry) -> StreamlitPage:
    return st.Page(
        _ROOT / entry.file, title=_(entry.title), icon=entry.icon, url_path=_address(entry), default=entry is PAGES[0]
    )


def navigation() -> StreamlitPage:
    """Return the page that was chosen; :func:`menu` draws the list of pages."""
    return st.navigation([_page(entry) for entry in PAGES], position="hidden")


# A screen reader speaks the page's language. On a telephone the menu lies over the page: it goes once a page is chosen,
# as Streamlit's own does.
_CLOSE_MENU: Final = """<script>
document.documentElement.lang = "%s";
// Charts are drawn by the server in colours of their own: where the paper becomes dark or light, it is asked again.
if (!window.colophonPaper) {
  const paper = () => getComputedStyle(document.querySelector('[data-testid="stApp"]')).backgroundColor;
  window.colophonPaper = paper();
  setInterval(() => {
    if (window.colophonPaper !== paper() && !document.querySelector("input:focus, textarea:focus")) {
      window.colophonPaper = paper();
      setTimeout(() => document.dispatchEvent(
        new KeyboardEvent("keydown", {key: "r", code: "KeyR", keyCode: 82, bubbles: true})), 600);
    }
  }, 1000);
}
if (!window.colophonMenu) {
  window.colophonMenu = true;
  document.addEventListener("click", (event) => {
    if (window.innerWidth <= 768 && event.target.closest(".st-key-menu a")) {
      setTimeout(() => document.querySelector('[data-testid="stSidebarCollapseButton"] button')?.click(), 150);
    }
  });
}
</script>"""


def menu(states: Mapping[Step, StepState]) -> None:
    """Draw the list of pages, in the parts of the road and with what is done marked.

    Streamlit's own menu nests its parts in a way that no screen reader takes for a list.
    """
    with st.container(key="menu", gap=None):
        for part in ("", *PARTS):
            if part:
                st.caption(_(part))
            for entry in pages_of(part):
                if entry.file not in _SEARCH_ONLY:
                    _menu_link(entry, states.get(entry.step, "optional") if entry.step else "optional")
    st.html(_CLOSE_MENU % current_language(), unsafe_allow_javascript=True)


def _menu_link(entry: PageEntry, state: StepState) -> None:
    words = f"{_(entry.question)} ({_(STATE_WORDS[state])})" if state in _STATE_ICONS else _(entry.question)
    st.page_link(_page(entry), label=_(entry.title), icon=_STATE_ICONS.get(state, entry.icon), help=words)


def entry_of(page: StreamlitPage) -> PageEntry:
    """Return the entry of the page that is open."""
    return next((entry for entry in PAGES if _address(entry) == page.url_path), PAGES[0])


def pages_of(part: str) -> list[PageEntry]:
    """Return the pages of a part of the road, in their order."""
    return [entry for entry in PAGES if entry.part == part]


def page_entry(title: str) -> PageEntry:
    """Return the page called `title`."""
    return next(entry for entry in PAGES if entry.title == title)


def go_to(title: str, **query: str) -> None:
    """Leave for the page called `title`, with these choices in its address."""
    st.switch_page(_page(page_entry(title)), query_params=query)


def links_to(title: str, label: str | None = None, **query: str) -> None:
    """Draw a link to the page called `title`, with these choices in its address."""
    entry = page_entry(title)
    words = label or f"{_(entry.title)}: {_(entry.question)}"
    st.page_link(
        _page(entry),
        label=words,
        icon=entry.icon,
        help=_(entry.question) if label == _(title) else None,
        query_params=query,
    )
