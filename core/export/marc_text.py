"""Text that goes into MARC and XML: without control characters; and knowing our own sentences again."""

import re
from dataclasses import dataclass
from typing import Final

from core.readers.marc_record import MarcRecord

__all__ = ["Cleaner", "clean_text", "is_generated_note"]

# Line breaks and tabs part words; the other control characters, 0x1D to 0x1F among them, would end a field or a record.
_BLANKS: Final = re.compile("[\t\n\r\x0b\x0c\x85\u2028\u2029]")
_FORBIDDEN: Final = re.compile("[\x00-\x1f\x7f\ufffe\uffff]")
# The sentences of core.export.wording.note, and those of versions that did not yet name the model.
_GENERATED_NOTE: Final = re.compile(
    r".+ term (assigned automatically (from|by machine learning \(AI\)) .+; "
    r"(not checked by a cataloguer|checked and confirmed by a person.*)"
    r"|chosen by a person in review on \d{4}-\d\d-\d\d.*)\."
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
        for field in record.fields:
            if not field.text.isprintable():
                field.text = self.text(field.text)
            for place, (code, value) in enumerate(field.subfields):
                if not value.isprintable():
                    field.subfields[place] = (code, self.text(value))
        self.records += self.characters > before
        return record


def clean_text(text: str) -> str:
    r"""Return a text without control characters, ready for XML.

    >>> clean_text("one\x1etwo\nthree")
    'onetwo three'
    """
    return Cleaner().text(text)


def is_generated_note(text: str) -> bool:
    """Whether a 588 is one of the sentences that :func:`core.export.wording.note` writes."""
    return _GENERATED_NOTE.fullmatch(text) is not None
