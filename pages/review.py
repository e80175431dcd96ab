"""Review: people decide what the model is not sure of, one record at a time."""

import streamlit as st

from core.review import decisions_for_scored
from core.review_queue import waiting_for
from core.wording.review import progress_sentence
from dashboard import cache, feedback, review_history, review_state, review_view, widgets

st.title("Review")
scored = widgets.require_scored(with_truth=False)
queue = cache.review_queue(scored)
log = decisions_for_scored(cache.workspace().database, scored)
if not queue.counts and not log.rows:
    feedback.empty(
        "Nothing waits for review. Keep cut-offs on the Thresholds page, and every book below its own waits here; or"
        " send a group of books here from Errors. People then decide them one by one, by a key for each answer.",
        "Thresholds",
        "Choose cut-offs",
    )
ordered = review_view.choose_order(scored, queue)
waiting = waiting_for(queue, ordered, log, by=review_state.reviewer_name(), session=review_state.window())
left, right = st.columns([3, 1])
with left:
    feedback.conclusion(progress_sentence(len(waiting.record_ids), len(log.current)))
with right:
    review_state.ask_name()
review_view.show_desk(scored, queue, waiting, log)
desk = review_state.review_state(scored.predictions)
review_history.show_history(scored, log, early=review_view.too_early(desk), hidden=waiting.second)
feedback.next_step("Export")
