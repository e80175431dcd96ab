"""Pieces of the Facets page: which facet, titles to mark, the random sample, the classifier made of the marks.

Every button carries the record it was drawn for: whoever presses marks what stood on the screen, or nothing.
"""

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd
import streamlit as st

from core.errors import ColophonError
from core.learned_facets import (
    SAMPLE_SIZES,
    FacetCollection,
    FacetLog,
    FacetRanking,
    LearnedFacet,
    Via,
    add_mark,
    create_facet,
    draw_sample,
    estimate_facet,
    facet_log,
    facets_side_by_side,
    finish_facet,
    list_facets,
    remove_facet,
    rename_facet,
    suggestions,
    undo_mark,
)
from core.manifests import Manifest
from core.schema import AUTHOR, DATE, RECORD_ID, TITLE
from core.storage import Artifact
from core.translation import _, noop, translate
from core.wording import learned_facets as wording
from dashboard import cache, feedback, jobs, navigation, people, widgets
from dashboard.feedback import count, escape
from dashboard.tables import show_sentences_table, show_table

__all__ = [
    "METHOD_NOTE",
    "OpenFacet",
    "choose",
    "finish",
    "headline",
    "marks",
    "open_facet",
    "reading",
    "side_by_side",
    "titles",
]

# So long a title stands on the screen before it can be marked: a key pressed twice was meant for the title before it.
LEAST_SECONDS = 0.5
EMBED: Final = "core.learned_facets.ranking"
_SHOWN: Final = 8
_LIKE, _SEARCH, _RANDOM = noop("Suggestions"), noop("Search"), noop("Drawn at random")
_MODE, _STANDING = "facet_titles", "facet_standing"

METHOD_NOTE = noop(
    "A logistic regression learns from the titles that are marked and from 2,000 titles at random, which are taken not"
    " to fit. It reads each title as numbers from a language model (or, until that has read them, as words) and scores"
    " every title from 0 to 1; from .5 on a title looks like those that fit. **Words that matter** stand in fitting"
    " titles at least twice as often as in all.\n\n**Drawn at random** are titles that nobody has marked, in three"
    " parts by score. The intervals are exact (hypergeometric, 95 %, Bonferroni over the parts) and hold however the"
    " marks before the draw were chosen. The model does not learn from the drawn titles until others are drawn. Each"
    " draw has its own 5 % of doubt: to draw until one looks good wears it down."
)


@dataclass(frozen=True, kw_only=True)
class OpenFacet:
    """The facet that is looked at, with all that was said of it, and its ranking (None without a fitting title)."""

    facet: LearnedFacet
    collection: FacetCollection
    log: FacetLog
    ranking: FacetRanking | None

    @property
    def accepted(self) -> int | None:
        """How many titles look like those that fit."""
        return None if self.ranking is None else int(self.ranking.accepted.sum())


def choose(corpus: Artifact[Manifest]) -> LearnedFacet | None:
    """Draw the picker of facets and the form for a new one; None while there is none."""
    facets = {facet.name: facet for facet in list_facets(cache.workspace().database, corpus.fingerprint)}
    if not facets:
        _new_facet(corpus)
        return None
    left, middle, right = st.columns([4, 2, 3], vertical_alignment="bottom")
    with left:
        name = widgets.pick(_("Facet"), list(facets), navigation.LEARNED_FACET, of=corpus.fingerprint)
        widgets.require_known(navigation.LEARNED_FACET, "facet")
    chosen = facets.get(str(name))
    with middle.popover(_("New facet"), icon=":material/add:", width="stretch"):
        _new_facet(corpus)
    if chosen is not None and people.may():
        with right.popover(_("Rename or remove"), icon=":material/edit:", width="stretch"):
            _change_facet(chosen)
    return chosen


