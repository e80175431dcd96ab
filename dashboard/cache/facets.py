"""Learned facets: a corpus with the numbers they are learned on, and what was learned last of marks."""

from collections.abc import Mapping

import streamlit as st

from core.learned_facets import FacetCollection, FacetRanking, embeddings_of, rank_titles
from core.manifests import Manifest
from core.storage import Artifact, digest
from core.translation import in_english
from dashboard.cache.tables import workspace
from dashboard.language import LazyText

__all__ = ["facet_collection", "facet_ranking"]


def facet_collection(corpus: Artifact[Manifest]) -> FacetCollection:
    """Return a corpus with the numbers that facets are learned on. Shared: read-only."""
    embeddings = embeddings_of(workspace(), corpus.fingerprint)
    return _facet_collection(corpus.fingerprint, corpus.name, embeddings.fingerprint if embeddings else "")


@st.cache_resource(max_entries=2, show_spinner=LazyText("Reading the titles …"))
@in_english()
def _facet_collection(corpus: str, name: str, embeddings: str) -> FacetCollection:
    return FacetCollection.open(workspace(), name)


def facet_ranking(collection: FacetCollection, training: Mapping[str, bool]) -> FacetRanking:
    """Return a score for every title of a corpus, learned from marks. Shared: read-only."""
    key = digest(collection.corpus.fingerprint, collection.features.kind, sorted(training.items()))
    return _facet_ranking(key, collection, training)


@st.cache_resource(max_entries=8, show_spinner=False)
@in_english()
def _facet_ranking(key: str, _collection: FacetCollection, _training: Mapping[str, bool]) -> FacetRanking:
    return rank_titles(_collection, _training)
