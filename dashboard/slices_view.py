"""Pieces of the Errors page: groups of books that are truly worse, a heatmap of two facets, the ledger of looks."""

import functools
from collections.abc import Sequence
from dataclasses import replace

import pandas as pd
import streamlit as st

from core.evaluation import wrong_first
from core.facets import FACETS, facet_title, filter_records, shown_value
from core.predicates import title_phrase
from core.predictions import Scored
from core.review import send_to_review
from core.schema import RECORD_ID, TRUTH
from core.slices import Slice, cross_table, held_back, ledger_of, look_at_words
from core.slices.ledger import save_slice
from core.translation import _, noop
from core.translation.sentences import translate
from core.wording import slices as wording
from dashboard import cache, feedback, navigation, people, widgets
from dashboard import navigation as state
from dashboard import tables as theme
from dashboard.charts.errors import PAIR, heatmap_chart
from dashboard.feedback import escape, interval, percent
from dashboard.record_view import records_table
from dashboard.tables import show_chart, show_table

_ANY = noop("(any)")
_HEATMAP = "heatmap"
_PAIR_KEYS = ("row_is", "column_is")  # in the address: the cell of the heatmap whose books are shown
_SAVED = "saved_slice"  # in the session: which slice was named just now, and how

__all__ = [
    "heatmap",
    "ledger",
    "record_facet_looks",
    "record_phrase_look",
    "show_found_slices",
    "without_kept_back",
]


def show_found_slices(scored: Scored) -> None:
    """Show the slices that the search found and confirmed; each can be opened, named and sent to review."""
    findings = cache.slices(scored)
    conclusion, *further = wording.sentences(findings)
    feedback.conclusion(escape(conclusion))
    feedback.show_sentences(*further)
    if not findings.slices:
        return
    table = pd.DataFrame(
        [
            {
                "books": finding.slice.in_words,
                "checked": finding.measured.n,
                "wrong": finding.measured.errors,
                "share wrong": percent(finding.measured.rate.value),
                "between": interval(finding.measured.rate.low, finding.measured.rate.high),
                "of all errors": finding.measured.explains.value,
                "in the collection": finding.measured.collection_n,
                "p, adjusted": finding.p_adjusted,
                "explained by": translate(finding.folded_under),
                "cannot be told apart yet from": translate(finding.confounded_with),
            }
            for finding in findings.slices
        ]
    )
    show_table(
        table,
        shares=["of all errors"],
        lines=3,
        columns={
            "books": st.column_config.TextColumn(width=280),
            "p, adjusted": st.column_config.NumberColumn(format="%.2g"),
        },
        alt=_("Groups of books on which the model fails more often than on the rest of the same classes"),
    )
    widgets.download_table(table, "slices")
    names = [finding.slice.description for finding in findings.slices]
    shown = {finding.slice.description: finding.slice.in_words for finding in findings.slices}
    chosen = widgets.pick(_("Open one"), names, "open_slice", of=scored.fingerprint, shown=shown.__getitem__)
    widgets.require_known("open_slice", "group")
    _act_on(scored, findings.slices[names.index(str(chosen))].slice)


def _act_on(scored: Scored, slice_: Slice) -> None:
    books = scored.table[slice_.mask(scored.table)]
    checked = scored.labelled[slice_.mask(scored.labelled)]
    feedback.conclusion(escape(wording.how_wrong(slice_.name or slice_.in_words, checked)))
    if people.allowed(_("save groups and send books to review")):
        _save_or_send(scored, slice_, books)
    books = wrong_first(without_kept_back(scored, books))
    records_table(
        books, name="slice", alt=_("Books of the slice: {description}", description=slice_.in_words), height=300
    )


def _save_or_send(scored: Scored, slice_: Slice, books: pd.DataFrame) -> None:
    left, right = st.columns(2)
    with left, st.form(f"save-slice-{slice_.key}", border=False):
        name = st.text_input(_("Give it a name, to filter every page by it"), placeholder=_("verse")).strip()
        if st.form_submit_button(_("Save this slice"), icon=":material/bookmark:"):
            save_slice(cache.workspace().database, replace(slice_, name=name))
            st.session_state[_SAVED] = (slice_.key, name)
            st.rerun()
    with left:
        if st.session_state.get(_SAVED, ("", ""))[0] == slice_.key:
            name = st.session_state[_SAVED][1]
            st.success(
                _("Kept as “{name}”. Choose it under “Only the books of”.", name=escape(name)),
                icon=":material/bookmark:",
            )
            st.button(
                _("Show every page for “{name}” alone", name=escape(name)),
                key=f"only-{slice_.key}",
                icon=":material/filter_alt:",
                on_click=widgets.pick_next,
                args=(state.SLICE, name),
            )
    with right:
        st.markdown(
            _("{books:,} books of the collection are in it. People can look at them one by one.", books=len(books))
        )
        if st.button(
            _("Send {books:,} books to review", books=len(books)),
            key=f"send-{slice_.key}",
            icon=":material/rate_review:",
        ):
            sent = send_to_review(
                cache.workspace().database, scored.predictions, books[RECORD_ID], slice_.description, scored=scored
            )
            already = _(" {books:,} were on it already.", books=len(books) - sent) if sent < len(books) else ""
            st.success(
                _("{sent:,} books were added to the review list.{already}", sent=sent, already=already),
                icon=":material/check_circle:",
            )
            navigation.links_to("Review", _("Look at them on the Review page"))


