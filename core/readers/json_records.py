"""JSON and JSON Lines: where the records stand, keys as columns, values as text as written.

In exports of Label Studio and Argilla tasks, answers and answerers stand nested (:func:`rows_of`). A task becomes one
row for each answer, with the answerer beside it, as a table of labels has them. Of several labels in one answer a list
stays in the cell, which :mod:`core.readers.scores` refuses in words.
"""

import json
import re
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeGuard

from core.errors import UnreadableFileError
from core.formatting import Number, as_text
from core.progress import Progress
from core.readers.container import OpenedFile
from core.readers.encoding import MARKED, Encoding, find_encoding, open_text, spell_marks
from core.readers.scores import unfold
from core.readers.table import CHUNK_ROWS, ReaderOptions, RejectedRows, SourceTable, TextColumns

__all__ = ["read", "records_of", "rows_of"]

# --- Where the records stand in a JSON document -----------------------------------------------------------------------
# A list of objects, objects by identifier, columns, or deeper inside.


_DEPTH = 4
_ID = "id"
_KEY = "key"


def records_of(document: Any) -> tuple[Sequence[Any], str]:
    """Return the records of a JSON document, and a sentence on where they stand ('' for a plain list).

    Objects under identifiers (``{"b1": {"title": …}, "b2": …}``) get that identifier as ``id``, or as ``key`` where
    they have an ``id`` of their own. Columns, as pandas writes them (``{"title": {"0": …}}``, ``{"title": […]}``,
    ``{"columns": […], "data": [[…]]}``), are turned into rows.

    Raises
    ------
    ValueError
        With the end of a sentence that begins with the file's name: no record is there, or several lists are.

    Examples
    --------
    >>> records_of({"b1": {"title": "Emma"}, "b2": {"title": "Faust"}})[0]
    [{'id': 'b1', 'title': 'Emma'}, {'id': 'b2', 'title': 'Faust'}]
    """
    if isinstance(document, list):
        if document and not any(isinstance(unfold(item), dict) for item in document):
            raise ValueError(
                "holds a JSON list whose items are not objects; a list of objects, each with the same keys, is needed "
                "(for predictions: an identifier beside each label and score)."
            )
        return document, ""
    if not isinstance(document, dict):
        raise ValueError("holds a single JSON value; a list of objects is needed.")
    split = _split(document)
    if split is not None:
        return split, "The names of the columns and the rows stand apart, as pandas writes them ('split')."
    for depth in range(1, _DEPTH + 1):
        lists = dict(_lists(document, depth))
        if len(lists) == 1:
            ((key, records),) = lists.items()
            return records, f"The records were found under the key '{key}'."
        if lists:
            raise ValueError(
                f"holds several lists of records ({', '.join(lists)}); save one of them as a file of its own."
            )
        if depth == 1 and (rows := _columns(document)) is not None:
            return rows, "Its keys are columns and their values the cells, as pandas writes them."
        if depth == 1 and _are_objects(document):
            return _named(document), "It is an object of objects: the key of each record was read as its identifier."
    return [document], "It is one JSON object, so it was read as one record."


def _lists(document: dict[str, Any], depth: int, place: str = "") -> Iterator[tuple[str, list[Any]]]:
    """Yield the lists of objects that stand `depth` keys deep."""
    for key, value in document.items():
        name = f"{place}.{key}" if place else str(key)
        if depth == 1 and isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
            yield name, value
        elif depth > 1 and isinstance(value, dict):
            yield from _lists(value, depth - 1, name)


def _are_objects(document: dict[str, Any]) -> bool:
    """Whether the values are objects of which the first two share a key: records, not settings beside each other."""
    values = list(document.values())
    if len(values) < 2 or not all(isinstance(value, dict) and value for value in values):
        return False
    return bool(set(values[0]) & set(values[1]))


def _named(document: dict[str, Any]) -> list[dict[str, Any]]:
    name = _KEY if any(_ID in value for value in document.values()) else _ID
    return [{name: key, **value} for key, value in document.items()]


def _columns(document: dict[str, Any]) -> list[dict[str, Any]] | None:
    """Return the rows of ``{column: {row number: cell}}`` or ``{column: [cell]}``, None when it is neither."""
    values = list(document.values())
    if len(values) < 2:
        return None
    if all(isinstance(value, list) for value in values):
        lengths = {len(value) for value in values}
        if len(lengths) != 1 or lengths == {0}:
            return None
        return [dict(zip(document, cells, strict=True)) for cells in zip(*values, strict=True)]
    if not all(isinstance(value, dict) for value in values):
        return None
    rows = list(values[0])
    if not rows or not all(key.isdigit() for key in rows) or any(list(value) != rows for value in values):
        return None
    return [{name: value[row] for name, value in document.items()} for row in rows]