def _new_facet(corpus: Artifact[Manifest]) -> None:
    if not people.allowed(_("begin a facet")):
        return
    with st.form("new_facet", clear_on_submit=True, border=False):
        name = st.text_input(_("Name"), placeholder=_("travel"), max_chars=60)
        definition = st.text_area(
            _("What fits?"), placeholder=_("Journeys that somebody made and tells of"), max_chars=300
        )
        if st.form_submit_button(_("Begin"), type="primary"):
            with feedback.show_errors():
                facet = create_facet(cache.workspace().database, corpus.fingerprint, name, definition, by=_name())
                widgets.pick_next(navigation.LEARNED_FACET, facet.name)
                st.session_state[_MODE] = _SEARCH
                st.rerun()


def _change_facet(facet: LearnedFacet) -> None:
    database = cache.workspace().database
    with st.form(f"change_{facet.key}", border=False):
        name = st.text_input(_("Another name"), facet.name, max_chars=60)
        definition = st.text_area(_("What fits in it?"), facet.definition, max_chars=300)
        if st.form_submit_button(_("Rename")):
            with feedback.show_errors():
                renamed = rename_facet(database, facet, name, definition, by=_name())
                widgets.pick_next(navigation.LEARNED_FACET, renamed.name)
                st.rerun()
    sure = st.checkbox(_("Labels and predictions made of it stay; its marks go off the list"), key=f"sure_{facet.key}")
    if st.button(_("Remove this facet"), disabled=not sure, key=f"remove_{facet.key}"):
        with feedback.show_errors():
            remove_facet(database, facet, by=_name())
            widgets.forget_removed([facet.name])
            st.session_state[navigation.FACET_NOTICE] = _("The facet “{facet}” was removed.", facet=facet.name)
            st.rerun()


def _name() -> str:
    return people.current_person().name


def _window() -> str:
    return str(st.session_state.setdefault(navigation.WINDOW, uuid.uuid4().hex))


def open_facet(corpus: Artifact[Manifest], facet: LearnedFacet) -> OpenFacet:
    """Return the facet with its marks and what is learned of them now."""
    collection = cache.facet_collection(corpus)
    log = facet_log(cache.workspace().database, facet)
    ranking = cache.facet_ranking(collection, log.training) if any(log.training.values()) else None
    return OpenFacet(facet=facet, collection=collection, log=log, ranking=ranking)


def headline(opened: OpenFacet) -> None:
    """Say how far the facet is, whether to stop, and which words matter."""
    feedback.conclusion(escape(wording.progress(opened.facet.name, opened.log, opened.accepted)))
    if opened.facet.definition:
        st.caption(_("What fits: {definition}", definition=escape(opened.facet.definition)))
    stop = wording.stop(opened.log, estimate_facet(opened.log))
    if stop:
        (st.success if wording.stop_hint(opened.log) else st.info)(escape(stop), icon=":material/flag:")
    if opened.ranking and opened.ranking.words:
        words = ", ".join(escape(word.word) for word in opened.ranking.words)
        st.markdown(_("Words that matter: **{words}**", words=words))


def side_by_side(corpus: Artifact[Manifest]) -> None:
    """Draw how far each facet of the collection is; nothing where there is one alone."""
    states = facets_side_by_side(cache.workspace().database, corpus.fingerprint)
    if len(states) < 2:
        return
    with st.expander(_("All facets side by side"), icon=":material/table_rows:"):
        table = pd.DataFrame(
            {
                "facet": [state.facet.name for state in states],
                "fit": [f"{state.fits:,}" for state in states],
                "do not fit": [f"{state.other:,}" for state in states],
                "fit another facet too": [f"{state.also:,}" for state in states],
                "of what is suggested fit": [wording.of_suggested(state.measured) for state in states],
                "found of all that fit": [wording.of_all(state.measured) for state in states],
            }
        )
        show_sentences_table(table, alt=_("How far each facet of this collection is"))


