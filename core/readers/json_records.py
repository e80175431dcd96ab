"""JSON (a list of objects) and JSON Lines (an object a line): keys are columns, values are text as written."""

import json
from array import array
from collections.abc import Iterator
from typing import Any

from core.errors import UnreadableFileError
from core.progress import Progress
from core.readers.container import Opened
from core.readers.encoding import MARKED, Encoding, find_encoding, open_text, spell_marks
from core.readers.json_text import Number, as_text
from core.readers.scored_answers import unfold
from core.readers.table import CHUNK_ROWS, ReadOptions, RejectedRows, SourceTable, TextColumns

__all__ = ["read"]


_DECODER = json.JSONDecoder(parse_int=Number, parse_float=Number, parse_constant=Number)


def read(opened: Opened, options: ReadOptions, progress: Progress) -> SourceTable:
    """Read JSON or JSON Lines. See :func:`core.readers.read_table`.

    Numbers stay as they were written, true and false become text, null becomes '', nested values compact JSON. Lines
    are line numbers for JSON Lines and numbers of the record, from 1, for JSON.
    """
    encoding = find_encoding(opened, options.encoding, progress)
    columns, rejected = TextColumns(), RejectedRows()
    reasons: list[str] = []
    format_ = options.format or "json"
    if format_ == "json":
        records, reason = _whole(opened, encoding)
        if records is None:
            format_ = "jsonl"
        reasons.append(reason)
    pairs = _lines(opened, encoding, rejected, progress) if format_ == "jsonl" else enumerate(records or [], start=1)
    _gather(pairs, columns, rejected)
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
    )


def _whole(opened: Opened, encoding: Encoding) -> tuple[list[Any] | None, str]:
    """Return the list of records in a JSON document, None when it turns out to be one object a line."""
    text = open_text(opened, encoding)
    content = text.read()
    text.detach()
    marks = MARKED.search(content)
    if marks:
        line = content.count("\n", 0, marks.start()) + 1
        raise UnreadableFileError(
            f"{opened.path} cannot be read as JSON: line {line} holds bytes that are not valid "
            f"{encoding.name.upper()}; name the right encoding."
        )
    try:
        document = _DECODER.decode(content.lstrip("\ufeff"))
    except json.JSONDecodeError as error:
        if error.msg == "Extra data" and content.lstrip().startswith("{"):
            return None, "It holds one JSON object after the other, so it was read as JSON Lines."
        raise UnreadableFileError(
            f"{opened.path} cannot be read as JSON: {error.msg} on line {error.lineno}, column {error.colno}."
        ) from error
    except RecursionError as error:
        raise UnreadableFileError(f"{opened.path} cannot be read as JSON: it is nested too deeply.") from error
    if isinstance(document, dict):
        lists = {key: value for key, value in document.items() if _is_records(value)}
        if len(lists) == 1:
            ((key, records),) = lists.items()
            return records, f"The records were found under the key '{key}'."
        if lists:
            raise UnreadableFileError(
                f"{opened.path} holds several lists of records ({', '.join(lists)}); save one of them as a file "
                "of its own."
            )
        return [document], "It is one JSON object, so it was read as one record."
    if not isinstance(document, list):
        raise UnreadableFileError(f"{opened.path} holds a single JSON value; a list of objects is needed.")
    if document and not any(isinstance(unfold(item), dict) for item in document):
        raise UnreadableFileError(
            f"{opened.path} holds a JSON list whose items are not objects; a list of objects, each with the same keys, "
            "is needed (for predictions: an identifier beside each label and score)."
        )
    return document, ""


def _is_records(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def _lines(opened: Opened, encoding: Encoding, rejected: RejectedRows, progress: Progress) -> Iterator[tuple[int, Any]]:
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


def _gather(pairs: Iterator[tuple[int, Any]], columns: TextColumns, rejected: RejectedRows) -> None:
    records: list[dict[str, Any]] = []
    lines = array("q")

    def flush() -> None:
        names = list(dict.fromkeys([*columns.names, *(name for record in records for name in record)]))
        columns.extend_columns({name: [as_text(record.get(name)) for record in records] for name in names}, lines)
        records.clear()
        del lines[:]

    for number, found in pairs:
        record = unfold(found)
        if not isinstance(record, dict):
            rejected.add(number, f"it is not a JSON object but {_kind(record)}", as_text(record))
            continue
        records.append(record)
        lines.append(number)
        if len(records) >= CHUNK_ROWS:
            flush()
    if records:
        flush()


def _kind(value: object) -> str:
    if isinstance(value, Number):
        return "a number"
    return {str: "text", list: "a list", bool: "true or false"}.get(type(value), "nothing")
