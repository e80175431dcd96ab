"""Long work on a page: started as a process, shown while it runs, cancelled by a button; it survives a closed tab."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.jobs import JobStatus, cancel, find_job, list_jobs, log_tail, start
from dashboard import cache
from dashboard.charts.learning import learning_chart, learning_sentence, present_run
from dashboard.text import escape

__all__ = ["show_jobs", "start_job"]

_WORDS = {
    "done": ("Done", ":material/check_circle:"),
    "failed": ("Failed", ":material/error:"),
    "cancelled": ("Cancelled", ":material/cancel:"),
    "interrupted": ("Interrupted", ":material/warning:"),
}


def start_job(module: str, config: Mapping[str, Any], title: str) -> None:
    """Start long work in its own process and rerun, so that its progress is seen."""
    start(cache.workspace(), module, config, title)
    st.rerun()


def show_jobs(module: str, *, latest: int = 3) -> None:
    """Show the newest jobs of one kind: running ones with progress and a cancel button, ended ones with their end."""
    jobs = [job for job in list_jobs(cache.workspace()) if job.module == module][:latest]
    running = [job for job in jobs if job.status().state in ("waiting", "running")]
    if running:
        _running([job.id for job in running])
    for job in jobs:
        status = job.status()
        if status.state in _WORDS:
            _ended(job.id, job.title, status)


@st.fragment(run_every=1.0)
def _running(ids: list[str]) -> None:
    place = cache.workspace()
    for job_id in ids:
        job = find_job(place, job_id)
        status = job.status()
        if status.state not in ("waiting", "running"):
            st.rerun()
        with st.container(border=True):
            st.markdown(f"**{escape(job.title)}** · {status.seconds:.0f} s")
            st.progress(min(max(status.fraction, 0.0), 1.0), text=escape(status.message))
            if status.history:
                run = present_run(status.history)
                st.markdown(learning_sentence(run))
                st.altair_chart(learning_chart(run), alt="Loss over the epochs, on titles learned from and held out")
            if st.button("Cancel", key=f"cancel-{job_id}", icon=":material/stop:"):
                cancel(job)


def _ended(job_id: str, title: str, status: JobStatus) -> None:
    word, icon = _WORDS[status.state]
    reason = f": {escape(status.error)}" if status.error else ""
    with st.expander(f"{word}: {escape(title)} ({status.seconds:.0f} s){reason}", icon=icon):
        st.code(log_tail(find_job(cache.workspace(), job_id)) or "(the log is empty)", language=None)
