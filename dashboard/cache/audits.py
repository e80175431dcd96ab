"""What is computed of a set of predictions or labels: how right it is, where it is wrong, what can be promised."""

from typing import Literal

import pandas as pd
import streamlit as st

from core.collection import CollectionEstimates, collection_estimates
from core.comparison import ModelComparison, compare_models
from core.evaluation import Evaluation, evaluate
from core.evaluation.calibrations import CalibrationTrial, try_calibrations
from core.label_audit import LabelAudit, audit_labels
from core.labels import load_labels
from core.predictions import Scored, align_scored
from core.slices import FacetSlices, PairSlices, Slice, SliceFindings, find_slices
from core.slices import facet_slices as slices_by_facet
from core.slices import pair_slices as slices_by_pair
from core.slices import slice_p_value as test_slice
from core.storage import Artifact
from core.thresholds import Curves, Guarantee, Policy, PolicyReport, PopulationCheck, compare_population
from core.thresholds import policy_report as report_on
from core.thresholds import promise as promise_of
from dashboard.cache.tables import key_of, workspace

__all__ = [
    "calibrations",
    "collection",
    "comparison",
    "curves",
    "evaluation",
    "facet_slices",
    "label_audit",
    "pair_slices",
    "policy_report",
    "population",
    "promise",
    "slice_p_value",
    "slices",
]


def evaluation(scored: Scored) -> Evaluation:
    """Return the evaluation of scored predictions. Shared: read-only."""
    return _evaluation(key_of(scored), scored)


@st.cache_resource(max_entries=8, show_spinner="Evaluating …")
def _evaluation(key: str, _scored: Scored) -> Evaluation:
    return evaluate(_scored.table, _scored.classes)


def calibrations(scored: Scored) -> tuple[CalibrationTrial, ...]:
    """Return each way of calibrating, measured on books it was not learned from. Shared: read-only."""
    return _calibrations(key_of(scored), scored)


@st.cache_resource(max_entries=4, show_spinner="Calibrating …")
def _calibrations(key: str, _scored: Scored) -> tuple[CalibrationTrial, ...]:
    return try_calibrations(_scored.table, _scored.classes)


def collection(scored: Scored) -> CollectionEstimates:
    """Return what the checked books say of the whole collection. Shared: read-only."""
    return _collection(key_of(scored), scored)


@st.cache_resource(max_entries=4, show_spinner="Estimating the whole collection …")
def _collection(key: str, _scored: Scored) -> CollectionEstimates:
    return collection_estimates(_scored.table, _scored.classes)


def comparison(first: Scored, second: Scored) -> ModelComparison:
    """Return how two sets of predictions compare on the same books. Shared: read-only."""
    return _comparison(key_of(first), key_of(second), first, second)


@st.cache_resource(max_entries=4, show_spinner="Comparing both on the same books …")
def _comparison(first: str, second: str, _first: Scored, _second: Scored) -> ModelComparison:
    table = align_scored(_first, _second)
    return compare_models(_first.table, table, _first.classes, names=(_first.name, _second.name))


def facet_slices(scored: Scored, facet: str) -> FacetSlices:
    """Return every value of a facet as a slice, tested. Shared: read-only."""
    return _facet_slices(key_of(scored), facet, scored)


@st.cache_resource(max_entries=16, show_spinner="Testing …")
def _facet_slices(key: str, facet: str, _scored: Scored) -> FacetSlices:
    return slices_by_facet(_scored.table, _scored.classes, [facet])


def pair_slices(scored: Scored, down: str, across: str) -> PairSlices:
    """Return every pair of values of two facets as a slice, tested. Shared: read-only."""
    return _pair_slices(key_of(scored), down, across, scored)


@st.cache_resource(max_entries=16, show_spinner="Testing …")
def _pair_slices(key: str, down: str, across: str, _scored: Scored) -> PairSlices:
    return slices_by_pair(_scored.table, _scored.classes, down, across)


def slice_p_value(scored: Scored, slice_: Slice) -> float:
    """Return the p value of a slice that somebody asked for."""
    return _slice_p_value(key_of(scored), slice_, scored)


@st.cache_data(max_entries=64, show_spinner=False)
def _slice_p_value(key: str, slice_: Slice, _scored: Scored) -> float:
    return test_slice(_scored.table, _scored.classes, slice_)


def slices(scored: Scored) -> SliceFindings:
    """Return the slices that the search finds. Shared: read-only."""
    return _slices(key_of(scored), scored)


@st.cache_resource(max_entries=4, show_spinner="Searching for groups of books that are truly worse …")
def _slices(key: str, _scored: Scored) -> SliceFindings:
    return find_slices(_scored.table, _scored.classes)


def label_audit(labels: Artifact, false_alarm: float) -> LabelAudit:
    """Return which labels of a set look wrong, and where they gather. Shared: read-only."""
    return _label_audit(labels.fingerprint, labels.name, false_alarm)


@st.cache_resource(max_entries=4, show_spinner="Reading every title with a model that has not seen it …")
def _label_audit(fingerprint: str, name: str, false_alarm: float) -> LabelAudit:
    return audit_labels(load_labels(workspace(), name), false_alarm=false_alarm)


def curves(scored: Scored) -> pd.DataFrame:
    """Return risk–coverage curves, a class after the other, thinned for drawing. Shared: read-only."""
    return _curves(key_of(scored), scored)


@st.cache_resource(max_entries=8, show_spinner="Drawing the curves …")
def _curves(key: str, _scored: Scored) -> pd.DataFrame:
    return Curves(_scored.table, _scored.classes).table()


def policy_report(scored: Scored, policy: Policy) -> PolicyReport:
    """Return what a policy does. Not kept: a slider has too many steps to remember each."""
    return report_on(scored.table, policy, classes=scored.classes)


def promise(
    scored: Scored, max_error: float, confidence: float, per: Literal["class", "together"], stratum: str | None
) -> Guarantee:
    """Return what can be promised. Shared: read-only."""
    return _promise(key_of(scored), max_error, confidence, per, stratum, scored)


@st.cache_resource(max_entries=32, show_spinner="Testing cut-offs …")
def _promise(
    key: str,
    max_error: float,
    confidence: float,
    per: Literal["class", "together"],
    stratum: str | None,
    _scored: Scored,
) -> Guarantee:
    return promise_of(
        _scored.table,
        _scored.classes,
        max_error,
        confidence,
        per=per,
        stratum=stratum,
        learned_known=_scored.learned_known,
        population=population(_scored),
    )


def population(scored: Scored) -> PopulationCheck:
    """Return whether the checked books are like the collection. Shared: read-only."""
    return _population(key_of(scored), scored)


@st.cache_resource(max_entries=8, show_spinner="Comparing the checked books with the others …")
def _population(key: str, _scored: Scored) -> PopulationCheck:
    return compare_population(_scored.table)
