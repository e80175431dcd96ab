"""Review: people decide what the model is not sure of, one record at a time or many at once."""

import streamlit as st

from core.people import Role
from core.review import decisions_for_scored
from core.review_queue import waiting_for
from core.second_opinions import second_share
from core.translation import _, noop
from core.wording.review import progress_sentence
from dashboard import cache, feedback, language, people, review_decisions, review_view, widgets

st.title(_("Review"))
scored = widgets.require_scored(with_truth=False)
database = cache.workspace().database
queue = cache.review_queue(scored)
log = decisions_for_scored(database, scored)
if not queue.counts and not log.rows:
    feedback.empty(
        _(
            "Nothing waits for review. Keep cut-offs on the Thresholds page, and every book below its own waits here;"
            " or send a group of books here from Errors. People then decide them one by one, by a key for each answer."
        ),
        "Thresholds",
        _("Choose cut-offs"),
    )
left, right = st.columns([3, 1], vertical_alignment="bottom")
with right:
    people.ask_name()
with left:
    view = language.choose(
        st.segmented_control,
        _("Look at"),
        [noop("One by one"), noop("Many at once"), noop("Second opinions")],
        default="One by one",
        required=True,
        key="view",
        label_visibility="collapsed",
        format_func=_,
    )
ordered = review_view.choose_order(scored, queue)
waiting = waiting_for(
    queue,
    ordered,
    log,
    by=review_view.reviewer_name(),
    session=review_view.window(),
    second_share=second_share(database, scored.predictions),
)
feedback.conclusion(progress_sentence(len(waiting.record_ids), len(log.current)))
review_decisions.show_progress(scored, queue, waiting, log)
if view == "One by one":
    review_view.show_desk(scored, queue, waiting, log)
    desk = review_view.review_state(scored.predictions)
    review_decisions.show_history(queue, log, early=review_view.too_early(desk), hidden=waiting.second)
elif view == "Many at once":
    if not people.allowed(_("decide"), Role.REVIEWER):
        st.stop()
    review_decisions.show_many(scored, queue, waiting, log)
    review_decisions.show_workbook(scored, queue, waiting)
else:
    review_decisions.show_opinions(scored, log)
review_decisions.show_before_and_after(scored)
feedback.next_step("Export")
