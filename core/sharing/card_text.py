"""What cards and citations say: Markdown, fields, licences and tasks of cards; CITATION.cff and a Zenodo deposit."""

import contextlib
import functools
import html
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import jinja2
import yaml  # type: ignore[import-untyped]
from markupsafe import Markup

from core.errors import InputError
from core.fetch import Source, sources
from core.formatting import in_percent, inline
from core.manifests import SourceFile
from core.storage import Workspace, read_json, write_atomically, write_json

if TYPE_CHECKING:
    from huggingface_hub import CardData


__all__ = [
    "BEGIN",
    "CARD_FOLDER",
    "END",
    "HEADINGS",
    "OFFERED",
    "CardKind",
    "CardMetadata",
    "Citation",
    "check_card",
    "delete_card",
    "deposit",
    "front_matter",
    "inline",
    "language_codes",
    "licence_of",
    "numbers_of",
    "published_sources",
    "refuse_faults",
    "render_card",
    "save_card",
    "save_card_metadata",
    "saved_card",
    "saved_card_metadata",
    "size_of",
    "split",
    "unfilled_parts",
    "update_numbers",
    "with_fresh_numbers",
]


# --- What cards say and how: Markdown of cards, their fields, and the words of licences and tasks ---------------------
#
# The text of each card stands in ``templates/``. A card that a person changed is kept beside what it describes, and
# checked without a network before it is shared.

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


