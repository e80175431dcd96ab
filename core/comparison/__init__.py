"""Comparison: two models on the same books."""

from core.comparison.by_value import BETTER, TOO_FEW, UNCLEAR, WORSE, outcomes_by_value
from core.comparison.models import FACETS_COMPARED, ModelComparison, compare_models

__all__ = [
    "BETTER",
    "FACETS_COMPARED",
    "TOO_FEW",
    "UNCLEAR",
    "WORSE",
    "ModelComparison",
    "compare_models",
    "outcomes_by_value",
]
