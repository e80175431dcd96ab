"""Every cached function; nothing else is decorated.

Keys are fingerprints and small settings, never tables: a table above 50,000 rows would be hashed by a sample only.
Large
tables are shared as resources and must be treated as read-only; small answers are cached as data.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import streamlit as st

from core.collection import CollectionEstimates, collection_estimates
from core.comparison import ModelComparison, compare_models
from core.corpus import load_corpus
from core.errors import NotFoundError
from core.evaluation import Evaluation, evaluate
from core.evaluation.calibrations import CalibrationTried, try_calibrations
from core.explain import (
    Explanation,
    SimilarTitles,
    is_linear,
    leave_one_word_out,
    shap_words,
    word_contributions,
)
from core.export.table import ExportTable, prepare
from core.importing import Reading
from core.importing import peek as read_ahead
from core.keywords import keyword_frequency
from core.label_audit import LabelAudit, audit_labels
from core.labels import load_labels
from core.language_evidence import LanguageEvidence
from core.language_evidence import language_evidence as evidence_of
from core.models.registry import Model, list_models
from core.models.registry import load as load_model
from core.policies import KeptPolicy
from core.predictions import Scored, in_the_words_of, load_predictions, load_scored
from core.readers import SourceTable
from core.readers.mapping import ColumnMapping
from core.release import Release
from core.representativeness import Representativeness, compare
from core.schema import LEAK, Kind
from core.slices import FacetSlices, SliceFindings, find_slices
from core.slices import facet_slices as slices_by_facet
from core.storage import Artifact, Workspace, digest
from core.thresholds import Curves, Policy, PolicyReport, Promise
from core.thresholds import policy_report as report_on
from core.thresholds import promise as promise_of

__all__ = ["label_audit", "originals", "records", "scored", "workspace"]


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


def evaluation(scored: Scored) -> Evaluation:
    """Return the evaluation of scored predictions. Shared: read-only."""
    return _evaluation(_key(scored), scored)


@st.cache_resource(max_entries=8, show_spinner="Evaluating …")
def _evaluation(key: str, _scored: Scored) -> Evaluation:
    return evaluate(_scored.table, _scored.classes)


def _key(scored: Scored) -> str:
    """Return what stands for a scored table in a cache: predictions, labels, and the leaks that were found."""
    return f"{scored.fingerprint}-{int(scored.table[LEAK].sum())}"


def curves(scored: Scored) -> pd.DataFrame:
    """Return risk–coverage curves, a class after the other, thinned for drawing. Shared: read-only."""
    return _curves(_key(scored), scored)


@st.cache_resource(max_entries=8, show_spinner="Drawing the curves …")
def _curves(key: str, _scored: Scored) -> pd.DataFrame:
    return Curves(_scored.table, _scored.classes).table()


def policy_report(scored: Scored, policy: Policy) -> PolicyReport:
    """Return what a policy does. Not kept: a slider has too many steps to remember each."""
    return report_on(scored.table, policy, classes=scored.classes)


def promise(
    scored: Scored, max_error: float, confidence: float, per: Literal["class", "together"], stratum: str | None
) -> Promise:
    """Return what can be promised. Shared: read-only."""
    return _promise(_key(scored), max_error, confidence, per, stratum, scored)


@st.cache_resource(max_entries=32, show_spinner="Testing cut-offs …")
def _promise(
    key: str,
    max_error: float,
    confidence: float,
    per: Literal["class", "together"],
    stratum: str | None,
    _scored: Scored,
) -> Promise:
    return promise_of(_scored.table, _scored.classes, max_error, confidence, per=per, stratum=stratum)


def labelled_against_all(scored: Scored) -> tuple[float, float]:
    """Return how far the labelled books are from all books by language, and how far chance would put them."""
    return _labelled_against_all(_key(scored), scored)


@st.cache_data(max_entries=8, show_spinner=False)
def _labelled_against_all(key: str, _scored: Scored) -> tuple[float, float]:
    found = compare(_scored.labelled, _scored.table, ("language",)).facets[0]
    return found.tvd, found.tvd_by_chance


def release(scored: Scored, chosen: KeptPolicy, settings: Mapping[str, Any]) -> Release:
    """Return what an export would hold. Shared: read-only."""
    return _release(_key(scored), _wanted(scored, chosen, settings), scored, chosen, settings)


def _wanted(scored: Scored, chosen: KeptPolicy, settings: Mapping[str, Any]) -> str:
    """Return what stands for an export in a cache: policy, settings, and what was decided in review so far."""
    reviewed = len(workspace().database.read("decision", scored.predictions))
    return digest(chosen.policy.as_dict(), chosen.promise, settings, reviewed)


@st.cache_resource(max_entries=2, show_spinner="Preparing the export …")
def _release(key: str, wanted: str, _scored: Scored, _chosen: KeptPolicy, _settings: Mapping[str, Any]) -> Release:
    return Release.prepare(workspace(), _scored.name, _chosen, scored=_scored, **_settings)


def export_table(scored: Scored, chosen: KeptPolicy, settings: Mapping[str, Any]) -> ExportTable:
    """Return every record with its decision, as the export's writers read it. Shared: read-only."""
    return _export_table(_key(scored), _wanted(scored, chosen, settings), release(scored, chosen, settings))


