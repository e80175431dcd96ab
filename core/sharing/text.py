"""The text of a card: front matter, the block of measured numbers, and what is not filled in yet."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from core.errors import InputError
from core.markdown import inline

__all__ = [
    "BEGIN",
    "END",
    "UNFILLED",
    "as_front_matter",
    "front_matter",
    "inline",
    "join",
    "numbers_of",
    "rows",
    "section",
    "split",
    "unfilled",
    "unfilled_parts",
    "update_numbers",
]

BEGIN: Final = "<!-- colophon: measured numbers begin. They are written again each time; write outside these marks. -->"
END: Final = "<!-- colophon: measured numbers end -->"
UNFILLED: Final = "Not filled in yet: "
_BLOCK: Final = re.compile(re.escape(BEGIN) + r".*?" + re.escape(END), re.S)
_FRONT: Final = re.compile(r"\A---\n(.*?)\n---\n", re.S)


def unfilled(what: str) -> str:
    """Return the sentence that stands where nobody has written anything."""
    return f"*{UNFILLED}{what}.*"


def unfilled_parts(text: str) -> list[str]:
    """Return what a card still says is not filled in, in its order.

    >>> unfilled_parts(unfilled("whom to ask"))
    ['whom to ask']
    """
    return re.findall(re.escape(f"*{UNFILLED}") + r"(.+?)\.\*", text)


def section(level: int, title: str, *paragraphs: str) -> str:
    """Return a section of a card."""
    return "\n\n".join((f"{'#' * level} {title}", *(paragraph for paragraph in paragraphs if paragraph)))


def rows(heads: Sequence[str], body: Sequence[Sequence[object]]) -> str:
    """Return a Markdown table; every cell is made harmless."""
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    lines += ["| " + " | ".join(inline(cell) for cell in row) + " |" for row in body]
    return "\n".join(lines)


def join(front: Mapping[str, Any], body: str) -> str:
    """Return a card of its front matter and its text."""
    from huggingface_hub.utils._fixes import yaml_dump

    return f"---\n{yaml_dump(dict(front), sort_keys=False).strip()}\n---\n\n{body.strip()}\n"


def as_front_matter(data: Any) -> dict[str, Any]:
    """Return what ``huggingface_hub`` makes of a card's data, without what is not said."""
    return {key: value for key, value in data.to_dict().items() if value is not None}


def split(text: str) -> tuple[str, str]:
    """Return the YAML of a card's front matter ('' without one) and the text behind it."""
    text = text.replace("\r\n", "\n")
    match = _FRONT.match(text)
    return (match[1], text[match.end() :]) if match else ("", text)


def front_matter(text: str) -> dict[str, Any]:
    """Return a card's front matter.

    Raises
    ------
    InputError
        It is missing or is no YAML mapping; the message says where.
    """
    import yaml  # type: ignore[import-untyped]

    yaml_text, _ = split(text)
    if not yaml_text:
        raise InputError("The card has no front matter: it begins with a line of three dashes, and ends with another.")
    try:
        fields = yaml.safe_load(yaml_text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 2}" if mark else ""
        problem = getattr(error, "problem", None) or "it cannot be read"
        raise InputError(f"The front matter of the card is no valid YAML{where}: {problem}.") from error
    if not isinstance(fields, dict):
        raise InputError("The front matter of the card is no list of 'name: value' lines.")
    return fields


def numbers_of(text: str) -> str:
    """Return the block of measured numbers with its marks, '' when there is none."""
    match = _BLOCK.search(text)
    return match[0] if match else ""


def update_numbers(card: str, fresh: str) -> str:
    """Return a card that a person changed, with the measured numbers of a fresh one.

    What a person wrote stays. The block between the marks and ``model-index`` (the same numbers for machines) are those
    of `fresh`; where the marks were deleted, the block is put at the end.
    """
    front = front_matter(card)
    measured = front_matter(fresh).get("model-index")
    front.pop("model-index", None)
    if measured is not None:
        front["model-index"] = measured
    _, body = split(card)
    block = numbers_of(fresh)
    parts = _BLOCK.split(body, maxsplit=1)
    if len(parts) == 2:
        return join(front, parts[0] + block + _BLOCK.sub("", parts[1]))
    return join(front, f"{body.strip()}\n\n{block}")
