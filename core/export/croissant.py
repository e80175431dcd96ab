"""croissant.json: the Parquet file as a data set for machine learning (MLCommons Croissant 1.0, 2024)."""

import json
from typing import Any, Final

from core.export.columns import plain_names
from core.export.files import Package, WrittenFile
from core.export.readme import title
from core.export.table import ExportTable
from core.export.wording import how_assigned
from core.schema import RECORD_ID

__all__ = ["croissant", "write_croissant"]

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
