"""Long work on a page: started as a process, shown while it runs, cancelled by a button; it survives a closed tab."""

import json
from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.jobs import Job, JobStatus, cancel, delete_job, find_job, list_jobs, log_tail, start
from core.translation import _, noop, translate
from dashboard import cache, navigation, people, tables, widgets
from dashboard import navigation as state
from dashboard.charts.curves import learning_chart, learning_sentence, present_run
from dashboard.feedback import count, escape, from_core

__all__ = ["announce_result", "same_job", "show_jobs", "start_job"]

_WORDS = {
    "done": (noop("Done"), ":material/check_circle:"),
    "failed": (noop("Failed"), ":material/error:"),
    "cancelled": (noop("Cancelled"), ":material/cancel:"),
    "interrupted": (noop("Interrupted"), ":material/warning:"),
}


# Where a thing that has come is looked at: the pickers that then choose it, and the page that says more of it.
_PICKERS = {
    "corpus": (state.CORPUS,),
    "labels": (state.CORPUS, state.LABEL_SET),
    "predictions": (state.CORPUS, state.PREDICTIONS),
}
_NEXT = {
    "corpus": ("Models", noop("Let a model read its titles")),
    "labels": ("Label audit", noop("See whether these labels can be trusted")),
    "predictions": ("Errors", noop("See where these predictions are wrong")),
}


def start_job(module: str, config: Mapping[str, Any], title: str) -> None:
    """Start long work in its own process and rerun, so that its progress is seen, and then what came of it."""
    job = start(cache.workspace(), module, config, title)
    st.session_state[state.JOB] = job.id
    st.rerun()


def same_job(module: str, config: Mapping[str, Any]) -> Job | None:
    """Return the newest job that does or did exactly this, and did not fail."""
    wanted = json.loads(json.dumps(config))
    for job in list_jobs(cache.workspace()):
        if job.module == module and job.config == wanted and job.status().state in ("waiting", "running", "done"):
            return job
    return None


def announce_result() -> None:
    """Where work that was started in this window has brought a thing: let the pickers choose it, and say so, once."""
    waiting = st.session_state.get(state.JOB)
    if waiting:
        job = next((job for job in list_jobs(cache.workspace()) if job.id == waiting), None)
        status = job.status() if job else None
        if status is None or status.finished:
            del st.session_state[state.JOB]
        kind, name = _job_artifact(job, status) if job and status else ("", "")
        if status and kind in _PICKERS:
            for key in _PICKERS[kind]:
                widgets.pick_next(key, name)
            st.session_state[state.ARRIVED] = {**status.result, "kind": kind, "name": name}
            st.rerun()
    came = st.session_state.pop(state.ARRIVED, None)
    if came:
        books = came.get("rows") or came.get("labelled")
        rows = f": {count(int(books), 'record')}" if books else ""
        lost = _(", {rejected} set aside", rejected=count(int(came["rejected"]), "row")) if came.get("rejected") else ""
        st.success(
            _(
                "“{name}” is here{rows}{lost}. It is what you look at now.",
                name=escape(came["name"]),
                rows=rows,
                lost=lost,
            ),
            icon=":material/check_circle:",
        )
        if came.get("name_note"):
            st.warning(escape(came["name_note"]), icon=":material/warning:")
        page, words = _NEXT[came["kind"]]
        navigation.links_to(page, _(words))


def _job_artifact(job: Job, status: JobStatus) -> tuple[str, str]:
    """Return kind (as an import names it) and name of what a job made; '' and '' where nothing can be looked at."""
    if status.state != "done":
        return "", ""
    result = status.result
    if job.module == "core.models.scoring":
        return "predictions", str(result["predictions"])
    if job.module == "core.weak_supervision.build":
        return "labels", str(result["name"])
    return str(result.get("kind", "")), str(result.get("name", ""))


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
            left = f" · {translate(status.time_left)}" if status.time_left else ""
            st.markdown(
                _(
                    "**{job_title}** · {seconds:.0f} s{left}",
                    job_title=from_core(job.title),
                    seconds=status.seconds,
                    left=left,
                )
            )
            st.progress(min(max(status.fraction, 0.0), 1.0), text=from_core(status.message))
            if status.history:
                run = present_run(status.history)
                st.markdown(learning_sentence(run))
                tables.show_chart(
                    learning_chart(run, chart_theme=tables.chart_theme()),
                    alt=_("Loss over the epochs, on titles learned from and held out"),
                )
            stopping = job.cancel_requested()
            label = _("Stopping …") if stopping else _("Cancel")
            st.button(
                label,
                key=f"cancel-{job_id}",
                icon=":material/stop:",
                disabled=stopping or not people.may(),
                on_click=cancel,
                args=(job,),
                help=_("What is half made is cleared away first; that takes some seconds.") if stopping else None,
            )


def _ended(job_id: str, title: str, status: JobStatus) -> None:
    word, icon = _WORDS[status.state]
    reason = f": {from_core(status.error)}" if status.error else ""
    with st.expander(
        _(
            "{word}: {title} ({seconds:.0f} s){reason}",
            word=_(word),
            title=from_core(title),
            seconds=status.seconds,
            reason=reason,
        ),
        icon=icon,
    ):
        job = find_job(cache.workspace(), job_id)
        st.code(log_tail(job) or _("(the log is empty)"), language=None)
        if people.may() and st.button(_("Dismiss this message"), key=f"dismiss-{job_id}", icon=":material/close:"):
            delete_job(job)
            st.rerun()
