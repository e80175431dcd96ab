"""The tables everything is computed from: the workspace's, a sample beside its population, and what was sent."""

import contextlib
import functools
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd
import streamlit as st

from core.corpus import load_corpus
from core.errors import InputError
from core.importing import ReadOptions
from core.importing import peek as read_ahead
from core.labels import load_labels
from core.language_evidence import LanguageEvidence, keyword_frequency
from core.language_evidence import language_evidence as evidence_of
from core.learned_facets import FacetCollection, FacetRanking, embeddings_of, import_solver, rank_titles
from core.manifests import Manifest
from core.people import Person
from core.predictions import (
    CatalogueChoice,
    PredictionSet,
    Scored,
    load_predictions,
    load_scored,
    saved_catalogue_choice,
    saved_training_labels,
)
from core.readers import SourceTable
from core.readers.mapping import ColumnMapping, suggest_mapping
from core.representativeness import Representativeness, compare
from core.schema import Kind
from core.storage import Artifact, Workspace, digest
from core.translation import in_english
from core.uploads import clear_stale_uploads, clear_upload, keep_upload
from dashboard import people
from dashboard.language import LazyText

__all__ = [
    "KEYS",
    "UploadSlot",
    "artifact_key",
    "artifact_keys",
    "begin_facets",
    "catalogue",
    "facet_collection",
    "facet_ranking",
    "key_of",
    "keywords",
    "language_evidence",
    "originals",
    "peek",
    "records",
    "representativeness",
    "scored",
    "server_workspace",
    "upload_slot",
    "workspace",
]


# --- The workspace, and the tables everything is computed from --------------------------------------------------------


_ArtifactKeys = tuple[tuple[str, str], ...]  # names and fingerprints


@st.cache_resource
@in_english()
def server_workspace() -> Workspace:
    """Return the workspace of this server ($COLOPHON_HOME, else ./workspace), whoever uses it."""
    return Workspace()


@functools.lru_cache(maxsize=100)
def _acting_as(workspace: Workspace, person: Person) -> Workspace:
    return workspace.acting_as(person)


def workspace() -> Workspace:
    """Return the workspace of this server for whoever uses this window: it allows what they may do, and names them.

    Raises
    ------
    NotAllowedError
        They have not signed in where that is asked.
    """
    return _acting_as(server_workspace(), people.current_person())


def scored(name: str, labels: str | None) -> Scored:
    """Return predictions joined with records and truth. Shared: read-only."""
    place = workspace()
    # The join and its leak check look at label sets by name, so a new one, or another under an old name, makes a new
    # answer; so does another manifest of the predictions, what a person said the model learned from, a model that is
    # no longer here, or another catalogue they are joined with.
    predictions = load_predictions(place, name)
    manifest = digest(predictions.manifest.as_dict(), saved_training_labels(place, predictions.fingerprint))
    how_drawn = tuple((note["subject"], note["answer"]) for note in place.database.read("how_drawn"))
    here = (artifact_keys("labels"), artifact_keys("models"), how_drawn)
    return _scored(name, manifest, labels or "", here, _catalogue_key(predictions))


def catalogue(name: str) -> CatalogueChoice:
    """Return which catalogue predictions made elsewhere are joined with. Shared: read-only."""
    predictions = load_predictions(workspace(), name)
    return _catalogue(predictions.fingerprint, _catalogue_key(predictions), name)


@st.cache_resource(max_entries=8, show_spinner=LazyText("Looking for the catalogue of these predictions …"))
@in_english()
def _catalogue(predictions: str, key: str, name: str) -> CatalogueChoice:
    return load_predictions(workspace(), name).catalogue(workspace())


def _catalogue_key(predictions: PredictionSet) -> str:
    """Return what the choice of a catalogue hangs on: the corpora there are, and the one that a person named."""
    if predictions.made_here:
        return ""
    return digest(saved_catalogue_choice(workspace(), predictions.fingerprint), artifact_keys("corpora"))