def titles(opened: OpenFacet) -> None:
    """Show titles to mark: suggestions, what a search finds, or the random sample."""
    if st.session_state.get(_MODE) is None:
        st.session_state[_MODE] = _SEARCH if opened.ranking is None else _LIKE
    mode = st.segmented_control(
        _("Titles to mark"),
        [_LIKE, _SEARCH, _RANDOM],
        key=_MODE,
        required=True,
        label_visibility="collapsed",
        format_func=_,
    )
    if mode == _SEARCH:
        words = st.text_input(_("Words of the title or the author"), key="facet_words", placeholder=_("voyage"))
        if not words.strip():
            st.markdown(_("Look for titles that fit, and mark some."))
            return
        _cards(opened, opened.collection.search(words, opened.ranking, opened.log, _SHOWN), "search")
    elif mode == _RANDOM:
        _sample(opened)
    elif opened.ranking is None:
        st.markdown(_("Mark a title that fits, and titles like it are suggested. **Search** finds the first ones."))
    else:
        _cards(opened, suggestions(opened.collection, opened.ranking, opened.log, _SHOWN), "suggestion")
    own = opened.log.latest_of_session(_window())
    if own is not None:
        st.button(
            _("Undo my last mark"),
            key=f"facet-undo-{own.id}",
            icon=":material/undo:",
            shortcut="u",
            on_click=_undo,
            args=(opened.facet, own.id),
        )


def _cards(opened: OpenFacet, rows: pd.DataFrame, via: Via) -> None:
    """Draw a card a title; the keys f and n mark the first."""
    if rows.empty:
        st.markdown(_("No unmarked title is left here."))
    before: Mapping[str, float] = st.session_state.get(_STANDING, {})
    now = time.monotonic()
    st.session_state[_STANDING] = {name: before.get(name, now) for name in rows[RECORD_ID]}
    for number, row in enumerate(rows.to_dict("records")):
        _card(opened.facet, row, via, keys=number == 0)


def _card(facet: LearnedFacet, row: Mapping[Any, Any], via: Via, *, keys: bool) -> None:
    record_id = str(row[RECORD_ID])
    with st.container(border=True, key=f"facet-card-{record_id}"):
        st.markdown(f"**{escape(row[TITLE])}**")
        facts = [str(row[key]) for key in (AUTHOR, DATE) if row.get(key)]
        if row.get("words"):
            facts.append(_("words: {words}", words=row["words"]))
        if facts:
            st.caption(escape(" · ".join(facts)))
        with st.container(horizontal=True):
            for fits, label, icon, key in ((True, _("Fits"), "add", "f"), (False, _("Does not fit"), "remove", "n")):
                st.button(
                    label,
                    key=f"facet-{key}-{facet.key}-{record_id}",
                    icon=f":material/{icon}:",
                    shortcut=key if keys else None,
                    on_click=_mark,
                    args=(facet, record_id, via),
                    kwargs={"fits": fits},
                )


def _mark(facet: LearnedFacet, record_id: str, via: Via, *, fits: bool) -> None:
    """Mark the record that the button was drawn for, unless it has only just come to the screen."""
    standing: Mapping[str, float] = st.session_state.get(_STANDING, {})
    if time.monotonic() - standing.get(record_id, 0.0) < LEAST_SECONDS:
        return
    try:
        database = cache.workspace().database
        add_mark(database, facet, record_id, fits=fits, via=via, by=_name(), session=_window())
    except ColophonError as error:
        st.session_state[navigation.FACET_NOTICE] = translate(error.on_page)


def _undo(facet: LearnedFacet, number: int) -> None:
    try:
        undo_mark(cache.workspace().database, facet, number, by=_name(), session=_window())
    except ColophonError as error:
        st.session_state[navigation.FACET_NOTICE] = translate(error.on_page)


def _sample(opened: OpenFacet) -> None:
    """Show what the sample says, and its titles that are not marked yet; or offer to draw one."""
    measured = estimate_facet(opened.log)
    if measured and measured.answered < measured.drawn and opened.log.sample:
        st.progress(
            measured.answered / measured.drawn,
            text=_("{answered} of {drawn} marked", answered=measured.answered, drawn=measured.drawn),
        )
        left = [name for name in opened.log.sample.record_ids if name not in opened.log.current][:_SHOWN]
        rows = opened.collection.records.iloc[opened.collection.positions(left)]
        _cards(opened, rows.reset_index(drop=True), "sample")
        return
    for sentence in wording.estimate(measured):
        st.markdown(escape(sentence))
    size = st.selectbox(_("How many titles"), SAMPLE_SIZES, index=1, key="facet_sample_size")
    st.button(
        _("Draw titles at random"),
        icon=":material/casino:",
        disabled=opened.ranking is None,
        help=_("Mark them all: they say how many titles fit. The more, the closer."),
        on_click=_draw,
        args=(opened, int(size)),
    )


