"""How far people are: what they decided today, how long the rest takes, and how much of the promise is reached."""

from datetime import UTC, datetime

import streamlit as st

from core.policies import saved_policies
from core.predictions import Scored
from core.review import DecisionLog
from core.review_queue import ReviewQueue, WaitingList, pace_of, promise_progress
from core.wording.review import pace_sentence, promise_sentence
from dashboard import cache
from dashboard.feedback import escape
from dashboard.review_state import reviewer_name, window

__all__ = ["show_progress"]


def show_progress(scored: Scored, queue: ReviewQueue, waiting: WaitingList, log: DecisionLog) -> None:
    """Show a bar and one or two sentences."""
    progress = promise_progress(queue, log)
    done = len(log.current)
    total = progress.total or done + len(waiting.record_ids)
    if total:
        st.progress(min((progress.done if progress.total else done) / total, 1.0))
    pace = pace_of(log, datetime.now(UTC), by=reviewer_name(), session=window())
    policies = saved_policies(cache.workspace(), scored.predictions)
    sentences = [
        pace_sentence(pace, len(waiting.record_ids)),
        promise_sentence(progress, policies[0].promise if policies else None),
    ]
    if any(sentences):
        st.caption(escape(" ".join(filter(None, sentences))))
