"""From the bytes of a MARC file to records: ISO 2709, MARCXML and MarcXchange, one record at a time.

A record that cannot be read is told with its number and the reason, and the next one is read.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Final
from xml.parsers import expat

from core.readers.marc_letters import BadLettersError, RecordText, detect_encoding
from core.readers.marc_record import MARCXML_NAMESPACE, MarcField, MarcRecord

__all__ = ["BadRecord", "Decoded", "decode_iso2709", "split_iso2709", "stream_marcxml"]

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


@dataclass(frozen=True, slots=True)
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
        MarcRecord(leader.decode("ascii"), [field for field, _ in fields]),
        chosen,
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
