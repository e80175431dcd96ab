"""Models, loaded once, and why they say what they say of a title."""

from typing import Any

import pandas as pd
import streamlit as st

from core.errors import DamagedError, NotFoundError
from core.explain import Explanation, SimilarTitles, is_linear, leave_one_word_out, shap_words, word_contributions
from core.labels import load_labels
from core.models.preparation import text_of_record
from core.models.registry import Model, list_models
from core.models.registry import load as load_model
from core.predictions import load_predictions
from core.storage import digest
from dashboard.cache.tables import artifact_key, workspace

__all__ = ["explanation", "model", "models", "shap_explanation", "similar_titles", "text_of"]


def model(name: str) -> Model:
    """Return a model, verified and loaded once. Shared: never changed."""
    return _model(workspace().find("models", name).fingerprint)


@st.cache_resource(max_entries=3, show_spinner="Loading the model …")
def _model(fingerprint: str) -> Model:
    return load_model(workspace(), fingerprint)


def models() -> list[dict[str, Any]]:
    """Return what is known of every model, the newest first; read afresh when one was added."""
    return _models(tuple((thing.name, thing.fingerprint) for thing in workspace().list("models")))


@st.cache_data(max_entries=4, show_spinner=False)
def _models(things: tuple[tuple[str, str], ...]) -> list[dict[str, Any]]:
    return list_models(workspace())


def text_of(name: str, predictions: str, record_id: str, title: str) -> str:
    """Return what a model reads of a record that predictions speak of: its title, and the columns it reads besides."""
    reads = model(name).reads
    if not reads:
        return title
    fingerprint = workspace().find("predictions", predictions).fingerprint
    return _text(fingerprint, artifact_key("predictions", fingerprint), record_id, reads)


@st.cache_data(max_entries=200, show_spinner=False)
def _text(fingerprint: str, catalogue: str, record_id: str, reads: tuple[str, ...]) -> str:
    return text_of_record(workspace(), load_predictions(workspace(), fingerprint), record_id, reads)


def explanation(name: str, title: str) -> Explanation:
    """Return the words of a title for and against what the model says of it."""
    loaded_model = model(name)
    return (
        word_contributions(loaded_model, title) if is_linear(loaded_model) else leave_one_word_out(loaded_model, title)
    )


def shap_explanation(name: str, title: str) -> Explanation:
    """Return the same by SHAP, kept for as long as it is likely to be looked at again."""
    fingerprint = workspace().find("models", name).fingerprint
    return _shap(fingerprint, _labels_here(fingerprint), digest(title), title)


@st.cache_resource(max_entries=32, show_spinner="SHAP reads the title many times …")
def _shap(fingerprint: str, labels: str, key: str, _title: str) -> Explanation:
    loaded_model = _model(fingerprint)
    books = _learned_books(fingerprint)
    background = books["title"].head(500).tolist() if is_linear(loaded_model) and len(books) else None
    return shap_words(loaded_model, _title, background=background)


def similar_titles(name: str, title: str) -> pd.DataFrame:
    """Return labelled titles most like this one, of the labels the model learned from; empty when they are not here."""
    fingerprint = workspace().find("models", name).fingerprint
    return _similar(fingerprint, _labels_here(fingerprint)).nearest(title)


@st.cache_resource(max_entries=3, show_spinner="Reading the labelled titles …")
def _similar(fingerprint: str, labels: str) -> SimilarTitles:
    return SimilarTitles(_learned_books(fingerprint))


def _labels_here(fingerprint: str) -> str:
    """Return the fingerprint of the labels a model learned from, '' while they are not here: they may come later."""
    place = workspace()
    labels = str(place.find("models", fingerprint).manifest.get("labels_fingerprint", ""))
    return labels if any(thing.fingerprint == labels for thing in place.list("labels")) else ""


def _learned_books(fingerprint: str) -> pd.DataFrame:
    place = workspace()
    labels = place.find("models", fingerprint).manifest.get("labels_fingerprint", "")
    try:
        return load_labels(place, labels).training_table()
    except (NotFoundError, DamagedError):
        return pd.DataFrame({"record_id": [], "title": [], "label": []}, dtype="str")
