"""Answers of other programs: the scores of a Hugging Face pipeline, the suggestions of Annif.

A pipeline with all scores writes a list of ``{"label", "score"}`` for each text; Annif writes a record with
``results``, each a ``label`` (and ``uri``, ``notation``) with its ``score``. Both are laid out as columns, so that the
mapping finds them. A bare list names no book: only an identifier put beside it (``{"id": …, "scores": […]}``) does.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

__all__ = ["DOCUMENT_ID", "SUGGESTIONS", "has_suggestions", "score_from", "suggested", "unfold"]

DOCUMENT_ID = "document_id"
SUGGESTIONS = "results"  # what Annif calls them
_PREDICTED = "predicted"
_CONFIDENCE = "confidence"


def unfold(record: Any) -> Any:
    """Return a record with the answers in it as columns; anything else as it came.

    A list of labels with scores, alone or under ``scores``, becomes one column ``p_<label>`` a class. Annif's
    ``results`` are taken as :func:`suggested` says.

    Examples
    --------
    >>> unfold([{"label": "Map", "score": "0.9"}, {"label": "Play", "score": "0.1"}])
    {'p_Map': '0.9', 'p_Play': '0.1'}
    >>> sorted(unfold({"document_id": "7", "results": [{"label": "Map", "score": "0.4"}]}).items())[:2]
    [('confidence', '0.4'), ('document_id', '7')]
    """
    if _are_answers(record):
        return {f"p_{answer['label']}": answer["score"] for answer in record}
    if isinstance(record, dict) and _are_answers(record.get("scores")):
        rest = {key: value for key, value in record.items() if key != "scores"}
        return {**rest, **unfold(record["scores"])}
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
