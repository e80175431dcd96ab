"""Which catalogue of the workspace predictions made elsewhere speak of: said, and changed by a person."""

from collections.abc import Mapping

import streamlit as st

from core.predictions import NO_CORPUS, load_predictions, save_catalogue_choice, saved_catalogue_choice
from core.storage import Artifact
from dashboard import cache, feedback
from dashboard.text import escape

__all__ = ["choose_catalogue"]

_BY_ITSELF, _NONE = "(the one that holds them)", "(none: only what their own file says)"


def choose_catalogue(thing: Artifact) -> None:
    """Say which catalogue predictions made elsewhere are joined with, and let a person name another; else nothing."""
    place = cache.workspace()
    if thing.kind != "predictions" or load_predictions(place, thing.fingerprint).made_here:
        return
    feedback.show_sentences(*cache.catalogue(thing.name).sentences)
    names = [corpus.name for corpus in place.list("corpora")]
    if not names:
        return
    values = {_BY_ITSELF: "", _NONE: NO_CORPUS} | {name: name for name in names}
    choice = saved_catalogue_choice(place, thing.fingerprint)
    options = [_BY_ITSELF, *names, _NONE]
    now = next((option for option in options if values[option] == choice), _BY_ITSELF)
    key = f"catalogue-of-{thing.fingerprint}"
    st.session_state[key] = now  # what is kept is shown, whoever chose it
    st.selectbox(
        "Catalogue of these predictions",
        options,
        key=key,
        on_change=_save_choice,
        args=(thing.fingerprint, key, values),
        help="Records are matched by their identifier. What is found there takes titles, dates, places and languages"
        " from the catalogue, and leaves with the catalogue's identifiers.",
    )
    if choice not in ("", NO_CORPUS) and cache.catalogue(thing.name).match is None:
        st.warning(f"“{escape(now)}” holds none of these records. Choose another catalogue.", icon=":material/help:")


def _save_choice(fingerprint: str, key: str, values: Mapping[str, str]) -> None:
    with feedback.show_errors():
        save_catalogue_choice(cache.workspace(), fingerprint, values[st.session_state[key]])
