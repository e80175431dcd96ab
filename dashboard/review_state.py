"""What one browser window is looking at on the Review page, and who sits before it."""

import uuid
from dataclasses import dataclass, field
from typing import Final

import streamlit as st

from core.review import CANNOT_TELL, Decision
from core.review_batch import BatchReport
from core.review_workbook import RefusedRow
from core.translation import _
from dashboard import navigation, people

__all__ = ["ReviewState", "answer_words", "review_state", "reviewer_label", "reviewer_name", "window"]

_TRAIL: Final = 100


@dataclass(kw_only=True)
class ReviewState:
    """What one browser window is looking at; it lives as long as the window.

    Attributes
    ----------
    predictions : str
        Fingerprint of the predictions it is about.
    record : str
        The record on the screen; it stays there until its reader moves on, whatever others do meanwhile.
    again : bool
        Whether the reader chose to decide a decided record once more.
    skipped : set of str
    trail : list of str
        The records that were on the screen before, the latest last: to go back to.
    ready : str
        The record that has stood on the screen long enough to be decided.
    explained : str
        The record whose words the reader asked to see.
    drawing : bool
        Whether the page is being drawn as a whole just now.
    written : int
        The number of the last decision made here; a run of the page that read the log before it is out of date.
    last_answer : str
        What was said of the book before, and by the model.
    notices : list of str
        To be said once.
    listed : tuple of str
        The records in the table of many; from which place of the queue on, what was decided when they were listed, and
        how often they were listed anew stand in the next three.
    report, refused
        What became of answers that came at once, to be said once.
    """

    predictions: str
    record: str = ""
    again: bool = False
    skipped: set[str] = field(default_factory=set)
    trail: list[str] = field(default_factory=list)
    ready: str = ""
    explained: str = ""
    drawing: bool = False
    written: int = 0
    last_answer: str = ""
    notices: list[str] = field(default_factory=list)
    listed: tuple[str, ...] = ()
    listed_from: int = 0
    listed_seen: int = 0
    listed_turn: int = 0
    report: BatchReport | None = None
    refused: tuple[RefusedRow, ...] = ()

    def leave(self) -> None:
        """Go from the record on the screen to the next."""
        if self.record:
            self.trail = [*(name for name in self.trail if name != self.record), self.record][-_TRAIL:]
        self.record, self.again = "", False


def review_state(predictions: str) -> ReviewState:
    """Return what this window is looking at."""
    desk = st.session_state.get(navigation.DESK)
    if not isinstance(desk, ReviewState) or desk.predictions != predictions:
        desk = st.session_state[navigation.DESK] = ReviewState(predictions=predictions)
    return desk


def window() -> str:
    """Return what stands for this browser window in the decisions made in it."""
    return str(st.session_state.setdefault(navigation.WINDOW, uuid.uuid4().hex))


def reviewer_name() -> str:
    """Return the name of whoever decides in this window, '' for none."""
    return people.current_person().name


def answer_words(label: str) -> str:
    """Return an answer as the reader's language has it; a class is called what the library calls it."""
    return _(label) if label == CANNOT_TELL else label


def reviewer_label(row: Decision, *, by: bool = False) -> str:
    """Return who made a decision, as the reader knows them; with `by`, as the end of "taken back by"."""
    if row.session and row.session == window():
        return _("by you") if by else _("you")
    name = row.by or _("somebody without a name")
    return _("by {name}", name=name) if by else name
