"""Predictions in the workspace, and what their model learned from: known, told by a person, or unknown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.corpus import ORIGINALS_FILE, RECORDS_FILE, load_corpus, read_parquet
from core.errors import DamagedError, NotFoundError
from core.formatting import listed
from core.joins import find_leaks, join_ids
from core.labels import LabelSet, load_labels
from core.manifests import LabelManifest, PredictionManifest
from core.predictions.external import CatalogueChoice, choose_catalogue, joined_originals, joined_records
from core.schema import ALTERNATE_ID, RECORD_ID, TITLE_KEY, TRUTH
from core.storage import Artifact, StoredArtifact, Workspace

__all__ = [
    "BOOK_KINDS",
    "NO_LABELS",
    "PREDICTIONS_FILE",
    "LearnedFrom",
    "PredictionSet",
    "find_learned",
    "load_predictions",
    "load_records",
    "save_training_labels",
    "saved_training_labels",
]

# --- Predictions as they are kept in the workspace, with the records they speak of ------------------------------------


PREDICTIONS_FILE = "predictions.parquet"


@dataclass(frozen=True)
class PredictionSet(StoredArtifact[PredictionManifest]):
    """One model's predictions for many books. Read-only."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The class names, sorted."""
        return self.manifest.classes

    @property
    def made_here(self) -> bool:
        """Whether a model of this workspace made them, for a corpus that is named in their manifest."""
        return bool(self.manifest.corpus)

    def table(self) -> pd.DataFrame:
        """Return one row a book: id, ``predicted``, ``confidence``, ``margin``, ``p_<class>`` …, ``split``, truth."""
        return read_parquet(self.artifact.path / PREDICTIONS_FILE)

    def catalogue(self, workspace: Workspace, corpus: str | None = None) -> CatalogueChoice:
        """Return which catalogue predictions made elsewhere are joined with; none where they were made here.

        Parameters, Raises: see :func:`core.predictions.external.choose_catalogue`.
        """
        if self.made_here:
            return CatalogueChoice(None)
        return choose_catalogue(workspace, self.name, self.fingerprint, self.own_records(), corpus)

    def parts(self) -> "tuple[PredictionSet, ...]":
        """Return the predictions that these were put together from, as far as manifests go; their files may be gone."""
        return tuple(
            PredictionSet(
                replace(
                    self.artifact, name=part.name, fingerprint=part.predictions.fingerprint, manifest=part.predictions
                )
            )
            for part in self.manifest.parts
        )

    def own_records(self) -> pd.DataFrame:
        """Return the records as the file with predictions made elsewhere has them."""
        return read_parquet(self.artifact.path / RECORDS_FILE)

    def records(self, workspace: Workspace, choice: CatalogueChoice | None = None) -> pd.DataFrame:
        """Return the normalised records of the books, row for row beside :meth:`table`.

        Parameters
        ----------
        choice : CatalogueChoice, optional
            From :meth:`catalogue`, where it is at hand.
        """
        if self.manifest.corpus:
            return load_corpus(workspace, self.manifest.corpus).records()
        choice = choice or self.catalogue(workspace)
        own = self.own_records()
        return joined_records(own, choice.match) if choice.match else own

    def originals(self, workspace: Workspace, choice: CatalogueChoice | None = None) -> pd.DataFrame:
        """Return the original columns as text, row for row beside :meth:`table`."""
        if self.manifest.corpus:
            return load_corpus(workspace, self.manifest.corpus).originals()
        choice = choice or self.catalogue(workspace)
        own = read_parquet(self.artifact.path / ORIGINALS_FILE)
        return joined_originals(own, choice.match) if choice.match else own


def load_predictions(workspace: Workspace, name: str) -> PredictionSet:
    """Return the predictions called `name`.

    Raises
    ------
    NotFoundError
        With the names of the sets that do exist.
    """
    return PredictionSet(workspace.find("predictions", name))


BOOK_KINDS: Final = ("labels", "predictions", "corpora")  # what holds books, in the order in which a name is looked up


def load_records(workspace: Workspace, name: str, kinds: Sequence[str] = BOOK_KINDS) -> pd.DataFrame:
    """Return the normalised records of the label set, the predictions or the corpus called `name`.

    Parameters
    ----------
    kinds : sequence of str
        The kinds of things that may have the name; of several, the first that has it.

    Raises
    ------
    NotFoundError
        With the names of the things of these kinds.
    """
    thing = workspace.find(kinds, name)
    if thing.kind == "predictions":
        return load_predictions(workspace, name).records(workspace)
    return read_parquet(thing.path / RECORDS_FILE)


# --- What a model learned from: known of models made here, told by a person, or unknown and said so -------------------
# Books that are tested and were learned from as well flatter a model. The truth under test is never the suspect: that
# the test set is a label set here too says nothing about what a model made elsewhere has seen.


