"""Answers of other programs: the scores of a Hugging Face pipeline, the suggestions of Annif.

A pipeline with all scores writes a list of ``{"label", "score"}`` for each text; Annif writes a record with
``results``, each a ``label`` (and ``uri``, ``notation``) with its ``score``. Both are laid out as columns, so that the
mapping finds them. A bare list names no book: only an identifier put beside it (``{"id": …, "scores": […]}``) does.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pandas as pd

from core.readers.json_text import parse_literal

__all__ = ["DOCUMENT_ID", "SUGGESTIONS", "has_suggestions", "score_from", "suggested", "unfold", "unfold_cells"]

_LOOKED_AT = 20  # rows that tell whether a column holds such lists

DOCUMENT_ID = "document_id"
SUGGESTIONS = "results"  # what Annif calls them
_ANSWERS = ("scores", "prediction", "predictions", "predicted", "output", "outputs", "pred")
_PREDICTED = "predicted"
_CONFIDENCE = "confidence"


def unfold(record: Any) -> Any:
    """Return a record with the answers in it as columns; anything else as it came.

    A list of labels with scores, alone or under ``scores``, ``prediction`` or the like, becomes one column
    ``p_<label>`` a class. Annif's ``results`` are taken as :func:`suggested` says.

    Examples
    --------
    >>> unfold([{"label": "Map", "score": "0.9"}, {"label": "Play", "score": "0.1"}])
    {'p_Map': '0.9', 'p_Play': '0.1'}
    >>> sorted(unfold({"document_id": "7", "results": [{"label": "Map", "score": "0.4"}]}).items())[:2]
    [('confidence', '0.4'), ('document_id', '7')]
    """
    if _are_answers(record):
        return {f"p_{answer['label']}": answer["score"] for answer in record}
    key = next((key for key in _ANSWERS if isinstance(record, dict) and _are_answers(record.get(key))), None)
    if key is not None:
        return {**{name: value for name, value in record.items() if name != key}, **unfold(record[key])}
    if isinstance(record, dict) and _are_answers(record.get(SUGGESTIONS)):
        return {**record, **suggested(record[SUGGESTIONS])}
    return record


def suggested(answers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what one document's suggestions say of it, as columns ``predicted``, ``confidence`` and ``results``.

    The suggestion with the highest score is the prediction; of equal scores, the one that stands first. The scores are
    no probabilities of classes that exclude each other, so the others are kept as they came. A document without a
    suggestion has none: '' for both.

    Examples
    --------
    >>> found = suggested([{"label": "Map", "score": "0.2"}, {"label": "Play", "score": "0.8"}])
    >>> found["predicted"], found["confidence"]
    ('Play', '0.8')
    >>> suggested([])
    {'predicted': '', 'confidence': '', 'results': []}
    """
    if not answers:
        return {_PREDICTED: "", _CONFIDENCE: "", SUGGESTIONS: []}
    best = max(answers, key=lambda answer: float(answer["score"]))
    return {_PREDICTED: best["label"], _CONFIDENCE: best["score"], SUGGESTIONS: list(answers)}


def unfold_cells(frame: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Lay out a column whose cells are lists of labels with scores, written as text, as :func:`unfold` does in JSON.

    Returns
    -------
    (DataFrame of text, str)
        The table and what was done, '' for nothing.

    Examples
    --------
    >>> cells = ["[{'label': 'Map', 'score': 0.9}, {'label': 'Play', 'score': 0.1}]"]
    >>> unfold_cells(pd.DataFrame({"id": ["1"], "prediction": cells}, dtype="str"))[0].columns.tolist()
    ['id', 'p_Map', 'p_Play']
    """
    if has_suggestions(frame.columns):
        return frame, ""
    for name in frame.columns:
        head = [cell for cell in frame[name].head(_LOOKED_AT).tolist() if cell.strip()]
        if not head or not all(_are_answers(_answers_in(cell)) for cell in head):
            continue
        answers = [_answers_in(cell) for cell in frame[name].tolist()]
        rows = [unfold(answer) if _are_answers(answer) else {} for answer in answers]
        columns = list(dict.fromkeys(column for row in rows for column in row))
        laid_out = pd.DataFrame(
            {column: [str(row.get(column, "")) for row in rows] for column in columns}, index=frame.index, dtype="str"
        )
        rest = frame.drop(columns=[name, *(column for column in columns if column in frame)])
        return (
            pd.concat([rest, laid_out], axis=1),
            f"The cells of '{name}' are lists of labels with scores: each label became a column "
            f"({', '.join(columns[:5])}{', …' if len(columns) > 5 else ''}).",
        )
    return frame, ""


def _answers_in(cell: str) -> object:
    return parse_literal(cell.strip()) if cell.lstrip().startswith("[") and "score" in cell else None


def has_suggestions(columns: Collection[str]) -> bool:
    """Say whether a table has the columns of :func:`suggested`: its scores do not exclude each other."""
    return {_PREDICTED, _CONFIDENCE, SUGGESTIONS} <= set(columns)


def score_from(text: str) -> float | None:
    """Return a score from 0 to 1, None when the text is none.

    >>> score_from("0.9000"), score_from("97"), score_from("nan")
    (0.9, None, None)
    """
    try:
        score = float(text)
    except ValueError:
        return None
    return score if 0 <= score <= 1 else None


def _are_answers(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_answer, value))


def _is_answer(value: Any) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("label"), str) or "score" not in value:
        return False
    try:
        float(value["score"])
    except (TypeError, ValueError):
        return False
    return True
