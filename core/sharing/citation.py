"""How a model, bundle or label set is cited: what people said of it, CITATION.cff, and a Zenodo deposit."""

import contextlib
import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import yaml  # type: ignore[import-untyped]

from core.errors import InputError
from core.fetch import Source, sources
from core.manifests import SourceFile
from core.sharing.card_text import CardMetadata
from core.storage import Workspace, read_json

__all__ = ["Citation", "deposit", "published_sources"]


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
