"""Packages around the flat files: Data Package, Croissant, RO-Crate, and a folder that `datasets` loads."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from core.export.decisions import CURATOR
from core.export.formats import Package, WrittenFile
from core.export.readme import how_assigned, title
from core.export.settings import Column, ExportSettings, plain_names
from core.export.table import ExportTable
from core.export.tabular import write_parquet
from core.export.terms import identifier_pattern
from core.schema import RECORD_ID
from core.storage import plain_slug
from core.text_formats import inline

__all__ = [
    "ROCRATE_FILE",
    "croissant",
    "datapackage",
    "front_matter",
    "rocrate",
    "write_croissant",
    "write_datapackage",
    "write_huggingface",
    "write_rocrate",
]

# --- datapackage.json: the files of an export as a Data Package, version 2 (datapackage.org, 2024) --------------------


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


# --- croissant.json ---------------------------------------------------------------------------------------------------
# The Parquet file as a data set for machine learning (MLCommons Croissant 1.0, 2024).


_CONTEXT: Final[dict[str, Any]] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "equivalentProperty": "cr:equivalentProperty",
    "samplingRate": "cr:samplingRate",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
_TYPES: Final = {"string": "sc:Text", "number": "sc:Float", "boolean": "sc:Boolean", "datetime": "sc:DateTime"}
_FILE: Final = "data/accepted.parquet"


def write_croissant(table: ExportTable, package: Package) -> None:
    """Describe the Parquet file of accepted labels (from a CSV, loaders would drop leading zeros of identifiers)."""
    written = package.find(_FILE)
    if written is None:
        raise ValueError("Croissant describes the Parquet file, which must be written first.")
    text = json.dumps(croissant(table, written), indent=2, ensure_ascii=False) + "\n"
    about = "the Parquet file as a data set for machine learning"
    package.write_text("croissant.json", text, "croissant", "application/ld+json", about)


def croissant(table: ExportTable, written: WrittenFile) -> dict[str, Any]:
    """Return the descriptor of the accepted labels."""
    settings = table.settings
    publisher = settings.publisher or "(library not named)"
    columns = table.columns()
    key = plain_names(columns)[[column.name for column in columns].index(RECORD_ID)]
    confidence = "a calibrated probability" if settings.model.calibrated else "an uncalibrated score"
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": settings.folder,
        "description": settings.description or f"{title(table)}. {how_assigned(table)}",
        "license": settings.licence_uri,
        "url": settings.homepage or settings.run_uri,
        "creator": {"@type": "sc:Organization", "name": publisher},
        "publisher": {"@type": "sc:Organization", "name": publisher},
        "citeAs": f"{publisher}. {title(table)}. {settings.exported_at[:4]}. {settings.run_uri}",
        "version": settings.version,
        "datePublished": settings.exported_at[:10],
        "inLanguage": "en",
        "rai:dataAnnotationProtocol": (
            f"{how_assigned(table)} The confidence is {confidence}. No machine label was added where a label of a"
            " person or of the catalogue stands."
        ),
        "rai:dataBiases": "The labels carry the biases of the training labels and of one library's cataloguing.",
        "rai:dataLimitations": "Machine labels: not for training models. Records the model abstained on are absent.",
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": "accepted.parquet",
                "name": "accepted.parquet",
                "contentUrl": _FILE,
                "contentSize": f"{written.bytes} B",
                "encodingFormat": "application/x-parquet",
                "sha256": written.sha256,
            }
        ],
        "recordSet": [
            {
                "@type": "cr:RecordSet",
                "@id": "records",
                "name": "records",
                "description": "One record a book",
                "key": {"@id": f"records/{key}"},
                "field": [
                    {
                        "@type": "cr:Field",
                        "@id": f"records/{name}",
                        "name": name,
                        "description": column.meaning,
                        "dataType": _TYPES[column.type],
                        "source": {
                            "fileObject": {"@id": "accepted.parquet"},
                            "extract": {"column": column.name},
                        },
                    }
                    for column, name in zip(columns, plain_names(columns), strict=True)
                ],
            }
        ],
    }


# --- ro-crate-metadata.json -------------------------------------------------------------------------------------------
# The export as a research object (RO-Crate 1.2): files, licence, and how they came about.
# It lists every file of the export, so it is written last but for the checksums.


ROCRATE_FILE: Final = "ro-crate-metadata.json"
_VERSION: Final = "https://w3id.org/ro/crate/1.2"
_SUMS: Final = "SHA256SUMS"
_SUM_LINE: Final = 64 * "0" + "  {}\n"
_LIBRARY: Final = "#library"
_MODEL: Final = "#model"
_CONTACT: Final = "#contact"
_IDENTIFIER: Final = "#identifier"


def write_rocrate(table: ExportTable, package: Package, manifest: Mapping[str, Any]) -> None:
    """Describe every file written so far, and the checksums, which are written after this."""
    text = json.dumps(rocrate(table, package.files, manifest), indent=2, ensure_ascii=False) + "\n"
    about = "the files, the licence and the run as an RO-Crate"
    package.write_text(ROCRATE_FILE, text, "rocrate", "application/ld+json", about)


def rocrate(table: ExportTable, files: Sequence[WrittenFile], manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metadata document: descriptor, root, licence, library, model, run, inputs, and each file.

    Parameters
    ----------
    files : sequence of WrittenFile
        What is in the package beside this document and the checksums.
    manifest : mapping
        As :func:`core.export.bundle.manifest` made it; the identifier of the export is taken from it.
    """
    settings = table.settings
    names = [written.name for written in files]
    parts = [*map(_file_id, names), _file_id(_SUMS)]
    inputs = [f"#input-{place}" for place, _ in enumerate(settings.inputs, start=1)]
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": title(table),
        "description": settings.description
        or f"Labels for {settings.dataset}. {how_assigned(table)} Cuts: {settings.cuts_in_words}."
        f" {table.counts.sentence}.",
        "identifier": _ref(_IDENTIFIER),
        "version": settings.version,
        "datePublished": settings.exported_at[:10],
        "keywords": ["bibliographic metadata", "machine-generated", *(label.lower() for label in table.labels)],
        "license": _ref(settings.licence_uri),
        "author": _ref(_LIBRARY),
        "publisher": _ref(_LIBRARY),
        "url": settings.homepage,
        "mentions": _ref(settings.run_uri),
        "hasPart": _refs(parts),
    }
    graph: list[dict[str, Any]] = [
        {"@id": ROCRATE_FILE, "@type": "CreativeWork", "conformsTo": _ref(_VERSION), "about": _ref("./")},
        root,
        {
            "@id": _IDENTIFIER,
            "@type": "PropertyValue",
            "name": "identifier of the export",
            "value": str(manifest["export"]["id"]),
        },
        {
            "@id": settings.licence_uri,
            "@type": "CreativeWork",
            "name": settings.licence,
            "description": f"The licence of everything in this export: {settings.licence} ({settings.licence_uri}).",
        },
        *_people(settings),
        _model(settings),
        {
            "@id": settings.run_uri,
            "@type": "CreateAction",
            "name": f"Run {settings.run_id}",
            "description": f"{how_assigned(table)} Exported with Colophon {settings.software_version}".rstrip() + ".",
            "agent": _ref(_LIBRARY),
            "instrument": _ref(_MODEL),
            "object": _refs(inputs),
            "result": _refs(parts),
            "startTime": settings.predicted_at,
            "endTime": settings.exported_at,
        },
        *(_input(name, input_file) for name, input_file in zip(inputs, settings.inputs, strict=True)),
        *(_file(written) for written in files),
        # Its hash depends on this document; its size, on the names alone.
        {
            "@id": _file_id(_SUMS),
            "@type": "File",
            "name": _SUMS,
            "description": f"Checksums of all files: sha256sum -c {_SUMS}",
            "encodingFormat": "text/plain",
            "contentSize": str(sum(len(_SUM_LINE.format(name).encode()) for name in (ROCRATE_FILE, *names))),
        },
    ]
    return {
        "@context": f"{_VERSION}/context",
        "@graph": [{key: value for key, value in node.items() if value not in ("", [])} for node in graph],
    }