def heatmap(scored: Scored) -> None:
    """Show the share wrong for every pair of values of two facets."""
    left, right = st.columns(2)
    with left:
        down = widgets.choose_facet(_("Rows"), "rows", tuple(FACETS), "decade")
    with right:
        across = widgets.choose_facet(_("Columns"), "columns", tuple(FACETS), "language")
    if down == across:
        st.info(_("Choose two different facets."), icon=":material/help:")
        return
    table = cross_table(scored.table, down, across)
    known = table.dropna(subset=["rate"])
    if known.empty:
        st.markdown(_("No pair of values has ten checked books."))
        return
    worst = known.sort_values("rate", ascending=False).iloc[0]
    feedback.conclusion(
        escape(
            _(
                "Most often wrong: {worst}, {worst_2}: {errors:,} of {n:,} ({low}).",
                worst=shown_value(across, str(worst[across])),
                worst_2=shown_value(down, str(worst[down])),
                errors=worst["errors"],
                n=worst["n"],
                low=interval(worst["low"], worst["high"]),
            )
        )
    )
    title = _("Share wrong by {down} and {across}", down=facet_title(down), across=facet_title(across))
    show_chart(
        heatmap_chart(table, down, across, chart_theme=theme.chart_theme()),
        alt=title,
        on_select=_pair_clicked,
        selection_mode=PAIR,
        key=_HEATMAP,
    )
    st.caption(_("Empty cells have fewer than ten checked books. Click a cell to see its books, or choose them here."))
    _books_of_pair(scored, known, down, across)
    pairs = cache.pair_slices(scored, down, across)
    _record_looks(scored, pairs.slices, pairs.p)
    widgets.download_table(table, f"errors-{down}-{across}")


def _books_of_pair(scored: Scored, known: pd.DataFrame, down: str, across: str) -> None:
    """Show the checked books of the cell that was clicked or chosen; nothing until both values are."""
    chosen = {}
    for column, facet, key in zip(st.columns(2), (down, across), _PAIR_KEYS, strict=True):
        with column:
            values = [str(value) for value in dict.fromkeys(known[facet])]
            of = f"{scored.predictions}-{facet}"
            chosen[facet] = widgets.pick(
                _("{facet} of the list", facet=facet_title(facet)),
                values,
                key,
                fixed=_ANY,
                of=of,
                shown=functools.partial(_shown_or_any, facet),
            )
        widgets.require_known(key, _("value of this facet"))
    if any(value in (None, _ANY) for value in chosen.values()):
        return
    books = filter_records(scored.labelled, {facet: [str(value)] for facet, value in chosen.items()})
    shown = wrong_first(without_kept_back(scored, books, "pair"))
    records_table(
        shown, name="pair", alt=_("Checked books of the cell: {str}", str=_(" and ").join(map(str, chosen.values())))
    )


def _shown_or_any(facet: str, value: str) -> str:
    return _(_ANY) if value == _ANY else shown_value(facet, value)


def _pair_clicked() -> None:
    """Choose the books of the cell that was clicked; a click beside the cells chooses none."""
    points = st.session_state[_HEATMAP]["selection"].get(PAIR) or [{}]
    for key, axis in zip(_PAIR_KEYS, ("down", "across"), strict=True):
        widgets.pick_next(key, str(points[0].get(axis, _ANY)))


def record_facet_looks(scored: Scored, facet: str) -> None:
    """Write into the ledger that every value of a facet was looked at, and say which are convincing."""
    facet_slices = cache.facet_slices(scored, facet)
    _record_looks(scored, [measured.slice for measured in facet_slices.slices], facet_slices.p)


def record_phrase_look(scored: Scored, phrase: str) -> None:
    """Test titles with some words on books that the list kept back, write it into the ledger, and say what it shows."""
    book = ledger_of(cache.workspace(), scored)
    result = look_at_words(scored.table, scored.classes, Slice((title_phrase(phrase),)), book)
    st.caption(escape(wording.phrase_look(book, result)))


def without_kept_back(scored: Scored, shown: pd.DataFrame, name: str = "list") -> pd.DataFrame:
    """Return the books of a list that it does not keep back; say so, and offer to show all.

    Parameters
    ----------
    name : str
        Of the list: no other on the same page has it.
    """
    book = ledger_of(cache.workspace(), scored)
    rest = shown[~held_back(shown, book) | (shown[TRUTH] == "").to_numpy(dtype=bool)]
    if len(rest) < len(shown):
        text, button = st.columns([4, 1], vertical_alignment="center")
        text.caption(escape(wording.kept_back(len(rest), len(shown))))
        button.button(
            _("Show all"),
            help=_("Words typed afterwards are a find and no proof."),
            on_click=book.show_all,
            key=f"show-all-{name}",
        )
    return rest


def _record_looks(scored: Scored, slices: Sequence[Slice], p: Sequence[float]) -> None:
    book = ledger_of(cache.workspace(), scored)
    st.caption(escape(wording.looks(book, book.add_all(slices, p))))


def ledger(scored: Scored) -> None:
    """Say how many comparisons were made on this test set, and what the next one must reach."""
    book = ledger_of(cache.workspace(), scored)
    with st.expander(_("Looks so far, and what the next one must reach"), icon=":material/visibility:"):
        st.markdown(escape(wording.ledger(book)))
        looks = book.looks()
        if looks:
            rows = pd.DataFrame(
                [
                    {
                        "look": translate(look.description),
                        "p": look.p,
                        "had to reach": look.level,
                        "convincing": look.significant,
                    }
                    for look in looks[-200:]
                ]
            )
            show_table(
                rows,
                columns={
                    "look": st.column_config.TextColumn(width=360),
                    "p": st.column_config.NumberColumn(format="%.2g"),
                    "had to reach": st.column_config.NumberColumn(format="%.2g"),
                },
                alt=_("Every comparison that was made on this test set"),
            )
