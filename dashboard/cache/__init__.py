"""Every cached function; nothing else is decorated.

The tables that everything is computed from are :mod:`dashboard.cache.tables`; here is what is computed of predictions,
labels, exports and models, kept while what it depends on stays the same.

Keys are fingerprints and small settings, never tables: a table above 50,000 rows would be hashed by a sample only.
Large tables are shared as resources and must be treated as read-only; small answers are cached as data. A scored table
and an artifact stand in a key as all fingerprints that a result depends on (`KEYS` in :mod:`dashboard.cache.tables`).
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from core.alpha_budget import AlphaBudget
from core.book_record import BookRecord
from core.book_record import book_record as record_of_book
from core.comparison import ModelComparison, compare_models
from core.errors import ColophonError, DamagedError, NotFoundError
from core.evaluation import CalibrationTrial, Evaluation, KnownLanguage, evaluate, try_calibrations
from core.explain import Explanation, SimilarTitles, is_linear, leave_one_word_out, shap_words, word_contributions
from core.export.release import Release, cut_scope
from core.export.table import ExportTable
from core.guarantees import (
    AcceptedRequest,
    SavedPolicy,
    TwoModelRequest,
    WholeRequest,
    ask_accepted,
    ask_band,
    ask_two_models,
    ask_whole,
    bound_of,
    budget_of,
    saved_policies,
)
from core.label_audit import LabelAudit, audit_labels
from core.labels import load_labels
from core.manifests import LabelManifest
from core.models.preparation import text_of_record
from core.models.registry import Model, ModelDescription, list_models
from core.models.registry import load as load_model
from core.predictions import Scored, align_scored, load_predictions
from core.representativeness import CollectionEstimates, collection_estimates
from core.retraining import BeforeAfter, before_and_after
from core.review_queue import Order, Reason, ReviewQueue, queue_of
from core.road import RoadStatus, Step, StepState, road_status, steps
from core.schema import LABEL, RECORD_ID, TITLE, TRUTH
from core.sharing import cards as sharing_cards
from core.slices import FacetSlices, PairSlices, SliceFindings, find_slices
from core.slices import facet_slices as slices_by_facet
from core.slices import pair_slices as slices_by_pair
from core.storage import Artifact, digest
from core.thresholds import (
    Curves,
    ErrorBand,
    Guarantee,
    Policy,
    PolicyReport,
    PopulationCheck,
    WholeGuarantee,
    compare_population,
    draw_review_sample,
)
from core.thresholds import policy_report as report_on
from core.thresholds.sample import CheckedSample, above_floors, confidence_floors, draw_with_chances
from core.thresholds.two_models import TwoModelGuarantee
from core.translation import in_english
from dashboard.cache.tables import (
    KEYS,
    artifact_key,
    artifact_keys,
    begin_facets,
    catalogue,
    facet_collection,
    facet_ranking,
    key_of,
    keywords,
    language_evidence,
    originals,
    peek,
    records,
    representativeness,
    scored,
    server_workspace,
    upload_slot,
    workspace,
)
from dashboard.language import LazyText
from dashboard.navigation import PREDICTIONS

__all__ = [
    "alpha_budget",
    "before_after",
    "begin_facets",
    "book_record",
    "books_with_chances",
    "calibrations",
    "catalogue",
    "checked_titles",
    "collection",
    "comparison",
    "curves",
    "error_band",
    "evaluation",
    "explanation",
    "export_cut_scope",
    "export_table",
    "facet_collection",
    "facet_ranking",
    "facet_slices",
    "keywords",
    "label_audit",
    "language_evidence",
    "languages_of_model",
    "model",
    "models",
    "originals",
    "pair_slices",
    "peek",
    "policy_report",
    "population",
    "promise",
    "random_books",
    "records",
    "release",
    "representativeness",
    "review_order",
    "review_queue",
    "scored",
    "server_workspace",
    "shap_explanation",
    "similar_titles",
    "slices",
    "states_of_steps",
    "status",
    "text_of",
    "two_models",
    "upload_slot",
    "whole_guarantee",
    "workspace",
]

# --- How far one is on the road, and one book of it -------------------------------------------------------------------


def status() -> RoadStatus:
    """Return what is loaded, and what was done with the predictions chosen in the sidebar; never kept, it changes."""
    chosen = st.session_state.get(PREDICTIONS) or st.query_params.get(PREDICTIONS)
    newest = (artifact.name for artifact in workspace().list("predictions"))  # what the sidebar will choose
    return road_status(workspace(), chosen or next(newest, None))


def states_of_steps() -> dict[Step, StepState]:
    """Return the state of every step; nothing where the workspace cannot be read, which each page says."""
    try:
        return steps(status())
    except ColophonError:
        return {}


def book_record(scored: Scored, record_id: str) -> BookRecord:
    """Return what is known of one book; read anew each time, since people decide meanwhile."""
    return record_of_book(workspace(), scored, record_id, originals("predictions", scored.predictions))


# --- What is computed of a set of predictions or labels ---------------------------------------------------------------
# How right it is, where it is wrong, what can be promised.


@st.cache_resource(max_entries=8, show_spinner=LazyText("Evaluating …"), hash_funcs=KEYS)
@in_english()
def evaluation(scored: Scored) -> Evaluation:
    """Return the evaluation of scored predictions. Shared: read-only."""
    return evaluate(scored.table, scored.classes)


@st.cache_resource(max_entries=4, show_spinner=LazyText("Calibrating …"), hash_funcs=KEYS)
@in_english()
def calibrations(scored: Scored) -> tuple[CalibrationTrial, ...]:
    """Return each way of calibrating, measured on books it was not learned from. Shared: read-only."""
    return try_calibrations(scored.table, scored.classes)


@st.cache_resource(max_entries=4, show_spinner=LazyText("Estimating the whole collection …"), hash_funcs=KEYS)
@in_english()
def collection(scored: Scored) -> CollectionEstimates:
    """Return what the checked books say of the whole collection. Shared: read-only."""
    return collection_estimates(scored.table, scored.classes)


@st.cache_resource(max_entries=4, show_spinner=LazyText("Comparing both on the same books …"), hash_funcs=KEYS)
@in_english()
def comparison(first: Scored, second: Scored) -> ModelComparison:
    """Return how two sets of predictions compare on the same books. Shared: read-only."""
    table = align_scored(first, second)
    return compare_models(first.table, table, first.classes, names=(first.name, second.name))


@st.cache_resource(max_entries=4, show_spinner=LazyText("Comparing before and after …"), hash_funcs=KEYS)
@in_english()
def before_after(before: Scored, after: str, fingerprint: str, cut_offs: str) -> BeforeAfter:
    """Return predictions beside those of the model that was trained again. Shared: read-only.

    Parameters
    ----------
    after, fingerprint : str
        Name and fingerprint of the new predictions.
    cut_offs : str
        When the cut-offs were kept that hold now: with others the answer is another.
    """
    return before_and_after(workspace(), before, after)


@st.cache_resource(max_entries=16, show_spinner=LazyText("Testing …"), hash_funcs=KEYS)
@in_english()
def facet_slices(scored: Scored, facet: str) -> FacetSlices:
    """Return every value of a facet as a slice, tested. Shared: read-only."""
    return slices_by_facet(scored.table, scored.classes, [facet])


@st.cache_resource(max_entries=16, show_spinner=LazyText("Testing …"), hash_funcs=KEYS)
@in_english()
def pair_slices(scored: Scored, down: str, across: str) -> PairSlices:
    """Return every pair of values of two facets as a slice, tested. Shared: read-only."""
    return slices_by_pair(scored.table, scored.classes, down, across)


@st.cache_resource(
    max_entries=4, show_spinner=LazyText("Searching for groups of books that are truly worse …"), hash_funcs=KEYS
)
@in_english()
def slices(scored: Scored) -> SliceFindings:
    """Return the slices that the search finds. Shared: read-only."""
    return find_slices(scored.table, scored.classes)


@st.cache_resource(
    max_entries=4, show_spinner=LazyText("Reading every title with a model that has not seen it …"), hash_funcs=KEYS
)
@in_english()
def label_audit(labels: Artifact[LabelManifest], false_alarm: float) -> LabelAudit:
    """Return which labels of a set look wrong, and where they gather. Shared: read-only."""
    return audit_labels(load_labels(workspace(), labels.name), false_alarm=false_alarm)


@st.cache_resource(max_entries=8, show_spinner=LazyText("Drawing the curves …"), hash_funcs=KEYS)
@in_english()
def curves(scored: Scored) -> pd.DataFrame:
    """Return risk–coverage curves, a class after the other, thinned for drawing. Shared: read-only."""
    return Curves(scored.table, scored.classes).table()


def policy_report(scored: Scored, policy: Policy) -> PolicyReport:
    """Return what a policy does. Not kept: a slider has too many steps to remember each."""
    return report_on(scored.table, policy, classes=scored.classes)


def with_bound(report: PolicyReport, scored: Scored, chosen: SavedPolicy) -> PolicyReport:
    """Return a report with what holds of the accepted however the cuts were chosen."""
    return replace(report, bound=bound_of(scored, chosen, lambda: error_band(scored), population(scored)))


@st.cache_resource(max_entries=32, show_spinner=LazyText("Testing cut-offs …"), hash_funcs=KEYS)
@in_english()
def promise(scored: Scored, request: AcceptedRequest) -> Guarantee:
    """Return what can be promised of the accepted. Shared: read-only."""
    return ask_accepted(scored, request, alpha_budget(scored), population(scored))


@st.cache_resource(max_entries=32, show_spinner=LazyText("Testing cut-offs …"), hash_funcs=KEYS)
@in_english()
def whole_guarantee(scored: Scored, request: WholeRequest) -> WholeGuarantee:
    """Return what can be promised of the whole. Shared: read-only."""
    return ask_whole(scored, request, alpha_budget(scored), population(scored))


@st.cache_resource(max_entries=16, show_spinner=LazyText("Testing pairs of cut-offs …"), hash_funcs=KEYS)
@in_english()
def two_models(first: Scored, second: Scored, request: TwoModelRequest) -> TwoModelGuarantee:
    """Return what can be promised of two models and people together. Shared: read-only."""
    return ask_two_models(first, second, request, alpha_budget(first))


@st.cache_resource(max_entries=8, show_spinner=LazyText("Testing cut-offs …"), hash_funcs=KEYS)
@in_english()
def error_band(scored: Scored) -> ErrorBand:
    """Return the bound on what stays wrong at every cut-off at once. Shared: read-only."""
    return ask_band(scored, alpha_budget(scored))


@st.cache_resource(max_entries=8, show_spinner=False, hash_funcs=KEYS)
@in_english()
def alpha_budget(scored: Scored) -> AlphaBudget:
    """Return the budget of the checked books; what was asked of them is read afresh at each look."""
    return budget_of(workspace(), scored)


@st.cache_resource(max_entries=8, show_spinner=False, hash_funcs=KEYS)
@in_english()
def random_books(scored: Scored, n: int, surest: float = 1.0, *, unchecked: bool = False) -> pd.DataFrame:
    """Return books drawn at random from all, checked or learned from or not. Shared: read-only.

    Parameters
    ----------
    surest : float
        Only from this share of each predicted class, its surest; see :func:`core.thresholds.find_whole_guarantee`.
    unchecked : bool
        Whether to leave out what is checked: the books are then further ones of the same draw.
    """
    part = above_floors(scored.table, confidence_floors(scored.table, scored.classes, surest))
    if unchecked:
        part &= ~CheckedSample.from_table(scored.table).drawn
    return draw_review_sample(scored.table[part].assign(truth=""), n, ())


@st.cache_resource(max_entries=8, show_spinner=False, hash_funcs=KEYS)
@in_english()
def books_with_chances(scored: Scored, n: int, strata: tuple[str, ...]) -> pd.DataFrame:
    """Return about so many books, half of them in equal parts from each value of a facet. Shared: read-only."""
    return draw_with_chances(scored.table, n, strata)


@st.cache_resource(
    max_entries=8, show_spinner=LazyText("Comparing the checked books with the others …"), hash_funcs=KEYS
)
@in_english()
def population(scored: Scored) -> PopulationCheck:
    """Return whether the checked books are like the collection. Shared: read-only."""
    return compare_population(scored.table)


# --- What an export would hold, before anything is written ------------------------------------------------------------


def release(scored: Scored, chosen: SavedPolicy, settings: Mapping[str, Any]) -> Release:
    """Return what an export would hold. Shared: read-only."""
    return _release(key_of(scored), _cache_key(scored, chosen, settings), scored, chosen, settings)


def _cache_key(scored: Scored, chosen: SavedPolicy, settings: Mapping[str, Any]) -> str:
    """Return what stands for an export in a cache: the policy and why it was chosen, settings, decisions, labels.

    So also of further labels that leave with these.
    """
    fingerprints = workspace().database.names("predictions")
    sets = [(scored.predictions, chosen)]
    sets += [(fingerprints.get(name, name), policy) for name, policy in settings.get("also", {}).items()]
    keys = [
        [
            predictions,
            {**vars(policy), "policy": policy.policy.as_dict()},
            workspace().database.newest("decision", predictions),
        ]
        for predictions, policy in sets
    ]
    decided = [workspace().database.newest("decision", predictions) for predictions in scored.decided_before]
    return digest(keys, decided, {**settings, "also": None}, artifact_keys("labels"))


@st.cache_resource(max_entries=2, show_spinner=LazyText("Deciding about each record …"))
@in_english()
def _release(key: str, wanted: str, _scored: Scored, _chosen: SavedPolicy, _settings: Mapping[str, Any]) -> Release:
    return Release.prepare(workspace(), _scored.name, _chosen, scored=_scored, **_settings)


def export_table(scored: Scored, chosen: SavedPolicy, settings: Mapping[str, Any]) -> ExportTable:
    """Return every record with its decision, as the export's writers read it. Shared: read-only."""
    return release(scored, chosen, settings).decided


