"""Take in what others shared, and say where the latest sharing left its result."""

import uuid
from pathlib import Path

import streamlit as st

from core.connection import split_secret
from core.jobs import list_jobs, start
from core.sharing.hub import check_target, token_of
from core.sharing.pull import pull
from core.storage import slug
from dashboard import cache, feedback, jobs
from dashboard.text import count, escape

__all__ = ["bring_in", "outcome"]


def bring_in() -> None:
    """Take in what others shared: from the Hub, or a zip."""
    place = cache.workspace()
    st.markdown("Every file is checked against its SHA-256 before anything enters the workspace.")
    left, right = st.columns(2)
    with left, st.form("pull", border=True, clear_on_submit=True):
        source = st.text_input("Name on the Hub", placeholder="USER/NAME")
        name = st.text_input("Call it", placeholder="as it is called there", key="pull_name")
        token = st.text_input("Token, only for what is private", type="password", autocomplete="off")
        if st.form_submit_button("Bring it in", icon=":material/cloud_download:"):
            _pull(source.strip(), name, token.strip())
    with right, st.form("unpack", border=True, clear_on_submit=True):
        sent = st.file_uploader("A zip that somebody sent", type="zip")
        called = st.text_input("Call it", placeholder="as the file is called", key="unpack_name")
        if st.form_submit_button("Bring it in", icon=":material/unarchive:") and sent is not None:
            folder = place.root / f".arrived-{uuid.uuid4().hex}"
            path = folder / f"{slug(Path(sent.name).stem)}.zip"
            try:
                folder.mkdir()
                path.write_bytes(sent.getvalue())
                with st.spinner("Checking every file …"), feedback.errors_in_words():
                    found = pull(place, str(path), name=called or None)
                    st.success(f"“{escape(found.name)}” is here. {escape(found.sentence)}", icon=":material/verified:")
            finally:
                path.unlink(missing_ok=True)
                folder.rmdir()
    outcome("core.sharing.pull")
    jobs.show_jobs("core.sharing.pull")


def outcome(module: str) -> None:
    """Say where the latest finished work of a kind left its result."""
    latest = next((job.status() for job in list_jobs(cache.workspace()) if job.module == module), None)
    if latest is None or latest.state != "done" or not latest.result:
        return
    found = latest.result
    if "sentence" in found:
        said = f"“{escape(found['name'])}” is here. {escape(found['sentence'])}"
    else:
        seen = "only you can see it" if found["private"] else "everybody can see it"
        said = f"Shared: {escape(found['target'])}, {count(len(found['files']), 'file')}, {seen}."
    st.success(said, icon=":material/verified:")


def _pull(source: str, name: str, token: str) -> None:
    with feedback.errors_in_words():
        # What a job is called and what it is told lie on the disk: a token in an address must be out of it by then.
        source, secret = split_secret(source)
        token = token or token_of(secret)
        if not source.startswith(("https://", "http://")):
            check_target(source.removeprefix("datasets/"))
        config = {"source": source, "name": slug(name) if name else None}
        secrets = {"HF_TOKEN": token} if token else None
        start(cache.workspace(), "core.sharing.pull", config, f"Bringing in {source}", secrets)
        st.rerun()
