"""The language of the pages: chosen in the sidebar, kept in the address, asked for wherever a sentence is written."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.translation import ENGLISH, LANGUAGES, _, follow, language_is

__all__ = [
    "LANGUAGE",
    "LazyText",
    "arrive",
    "choose",
    "choose_language",
    "chosen_language",
    "only",
    "take_from_address",
]


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


# --- Choices that stand in the address by a name of their own, whatever words show them -------------------------------
#
# Choices that stand in the address by a name of their own, whatever words show them: a link opens in every language.
#
# Streamlit binds a choice to the address by the words that are shown, which are others in another language.

_PAGE: Final = "page_before"
_ARRIVING: Final = "arriving"
_CHOICES: Final = "choices_in_the_address"  # (page, key) → what was chosen, and what the address says of it


def _page() -> str:
    context = get_script_run_ctx(suppress_warning=True)
    return context.page_script_hash if context else ""


def arrive() -> None:
    """Note whether this page has just been opened: a choice that its address leaves out is then as it was left."""
    page = _page()
    st.session_state[_ARRIVING] = st.session_state.get(_PAGE) != page
    st.session_state[_PAGE] = page


def choose(
    draw: Callable[..., Any],
    label: str,
    options: Sequence[Any],
    *,
    key: str,
    default: Any = None,
    format_func: Callable[[Any], str] = str,
    **settings: Any,
) -> Any:
    """Draw a choice, follow the address where that names one, and keep in the address what is chosen.

    Parameters
    ----------
    draw : callable
        ``st.selectbox``, ``st.segmented_control``, ``st.radio``, ``st.select_slider`` or ``st.multiselect``.
    options : sequence
        Each stands in the address as ``str`` writes it.
    key : str
        The name in the address.
    default : object, optional
        What the address leaves out, for several choices a list; else the first option.
    format_func : callable
        How an option is shown. An address that has these words, in whichever language, is understood too.
    """
    default = options[0] if default is None else default
    memory: dict[tuple[str, str], tuple[Any, list[str]]] = st.session_state.setdefault(_CHOICES, {})
    value, written = memory.get((_page(), key), (default, []))
    address = st.query_params.get_all(key)
    if address != written and (address or not st.session_state.get(_ARRIVING)):
        # It was opened with this address, or somebody went back to it.
        names = _names(options, format_func)
        wanted = [names[name] for name in address if name in names]
        value = default if not wanted else wanted if isinstance(default, list) else wanted[0]
        st.session_state[key] = value
    else:
        st.session_state[key] = _among(st.session_state.get(key, value), options, _among(value, options, default))
    chosen = draw(label, options, key=key, format_func=format_func, **settings)
    memory[_page(), key] = chosen, _write(key, address, chosen, default)
    return chosen


def _names(options: Sequence[Any], format_func: Callable[[Any], str]) -> Mapping[str, Any]:
    names: dict[str, Any] = {}
    for language in LANGUAGES:
        with language_is(language):
            names |= {format_func(option): option for option in options}
    return names | {str(option): option for option in options}


def _among(value: Any, options: Sequence[Any], default: Any) -> Any:
    """Return what of a choice is still among the options; the default where nothing of a single one is."""
    if isinstance(default, list):
        return [one for one in value or [] if one in options]
    return value if value is None or value in options else default


def _write(key: str, address: list[str], chosen: Any, default: Any) -> list[str]:
    several = chosen if isinstance(chosen, list) else [] if chosen is None else [chosen]
    names = [] if chosen == default else [str(one) for one in several]
    if names and names != address:
        st.query_params[key] = names
    elif not names and address:
        del st.query_params[key]
    return names
