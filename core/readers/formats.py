"""The formats that come in: one entry each, which reading, importing, command line and page go by."""

from typing import Final

from core.readers import annif
from core.readers.table import Reader

__all__ = ["FORMATS", "folder_formats", "formats_in_words"]

# A new format is a new entry, and a module beside this one that reads it. They are asked in this order.
FORMATS: Final[dict[str, Reader]] = {
    reader.name: reader
    for reader in (
        Reader(name="csv", module="core.readers.delimited", words="CSV", has_header=True),
        Reader(name="tsv", module="core.readers.delimited", words="TSV", has_header=True),
        Reader(name="xlsx", module="core.readers.excel", words="Excel", has_header=True, binary=True),
        Reader(name="parquet", module="core.readers.parquet", words="Parquet", binary=True),
        Reader(name="json", module="core.readers.json_records", words="JSON"),
        Reader(name="jsonl", module="core.readers.json_records", words="JSON Lines"),
        annif.READER,
        Reader(name="marc", module="core.readers.marc", words="MARC", binary=True),
        Reader(name="marcxml", module="core.readers.marc", words="MARCXML"),
    )
}


def formats_in_words(*, folders: bool) -> str:
    """Return what can be read, in words; with or without folders, which nobody can upload."""
    place = "a folder or a zip" if folders else "a zip"
    files = ", ".join(reader.words for reader in FORMATS.values() if not reader.suffix)
    return "; ".join([f"{files}; gzip of these", *(f"{place} of {reader.words}" for reader in folder_formats())])


def folder_formats() -> list[Reader]:
    """Return the readers for which many files, in a folder or a zip archive, are one table."""
    return [reader for reader in FORMATS.values() if reader.suffix]
