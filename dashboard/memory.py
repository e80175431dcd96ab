"""Giving memory back: what a browser sent is on the disk, and need not be held by the server as well."""

import contextlib
import ctypes
import gc

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

__all__ = ["release_memory"]


def release_memory(sent: UploadedFile, key: str) -> None:
    """Forget a file that was sent, and hand the memory it took back to the system, where the system lets us.

    Parameters
    ----------
    key : str
        Of the widget that asked for it: its state holds a second copy, for as long as the session lives.
    """
    context = get_script_run_ctx()
    remove = getattr(context.uploaded_file_mgr, "remove_file", None) if context else None
    if context and remove:
        remove(session_id=context.session_id, file_id=sent.file_id)
    sent.close()
    with contextlib.suppress(KeyError):
        del st.session_state[key]
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):  # GNU's C library keeps freed memory until it is asked
        ctypes.CDLL(None).malloc_trim(0)
