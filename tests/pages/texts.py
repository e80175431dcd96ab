"""Every text that a page shows, with the kind of its element: read from what Streamlit sends to a browser."""

import json
from collections.abc import Iterator
from typing import Any, Final

import pyarrow
from google.protobuf.message import Message
from streamlit.testing.v1 import AppTest

__all__ = ["texts_of"]

# Fields that people read. Others are names for programs, addresses and settings.
_READ: Final = ("alt", "body", "captions", "content", "delta", "help", "label", "options", "placeholder", "text")
# Columns of tables and charts that hold what the library itself wrote, or named.
_DATA: Final = frozenset(
    {"title", "author", "date", "record_id", "identifier", "name", "file", "column", "column in the file"}
    | {"in the file", "Spalte", "in der Datei"}  # a table of text has its headers in the reader's language
    | {"down", "across", "word"}  # of charts: what a click on a cell means to the page, and words that were typed
)
_CHART_WORDS: Final = ("title", "text", "labelExpr")


def texts_of(page: AppTest) -> Iterator[tuple[str, str]]:
    """Yield each text of a page, after the kind of element and the part of it that it stands in."""
    for part in page._tree.children.values():
        for node in _nodes(part):
            if isinstance(proto := getattr(node, "proto", None), Message):
                yield from ((f"{node.type} {place}", text) for place, text in _texts(proto))


def _nodes(node: Any) -> Iterator[Any]:
    yield node
    for child in getattr(node, "children", {}).values():
        yield from _nodes(child)


def _texts(message: Message, place: str = "") -> Iterator[tuple[str, str]]:
    for field, value in message.ListFields():
        several = value if field.is_repeated else [value]
        if field.name == "columns" and isinstance(value, str):
            settings = json.loads(value or "{}").values()
            yield from (
                ("column", str(words)) for one in settings for words in (one.get("label"), one.get("help")) if words
            )
        elif field.name == "spec" and isinstance(value, str):
            yield from (("chart", text) for text in _chart_words(json.loads(value)))
        elif field.name == "data" and isinstance(value, bytes):
            yield from _cells(value)
        elif field.message_type is not None:
            for one in several:
                if isinstance(one, Message):
                    yield from _texts(one, field.name)
        elif field.name in _READ:
            yield from ((place or field.name, str(one)) for one in several)


def _chart_words(spec: Any) -> Iterator[str]:
    if isinstance(spec, list):
        for one in spec:
            yield from _chart_words(one)
    elif isinstance(spec, dict):
        for key, value in spec.items():
            if key in _CHART_WORDS and isinstance(value, str):
                yield value
            yield from _chart_words(value)


def _cells(data: bytes) -> Iterator[tuple[str, str]]:
    """Yield the words in a table, without the columns that are the library's own."""
    with pyarrow.ipc.open_stream(data) as stream:
        table = stream.read_all().to_pandas()
    for column in table.columns:
        if str(column) not in _DATA:
            yield from ((f"cell of {column}", one) for one in table[column].dropna().unique() if isinstance(one, str))