@st.cache_resource(max_entries=4, show_spinner=LazyText("Joining predictions and records …"))
@in_english()
def _scored(name: str, manifest: str, labels: str, here: tuple[_ArtifactKeys, ...], catalogue: str) -> Scored:
    return load_scored(workspace(), name, labels or None)


def artifact_keys(kind: str) -> tuple[tuple[str, str], ...]:
    """Return name and fingerprint of all things of a kind, for a key of what depends on them."""
    return tuple(sorted((thing.name, thing.fingerprint) for thing in workspace().list(kind)))


def key_of(scored: Scored) -> str:
    """Return what stands for a scored table in a cache; see :attr:`core.predictions.Scored.key`."""
    return scored.key


def _artifact_hash(thing: Artifact[Manifest]) -> str:
    return digest(thing.kind, thing.fingerprint, thing.name, artifact_key(thing.kind, thing.fingerprint))


# What stands for the arguments of a cached function: all fingerprints that its result depends on, never a table.
KEYS: Final[dict[str | type[Any], Callable[[Any], Any]]] = {Scored: key_of, Artifact: _artifact_hash}


def records(kind: str, fingerprint: str) -> pd.DataFrame:
    """Return the normalised records of a corpus, a label set or predictions. Shared: read-only."""
    return _records(kind, fingerprint, artifact_key(kind, fingerprint))


def artifact_key(kind: str, fingerprint: str) -> str:
    """Return what the records of a thing hang on beside its fingerprint: the catalogue predictions are joined with."""
    return _catalogue_key(load_predictions(workspace(), fingerprint)) if kind == "predictions" else ""


@st.cache_resource(max_entries=6, show_spinner=LazyText("Reading records …"))
@in_english()
def _records(kind: str, fingerprint: str, key: str) -> pd.DataFrame:
    place = workspace()
    if kind == "corpora":
        return load_corpus(place, fingerprint).records()
    if kind == "labels":
        return load_labels(place, fingerprint).records()
    return load_predictions(place, fingerprint).records(place)


def originals(kind: str, fingerprint: str) -> pd.DataFrame:
    """Return the original columns as they came. Shared: read-only."""
    return _originals(kind, fingerprint, artifact_key(kind, fingerprint))


@st.cache_resource(max_entries=2, show_spinner=LazyText("Reading the original columns …"))
@in_english()
def _originals(kind: str, fingerprint: str, key: str) -> pd.DataFrame:
    place = workspace()
    if kind == "corpora":
        return load_corpus(place, fingerprint).originals()
    return load_predictions(place, fingerprint).originals(place)


def peek(path: Path, kind: Kind, reading: ReadOptions) -> tuple[SourceTable, ColumnMapping]:
    """Return the first rows of a file as an import would read them. Shared: read-only.

    Raises
    ------
    InputError
        It cannot be read; that answer is kept as well, so that a page drawn again does not read again.
    """
    seen = path.stat()
    outcome = _peek(str(path), seen.st_size, seen.st_mtime_ns, reading)
    if isinstance(outcome, InputError):
        raise outcome
    return outcome, suggest_mapping(outcome.frame, kind, check=False)


@st.cache_resource(max_entries=8, show_spinner=LazyText("Reading the first rows …"), ttl=600)
@in_english()
def _peek(path: str, size: int, changed: int, reading: ReadOptions) -> SourceTable | InputError:
    try:
        return read_ahead(Path(path), "corpus", reading)[0]
    except InputError as error:
        return error


# --- The file a person has sent from their computer -------------------------------------------------------------------
# One a browser tab, cleared when the tab is closed.


@dataclass
class UploadSlot:
    """Where the file lies that this tab has sent; `turn` counts them, so that each is asked for by a fresh widget."""

    place: Workspace
    path: Path | None = None
    turn: int = 0

    def take(self, name: str, stream: "st.runtime.uploaded_file_manager.UploadedFile") -> None:
        """Keep what was sent in the workspace, in the place of what was sent before."""
        clear_stale_uploads(self.place)
        path = keep_upload(self.place, name, stream, stream.size)
        self.clear()
        self.path, self.turn = path, self.turn + 1

    def clear(self) -> None:
        """Remove the file, unless a running job reads it."""
        if self.path is not None:
            clear_upload(self.place, self.path)
        self.path = None

    @property
    def waiting(self) -> Path | None:
        """The file, None when there is none or it was imported and cleared."""
        if self.path is not None and not self.path.is_file():
            self.path = None
        return self.path


