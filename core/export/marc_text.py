"""Text that goes into MARC and XML: without control characters, and the sentences that people read."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from core.export.settings import ExportSettings
from core.readers.marc_record import MarcRecord

__all__ = ["Cleaner", "clean_text", "is_own_note", "note"]

# Line breaks and tabs part words; the other control characters, 0x1D to 0x1F among them, would end a field or a record.
_BLANKS: Final = re.compile("[\t\n\r\x0b\x0c\x85\u2028\u2029]")
_FORBIDDEN: Final = re.compile("[\x00-\x1f\x7f\ufffe\uffff]")
_OWN_NOTE: Final = re.compile(
    r".+ term (assigned automatically from the .+|chosen by a person in review) on \d{4}-\d\d-\d\d.*\."
)


@dataclass
class Cleaner:
    """Takes out control characters and counts them."""

    characters: int = 0
    records: int = 0

    def text(self, text: str) -> str:
        """Return the text without control characters; line breaks and tabs become blanks."""
        if text.isprintable():
            return text
        cleaned, blanks = _BLANKS.subn(" ", text)
        cleaned, taken = _FORBIDDEN.subn("", cleaned)
        self.characters += blanks + taken
        return cleaned

    def record(self, record: MarcRecord) -> MarcRecord:
        """Clean every field of a record, in place."""
        before = self.characters
        for one in record.fields:
            if not one.text.isprintable():
                one.text = self.text(one.text)
            for place, (code, value) in enumerate(one.subfields):
                if not value.isprintable():
                    one.subfields[place] = (code, self.text(value))
        self.records += self.characters > before
        return record


def clean_text(text: str) -> str:
    r"""Return a text without control characters, ready for XML.

    >>> clean_text("one\x1etwo\nthree")
    'onetwo three'
    """
    return Cleaner().text(text)


def note(settings: ExportSettings, labels: tuple[str, ...], how: str, reviewed: str) -> str:
    """Return the sentence for 588, by who decided ('0' the cut, '1' a person agreed, '2' a person chose)."""
    given = settings.model.details.get("input_columns") or ["title"]
    seen = " and ".join([given] if isinstance(given, str) else [str(column) for column in given])
    return _sentence(labels, how, reviewed, settings.day, seen)


@lru_cache(maxsize=1_024)
def _sentence(labels: tuple[str, ...], how: str, reviewed: str, day: str, seen: str) -> str:
    what = "/".join([labels[0], *(label.lower() for label in labels[1:])]) if len(labels) <= 3 else "Genre"
    if how == "2":
        return f"{what} term chosen by a person in review on {reviewed}."
    end = "checked and confirmed by a person" if how == "1" else "not checked by a cataloguer"
    return f"{what} term assigned automatically from the {seen} on {day}; {end}."


def is_own_note(text: str) -> bool:
    """Whether a 588 is one of the sentences that :func:`note` writes."""
    return _OWN_NOTE.fullmatch(text) is not None