def _decided_key(scored: Scored) -> str:
    decided = (scored.predictions, *scored.decided_before)
    decisions = [workspace().database.newest("decision", predictions) for predictions in decided]
    return digest(key_of(scored), decisions, artifact_keys("labels"))


@st.cache_resource(
    max_entries=4, show_spinner=LazyText("Looking for what people have said …"), hash_funcs={Scored: _decided_key}
)
@in_english()
def export_cut_scope(scored: Scored) -> NDArray[np.bool_]:
    """Return which records an export leaves to the cuts. Shared: read-only."""
    return cut_scope(workspace(), scored)


# --- What waits for people --------------------------------------------------------------------------------------------


def _queue_key(scored: Scored) -> str:
    database = workspace().database
    chosen = [database.newest(kind, scored.predictions) for kind in ("policy", "review")]
    shared = [database.newest(kind) for kind in ("slice", "draw")]
    return digest(key_of(scored), chosen, shared, artifact_keys("predictions"))


@st.cache_resource(
    max_entries=3, show_spinner=LazyText("Looking for books that wait …"), hash_funcs={Scored: _queue_key}
)
@in_english()
def review_queue(scored: Scored) -> ReviewQueue:
    """Return what people should look at, decided or not. Shared: read-only."""
    policies = saved_policies(workspace(), scored.predictions)
    return queue_of(workspace(), scored, policies[0].policy if policies else None)