NO_LABELS: Final = "none"  # what is said when a model learned from none of the label sets here
# A label set that holds this share of the checked books is the truth under test, or a copy of it.
SAME_BOOKS: Final = 0.9

_KIND = "learned_from"
_KEYS: Final = [RECORD_ID, ALTERNATE_ID, TITLE_KEY]


@dataclass(frozen=True)
class LearnedFrom:
    """Which books a model learned from, as far as it is known.

    Attributes
    ----------
    known : bool
        Whether it is known. If not, a leak is a book that the model may have learned from.
    mask : bool array, one value a book of the predictions
        The books it learned from, or may have learned from: by identifier or by title.
    sentences : tuple of str
        What was looked at and found, or that nothing is known.
    """

    known: bool
    mask: NDArray[np.bool_]
    sentences: tuple[str, ...] = ()


def save_training_labels(workspace: Workspace, predictions: str, labels: Sequence[str]) -> None:
    """Keep what a person says a model made elsewhere learned from.

    Parameters
    ----------
    predictions : str
        Their fingerprint.
    labels : sequence of str
        Names of label sets; :data:`NO_LABELS` alone for none of those here; nothing to go back to "not known".

    Raises
    ------
    NotFoundError
        There is no such label set.
    """
    named = [name for name in labels if name != NO_LABELS]
    fingerprints = {name: load_labels(workspace, name).fingerprint for name in named}
    workspace.database.add(_KIND, predictions, {"known": bool(labels), "labels": fingerprints})


def saved_training_labels(workspace: Workspace, predictions: str) -> dict[str, str] | None:
    """Return name → fingerprint of the label sets a model is said to have learned from; None when nobody said.

    Parameters
    ----------
    predictions : str
        Fingerprint of the predictions.
    """
    notes = workspace.database.read(_KIND, predictions)
    if not notes or not notes[-1]["known"]:
        return None
    return {str(name): str(fingerprint) for name, fingerprint in notes[-1]["labels"].items()}


def find_learned(
    workspace: Workspace,
    frame: pd.DataFrame,
    predictions: PredictionSet,
    truth_from: Sequence[str],
    learned_from: Sequence[str] = (),
) -> LearnedFrom:
    """Find the books that a model learned from, or may have.

    Parameters
    ----------
    frame : DataFrame
        ``record_id``, ``alternate_id``, ``title_key`` and ``truth`` of the books that were predicted.
    truth_from : sequence of str
        Names of the label sets they are checked against; none for the truth that came with the predictions.
    learned_from : sequence of str
        Label sets it is said to have learned from, :data:`NO_LABELS` for none; else what was said at import holds.

    Raises
    ------
    NotFoundError
        There is no label set of a name in `learned_from`.

    Notes
    -----
    In this order: what is named here; the model's own training books, where the model is here; what was kept with
    :func:`save_training_labels`. Otherwise it is unknown: then label sets that people gave are suspected, but not the
    one under test, nor one that was read from the same file, nor one that holds 90 per cent of the checked books. Of
    predictions put together from those of two models, a book that either learned from counts.
    """
    nothing = np.zeros(len(frame), dtype=bool)
    if predictions.manifest.parts:
        each = [find_learned(workspace, frame, part, truth_from, learned_from) for part in predictions.parts()]
        mask = np.logical_or.reduce([learned.mask for learned in each])
        sentences = dict.fromkeys(sentence for learned in each for sentence in learned.sentences)
        return LearnedFrom(all(learned.known for learned in each), mask, tuple(sentences))
    model, trained_on = predictions.manifest.model_fingerprint, predictions.manifest.trained_on
    own = [name for name in truth_from if trained_on and load_labels(workspace, name).fingerprint == trained_on]
    if own:  # its predictions of these books are out of fold; those of other sets may share their titles
        training = _training_books(workspace, model) if len(truth_from) > 1 else None
        if training is None:
            return LearnedFrom(True, nothing)
        leaks = _leaks(frame, [("the model's own training books", training)], known=True)
        return LearnedFrom(True, leaks.mask & ~_is_in(frame, load_labels(workspace, own[0]).records()))
    if learned_from:
        named = [(name, load_labels(workspace, name).records()) for name in learned_from if name != NO_LABELS]
        return _leaks(frame, named, known=True)
    if model:
        training = _training_books(workspace, model)
        if training is not None:
            return _leaks(frame, [("the model's own training books", training)], known=True)
    label_sets = None if model else saved_training_labels(workspace, predictions.fingerprint)
    if label_sets is not None:
        return _saved_sources(workspace, frame, label_sets)
    suspects, set_aside = _suspects(workspace, frame, predictions, truth_from)
    leaks = _leaks(frame, [(thing.name, LabelSet(thing).records()) for thing in suspects], known=False)
    return LearnedFrom(False, leaks.mask, (_unknown(suspects, set_aside, made_here=bool(model)), *leaks.sentences))


