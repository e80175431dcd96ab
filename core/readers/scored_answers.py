"""Answers of other programs inside JSON: the scores of a Hugging Face pipeline, the suggestions of Annif.

A pipeline with all scores writes a list of ``{"label", "score"}`` for each text; Annif writes a record with
``results``, each a ``label`` (and ``uri``, ``notation``) with its ``score``. Both are laid out as columns, so that the
mapping finds them. A bare list names no book: only an identifier put beside it (``{"id": …, "scores": […]}``) does.
"""

from typing import Any

__all__ = ["unfold"]


def unfold(record: Any) -> Any:
    """Return a record with the answers in it as columns; anything else as it came.

    A list of labels with scores, alone or under ``scores``, becomes one column ``p_<label>`` a class. Annif's
    ``results`` become ``predicted`` and ``confidence``, the suggestion with the highest score: its scores are no
    probabilities of classes that exclude each other, so the others are kept as they stand in ``results``.

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
    if isinstance(record, dict) and _are_answers(record.get("results")):
        best = max(record["results"], key=lambda answer: float(answer["score"]))
        return {**record, "predicted": best["label"], "confidence": best["score"]}
    return record


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
