"""Evaluation: how often the predictions are right, for whom, and how sure one can be of that.

(Written by the lead; extend it, do not replace it: pages and command line call these names.)
"""

from core.evaluation.evaluate import (
    ClassMetrics,
    Evaluation,
    Metrics,
    by_value,
    evaluate,
    least_confident_right,
    length_by_outcome,
    most_confident_wrong,
    outcome_of,
    rate_against_rest,
)

__all__ = [
    "ClassMetrics",
    "Evaluation",
    "Metrics",
    "by_value",
    "evaluate",
    "least_confident_right",
    "length_by_outcome",
    "most_confident_wrong",
    "outcome_of",
    "rate_against_rest",
]
