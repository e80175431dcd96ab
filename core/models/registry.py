"""Trained models on disk: complete or absent, verified when loaded, with provenance and what they were tested on.

What is known of a model is read from manifests alone, so that nothing has to be loaded.
"""

import functools
import hashlib
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.calibration import Calibration, apply_calibrations
from core.errors import InputError, ModelError
from core.formatting import json_text
from core.manifests import MANIFEST, ModelManifest, ModelMetrics, matches_seal, read_metrics
from core.models import KINDS, TitleClassifier, classifier_class
from core.progress import Progress, silent
from core.schema import ALTERNATE_ID, LABEL, RECORD_ID, SOURCE, SPLIT, TITLE, TITLE_KEY, probability_column
from core.storage import Workspace, digest, file_sha256, read_json, slug

__all__ = [
    "Model",
    "ModelDescription",
    "ModelTest",
    "describe",
    "import_pretrained",
    "labelled_by_rules",
    "list_models",
    "load",
    "load_folder",
    "model_test",
    "save",
    "training_books",
    "weights_digest",
    "weights_of",
]

# --- What a model can say of where it comes from ----------------------------------------------------------------------
# What it reads of a record, and the digest of its weights.


# Files of a model's folder that no answer depends on: what was measured, and the books it was made with.
NOT_WEIGHTS: Final = frozenset({"metrics.json", "training.parquet", "manifest.json", "README.md"})


def weights_of(files: Mapping[str, str]) -> dict[str, str]:
    """Return the files that the answers of a model depend on, sorted by path: numbers, rules, tokenizer, calibration.

    Parameters
    ----------
    files : mapping
        Path within the model's folder → SHA-256, as its manifest lists them.
    """
    return {name: files[name] for name in sorted(files) if name not in NOT_WEIGHTS}


def weights_digest(files: Mapping[str, str]) -> str:
    """Return one SHA-256 over all files of :func:`weights_of`; '' where there are none.

    It is that of the text ``sha256sum`` prints for these files, sorted by path: one line a file, the digest, two
    spaces, the path. So anybody who has the model can check it with two commands.

    >>> weights_digest({"metrics.json": "ab"})
    ''
    >>> weights_digest({"b": "22", "a": "11"}) == weights_digest({"a": "11", "b": "22", "metrics.json": "33"})
    True
    """
    lines = "".join(f"{sha256}  {name}\n" for name, sha256 in weights_of(files).items())
    return hashlib.sha256(lines.encode()).hexdigest() if lines else ""


# --- Trained models on disk -------------------------------------------------------------------------------------------
# One folder each, complete or absent, checked against its own list of SHA-256 when loaded.
# ================================  =====================================================================
# ``manifest.json``                 what was trained, on what, how, with which result; the files' SHA-256
# ``model.safetensors``, …          what the classifier needs (see its ``save``)
# ``calibration.json``              see :class:`core.calibration.Calibration`
# ``calibration-titles.json``       the same for titles alone, where the model reads further columns too
# ``metrics.json``                  measured on books the model did not see
# ``training.parquet``              the books it learned from, with their out-of-fold probabilities
# ================================  =====================================================================


CALIBRATION_FILE = "calibration.json"
TITLES_FILE = "calibration-titles.json"
METRICS_FILE = "metrics.json"
TRAINING_FILE = "training.parquet"
FOLDER: Final = "models"


