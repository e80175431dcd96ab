"""A sample beside the collection it should stand for."""

from typing import NamedTuple

import pandas as pd
import streamlit as st

from core.keywords import keyword_frequency
from core.language_evidence import LanguageEvidence
from core.language_evidence import language_evidence as evidence_of
from core.representativeness import Representativeness, compare
from core.storage import Artifact
from dashboard.cache.tables import artifact_key, records

__all__ = ["keywords", "language_evidence", "representativeness"]


class _Records(NamedTuple):
    """Whose records are compared, and all that these and the words on them depend on."""

    kind: str
    fingerprint: str
    name: str
    catalogue: str

    @classmethod
    def of(cls, thing: Artifact) -> "_Records":
        return cls(thing.kind, thing.fingerprint, thing.name, artifact_key(thing.kind, thing.fingerprint))

    @property
    def table(self) -> pd.DataFrame:
        return records(self.kind, self.fingerprint)


def representativeness(sample: Artifact, population: Artifact) -> Representativeness:
    """Return how a sample compares with a collection, all facets. Shared: read-only."""
    return _representativeness(_Records.of(sample), _Records.of(population))


@st.cache_resource(max_entries=8, show_spinner="Comparing …")
def _representativeness(sample: _Records, population: _Records) -> Representativeness:
    return compare(sample.table, population.table, sample_name=sample.name, population_name=population.name)


def language_evidence(sample: Artifact, population: Artifact) -> LanguageEvidence:
    """Return how much of the comparison by language rests on detected languages. Shared: read-only."""
    return _language_evidence(_Records.of(sample), _Records.of(population))


@st.cache_resource(max_entries=8, show_spinner="Comparing languages …")
def _language_evidence(sample: _Records, population: _Records) -> LanguageEvidence:
    return evidence_of(sample.table, population.table, sample_name=sample.name, population_name=population.name)


def keywords(sample: Artifact, population: Artifact, words: str) -> pd.DataFrame:
    """Return how often words (separated by commas) stand in titles, year by year."""
    wanted = tuple(word.strip() for word in words.split(",") if word.strip())
    return _keywords(_Records.of(sample), _Records.of(population), wanted)


@st.cache_data(max_entries=16, show_spinner="Counting words …")
def _keywords(sample: _Records, population: _Records, words: tuple[str, ...]) -> pd.DataFrame:
    return keyword_frequency(
        sample.table, population.table, words, sample_name=sample.name, population_name=population.name
    )
