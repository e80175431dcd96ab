"""Exports of annotation programs in which tasks, answers and answerers stand nested: Label Studio and Argilla.

A task becomes one row for each answer, with the answerer beside it, as a table of labels has them. Of several labels in
one answer a list stays in the cell, which :mod:`core.readers.scores` refuses in words.
"""

from collections.abc import Mapping
from typing import Any, Final, TypeGuard

__all__ = ["rows_of"]

_ANNOTATOR: Final = "annotator"
_CREATED: Final = "created_at"
_TASK: Final = "task_id"
_PREDICTED: Final = "predicted"
_CONFIDENCE: Final = "confidence"


def rows_of(record: Any) -> list[Any]:
    """Return the rows in a record of Label Studio's JSON or Argilla's records; any other value alone, as it came.

    The number that Label Studio gives a task is called ``task_id``: it is no identifier of a book.

    Examples
    --------
    >>> answer = {"from_name": "genre", "type": "choices", "value": {"choices": ["Map"]}}
    >>> rows_of({"id": 1, "data": {"title": "Plan"}, "annotations": [{"completed_by": 7, "result": [answer]}]})
    [{'task_id': 1, 'title': 'Plan', 'genre': 'Map', 'annotator': 7}]
    >>> rows_of({"id": "b1", "fields": {"text": "Plan"}, "responses": {"label": [{"value": "Map", "user_id": "7"}]}})
    [{'id': 'b1', 'text': 'Plan', 'label': 'Map', 'annotator': '7'}]
    """
    if not isinstance(record, dict):
        return [record]
    if isinstance(record.get("data"), dict) and _are_objects(record.get("annotations"), "result"):
        return _label_studio(record)
    if isinstance(record.get("fields"), dict) and isinstance(record.get("responses"), dict):
        return _argilla(record)
    return [record]


def _are_objects(value: Any, key: str) -> TypeGuard[list[dict[str, Any]]]:
    return isinstance(value, list) and all(isinstance(item, dict) and key in item for item in value)


def _label_studio(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    task = {_TASK: record.get("id"), **record["data"]}
    predictions = record.get("predictions")
    if _are_objects(predictions, "result") and len(predictions) == 1:
        answers = list(_results(predictions[0], {}).values())
        if len(answers) == 1:
            task |= {_PREDICTED: answers[0], _CONFIDENCE: predictions[0].get("score")}
    elif predictions:
        task["predictions"] = predictions
    rows = []
    for annotation in record["annotations"]:
        who = annotation.get("completed_by")
        row = {**task, **_results(annotation, task)}
        if isinstance(who, dict):
            who = who.get("email") or who.get("id")
        if who is not None:
            row[_ANNOTATOR] = who
        if annotation.get(_CREATED):
            row[_CREATED] = annotation[_CREATED]
        rows.append(row)
    return rows or [task]


def _results(annotation: Mapping[str, Any], task: Mapping[str, Any]) -> dict[str, Any]:
    """Return control → answer of one person; a control that answered more than once, or with several, has a list."""
    answers: dict[str, list[Any]] = {}
    for result in annotation["result"] if isinstance(annotation["result"], list) else []:
        if not isinstance(result, dict) or not isinstance(result.get("value"), dict):
            continue
        value = result["value"].get(str(result.get("type", "choices")))
        name = str(result.get("from_name") or "label")
        if name in task:  # a column of the task is called like the question
            name = f"{name} (answer)"
        answers.setdefault(name, []).extend(value if isinstance(value, list) else [value])
    return {name: _single(values) for name, values in answers.items()}


def _single(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values


def _argilla(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    metadata = record.get("metadata")
    task = {"id": record.get("id"), **(metadata if isinstance(metadata, dict) else {}), **record["fields"]}
    suggestions = record.get("suggestions")
    if isinstance(suggestions, dict) and len(suggestions) == 1:
        (suggestion,) = suggestions.values()
        if isinstance(suggestion, dict):
            task |= {_PREDICTED: suggestion.get("value"), _CONFIDENCE: suggestion.get("score")}
    by_person: dict[str, dict[str, Any]] = {}
    for question, responses in record["responses"].items():
        for response in responses if isinstance(responses, list) else []:
            if isinstance(response, dict):
                who = str(response.get("user_id") or "")
                column = f"{question} (answer)" if question in task else question
                by_person.setdefault(who, {})[column] = response.get("value")
    return [{**task, **answers, **({_ANNOTATOR: who} if who else {})} for who, answers in by_person.items()] or [task]
