"""A set of checked books, known again when labels are added or another model is tested on it."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.database import Database
from core.schema import RECORD_ID, TITLE_KEY
from core.storage import digest

__all__ = ["CheckedBooks", "titles_of"]

_KIND = "checked_books"


def titles_of(records: pd.DataFrame) -> NDArray[np.object_]:
    """Return what stands for each record whatever its identifiers: its title key; without a title, its identifier."""
    identifiers = records[RECORD_ID].to_numpy(dtype=object)
    titles = records[TITLE_KEY].to_numpy(dtype=object) if TITLE_KEY in records else np.full(len(records), "")
    return np.where(titles == "", identifiers, titles)


class CheckedBooks:
    """What was noted of a set of checked books, and of every set that shares a book with it.

    Parameters
    ----------
    database : Database
        Of the workspace.
    titles : iterable of str
        See :func:`titles_of`. Titles are not written down once more: a digest tells them apart.

    Attributes
    ----------
    ids : frozenset of str
        One digest a title.
    subject : str
        Under which notes on exactly this set are kept.
    """

    def __init__(self, database: Database, titles: Iterable[str]) -> None:
        self._database = database
        self.ids = frozenset(digest(title) for title in titles)
        self.subject = digest(*sorted(self.ids))

    def register(self) -> None:
        """Write down which books these are, once, so that sets which share one of them know it."""
        stored = {note["subject"] for note in self._database.read(_KIND)}
        if self.subject not in stored and not self._database.read_only_reason:
            self._database.add(_KIND, self.subject, {"books": sorted(self.ids)})

    def related(self) -> dict[str, frozenset[str]]:
        """Return subject → books, for the sets that share a book with this one and for itself."""
        sets = {note["subject"]: frozenset(note["books"]) for note in self._database.read(_KIND)}
        return {self.subject: self.ids} | {name: ids for name, ids in sets.items() if not self.ids.isdisjoint(ids)}
