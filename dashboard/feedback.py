"""Errors, empty states and explanations in a curator's words, and text from files made safe for the page."""

import contextlib
import logging
import re
from collections.abc import Callable, Iterator
from typing import ParamSpec

import streamlit as st

from core import formatting
from core.errors import ColophonError, NotFoundError, describe_system_error
from core.translation import _, plural, translate
from dashboard import navigation

__all__ = [
    "JOINER",
    "NO_BREAK",
    "conclusion",
    "count",
    "empty",
    "escape",
    "figure",
    "from_core",
    "how_computed",
    "interval",
    "more",
    "next_step",
    "percent",
    "percent_unbroken",
    "plain_label",
    "rate",
    "show_errors",
    "show_sentences",
]

# --- Text that comes from files, made safe for the page, and numbers as a curator reads them --------------------------


_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>$~:&])")
# The page makes links of bare addresses after it has taken the backslashes away, so that none of them helps.
_ADDRESS = re.compile(r"https?(?=://)|www(?=\.)|(?<=[\w.+-])@(?=[\w-])", re.IGNORECASE)
JOINER = "\u2060"  # WORD JOINER: it is not seen, takes no room and breaks no line
NO_BREAK = "\u00a0"  # NO-BREAK SPACE: between a number and its sign
_BEFORE_PERCENT = re.compile(r"(?<=\d) (?=%)")

# Signs that mark something inside a line, or at its beginning; addresses; a name of an icon.
_ACTIVE = re.compile(r"[\\`*\[\]<>$~:&|@]|(?<!\w)_|_(?!\w)|^\W|^\d+[.)]|!\[|www\.|//")


def escape(text: str) -> str:
    r"""Return text with every sign escaped that Markdown, maths or colour marks could act upon; an address is no link.

    Within a bare address (of a page or of e-mail) an unseen sign is put, so that a title that holds one is text.

    >>> escape("see *this*")
    'see \\*this\\*'
    """
    broken = _ADDRESS.sub(lambda match: f"{match.group()}{JOINER}", " ".join(str(text).split()))
    return percent_unbroken(_MARKDOWN.sub(r"\\\1", broken))


def from_core(text: str) -> str:
    """Return a text of core, which speaks English, in the reader's language and safe for the page."""
    return escape(translate(text))


def percent_unbroken(text: str) -> str:
    """Return text in which no line breaks between a number and its per cent sign."""
    return _BEFORE_PERCENT.sub(NO_BREAK, text)


def plain_label(text: str) -> str:
    r"""Return text for the label of a widget, which is read aloud as it is written: no backslash that need not be.

    Hyphens, full stops, brackets and the like act upon nothing inside a line and stay; whatever could begin a mark, a
    link or a picture is escaped, as in :func:`escape`, since to be safe goes before to be read well.

    >>> plain_label("Non-fiction"), plain_label("18+ (illustrated)"), plain_label("*a*")
    ('Non-fiction', '18+ (illustrated)', '\\*a\\*')
    """
    line = " ".join(str(text).split())
    return escape(line) if _ACTIVE.search(line) else line


_Inputs = ParamSpec("_Inputs")


def _unbroken(write: Callable[_Inputs, str]) -> Callable[_Inputs, str]:
    """Return a function of :mod:`core.formatting` whose text no line breaks before its per cent sign."""
    return lambda *args, **kwargs: percent_unbroken(write(*args, **kwargs))


percent = _unbroken(formatting.percent)
interval = _unbroken(formatting.interval_percent)
rate = _unbroken(lambda estimate: formatting.rate(estimate, n=_(", of "), unknown=_("not known")))
figure = _unbroken(lambda estimate: formatting.figure(estimate, unknown=_("not known")))


def count(number: int, singular: str, many: str | None = None) -> str:
    """Return a number with its noun: "1 book", "1,204 books"."""
    return plural(f"{{n:,}} {singular}", f"{{n:,}} {many or singular + 's'}", number)


# --- Errors, empty states and explanations in a curator's words. Core's errors are translated here --------------------
# Errors, empty states and explanations in a curator's words. Core's errors are translated here and nowhere else.


_LOG = logging.getLogger("colophon")


@contextlib.contextmanager
def show_errors() -> Iterator[None]:
    """Show an error meant for people as one message; let others pass to Streamlit's handler, which logs them."""
    try:
        yield
    except NotFoundError as error:
        st.warning(from_core(error.on_page), icon=":material/help:")
    except ColophonError as error:
        _LOG.warning("%s", error)
        st.error(from_core(error.on_page), icon=":material/error:")
    except Exception as error:
        refusal = describe_system_error(error)
        if refusal is None:
            raise
        _LOG.warning("%s", error)
        st.error(from_core(refusal), icon=":material/error:")


def empty(sentence: str, page: str, label: str) -> None:
    """Say what is missing and where to get it, and stop the page here."""
    with st.container(border=True):
        st.markdown(sentence)
        navigation.links_to(page, label)
    st.stop()


def conclusion(sentence: str) -> None:
    """Show the page's (or a section's) conclusion, in words, above what proves it."""
    st.markdown(f"## {percent_unbroken(sentence)}")


def show_sentences(*sentences: str) -> None:
    """Show plain sentences, of which parts may come from files."""
    for sentence in sentences:
        st.markdown(from_core(sentence))


def more(label: str, *sentences: str) -> None:
    """Show plain sentences folded under a label; nothing where there is none."""
    if sentences:
        with st.expander(label, icon=":material/notes:"):
            show_sentences(*sentences)


def how_computed(text: str) -> None:
    """Show, folded, how the numbers above were computed."""
    with st.expander(_("How this was computed"), icon=":material/function:"):
        st.markdown(percent_unbroken(text))


def next_step(page: str, label: str | None = None) -> None:
    """End a page with the way on."""
    st.divider()
    navigation.links_to(page, label)