def _ref(name: str) -> dict[str, str]:
    return {"@id": name}


def _refs(names: Sequence[str]) -> dict[str, str] | list[dict[str, str]]:
    """Return references: one stands alone, as RO-Crate 1.2 recommends."""
    return _ref(names[0]) if len(names) == 1 else [_ref(name) for name in names]


def _file_id(path: str) -> str:
    """Return a file's path as an identifier: relative, with signs that no URI may hold as %20 and the like."""
    return quote(path, safe="/")


def _people(settings: ExportSettings) -> list[dict[str, Any]]:
    library = {
        "@id": _LIBRARY,
        "@type": "Organization",
        "name": settings.publisher or settings.organisation or "(library not named)",
        "url": settings.homepage,
    }
    if not settings.contact:
        return [library]
    contact = {
        "@id": _CONTACT,
        "@type": "ContactPoint",
        "contactType": "whom to ask",
        "name": settings.contact,
        "email": settings.contact if "@" in settings.contact else "",
    }
    return [{**library, "contactPoint": _ref(_CONTACT)}, contact]


def _model(settings: ExportSettings) -> dict[str, Any]:
    model = settings.model
    return {
        "@id": _MODEL,
        "@type": "SoftwareApplication",
        "name": model.name if model.made_here else "(model unknown)",
        "version": model.version or "(version not stated)",
        "description": (
            "The model that predicted the labels; its confidences are "
            if model.made_here
            else f"Whatever made the predictions {model.name} elsewhere; their confidences are "
        )
        + ("calibrated probabilities." if model.calibrated else "not calibrated."),
        # A URL is asked for: where the model's run is described.
        "url": settings.homepage or settings.run_uri,
        "identifier": f"sha256:{model.sha256}" if model.sha256 else "",
    }


