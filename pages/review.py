"""Review: people decide what the model is not sure of, one record at a time."""

import streamlit as st

from core.policies import saved_policies
from core.review import decisions_for_scored, review_list, sent_for_scored
from core.thresholds import apply_policy
from dashboard import cache, feedback, review_view, widgets

st.title("Review")
scored = widgets.require_scored(with_truth=False)
database = cache.workspace().database
policies = saved_policies(cache.workspace(), scored.predictions)
below = st.toggle(
    "Also the books below their cut-off",
    value=bool(policies),
    disabled=not policies,
    key="below",
    bind="query-params",
    help="Without cut-offs kept on the Thresholds page, only books that were sent here wait.",
)
accepted = apply_policy(scored.table, policies[0].policy) if policies and below else None
log = decisions_for_scored(database, scored)
waiting = review_list(
    scored.table,
    sent_for_scored(database, scored),
    None if accepted is None else scored.table["confidence"].notna() & accepted,
    log.current,
)
if waiting.empty and not log.rows:
    feedback.empty(
        "Nothing waits for review. Keep cut-offs on the Thresholds page, or send a group of books here from Errors.",
        "Thresholds",
        "Choose cut-offs",
    )
left, right = st.columns([3, 1])
with left:
    feedback.conclusion(review_view.progress_sentence(len(waiting), len(log.current)))
with right:
    review_view.reviewer()
review_view.show_record(scored, waiting, log)
review_view.decided(scored, log)
feedback.next_step("Export")
