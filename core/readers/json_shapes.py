"""Where the records stand in a JSON document: a list of objects, objects by identifier, columns, or deeper inside."""

from collections.abc import Iterator, Sequence
from typing import Any

from core.readers.scored_answers import unfold

__all__ = ["records_of"]

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