def _clear_slot(slot: UploadSlot) -> None:
    with contextlib.suppress(Exception):  # the tab is closed: nobody is left to be told
        slot.clear()


@st.cache_resource(scope="session", on_release=_clear_slot, show_spinner=False)
@in_english()
def upload_slot() -> UploadSlot:
    """Return where this tab's file is kept."""
    return UploadSlot(workspace())


# --- A sample beside the collection it should stand for ---------------------------------------------------------------


def _records_of(thing: Artifact[Manifest]) -> pd.DataFrame:
    return records(thing.kind, thing.fingerprint)


@st.cache_resource(max_entries=8, show_spinner=LazyText("Comparing …"), hash_funcs=KEYS)
@in_english()
def representativeness(sample: Artifact[Manifest], population: Artifact[Manifest]) -> Representativeness:
    """Return how a sample compares with a collection, all facets. Shared: read-only."""
    return compare(
        _records_of(sample), _records_of(population), sample_name=sample.name, population_name=population.name
    )


@st.cache_resource(max_entries=8, show_spinner=LazyText("Comparing languages …"), hash_funcs=KEYS)
@in_english()
def language_evidence(sample: Artifact[Manifest], population: Artifact[Manifest]) -> LanguageEvidence:
    """Return how much of the comparison by language rests on detected languages. Shared: read-only."""
    return evidence_of(
        _records_of(sample), _records_of(population), sample_name=sample.name, population_name=population.name
    )


@st.cache_data(max_entries=16, show_spinner=LazyText("Counting words …"), hash_funcs=KEYS)
@in_english()
def keywords(sample: Artifact[Manifest], population: Artifact[Manifest], words: str) -> pd.DataFrame:
    """Return how often words (separated by commas) stand in titles, year by year."""
    return keyword_frequency(
        _records_of(sample),
        _records_of(population),
        tuple(word.strip() for word in words.split(",") if word.strip()),
        sample_name=sample.name,
        population_name=population.name,
    )


# --- Learned facets: a corpus with the numbers they are learned on, and what was learned last of marks ----------------


def facet_collection(corpus: Artifact[Manifest]) -> FacetCollection:
    """Return a corpus with the numbers that facets are learned on. Shared: read-only."""
    embeddings = embeddings_of(workspace(), corpus.fingerprint)
    return _facet_collection(corpus.fingerprint, corpus.name, embeddings.fingerprint if embeddings else "")


@st.cache_resource(max_entries=2, show_spinner=LazyText("Reading the titles …"))
@in_english()
def _facet_collection(corpus: str, name: str, embeddings: str) -> FacetCollection:
    collection = FacetCollection.open(workspace(), name)
    # While the first titles are read: else whoever marks the first one waits for it.
    threading.Thread(target=collection.prepare, name="facets", daemon=True).start()
    return collection


@st.cache_resource(show_spinner=False)
@in_english()
def begin_facets() -> None:
    """Import what learns from marks while the page is read, once a server."""
    threading.Thread(target=import_solver, name="facets", daemon=True).start()


def facet_ranking(collection: FacetCollection, training: Mapping[str, bool]) -> FacetRanking:
    """Return a score for every title of a corpus, learned from marks. Shared: read-only."""
    key = digest(collection.corpus.fingerprint, collection.features.kind, sorted(training.items()))
    return _facet_ranking(key, collection, training)


@st.cache_resource(max_entries=8, show_spinner=False)
@in_english()
def _facet_ranking(key: str, _collection: FacetCollection, _training: Mapping[str, bool]) -> FacetRanking:
    return rank_titles(_collection, _training)
