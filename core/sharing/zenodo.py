"""The metadata of a Zenodo deposit, for an upload by hand (or by a script of the library's own).

Source: Zenodo, *REST API*, deposit metadata (2026). A deposit needs a title, a description, creators and a licence;
what nobody said yet is left empty, so that Zenodo's form asks for it.
"""

import html
from typing import Any

from core.sharing.citation import Citation

__all__ = ["deposit"]


def deposit(citation: Citation, sentences: list[str]) -> dict[str, Any]:
    """Return the deposit metadata as a JSON-able dictionary.

    Parameters
    ----------
    sentences : list of str
        The description, a paragraph each.
    """
    metadata = citation.metadata
    metadata: dict[str, Any] = {
        "title": citation.title,
        "upload_type": "dataset" if citation.kind == "dataset" else "other",
        "description": "".join(f"<p>{html.escape(item)}</p>" for item in sentences),
        "creators": [{"name": metadata.library}] if metadata.library else [],
        "license": metadata.licence,
        "access_right": "open",
        "version": citation.version,
        "publication_date": citation.date,
        "keywords": ["library", "catalogue", "genre", "bibliographic metadata", "GLAM"],
        "notes": citation.sentence,
        "related_identifiers": [
            {"identifier": item.doi, "relation": "isDerivedFrom", "scheme": "doi"}
            for item in citation.built_on
            if item.doi
        ],
    }
    return {"metadata": metadata}
