"""Learned facets: a corpus with the numbers they are learned on, and what was learned last of marks."""

import threading
from collections.abc import Mapping

import streamlit as st

from core.learned_facets import FacetCollection, FacetRanking, embeddings_of, import_solver, rank_titles
from core.manifests import Manifest
from core.storage import Artifact, digest
from core.translation import in_english
from dashboard.cache.tables import workspace
from dashboard.language import LazyText

__all__ = ["begin_facets", "facet_collection", "facet_ranking"]


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
