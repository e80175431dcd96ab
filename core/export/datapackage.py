"""datapackage.json: the files of an export as a Data Package, version 2 (datapackage.org, 2024)."""

import json
from collections.abc import Sequence
from typing import Any

from core.export.columns import Column
from core.export.files import Package, WrittenFile
from core.export.identifiers import identifier_pattern
from core.export.readme import title
from core.export.table import ExportTable
from core.export.wording import how_assigned
from core.schema import RECORD_ID
from core.storage import plain_slug

__all__ = ["datapackage", "write_datapackage"]

_PROFILE = "https://datapackage.org/profiles/2.0"
_TABLES = ("data/accepted.csv", "data/all-scores.csv")


def write_datapackage(table: ExportTable, package: Package) -> None:
    """Describe every file written so far."""
    text = json.dumps(datapackage(table, package.files), indent=2, ensure_ascii=False) + "\n"
    about = "the files as a Data Package: frictionless validate datapackage.json"
    package.write_text("datapackage.json", text, "datapackage", "application/json", about)


def datapackage(table: ExportTable, files: Sequence[WrittenFile]) -> dict[str, Any]:
    """Return the descriptor. CSV files with our columns are tables with a schema; all others are files."""
    settings = table.settings
    package: dict[str, Any] = {
        "$schema": f"{_PROFILE}/datapackage.json",
        "name": plain_slug(settings.folder),
        "id": settings.run_uri,
        "title": title(table),
        "description": settings.description or how_assigned(table),
        "version": settings.version,
        "created": settings.exported_at,
        "keywords": ["bibliographic metadata", "machine-generated", *(label.lower() for label in table.labels)],
        "licenses": [{"name": settings.licence, "path": settings.licence_uri}],
        "contributors": [
            {"title": settings.publisher or "(library not named)", "roles": ["publisher"]},
            {"title": settings.model.process, "roles": ["creator"]},
        ],
        "sources": [_source(input_file) for input_file in settings.inputs],
        "resources": [_resource(table, written) for written in files],
    }
    if settings.homepage:
        package["homepage"] = settings.homepage
    return {key: value for key, value in package.items() if value not in ("", [], None)}


def _source(input_file: Any) -> dict[str, str]:
    source = {"title": str(input_file.get("name", "catalogue file"))}
    if input_file.get("uri"):
        source["path"] = str(input_file["uri"])
    if input_file.get("sha256"):
        source["version"] = f"sha256:{input_file['sha256']}"
    return source


def _resource(table: ExportTable, written: WrittenFile) -> dict[str, Any]:
    resource: dict[str, Any] = {
        "name": plain_slug(written.name.replace("/", "-").replace(".", "-")),
        "path": written.name,
        "title": written.about,
        "type": "file",
        "mediatype": written.media_type,
        "bytes": written.bytes,
        "hash": f"sha256:{written.sha256}",
    }
    suggested = written.name.startswith("review/")
    if written.name in _TABLES or suggested:
        columns = table.columns(suggested=suggested)
        pattern = identifier_pattern(table.records[RECORD_ID])
        resource |= {
            "type": "table",
            "format": "csv",
            "encoding": "utf-8",
            "dialect": {
                "delimiter": ",",
                "lineTerminator": "\r\n",
                "quoteChar": '"',
                "doubleQuote": True,
                "header": True,
            },
            "schema": {
                "$schema": f"{_PROFILE}/tableschema.json",
                "fields": [_field(column, pattern) for column in columns],
                "primaryKey": [RECORD_ID],
                "missingValues": [""],
            },
        }
    return resource


def _field(column: Column, pattern: str) -> dict[str, Any]:
    constraints: dict[str, Any] = {}
    if column.required:
        constraints["required"] = True
    if column.unique:
        constraints["unique"] = True
    if column.name == RECORD_ID and pattern:
        constraints["pattern"] = pattern
    if column.allowed:
        constraints["enum"] = list(column.allowed)
    for name, value in (("minimum", column.minimum), ("maximum", column.maximum)):
        if value is not None:
            constraints[name] = value
    field: dict[str, Any] = {"name": column.name, "type": column.type, "description": column.meaning}
    if constraints:
        field["constraints"] = constraints
    return field
