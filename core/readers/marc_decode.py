"""From the bytes of a MARC file to records, one at a time, in whichever letters they are written."""

import contextlib
import io
import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import IO, Final
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from core.readers.encoding import MARK_ERRORS, MARKED

__all__ = [
    "FIELD_LIMIT",
    "MARCXML_NAMESPACE",
    "RECORD_LIMIT",
    "BadLettersError",
    "BadRecord",
    "Decoded",
    "MarcField",
    "MarcRecord",
    "RecordText",
    "TooLongError",
    "control",
    "data",
    "decode_iso2709",
    "detect_encoding",
    "marcxml_document",
    "split_iso2709",
    "stream_marcxml",
]


# --- One MARC record as a small object, and its three spellings: ISO 2709, MARCXML and MARC-in-JSON -------------------
#
# The record is kept as text, field by field, in the order it came. Writing counts bytes first: a record that does not
# fit ISO 2709 raises, where most programs write a file that breaks at the next reader.

FIELD_LIMIT: Final = 9_999  # bytes of a field: its length has four digits in the directory
RECORD_LIMIT: Final = 99_999  # bytes of a record: its length has five digits in the leader
MARCXML_NAMESPACE: Final = "http://www.loc.gov/MARC21/slim"
_END_OF_RECORD, _END_OF_FIELD, _SUBFIELD = "\x1d", "\x1e", "\x1f"


class TooLongError(ValueError):
    """The record does not fit ISO 2709. It can be written as MARCXML."""


@dataclass(slots=True)
class MarcField:
    """A control field (tag 001 to 009: `text`) or a data field (`indicators`, `subfields`).

    Attributes
    ----------
    subfields : list of (str, str)
        Code and value, in order.
    """

    tag: str
    text: str = ""
    indicators: str = "  "
    subfields: list[tuple[str, str]] = field(default_factory=list)

    @property
    def is_control(self) -> bool:
        """Whether it is a control field."""
        return self.tag < "010" and self.tag.isdigit()

    def get(self, code: str) -> str:
        """Return the first value of a subfield, '' when there is none."""
        return next((value for name, value in self.subfields if name == code), "")

    def all(self, codes: str) -> list[str]:
        """Return the values of several subfields in the order they stand."""
        return [value for name, value in self.subfields if name in codes]

    def content(self) -> str:
        """Return what stands between directory and end of field, in ISO 2709."""
        if self.is_control:
            return self.text + _END_OF_FIELD
        inside = "".join(f"{_SUBFIELD}{code}{value}" for code, value in self.subfields)
        return f"{self.indicators}{inside}{_END_OF_FIELD}"

    def line(self) -> str:
        """Return the field as people write it, such as ``655  7 $a Fiction $2 lcgft``."""
        if self.is_control:
            return f"{self.tag} {self.text}"
        inside = " ".join(f"${code} {value}" for code, value in self.subfields)
        return f"{self.tag} {self.indicators} {inside}"


