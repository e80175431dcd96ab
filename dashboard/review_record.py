"""What helps to decide about one record: the whole of it, similar checked titles, the words that speak, the book."""

from typing import Final

import pandas as pd
import streamlit as st

from core.book_links import book_link, link_pattern, save_link_pattern
from core.errors import ColophonError, InputError
from core.predictions import Scored, load_predictions
from core.review_queue import ReviewQueue
from core.schema import RECORD_ID, TITLE
from core.translation import _
from core.wording.explanations import words_for_and_against
from dashboard import cache, feedback, people
from dashboard.feedback import escape
from dashboard.review_state import ReviewState

__all__ = ["show_record_help"]

_SIMILAR: Final = 3
_LEAST_SIMILAR: Final = 0.05
_LONGEST: Final = 600
_TITLE: Final = 46


def show_record_help(scored: Scored, queue: ReviewQueue, record: pd.Series, desk: ReviewState, *, blind: bool) -> None:
    """Show what helps to decide about a record.

    Parameters
    ----------
    blind : bool
        Whether what the model says is hidden: then its words are too.
    """
    record_id = str(record[RECORD_ID])
    originals = cache.originals("predictions", scored.predictions)
    filled = _filled(originals, queue, record_id)
    _show_link(filled, record_id)
    _show_similar(scored, record)
    if not blind:
        _show_words(scored, record, desk)
    with st.expander(_("The whole record"), icon=":material/article:"):
        st.markdown("  \n".join(f"**{escape(name)}:** {escape(value[:_LONGEST])}" for name, value in filled.items()))
        _ask_link_pattern()


def _filled(originals: pd.DataFrame, queue: ReviewQueue, record_id: str) -> dict[str, str]:
    """Return the original columns of a record that hold something."""
    rows = queue.scored.table.index
    row = int(rows[queue.positions[record_id]])
    if row >= len(originals):
        return {}
    return {str(name): str(value) for name, value in originals.iloc[row].items() if str(value).strip()}


def _show_link(filled: dict[str, str], record_id: str) -> None:
    database = cache.workspace().database
    pattern = link_pattern(database)
    address = book_link(filled, record_id, pattern)
    if address:
        st.link_button(_("Read the digitised book"), address, icon=":material/open_in_new:", type="tertiary")


def _ask_link_pattern() -> None:
    """Ask for the pattern of the library's addresses, kept in the workspace."""
    if not people.may():
        return
    database = cache.workspace().database
    known = link_pattern(database)
    typed = st.text_input(
        _("Where your digitised books are read"),
        value=known,
        key="book_pattern",
        placeholder="https://books.example/{identifier}",
        help=_(
            "The address of a book, with {identifier}, or a column's name in such brackets, where its number stands."
            " Without one, a link in the record itself is shown."
        ),
    )
    if typed.strip() != known:
        try:
            save_link_pattern(database, typed)
        except InputError as error:
            st.warning(feedback.from_core(error.on_page), icon=":material/help:")


def _show_similar(scored: Scored, record: pd.Series) -> None:
    """Show the checked titles most like this one, with what people said of them."""
    nearest = cache.checked_titles(scored).nearest(str(record[TITLE]), _SIMILAR + 1)
    nearest = nearest[(nearest[RECORD_ID] != record[RECORD_ID]) & (nearest["similarity"] >= _LEAST_SIMILAR)]
    if nearest.empty:
        return
    st.markdown(_("**Similar titles**"))
    st.markdown(
        "\n".join(
            f"- {escape(_shortened(str(row.title)))} → **{escape(str(row.label))}**"
            for row in nearest.head(_SIMILAR).itertuples()
        )
    )


def _shortened(title: str) -> str:
    return title if len(title) <= _TITLE else f"{title[:_TITLE].rsplit(' ', 1)[0]} …"


def _show_words(scored: Scored, record: pd.Series, desk: ReviewState) -> None:
    """Show the words for and against what the model says, at once where that is cheap, else when asked for."""
    name = load_predictions(cache.workspace(), scored.name).manifest.model
    known = {model.name: model.manifest.kind for model in cache.models()}
    record_id, title = str(record[RECORD_ID]), str(record[TITLE])
    if name not in known or not title:
        return
    if known[name] != "tfidf" and desk.explained != record_id:
        st.button(
            _("Show the words that speak for and against (some seconds)"),
            key=f"words-{record_id}",
            type="tertiary",
            icon=":material/search_insights:",
            on_click=_explain,
            args=(desk, record_id),
        )
        return
    try:
        explanation = cache.explanation(name, cache.text_of(name, scored.name, record_id, title))
    except ColophonError as error:  # the book can be decided without it
        st.caption(feedback.from_core(error.on_page))
        return
    feedback.show_sentences(words_for_and_against(explanation, explanation.class_name))


def _explain(desk: ReviewState, record_id: str) -> None:
    desk.explained = record_id
