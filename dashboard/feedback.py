"""Errors, empty states and explanations in a curator's words. Core's errors are translated here and nowhere else."""

import contextlib
import logging
from collections.abc import Iterator

import streamlit as st

from core.errors import ColophonError, NotFoundError, describe_system_error
from dashboard import navigation
from dashboard.text import escape, percent_unbroken

__all__ = ["conclusion", "empty", "how_computed", "next_step", "show_errors", "show_sentences"]

_LOG = logging.getLogger("colophon")


@contextlib.contextmanager
def show_errors() -> Iterator[None]:
    """Show an error meant for people as one message; let others pass to Streamlit's handler, which logs them."""
    try:
        yield
    except NotFoundError as error:
        st.warning(escape(error.on_page), icon=":material/help:")
    except ColophonError as error:
        _LOG.warning("%s", error)
        st.error(escape(error.on_page), icon=":material/error:")
    except Exception as error:
        refusal = describe_system_error(error)
        if refusal is None:
            raise
        _LOG.warning("%s", error)
        st.error(escape(refusal), icon=":material/error:")


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
        st.markdown(escape(sentence))


def how_computed(text: str) -> None:
    """Show, folded, how the numbers above were computed."""
    with st.expander("How this was computed", icon=":material/function:"):
        st.markdown(percent_unbroken(text))


def next_step(page: str, label: str | None = None) -> None:
    """End a page with the way on."""
    st.divider()
    navigation.links_to(page, label)