@dataclass(slots=True)
class MarcRecord:
    """A leader of 24 characters and the fields in order."""

    leader: str
    fields: list[MarcField] = field(default_factory=list)

    def all(self, *tags: str) -> Iterator[MarcField]:
        """Yield the fields with these tags, in order."""
        return (marc_field for marc_field in self.fields if marc_field.tag in tags)

    def first(self, tag: str) -> MarcField | None:
        """Return the first field with this tag."""
        return next((marc_field for marc_field in self.fields if marc_field.tag == tag), None)

    def text(self, tag: str) -> str:
        """Return the text of a control field, '' when there is none."""
        marc_field = self.first(tag)
        return "" if marc_field is None else marc_field.text

    def copy(self) -> "MarcRecord":
        """Return a record whose fields can be changed without changing this one's."""
        fields = [
            MarcField(marc_field.tag, marc_field.text, marc_field.indicators, list(marc_field.subfields))
            for marc_field in self.fields
        ]
        return MarcRecord(self.leader, fields)

    def to_iso2709(self) -> bytes:
        """Return the record as MARC 21 in UTF-8, leader/09 = 'a'.

        Raises
        ------
        TooLongError
            A field has more than 9,999 bytes or the record more than 99,999.
        """
        directory, parts, offset = [], [], 0
        for marc_field in self.fields:
            part = marc_field.content().encode("utf-8")
            if len(part) > FIELD_LIMIT:
                raise TooLongError(f"field {marc_field.tag} has {len(part):,} bytes, at most {FIELD_LIMIT:,} fit")
            directory.append(f"{marc_field.tag}{len(part):04d}{offset:05d}")
            parts.append(part)
            offset += len(part)
        base = 24 + 12 * len(parts) + 1
        length = base + offset + 1
        if length > RECORD_LIMIT:
            raise TooLongError(f"the record has {length:,} bytes, at most {RECORD_LIMIT:,} fit")
        old_leader = self.leader
        leader = f"{length:05d}{old_leader[5:9]}a22{base:05d}{old_leader[17:20]}4500"
        return f"{leader}{''.join(directory)}{_END_OF_FIELD}".encode() + b"".join(parts) + _END_OF_RECORD.encode()

    def to_xml(self) -> str:
        """Return the record as one MARCXML element, without declaration and namespace."""
        parts = [f"<record>\n  <leader>{_escaped(self.leader)}</leader>\n"]
        for marc_field in self.fields:
            if marc_field.is_control:
                parts.append(
                    f"  <controlfield tag={quoteattr(marc_field.tag)}>{_escaped(marc_field.text)}</controlfield>\n"
                )
                continue
            parts.append(_opening(marc_field.tag, marc_field.indicators))
            for code, value in marc_field.subfields:
                parts.append(f"{_subfield(code)}{_escaped(value)}</subfield>\n")
            parts.append("  </datafield>\n")
        parts.append("</record>\n")
        return "".join(parts)

    def to_json(self) -> str:
        """Return the record as MARC-in-JSON (Singer 2010, "A proposal to serialize MARC in JSON"), on one line."""
        fields: list[dict[str, object]] = []
        for marc_field in self.fields:
            if marc_field.is_control:
                fields.append({marc_field.tag: marc_field.text})
                continue
            subfields = [{code: value} for code, value in marc_field.subfields]
            marks = {"ind1": marc_field.indicators[0], "ind2": marc_field.indicators[1]}
            fields.append({marc_field.tag: {**marks, "subfields": subfields}})
        return json.dumps({"leader": self.leader, "fields": fields}, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> "MarcRecord":
        """Return the record that :meth:`to_json` wrote."""
        record = json.loads(text)
        fields = []
        for entry in record["fields"]:
            for tag, content in entry.items():
                if isinstance(content, str):
                    fields.append(MarcField(tag, content))
                    continue
                subfields = [pair for subfield in content["subfields"] for pair in subfield.items()]
                fields.append(MarcField(tag, "", content["ind1"] + content["ind2"], subfields))
        return cls(record["leader"], fields)


# Tags, indicators and codes are few: their markup is made once.
@lru_cache(maxsize=4_096)
def _opening(tag: str, indicators: str) -> str:
    first, second = (quoteattr(mark) for mark in indicators)
    return f"  <datafield tag={quoteattr(tag)} ind1={first} ind2={second}>\n"


@lru_cache(maxsize=256)
def _subfield(code: str) -> str:
    return f"    <subfield code={quoteattr(code)}>"


def _escaped(text: str) -> str:
    return escape(text) if "&" in text or "<" in text or ">" in text else text


def control(tag: str, text: str) -> MarcField:
    """Make a control field."""
    return MarcField(tag, text)


def data(tag: str, indicators: str, *subfields: tuple[str, str]) -> MarcField:
    """Make a data field; subfields without a value are left out.

    >>> data("655", " 7", ("a", "Fiction"), ("0", ""), ("2", "lcgft")).line()
    '655  7 $a Fiction $2 lcgft'
    """
    return MarcField(tag, "", indicators, [pair for pair in subfields if pair[1]])


def marcxml_document() -> tuple[str, str]:
    """Return the beginning and the end of a MARCXML file."""
    start = f'<?xml version="1.0" encoding="UTF-8"?>\n<collection xmlns="{MARCXML_NAMESPACE}">\n'
    return start, "</collection>\n"


# --- The letters of a MARC record -------------------------------------------------------------------------------------
# UTF-8, MARC-8 or neither, told from its bytes, whatever its leader says.


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
    n_combining = sum(unicodedata.combining(character) > 0 for character in text)
    return n_combining <= (1 - _MOSTLY) * len(marks)


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


# --- From the bytes of a MARC file to records -------------------------------------------------------------------------
# ISO 2709, MARCXML and MarcXchange, one record at a time.
# A record that cannot be read is told with its number and the reason, and the next one is read.


_OLD_MARCXCHANGE: Final = "http://www.bs.dk/standards/MarcXchange"
_BLOCK: Final = 1 << 20
# MARCXML, and ISO 25577 (MarcXchange), which has the same elements.
_NAMESPACES: Final = frozenset(
    {MARCXML_NAMESPACE, "", *(f"info:lc/xmlns/marcxchange-v{number}" for number in (1, 2)), _OLD_MARCXCHANGE}
)
_LONGEST: Final = 16 << 20  # bytes without an end of record that are taken for one broken record
_TAG = re.compile(rb"[0-9A-Za-z]{3}")
_INDICATORS = re.compile(rb"[0-9 |#]{2}")
_LEFT_OVER_CODE = re.compile(r"([a-z])(?=[A-Z0-9\[(\"'])")


class BadRecord(ValueError):  # noqa: N818 - it is a finding about a file, not a fault of the program
    """A record that cannot be read, with the reason in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """A record and what had to be noticed while it was read.

    Attributes
    ----------
    encoding : str
        'utf-8', 'marc-8', 'cp1252', 'ascii' or what a person asked for.
    contradicts_leader : bool
        Leader/09 says another encoding than the bytes show.
    lost : int
        Characters that are in no MARC-8 table; each became a blank.
    stray : int
        Bytes that do not fit the rest of the record, read as Windows-1252 has them.
    wrong_directory : str
        Why the directory could not be used, so that fields were parted by their end marks; '' when it could.
    codeless : tuple of str
        Tags of the fields with content that stands under no subfield code; it was put under one.
    """

    record: MarcRecord
    encoding: str
    contradicts_leader: bool = False
    lost: int = 0
    stray: int = 0
    wrong_directory: str = ""
    codeless: tuple[str, ...] = ()


def split_iso2709(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield each record of an ISO 2709 file, ended by 0x1D; line breaks between records are passed over.

    The length in the leader is not trusted, so that one wrong length costs one record and not the rest of the file.
    """
    pending = b""
    while block := stream.read(_BLOCK):
        pieces = (pending + block).split(b"\x1d")
        pending = pieces.pop()
        for piece in pieces:
            yield piece.lstrip(b"\r\n \x1a\x00") + b"\x1d"
        if len(pending) > _LONGEST:
            yield pending
            pending = b""
    if pending.strip(b"\r\n \x1a\x00"):
        yield pending.lstrip(b"\r\n \x1a\x00")


def decode_iso2709(chunk: bytes, encoding: str = "") -> Decoded:
    """Read one record.

    Parameters
    ----------
    encoding : str
        What a person said the letters are in ('utf-8', 'marc-8', 'windows-1252', …); '' to tell it from the bytes.

    Raises
    ------
    BadRecord
        It is cut short, or leader, directory or letters cannot be read.
    """
    if not chunk.endswith(b"\x1d"):
        raise BadRecord("The record is cut short: the file ends before the end-of-record mark.")
    leader = chunk[:24]
    if len(leader) < 24 or not leader.isascii():
        raise BadRecord("The record has no leader of 24 characters.")
    wrong = ""
    try:
        raw = _by_directory(chunk, leader)
    except BadRecord as bad:
        by_marks = _by_marks(chunk)
        if by_marks is None:
            raise
        raw, wrong = by_marks, str(bad)
    leader_says = "utf-8" if leader[9:10] == b"a" else "marc-8"
    chosen = encoding or detect_encoding(b"\x1e".join(part for _, part in raw), leader_says)
    text = RecordText(chosen, leader_says, named=bool(encoding))
    try:
        fields = [_field(tag, part, text) for tag, part in raw]
    except BadLettersError as error:
        raise BadRecord(str(error)) from error
    return Decoded(
        record=MarcRecord(leader.decode("ascii"), [field for field, _ in fields]),
        encoding=chosen,
        contradicts_leader=not encoding and chosen not in ("ascii", leader_says),
        lost=text.lost,
        stray=text.stray,
        wrong_directory=wrong,
        codeless=tuple(field.tag for field, codeless in fields if codeless),
    )


def _by_directory(chunk: bytes, leader: bytes) -> list[tuple[str, bytes]]:
    if not (leader[:5].isdigit() and leader[12:17].isdigit()):
        raise BadRecord(f"The leader '{leader.decode('latin-1')}' has no length or base address in digits.")
    stated, base = int(leader[:5]), int(leader[12:17])
    if stated > len(chunk):
        raise BadRecord(f"The record is cut short: its leader says {stated:,} bytes, there are {len(chunk):,}.")
    if not 24 < base <= len(chunk):
        raise BadRecord(f"The base address {base:,} lies outside the record of {len(chunk):,} bytes.")
    directory = chunk[24 : base - 1]
    if len(directory) % 12:
        raise BadRecord(f"The directory has {len(directory)} bytes; it must be a multiple of 12.")
    if not directory:
        raise BadRecord("The record has no fields.")
    return [_raw_field(chunk, base, directory[at : at + 12]) for at in range(0, len(directory), 12)]


def _by_marks(chunk: bytes) -> list[tuple[str, bytes]] | None:
    """Return tags and fields by the end marks of the fields alone, None unless there is one field for each entry.

    Programs that count characters where bytes are meant write directories whose lengths and positions are wrong, while
    their tags and their order are right.
    """
    directory, *parts = chunk[24:-1].split(b"\x1e")
    if parts and not parts[-1]:
        parts.pop()
    entries = [directory[at : at + 12] for at in range(0, len(directory), 12)]
    if not parts or len(directory) % 12 or len(entries) != len(parts):
        return None
    if not all(_TAG.fullmatch(entry[:3]) and entry[7:].isdigit() for entry in entries):
        return None
    starts = [int(entry[7:]) for entry in entries]
    if len(set(starts)) != len(starts):
        return None
    order = sorted(range(len(entries)), key=starts.__getitem__)
    in_place = dict(zip(order, parts, strict=True))
    return [(entry[:3].decode(), in_place[number]) for number, entry in enumerate(entries)]


def _raw_field(chunk: bytes, base: int, entry: bytes) -> tuple[str, bytes]:
    tag, length, start = entry[:3], entry[3:7], entry[7:12]
    if not (_TAG.fullmatch(tag) and length.isdigit() and start.isdigit()):
        raise BadRecord(f"The directory entry '{entry.decode('latin-1')}' is not a tag, a length and a position.")
    first = base + int(start)
    part = chunk[first : first + int(length)]
    if len(part) < int(length) or not part.endswith(b"\x1e"):
        raise BadRecord(f"Field {tag.decode()} does not end where the directory says.")
    return tag.decode(), part[:-1]


def _field(tag: str, part: bytes, text: Callable[[bytes], str]) -> tuple[MarcField, bool]:
    """Return a field, and whether some of its content stood under no subfield code."""
    if tag < "010" and tag.isdigit():
        return MarcField(tag, text(part)), False
    marks, *pieces = part.split(b"\x1f")
    # Missing indicators are blanks, and more than two are cut off, as other programs do.
    cut = 2 if (pieces and len(marks) <= 2) or _INDICATORS.match(marks) else 0
    indicators = marks[:cut].decode("ascii", "replace").ljust(2)
    subfields = [(text(piece[:1]), text(piece[1:])) for piece in pieces if piece]
    rest = text(marks[cut:])
    codeless = any(character.isalnum() for character in rest) and not (pieces and len(rest) == 1)
    if codeless:
        subfields.insert(0, _named(rest))
    return MarcField(tag, "", indicators, subfields), codeless


def _named(text: str) -> tuple[str, str]:
    """Return content without a subfield mark as a subfield: its own code where one is left over before it, else a.

    >>> _named("aThe title"), _named("The title"), _named("a title")
    (('a', 'The title'), ('a', 'The title'), ('a', 'a title'))
    """
    left = _LEFT_OVER_CODE.match(text)
    return (left[1], text[1:]) if left else ("a", text)


def stream_marcxml(stream: IO[bytes]) -> Iterator[MarcRecord | BadRecord]:
    """Yield each record of a MARCXML file, or of an OAI answer that wraps records.

    No entity that a file declares is ever expanded, and nothing outside the file is read: a declared entity ends the
    reading. A fault in the XML itself ends it too, after the records that were whole.
    """
    handler = _Handler()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = handler.start
    parser.EndElementHandler = handler.end
    parser.CharacterDataHandler = handler.characters
    parser.EntityDeclHandler = handler.refuse_entity
    while True:
        block = stream.read(_BLOCK)
        try:
            parser.Parse(block, not block)
        except expat.ExpatError as error:
            yield from handler.take()
            what = expat.ErrorString(error.code)
            yield BadRecord(f"The XML is damaged in line {error.lineno}: {what}. Nothing after it was read.")
            return
        except BadRecord as refused:
            yield from handler.take()
            yield refused
            return
        yield from handler.take()
        if not block:
            return


class _Handler:
    """Gathers one record after the other from the events of the XML parser."""

    def __init__(self) -> None:
        self._done: list[MarcRecord | BadRecord] = []
        self._record: MarcRecord | None = None
        self._field: MarcField | None = None
        self._code = ""
        self._text: list[str] = []
        self._between = ""
        self._fault = ""

    def take(self) -> list[MarcRecord | BadRecord]:
        """Return the finished records and forget them."""
        done, self._done = self._done, []
        return done

    def refuse_entity(self, name: str, *_: object) -> None:
        raise BadRecord(f"The file declares an entity ('{name}'). Entities are not expanded; nothing more was read.")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        space, _, local = name.rpartition(" ")
        if space not in _NAMESPACES:
            return
        if local == "subfield":
            self._between += "".join(self._text)
        self._text = []
        if local == "record":
            self._record, self._fault = MarcRecord("", []), ""
        elif local in ("controlfield", "datafield"):
            tag = attributes.get("tag", "")
            if not (len(tag) == 3 and tag.isascii() and tag.isalnum()):
                self._fault = self._fault or f"A field has the tag '{tag}'; a tag has three letters or digits."
            marks = attributes.get("ind1", " ")[:1].ljust(1) + attributes.get("ind2", " ")[:1].ljust(1)
            self._field = MarcField(tag, "", marks)
            self._between = ""
        elif local == "subfield":
            self._code = attributes.get("code", "")
            if len(self._code) != 1:
                self._fault = self._fault or f"A subfield has the code '{self._code}'; a code has one character."

    def end(self, name: str) -> None:
        space, _, local = name.rpartition(" ")
        if space not in _NAMESPACES or self._record is None:
            return
        text = "".join(self._text)
        if local == "leader":
            self._record.leader = text
        elif local == "subfield" and self._field is not None:
            self._field.subfields.append((self._code, text))
        elif local in ("controlfield", "datafield") and self._field is not None:
            if local == "controlfield":
                self._field.text = text
            elif (self._between + text).strip():
                # Content between the subfields, or in place of them: kept under the code that most content has.
                self._field.subfields.insert(0, ("a", (self._between + text).strip()))
            self._record.fields.append(self._field)
            self._field = None
        elif local == "record":
            self._done.append(self._finish(self._record))
            self._record = None
        self._text = []

    def characters(self, text: str) -> None:
        self._text.append(text)

    def _finish(self, record: MarcRecord) -> MarcRecord | BadRecord:
        if self._fault:
            return BadRecord(self._fault)
        if not record.fields:
            return BadRecord("The record has no fields.")
        # Some exports drop blanks at the end of the leader; a leader is never longer.
        record.leader = record.leader[:24].ljust(24)
        return record
