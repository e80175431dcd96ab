"""Parquet files: every column turned into text without loss."""

import base64
import json
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from core.errors import UnreadableFileError
from core.progress import Progress
from core.readers.container import OpenedFile, check_size
from core.readers.excel import cell_text
from core.readers.table import ReaderOptions, RejectedRows, SourceTable, TextColumns, unique_headers

__all__ = ["read"]

_TOGETHER = " ; "
_BUFFER = 1024**2


def read(opened: OpenedFile, options: ReaderOptions, progress: Progress) -> SourceTable:
    """Read a Parquet file. See :func:`core.readers.read_table`.

    Numbers are written out, whole numbers without '.0'; dates in ISO form; lists joined with ' ; '; other nested
    values as JSON. Lines are record numbers from 1.
    """
    import pyarrow.parquet as pq

    try:
        # A column is read through a small buffer and not as a whole: the preview of a large file takes its first pages.
        file = pq.ParquetFile(opened.stream, buffer_size=_BUFFER if options.rows else 0)
        names, renamed = unique_headers(file.schema_arrow.names)
        total = file.metadata.num_rows
        columns = TextColumns(names)
        unpacked = 0
        for batch in file.iter_batches(batch_size=options.chunk, use_threads=options.rows is None):
            first = len(columns) + 1
            texts = [_as_text(column) for column in batch.columns]
            columns.extend_columns(dict(zip(names, texts, strict=True)), range(first, first + batch.num_rows))
            unpacked += batch.nbytes
            check_size(opened, unpacked)
            if options.enough(len(columns)):
                break
            progress(len(columns) / max(total, 1), f"Reading {len(columns):,} of {total:,} records")
    except MemoryError:  # Arrow's own is an ArrowException too
        raise
    except (pa.ArrowException, OSError) as error:
        raise UnreadableFileError(
            f"{opened.path} cannot be read as Parquet ({str(error).splitlines()[0]}); fetch or write it again."
        ) from error
    if not names or not len(columns):
        raise UnreadableFileError(f"{opened.path} holds no record: it has {len(names)} columns and no row.")
    floats = [name for name, field in zip(names, file.schema_arrow, strict=True) if pa.types.is_floating(field.type)]
    frame, lines = columns.frame()
    return SourceTable(
        path=opened.path,
        format="parquet",
        encoding="",
        delimiter="",
        frame=frame,
        lines=lines,
        rejected=RejectedRows().frame(),
        reasons=opened.reasons,
        complete=len(frame) >= total,
        warnings=(*renamed, *_about_nested(file.schema_arrow, names), *_about_floats(floats)),
    )


def _as_text(column: Any) -> Any:
    """Return an Arrow array of any type as a sequence of text; missing values become ''."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.dictionary_decode()
        kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_integer(kind):
        return pc.fill_null(column.cast(pa.large_string()), "")
    return [_value_text(value) for value in column.to_pylist()]


def _value_text(value: object) -> str:
    if isinstance(value, list):
        return _TOGETHER.join(_value_text(item) for item in value)
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=cell_text)
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return base64.b64encode(value).decode()
    return cell_text(value)


def _about_nested(schema: Any, names: list[str]) -> list[str]:
    lists = [name for name, field in zip(names, schema, strict=True) if pa.types.is_nested(field.type)]
    if not lists:
        return []
    return [
        f"Columns that hold lists or objects were written as text, lists parted by '{_TOGETHER}': {', '.join(lists)}."
    ]


def _about_floats(names: list[str]) -> list[str]:
    """Warn of identifiers that went through floating-point numbers, which keep neither zeros nor all digits."""
    suspects = [name for name in names if "id" in name.lower().replace("_", " ").split()]
    if not suspects:
        return []
    return [f"These columns hold numbers, so zeros at the beginning of an identifier are lost: {', '.join(suspects)}."]