@dataclass(frozen=True, kw_only=True)
class Model:
    """A classifier with its calibration, and what is known of how it was made. Read-only.

    Attributes
    ----------
    kind : str
        'tfidf', 'transformer'.
    classes : tuple of str
        Sorted.
    manifest : ModelManifest
        What was trained, on what, how.
    title_only_calibration : Calibration, optional
        For titles alone, where it reads further columns too.
    """

    name: str
    fingerprint: str
    kind: str
    classes: tuple[str, ...]
    classifier: TitleClassifier
    calibration: Calibration
    manifest: ModelManifest
    path: Path
    title_only_calibration: Calibration | None = None

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns it reads beside the title; see :mod:`core.model_input`."""
        return self.manifest.reads

    def probabilities(self, titles: Sequence[str], progress: Progress = silent) -> NDArray[np.float64]:
        """Return calibrated probabilities, shape (n, k); a title without any sign in it has none: its row is NaN.

        Parameters
        ----------
        titles : sequence of str
            Titles or, for a model that reads further columns, texts as :func:`core.model_input.join_fields` makes them.
        """
        scores = self.classifier.predict_probabilities(titles, progress)
        calibrated = apply_calibrations(self.calibration, self.title_only_calibration, titles, scores)
        blank = np.fromiter((not title.strip() for title in titles), dtype=bool, count=len(titles))
        calibrated[blank] = np.nan
        return calibrated

    def predict(self, titles: Sequence[str], progress: Progress = silent) -> pd.DataFrame:
        """Return calibrated probabilities as a table with one column ``p_<class>`` a class."""
        columns = [probability_column(name) for name in self.classes]
        return pd.DataFrame(self.probabilities(titles, progress), columns=columns)

    @functools.cached_property
    def training(self) -> pd.DataFrame:
        """The books it was made with; see :func:`training_books`."""
        return training_books(self.path)

    @property
    def metrics(self) -> ModelMetrics:
        """What was measured on books the model did not see."""
        return read_metrics(self.path)


def training_books(folder: Path) -> pd.DataFrame:
    """Return the books a saved model was made with, one row each.

    Columns ``record_id``, ``alternate_id``, ``title``, ``title_key``, ``label``, ``source`` ('person' or 'function'),
    ``split`` ('train', 'calibration', 'test'), ``fold``, ``learned`` (whether the final classifier learned from it),
    and ``p_<class>``: probabilities by a classifier and a calibration that did not see the book, NaN for weak labels.
    """
    return pd.read_parquet(folder / TRAINING_FILE)


def save(
    workspace: Workspace,
    name: str,
    classifier: TitleClassifier,
    calibration: Calibration,
    *,
    training: pd.DataFrame,
    metrics: Mapping[str, Any],
    facts: Mapping[str, Any],
    scratch: Path,
    title_only_calibration: Calibration | None = None,
) -> Model:
    """Keep a model in the workspace, completely or not at all.

    Parameters
    ----------
    training : DataFrame
        See :func:`training_books`.
    metrics, facts : mappings
        JSON-able; the facts go into the manifest.
    scratch : path
        An existing folder on the workspace's own drive, where the files are written before they are moved.

    Notes
    -----
    The fingerprint is a digest of the files' content: training again with the same result gives the same model. Where
    another model is called `name`, this one gets a number behind it: ask the model for its name.
    """
    beside = scratch / "model"
    beside.mkdir()
    try:
        classifier.save(beside)
        _write(beside / CALIBRATION_FILE, calibration.as_dict())
        if title_only_calibration is not None:
            _write(beside / TITLES_FILE, title_only_calibration.as_dict())
        _write(beside / METRICS_FILE, metrics)
        training.to_parquet(beside / TRAINING_FILE, index=False)
        files = {path.relative_to(beside).as_posix(): file_sha256(path) for path in _files(beside)}
        fingerprint = _fingerprint(classifier.kind, classifier.classes, files)

        def move(folder: Path) -> Mapping[str, Any]:
            for path in sorted(beside.iterdir()):
                path.rename(folder / path.name)
            return {
                **facts,
                "model_kind": classifier.kind,
                "classes": list(classifier.classes),
                "files": files,
                "weights_sha256": weights_digest(files),
            }

        # Never taken from another model, and never lost after minutes of work: the name gets a number then.
        called, _ = workspace.name_for(FOLDER, None, name, fingerprint)
        workspace.store(FOLDER, fingerprint, called, move)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    artifact = workspace.find(FOLDER, called)
    return Model(
        name=artifact.name,
        fingerprint=fingerprint,
        kind=classifier.kind,
        classes=classifier.classes,
        classifier=classifier,
        calibration=calibration,
        manifest=artifact.manifest,
        path=artifact.path,
        title_only_calibration=title_only_calibration,
    )


def load(workspace: Workspace, name: str) -> Model:
    """Return the model called `name` (or with this fingerprint), after checking that no file was altered.

    Raises
    ------
    NotFoundError
        With the names of the models that do exist.
    ModelError
        A file is missing or altered, or the kind of model is unknown.
    """
    fingerprint = workspace.fingerprint_of(FOLDER, name)
    if fingerprint is None:
        return load_folder(workspace.find(FOLDER, name).path, name=name)  # which says what there is
    return load_folder(workspace.root / FOLDER / fingerprint, name=name)


def load_folder(folder: Path, name: str = "") -> Model:
    """Return the model in a folder, wherever it is; see :func:`load`. Nothing in it is run: JSON and numbers only."""
    called = name or folder.name
    try:
        content = read_json(folder / MANIFEST)
        manifest = ModelManifest.parse(content)
    except InputError as error:
        raise ModelError(
            f"The model '{called}' has no complete manifest ({error}): fetch or train it again."
        ) from error
    kind, classes, files = manifest.model_kind, manifest.classes, manifest.files
    if kind not in KINDS:
        raise ModelError(f"The model '{called}' is of the kind '{kind}'; this version knows: {', '.join(KINDS)}.")
    _verify(folder, called, files)
    if _fingerprint(kind, classes, files) != manifest.fingerprint or not matches_seal(content):
        raise ModelError(
            f"The manifest of the model '{called}' was altered after it was saved: fetch or train it again."
        )
    try:
        read_metrics(folder)
    except InputError as error:
        raise ModelError(
            f"The model '{called}' is not as Colophon writes models: {error}. Nothing was taken."
        ) from error
    classifier = classifier_class(kind).load(folder)
    calibration = Calibration.from_dict(_json(folder / CALIBRATION_FILE))
    title_only_calibration = Calibration.from_dict(_json(folder / TITLES_FILE)) if TITLES_FILE in files else None
    if {classifier.classes, calibration.classes, (title_only_calibration or calibration).classes} != {classes}:
        raise ModelError(f"The files of the model '{called}' speak of different classes: fetch or train it again.")
    return Model(
        name=called,
        fingerprint=manifest.fingerprint,
        kind=kind,
        classes=classes,
        classifier=classifier,
        calibration=calibration,
        manifest=manifest,
        path=folder,
        title_only_calibration=title_only_calibration,
    )


@dataclass(frozen=True, kw_only=True)
class ModelTest:
    """The test part of a model.

    Attributes
    ----------
    labels : str
        Name of the label set it was cut from, as it was called when the model was trained.
    by_rules : bool
        Whether rules gave those labels. A model's figure is then how often it repeats the rules it learned from; it
        says nothing about how often it is right.
    n : int
        Books of the test part; 0 when there is none.
    key : str
        Equal for equal sets of books; '' when they are not known.
    """

    labels: str
    by_rules: bool
    n: int
    key: str

    @property
    def words(self) -> str:
        """Say it in a table."""
        if not self.n:
            return "nothing"
        return f"{self.n:,} books of {self.labels}" + (", labelled by rules" if self.by_rules else "")


@dataclass(frozen=True, kw_only=True)
class ModelDescription:
    """What is known of a model without loading it.

    Attributes
    ----------
    title : str
        Of its kind, in words.
    n_bytes : int
        Of all its files.
    """

    name: str
    fingerprint: str
    title: str
    n_bytes: int
    manifest: ModelManifest
    metrics: ModelMetrics
    tested_on: ModelTest


def list_models(workspace: Workspace) -> list[ModelDescription]:
    """Return what a table of models shows, the newest first, without loading any; see :func:`describe`.

    Models that cannot be read are left out: :meth:`core.storage.Workspace.unreadable` names them.
    """
    return [describe(workspace, artifact.name) for artifact in workspace.list(FOLDER)]


def describe(workspace: Workspace, name: str) -> ModelDescription:
    """Return what is known of a model without loading it.

    Raises
    ------
    DamagedError
        Its manifest or its metrics are missing or have another shape than Colophon writes.
    """
    artifact = workspace.find(FOLDER, name)
    kind, metrics = artifact.manifest.model_kind, read_metrics(artifact.path)
    return ModelDescription(
        name=artifact.name,
        fingerprint=artifact.fingerprint,
        title=KINDS[kind].title if kind in KINDS else kind,
        n_bytes=sum(path.stat().st_size for path in _files(artifact.path)),
        manifest=artifact.manifest,
        metrics=metrics,
        tested_on=model_test(workspace, artifact.manifest, metrics, artifact.path),
    )


def _fingerprint(kind: str, classes: Sequence[str], files: Mapping[str, str]) -> str:
    return digest("model", kind, list(classes), dict(files))


def _verify(folder: Path, called: str, files: Mapping[str, str]) -> None:
    """Check every file of the manifest; also that the manifest names what every model must have."""
    for needed in (CALIBRATION_FILE, METRICS_FILE, TRAINING_FILE):
        if needed not in files:
            raise ModelError(f"The manifest of the model '{called}' does not name {needed}: fetch or train it again.")
    for file, sha256 in files.items():
        # A manifest from elsewhere must not make us read outside its folder.
        if not re.fullmatch(r"[\w.-]+(/[\w.-]+)*", file) or ".." in file.split("/"):
            raise ModelError(f"The manifest of the model '{called}' names a file it may not have: '{file[:60]}'.")
        path = folder / file
        if not path.is_file():
            raise ModelError(f"The model '{called}' is incomplete: {file} is missing. Fetch or train it again.")
        if file_sha256(path) != sha256:
            raise ModelError(
                f"The file {file} of the model '{called}' was altered after it was saved. Fetch or train it again."
            )


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _json(path: Path) -> dict[str, Any]:
    try:
        return read_json(path)
    except InputError as error:
        raise ModelError(str(error)) from error


def _write(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json_text(content, indent=1) + "\n", encoding="utf-8")


# --- What models were tested on, and which of them may be compared ----------------------------------------------------
# Only those that were tested on the same books.


def model_test(workspace: Workspace, manifest: ModelManifest, metrics: ModelMetrics, folder: Path) -> ModelTest:
    """Return what a model was tested on.

    Parameters
    ----------
    manifest, metrics : record
        Of the model.
    folder : path
        Where it is kept: which books were tested on is read from its training books.
    """
    labels = manifest.labels_fingerprint or manifest.labels
    return ModelTest(
        labels=manifest.labels,
        by_rules=labelled_by_rules(workspace, manifest),
        n=metrics.test.n,
        key=_test_books(folder, labels),
    )


def labelled_by_rules(workspace: Workspace, manifest: ModelManifest) -> bool:
    """Return whether rules (labelling functions) gave the labels that a model was trained and tested on.

    Labels by functions that were learned from *beside* people's do not count: they are never tested on.
    """
    if manifest.labels_source is not None:
        return manifest.labels_source == "function"
    # A model that was trained before its manifest said so.
    labels = manifest.labels_fingerprint or manifest.labels
    return any(thing.fingerprint == labels and thing.manifest.by_rules for thing in workspace.list("labels"))


def _test_books(folder: Path, labels: str) -> str:
    path = folder / "training.parquet"
    if not path.exists():
        return ""
    books = pd.read_parquet(path, columns=[RECORD_ID, SPLIT, SOURCE])
    ids = books.loc[(books[SPLIT] == "test") & (books[SOURCE] == "person"), RECORD_ID]
    return digest(labels, sorted(ids.astype(str))) if len(ids) else ""


def import_pretrained(
    workspace: Workspace, source: str, *, name: str | None = None, progress: Progress = silent
) -> Model:
    """Bring in a classifier from a folder or the Hugging Face Hub, as it is: nothing is trained or calibrated.

    What it learned from is not known, so that none of its predictions can be called held out.

    Raises
    ------
    InputError, ModelError
        See :func:`core.models.transformer.load_pretrained`.
    """
    from core.models.fitting import FOLD, LEARNED
    from core.models.language_models import describe_bases
    from core.models.transformer import load_pretrained

    progress(0.0, "Fetching the model")
    classifier = load_pretrained(source)
    progress(0.7, "Saving")
    texts = (RECORD_ID, ALTERNATE_ID, TITLE, TITLE_KEY, LABEL, SPLIT, SOURCE)
    training = pd.DataFrame({column: pd.Series([], dtype="str") for column in texts})
    training[FOLD], training[LEARNED] = np.array([], dtype=np.int64), np.array([], dtype=bool)
    for class_name in classifier.classes:
        training[probability_column(class_name)] = np.array([], dtype=float)
    sentences = (
        "It was trained elsewhere. What it learned from is not known here, so that predictions of books it may have"
        " learned from look better than they are, and its confidences are not calibrated.",
    )
    facts = {
        "labels": "",
        "labels_fingerprint": "",
        "invented": False,
        "base": classifier.base,
        "bases": [base.as_dict() for base in describe_bases([source])],
        "device": classifier.device,
        "calibration": "none",
        "sentences": list(sentences),
    }
    with tempfile.TemporaryDirectory(prefix=".fetching-", dir=workspace.root) as folder:
        return save(
            workspace,
            slug(name or Path(source).name),
            classifier,
            Calibration(method="none", classes=classifier.classes),
            training=training,
            metrics={},
            facts=facts,
            scratch=Path(folder),
        )
