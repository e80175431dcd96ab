"""A sample beside the collection it should stand for."""

import pandas as pd
import streamlit as st

from core.keywords import keyword_frequency
from core.language_evidence import LanguageEvidence
from core.language_evidence import language_evidence as evidence_of
from core.representativeness import Representativeness, compare
from core.storage import Artifact
from dashboard.cache.tables import records

__all__ = ["keywords", "language_evidence", "representativeness"]


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
