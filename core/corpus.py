"""A corpus: the records of a catalogue file, normalised, beside the original columns as they came."""

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

import pandas as pd
from pyarrow import ArrowException

from core.database import Database
from core.errors import DamagedError, InputError, describe_system_error
from core.manifests import Manifest
from core.normalise import NormalisedRecords
from core.readers import SourceTable
from core.storage import StoredArtifact, Workspace

__all__ = [
    "Corpus",
    "book_link",
    "check_pattern",
    "column_names",
    "link_pattern",
    "load_corpus",
    "parquet_batches",
    "read_columns",
    "read_parquet",
    "save_link_pattern",
    "save_records",
]


RECORDS_FILE = "records.parquet"
ORIGINALS_FILE = "originals.parquet"
REJECTED_FILE = "rejected.parquet"
BATCH_ROWS: Final = 65_536


def read_parquet(path: Path, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Return (some columns of) a Parquet file of a thing of the workspace.

    Raises
    ------
    DamagedError
        It is missing or damaged.
    """
    with _translate_read_errors(path):
        return pd.read_parquet(path, columns=None if columns is None else list(columns))


def parquet_batches(path: Path, columns: Sequence[str], size: int) -> Iterator[pd.DataFrame]:
    """Yield some columns of a Parquet file of a thing of the workspace, `size` rows at a time.

    Raises
    ------
    DamagedError
        It is missing or damaged.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    with _translate_read_errors(path), pq.ParquetFile(path) as file:
        held, rows = [], 0
        # A batch ends where a row group does, so that two files of as many rows may be cut at different places.
        for batch in file.iter_batches(batch_size=size, columns=list(columns)):
            held.append(batch)
            rows += len(batch)
            if rows >= size:
                table = pa.Table.from_batches(held)
                yield table.slice(0, size).to_pandas()
                held, rows = table.slice(size).to_batches(), rows - size
        if rows:
            yield pa.Table.from_batches(held).to_pandas()


@contextlib.contextmanager
def _translate_read_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ArrowException) as error:
        missing = isinstance(error, FileNotFoundError)
        why = f"its {path.name} is {'missing' if missing else 'damaged'}"
        if not missing and (refusal := describe_system_error(error)):
            why = f"{why} or may not be read ({refusal.rstrip('.')})"
        raise DamagedError(path.parent.parent.name, path.parent.name, why) from error


def column_names(path: Path) -> tuple[str, ...]:
    """Return the names of the original columns in the folder of a corpus or label set; none where there are none."""
    import pyarrow.parquet as pq

    file = path / ORIGINALS_FILE
    try:
        return tuple(str(name) for name in pq.read_schema(file).names) if file.exists() else ()
    except (OSError, ArrowException) as error:
        raise DamagedError(path.parent.name, path.name, f"its {file.name} is damaged") from error


