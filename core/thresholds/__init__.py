"""Thresholds: which predictions are accepted, what that does to the collection, and what can be promised of it."""

from core.thresholds.finite_population import ErrorBand, ErrorBound
from core.thresholds.guarantee import GroupGuarantee, Guarantee, find_guaranteed_cuts
from core.thresholds.policy import (
    ALL_CLASSES,
    Curves,
    CutPoint,
    GuaranteeRecord,
    Policy,
    acceptance_rates,
    acceptance_rates_by_class,
    apply_policy,
    expected_errors,
)
from core.thresholds.population import PopulationCheck, compare_population
from core.thresholds.report import PolicyReport, policy_report
from core.thresholds.sample import draw_review_sample
from core.thresholds.whole import WholeGuarantee, find_whole_guarantee

__all__ = [
    "ALL_CLASSES",
    "Curves",
    "CutPoint",
    "ErrorBand",
    "ErrorBound",
    "GroupGuarantee",
    "Guarantee",
    "GuaranteeRecord",
    "Policy",
    "PolicyReport",
    "PopulationCheck",
    "WholeGuarantee",
    "acceptance_rates",
    "acceptance_rates_by_class",
    "apply_policy",
    "compare_population",
    "draw_review_sample",
    "expected_errors",
    "find_guaranteed_cuts",
    "find_whole_guarantee",
    "policy_report",
]
