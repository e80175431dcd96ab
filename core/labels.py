"""Label sets: what people (or functions, or the catalogue) said of each book."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.classes import ClassNames, match_classes
from core.corpus import read_parquet
from core.database import Database
from core.draws import DRAW_FILE, unanswered_rows
from core.manifests import LabelManifest
from core.schema import ANNOTATOR, CREATED_AT, LABEL, LABEL_GIVEN, NOTE, RECORD_ID, ROWS, SOURCE, TITLE, TITLE_KEY
from core.storage import StoredArtifact, Workspace, digest

__all__ = [
    "DISAGREEING",
    "LABELS_FILE",
    "CheckedBooks",
    "LabelSet",
    "Repeats",
    "books_from_annotations",
    "load_labels",
    "titles_of",
]


# --- A set of checked books, known again when labels are added or another model is tested on it -----------------------

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


# --- Label sets: what people (or functions, or the catalogue) said of each book ---------------------------------------

DISAGREEING = "disagreeing"  # True where the rows of a book name more than one class
LABELS_FILE = "labels.parquet"
ANNOTATIONS_FILE = "annotations.parquet"


@dataclass(frozen=True, kw_only=True)
class Repeats:
    """How many rows speak of books that other rows speak of too.

    Attributes
    ----------
    rows, books : int
        Rows of the file, and the different books they speak of.
    repeated_books : int
        Books with more than one row.
    identical_books : int
        Of these, books whose rows all give the same answer and the same note: one annotation written several times.
        It is counted once and never taken for agreement between people.
    disagreeing_books : int
        Books whose rows name more than one class.
    """

    rows: int
    books: int
    repeated_books: int
    identical_books: int
    disagreeing_books: int

    @property
    def sentence(self) -> str:
        """Say it for a curator."""
        if self.rows == self.books:
            return f"{self.rows:,} rows, one for each book."
        text = f"{self.rows:,} rows speak of {self.books:,} books; each book counts once."
        if self.identical_books:
            text += (
                f" In {self.identical_books:,} of the {self.repeated_books:,} books with several rows, the rows repeat"
                " one annotation: that is not agreement between people, so none is computed."
            )
        if self.disagreeing_books:
            text += f" In {self.disagreeing_books:,} books the rows name different classes."
        return text


@dataclass(frozen=True)
class LabelSet(StoredArtifact[LabelManifest]):
    """The labels of one imported (or made) set. Read-only."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The class names, sorted."""
        return self.manifest.classes

    def table(self) -> pd.DataFrame:
        """Return one row a book.

        Columns ``record_id``, ``label`` ('' where nobody gave a usable answer), ``label_given``, ``annotator``,
        ``created_at``, ``note``, ``source``, ``rows``, ``disagreeing``.
        """
        return read_parquet(self.artifact.path / LABELS_FILE)

    def records(self) -> pd.DataFrame:
        """Return the normalised records of the books, row for row beside :meth:`table`."""
        return read_parquet(self.artifact.path / "records.parquet")

    def annotations(self) -> pd.DataFrame:
        """Return every row of the file as one annotation: ``record_id``, answer, annotator, moment, note, line."""
        return read_parquet(self.artifact.path / ANNOTATIONS_FILE)

    def draw(self) -> pd.DataFrame | None:
        """Return ``record_id`` and ``drawn_chance`` of the books that were drawn; None where no chances are known."""
        path = self.artifact.path / DRAW_FILE
        return read_parquet(path) if path.exists() else None

    def passed_over(self) -> pd.Series:
        """Return the record ids of the books that people had before them and left without any answer."""
        table, draw = self.table(), self.draw()
        if draw is None:
            return table.loc[unanswered_rows(table[LABEL], table[LABEL_GIVEN]), RECORD_ID]
        given = table[(table[LABEL] != "") | (table[LABEL_GIVEN] != "")]
        return draw.loc[~draw[RECORD_ID].isin(given[RECORD_ID]), RECORD_ID]

    def training_table(self) -> pd.DataFrame:
        """Return the books with a usable label: all records columns and ``label``."""
        table, records = self.table(), self.records()
        joined = records.assign(label=table[LABEL].to_numpy(), source=table[SOURCE].to_numpy())
        usable = (joined[LABEL] != "") & (joined[TITLE] != "") & (joined[TITLE_KEY] != "")
        return joined[usable].reset_index(drop=True)


