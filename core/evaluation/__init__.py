"""Evaluation: how often the predictions are right, for whom, and how sure one can be of that.

Everything here takes the scored table (:class:`core.predictions.Scored`), counts books with a usable truth, and never
gives a rate without its n and its interval.
"""

from core.evaluation.evaluate import (
    Evaluation,
    evaluate,
    least_confident_right,
    length_by_outcome,
    most_confident_wrong,
    most_confused,
    wrong_first,
)
from core.evaluation.languages import KnownLanguage, known_languages
from core.evaluation.metrics import accuracy_estimate, by_value, compare_with_rest, error_rate_ratio

__all__ = [
    "Evaluation",
    "KnownLanguage",
    "accuracy_estimate",
    "by_value",
    "compare_with_rest",
    "error_rate_ratio",
    "evaluate",
    "known_languages",
    "least_confident_right",
    "length_by_outcome",
    "most_confident_wrong",
    "most_confused",
    "wrong_first",
]
