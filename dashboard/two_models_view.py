"""Two models and people under one promise, on the Thresholds page: a second one decides what the first leaves."""

from collections.abc import Sequence
from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.combined_predictions import LEAST_SHARE, check_pair, save_combined
from core.errors import InputError
from core.guarantees import TwoModelRequest, budget_sentence, seconds_a_title
from core.policies import SavedPolicy
from core.predictions import Scored
from core.thresholds.two_models import TwoModelGuarantee
from core.translation import _, noop, number_text
from core.wording import two_models as wording
from core.wording.thresholds import hours_in_words, population_warnings
from dashboard import cache, feedback, guarantee_view, navigation, people, widgets
from dashboard.feedback import escape

__all__ = ["choose_second", "show", "show_combined"]

_ALONE: Final = noop("(this model alone)")
_KEY: Final = "also"


def choose_second(scored: Scored) -> str | None:
    """Draw, where there are other predictions, the choice of a second model, and return its name; None for none.

    Raises
    ------
    NotFoundError
        The address names predictions that are not here.
    """
    named = st.session_state.get(_KEY), st.query_params.get(_KEY)
    # What speaks of few of these books cannot be put together with them, and is refused where an address names it.
    fewest = LEAST_SHARE * len(scored.table)
    others = [
        other.name
        for other in cache.workspace().list("predictions")
        if other.fingerprint != scored.predictions
        and not other.manifest.parts
        and (other.name in named or (other.manifest.rows or fewest) >= fewest)
    ]
    if not others:
        return None
    chosen = widgets.pick(
        _("Also use"),
        others,
        _KEY,
        fixed=_ALONE,
        of=scored.predictions,
        help=_("A second, slower model: it decides some of the books that the chosen one leaves, and people the rest."),
    )
    widgets.require_known(_KEY, _("set of predictions"))
    return None if chosen in (None, _ALONE) else chosen


def show(scored: Scored, name: str, head: DeltaGenerator, effect: DeltaGenerator, details: DeltaGenerator) -> None:
    """Draw what is asked here, what comes of it in `head` and `effect`, and on what it rests in `details`.

    Predictions that cannot stand under one promise with the chosen ones are refused in a sentence, before anything is
    asked of the checked books.
    """
    second = cache.scored(name, widgets.chosen_labels())
    try:
        check_pair(scored, second)
    except InputError as error:
        with head:
            st.warning(feedback.from_core(error.on_page), icon=":material/info:")
            navigation.links_to("Models", _("Score a catalogue"))
        return
    measured = seconds_a_title(cache.workspace(), second.name)
    share = guarantee_view.choose_share(is_whole=True)
    with st.expander(_("How sure, how quick")):
        request = TwoModelRequest(
            max_error=share,
            confidence=guarantee_view.choose_confidence(),
            human_error=guarantee_view.choose_human_error(),
            seconds_a_title=float(
                st.number_input(
                    _("Seconds the second model takes for a title"),
                    0.0,
                    3600.0,
                    measured or 1.0,
                    format="%.3g",
                    key=f"seconds_{second.predictions}",
                    help=_("Its time is weighed against that of people: a slow machine is asked less often."),
                )
            ),
        )
    result = cache.two_models(scored, second, request)
    first, *others = wording.sentences(result, scored.name, second.name)
    warnings, order = population_warnings(result.population), wording.asked_later(result)
    with head:
        feedback.conclusion(escape(first))
        if order:
            st.caption(order)
        for warning in warnings:
            st.warning(escape(warning), icon=":material/warning:")
    _keep(scored, second, result)
    with effect:
        _figures(result, (scored.name, second.name))
    with details, st.expander(_("On what it rests")):
        feedback.show_sentences(*(sentence for sentence in others if sentence not in (*warnings, order)))
        st.caption(escape(budget_sentence(cache.alpha_budget(scored))))


def show_combined(scored: Scored, policies: Sequence[SavedPolicy]) -> None:
    """Show what is kept with predictions that were put together from two models: no other cut-offs are theirs."""
    promise = policies[0].promise if policies else None
    feedback.conclusion(_("Two models and people decide here, under one promise."))
    feedback.show_sentences(
        *([promise.sentence] if promise else []),
        _(
            "These predictions were put together by cut-offs that were chosen on checked books. To ask for another"
            " promise, choose the predictions of one model in the sidebar, and the other under “Also use”."
        ),
    )


def _keep(scored: Scored, second: Scored, result: TwoModelGuarantee) -> None:
    """Draw the button that puts the predictions of both together and keeps the promise with them."""
    if not result.accepted or not people.allowed(_("keep cut-offs")):
        return
    if st.button(_("Keep this for the export"), type="primary", icon=":material/check:"):
        combined = save_combined(cache.workspace(), scored, second, result)
        widgets.pick_next(navigation.PREDICTIONS, combined.name)
        st.success(
            _(
                "Kept as the predictions “{combined}”, which are chosen now: each book names the model"
                " that decided it.",
                combined=escape(combined.name),
            ),
            icon=":material/check_circle:",
        )
        navigation.links_to("Export")


def _figures(result: TwoModelGuarantee, names: tuple[str, str]) -> None:
    """Show how many books each decides, and how many are left to people."""
    read = _(
        "of the {read:,} it reads: {machine_hours}",
        read=result.read,
        machine_hours=hours_in_words(result.machine_hours),
    )
    shown = [
        (
            _("{names} decides", names=names[0]),
            number_text(f"{result.by_quick:,}"),
            _("of {records:,} books", records=result.records),
        ),
        (
            _("{names} decides", names=names[1]),
            number_text(f"{result.by_slow:,}"),
            read if result.read else _("it reads none"),
        ),
        (
            _("People look at"),
            number_text(f"{result.review:,}"),
            _("{hours} at {pace:,.0f} an hour", hours=hours_in_words(result.hours), pace=result.pace),
        ),
    ]
    for column, (label, value, note) in zip(st.columns(len(shown)), shown, strict=True):
        with column.container(border=True, height="stretch"):
            st.metric(feedback.plain_label(label), value)
            st.caption(escape(note))
