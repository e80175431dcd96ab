"""Errors: where is the model wrong, and are those the books that matter?"""

import streamlit as st

from core.evaluation import by_value, least_confident_right, length_by_outcome, most_confident_wrong
from core.facets import facet_order, facet_title, facet_values, filter_records
from core.phrases import phrase_mask
from core.schema import TITLE
from dashboard import cache, errors_view, feedback, slices_view, state, widgets
from dashboard.charts.outcomes import confusion_chart, length_chart
from dashboard.charts.rates import rates_chart
from dashboard.record_view import records_table
from dashboard.text import escape

st.title("Errors")
scored = widgets.require_scored()
evaluation = cache.evaluation(scored)
feedback.conclusion(escape(evaluation.sentence))
feedback.say(*scored.sentences)
errors_view.headline(evaluation)

st.subheader("Which class is taken for which")
left, right = st.columns(2)
with left:
    clicked = st.plotly_chart(
        confusion_chart(evaluation.confusion),
        on_select="rerun",
        selection_mode="points",
        key="cell",
        alt="Confusion matrix: rows what the books are, columns what was predicted",
    )
    st.caption("Click a cell to see its books in the list below.")
with right:
    errors_view.per_class(evaluation)
errors_view.class_table(evaluation)

st.subheader("Groups of books that are truly worse")
slices_view.found_by_itself(scored)
slices_view.ledger(scored)

st.subheader("Where errors gather")
facet = widgets.choose_facet("Group the books by", state.FACET)
labelled = scored.labelled
values = facet_values(labelled, facet)
table = by_value(labelled, values)
errors_view.value_sentence(table, facet)
chart, numbers = st.columns(2)
with chart:
    st.altair_chart(
        rates_chart(
            table,
            value="value",
            rate="error_rate",
            title="share wrong, with 95 % interval",
            overall=1 - evaluation.accuracy.value,
            order=facet_order(facet, table["value"]),
        ),
        alt=f"Share wrong by {facet_title(facet)}, with intervals",
    )
with numbers:
    errors_view.rates_table(table, facet)

st.subheader("Two facets at once")
slices_view.heatmap(scored)

st.subheader("Look at the books")
kept = errors_view.filters(labelled)
phrase = st.text_input(
    "Words in the title, separated by commas",
    key=state.PHRASE,
    bind="query-params",
    help="A title is found when it holds any of them, or a word that begins with one of them.",
)
shown = filter_records(labelled, kept, phrase or None)
if phrase:
    errors_view.phrase_sentence(labelled, phrase_mask(labelled[TITLE], phrase), phrase)
shown = errors_view.only_cell(shown, clicked, evaluation.confusion)
view = st.segmented_control(
    "Show",
    ["Surest and wrong", "Least sure and right", "All"],
    default="Surest and wrong",
    required=True,
    key="list",
    bind="query-params",
)
rows = {"Surest and wrong": most_confident_wrong, "Least sure and right": least_confident_right}.get(view, lambda t: t)(
    shown
)
records_table(rows, name="errors", alt=f"{view}: records with prediction, confidence and truth")

st.subheader("Length of the title")
lengths = length_by_outcome(labelled)
errors_view.length_sentence(lengths)
st.altair_chart(length_chart(lengths), alt="Length of titles read right and wrong")
widgets.download_table(lengths, "length-by-outcome")
feedback.how_computed(errors_view.HOW)
feedback.next_step("Thresholds")
