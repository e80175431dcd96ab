"""What an export would hold, before anything is written."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.export.table import ExportTable
from core.policies import SavedPolicy
from core.predictions import Scored
from core.release import CutScope, Release, cut_scope
from core.storage import digest
from dashboard.cache.tables import artifact_keys, key_of, workspace

__all__ = ["export_cut_scope", "export_table", "release"]


def release(scored: Scored, chosen: SavedPolicy, settings: Mapping[str, Any]) -> Release:
    """Return what an export would hold. Shared: read-only."""
    return _release(key_of(scored), _cache_key(scored, chosen, settings), scored, chosen, settings)


def _cache_key(scored: Scored, chosen: SavedPolicy, settings: Mapping[str, Any]) -> str:
    """Return what stands for an export in a cache: the policy and why it was chosen, settings, decisions, labels."""
    decisions = workspace().database.read("decision", scored.predictions)
    policy = {**vars(chosen), "policy": chosen.policy.as_dict()}
    return digest(policy, settings, decisions, artifact_keys("labels"))


@st.cache_resource(max_entries=2, show_spinner="Deciding about each record …")
def _release(key: str, wanted: str, _scored: Scored, _chosen: SavedPolicy, _settings: Mapping[str, Any]) -> Release:
    return Release.prepare(workspace(), _scored.name, _chosen, scored=_scored, **_settings)


def export_table(scored: Scored, chosen: SavedPolicy, settings: Mapping[str, Any]) -> ExportTable:
    """Return every record with its decision, as the export's writers read it. Shared: read-only."""
    return release(scored, chosen, settings).decided


def export_cut_scope(scored: Scored) -> CutScope:
    """Return which records an export leaves to the cuts. Shared: read-only."""
    decisions = workspace().database.read("decision", scored.predictions)
    return _cut_scope(key_of(scored), digest(decisions, artifact_keys("labels")), scored)


@st.cache_resource(max_entries=4, show_spinner="Looking for what people have said …")
def _cut_scope(key: str, decided: str, _scored: Scored) -> CutScope:
    return cut_scope(workspace(), _scored)