def _split(document: dict[str, Any]) -> list[dict[str, Any]] | None:
    names, data = document.get("columns"), document.get("data")
    if not (isinstance(names, list) and isinstance(data, list) and data):
        return None
    if not all(isinstance(row, list) and len(row) == len(names) for row in data):
        return None
    return [dict(zip(map(str, names), row, strict=True)) for row in data]


# --- JSON (a list of objects) and JSON Lines (an object a line) -------------------------------------------------------
# Keys are columns, values are text as written.


_PREVIEWED = 8 * 1024**2  # characters of a JSON document that a preview reads
_GAP = re.compile(r"\s*,\s*")
_DECODER = json.JSONDecoder(parse_int=Number, parse_float=Number, parse_constant=Number)


def read(opened: OpenedFile, options: ReaderOptions, progress: Progress) -> SourceTable:
    """Read JSON or JSON Lines. See :func:`core.readers.read_table`.

    Numbers stay as they were written, true and false become text, null becomes '', nested values compact JSON. Lines
    are line numbers for JSON Lines and numbers of the record, from 1, for JSON.
    """
    encoding = find_encoding(opened, options.encoding, progress)
    columns, rejected = TextColumns(), RejectedRows()
    reasons: list[str] = []
    records: Sequence[Any] = ()
    complete = True
    format_ = options.format or "json"
    if format_ == "json":
        document = _read_document(opened, encoding, options)
        if document.records is None:
            format_ = "jsonl"
        reasons.append(document.reason)
        complete, records = document.complete, document.records or []
    pairs = _lines(opened, encoding, rejected, progress) if format_ == "jsonl" else enumerate(records, start=1)
    complete = _gather(pairs, columns, rejected, options) and complete
    if not len(columns):
        why = (
            f"none of its {len(rejected):,} records can be used; {rejected.first()}"
            if len(rejected)
            else "the list is empty"
        )
        raise UnreadableFileError(f"{opened.path} holds no record: {why}.")
    if not columns.names:
        raise UnreadableFileError(f"{opened.path} holds records without any key.")
    frame, lines = columns.frame()
    warnings = [encoding.warning] if encoding.warning else []
    if len(rejected):
        warnings.append(
            f"{len(rejected):,} of {len(frame) + len(rejected):,} records could not be used and were set aside, the "
            f"first on {rejected.first()}."
        )
    if columns.replaced_characters:
        warnings.append("Some text held halves of characters (as \\ud800), which were replaced by a question mark.")
    return SourceTable(
        path=opened.path,
        format=format_,
        encoding=encoding.name,
        delimiter="",
        frame=frame,
        lines=lines,
        rejected=rejected.frame(),
        reasons=(*opened.reasons, encoding.reason, *[reason for reason in reasons if reason]),
        warnings=tuple(warnings),
        complete=complete,
    )