@st.cache_resource(max_entries=2, show_spinner="Deciding about each record …")
def _export_table(key: str, wanted: str, _prepared: Release) -> ExportTable:
    return prepare(
        _prepared.records,
        _prepared.originals,
        _prepared.table,
        _prepared.settings,
        human=_prepared.human,
        reviews=_prepared.reviews,
        classes=_prepared.scored.classes,
    )


def slices(scored: Scored) -> SliceFindings:
    """Return the slices that the search finds. Shared: read-only."""
    return _slices(_key(scored), scored)


@st.cache_resource(max_entries=4, show_spinner="Searching for groups of books that are truly worse …")
def _slices(key: str, _scored: Scored) -> SliceFindings:
    return find_slices(_scored.table, _scored.classes)


def comparison(first: Scored, second: Scored) -> ModelComparison:
    """Return how two sets of predictions compare on the same books. Shared: read-only."""
    return _comparison(_key(first), _key(second), first, second)


@st.cache_resource(max_entries=4, show_spinner="Comparing both on the same books …")
def _comparison(first: str, second: str, _first: Scored, _second: Scored) -> ModelComparison:
    table = in_the_words_of(_first, _second)
    return compare_models(_first.table, table, _first.classes, names=(_first.name, _second.name))


def collection(scored: Scored) -> CollectionEstimates:
    """Return what the checked books say of the whole collection. Shared: read-only."""
    return _collection(_key(scored), scored)


@st.cache_resource(max_entries=4, show_spinner="Estimating the whole collection …")
def _collection(key: str, _scored: Scored) -> CollectionEstimates:
    return collection_estimates(_scored.table, _scored.classes)


def calibrations(scored: Scored) -> tuple[CalibrationTried, ...]:
    """Return each way of calibrating, measured on books it was not learned from. Shared: read-only."""
    return _calibrations(_key(scored), scored)


@st.cache_resource(max_entries=4, show_spinner="Calibrating …")
def _calibrations(key: str, _scored: Scored) -> tuple[CalibrationTried, ...]:
    return try_calibrations(_scored.table, _scored.classes)


def model(name: str) -> Model:
    """Return a model, verified and loaded once. Shared: never changed."""
    return _model(workspace().find("models", name).fingerprint)


@st.cache_resource(max_entries=3, show_spinner="Loading the model …")
def _model(fingerprint: str) -> Model:
    return load_model(workspace(), fingerprint)


def explanation(name: str, title: str) -> Explanation:
    """Return the words of a title for and against what the model says of it."""
    asked = model(name)
    return word_contributions(asked, title) if is_linear(asked) else leave_one_word_out(asked, title)


def shap_explanation(name: str, title: str) -> Explanation:
    """Return the same by SHAP, kept for as long as it is likely to be looked at again."""
    return _shap(workspace().find("models", name).fingerprint, digest(title), title)


@st.cache_resource(max_entries=32, show_spinner="SHAP reads the title many times …")
def _shap(fingerprint: str, key: str, _title: str) -> Explanation:
    asked = _model(fingerprint)
    books = _learned_books(fingerprint)
    background = books["title"].head(500).tolist() if is_linear(asked) and len(books) else None
    return shap_words(asked, _title, background=background)


def similar_titles(name: str, title: str) -> pd.DataFrame:
    """Return labelled titles most like this one, of the labels the model learned from; empty when they are not here."""
    return _similar(workspace().find("models", name).fingerprint).nearest(title)


@st.cache_resource(max_entries=3, show_spinner="Reading the labelled titles …")
def _similar(fingerprint: str) -> SimilarTitles:
    return SimilarTitles(_learned_books(fingerprint))


def _learned_books(fingerprint: str) -> pd.DataFrame:
    place = workspace()
    labels = place.find("models", fingerprint).manifest.get("labels_fingerprint", "")
    try:
        return load_labels(place, labels).training_table()
    except NotFoundError:
        return pd.DataFrame({"record_id": [], "title": [], "label": []}, dtype="str")


def facet_slices(scored: Scored, facet: str) -> FacetSlices:
    """Return every value of a facet as a slice, tested. Shared: read-only."""
    return _facet_slices(_key(scored), facet, scored)


@st.cache_resource(max_entries=16, show_spinner="Testing …")
def _facet_slices(key: str, facet: str, _scored: Scored) -> FacetSlices:
    return slices_by_facet(_scored.table, _scored.classes, [facet])


def models() -> list[dict[str, Any]]:
    """Return what is known of every model, the newest first; read afresh when one was added."""
    return _models(tuple((thing.name, thing.fingerprint) for thing in workspace().list("models")))


@st.cache_data(max_entries=4, show_spinner=False)
def _models(things: tuple[tuple[str, str], ...]) -> list[dict[str, Any]]:
    return list_models(workspace())


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


def label_audit(labels: Artifact, false_alarm: float) -> LabelAudit:
    """Return which labels of a set look wrong, and where they gather. Shared: read-only."""
    return _label_audit(labels.fingerprint, false_alarm, labels.name)


@st.cache_resource(max_entries=4, show_spinner="Reading every title with a model that has not seen it …")
def _label_audit(fingerprint: str, false_alarm: float, _name: str) -> LabelAudit:
    return audit_labels(load_labels(workspace(), _name), false_alarm=false_alarm)
