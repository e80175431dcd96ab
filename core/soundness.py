"""Whether a thing of the workspace can be used: its manifest has the shape of its kind, and its tables are whole.

What is looked at here is quick, since every page asks it of everything: the shape of the manifest (of a model also of
``metrics.json``), and for each table that it is there, begins and ends as a Parquet file does. That the content is what
it was when it was saved is asked by ``colophon doctor``, which compares SHA-256.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, ValidationError

from core.errors import DamagedError, InputError
from core.text_formats import json_text, read_json

__all__ = [
    "CONTENTS",
    "MANIFEST",
    "SEAL",
    "check_artifact",
    "check_manifest",
    "check_metrics",
    "matches_seal",
    "seal_of",
]

MANIFEST: Final = "manifest.json"
SEAL: Final = "seal"  # the manifest's own checksum, in the manifest
CONTENTS: Final = "contents"  # file → SHA-256, in the manifest
_LIMIT: Final = 50_000_000  # bytes
_MAGIC: Final = b"PAR1"
_NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "corpora": ("records.parquet",),
    "labels": ("records.parquet", "labels.parquet"),
    "predictions": ("predictions.parquet",),
}
_REPAIR_HINTS: Final[Mapping[str, str]] = {
    "corpora": "Import its file again, or remove it.",
    "labels": "Import its file again, or remove it.",
    "predictions": "Make or import it again, or remove it.",
    "models": "Train or fetch it again, or remove it.",
    "exports": "Bring it in again, or remove it.",
}


class _Shape(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow", protected_namespaces=())


class _ArtifactShape(_Shape):
    """What the manifest of every kind may say, each of its type."""

    fingerprint: str
    created_at: str = ""
    invented: bool = False
    file: str = ""
    format: str = ""
    encoding: str = ""
    rows: int | None = None
    rejected: int | None = None
    mapping: dict[str, str] = {}
    reasons: list[str] = []
    questions: list[str] = []
    warnings: list[str] = []
    summary: dict[str, Any] = {}
    contents: dict[str, str] = {}


class _Labels(_ArtifactShape):
    classes: list[str] = []
    source: str = ""


class _Predictions(_ArtifactShape):
    classes: list[str] = []
    corpus: str | None = None
    labels: str | None = None
    model: str = ""
    model_fingerprint: str = ""
    trained_on: str = ""
    calibrated: bool = False


class _Plan(_Shape):
    options: dict[str, Any] = {}
    shares: dict[str, float] | None = None


class _Leak(_Shape):
    sentences: list[str] = []


class _Model(_ArtifactShape):
    model_kind: str
    classes: list[str]
    files: dict[str, str]
    labels: str = ""
    labels_fingerprint: str = ""
    reads: list[str] = []
    excluded: list[str] = []
    sentences: list[str] = []
    plan: _Plan | None = None
    leak: _Leak | None = None
    n_train: int | None = None
    n_weak: int | None = None
    seconds: float | None = None


class _Rate(_Shape):
    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int | None = None


class _ClassRates(_Shape):
    precision: _Rate | None = None
    recall: _Rate | None = None
    f1: _Rate | None = None


class _CalibrationErrorShape(_Shape):
    ece: float | None = None
    ece_uncalibrated: float | None = None


class _Measured(_Shape):
    n: int | None = None
    accuracy: _Rate | None = None
    macro_f1: _Rate | None = None
    per_class: dict[str, _ClassRates] | None = None
    calibration: _CalibrationErrorShape | None = None
    confusion: dict[str, dict[str, int]] | None = None


class _Metrics(_Shape):
    test: _Measured | None = None
    out_of_fold: _Measured | None = None
    titles_alone: _Measured | None = None


_SHAPES: Final[Mapping[str, type[_ArtifactShape]]] = {"labels": _Labels, "predictions": _Predictions, "models": _Model}


def check_artifact(kind: str, home: Path, name: str = "") -> dict[str, Any]:
    """Return the manifest of the thing in a folder.

    Parameters
    ----------
    kind : str
        'corpora', 'labels', 'predictions', 'models' or 'exports'.
    name : str, optional
        How it is called in the message; else its folder's name.

    Raises
    ------
    DamagedError
        Its manifest or a table is missing, cut short or of another shape. The files of a model are checked when it is
        loaded, but for ``metrics.json``, which is shown before.
    """
    try:
        manifest = _read(home / MANIFEST)
        check_manifest(kind, manifest)
        if kind == "models":
            check_metrics(_read(home / "metrics.json"))
        else:
            _check_tables(home, manifest, _NEEDED.get(kind, ()))
    except InputError as error:
        raise DamagedError(kind, name or home.name, str(error), _REPAIR_HINTS.get(kind, "")) from error
    return manifest


def check_manifest(kind: str, manifest: Mapping[str, Any]) -> None:
    """Check that a manifest has the shape of its kind.

    Raises
    ------
    InputError
        It lacks what it needs, or something in it is of another type; as part of a sentence that names it.
    """
    _fit(_SHAPES.get(kind, _ArtifactShape), manifest, MANIFEST)


def check_metrics(metrics: Mapping[str, Any]) -> None:
    """Check that a model's ``metrics.json`` has the shape that pages and cards read; see :func:`check_manifest`."""
    _fit(_Metrics, metrics, "metrics.json")


