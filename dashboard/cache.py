"""Every cached function; nothing else is decorated.

Keys are fingerprints and small settings, never tables: a table above 50,000 rows would be hashed by a sample only. Large
tables are shared as resources and must be treated as read-only; small answers are cached as data.
"""

from pathlib import Path

import pandas as pd
import streamlit as st

from core.corpus import load_corpus
from core.importing import Reading
from core.importing import peek as read_ahead
from core.keywords import keyword_frequency
from core.labels import load_labels
from core.language_evidence import LanguageEvidence
from core.language_evidence import language_evidence as evidence_of
from core.predictions import Scored, load_predictions, load_scored
from core.readers import SourceTable
from core.readers.mapping import ColumnMapping
from core.representativeness import Representativeness, compare
from core.schema import Kind
from core.storage import Artifact, Workspace

__all__ = ["originals", "records", "scored", "workspace"]


@st.cache_resource
def workspace() -> Workspace:
    """Return the workspace of this server ($COLOPHON_HOME, else ./workspace)."""
    return Workspace()


def scored(name: str, labels: str | None) -> Scored:
    """Return predictions joined with records and truth. Shared: read-only."""
    place = workspace()
    predictions = load_predictions(place, name)
    checked = load_labels(place, labels).fingerprint if labels else ""
    # The leak check looks at every label set, so a new one makes a new answer.
    others = tuple(sorted(artifact.fingerprint for artifact in place.list("labels")))
    return _scored(predictions.fingerprint, checked, others, _name=name, _labels=labels)


@st.cache_resource(max_entries=4, show_spinner="Joining predictions and records …")
def _scored(predictions: str, labels: str, others: tuple[str, ...], _name: str, _labels: str | None) -> Scored:
    return load_scored(workspace(), _name, _labels or None)


def records(kind: str, fingerprint: str) -> pd.DataFrame:
    """Return the normalised records of a corpus, a label set or predictions. Shared: read-only."""
    return _records(kind, fingerprint)


@st.cache_resource(max_entries=6, show_spinner="Reading records …")
def _records(kind: str, fingerprint: str) -> pd.DataFrame:
    place = workspace()
    if kind == "corpora":
        return load_corpus(place, fingerprint).records()
    if kind == "labels":
        return load_labels(place, fingerprint).records()
    return load_predictions(place, fingerprint).records(place)


@st.cache_resource(max_entries=2, show_spinner="Reading the original columns …")
def originals(kind: str, fingerprint: str) -> pd.DataFrame:
    """Return the original columns as they came. Shared: read-only."""
    place = workspace()
    if kind == "corpora":
        return load_corpus(place, fingerprint).originals()
    return load_predictions(place, fingerprint).originals(place)


def peek(path: Path, kind: Kind, reading: Reading) -> tuple[SourceTable, ColumnMapping]:
    """Return a file as an import would read it. Shared: read-only."""
    seen = path.stat()
    return _peek(str(path), seen.st_size, seen.st_mtime_ns, kind, reading)


@st.cache_resource(max_entries=2, show_spinner="Reading the file …", ttl=600)
def _peek(path: str, size: int, changed: int, kind: Kind, reading: Reading) -> tuple[SourceTable, ColumnMapping]:
    return read_ahead(Path(path), kind, reading)


def representativeness(sample: Artifact, population: Artifact) -> Representativeness:
    """Return how a sample compares with a collection, all facets. Shared: read-only."""
    return _representativeness(
        sample.kind, sample.fingerprint, sample.name, population.kind, population.fingerprint, population.name
    )


@st.cache_resource(max_entries=8, show_spinner="Comparing …")
def _representativeness(
    kind: str, sample: str, sample_name: str, other_kind: str, population: str, population_name: str
) -> Representativeness:
    return compare(
        records(kind, sample),
        records(other_kind, population),
        sample_name=sample_name,
        population_name=population_name,
    )


def language_evidence(sample: Artifact, population: Artifact) -> LanguageEvidence:
    """Return how much of the comparison by language rests on detected languages. Shared: read-only."""
    return _language_evidence(
        sample.kind, sample.fingerprint, sample.name, population.kind, population.fingerprint, population.name
    )


@st.cache_resource(max_entries=8, show_spinner="Detecting languages in both sets …")
def _language_evidence(
    kind: str, sample: str, sample_name: str, other_kind: str, population: str, population_name: str
) -> LanguageEvidence:
    return evidence_of(
        records(kind, sample),
        records(other_kind, population),
        sample_name=sample_name,
        population_name=population_name,
    )


def keywords(sample: Artifact, population: Artifact, words: str) -> pd.DataFrame:
    """Return how often words (separated by commas) stand in titles, year by year."""
    wanted = tuple(word.strip() for word in words.split(",") if word.strip())
    return _keywords(
        sample.kind, sample.fingerprint, sample.name, population.kind, population.fingerprint, population.name, wanted
    )


@st.cache_data(max_entries=16, show_spinner="Counting words …")
def _keywords(
    kind: str,
    sample: str,
    sample_name: str,
    other_kind: str,
    population: str,
    population_name: str,
    words: tuple[str, ...],
) -> pd.DataFrame:
    return keyword_frequency(
        records(kind, sample),
        records(other_kind, population),
        words,
        sample_name=sample_name,
        population_name=population_name,
    )
