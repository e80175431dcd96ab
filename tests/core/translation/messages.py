"""Which messages the sources hold: what stands in `_`, `plural`, `noop`, `count`, `LazyText`, and headers of tables."""

import ast
import functools
import string
from collections.abc import Iterator
from pathlib import Path

from tests.serving import ROOT

Message = str | tuple[str, str]

FOLDERS = ("core", "dashboard", "pages")
ONE = {"_", "noop", "LazyText"}


def sources() -> list[Path]:
    return [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]


def has_words(text: str) -> bool:
    """Tell whether there is anything to translate: letters outside of the places, or places to be put in order."""
    parts = list(string.Formatter().parse(text))
    places = [name for literal, name, *rest in parts if name]
    return len(places) > 1 or any(character.isalpha() for literal, *rest in parts for character in literal)


def messages_of(tree: ast.AST, *, headers: bool) -> Iterator[tuple[Message, int]]:
    """Yield every message with its line; with `headers`, the names of columns of tables that are made there too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            texts = [arg.value if isinstance(arg, ast.Constant) else None for arg in node.args]
            if name in ONE and texts and isinstance(texts[0], str) and has_words(texts[0]):
                yield texts[0], node.lineno
            elif name == "plural" and isinstance(texts[0], str) and isinstance(texts[1], str):
                yield (texts[0], texts[1]), node.lineno
            elif name == "count" and len(texts) > 1 and isinstance(texts[1], str):
                many = texts[2] if len(texts) > 2 else f"{texts[1]}s"
                yield (f"{{n:,}} {texts[1]}", f"{{n:,}} {many}"), node.lineno
            elif headers and name == "DataFrame":
                for part in ast.walk(node):
                    if isinstance(part, ast.Dict):
                        keys = (key for key in part.keys if isinstance(key, ast.Constant))
                        yield from ((str(key.value), key.lineno) for key in keys if has_words(str(key.value)))


@functools.cache
def all_messages() -> dict[Message, str]:
    """Return every message with the place where it stands first."""
    items: dict[Message, str] = {}
    for path in sources():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        place = path.relative_to(ROOT).as_posix()
        headers = place.startswith(("dashboard/", "pages/")) and "/cache/" not in place and "/charts/" not in place
        for message, line in messages_of(tree, headers=headers):
            items.setdefault(message, f"{place}:{line}")
    return items