def read_columns(path: Path, records: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Return some columns of the records in a folder, the normalised one or, where there is none, the original one.

    Parameters
    ----------
    path : path
        Folder of a corpus, a label set or predictions.
    records : DataFrame
        Its normalised records, all of them.
    names : sequence of str

    Returns
    -------
    DataFrame
        Row for row beside `records`; only the columns that are there.
    """
    wanted = [name for name in names if name not in records]
    available = [name for name in column_names(path) if name in wanted]
    originals = read_parquet(path / ORIGINALS_FILE, available) if available else pd.DataFrame(index=range(len(records)))
    if len(originals) != len(records):
        originals = pd.DataFrame(index=range(len(records)))
    columns = {
        name: records[name] if name in records else originals[name] for name in names if name in {*records, *originals}
    }
    return pd.DataFrame(
        {name: values.reset_index(drop=True) for name, values in columns.items()}, index=range(len(records))
    )


@dataclass(frozen=True)
class Corpus(StoredArtifact[Manifest]):
    """The records of one imported file. Read-only; columns are read from disk when asked for."""

    def records(self, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Return the normalised records, one row a book, columns as in :data:`core.schema.RECORDS_COLUMNS`."""
        return read_parquet(self.artifact.path / RECORDS_FILE, columns)

    def originals(self, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Return the original columns as text, row for row beside :meth:`records`."""
        return read_parquet(self.artifact.path / ORIGINALS_FILE, columns)

    def batches(
        self, columns: Sequence[str], originals: Sequence[str] = (), size: int = BATCH_ROWS
    ) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
        """Yield normalised records and, row for row beside them, original columns; at most `size` rows at a time.

        However many records there are, only a few parts are in memory.

        Parameters
        ----------
        columns, originals : sequence of str
            All of them must be there; see :func:`column_names` for the original ones.

        Raises
        ------
        DamagedError
            A file is missing or damaged, or there are not as many original rows as records.
        """
        path = self.artifact.path
        records = parquet_batches(path / RECORDS_FILE, columns, size)
        if not originals:
            yield from ((part, pd.DataFrame(index=part.index)) for part in records)
            return
        for part, beside in zip_longest(records, parquet_batches(path / ORIGINALS_FILE, originals, size)):
            if part is None or beside is None or len(part) != len(beside):
                raise DamagedError(path.parent.name, path.name, f"its {ORIGINALS_FILE} is damaged")
            yield part, beside

    def rejected(self) -> pd.DataFrame:
        """Return the rows that could not be taken: ``line``, ``reason``, ``text``."""
        return read_parquet(self.artifact.path / REJECTED_FILE)


def load_corpus(workspace: Workspace, name: str) -> Corpus:
    """Return the corpus called `name`.

    Raises
    ------
    NotFoundError
        With the names of the corpora that do exist.
    """
    return Corpus(workspace.find("corpora", name))


def save_records(folder: Path, source: SourceTable, normalised: NormalisedRecords) -> None:
    """Write records, the original columns beside them, and the rejected rows into `folder`."""
    normalised.records.to_parquet(folder / RECORDS_FILE, index=False, compression="zstd")
    originals = source.frame.iloc[normalised.rows]
    originals.to_parquet(folder / ORIGINALS_FILE, index=False, compression="zstd")
    rejected = pd.concat([source.rejected, normalised.rejected], ignore_index=True)
    rejected.sort_values("line", kind="stable").to_parquet(folder / REJECTED_FILE, index=False)


# --- Where a digitised book can be read -------------------------------------------------------------------------------
#
# Where a digitised book can be read: the link its record holds, or an address made of a pattern of the library.

_KIND, _SUBJECT = "book_link", "workspace"
_PLACE: Final = re.compile(r"\{([^{}]*)\}")
_IDENTIFIER: Final = "identifier"
_LINK_COLUMN: Final = re.compile(r"link|url|viewer|digiti[sz]ed", re.IGNORECASE)


def book_link(originals: Mapping[str, str], record_id: str, pattern: str = "") -> str:
    """Return the address of a digitised book, '' where none is known.

    Parameters
    ----------
    originals : mapping of str to str
        The record's columns as they came.
    pattern : str
        From :func:`link_pattern`; it goes before what the record holds. Each ``{column}`` stands for the value of that
        column, ``{identifier}`` for the record's identifier. Where such a value is missing the pattern gives no link.

    Returns
    -------
    str
        An address that begins with ``http://`` or ``https://`` and names a host, and nothing else: a record is not
        trusted.

    Examples
    --------
    >>> book_link({"Link to digitised book": "https://books.example/1"}, "7")
    'https://books.example/1'
    >>> book_link({"DLS": "lsid 1"}, "7", "https://books.example/{DLS}?id={identifier}")
    'https://books.example/lsid%201?id=7'
    >>> book_link({"Link": "javascript:alert(1)"}, "7")
    ''
    """
    if pattern:
        values = {**originals, _IDENTIFIER: record_id}
        names = _PLACE.findall(pattern)
        if all(values.get(name, "").strip() for name in names):
            return _safe(_PLACE.sub(lambda match: quote(values[match[1]].strip(), safe=""), pattern))
    candidates = (_safe(value.strip()) for name, value in originals.items() if _LINK_COLUMN.search(name))
    return next(filter(None, candidates), "")


def _safe(address: str) -> str:
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    odd = re.search(r"[\s<>\"'`\\()\[\]]", address)
    return address if parts.scheme in ("http", "https") and parts.hostname and not odd else ""


def check_pattern(pattern: str) -> None:
    """Refuse a pattern that cannot give a link.

    Raises
    ------
    InputError
    """
    if pattern and (not _PLACE.search(pattern) or not _safe(_PLACE.sub("1", pattern))):
        raise InputError(
            f"'{pattern}' gives no address: it begins with https:// and holds {{identifier}}, or the name of a column"
            " in such brackets, where the number of the book belongs."
        )


def link_pattern(database: Database) -> str:
    """Return the pattern that was kept for this workspace, '' for none."""
    notes = database.read(_KIND, _SUBJECT)
    return str(notes[-1].get("pattern", "")) if notes else ""


def save_link_pattern(database: Database, pattern: str) -> None:
    """Keep the pattern of the library's addresses; '' for none.

    Raises
    ------
    InputError
        It gives no address.
    """
    check_pattern(pattern.strip())
    database.add(_KIND, _SUBJECT, {"pattern": pattern.strip()})
