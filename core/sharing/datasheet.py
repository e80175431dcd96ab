"""The questions of *Datasheets for Digital Cultural Heritage Datasets*, answered where something was measured.

Source: H. Alkemade and others, *Datasheets for Digital Cultural Heritage Datasets*, Journal of Open Humanities Data
9:17 (2023); headings as used by datasheets after version 2 of its template (2025).
"""

from collections.abc import Mapping
from typing import Final

from core.sharing.text import section, unfilled

__all__ = ["HEADINGS", "datasheet"]

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


def datasheet(level: int, title: str, known: Mapping[str, str]) -> str:
    """Return the datasheet as a section; what is not `known` is visibly unfilled.

    Parameters
    ----------
    known : mapping
        Key of :data:`HEADINGS` → Markdown that was made of measured facts. What only people know is asked for beside
        it.
    """
    parts = [section(level, title)]
    for key, (heading, question) in HEADINGS.items():
        parts.append(section(level + 1, heading, known.get(key, ""), unfilled(question)))
    return "\n\n".join(parts)
