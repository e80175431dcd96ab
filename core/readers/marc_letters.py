"""The letters of a MARC record: UTF-8, MARC-8 or neither, told from its bytes, whatever its leader says."""

import contextlib
import io
import re
import unicodedata
from typing import Final

from core.readers.encoding import MARK_ERRORS, MARKED

__all__ = ["BadLettersError", "RecordText", "detect_encoding"]

# In MARC-8 (ANSEL) a mark stands before its letter: these bytes, and what may come after them.
_MARKS: Final = re.compile(rb"[\xe0-\xfe]+(?P<letter>.?)", re.S)
_LETTERS: Final = frozenset(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz "
    b"\xa1\xa2\xa3\xa4\xa5\xa6\xac\xad\xb1\xb2\xb3\xb4\xb5\xb6\xb8\xba\xbc\xbd"
)
_ESCAPE: Final = b"\x1b"
# A character that MARC-8 has no sign for, written by its number (LC, "MARC-8 to Unicode", lossless conversion).
_REFERENCE: Final = re.compile(r"&#x([0-9A-Fa-f]{2,6});")
_MOSTLY: Final = 0.7


class BadLettersError(ValueError):
    """The bytes are no letters in the encoding that a person named, or in any."""


def detect_encoding(content: bytes, leader_says: str) -> str:
    r"""Return 'ascii', 'utf-8', 'marc-8' or 'cp1252': in which of them the bytes of a record are letters.

    Letters with marks in MARC-8 are practically never valid UTF-8. Bytes that are not UTF-8 are stray when the record
    holds more letters that are; else they are MARC-8 when every mark stands before a letter it goes with, and
    Windows-1252 when not.

    Parameters
    ----------
    content : bytes
        All fields of one record.
    leader_says : {'utf-8', 'marc-8'}

    Examples
    --------
    >>> detect_encoding(b"mis\xe1eres", "utf-8"), detect_encoding(b"caf\xe9", "utf-8"), detect_encoding(b"plain",
    ... "marc-8")
    ('marc-8', 'cp1252', 'ascii')
    """
    if _ESCAPE not in content and content.isascii():
        return "ascii"
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        text = content.decode("utf-8", MARK_ERRORS)
        stray = len(MARKED.findall(text))
        letters = sum(not character.isascii() for character in text) - stray
        if letters >= max(1, stray):
            return "utf-8"
        return "marc-8" if _fits_marc8(content, leader_says) else "cp1252"
    return "marc-8" if _ESCAPE in content and leader_says == "marc-8" else "utf-8"


def _fits_marc8(content: bytes, leader_says: str) -> bool:
    if _ESCAPE in content:
        return True
    marks = list(_MARKS.finditer(content))
    alone = sum(not match["letter"] or match["letter"][0] not in _LETTERS for match in marks)
    if leader_says == "marc-8":
        return 2 * alone <= len(marks)
    if alone or not marks:
        # Without a mark only the letters of ANSEL speak, such as ø and ß.
        return not alone and all(0xA1 <= byte <= 0xC8 for byte in content if byte > 0x7F)
    text, _ = _from_marc8(content)
    apart = sum(unicodedata.combining(character) > 0 for character in text)
    return apart <= (1 - _MOSTLY) * len(marks)


class RecordText:
    """Decodes the pieces of one record and counts what did not fit.

    Attributes
    ----------
    encoding : str
        As :func:`detect_encoding` returns it, or what a person named.
    lost : int
        Characters that are in no MARC-8 table; each became a blank.
    stray : int
        Bytes that do not fit the rest of the record; each was read as Windows-1252 has it.
    """

    def __init__(self, encoding: str, leader_says: str, *, named: bool = False) -> None:
        self.encoding, self._leader_says, self._named = encoding, leader_says, named
        self.lost = self.stray = 0

    def __call__(self, part: bytes) -> str:
        """Return a piece of the record as text.

        Raises
        ------
        BadLettersError
            A person named the encoding, and the bytes are no letters in it.
        """
        text = self._decoded(part)
        if self._leader_says == "marc-8" and self.encoding in ("ascii", "marc-8") and "&#x" in text:
            return _REFERENCE.sub(_character, text)
        return text

    def _decoded(self, part: bytes) -> str:
        if part.isascii() and _ESCAPE not in part:
            return part.decode("ascii")
        if self.encoding == "marc-8":
            text, lost = _from_marc8(part)
            self.lost += lost
            return text
        encoding = "utf-8" if self.encoding == "ascii" else self.encoding
        try:
            return part.decode(encoding)
        except UnicodeDecodeError as error:
            if self._named:
                raise BadLettersError(f"The bytes are not {encoding} (0x{part[error.start]:02X}).") from error
        text = part.decode(encoding, MARK_ERRORS)
        self.stray += len(MARKED.findall(text))
        whole = sum(not character.isascii() for character in text) - len(MARKED.findall(text))
        if encoding == "utf-8" and not whole and _fits_marc8(part, "utf-8"):
            return _from_marc8(part)[0]
        return MARKED.sub(lambda match: bytes([ord(match.group()) - 0xDC00]).decode("cp1252", "replace"), text)


def _from_marc8(part: bytes) -> tuple[str, int]:
    """Return a piece of MARC-8 as text, and how many of its characters are in no table."""
    from pymarc.marc8 import marc8_to_unicode

    try:
        with contextlib.redirect_stderr(io.StringIO()):  # pymarc writes there of what it cannot read
            text: str = marc8_to_unicode(part, True)
    except UnicodeDecodeError as error:
        raise BadLettersError("A MARC-8 escape sequence is not followed by whole characters.") from error
    # pymarc writes a blank for what is in no table, so every blank more than there were is a lost character; a mark
    # at the end, without a letter, is left out.
    blanks = max(0, text.count(" ") - part.count(b" "))
    return text, blanks + (1 if _ESCAPE not in part and 0xE0 <= part[-1] <= 0xFE else 0)


def _character(match: "re.Match[str]") -> str:
    number = int(match[1], 16)
    valid = 0xA0 <= number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF
    return chr(number) if valid else match.group()