def _read_document(opened: OpenedFile, encoding: Encoding, options: ReaderOptions) -> "_Document":
    """Return the records of a JSON document, `records` None when it turns out to be one object a line."""
    text = open_text(opened, encoding)
    try:
        content = text.read() if options.rows is None else text.read(_PREVIEWED)
        all_read = opened.whole and (options.rows is None or not text.read(1))
    finally:
        text.detach()
    marks = MARKED.search(content)
    if marks:
        line = content.count("\n", 0, marks.start()) + 1
        raise UnreadableFileError(
            f"{opened.path} cannot be read as JSON: line {line} holds bytes that are not valid "
            f"{encoding.name.upper()}; name the right encoding."
        )
    content = content.lstrip("\ufeff")
    try:
        if not all_read:
            return _beginning(content, opened, options)
        document = _DECODER.decode(content)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data" and content.lstrip().startswith("{"):
            return _Document(None, "It holds one JSON object after the other, so it was read as JSON Lines.")
        raise UnreadableFileError(
            f"{opened.path} cannot be read as JSON: {error.msg} on line {error.lineno}, column {error.colno}."
        ) from error
    except RecursionError as error:
        raise UnreadableFileError(f"{opened.path} cannot be read as JSON: it is nested too deeply.") from error
    try:
        return _Document(*records_of(document))
    except ValueError as error:
        raise UnreadableFileError(f"{opened.path} {error}") from error


def _beginning(content: str, opened: OpenedFile, options: ReaderOptions) -> "_Document":
    """Return the first records of a document that was not read to its end."""
    begin = re.search(r"\[\s*(?=[{\[])", content)
    if not begin:
        raise UnreadableFileError(
            f"{opened.path} is too large to be looked at before it is read: no list of objects was met in its first "
            f"{_PREVIEWED / 1e6:,.0f} million characters. Save it as JSON Lines, an object a line."
        )
    records: list[Any] = []
    at = begin.end()
    while not options.enough(len(records)):
        try:
            record, at = _DECODER.raw_decode(content, at)
        except json.JSONDecodeError:
            break
        records.append(record)
        gap = _GAP.match(content, at)
        if gap is None:
            break
        at = gap.end()
    return _Document(records, "", complete=False)


@dataclass(frozen=True)
class _Document:
    """The records of a JSON document, where they stood, and whether they are all."""

    records: Sequence[Any] | None
    reason: str
    complete: bool = True


def _lines(
    opened: OpenedFile, encoding: Encoding, rejected: RejectedRows, progress: Progress
) -> Iterator[tuple[int, Any]]:
    text = open_text(opened, encoding)
    try:
        for number, line in enumerate(text, start=1):
            if not line.strip():
                continue
            if number % CHUNK_ROWS == 0:
                progress(0.1 + 0.9 * min(1.0, opened.stream.tell() / opened.size), f"Reading {number:,} lines")
            if "\0" in line or (not line.isascii() and MARKED.search(line)):
                reason = f"it holds bytes that are not valid {encoding.name.upper()}"
                rejected.add(number, reason, spell_marks(line[:2000].rstrip()))
                continue
            try:
                yield number, _DECODER.decode(line)
            except json.JSONDecodeError as error:
                rejected.add(number, f"it is not JSON: {error.msg} at column {error.colno}", line.rstrip())
            except RecursionError:
                rejected.add(number, "it is nested too deeply", line)
    finally:
        text.detach()


def _gather(
    pairs: Iterator[tuple[int, Any]], columns: TextColumns, rejected: RejectedRows, options: ReaderOptions
) -> bool:
    """Turn records into rows; return whether they were all taken."""
    records: list[dict[str, Any]] = []
    lines = array("q")

    def flush() -> None:
        names = list(dict.fromkeys([*columns.names, *(name for record in records for name in record)]))
        columns.extend_columns({name: [as_text(record.get(name)) for record in records] for name in names}, lines)
        records.clear()
        del lines[:]

    complete = True
    for number, item in pairs:
        if options.enough(len(columns) + len(records) + len(rejected)):
            complete = False
            break
        for record in map(unfold, rows_of(item)):
            if not isinstance(record, dict):
                rejected.add(number, f"it is not a JSON object but {_kind(record)}", as_text(record))
                continue
            records.append(record)
            lines.append(number)
        if len(records) >= options.chunk:
            flush()
    if records:
        flush()
    return complete


def _kind(value: object) -> str:
    if isinstance(value, Number):
        return "a number"
    return {str: "text", list: "a list", bool: "true or false"}.get(type(value), "nothing")


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
    if isinstance(record.get("data"), dict) and _each_has(record.get("annotations"), "result"):
        return _label_studio(record)
    if isinstance(record.get("fields"), dict) and isinstance(record.get("responses"), dict):
        return _argilla(record)
    return [record]


def _each_has(value: Any, key: str) -> TypeGuard[list[dict[str, Any]]]:
    return isinstance(value, list) and all(isinstance(item, dict) and key in item for item in value)


def _label_studio(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    task = {_TASK: record.get("id"), **record["data"]}
    predictions = record.get("predictions")
    if _each_has(predictions, "result") and len(predictions) == 1:
        answers = list(_results(predictions[0], {}).values())
        if len(answers) == 1:
            task |= {_PREDICTED: answers[0], _CONFIDENCE: predictions[0].get("score")}
    elif predictions:
        task["predictions"] = predictions
    rows = []
    for annotation in record["annotations"]:
        annotator = annotation.get("completed_by")
        row = {**task, **_results(annotation, task)}
        if isinstance(annotator, dict):
            annotator = annotator.get("email") or annotator.get("id")
        if annotator is not None:
            row[_ANNOTATOR] = annotator
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
                annotator = str(response.get("user_id") or "")
                column = f"{question} (answer)" if question in task else question
                by_person.setdefault(annotator, {})[column] = response.get("value")
    return [
        {**task, **answers, **({_ANNOTATOR: annotator} if annotator else {})}
        for annotator, answers in by_person.items()
    ] or [task]
