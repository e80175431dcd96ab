"""One book: what the catalogue says, what each model says, who decided what; and the box in which it is looked for."""

from urllib.parse import urlsplit

import pandas as pd
import streamlit as st

from core.book_record import BookRecord
from core.facets import shown_value
from core.formatting import capitalised, lower_percent
from core.schema import AUTHOR, DATE, RECORD_ID, TITLE
from core.translation import _
from dashboard import address, feedback, navigation
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
        _("Find a book"),
        key=_SEARCHED,
        placeholder=_("Title, author or number"),
        help=_("Among the books of the predictions chosen above. Neither capitals nor accents matter."),
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
        feedback.conclusion(_("No book holds “{words}” in its title, author or number.", words=escape(words)))
        st.stop()
    rows = matches.head(_LISTED)
    names = {
        str(row[RECORD_ID]): " · ".join(str(row[key]) for key in (TITLE, AUTHOR, DATE) if str(row.get(key) or ""))
        for row in rows.to_dict("records")
    }
    if len(matches) == 1:
        return next(iter(names))
    label = _("{matches} fit", matches=count(len(matches), "book")) + (
        _("; the first {listed} are listed", listed=_LISTED) if len(matches) > _LISTED else ""
    )
    if len(names) <= _SEEN_AT_ONCE:
        escaped = {record_id: escape(name) for record_id, name in names.items()}
        return str(address.choose(st.radio, label, list(names), format_func=escaped.__getitem__, key="book"))
    return str(address.choose(st.selectbox, label, list(names), format_func=names.__getitem__, key="book"))


def show(book: BookRecord) -> None:
    """Show a book: its record, what was said of it and by whom."""
    feedback.conclusion(escape(book.title) or _("(no title)"))
    facts = " · ".join(f"{capitalised(header(name))}: {shown_value(name, value)}" for name, value in book.facts.items())
    st.caption(
        escape(
            _("{facts} · record {record_id}", facts=facts, record_id=book.record_id)
            if facts
            else _("record {record_id}", record_id=book.record_id)
        )
    )
    if book.link:
        st.link_button(
            _("Read it at {hostname}", hostname=escape(urlsplit(book.link).hostname or "")),
            book.link,
            icon=":material/open_in_new:",
        )
    left, right = st.columns(2)
    with left:
        st.header(_("What was said of it"))
        _show_answers(book)
    with right:
        st.header(_("Its record"))
        record = pd.DataFrame({"column": list(book.columns), "in the file": list(book.columns.values())})
        show_table(record, alt=_("The columns of the record that are filled, as they came"), height="content")


def _show_answers(book: BookRecord) -> None:
    for answer in book.predictions:
        sure = (
            _(", {confidence} sure", confidence=feedback.percent_unbroken(lower_percent(answer.confidence)))
            if answer.confidence == answer.confidence
            else ""
        )
        state = {True: _(" Accepted."), False: _(" Left to people."), None: ""}[answer.is_accepted]
        st.markdown(
            _(
                "**{predictions}** says {label}{sure}.{state}",
                predictions=escape(answer.predictions),
                label=escape(answer.label) or _("nothing"),
                sure=sure,
                state=state,
            )
        )
    for label in book.labels:
        by = _(" by {annotator}", annotator=label.annotator) if label.annotator else ""
        note = f" “{label.note}”" if label.note else ""
        st.markdown(f"**{escape(label.label_set)}**: {escape((label.label or _('undecided')) + by + '.' + note)}")
    for row in book.decisions:
        who = row.by or _("somebody without a name")
        what = _("taken back") if row.undoes else _("decided “{label}”", label=row.label)
        st.markdown(
            _("**Review**: {what}", what=escape(_("{what} by {who}, {when}.", what=what, who=who, when=row.when)))
        )
    if not (book.labels or book.decisions):
        st.markdown(_("No person has said anything of it."))
    if book.slices:
        st.markdown(_("It belongs to: {slices}.", slices=escape(", ".join(book.slices))))
