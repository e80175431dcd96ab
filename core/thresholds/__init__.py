"""Thresholds: which predictions are accepted, what that does to the collection, and what can be promised of it."""

from core.thresholds.curves import TOGETHER, Curves, CutPoint, risk_coverage
from core.thresholds.kept import expected_errors, keep_rates, keep_rates_by_class
from core.thresholds.policy import Policy, apply_policy
from core.thresholds.population import PopulationCheck, compare_population
from core.thresholds.promise import promise
from core.thresholds.promise_words import what_would_help
from core.thresholds.promised import GroupPromise, Promise
from core.thresholds.report import DEFAULT_FACETS, PolicyReport, policy_report
from core.thresholds.sample import draw_review_sample

__all__ = [
    "DEFAULT_FACETS",
    "TOGETHER",
    "Curves",
    "CutPoint",
    "GroupPromise",
    "Policy",
    "PolicyReport",
    "PopulationCheck",
    "Promise",
    "apply_policy",
    "compare_population",
    "draw_review_sample",
    "expected_errors",
    "keep_rates",
    "keep_rates_by_class",
    "policy_report",
    "promise",
    "risk_coverage",
    "what_would_help",
]
