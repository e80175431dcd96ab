"""Evaluation: how often the predictions are right, for whom, and how sure one can be of that.

(Written by the lead; extend it, do not replace it: pages and command line call these names.)
"""

from core.evaluation.by_class import by_value_and_class, value_sentences
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
from core.evaluation.rates import share_right

__all__ = [
    "ClassMetrics",
    "Evaluation",
    "Metrics",
    "by_value",
    "by_value_and_class",
    "evaluate",
    "least_confident_right",
    "length_by_outcome",
    "most_confident_wrong",
    "outcome_of",
    "rate_against_rest",
    "share_right",
    "value_sentences",
]
