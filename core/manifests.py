"""What the manifests of a workspace say, as typed records; and whether a thing can be used.

One reader for every version: what an earlier Colophon wrote by other words is put into those of today when it is read
(see :class:`Record`). The JSON keys are the names of the fields. A key that no field has is kept and written back.

What is looked at when a thing is opened is quick, since every page asks it of everything: the types in the manifest (of
a model also in ``metrics.json``), and for each table that it is there, begins and ends as a Parquet file does. That the
content is what it was when it was saved is asked by ``colophon doctor``, which compares SHA-256.
"""

import hashlib
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.errors import DamagedError, InputError
from core.formatting import json_text, read_json
from core.schema import TITLE

__all__ = [
    "MANIFEST",
    "SCHEMA_VERSION",
    "AddedDecisions",
    "BaseRecord",
    "Bases",
    "CalibrationError",
    "ClassRates",
    "CombinedPart",
    "LabelManifest",
    "LeakRecord",
    "Manifest",
    "MeasuredPart",
    "ModelManifest",
    "ModelMetrics",
    "PlanRecord",
    "PredictionManifest",
    "Rate",
    "Record",
    "SourceFile",
    "Texts",
    "matches_seal",
    "open_manifest",
    "parse_manifest",
    "read_metrics",
    "sealed",
]

MANIFEST: Final = "manifest.json"
_METRICS: Final = "metrics.json"
# Raised when an older Colophon would misread what is written now. Version 1 did not say its number.
SCHEMA_VERSION: Final = 2
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
    "tuple_type": "a list",
}

# JSON has lists, a frozen record tuples; what is in them is as strict as elsewhere.
Texts = Annotated[tuple[str, ...], Field(strict=False)]


class Record(BaseModel):
    """A JSON object of known types. Frozen; what no field names is kept."""

    model_config = ConfigDict(strict=True, extra="allow", frozen=True, protected_namespaces=())

    @classmethod
    def parse(cls, content: Mapping[str, Any], file: str = f"its {MANIFEST}") -> Self:
        """Return the record that a JSON object says, in the words of today.

        Parameters
        ----------
        file : str
            How the file is named in the message.

        Raises
        ------
        InputError
            A needed key is missing, a value is of another type, or a newer Colophon wrote it; as part of a sentence.
        """
        version = content.get("schema_version", 1)
        if isinstance(version, int) and version > SCHEMA_VERSION:
            raise InputError(
                f"{file} was written by a newer Colophon (schema {version}; this version reads up to {SCHEMA_VERSION})"
            )
        try:
            return cls.model_validate(dict(content))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(str(part)[:40] for part in first["loc"]) or "it"
            expected = _EXPECTED.get(first["type"])
            why = f"{expected} was expected" if expected else first["msg"].lower()
            what = "is missing" if first["type"] == "missing" else f"is not what it should be ({why})"
            raise InputError(f"in {file}, '{where}' {what}") from error

    def as_dict(self) -> dict[str, Any]:
        """Return what was read or given, unknown keys too, JSON-able; no default is added."""
        return self.model_dump(mode="json", exclude_unset=True)


class BaseRecord(Record):
    """A pre-trained language model that a model is built on.

    Attributes
    ----------
    name : str
        As people speak of it, or as the Hugging Face Hub does; of a folder no more than its last two names.
    licence : str
        As its makers state it; '' where they do not.
    version : str
        Of the package that carries it; '' where none does.
    sha256 : str
        Of the file of its weights in that package; '' where none carries it.
    """

    name: str
    licence: str = ""
    version: str = ""
    sha256: str = ""


Bases = Annotated[tuple[BaseRecord, ...] | None, Field(strict=False)]


class SourceFile(Record):
    """A file that records were read from; '' or None where it is not known."""

    name: str | None = None
    sha256: str | None = None


