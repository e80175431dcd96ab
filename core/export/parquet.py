"""Parquet: identifiers are text, scores are doubles, moments are UTC; run and licence are in the file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from core.export.columns import Column
from core.export.settings import ExportSettings

__all__ = ["arrow_table", "write_parquet"]


def arrow_table(frame: pd.DataFrame, columns: Sequence[Column], settings: ExportSettings) -> Any:
    """Return a flat table as an Arrow table; empty text is null."""
    import pyarrow as pa
    import pyarrow.compute as pc

    arrays, fields = [], []
    for column in columns:
        if column.type == "number":
            array, kind = pa.array(frame[column.name].to_numpy(dtype=float), from_pandas=True), pa.float64()
        elif column.type == "boolean":
            array, kind = pa.array(frame[column.name].array, pa.bool_(), from_pandas=True), pa.bool_()
        else:
            array, kind = pa.array(frame[column.name].to_numpy(dtype=object), pa.string()), pa.string()
            array = pc.if_else(pc.equal(array, ""), pa.scalar(None, pa.string()), array)
            if column.type == "datetime":
                kind = pa.timestamp("ms", "UTC")
                array = pc.strptime(array, format="%Y-%m-%dT%H:%M:%SZ", unit="ms").cast(kind)
        arrays.append(array)
        fields.append(pa.field(column.name, kind, metadata={"description": column.meaning}))
    about = {"run_id": settings.run_id, "licence": settings.licence, "model": settings.model.process}
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields, metadata=about))


def write_parquet(path: Path, frame: pd.DataFrame, columns: Sequence[Column], settings: ExportSettings) -> int:
    """Write a flat table and return the number of records."""
    import pyarrow.parquet as pq

    pq.write_table(arrow_table(frame, columns, settings), path, compression="zstd", row_group_size=100_000)
    return len(frame)
