"""The formats of an export, and the kinds of MARC files."""

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from core.errors import InputError

__all__ = ["CARRIERS", "FORMATS", "MARC_KINDS", "Carrier", "MarcKind", "parse_formats", "parse_marc_kinds"]

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
    >>> parse_marc_kinds(["delta", " StubBuilder"])
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