class Manifest(Record):
    """What is known of any thing of the workspace; of a corpus, all.

    Attributes
    ----------
    kind : str
        Folder it is kept in ('corpora', 'labels', …); of a model, its kind.
    fingerprint : str
        Digest of what it was made from: the name of its folder.
    created_at : str
        UTC, ISO 8601, to the second; '' where an early version did not say.
    created_by : str
        Who made it or brought it in; '' where nobody gave a name. It stays in the workspace.
    schema_version : int
        Of the file; 1 where it names none.
    contents : mapping, optional
        File → SHA-256 when it was saved. None: saved before this was written down.
    seal : str
        SHA-256 of all else in the manifest; '' where it was saved before there were seals.
    invented : bool
        Whether its records are those of the demonstration.
    rows, source_rows, rejected : int, optional
        Records it holds; rows of its file; rows that could not be taken. None where there was no file.
    file, file_sha256, format, encoding, delimiter : str
        The file it was read from, and how; '' where it was made here.
    mapping : mapping
        Header in the file → what it was read as.
    reasons, questions, warnings : tuple of str
        Sentences on what was guessed, what a person is asked, what they must know.
    classes_given : mapping
        Class name in the file → class that a person said it means.
    import_version : int
        Of the normalisation; the last that did not say its number was 3.
    pulled_from, pulled_at : str
        Of a model or export that was fetched: the folder, zip or Hub address, and when; '' where it was made here.
    summary : mapping
        What was counted at import or when it was made: ``rows``, ``books``, ``classes``, ``predicted``, ``with_truth``
        and others, as the report of the import has them.
    """

    kind: str = ""
    fingerprint: str
    created_at: str = ""
    created_by: str = ""
    schema_version: int = 1
    contents: dict[str, str] | None = None
    seal: str = ""
    invented: bool = False
    rows: int | None = None
    source_rows: int | None = None
    rejected: int | None = None
    file: str = ""
    file_sha256: str = ""
    format: str = ""
    encoding: str = ""
    delimiter: str = ""
    mapping: dict[str, str] = {}
    reasons: Texts = ()
    questions: Texts = ()
    warnings: Texts = ()
    classes_given: dict[str, str] = {}
    import_version: int = 3
    pulled_from: str = ""
    pulled_at: str = ""
    summary: dict[str, Any] = {}

    @property
    def source_file(self) -> SourceFile:
        """The file it was read from."""
        return SourceFile(name=self.file, sha256=self.file_sha256)

    def as_dict(self) -> dict[str, Any]:
        """Return what was read or given, unknown keys too, JSON-able, as the schema of today."""
        return super().as_dict() | {"schema_version": SCHEMA_VERSION}


class LabelManifest(Manifest):
    """What is known of a label set.

    Attributes
    ----------
    classes : tuple of str
        Sorted.
    source : str
        'function' where rules (labelling functions) gave the labels; '' where a file did.
    checked_against : str
        Of labels by functions: name of the label set they were checked against; '' for none.
    functions : tuple of mapping
        Of labels by functions: ``name`` and figures of each.
    left_out : mapping
        Of a copy without some labels: which, how many, and of which label set.
    added : AddedDecisions, optional
        Of a copy to which decisions of people were added.
    """

    classes: Texts = ()
    source: str = ""
    checked_against: str = ""
    functions: Annotated[tuple[dict[str, Any], ...], Field(strict=False)] = ()
    left_out: dict[str, Any] = {}
    added: "AddedDecisions | None" = None

    @property
    def by_rules(self) -> bool:
        """Whether rules (labelling functions) gave the labels, not people."""
        return self.source == "function"


class AddedDecisions(Record):
    """What was added to a label set when a model was trained again.

    Attributes
    ----------
    to : str
        Fingerprint of the label set that the model had learned from.
    labels : str
        Fingerprint of the label set that people's decisions became.
    predictions : str
        Fingerprint of the predictions that people decided about.
    books, replaced : int
        Books with a usable label that were added; of these, those whose earlier label no longer holds.
    """

    to: str
    labels: str
    predictions: str
    books: int
    replaced: int


