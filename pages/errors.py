"""Errors: where is the model wrong, and are those the books that matter?"""

import streamlit as st

from core.translation import _, noop
from core.wording.evaluation import verdict
from dashboard import cache, collection_view, errors_view, feedback, language, record_view, widgets
from dashboard.feedback import escape

st.title(_("Errors"))
scored = widgets.require_scored()
evaluation = cache.evaluation(scored)
feedback.conclusion(escape(verdict(evaluation)))
errors_view.headline(evaluation)
feedback.more(_("How these books were matched"), *scored.sentences)

view = language.choose(
    st.segmented_control,
    _("Look at"),
    [
        noop("Classes and facets"),
        noop("Groups that are truly worse"),
        noop("The whole collection"),
        noop("Calibration"),
        noop("Why it said so"),
    ],
    default="Classes and facets",
    required=True,
    key="view",
    format_func=_,
)
if view == "Classes and facets":
    errors_view.show_confusion(evaluation)
    errors_view.show_errors_by_facet(scored, evaluation)
    errors_view.show_languages(scored)
    errors_view.show_books(scored, evaluation)
    errors_view.lengths(scored)
elif view == "Groups that are truly worse":
    errors_view.show_found_slices(scored)
    errors_view.ledger(scored)
    errors_view.heatmap(scored)
elif view == "The whole collection":
    collection_view.whole_collection(scored)
elif view == "Calibration":
    collection_view.calibration(scored, evaluation)
else:
    record_view.explain_titles(scored)
feedback.how_computed(_(errors_view.METHOD_NOTE))
feedback.next_step("Thresholds")