def _draw(opened: OpenFacet, size: int) -> None:
    try:
        training = {name: mark.fits for name, mark in opened.log.current.items()}
        ranking = cache.facet_ranking(opened.collection, training)
        draw_sample(cache.workspace().database, opened.facet, opened.collection, ranking, size)
    except ColophonError as error:
        st.session_state[navigation.FACET_NOTICE] = translate(error.on_page)


def finish(opened: OpenFacet) -> None:
    """Offer to make the facet a classifier, and say what came of it."""
    st.markdown(
        _(
            "Its marks become labels, “{classes}” and “{classes_2}”, and its scores predictions for"
            " every title. Errors, Thresholds, Review and Export then work on it. Each facet leaves"
            " by an export of its own; the record numbers say which labels belong to one book.",
            classes=escape(opened.facet.classes[0]),
            classes_2=escape(opened.facet.classes[1]),
        )
    )
    ready = len(set(opened.log.training.values())) == 2
    if st.button(_("Make it a classifier"), icon=":material/category:", disabled=not ready):
        with feedback.show_errors():
            report = finish_facet(cache.workspace(), opened.facet, opened.collection)
            widgets.pick_next(navigation.PREDICTIONS, report.predictions)
            widgets.pick_next(navigation.LABELS, report.checked or widgets.OWN_TRUTH)
            st.session_state[navigation.FACET_NOTICE] = _(
                "“{predictions}” is here: {predicted:,} of {rows:,} titles. It is what the other pages look at now.",
                predictions=report.predictions,
                predicted=report.predicted[opened.facet.name],
                rows=report.rows,
            )
            st.rerun()
    if not ready:
        st.caption(_("It takes at least one title that fits and one that does not."))


def marks(opened: OpenFacet) -> None:
    """Show all marks that hold, the latest first; any can be taken back."""
    standing = sorted(opened.log.current.values(), key=lambda mark: -mark.id)
    if not standing:
        return
    with st.expander(_("All {standing}", standing=count(len(standing), "mark")), icon=":material/history:"):
        table = opened.collection.records.iloc[opened.collection.positions([mark.record_id for mark in standing])]
        shown = pd.DataFrame(
            {
                "title": table[TITLE].to_numpy(),
                "mark": [_("fits") if mark.fits else _("does not") for mark in standing],
                "by": [mark.by for mark in standing],
                "when": [mark.created_at[:16].replace("T", " ") for mark in standing],
                "record": [mark.record_id for mark in standing],
            }
        )
        picked = show_table(
            shown,
            on_select="rerun",
            selection_mode="single-row",
            key=f"facet_marks_{opened.log.newest}",
            alt=_("Marks that hold, the latest first"),
        )["selection"]["rows"]
        st.button(
            _("Take this mark back"),
            icon=":material/undo:",
            disabled=not picked,
            on_click=_undo,
            args=(opened.facet, standing[picked[0]].id if picked else 0),
        )
        widgets.download_table(shown, "facet-marks")


def reading(opened: OpenFacet) -> None:
    """Where suggestions go by words alone, offer to let the language model read all titles."""
    if opened.collection.features.kind == "words":
        corpus = opened.collection.corpus
        st.caption(_("Suggestions go by words so far. A language model also finds titles that say it in other words."))
        if st.button(_("Let the language model read all titles"), icon=":material/translate:"):
            n = len(opened.collection.records)
            jobs.start_job(EMBED, {"corpus": corpus.name}, f"Reading {count(n, 'title')} of {corpus.name}")
    jobs.show_jobs(EMBED)