class PredictionManifest(Manifest):
    """What is known of a set of predictions.

    Attributes
    ----------
    classes : tuple of str
        Sorted.
    corpus, corpus_name : str, optional
        Fingerprint and name of the corpus they were made for; None or '' where they were made elsewhere.
    labels : str, optional
        Name of the label set they are checked against unless another is named; None or '' for none.
    model, model_fingerprint, model_kind, model_sha256 : str
        The model of this workspace that made them, and the SHA-256 of its weights; '' where made elsewhere.
    trained_on : str
        Fingerprint of the labels that model learned from.
    calibrated : bool
    calibration : str
        Method; '' where it is not known.
    reads : tuple of str
        Columns that the model read beside the title.
    held_out, untitled, too_long, without_columns : int, optional
        Records with out-of-fold probabilities; without a title; with one that is longer than the model reads; with
        nothing in the columns of `reads`. None where made elsewhere.
    engine : str
        'local' or 'ray'; '' where made elsewhere.
    seconds : float, optional
        That scoring took.
    input_columns : tuple of str
        All columns that it read, the title first; empty where nobody knows. Version 1 may have ``reads`` alone, and
        calls ``too_long`` ``cut``.
    facet, features : str
        The learned facet whose scores these are, and what it was learned on ('embeddings', 'words'); '' of others.
    negative_class : str
        Of a learned facet: the class of the books that do not belong to it, such as 'not travel'; '' of others.
    parts : tuple of CombinedPart
        Of predictions put together from those of two models: both, the one that is asked first at the beginning. What
        is said above of one model is then said there, of each.
    """

    classes: Texts = ()
    corpus: str | None = None
    corpus_name: str = ""
    labels: str | None = None
    model: str = ""
    model_fingerprint: str = ""
    model_kind: str = ""
    model_sha256: str = ""
    trained_on: str = ""
    calibrated: bool = False
    calibration: str = ""
    held_out: int | None = None
    untitled: int | None = None
    too_long: int | None = None
    without_columns: int | None = None
    engine: str = ""
    seconds: int | float | None = None
    reads: Texts = ()
    input_columns: Texts = ()
    bases: Bases = None
    facet: str = ""
    features: str = ""
    negative_class: str = ""
    parts: Annotated[tuple["CombinedPart", ...], Field(strict=False)] = ()

    @model_validator(mode="before")
    @classmethod
    def _upgrade(cls, content: Any) -> Any:
        if "cut" in content and "too_long" not in content:
            content = {("too_long" if key == "cut" else key): value for key, value in content.items()}
        if (facet := content.get("facet")) and "negative_class" not in content:  # as it was called before it was kept
            content = {**content, "negative_class": f"not {facet}"}
        return _with_input_columns(content) if content.get("model_fingerprint") else content


class CombinedPart(Record):
    """One of the predictions that others were put together from, as it was then: it may be renamed or removed since.

    Attributes
    ----------
    name : str
        As it was called; the rows that are of it have it in ``predicted_by``.
    cut : float
        Above this confidence, 0 to 1, it decides.
    decided : int
        Records that it decides.
    predictions : PredictionManifest
        What is known of it and of its model.
    """

    name: str
    cut: float
    decided: int
    predictions: PredictionManifest


PredictionManifest.model_rebuild()


class PlanRecord(Record):
    """The settings of a training, as :class:`core.models.fitting.Plan` has them.

    ``options`` are those of the kind, ``shares`` those of the parts (0 to 1).
    """

    options: dict[str, Any] = {}
    shares: dict[str, float] | None = None
    seed: int = 0
    calibration: str = "temperature"
    folds: int | None = None
    refit: bool = True


class LeakRecord(Record):
    """What a model's books share with other sets, in sentences."""

    sentences: Texts = ()


class ModelManifest(Manifest):
    """What is known of a trained model without loading it.

    Attributes
    ----------
    model_kind : str
        See :data:`core.models.KINDS`.
    classes : tuple of str
        Sorted.
    files : mapping
        File → SHA-256: all that a model is made of, checked whenever it is loaded.
    weights_sha256 : str
        Over the files its answers depend on; '' in version 1.
    labels, labels_fingerprint : str
        The label set it learned from, as it was called then; '' where it is not known.
    labels_source : str, optional
        'person' or 'function'. None: trained before this was written down.
    reads : tuple of str
        Columns that it reads beside the title.
    bases : tuple of BaseRecord, optional
        The language models it is built on; empty where it needs none. None: trained before this was written down.
    input_columns : tuple of str
        All columns that it reads, the title first; version 1 may have ``reads`` alone.
    excluded : tuple of str
        Names of the sets whose books were not learned from.
    weak, calibrate_on, corpus : str
        Names of the labels by functions that were learned from too, of the label set it was calibrated on, and of the
        corpus that titles were looked up in; '' for none. As they were called then.
    least : int
        Classes with fewer different titles were left out.
    sentences : tuple of str
        What a reader must know of the training.
    plan, leak : record, optional
    n_train, n_weak : int, optional
        Books that people labelled, and labels by functions, that it learned from.
    seconds : float, optional
        That the training took.
    device, calibration : str
        Where it was trained; method of the calibration.
    seed : int, optional
    refit : bool
        Whether it learned again from all books after the test.
    """

    model_kind: str
    classes: Texts
    files: dict[str, str]
    weights_sha256: str = ""
    labels: str = ""
    labels_fingerprint: str = ""
    labels_source: str | None = None
    reads: Texts = ()
    input_columns: Texts = ()
    bases: Bases = None
    excluded: Texts = ()
    weak: str = ""
    calibrate_on: str = ""
    corpus: str = ""
    least: int = 0
    sentences: Texts = ()
    plan: PlanRecord | None = None
    leak: LeakRecord | None = None
    n_train: int | None = None
    n_weak: int | None = None
    seconds: int | float | None = None
    device: str = ""
    calibration: str = ""
    seed: int | None = None
    refit: bool = False

    @model_validator(mode="before")
    @classmethod
    def _upgrade(cls, content: Any) -> Any:
        return _with_input_columns(content)