@st.cache_resource(max_entries=8, show_spinner=False, hash_funcs={Scored: _queue_key})
@in_english()
def review_order(scored: Scored, order: Order, seed: int, reasons: tuple[Reason, ...]) -> tuple[str, ...]:
    """Return the records of the queue in an order. Shared: read-only."""
    return review_queue(scored).ordered(order, seed=seed, reasons=reasons)


# Among so many the titles most like one are found in a hundredth of a second.
_MOST_TITLES = 5_000


@st.cache_resource(max_entries=3, show_spinner=LazyText("Reading the checked titles …"), hash_funcs=KEYS)
@in_english()
def checked_titles(scored: Scored) -> SimilarTitles:
    """Return the titles that people have checked, to be searched for those most like another. Shared: read-only."""
    checked = scored.labelled[scored.labelled[TITLE] != ""].head(_MOST_TITLES)
    return SimilarTitles(checked[[RECORD_ID, TITLE]].assign(**{LABEL: checked[TRUTH]}))


# --- Models, loaded once, and why they say what they say of a title ---------------------------------------------------


def model(name: str) -> Model:
    """Return a model, verified and loaded once. Shared: never changed."""
    return _model(workspace().find("models", name).fingerprint)


@st.cache_resource(max_entries=3, show_spinner=LazyText("Loading the model …"))
@in_english()
def _model(fingerprint: str) -> Model:
    return load_model(workspace(), fingerprint)