def _training_books(workspace: Workspace, model: str) -> pd.DataFrame | None:
    """Return the books a model learned from; None when the model was removed, or this file of it cannot be read."""
    try:
        path = workspace.find("models", model).path / "training.parquet"
        return read_parquet(path) if path.exists() else None
    except (NotFoundError, DamagedError):
        return None


def _saved_sources(workspace: Workspace, frame: pd.DataFrame, label_sets: Mapping[str, str]) -> LearnedFrom:
    sources, gone = [], []
    called = {fingerprint: name for name, fingerprint in workspace.database.names("labels").items()}
    for name_then, fingerprint in label_sets.items():
        name = called.get(fingerprint, name_then)
        try:
            sources.append((name, load_labels(workspace, fingerprint).records()))
        except (NotFoundError, DamagedError):
            gone.append(name)
    leaks = _leaks(frame, sources, known=not gone)
    if not gone:
        return leaks
    lost = f"The model learned from {listed(gone)}, which is no longer here: its books cannot be left out."
    return LearnedFrom(False, leaks.mask, (*leaks.sentences, lost))


def _suspects(
    workspace: Workspace, frame: pd.DataFrame, predictions: PredictionSet, truth_from: Sequence[str]
) -> tuple[list[Artifact[LabelManifest]], list[str]]:
    """Return the label sets that a model may have learned from, and the names of copies of the truth under test."""
    checked = frame[(frame[TRUTH] != "").to_numpy(dtype=bool)]
    files = {predictions.manifest.file_sha256}
    under_test = [load_labels(workspace, name) for name in truth_from]
    files |= {truth.manifest.file_sha256 for truth in under_test}
    suspects, set_aside = [], []
    for thing in workspace.list("labels"):
        if thing.manifest.by_rules or thing.fingerprint in {truth.fingerprint for truth in under_test}:
            continue  # rules of this workspace taught nothing to a model made elsewhere
        same_file = thing.manifest.file_sha256 in files - {""}
        try:
            books = LabelSet(thing).records()
        except DamagedError:
            continue  # `doctor` names it; other predictions are not to suffer
        if same_file or _holds(books, checked):
            set_aside.append(thing.name)
        else:
            suspects.append(thing)
    return suspects, set_aside


def _holds(books: pd.DataFrame, checked: pd.DataFrame) -> bool:
    """Say whether a label set holds nearly all the checked books, by identifier."""
    if not len(checked):
        return False
    return find_leaks(checked[_KEYS], books).by_id >= SAME_BOOKS * len(checked)


def _is_in(frame: pd.DataFrame, books: pd.DataFrame) -> NDArray[np.bool_]:
    """Say which records a label set names."""
    join = join_ids([books[RECORD_ID], books[ALTERNATE_ID]], [frame[RECORD_ID], frame[ALTERNATE_ID]])
    mask = np.zeros(len(frame), dtype=bool)
    mask[join.position[join.position >= 0]] = True
    return mask


def _leaks(frame: pd.DataFrame, sources: Sequence[tuple[str, pd.DataFrame]], *, known: bool) -> LearnedFrom:
    checked = (frame[TRUTH] != "").to_numpy(dtype=bool)
    mask = np.zeros(len(frame), dtype=bool)
    sentences = []
    may = "" if known else ", from which the model may have learned"
    for name, books in sources:
        leaks = find_leaks(frame[_KEYS], books)
        hit = int((leaks.mask & checked).sum())
        by_id = int((leaks.by_id_mask & checked).sum())
        mask |= leaks.mask
        sentences.append(
            f"Leak check: {hit:,} of the {int(checked.sum()):,} checked books are also in {name}{may}"
            + (f" ({by_id:,} by identifier, {hit - by_id:,} by title)." if hit else ".")
        )
    return LearnedFrom(known, mask, tuple(sentences))


def _unknown(suspects: Sequence[Artifact[LabelManifest]], set_aside: Sequence[str], *, made_here: bool) -> str:
    text = "It is not known which books the model learned from; whoever made it can say."
    if made_here:
        text = (
            "What the model learned from is no longer known: it was removed from this workspace, or its list of books"
            " cannot be read."
        )
    if suspects:
        names = listed([thing.name for thing in suspects])
        text += f" To be on the safe side, books that are also in {names} count as learned from."
    if set_aside:
        holds = "holds" if len(set_aside) == 1 else "hold"
        text += f" {listed(set_aside)} {holds} the very books under test: that is no suspicion."
    return text