def seal_of(manifest: Mapping[str, Any]) -> str:
    """Return the SHA-256 of what a manifest says, its own seal left out."""
    content = {key: value for key, value in sorted(manifest.items()) if key != SEAL}
    return hashlib.sha256(json_text(content, indent=None).encode()).hexdigest()


def matches_seal(manifest: Mapping[str, Any]) -> bool:
    """Say whether a manifest is as it was sealed; one that was written before there were seals is taken as it is."""
    return SEAL not in manifest or manifest[SEAL] == seal_of(manifest)


def _read(path: Path) -> dict[str, Any]:
    try:
        size = path.stat().st_size
    except OSError:
        raise InputError(f"its {path.name} is missing") from None
    if not size:
        raise InputError(f"its {path.name} is empty")
    if size > _LIMIT:
        raise InputError(f"its {path.name} has {size:,} bytes, too many for what it is")
    try:
        return read_json(path)
    except InputError:
        raise InputError(f"its {path.name} is no JSON object") from None


# pydantic's own words for these speak of Python.
_EXPECTED: Final[Mapping[str, str]] = {
    "bool_type": "true or false",
    "dict_type": "an object",
    "float_type": "a number",
    "int_type": "a whole number",
    "list_type": "a list",
    "model_attributes_type": "an object",
    "model_type": "an object",
    "string_type": "text",
}


def _fit(shape: type[BaseModel], content: Mapping[str, Any], file: str) -> None:
    try:
        shape.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part)[:40] for part in first["loc"]) or "it"
        expected = _EXPECTED.get(first["type"])
        why = f"{expected} was expected" if expected else first["msg"].lower()
        what = "is missing" if first["type"] == "missing" else f"is not what it should be ({why})"
        raise InputError(f"in its {file}, '{where}' {what}") from error


def _check_tables(home: Path, manifest: Mapping[str, Any], needed: tuple[str, ...]) -> None:
    listed = manifest.get(CONTENTS)
    for name in dict.fromkeys([*(listed if listed is not None else needed)]):
        path = home / name
        if not path.is_file():
            raise InputError(f"its {name} is missing")
        if name.endswith(".parquet") and not _is_whole(path):
            raise InputError(f"its {name} is cut short or no Parquet file")


def _is_whole(path: Path) -> bool:
    """Say whether a file begins and ends as a Parquet file does: its end holds the list of what is in it."""
    try:
        with path.open("rb") as stream:
            begins = stream.read(4)
            stream.seek(-8, 2)
            tail = stream.read(8)
            size = stream.tell()
    except OSError:
        return False
    return begins == tail[4:] == _MAGIC and 0 < int.from_bytes(tail[:4], "little") <= size - 12