def load_labels(workspace: Workspace, name: str) -> LabelSet:
    """Return the label set called `name`.

    Raises
    ------
    NotFoundError
        With the names of the label sets that do exist.
    """
    return LabelSet(workspace.find("labels", name))


def books_from_annotations(
    annotations: pd.DataFrame, record_ids: pd.Series, renamed: Mapping[str, str] | None = None
) -> tuple[pd.DataFrame, ClassNames, Repeats]:
    """Make one label a book out of one row an annotation.

    A book whose rows name one class (beside blanks or undecided answers) has that label. Where rows name several
    classes, the one that more than half of those rows name; where there is none, no label ('').

    Parameters
    ----------
    annotations : DataFrame
        ``record_id``, ``label_given``, ``annotator``, ``created_at``, ``note``, ``line``.
    record_ids : Series of str
        The books, in the order the result shall have.
    renamed : mapping, optional
        Answer → class, as a person said (:func:`core.classes.match_classes`).

    Returns
    -------
    table, class names, repeats
        See :meth:`LabelSet.table`, :class:`core.classes.ClassNames`, :class:`Repeats`.
    """
    names = match_classes(annotations[LABEL_GIVEN], renamed=renamed)
    spelled = annotations[LABEL_GIVEN].map(lambda answer: names.class_by_answer.get(answer, "")).astype("str")
    frame = annotations.assign(label=spelled)
    first = frame.drop_duplicates(RECORD_ID).set_index(RECORD_ID)
    rows = frame.groupby(RECORD_ID, sort=False).size()

    votes = frame[frame[LABEL] != ""].groupby([RECORD_ID, LABEL], sort=False).size().rename("votes").reset_index()
    total = votes.groupby(RECORD_ID)["votes"].transform("sum")
    decided = votes[votes["votes"] * 2 > total].set_index(RECORD_ID)[LABEL]
    different = votes.groupby(RECORD_ID).size()

    # The answer shown beside a label is the one that led to it, so that nothing on the screen contradicts the label.
    leading = frame.assign(agrees=frame[LABEL] == frame[RECORD_ID].map(decided).fillna(""))
    spoken = leading[leading["agrees"]].drop_duplicates(RECORD_ID).set_index(RECORD_ID)
    spoken = spoken.reindex(record_ids).fillna(first.reindex(record_ids))

    disagreeing = different.reindex(record_ids).fillna(0).to_numpy() > 1
    table = pd.DataFrame(
        {
            RECORD_ID: record_ids.to_numpy(),
            LABEL: decided.reindex(record_ids).fillna("").to_numpy(),
            LABEL_GIVEN: spoken[LABEL_GIVEN].to_numpy(),
            ANNOTATOR: spoken[ANNOTATOR].to_numpy(),
            CREATED_AT: spoken[CREATED_AT].to_numpy(),
            NOTE: spoken[NOTE].to_numpy(),
            SOURCE: "person",
            ROWS: rows.reindex(record_ids).to_numpy(dtype=np.int64),
            DISAGREEING: disagreeing,
        }
    )
    several = rows[rows > 1].index
    distinct_counts = frame[frame[RECORD_ID].isin(several)].groupby(RECORD_ID)[[LABEL_GIVEN, NOTE]].nunique()
    identical = int(((distinct_counts[LABEL_GIVEN] == 1) & (distinct_counts[NOTE] == 1)).sum())
    repeats = Repeats(
        rows=len(frame),
        books=len(record_ids),
        repeated_books=len(several),
        identical_books=identical,
        disagreeing_books=int(disagreeing.sum()),
    )
    return table, names, repeats