def models() -> list[ModelDescription]:
    """Return what is known of every model, the newest first; read afresh when one was added."""
    return _models(tuple((thing.name, thing.fingerprint) for thing in workspace().list("models")))


@st.cache_data(max_entries=4, show_spinner=False)
@in_english()
def _models(things: tuple[tuple[str, str], ...]) -> list[ModelDescription]:
    return list_models(workspace())


@st.cache_data(max_entries=8, show_spinner=False)
@in_english()
def languages_of_model(name: str, fingerprint: str) -> tuple[KnownLanguage, ...]:
    """Return what is known of each language by the answers of a model for the books it learned from."""
    place = workspace()
    return sharing_cards.languages_of_model(place, place.find("models", name))


def text_of(name: str, predictions: str, record_id: str, title: str) -> str:
    """Return what a model reads of a record that predictions speak of: its title, and the columns it reads besides."""
    reads = model(name).reads
    if not reads:
        return title
    fingerprint = workspace().find("predictions", predictions).fingerprint
    return _text(fingerprint, artifact_key("predictions", fingerprint), record_id, reads)


@st.cache_data(max_entries=200, show_spinner=False)
@in_english()
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


@st.cache_resource(max_entries=32, show_spinner=LazyText("SHAP reads the title many times …"))
@in_english()
def _shap(fingerprint: str, labels: str, key: str, _title: str) -> Explanation:
    loaded_model = _model(fingerprint)
    books = _learned_books(fingerprint)
    background = books["title"].head(500).tolist() if is_linear(loaded_model) and len(books) else None
    return shap_words(loaded_model, _title, background=background)


def similar_titles(name: str, title: str) -> pd.DataFrame:
    """Return labelled titles most like this one, of the labels the model learned from; empty when they are not here."""
    fingerprint = workspace().find("models", name).fingerprint
    return _similar(fingerprint, _labels_here(fingerprint)).nearest(title)


@st.cache_resource(max_entries=3, show_spinner=LazyText("Reading the labelled titles …"))
@in_english()
def _similar(fingerprint: str, labels: str) -> SimilarTitles:
    return SimilarTitles(_learned_books(fingerprint))


def _labels_here(fingerprint: str) -> str:
    """Return the fingerprint of the labels a model learned from, '' while they are not here: they may come later."""
    place = workspace()
    labels = place.find("models", fingerprint).manifest.labels_fingerprint
    return labels if any(thing.fingerprint == labels for thing in place.list("labels")) else ""


def _learned_books(fingerprint: str) -> pd.DataFrame:
    place = workspace()
    labels = place.find("models", fingerprint).manifest.labels_fingerprint
    try:
        return load_labels(place, labels).training_table()
    except (NotFoundError, DamagedError):
        return pd.DataFrame({"record_id": [], "title": [], "label": []}, dtype="str")
