"""The tour of the demonstration: its card at the top of each of its pages, and the button that begins it."""

import streamlit as st

from core.translation import _
from core.wording.tour import STOPS
from dashboard import navigation, widgets
from dashboard.feedback import escape

__all__ = ["button", "card"]


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
