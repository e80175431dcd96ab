"""The register of export formats: what each is called, writes, shows before it is written, and how it is read back.

A format is a subclass of :class:`FormatWriter` and an entry in :data:`FORMATS`. Command line, page, preview and
validation read the register and know no format by name.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

import numpy as np

from core.errors import InputError
from core.storage import file_sha256
from core.translation import noop

if TYPE_CHECKING:
    from core.export.sentences import ExportSummary
    from core.export.table import ExportTable
    from core.export.validation import PublicTool

__all__ = [
    "CARRIERS",
    "FORMATS",
    "MARC_KINDS",
    "Carrier",
    "ExportFormat",
    "FileCheck",
    "FormatWriter",
    "LabelledFile",
    "MarcKind",
    "Package",
    "PreviewLine",
    "PreviewRecord",
    "RecordFormat",
    "Stage",
    "Triple",
    "WrittenFile",
    "format_writers",
    "parse_formats",
    "parse_marc_kinds",
    "record_formats",
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
    """A folder that is being filled.

    Attributes
    ----------
    folder : path
    files : list of WrittenFile
        In the order in which they were written.
    identifier : str
        Of the export; '' until its manifest is written, since it depends on the files.
    """

    folder: Path
    files: list[WrittenFile] = field(default_factory=list)
    identifier: str = ""

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


# --- What a format is -------------------------------------------------------------------------------------------------


FileCheck = tuple[str, Callable[[Path], tuple[bool, str]]]  # name, and what says whether an export passes, and why
Triple = tuple[str, str, str]  # identifier, label, confidence with four decimals ('' where there is none)


@dataclass(frozen=True)
class PreviewLine:
    """One line of a record: a column, a MARC field, a line of XML or JSON; `new` where the export adds it."""

    text: str
    new: bool


@dataclass(frozen=True)
class PreviewRecord:
    """One record as it will be written, and which of our rules it breaks (in words; empty when it is good)."""

    record_id: str
    title: str
    lines: tuple[PreviewLine, ...]
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class LabelledFile:
    """A finished file, read back.

    Attributes
    ----------
    name : str
        Path inside the package.
    triples : iterable of Triple
        What it says; read once, and an error of the file is raised while it is read.
    left_out : frozenset of str
        Identifiers of which the export says that they are not in this file.
    only_calibrated : bool
        Whether a confidence stands in it only where it is a calibrated probability.
    only_terms : bool
        Whether it describes books, so that labels which are no term of a catalogue do not stand in it.
    """

    name: str
    triples: Iterable[Triple]
    left_out: frozenset[str] = frozenset()
    only_calibrated: bool = False
    only_terms: bool = False


class FormatWriter(ABC):
    """How a format is written and checked.

    Parameters
    ----------
    name : str
        Of the format: formats that are written together share a class.
    """

    tools: ClassVar[tuple["PublicTool", ...]] = ()  # public validators that look at its files

    def __init__(self, name: str) -> None:
        self.name = name

    @abstractmethod
    def write(self, table: "ExportTable", package: Package, summary: "ExportSummary") -> Sequence[str]:
        """Write the files into the package and return what must be reported, in sentences."""

    def checks(self, folder: Path) -> Iterator[FileCheck]:
        """Yield our own checks of its files in an unpacked export."""
        yield from ()


class RecordFormat(FormatWriter):
    """A format in which records stand: they can be shown before they are written, and read back."""

    @abstractmethod
    def preview(self, table: "ExportTable", rows: np.ndarray, kind: str | None = None) -> Iterator[PreviewRecord]:
        """Yield some accepted records as they will stand in the file, with what is new marked.

        Parameters
        ----------
        rows : int array
            Positions in the table.
        kind : str, optional
            One of :meth:`kinds`; else the first.
        """

    def kinds(self, table: "ExportTable") -> tuple[str, ...]:
        """Return the kinds of records that will be written, where there are several."""
        return ()

    def read_back(self, folder: Path, terms: Mapping[str, str]) -> Iterator[LabelledFile]:
        """Yield what stands in each of its files of an unpacked export; nothing where they are missing.

        Parameters
        ----------
        terms : mapping
            Term of the catalogue → label.
        """
        yield from ()


class Stage(IntEnum):
    """When a format is written: a description comes after what it describes."""

    DATA = 0
    PEOPLE = 1
    CATALOGUE = 2
    DESCRIPTION = 3
    PACKAGE = 4  # lists every file before it
    CRATE = 5  # lists README and manifest, too


@dataclass(frozen=True, kw_only=True)
class ExportFormat:
    """One format of the register.

    Attributes
    ----------
    name, aliases : str, tuple of str
        As on the command line; the name stands in manifests.
    title, description : str
        For people.
    module, attribute : str
        Where its :class:`FormatWriter` is.
    stage : Stage
    needs : tuple of str
        Formats that it describes: they are written with it.
    takes_marc : bool
        Whether the settings of MARC records are of consequence for it.
    """

    name: str
    title: str
    description: str
    module: str
    attribute: str
    aliases: tuple[str, ...] = ()
    stage: Stage = Stage.CATALOGUE
    needs: tuple[str, ...] = ()
    takes_marc: bool = False

    @property
    def writer(self) -> FormatWriter:
        """What writes it."""
        writer: FormatWriter = getattr(import_module(self.module), self.attribute)(self.name)
        return writer


# --- The register, and the kinds of MARC files ------------------------------------------------------------------------


FORMATS: Final[dict[str, ExportFormat]] = {
    entry.name: entry
    for entry in (
        ExportFormat(
            name="csv",
            title="CSV",
            description=noop("CSV, exact: every original string unchanged, for machines"),
            module="core.export.tabular",
            attribute="CsvFormat",
            stage=Stage.DATA,
        ),
        ExportFormat(
            name="xlsx",
            title="Excel workbook",
            description=noop(
                "Excel workbook for people: every cell is text, nothing is turned into a number, a date or a formula"
            ),
            module="core.export.tabular",
            attribute="XlsxFormat",
            aliases=("excel",),
            stage=Stage.PEOPLE,
        ),
        ExportFormat(
            name="parquet",
            title="Parquet",
            description=noop("Parquet: typed columns, identifiers stay text"),
            module="core.export.tabular",
            attribute="ParquetFormat",
            stage=Stage.DATA,
        ),
        ExportFormat(
            name="jsonl",
            title="JSON Lines",
            description=noop("JSON Lines: one object a book"),
            module="core.export.tabular",
            attribute="JsonlFormat",
            aliases=("ndjson",),
            stage=Stage.DATA,
        ),
        ExportFormat(
            name="csvw",
            title="CSV on the Web",
            description=noop("CSV on the Web metadata beside the CSV"),
            module="core.export.packages",
            attribute="CsvwFormat",
            stage=Stage.DESCRIPTION,
            needs=("csv",),
        ),
        ExportFormat(
            name="datapackage",
            title="Data Package",
            description=noop("Data Package version 2"),
            module="core.export.packages",
            attribute="DataPackageFormat",
            stage=Stage.PACKAGE,
            needs=("csv",),
        ),
        ExportFormat(
            name="marc",
            title="MARC 21",
            description=noop("MARC 21 (ISO 2709, UTF-8)"),
            module="core.export.marc",
            attribute="MarcFormat",
            aliases=("marc21", "mrc"),
            takes_marc=True,
        ),
        ExportFormat(
            name="marcxml",
            title="MARCXML",
            description=noop("MARCXML"),
            module="core.export.marc",
            attribute="MarcFormat",
            takes_marc=True,
        ),
        ExportFormat(
            name="mods",
            title="MODS",
            description=noop("MODS 3.7"),
            module="core.export.descriptions",
            attribute="ModsFormat",
        ),
        ExportFormat(
            name="dc",
            title="Dublin Core",
            description=noop("Dublin Core (oai_dc)"),
            module="core.export.descriptions",
            attribute="DublinCoreFormat",
        ),
        ExportFormat(
            name="jsonld",
            title="JSON-LD",
            description=noop("schema.org JSON-LD with each prediction as an annotation"),
            module="core.export.descriptions",
            attribute="JsonLdFormat",
            aliases=("json-ld",),
        ),
        ExportFormat(
            name="croissant",
            title="Croissant",
            description=noop("Croissant 1.0 metadata over the Parquet file"),
            module="core.export.packages",
            attribute="CroissantFormat",
            stage=Stage.DESCRIPTION,
            needs=("parquet",),
        ),
        ExportFormat(
            name="huggingface",
            title="Hugging Face",
            description=noop("Hugging Face dataset folder"),
            module="core.export.packages",
            attribute="HuggingFaceFormat",
            aliases=("hf",),
        ),
        ExportFormat(
            name="rocrate",
            title="RO-Crate",
            description=noop("RO-Crate 1.2 metadata: files, licence and run as a research object"),
            module="core.export.linked_data",
            attribute="RoCrateFormat",
            aliases=("ro-crate",),
            stage=Stage.CRATE,
        ),
    )
}

MarcKind = Literal["enriched", "delta", "stub"]
MARC_KINDS: Final[Mapping[str, str]] = {
    "enriched": noop("the library's own records with the new fields added; records that did not change are not in it"),
    "delta": noop("only identifiers and the new fields, to be merged into records that exist"),
    "stub": noop("minimal new records, for a library that holds no MARC for these books"),
}
Carrier = Literal["online", "volume"]
CARRIERS: Final[Mapping[str, str]] = {
    "online": noop("the digitised book, read online (337 computer, 338 online resource)"),
    "volume": noop("the book on the shelf (337 unmediated, 338 volume)"),
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
    by_name = {name: entry for entry in FORMATS.values() for name in (entry.name, *entry.aliases)}
    for given in names:
        entry = by_name.get(given.strip().lower())
        if entry is None:
            raise InputError(f"'{given}' is no export format. There are: {', '.join(FORMATS)}.")
        wanted.update((entry.name, *entry.needs))
    if not wanted:
        raise InputError(f"No export format was named. There are: {', '.join(FORMATS)}.")
    return tuple(name for name in FORMATS if name in wanted)


def format_writers(formats: Iterable[str]) -> list[tuple[ExportFormat, FormatWriter]]:
    """Return what writes these formats, in the order of writing; formats that share a class are written once."""
    entries = sorted(
        (FORMATS[name] for name in formats), key=lambda entry: (entry.stage, list(FORMATS).index(entry.name))
    )
    writers: dict[tuple[str, str], tuple[ExportFormat, FormatWriter]] = {}
    for entry in entries:
        writers.setdefault((entry.module, entry.attribute), (entry, entry.writer))
    return list(writers.values())


def record_formats() -> dict[str, RecordFormat]:
    """Return the formats in which records stand, by name; the others describe files."""
    writers = {name: entry.writer for name, entry in FORMATS.items()}
    return {name: writer for name, writer in writers.items() if isinstance(writer, RecordFormat)}


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
