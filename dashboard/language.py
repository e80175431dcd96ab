"""The language of the pages: chosen in the sidebar, kept in the address, asked for wherever a sentence is written."""

import contextlib
from collections.abc import Callable
from typing import Final

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.translation import ENGLISH, LANGUAGES, _, follow

__all__ = ["LANGUAGE", "LazyText", "choose_language", "chosen_language", "only", "take_from_address"]

LANGUAGE: Final = "lang"


class LazyText(str):
    """A message that is translated when it is drawn, such as what a cached function says while it computes."""

    def __str__(self) -> str:
        return _(str.__str__(self))


def chosen_language() -> str:
    """Return the language of whoever reads this page; English outside of a page, where a file is made."""
    if get_script_run_ctx(suppress_warning=True) is None:
        return ENGLISH
    language = st.session_state.get(LANGUAGE)
    return str(language) if language in LANGUAGES else ENGLISH


def take_from_address() -> None:
    """Begin with the language that the address names: the menu is drawn before the choice is."""
    if LANGUAGE not in st.session_state and st.query_params.get(LANGUAGE) in LANGUAGES:
        st.session_state[LANGUAGE] = st.query_params[LANGUAGE]


def only(*messages: str) -> Callable[[str], str]:
    """Return how options are shown of which only these are messages; the others are names that somebody gave."""
    return lambda option: _(option) if option in messages else option


def choose_language() -> None:
    """Draw the choice of the language."""
    st.segmented_control(
        "Language / Sprache",
        list(LANGUAGES),
        default=ENGLISH,
        required=True,
        key=LANGUAGE,
        bind="query-params",
        on_change=_keep_choices,
        label_visibility="collapsed",
    )


def _keep_choices() -> None:
    """Keep what is chosen on the page: a browser knows a choice by its words, which are others from now on."""
    for key in list(st.query_params):
        if key != LANGUAGE and key in st.session_state:
            with contextlib.suppress(st.errors.StreamlitAPIException):
                st.session_state[key] = st.session_state[key]


follow(chosen_language)
