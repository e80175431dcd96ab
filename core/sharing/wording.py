"""What cards say and how: Markdown of cards, their fields, and the words of licences and tasks.

The text of each card stands in ``templates/``.
"""

import functools
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

import jinja2
import yaml  # type: ignore[import-untyped]
from markupsafe import Markup

from core.errors import InputError
from core.formatting import in_percent
from core.text_formats import inline

if TYPE_CHECKING:
    from huggingface_hub import CardData

__all__ = [
    "ANNOTATIONS_CREATORS",
    "BEGIN",
    "END",
    "HEADINGS",
    "LICENCES",
    "OFFERED",
    "SIZES",
    "UNFILLED",
    "front_matter",
    "inline",
    "language_codes",
    "licence_of",
    "numbers_of",
    "render_card",
    "size_of",
    "split",
    "unfilled_parts",
    "update_numbers",
]

BEGIN: Final = "<!-- colophon: measured numbers begin. They are written again each time; write outside these marks. -->"
END: Final = "<!-- colophon: measured numbers end -->"
UNFILLED: Final = "Not filled in yet: "
_BLOCK: Final = re.compile(re.escape(BEGIN) + r".*?" + re.escape(END), re.S)
# Source: H. Alkemade and others, *Datasheets for Digital Cultural Heritage Datasets*, Journal of Open Humanities Data
# 9:17 (2023); headings as used by datasheets after version 2 of its template (2025).
HEADINGS: Final[Mapping[str, tuple[str, str]]] = {
    "motivation": ("Motivation and selection criteria", "why this was made, and who chose which books are in it, how"),
    "composition": ("Composition", "what the records are, and what is missing from them"),
    "digitisation": ("Digitisation pipeline", "how the books were digitised, when and by whom, if they were"),
    "collection": ("Collection process", "how records and labels were gathered, by whom, over what time"),
    "provenance": (
        "Data provenance",
        "where the records come from, which cataloguing rules and which period they follow",
    ),
    "vocabulary": ("Linked open data and controlled vocabularies", "which vocabularies the labels and fields follow"),
    "preprocessing": ("Preprocessing and cleaning", "what was changed before use"),
    "sensitive": (
        "Personal and sensitive information",
        "persons named in the records, and historical terms that offend today",
    ),
    "uses": ("Uses", "what it was used for, and what a wrong label does to a reader's search"),
    "distribution": ("Distribution and licence", "under which terms others may use it"),
    "version": ("Version information", "which version this is, and what changed since the last"),
    "maintenance": ("Maintenance", "who corrects it, how to report a fault, until when"),
}
_FRONT: Final = re.compile(r"\A---\n(.*?)\n---\n", re.S)


def unfilled_parts(text: str) -> list[str]:
    """Return what a card still says is not filled in, in its order.

    >>> unfilled_parts("*Not filled in yet: whom to ask.*")
    ['whom to ask']
    """
    return re.findall(re.escape(f"*{UNFILLED}") + r"(.+?)\.\*", text)


def render_card(template: str, data: "CardData", **values: Any) -> str:
    """Return a card: its front matter, and the text of a template in which every value is harmless Markdown."""
    text = _templates().get_template(template).render(**values)
    # A part that says nothing leaves its blank lines behind.
    return _join(data.to_yaml(), re.sub(r"\n{3,}", "\n\n", text))


@functools.cache
def _templates() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("core.sharing"),
        autoescape=True,
        finalize=_harmless,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"in_percent": in_percent, "inline": _harmless}
    environment.globals |= {"BEGIN": Markup(BEGIN), "END": Markup(END), "HEADINGS": HEADINGS}  # noqa: S704 - our own
    return environment


def _harmless(value: Any) -> Markup:
    """Return a value as Markdown: what a template made already as it is, anything else as text that cannot act."""
    if isinstance(value, Markup):
        return value
    count = isinstance(value, int) and not isinstance(value, bool)
    return Markup(f"{value:,}" if count else inline(value))  # noqa: S704 - the escaping is that of Markdown


def _join(front: str, body: str) -> str:
    return f"---\n{front.strip()}\n---\n\n{body.strip()}\n"


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
    front_yaml = yaml.safe_dump(front, sort_keys=False, allow_unicode=True)
    _, body = split(card)
    block = numbers_of(fresh)
    parts = _BLOCK.split(body, maxsplit=1)
    if len(parts) == 2:
        return _join(front_yaml, parts[0] + block + _BLOCK.sub("", parts[1]))
    return _join(front_yaml, f"{body.strip()}\n\n{block}")


# --- The words the Hugging Face Hub knows: licences, sizes, kinds of annotation, languages ----------------------------
# The Hub checks a card only when it is uploaded, and some of it not at all (``license: CC0`` was taken); these lists
# check it before anything leaves the house. Source: Hugging Face, *Model cards* and *Dataset cards* (metadata, 2026).


OFFERED: Final[dict[str, str]] = {
    "cc0-1.0": "CC0 1.0: no rights reserved",
    "cc-by-4.0": "CC BY 4.0: name the source",
    "cc-by-sa-4.0": "CC BY-SA 4.0: name the source, share alike",
    "odc-by": "ODC-BY: data, name the source",
    "odbl": "ODbL: data, name the source, share alike",
    "etalab-2.0": "Etalab 2.0: French open licence",
    "apache-2.0": "Apache 2.0",
    "mit": "MIT",
    "eupl-1.2": "EUPL 1.2",
}
_OTHERS: Final = (
    "afl-3.0 agpl-3.0 artistic-2.0 bsd bsd-2-clause bsd-3-clause bsd-3-clause-clear bsl-1.0 c-uda cc cc-by-2.0"
    " cc-by-2.5 cc-by-3.0 cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nc-nd-3.0 cc-by-nc-nd-4.0 cc-by-nc-sa-2.0"
    " cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 cc-by-nd-4.0 cc-by-sa-3.0 cdla-permissive-1.0 cdla-permissive-2.0"
    " cdla-sharing-1.0 ecl-2.0 epl-1.0 epl-2.0 eupl-1.1 gfdl gpl gpl-2.0 gpl-3.0 isc lgpl lgpl-2.1 lgpl-3.0 lppl-1.3c"
    " mpl-2.0 ms-pl ncsa ofl-1.1 openrail osl-3.0 other pddl postgresql unknown unlicense wtfpl zlib"
)
LICENCES: Final = frozenset(OFFERED) | frozenset(_OTHERS.split())
ANNOTATIONS_CREATORS: Final = frozenset(
    {"found", "crowdsourced", "expert-generated", "machine-generated", "no-annotation", "other"}
)
_LIMITS: Final = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
)
SIZES: Final = frozenset(name for _, name in _LIMITS) | {"10M<n<100M"}


def licence_of(spdx: str) -> str:
    """Return the Hub's name of a licence, '' when the Hub has none for it.

    >>> licence_of("CC0-1.0"), licence_of("House rules")
    ('cc0-1.0', '')
    """
    return spdx.lower() if spdx.lower() in LICENCES else ""


def size_of(count: int) -> str:
    """Return the Hub's size category of so many records.

    >>> size_of(52_695)
    '10K<n<100K'
    """
    return next((name for limit, name in _LIMITS if count < limit), "10M<n<100M")


def language_codes(names: Iterable[str]) -> list[str]:
    """Return the ISO 639 codes of languages given by their English names, sorted; unknown names are left out."""
    import pycountry

    codes = set()
    for name in names:
        language = pycountry.languages.get(name=name) if name else None
        if language is not None:
            codes.add(str(getattr(language, "alpha_2", language.alpha_3)))
    return sorted(codes)
