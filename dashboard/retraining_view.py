"""Decisions become labels: train the model again with them at one press, and see before and after side by side."""

from typing import Final

import pandas as pd
import streamlit as st

from core.errors import InputError
from core.policies import saved_policies
from core.predictions import Scored, load_predictions
from core.retraining import BeforeAfter, check_retrainable, retrained
from core.schema import RECORD_ID, TITLE
from core.translation import _
from core.wording.retraining import changes_sentence, retraining_sentences
from dashboard import cache, feedback, jobs, navigation, widgets
from dashboard.feedback import escape, rate
from dashboard.tables import show_sentences_table, show_table

__all__ = ["offer_retraining", "show_before_and_after"]

_JOB: Final = "core.retraining"
_EXAMPLES: Final = 50


def offer_retraining(scored: Scored) -> None:
    """Start, at one press, a training with what was decided; where there is no model to train, say why."""
    predictions = load_predictions(cache.workspace(), scored.name)
    try:
        check_retrainable(cache.workspace(), predictions)
    except InputError as error:
        st.caption(feedback.from_core(error.on_page))
        navigation.links_to("Models", _("Train a model with these decisions"))
        return
    if st.button(
        _("Train again with these decisions"),
        key="retrain",
        icon=":material/model_training:",
        help=_(
            "The decisions are added to the labels that the model learned from, the same kind of model is trained with"
            " the same settings, and the same catalogue is scored. These predictions stay as they are."
        ),
    ):
        jobs.start_job(_JOB, {"predictions": scored.name}, f"Training again with decisions on {scored.name}")
    jobs.show_jobs(_JOB)


def show_before_and_after(scored: Scored) -> None:
    """Show these predictions beside those of the newest model that learned from decisions about them."""
    names = retrained(cache.workspace(), scored.predictions)
    if not names:
        return
    st.header(_("Before and after"))
    after = names[0] if len(names) == 1 else str(st.selectbox(_("Trained again"), names, key="retrained"))
    kept = saved_policies(cache.workspace(), scored.predictions)
    fingerprint = load_predictions(cache.workspace(), after).fingerprint
    result = cache.before_after(scored, after, fingerprint, kept[0].chosen_at if kept else "")
    first, *others = retraining_sentences(result.checked, result.decided, result.changes, result.above_cut_offs)
    feedback.conclusion(escape(first))
    feedback.show_sentences(*others)
    _right(result)
    changed = result.changes.books
    if len(changed):
        with st.expander(changes_sentence(result.changes)):
            shown = [TITLE, "first", "second", "first_confidence", "second_confidence", RECORD_ID]
            show_table(
                changed[shown].head(_EXAMPLES),
                shares=["first_confidence", "second_confidence"],
                columns={
                    TITLE: st.column_config.TextColumn(width=300),
                    "first": st.column_config.TextColumn(_("before"), width=110),
                    "second": st.column_config.TextColumn(_("now"), width=110),
                },
                alt=_("Books whose label has changed, the surest first"),
            )
            widgets.download_table(changed, "changed-labels")
    st.button(
        _("Go on with the new predictions"),
        key="take-retrained",
        icon=":material/arrow_forward:",
        on_click=widgets.pick_next,
        args=(navigation.PREDICTIONS, after),
    )
    navigation.links_to("Models", _("Both in full, on the same books"))


def _right(result: BeforeAfter) -> None:
    compared = {
        _("checked against {labels}", labels=result.labels or _("the truth that came with them")): result.checked,
        _("decided on Review, judged out of fold"): result.decided,
    }
    rows = [
        {
            "books": books,
            "before": rate(comparison.accuracy[0]),
            "now": rate(comparison.accuracy[1]),
            "difference": rate(comparison.accuracy_difference),
        }
        for books, comparison in compared.items()
        if comparison is not None and comparison.n
    ]
    if rows:
        show_sentences_table(pd.DataFrame(rows), alt=_("How often both are right on the same books"))
