"""Review: people decide what the model is not sure of, one record at a time."""

import streamlit as st

from core.policies import kept_policies
from core.review import decisions, review_list, sent_records
from core.thresholds import apply_policy
from dashboard import cache, feedback, review_view, widgets

st.title("Review")
scored = widgets.require_scored(with_truth=False)
database = cache.workspace().database
kept = kept_policies(cache.workspace(), scored.predictions)
below = st.toggle(
    "Also the books below their cut-off",
    value=bool(kept),
    disabled=not kept,
    key="below",
    bind="query-params",
    help="Without cut-offs kept on the Thresholds page, only books that were sent here wait.",
)
accepted = apply_policy(scored.table, kept[0].policy) if kept and below else None
held = decisions(database, scored.predictions)
waiting = review_list(
    scored.table,
    sent_records(database, scored.predictions),
    None if accepted is None else scored.table["confidence"].notna() & accepted,
    held["record_id"],
)
if waiting.empty and held.empty:
    feedback.empty(
        "Nothing waits for review. Keep cut-offs on the Thresholds page, or send a group of books here from Errors.",
        "Thresholds",
        "Choose cut-offs",
    )
feedback.conclusion(review_view.progress_sentence(len(waiting), len(held)))
if len(waiting):
    review_view.one_record(scored, waiting)
review_view.decided(held, scored)
feedback.next_step("Export")
