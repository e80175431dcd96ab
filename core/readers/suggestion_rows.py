"""A table with a suggestion a row (document, URI, label, score), several rows a document: one row a document."""

from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.readers.json_text import Number, as_text
from core.readers.scored_answers import DOCUMENT_ID, score_from, suggested
from core.readers.synonyms import normal_header
from core.readers.table import RejectedRows

__all__ = ["one_row_a_document"]

_ROLES: Final = {
    DOCUMENT_ID: ("document id", "doc id", "record id", "identifier", "id"),
    "uri": ("uri", "subject uri", "concept uri"),
    "label": ("label", "subject label", "subject", "preferred label"),
    "notation": ("notation",),
    "score": ("score", "confidence"),
    "rank": ("rank",),
}
_NEEDED: Final = (DOCUMENT_ID, "uri", "label", "score")


def one_row_a_document(
    frame: pd.DataFrame, lines: npt.NDArray[np.int64], rejected: RejectedRows
) -> tuple[pd.DataFrame, npt.NDArray[np.int64], str]:
    """Gather rows of suggestions into documents, by the rule of :func:`core.readers.scored_answers.suggested`.

    Nothing is done unless the table has a document, a URI, a label and a score in each row, at most a notation and a
    rank beside them, and a document that stands in several rows: any other table is something else.

    Returns
    -------
    frame : DataFrame of text
        ``document_id``, ``predicted``, ``confidence``, ``results``, or the table as it came.
    lines : array of int64
        The line of each document's first suggestion.
    reason : str
        What was done, '' for nothing.
    """
    roles = _roles(frame)
    if roles is None or not frame[roles[DOCUMENT_ID]].duplicated().any():
        return frame, lines, ""
    documents: dict[str, list[dict[str, str]]] = {}
    firsts: dict[str, int] = {}
    columns = [frame[roles[name]].tolist() if name in roles else [""] * len(frame) for name in _READ]
    for line, name, uri, label, notation, score in zip(lines.tolist(), *columns, strict=True):
        answer = {"uri": uri.strip().removeprefix("<").removesuffix(">"), "label": label or notation or uri}
        fault = "" if name.strip() else "it names no document"
        if score_from(score) is None:
            fault = f"its score is '{score[:60]}', which is no number from 0 to 1"
        if fault:
            rejected.add(line, fault, " ".join((name, uri, label, score)))
            continue
        answer |= ({"notation": notation} if notation else {}) | {"score": Number(score.strip())}
        documents.setdefault(name, []).append(answer)
        firsts.setdefault(name, line)
    rows = [{DOCUMENT_ID: name, **suggested(answers)} for name, answers in documents.items()]
    gathered = pd.DataFrame(
        {name: [as_text(row[name]) for row in rows] for name in (DOCUMENT_ID, "predicted", "confidence", "results")},
        dtype="str",
    )
    reason = (
        f"Its {len(frame):,} rows are suggestions for {len(gathered):,} documents: the one with the highest score is a"
        " document's prediction, and all are kept in 'results'."
    )
    return gathered, np.array(list(firsts.values()), dtype=np.int64), reason


_READ: Final = (DOCUMENT_ID, "uri", "label", "notation", "score")


def _roles(frame: pd.DataFrame) -> dict[str, str] | None:
    """Return role → column, None when a needed one is missing or any column is something else."""
    roles: dict[str, str] = {}
    for column in frame.columns:
        role = next((name for name, words in _ROLES.items() if normal_header(str(column)) in words), None)
        if role is None or role in roles:
            return None
        roles[role] = str(column)
    return roles if all(name in roles for name in _NEEDED) else None
