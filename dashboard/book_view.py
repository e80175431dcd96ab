"""One book: what the catalogue says, what each model says, who decided what; and the box in which it is looked for."""

from urllib.parse import urlsplit

import pandas as pd
import streamlit as st

from core.book_record import BookRecord
from core.formatting import capitalised, lower_percent
from core.schema import AUTHOR, DATE, RECORD_ID, TITLE
from dashboard import feedback, navigation
from dashboard.feedback import count, escape
from dashboard.tables import header, show_table

__all__ = ["choose", "search_box", "show"]

_LISTED = 200
_SEEN_AT_ONCE = 10  # so many are chosen with one click
_SEARCHED = "search_box"


def search_box(title: str) -> None:
    """Draw the box of the sidebar; what is typed opens the page of the book, unless it is open: then it is its words.

    Parameters
    ----------
    title : str
        Title of the page that is open.
    """
    words = st.text_input(
        "Find a book",
        key=_SEARCHED,
        placeholder="Title, author or number",
        help="Among the books of the predictions chosen above. Neither capitals nor accents matter.",
        on_change=_search,
    )
    if words.strip() and st.session_state.pop(f"{_SEARCHED}_go", False):
        st.session_state[navigation.FIND] = words
        if title != "Book":
            navigation.go_to("Book", **{navigation.FIND: words})


def _search() -> None:
    st.session_state[f"{_SEARCHED}_go"] = True


def choose(matches: pd.DataFrame, words: str) -> str:
    """Let a person choose one of the books, and return its number; stops the page where there is none."""
    if matches.empty:
        feedback.conclusion(f"No book holds “{escape(words)}” in its title, author or number.")
        st.stop()
    rows = matches.head(_LISTED)
    names = {
        str(row[RECORD_ID]): " · ".join(str(row[key]) for key in (TITLE, AUTHOR, DATE) if str(row.get(key) or ""))
        for row in rows.to_dict("records")
    }
    if len(matches) == 1:
        return next(iter(names))
    label = f"{count(len(matches), 'book')} fit" + (
        f"; the first {_LISTED} are listed" if len(matches) > _LISTED else ""
    )
    if len(names) <= _SEEN_AT_ONCE:
        escaped = {record_id: escape(name) for record_id, name in names.items()}
        return str(st.radio(label, list(names), format_func=escaped.__getitem__, key="book", bind="query-params"))
    return str(st.selectbox(label, list(names), format_func=names.__getitem__, key="book", bind="query-params"))


def show(book: BookRecord) -> None:
    """Show a book: its record, what was said of it and by whom."""
    feedback.conclusion(escape(book.title) or "(no title)")
    facts = " · ".join(f"{capitalised(header(name))}: {value}" for name, value in book.facts.items())
    st.caption(escape(f"{facts} · record {book.record_id}" if facts else f"record {book.record_id}"))
    if book.link:
        st.link_button(
            f"Read it at {escape(urlsplit(book.link).hostname or '')}", book.link, icon=":material/open_in_new:"
        )
    left, right = st.columns(2)
    with left:
        st.header("What was said of it")
        _show_answers(book)
    with right:
        st.header("Its record")
        record = pd.DataFrame({"column": list(book.columns), "in the file": list(book.columns.values())})
        show_table(record, alt="The columns of the record that are filled, as they came", height="content")


def _show_answers(book: BookRecord) -> None:
    for answer in book.predictions:
        sure = (
            f", {feedback.percent_unbroken(lower_percent(answer.confidence))} sure"
            if answer.confidence == answer.confidence
            else ""
        )
        state = {True: " Accepted.", False: " Left to people.", None: ""}[answer.is_accepted]
        st.markdown(f"**{escape(answer.predictions)}** says {escape(answer.label) or 'nothing'}{sure}.{state}")
    for label in book.labels:
        by = f" by {label.annotator}" if label.annotator else ""
        note = f" “{label.note}”" if label.note else ""
        st.markdown(f"**{escape(label.label_set)}**: {escape((label.label or 'undecided') + by + '.' + note)}")
    for row in book.decisions:
        who = row.by or "somebody without a name"
        what = "taken back" if row.undoes else f"decided “{row.label}”"
        st.markdown(f"**Review**: {escape(f'{what} by {who}, {row.when}.')}")
    if not (book.labels or book.decisions):
        st.markdown("No person has said anything of it.")
    if book.slices:
        st.markdown(f"It belongs to: {escape(', '.join(book.slices))}.")
