"""Book: all that is known of one book, found by a word of its title, its author or its number."""

import streamlit as st

from core.text_search import find_records
from core.translation import _
from dashboard import cache, feedback, navigation, record_view, widgets

st.title(_("Book"))
scored = widgets.require_scored(with_truth=False, sliced=False)
words = st.text_input(_("Title, author or record number"), key=navigation.FIND, bind="query-params")
if not words.strip():
    feedback.conclusion(_("Type a word of a book's title, its author or its number."))
    st.stop()
matches = scored.table[find_records(scored.table, words)]
record_id = record_view.choose(matches, words)
record_view.show(cache.book_record(scored, record_id))
