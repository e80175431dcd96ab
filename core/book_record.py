"""All that a workspace knows of one book: its record, what each model and each person said of it, and where it went."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from core.corpus import book_link, link_pattern
from core.errors import NotFoundError
from core.guarantees import saved_policies
from core.labels import LABELS_FILE
from core.predictions import PREDICTIONS_FILE, Scored
from core.review import Decision, decisions_for_scored
from core.schema import (
    ALTERNATE_ID,
    ANNOTATOR,
    AUTHOR,
    CONFIDENCE,
    CREATED_AT,
    DATE,
    GENRE_GIVEN,
    LABEL,
    LANGUAGE,
    NOTE,
    PLACE,
    PREDICTED,
    PUBLISHER,
    RECORD_ID,
    TITLE,
)
from core.slices.ledger import saved_slices
from core.storage import Workspace
from core.thresholds import apply_policy

__all__ = ["BookRecord", "LabelOfBook", "PredictionOfBook", "book_record"]

_FACTS: Final = (AUTHOR, DATE, PLACE, PUBLISHER, LANGUAGE, GENRE_GIVEN)


@dataclass(frozen=True, kw_only=True)
class PredictionOfBook:
    """What a set of predictions says of a book.

    Attributes
    ----------
    predictions : str
        Their name.
    label : str
        The class, '' where the model gave none.
    confidence : float
        From 0 to 1; NaN if unknown.
    is_accepted : bool, optional
        Whether the cut-offs kept for these predictions accept it; None where none were kept, or for predictions other
        than those looked at.
    """

    predictions: str
    label: str
    confidence: float
    is_accepted: bool | None = None


@dataclass(frozen=True, kw_only=True)
class LabelOfBook:
    """What a label set says of a book: its name, the label ('' where it is undecided), by whom, when, and a note."""

    label_set: str
    label: str
    annotator: str = ""
    at: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class BookRecord:
    """One book, and what was said of it.

    Attributes
    ----------
    record_id, title : str
    facts : mapping of str to str
        The normalised columns that are filled.
    columns : mapping of str to str
        The filled columns of the file it came from, as they came. Untrusted text.
    link : str
        Where the digitised book can be read, see :func:`core.corpus.book_link`; '' where that is not known.
    predictions : tuple of PredictionOfBook
        The predictions that are looked at first.
    labels : tuple of LabelOfBook
    decisions : tuple of Decision
        Of Review, oldest first, those taken back too.
    slices : tuple of str
        Names of the saved slices it belongs to.
    """

    record_id: str
    title: str
    facts: Mapping[str, str]
    columns: Mapping[str, str]
    link: str
    predictions: tuple[PredictionOfBook, ...]
    labels: tuple[LabelOfBook, ...]
    decisions: tuple[Decision, ...]
    slices: tuple[str, ...]


def book_record(workspace: Workspace, scored: Scored, record_id: str, originals: pd.DataFrame) -> BookRecord:
    """Return what is known of a book of scored predictions.

    Parameters
    ----------
    originals : DataFrame of str
        The original columns, row for row beside the scored table.

    Raises
    ------
    NotFoundError
        No book of these predictions has this identifier.
    """
    places = scored.table[RECORD_ID].to_numpy() == record_id
    if not places.any():
        raise NotFoundError(f"None of the {len(scored.table):,} books of “{scored.name}” has the number {record_id}.")
    row = scored.table[places].iloc[:1]
    first: Mapping[str, Any] = row.iloc[0].to_dict()
    given = originals[places].iloc[0]
    columns = {str(name): str(value) for name, value in given.items() if str(value).strip()}
    ids = [record_id, str(first.get(ALTERNATE_ID, "") or ""), scored.id_in_file(record_id)]
    ids = list(dict.fromkeys(id_ for id_ in ids if id_))
    return BookRecord(
        record_id=record_id,
        title=str(first[TITLE]),
        facts={name: str(first[name]) for name in _FACTS if str(first.get(name, "") or "").strip()},
        columns=columns,
        link=book_link(columns, record_id, link_pattern(workspace.database)),
        predictions=_predictions(workspace, scored, int(np.flatnonzero(places)[0]), ids),
        labels=_labels(workspace, ids),
        decisions=tuple(d for d in decisions_for_scored(workspace.database, scored).rows if d.record_id == record_id),
        slices=tuple(name for name, slice_ in saved_slices(workspace.database).items() if slice_.mask(row).any()),
    )


def _predictions(workspace: Workspace, scored: Scored, place: int, ids: list[str]) -> tuple[PredictionOfBook, ...]:
    row, policies = scored.table.iloc[place], saved_policies(workspace, scored.predictions)
    own = PredictionOfBook(
        predictions=scored.name,
        label=str(row[PREDICTED]),
        confidence=float(row[CONFIDENCE]),
        is_accepted=bool(apply_policy(scored.table, policies[0].policy)[place]) if policies else None,
    )
    others = [
        PredictionOfBook(predictions=artifact.name, label=str(book[PREDICTED]), confidence=float(book[CONFIDENCE]))
        for artifact in workspace.list("predictions")
        if artifact.fingerprint != scored.predictions
        for book in _rows(artifact.path / PREDICTIONS_FILE, ids, (PREDICTED, CONFIDENCE))[:1]
    ]
    return (own, *others)


def _labels(workspace: Workspace, ids: list[str]) -> tuple[LabelOfBook, ...]:
    columns = (LABEL, ANNOTATOR, CREATED_AT, NOTE)
    return tuple(
        LabelOfBook(
            label_set=artifact.name,
            label=str(row[LABEL]),
            annotator=str(row.get(ANNOTATOR, "")),
            at=str(row.get(CREATED_AT, "")),
            note=str(row.get(NOTE, "")),
        )
        for artifact in workspace.list("labels")
        for row in _rows(artifact.path / LABELS_FILE, ids, columns)[:1]
    )


def _rows(path: Path, ids: list[str], columns: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return the rows of a table with one of these identifiers, without reading the others into memory."""
    import pyarrow.parquet as pq

    present = set(pq.read_schema(path).names)
    wanted = [name for name in columns if name in present]
    table: list[dict[str, Any]] = pq.read_table(path, columns=wanted, filters=[(RECORD_ID, "in", ids)]).to_pylist()
    return table
