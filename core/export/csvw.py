"""CSV on the Web metadata, beside the CSV it describes (W3C, "Metadata Vocabulary for Tabular Data", 2015)."""

import json
import re
from collections.abc import Sequence
from typing import Any

from core.export.columns import Column, plain_names
from core.export.files import Package
from core.export.identifiers import RECORD_URN, identifier_pattern
from core.export.table import ExportTable
from core.schema import RECORD_ID

__all__ = ["csvw_metadata", "write_csvw"]


def write_csvw(table: ExportTable, package: Package) -> None:
    """Describe each CSV in ``data/``."""
    for name in ("accepted", "all-scores"):
        content = csvw_metadata(table, f"{name}.csv", table.columns())
        text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
        path = f"data/{name}.csv-metadata.json"
        package.write_text(path, text, "csvw", "application/csvm+json", f"what the columns of {name}.csv mean")


def csvw_metadata(table: ExportTable, url: str, columns: Sequence[Column]) -> dict[str, Any]:
    """Return the metadata of one CSV file; `url` is its name, in the same folder."""
    settings = table.settings
    pattern = identifier_pattern(table.records[RECORD_ID])
    names = plain_names(columns)
    key = names[next(place for place, column in enumerate(columns) if column.name == RECORD_ID)]
    return {
        "@context": "http://www.w3.org/ns/csvw",
        "url": url,
        "dc:title": settings.title or settings.folder,
        "dc:license": {"@id": settings.licence_uri},
        "dc:issued": settings.exported_at[:10],
        "dialect": {
            "encoding": "utf-8",
            "delimiter": ",",
            "quoteChar": '"',
            "doubleQuote": True,
            "header": True,
            "headerRowCount": 1,
            "lineTerminators": ["\r\n"],
        },
        "tableSchema": {
            "columns": [_column(column, name, pattern) for column, name in zip(columns, names, strict=True)],
            "primaryKey": key,
            "aboutUrl": f"{RECORD_URN}{{{key}}}",
        },
    }


def _column(column: Column, name: str, pattern: str) -> dict[str, Any]:
    datatype: Any = "string"
    if column.type == "number":
        datatype = {"base": "decimal", "minimum": column.minimum, "maximum": column.maximum}
    elif column.type == "boolean":
        datatype = {"base": "boolean", "format": "true|false"}
    elif column.type == "datetime":
        datatype = "dateTime"
    elif column.allowed:
        datatype = {"base": "string", "format": "|".join(re.escape(value) for value in column.allowed)}
    elif column.name == RECORD_ID and pattern:
        datatype = {"base": "string", "format": pattern}
    description: dict[str, Any] = {
        "name": name,
        "titles": column.name,
        "dc:description": column.meaning,
        "datatype": datatype,
    }
    if column.required:
        description["required"] = True
    return description