def _with_input_columns(content: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the manifest of a model or of its predictions in which version 1 named the columns beside the title."""
    reads = content.get("reads") or ()
    if content.get("input_columns") or not isinstance(reads, list | tuple):
        return content
    return {**content, "input_columns": [TITLE, *reads]}


class _Measured(Record):
    """Part of ``metrics.json``, where what is undefined is null: it is left to the default."""

    @model_validator(mode="before")
    @classmethod
    def _without_null(cls, content: Any) -> Any:
        return {k: v for k, v in content.items() if v is not None} if isinstance(content, Mapping) else content


class Rate(_Measured):
    """A measured rate (0 to 1; NaN where undefined) with its 95 % interval over n books, and by which method."""

    value: float = math.nan
    low: float = math.nan
    high: float = math.nan
    n: int = 0
    method: str = ""

    @property
    def defined(self) -> bool:
        """Whether there is a rate with an interval; below 10 books there is none."""
        return all(map(math.isfinite, (self.value, self.low, self.high)))


class ClassRates(_Measured):
    """The rates of one class."""

    precision: Rate = Rate()
    recall: Rate = Rate()
    f1: Rate = Rate()


class CalibrationError(_Measured):
    """Expected calibration error (0 to 1; NaN where undefined), also before calibration."""

    ece: float = math.nan
    ece_uncalibrated: float = math.nan


class MeasuredPart(_Measured):
    """What was measured on n books; ``confusion``: class given by people → class of the model → books."""

    n: int = 0
    accuracy: Rate = Rate()
    macro_f1: Rate = Rate()
    per_class: dict[str, ClassRates] = {}
    calibration: CalibrationError = CalibrationError()
    confusion: dict[str, dict[str, int]] = {}


class ModelMetrics(_Measured):
    """A model's ``metrics.json``; see :func:`core.models.training.measure` for the parts. Without books: n is 0."""

    test: MeasuredPart = MeasuredPart()
    out_of_fold: MeasuredPart = MeasuredPart()
    titles_alone: MeasuredPart = MeasuredPart()


# --- Reading, and whether a thing can be used -------------------------------------------------------------------------


_RECORDS: Final[Mapping[str, type[Manifest]]] = {
    "labels": LabelManifest,
    "predictions": PredictionManifest,
    "models": ModelManifest,
}


def parse_manifest(kind: str, content: Mapping[str, Any]) -> Manifest:
    """Return the manifest of a thing of this kind; see :meth:`Record.parse`."""
    return _RECORDS.get(kind, Manifest).parse(content)


def open_manifest(kind: str, home: Path, name: str = "") -> Manifest:
    """Return the manifest of the thing in a folder, after a quick look at whether it can be used.

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
        manifest = parse_manifest(kind, _read(home / MANIFEST))
        if kind == "models":
            read_metrics(home)
        else:
            _check_tables(home, _NEEDED.get(kind, ()) if manifest.contents is None else tuple(manifest.contents))
    except InputError as error:
        raise DamagedError(kind, name or home.name, str(error), _REPAIR_HINTS.get(kind, "")) from error
    return manifest


def read_metrics(home: Path) -> ModelMetrics:
    """Return what was measured on books that the model in a folder did not see.

    Raises
    ------
    InputError
        Its ``metrics.json`` is missing or has another shape; as part of a sentence.
    """
    return ModelMetrics.parse(_read(home / _METRICS), f"its {_METRICS}")


def sealed(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a manifest shall say with its seal: the SHA-256 of all else in it."""
    return {**content, "seal": _seal_of(content)}


def matches_seal(content: Mapping[str, Any]) -> bool:
    """Say whether a manifest, as it was written, is as it was sealed; one from before there were seals is taken."""
    return "seal" not in content or content["seal"] == _seal_of(content)


def _seal_of(content: Mapping[str, Any]) -> str:
    rest = {key: value for key, value in sorted(content.items()) if key != "seal"}
    return hashlib.sha256(json_text(rest, indent=None).encode()).hexdigest()


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


def _check_tables(home: Path, names: tuple[str, ...]) -> None:
    for name in names:
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