@dataclass(frozen=True, kw_only=True)
class CardMetadata:
    """Facts for a card. Each may be '' and is then visibly unfilled.

    Attributes
    ----------
    title : str
        Else made of the name.
    licence : str
        As the Hub spells it, such as 'cc0-1.0'.
    library : str
        Who made it and stands for it: the name of the institution.
    contact : str
    homepage : str
    """

    title: str = ""
    licence: str = ""
    library: str = ""
    contact: str = ""
    homepage: str = ""

    def __post_init__(self) -> None:
        if self.licence and self.licence not in LICENCES:
            raise InputError(
                f"'{self.licence[:40]}' is no licence that the Hub knows. Usual ones are: {', '.join(OFFERED)}."
            )
        if self.homepage and not self.homepage.startswith(("https://", "http://")):
            raise InputError(f"'{self.homepage[:60]}' is no web address: it must begin with https://.")

    def as_dict(self) -> dict[str, str]:
        """Return a JSON-able dictionary."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> "CardMetadata":
        """Return the details that were kept; what is not known is left out."""
        return cls(**{name: str(content[name]) for name in cls.__dataclass_fields__ if content.get(name)})


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


# --- Checks of a card without a network: the Hub's own check is a question to the Hub ---------------------------------


CardKind = Literal["model", "dataset"]
_TASKS = {"text-classification", "tabular-classification", "other"}


def check_card(text: str, kind: CardKind) -> tuple[str, ...]:
    """Return what is wrong with a card, one sentence each; none when it may be shared.

    Checked are the YAML, the licence and the other words the Hub knows, that the measured numbers stand there, and (for
    a model) that what ``huggingface_hub`` reads from it are the same results.
    """
    try:
        front = front_matter(text)
    except InputError as error:
        return (str(error),)
    faults = [*_words(front), *(_results(text, front) if kind == "model" else ())]
    if not numbers_of(text):
        faults.append("The block of measured numbers is missing. Save the card again: it is then put back.")
    return tuple(faults)


def refuse_faults(text: str, kind: CardKind) -> None:
    """Raise when a card may not be shared.

    Raises
    ------
    InputError
        With the first fault.
    """
    faults = check_card(text, kind)
    if faults:
        more = f" ({len(faults) - 1} more)" if len(faults) > 1 else ""
        raise InputError(f"The card cannot be shared yet: {faults[0]}{more}")


def _words(front: Mapping[str, Any]) -> list[str]:
    faults = []
    licence = front.get("license")
    if licence is not None and licence not in LICENCES:
        faults.append(f"'{str(licence)[:40]}' is no licence that the Hub knows; CC0 is written cc0-1.0.")
    if licence == "other" and not front.get("license_name"):
        faults.append("The licence 'other' needs a license_name beside it.")
    for key, allowed in (
        ("annotations_creators", ANNOTATIONS_CREATORS),
        ("size_categories", SIZES),
        ("task_categories", _TASKS),
        ("pipeline_tag", _TASKS),
    ):
        for value in _as_list(front.get(key)):
            if value not in allowed:
                faults.append(f"'{str(value)[:40]}' is no {key}. Allowed are: {', '.join(sorted(allowed))}.")
    for key in ("language", "tags", "metrics"):
        if any(not isinstance(value, str) for value in _as_list(front.get(key))):
            # YAML reads the code of Norwegian, no, as a denial.
            faults.append(f"'{key}' holds something that is no text; put it in quotes.")
    return faults


def _results(text: str, front: Mapping[str, Any]) -> list[str]:
    from huggingface_hub import ModelCard
    from huggingface_hub.repocard_data import eval_results_to_model_index, model_index_to_eval_results

    index = front.get("model-index")
    if index is None:
        return []
    try:
        name, results = model_index_to_eval_results(index)
        read = ModelCard(text, ignore_metadata_errors=False).data.get("eval_results") or []
        again = model_index_to_eval_results(eval_results_to_model_index(name, results))[1]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        return [f"The results of the model (model-index) cannot be read: {type(error).__name__}."]
    if not results or results != read or results != again:
        return ["The results of the model (model-index) do not come back as they were written."]
    return []


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]


# --- Cards that a person changed --------------------------------------------------------------------------------------
# Cards that a person changed, kept beside what they describe as ``card/README.md`` and ``card/details.json``.


CARD_FOLDER: Final = "card"
_LIMIT: Final = 500_000  # characters


def saved_card(home: Path) -> str | None:
    """Return the card that was kept for the thing whose folder this is, None when there is none."""
    path = home / CARD_FOLDER / "README.md"
    try:
        return path.read_text(encoding="utf-8") if path.exists() else None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"The card {path} cannot be read: {error}. Remove it to begin again.") from error


def saved_card_metadata(home: Path) -> CardMetadata:
    """Return the details that were kept; empty ones when there are none."""
    path = home / CARD_FOLDER / "details.json"
    return CardMetadata.from_dict(read_json(path)) if path.exists() else CardMetadata()


def save_card_metadata(home: Path, metadata: CardMetadata) -> None:
    """Keep what a person said of a thing."""
    (home / CARD_FOLDER).mkdir(parents=True, exist_ok=True)
    write_json(home / CARD_FOLDER / "details.json", metadata.as_dict())


def save_card(home: Path, text: str, fresh: str, kind: CardKind) -> str:
    """Keep a card that a person changed, with the measured numbers of the fresh one; return it as it was kept.

    Raises
    ------
    InputError
        It could not be shared as it stands; the message says why. Nothing is changed then.
    """
    if len(text) > _LIMIT:
        raise InputError(f"The card has {len(text):,} characters; at most {_LIMIT:,} can be kept.")
    card = update_numbers(text, fresh)
    refuse_faults(card, kind)
    with write_atomically(home / CARD_FOLDER / "README.md") as beside:
        beside.write_text(card, encoding="utf-8", newline="\n")
    return card


def delete_card(home: Path) -> None:
    """Go back to the card that is made of the measured facts alone."""
    (home / CARD_FOLDER / "README.md").unlink(missing_ok=True)


def with_fresh_numbers(home: Path, fresh: str) -> str:
    """Return the card that was kept, with the numbers of the fresh one; the fresh one when none was kept."""
    card = saved_card(home)
    return fresh if card is None else update_numbers(card, fresh)


# --- How to cite a model or a data set: one sentence for people, ``CITATION.cff`` for machines ------------------------
# Source: S. Druskat and others, *Citation File Format* 1.2.0 (2021).


NOT_NAMED: Final = "(library not named)"


@dataclass(frozen=True, kw_only=True)
class Citation:
    """What a citation is made of.

    Attributes
    ----------
    kind : str
        'model' or 'dataset'.
    title, version, date : str
        The date is that of its making, yyyy-mm-dd.
    metadata : CardMetadata
    built_on : sequence of Source
        Published data that it was made from.
    """

    kind: str
    title: str
    version: str
    date: str
    metadata: CardMetadata
    built_on: Sequence[Source] = ()

    @property
    def library(self) -> str:
        """Who made it, or that nobody was named."""
        return self.metadata.library or NOT_NAMED

    @property
    def reference(self) -> str:
        """How to cite it, in one sentence, with what it was built on."""
        kind = "Machine-learning model" if self.kind == "model" else "Data set"
        where = f" {self.metadata.homepage}." if self.metadata.homepage else ""
        citation = f"{self.library} ({self.date[:4]}): {self.title}, version {self.version}. {kind}.{where}"
        named = "; ".join(
            source.citation + (f", https://doi.org/{source.doi}" if source.doi else "") for source in self.built_on
        )
        return f"{citation} Made from: {named}." if named else citation

    def as_cff(self) -> str:
        """Return the text of CITATION.cff."""
        content: dict[str, Any] = {
            "cff-version": "1.2.0",
            "message": "If you use this, please cite it as below, and the sources it was made from.",
            # The format knows software and data sets only; a model is numbers, not a program.
            "type": "dataset",
            "title": self.title,
            "authors": [{"name": self.library}],
            "version": self.version,
            "date-released": self.date,
        }
        if self.metadata.licence and self.metadata.licence not in ("other", "unknown"):
            content["license"] = _spdx(self.metadata.licence)
        if self.metadata.homepage:
            content["url"] = self.metadata.homepage
        if self.built_on:
            content["references"] = [_reference(source) for source in self.built_on]
        return str(yaml.safe_dump(content, sort_keys=False, allow_unicode=True))


def published_sources(workspace: Workspace, files: Sequence[SourceFile]) -> list[Source]:
    """Return the published sources that files came from, known by the SHA-256 of their download, else by their name.

    Parameters
    ----------
    files : sequence of mapping
        ``name`` and ``sha256`` of each.
    """
    matched = []
    for source in sources().values():
        remembered = ""
        with contextlib.suppress(InputError):
            remembered = str(read_json(workspace.root / "downloads" / f"{source.name}.json").get("sha256", ""))
        if any(file.name == source.filename or (remembered and file.sha256 == remembered) for file in files):
            matched.append(source)
    return matched


def _reference(source: Source) -> dict[str, Any]:
    reference: dict[str, Any] = {"type": "data", "title": source.title, "authors": [{"name": "British Library"}]}
    if source.doi:
        reference["doi"] = source.doi
    return {**reference, "url": source.url, "notes": source.citation}


def _spdx(licence: str) -> str:
    """Return the SPDX spelling of the Hub's name of a licence."""
    special = {"mit": "MIT", "apache-2.0": "Apache-2.0", "odbl": "ODbL-1.0", "odc-by": "ODC-By-1.0", "isc": "ISC"}
    special |= {"zlib": "Zlib", "unlicense": "Unlicense", "pddl": "PDDL-1.0", "etalab-2.0": "etalab-2.0"}
    return special.get(licence, licence.upper())


# --- The metadata of a Zenodo deposit, for an upload by hand (or by a script of the library's own) --------------------
# Source: Zenodo, *REST API*, deposit metadata (2026). A deposit needs a title, a description, creators and a licence;
# what nobody said yet is left empty, so that Zenodo's form asks for it.


def deposit(citation: Citation, sentences: list[str]) -> dict[str, Any]:
    """Return the deposit metadata as a JSON-able dictionary.

    Parameters
    ----------
    sentences : list of str
        The description, a paragraph each.
    """
    details = citation.metadata
    deposited: dict[str, Any] = {
        "title": citation.title,
        "upload_type": "dataset" if citation.kind == "dataset" else "other",
        "description": "".join(f"<p>{html.escape(item)}</p>" for item in sentences),
        "creators": [{"name": details.library}] if details.library else [],
        "license": details.licence,
        "access_right": "open",
        "version": citation.version,
        "publication_date": citation.date,
        "keywords": ["library", "catalogue", "genre", "bibliographic metadata", "GLAM"],
        "notes": citation.reference,
        "related_identifiers": [
            {"identifier": item.doi, "relation": "isDerivedFrom", "scheme": "doi"}
            for item in citation.built_on
            if item.doi
        ],
    }
    return {"metadata": deposited}
