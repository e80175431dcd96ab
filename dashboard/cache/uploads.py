"""The file a person has sent from their computer: one a browser tab, cleared when the tab is closed."""

import contextlib
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from core.storage import Workspace
from core.uploads import clear_stale_uploads, clear_upload, keep_upload
from dashboard.cache.tables import workspace

__all__ = ["UploadSlot", "upload_slot"]


@dataclass
class UploadSlot:
    """Where the file lies that this tab has sent; `turn` counts them, so that each is asked for by a fresh widget."""

    place: Workspace
    path: Path | None = None
    turn: int = 0

    def take(self, name: str, stream: "st.runtime.uploaded_file_manager.UploadedFile") -> None:
        """Keep what was sent in the workspace, in the place of what was sent before."""
        clear_stale_uploads(self.place)
        path = keep_upload(self.place, name, stream, stream.size)
        self.clear()
        self.path, self.turn = path, self.turn + 1

    def clear(self) -> None:
        """Remove the file, unless a running job reads it."""
        if self.path is not None:
            clear_upload(self.place, self.path)
        self.path = None

    @property
    def waiting(self) -> Path | None:
        """The file, None when there is none or it was imported and cleared."""
        if self.path is not None and not self.path.is_file():
            self.path = None
        return self.path


def _clear_slot(slot: UploadSlot) -> None:
    with contextlib.suppress(Exception):  # the tab is closed: nobody is left to be told
        slot.clear()


@st.cache_resource(scope="session", on_release=_clear_slot, show_spinner=False)
def upload_slot() -> UploadSlot:
    """Return where this tab's file is kept."""
    return UploadSlot(workspace())
