"""Every cached function; nothing else is decorated.

Keys are fingerprints and small settings, never tables: a table above 50,000 rows would be hashed by a sample only.
Large tables are shared as resources and must be treated as read-only; small answers are cached as data.
"""

from dashboard.cache.audits import (
    calibrations,
    collection,
    comparison,
    curves,
    evaluation,
    facet_slices,
    label_audit,
    pair_slices,
    policy_report,
    population,
    promise,
    slice_p_value,
    slices,
)
from dashboard.cache.exports import export_cut_scope, export_table, release
from dashboard.cache.models import explanation, model, models, shap_explanation, similar_titles, text_of
from dashboard.cache.samples import keywords, language_evidence, representativeness
from dashboard.cache.tables import catalogue, originals, peek, records, scored, workspace
from dashboard.cache.uploads import UploadSlot, upload_slot

__all__ = [
    "UploadSlot",
    "calibrations",
    "catalogue",
    "collection",
    "comparison",
    "curves",
    "evaluation",
    "explanation",
    "export_cut_scope",
    "export_table",
    "facet_slices",
    "keywords",
    "label_audit",
    "language_evidence",
    "model",
    "models",
    "originals",
    "pair_slices",
    "peek",
    "policy_report",
    "population",
    "promise",
    "records",
    "release",
    "representativeness",
    "scored",
    "shap_explanation",
    "similar_titles",
    "slice_p_value",
    "slices",
    "text_of",
    "upload_slot",
    "workspace",
]