def _input(name: str, input_file: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "@id": name,
        "@type": "CreativeWork",  # a File would be looked for in the crate
        "name": str(input_file.get("name", "catalogue file")),
        "description": "A file that was read; it is not in this export.",
        "identifier": f"sha256:{input_file['sha256']}" if input_file.get("sha256") else "",
        "url": str(input_file.get("uri") or ""),
    }


def _file(written: WrittenFile) -> dict[str, Any]:
    return {
        "@id": _file_id(written.name),
        "@type": "File",
        "name": written.name,
        "description": written.about,
        "encodingFormat": written.media_type,
        "contentSize": str(written.bytes),
        "sha256": written.sha256,
    }


# --- A folder that `datasets` loads as it is: one Parquet file and a README with its front matter ---------------------


_SIZES: Final = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
)
_LICENCES: Final = {"CC0-1.0": "cc0-1.0", "CC-BY-4.0": "cc-by-4.0", "CC-BY-SA-4.0": "cc-by-sa-4.0"}


def write_huggingface(table: ExportTable, package: Package) -> None:
    """Write ``huggingface/README.md`` and ``huggingface/data/train-00000-of-00001.parquet``."""
    name = "huggingface/data/train-00000-of-00001.parquet"
    count = write_parquet(package.path(name), table.flat(table.accepted), table.columns(), table.settings)
    about = "the accepted labels, as `datasets` loads them"
    package.add(name, "huggingface", "application/vnd.apache.parquet", about, count)
    text = (
        f"---\n{front_matter(table)}---\n\n# {inline(title(table))}\n\n"
        f"{count:,} records with a label. {inline(how_assigned(table))}"
        " Do not train on machine labels as if people had given them."
        " Identifiers are text. The columns are described in the file itself; settings, counts and measured quality are"
        " in the manifest.json of the export this folder comes from.\n"
    )
    package.write_text("huggingface/README.md", text, "huggingface", "text/markdown", "dataset card of the folder")


def front_matter(table: ExportTable) -> str:
    """Return the YAML front matter (without the lines of dashes)."""
    from huggingface_hub import DatasetCardData

    settings = table.settings
    count = len(table.accepted)
    by_people = (table.decisions["pred_decision"] == CURATOR).any()
    licence = _LICENCES.get(settings.licence)
    card_data: dict[str, Any] = {"license": licence or "other"}
    if licence is None:
        card_data |= {"license_name": settings.licence, "license_link": settings.licence_uri}
    languages = _languages(table)
    if languages:
        card_data["language"] = languages
    card_data |= {
        "pretty_name": title(table),
        "annotations_creators": [*(["expert-generated"] if by_people else []), "machine-generated"],
        "task_categories": ["text-classification"],
        "size_categories": [next((name for limit, name in _SIZES if count < limit), "10M<n<100M")],
        "source_datasets": ["original"],
        "tags": ["lam", "glam", "bibliographic-metadata"],
        "configs": [
            {"config_name": "default", "data_files": [{"split": "train", "path": "data/train-00000-of-00001.parquet"}]}
        ],
    }
    return f"{DatasetCardData(**card_data).to_yaml()}\n"


def _languages(table: ExportTable) -> list[str]:
    """Return the ISO codes of the languages that the export says it holds, or that its records have, sorted."""
    import pycountry

    names = table.settings.languages or tuple(table.records["language"].iloc[table.accepted].unique())
    codes = set()
    for name in names:
        language = pycountry.languages.get(name=name) if name else None
        if language is not None:
            codes.add(getattr(language, "alpha_2", language.alpha_3))
    return sorted(codes)
