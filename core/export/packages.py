"""What describes the flat files: CSV on the Web, Data Package, Croissant, and a folder that `datasets` loads."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from core.export.decisions import CURATOR
from core.export.formats import FormatWriter, Package, WrittenFile
from core.export.sentences import ExportSummary
from core.export.settings import RECORD_URN, InputFile, identifier_pattern
from core.export.table import Column, ExportTable, plain_names
from core.export.tabular import PARQUET_MEDIA, FlatFormat, write_parquet
from core.export.validation import CSVWVALIDATE, FRICTIONLESS, MLCROISSANT, read_parquet_labels
from core.formatting import inline
from core.schema import RECORD_ID
from core.storage import plain_slug

__all__ = [
    "CroissantFormat",
    "CsvwFormat",
    "DataPackageFormat",
    "HuggingFaceFormat",
    "croissant",
    "csvw_metadata",
    "datapackage",
    "front_matter",
]

# --- CSV on the Web metadata (W3C, "Metadata Vocabulary for Tabular Data", 2015) --------------------------------------


class CsvwFormat(FormatWriter):
    """What the columns of each CSV in ``data/`` mean."""

    tools = (CSVWVALIDATE,)

    def write(self, table: ExportTable, package: Package, summary: ExportSummary) -> Sequence[str]:
        """Write the metadata beside each CSV."""
        for name in ("accepted", "all-scores"):
            text = _json(csvw_metadata(table, f"{name}.csv", table.columns()))
            path = f"data/{name}.csv-metadata.json"
            package.write_text(path, text, "csvw", "application/csvm+json", f"what the columns of {name}.csv mean")
        return []


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


# --- datapackage.json: the files of an export as a Data Package, version 2 (datapackage.org, 2024) --------------------


_PROFILE = "https://datapackage.org/profiles/2.0"
_TABLES = ("data/accepted.csv", "data/all-scores.csv")


class DataPackageFormat(FormatWriter):
    """Every file written so far, as a Data Package."""

    tools = (FRICTIONLESS,)

    def write(self, table: ExportTable, package: Package, summary: ExportSummary) -> Sequence[str]:
        """Write ``datapackage.json``."""
        text = _json(datapackage(table, summary, package.files))
        about = "the files as a Data Package: frictionless validate datapackage.json"
        package.write_text("datapackage.json", text, "datapackage", "application/json", about)
        return []


def _processes(table: ExportTable) -> list[str]:
    """Return the models that decided: name and version."""
    return [model.process for each in table.each for model in each.settings.model.each]


def _confidence_in_words(table: ExportTable) -> str:
    words = []
    for each in table.each:
        model = each.settings.model
        word = "a calibrated probability" if model.calibrated else "an uncalibrated score"
        if model.calibrated_in_part:
            word = "a calibrated probability of one of the two models, an uncalibrated score of the other"
        words.append(f"{word} for the labels of {each.name}" if table.also else word)
    return "; ".join(words)


def datapackage(table: ExportTable, summary: ExportSummary, files: Sequence[WrittenFile]) -> dict[str, Any]:
    """Return the descriptor. CSV files with our columns are tables with a schema; all others are files."""
    settings = table.settings
    package: dict[str, Any] = {
        "$schema": f"{_PROFILE}/datapackage.json",
        "name": plain_slug(settings.folder),
        "id": settings.run_uri,
        "title": summary.title,
        "description": settings.description or summary.assigned,
        "version": settings.version,
        "created": settings.exported_at,
        "keywords": table.keywords,
        "licenses": [{"name": settings.licence, "path": settings.licence_uri}],
        "contributors": [
            {"title": settings.publisher or "(library not named)", "roles": ["publisher"]},
            *({"title": name, "roles": ["creator"]} for name in _processes(table)),
        ],
        "sources": [_source(input_file) for input_file in table.inputs],
        "resources": [_resource(table, written) for written in files],
    }
    if settings.homepage:
        package["homepage"] = settings.homepage
    return {key: value for key, value in package.items() if value not in ("", [], None)}


def _source(input_file: InputFile) -> dict[str, str]:
    source = {"title": input_file.name}
    if input_file.uri:
        source["path"] = input_file.uri
    if input_file.sha256:
        source["version"] = f"sha256:{input_file.sha256}"
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
        # The files for review of a further set of labels are in a folder of their own.
        whose = {f"review/{plain_slug(other.name)}": other for other in table.also}
        columns = whose.get(written.name.rpartition("/")[0], table).columns(suggested=suggested)
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


class CroissantFormat(FormatWriter):
    """The Parquet file of accepted labels (from a CSV, loaders would drop leading zeros of identifiers)."""

    tools = (MLCROISSANT,)

    def write(self, table: ExportTable, package: Package, summary: ExportSummary) -> Sequence[str]:
        """Write ``croissant.json``."""
        written = package.find(_FILE)
        if written is None:
            raise ValueError("Croissant describes the Parquet file, which must be written first.")
        about = "the Parquet file as a data set for machine learning"
        text = _json(croissant(table, summary, written))
        package.write_text("croissant.json", text, "croissant", "application/ld+json", about)
        return []


def croissant(table: ExportTable, summary: ExportSummary, written: WrittenFile) -> dict[str, Any]:
    """Return the descriptor of the accepted labels."""
    settings = table.settings
    publisher = settings.publisher or "(library not named)"
    columns = table.columns()
    key = plain_names(columns)[[column.name for column in columns].index(RECORD_ID)]
    confidence = _confidence_in_words(table)
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": settings.folder,
        "description": settings.description or f"{summary.title}. {summary.assigned}",
        "license": settings.licence_uri,
        "url": settings.homepage or settings.run_uri,
        "creator": {"@type": "sc:Organization", "name": publisher},
        "publisher": {"@type": "sc:Organization", "name": publisher},
        "citeAs": f"{publisher}. {summary.title}. {settings.exported_at[:4]}. {settings.run_uri}",
        "version": settings.version,
        "datePublished": settings.exported_at[:10],
        "inLanguage": "en",
        "rai:dataAnnotationProtocol": (
            f"{summary.assigned} The confidence is {confidence}. No machine label was added where a label of a"
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
                        "source": {"fileObject": {"@id": "accepted.parquet"}, "extract": {"column": column.name}},
                    }
                    for column, name in zip(columns, plain_names(columns), strict=True)
                ],
            }
        ],
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


_TRAIN: Final = "data/train-00000-of-00001.parquet"


class HuggingFaceFormat(FlatFormat):
    """A folder with one Parquet file and a dataset card."""

    readers = ((f"huggingface/{_TRAIN}", read_parquet_labels),)

    def write(self, table: ExportTable, package: Package, summary: ExportSummary) -> Sequence[str]:
        """Write the Parquet file and its card."""
        name = f"huggingface/{_TRAIN}"
        count = write_parquet(package.path(name), table.flat(table.accepted), table.columns(), table.settings)
        about = "the accepted labels, as `datasets` loads them"
        package.add(name, "huggingface", PARQUET_MEDIA, about, count)
        text = (
            f"---\n{front_matter(table, summary)}---\n\n# {inline(summary.title)}\n\n{count:,} records with a label."
            f" {inline(summary.assigned)} Do not train on machine labels as if people had given them. Identifiers are"
            " text. The columns are described in the file itself; settings, counts and measured quality are in the"
            " manifest.json of the export this folder comes from.\n"
        )
        package.write_text("huggingface/README.md", text, "huggingface", "text/markdown", "dataset card of the folder")
        return []


def front_matter(table: ExportTable, summary: ExportSummary) -> str:
    """Return the YAML front matter (without the lines of dashes)."""
    from huggingface_hub import DatasetCardData

    settings = table.settings
    count = len(table.accepted)
    by_people = any((each.decisions["pred_decision"] == CURATOR).any() for each in table.each)
    licence = _LICENCES.get(settings.licence)
    card_data: dict[str, Any] = {"license": licence or "other"}
    if licence is None:
        card_data |= {"license_name": settings.licence, "license_link": settings.licence_uri}
    languages = _languages(table)
    if languages:
        card_data["language"] = languages
    card_data |= {
        "pretty_name": summary.title,
        "annotations_creators": [*(["expert-generated"] if by_people else []), "machine-generated"],
        "task_categories": ["text-classification"],
        "size_categories": [next((name for limit, name in _SIZES if count < limit), "10M<n<100M")],
        "source_datasets": ["original"],
        "tags": ["lam", "glam", "bibliographic-metadata"],
        "configs": [{"config_name": "default", "data_files": [{"split": "train", "path": _TRAIN}]}],
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


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
