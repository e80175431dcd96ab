"""One MARC record as a small object, and its three spellings: ISO 2709, MARCXML and MARC-in-JSON.

The record is kept as text, field by field, in the order it came. Writing counts bytes first: a record that does not
fit ISO 2709 raises, where most programs write a file that breaks at the next reader.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final
from xml.sax.saxutils import escape, quoteattr

__all__ = [
    "FIELD_LIMIT",
    "MARCXML_NAMESPACE",
    "RECORD_LIMIT",
    "MarcField",
    "MarcRecord",
    "TooLongError",
    "control",
    "data",
    "marcxml_document",
]

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
