"""Predicates: conditions on a record, in one language for slices and labelling functions.

A slice is a conjunction of predicates (:mod:`core.slices`), written as JSON; a labelling function votes where a
predicate holds (:mod:`core.weak_supervision`), and is written as TOML. Where the two look at the same thing in two ways
the predicate has a parameter for it: ``TextPredicate.how`` (words of the normalised title just as they are, or words of
any column with their plurals) and ``LengthPredicate.empty_counts`` (whether an empty text is a short one).
"""

from core.predicates.base import Books, Mask, ModelOpinion, Predicate
from core.predicates.kinds import (
    MEASURES,
    AllOf,
    AnyOf,
    ConfidencePredicate,
    FacetPredicate,
    LengthPredicate,
    Not,
    RangePredicate,
    TextPredicate,
    columns_of,
    is_title_words,
    measure_predicate,
    predicate_from_dict,
    predictions_of,
    title_phrase,
    title_words,
)

__all__ = [
    "MEASURES",
    "AllOf",
    "AnyOf",
    "Books",
    "ConfidencePredicate",
    "FacetPredicate",
    "LengthPredicate",
    "Mask",
    "ModelOpinion",
    "Not",
    "Predicate",
    "RangePredicate",
    "TextPredicate",
    "columns_of",
    "is_title_words",
    "measure_predicate",
    "predicate_from_dict",
    "predictions_of",
    "title_phrase",
    "title_words",
]
