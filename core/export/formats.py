"""The formats of an export, the kinds of MARC files, and the files as they are written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from core.errors import InputError
from core.storage import file_sha256

__all__ = [
    "CARRIERS",
    "FORMATS",
    "MARC_KINDS",
    "Carrier",
    "MarcKind",
    "Package",
    "WrittenFile",
    "parse_formats",
    "parse_marc_kinds",
]

# --- The files of an export as they are written: where, what, how many records, which bytes ---------------------------


@dataclass(frozen=True, kw_only=True)
class WrittenFile:
    """One finished file of an export.

    Attributes
    ----------
    name : str
        Path inside the package, with forward slashes.
    format, media_type, about : str
    records : int or None
        Records in it; None where the file holds no records.
    bytes, sha256
        Of the file as written.
    """

    name: str
    format: str
    media_type: str
    about: str
    records: int | None
    bytes: int
    sha256: str

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-able dictionary."""
        return {
            "name": self.name,
            "format": self.format,
            "media_type": self.media_type,
            "records": self.records,
            "bytes": self.bytes,
            "sha256": self.sha256,
            "about": self.about,
        }


@dataclass
class Package:
    """A folder that is being filled."""

    folder: Path
    files: list[WrittenFile] = field(default_factory=list)

    def path(self, name: str) -> Path:
        """Return where a file goes; its folder is made."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def add(self, name: str, format_: str, media_type: str, about: str, records: int | None = None) -> WrittenFile:
        """Take a finished file into the list."""
        path = self.folder / name
        written = WrittenFile(
            name=name,
            format=format_,
            media_type=media_type,
            about=about,
            records=records,
            bytes=path.stat().st_size,
            sha256=file_sha256(path),
        )
        self.files.append(written)
        return written

    def write_text(self, name: str, text: str, format_: str, media_type: str, about: str) -> WrittenFile:
        """Write a small text file (UTF-8, LF) and take it into the list."""
        self.path(name).write_text(text, encoding="utf-8", newline="\n")
        return self.add(name, format_, media_type, about)

    def find(self, name: str) -> WrittenFile | None:
        """Return the file called `name`, if it was written."""
        return next((written for written in self.files if written.name == name), None)


# --- The formats of an export, and the kinds of MARC files ------------------------------------------------------------


FORMATS: Final[Mapping[str, str]] = {
    "csv": "CSV, exact: every original string unchanged, for machines",
    "xlsx": "Excel workbook for people: every cell is text, nothing is turned into a number, a date or a formula",
    "parquet": "Parquet: typed columns, identifiers stay text",
    "jsonl": "JSON Lines: one object a book",
    "csvw": "CSV on the Web metadata beside the CSV",
    "datapackage": "Data Package version 2",
    "marc": "MARC 21 (ISO 2709, UTF-8)",
    "marcxml": "MARCXML",
    "mods": "MODS 3.7",
    "dc": "Dublin Core (oai_dc)",
    "jsonld": "schema.org JSON-LD with each prediction as an annotation",
    "croissant": "Croissant 1.0 metadata over the Parquet file",
    "huggingface": "Hugging Face dataset folder",
    "rocrate": "RO-Crate 1.2 metadata: files, licence and run as a research object",
}
# A description is worth nothing without the file it describes.
_NEEDS: Final[Mapping[str, tuple[str, ...]]] = {"csvw": ("csv",), "datapackage": ("csv",), "croissant": ("parquet",)}

_FORMAT_ALIASES: Final[Mapping[str, str]] = {
    "marc21": "marc",
    "mrc": "marc",
    "excel": "xlsx",
    "hf": "huggingface",
    "json-ld": "jsonld",
    "ro-crate": "rocrate",
    "ndjson": "jsonl",
}

MarcKind = Literal["enriched", "delta", "stub"]
MARC_KINDS: Final[Mapping[str, str]] = {
    "enriched": "the library's own records with the new fields added; records that did not change are not in it",
    "delta": "only identifiers and the new fields, to be merged into records that exist",
    "stub": "minimal new records, for a library that holds no MARC for these books",
}
Carrier = Literal["online", "volume"]
CARRIERS: Final[Mapping[str, str]] = {
    "online": "the digitised book, read online (337 computer, 338 online resource)",
    "volume": "the book on the shelf (337 unmediated, 338 volume)",
}


def parse_formats(names: Sequence[str]) -> tuple[str, ...]:
    """Return export formats in their fixed order, with those that they describe.

    Examples
    --------
    >>> parse_formats(["croissant", "CSV"])
    ('csv', 'parquet', 'croissant')

    Raises
    ------
    InputError
        A name is unknown.
    """
    wanted: set[str] = set()
    for given in names:
        name = given.strip().lower()
        name = _FORMAT_ALIASES.get(name, name)
        if name not in FORMATS:
            raise InputError(f"'{given}' is no export format. There are: {', '.join(FORMATS)}.")
        wanted.update((name, *_NEEDS.get(name, ())))
    if not wanted:
        raise InputError(f"No export format was named. There are: {', '.join(FORMATS)}.")
    return tuple(name for name in FORMATS if name in wanted)


def parse_marc_kinds(names: Sequence[str]) -> tuple[MarcKind, ...]:
    """Return kinds of MARC files, whole records first; none named is none, which leaves the choice to the source.

    Examples
    --------
    >>> parse_marc_kinds(["delta", " stub"])
    ('stub', 'delta')

    Raises
    ------
    InputError
        A name is unknown.
    """
    wanted = [name.strip().lower() for name in names if name.strip()]
    unknown = [name for name in wanted if name not in MARC_KINDS]
    if unknown:
        raise InputError(f"'{unknown[0]}' is no kind of MARC file. There are: {', '.join(MARC_KINDS)}.")
    kinds: tuple[MarcKind, ...] = ("enriched", "stub", "delta")
    return tuple(kind for kind in kinds if kind in wanted)
