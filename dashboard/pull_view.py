"""Take in what others shared, and say where the latest sharing left its result."""

from typing import Final

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core.connection import split_secret
from core.jobs import list_jobs, start
from core.sharing.hub import check_target, token_of
from core.sharing.pull import pull
from core.storage import Workspace, slug
from core.uploads import clear_stale_uploads, clear_upload, keep_upload
from dashboard import cache, feedback, housekeeping, jobs
from dashboard.feedback import count, escape

__all__ = [
    "show_latest_result",
    "show_pull",
]

_ZIP: Final = "unpack_file"


def show_pull() -> None:
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
        sent = st.file_uploader("A zip that somebody sent", type="zip", key=_ZIP)
        called = st.text_input("Call it", placeholder="as the file is called", key="unpack_name")
        if st.form_submit_button("Bring it in", icon=":material/unarchive:") and sent is not None:
            _unpack(place, sent, called)
    show_latest_result("core.sharing.pull")
    jobs.show_jobs("core.sharing.pull")


def _unpack(place: Workspace, sent: UploadedFile, called: str) -> None:
    """Take in what a browser sent: written to the disk in blocks, and no longer held in memory once it is there."""
    with feedback.show_errors(), st.spinner("Checking every file …"):
        clear_stale_uploads(place)
        path = keep_upload(place, sent.name, sent, sent.size)
        try:
            housekeeping.release_memory(sent, _ZIP)
            pulled = pull(place, str(path), name=called or None)
        finally:
            clear_upload(place, path)
        st.success(f"“{escape(pulled.name)}” is here. {escape(pulled.sentence)}", icon=":material/verified:")


def show_latest_result(module: str) -> None:
    """Say where the latest finished work of a kind left its result."""
    latest = next((job.status() for job in list_jobs(cache.workspace()) if job.module == module), None)
    if latest is None or latest.state != "done" or not latest.result:
        return
    result = latest.result
    if "sentence" in result:
        sentence = f"“{escape(result['name'])}” is here. {escape(result['sentence'])}"
    else:
        seen = "only you can see it" if result["private"] else "everybody can see it"
        sentence = f"Shared: {escape(result['target'])}, {count(len(result['files']), 'file')}, {seen}."
    st.success(sentence, icon=":material/verified:")


def _pull(source: str, name: str, token: str) -> None:
    with feedback.show_errors():
        # What a job is called and what it is told lie on the disk: a token in an address must be out of it by then.
        source, secret = split_secret(source)
        token = token or token_of(secret)
        if not source.startswith(("https://", "http://")):
            check_target(source.removeprefix("datasets/"))
        config = {"source": source, "name": slug(name) if name else None}
        secrets = {"HF_TOKEN": token} if token else None
        start(cache.workspace(), "core.sharing.pull", config, f"Bringing in {source}", secrets)
        st.rerun()
