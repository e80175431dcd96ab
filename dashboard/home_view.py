"""Home's pieces: the one thing to do next, the road with what is done on it, and what is loaded."""

from collections.abc import Mapping, Sequence
from typing import Final

import streamlit as st

from core.guarantees import saved_policies
from core.predictions import Scored
from core.road import RoadStatus, Step, StepState, steps
from core.translation import _, noop
from core.wording.evaluation import titles_read, verdict
from core.wording.help import STOPS
from core.wording.thresholds import kept_promise
from core.wording.thresholds import policy as policy_sentences
from dashboard import cache, navigation, widgets
from dashboard.feedback import count, escape

__all__ = ["button", "card", "loaded", "next_button", "road", "verdict_sentences"]


# --- The tour of the demonstration: its card at the top of each of its pages, and the button that begins it -----------


def _step() -> int | None:
    """Return the step of the tour that the address or this window is at, from 1; None where no tour is under way."""
    value = str(st.query_params.get(navigation.TOUR) or st.session_state.get(navigation.TOUR))
    steps = {str(step): step for step in range(1, len(STOPS) + 1)}
    return steps.get(value)


def _go(step: int) -> None:
    st.session_state[navigation.TOUR] = str(step)
    navigation.go_to(STOPS[step - 1].page, **{navigation.TOUR: str(step)})


def _leave() -> None:
    st.session_state.pop(navigation.TOUR, None)
    st.query_params.pop(navigation.TOUR, None)


def card(title: str) -> None:
    """Draw the card on the page of the tour's step; on every other page the tour waits, and nothing is drawn."""
    step = _step()
    if step is None or STOPS[step - 1].page != title:
        return
    st.session_state[navigation.TOUR] = st.query_params[navigation.TOUR] = str(step)
    with st.container(border=True, key="tour"):
        st.markdown(
            _(
                "**Tour, {step} of {stops}.** {sentence}",
                step=step,
                stops=len(STOPS),
                sentence=escape(_(STOPS[step - 1].sentence)),
            )
        )
        with st.container(horizontal=True):
            if step < len(STOPS):
                if st.button(
                    _("Next: {page}", page=_(STOPS[step].page)), icon=":material/arrow_forward:", key="tour_next"
                ):
                    _go(step + 1)
            elif st.button(_("End the tour"), icon=":material/home:", key="tour_next"):
                _leave()
                navigation.go_to("Home")
            if step < len(STOPS):
                st.button(_("Leave the tour"), type="tertiary", key="tour_leave", on_click=_leave)


def button() -> None:
    """Offer the tour where the demonstration is looked at, from where it was left; else draw nothing."""
    if not widgets.is_invented():
        return
    step = _step()
    words = _("Go on with the tour: {page}", page=_(STOPS[step - 1].page)) if step else _("Take the tour")
    if st.button(words, icon=":material/tour:", key="tour_begin"):
        _go(step or 1)


# --- Home's pieces: the one thing to do next, the road with what is done on it, and what is loaded --------------------

_ACTIONS: Final[Mapping[Step, str]] = {
    "collect": noop("Load a catalogue"),
    "model": noop("Train a model, or import predictions"),
    "errors": noop("Import what people say of some books"),
    "thresholds": noop("Choose which predictions to accept"),
    "review": noop("Decide the rest"),
    "export": noop("Hand over the accepted metadata"),
    "share": noop("All is done: share it"),
}
_PAGES: Final[Mapping[Step, str]] = {"errors": "Catalogue"}  # answers of people are imported there
_AGAIN: Final[Mapping[Step, str]] = {
    "thresholds": noop("Choose again: the labels are newer than the cut-offs"),
    "export": noop("Hand over again: the export is older than what was decided"),
}


def verdict_sentences(scored: Scored) -> list[str]:
    """Say what the model did, how right it is, and what of it is accepted: the verdict in three sentences."""
    read = titles_read(scored)
    if not len(scored.labelled):
        return [read, _("No book has been checked by a person yet, so nothing can be said about errors.")]
    lines = [read, verdict(cache.evaluation(scored))]
    policies = saved_policies(cache.workspace(), scored.predictions)
    if not policies:
        return [*lines, _("Nothing is accepted yet: no cut-offs have been kept.")]
    policy, promise = policies[0].policy, policies[0].promise
    if promise is not None:  # on what it rests is said on Thresholds
        lines.append(kept_promise(promise))
    elif policy.where is None:
        lines.append(policy_sentences(cache.policy_report(scored, policy))[0])
    return lines


def next_button(step: Step, states: Mapping[Step, StepState]) -> None:
    """Draw the one primary button of the page: what comes next."""
    page = _PAGES.get(step) or next(entry.title for entry in navigation.PAGES if entry.step == step)
    words = _(_AGAIN[step] if states[step] == "out of date" and step in _AGAIN else _ACTIONS[step])
    if st.button(words, type="primary", icon=":material/arrow_forward:", key="next_step"):
        navigation.go_to(page)


def road(status: RoadStatus) -> None:
    """Draw the five parts of the road beside each other, each page with its state."""
    st.header(_("The road"))
    states = steps(status)
    columns = st.container(key="road").columns(len(navigation.PARTS))
    for column, part in zip(columns, navigation.PARTS, strict=True):
        entries = navigation.pages_of(part)
        with column.container(border=True, height="stretch"):
            st.markdown(f"**{_(part)}**")
            st.caption(_state_words([states[entry.step] for entry in entries if entry.step]))
            for entry in entries:
                navigation.links_to(entry.title, _(entry.title))


def _state_words(states: Sequence[StepState]) -> str:
    """Say the state of a part of the road: what is out of date goes before what waits, and that before what is done."""
    order: tuple[StepState, ...] = ("out of date", "to do")
    return _(navigation.STATE_WORDS[next((state for state in order if state in states), "done")])


def loaded() -> None:
    """List what the workspace holds."""
    st.header(_("What is loaded"))
    place = cache.workspace()
    kinds = {
        _("Catalogues"): "corpora",
        _("Label sets"): "labels",
        _("Models"): "models",
        _("Predictions"): "predictions",
    }
    for column, (label, kind) in zip(st.columns(len(kinds)), kinds.items(), strict=True):
        with column.container(border=True, height="stretch"):
            st.markdown(f"**{label}**")
            things = place.list(kind)
            for thing in things:
                rows = thing.manifest.rows
                st.markdown(escape(thing.name) + (f": {count(rows, 'record')}" if rows else ""))
            if not things:
                st.caption(_("none yet"))
