"""Weak supervision: rules that vote on books, and what their votes together say.

A *labelling function* is a name, a class it votes for, and a condition; where the condition does not hold, it abstains.
Functions are written without code, on a page or in a TOML file (:mod:`core.weak_supervision.toml_file`), tried on a
corpus (:func:`cast_votes`, :func:`describe`), and put together by a vote (:func:`majority_vote`) or by a model of how
often each of them is right (:class:`LabelModel`).

What is kept honest:

- a function's accuracy is measured on half of the labelled titles that its author is never shown
  (:mod:`core.weak_supervision.holdout`), once a title;
- functions that copy one another are found and refused (:func:`find_duplicates`), since no evidence may count
  twice;
- a model's opinion never votes on titles that the model learned from (:mod:`core.weak_supervision.books`);
- the label set that is made leaves out what people labelled and what is tested on (:mod:`core.weak_supervision.build`).
"""

from core.weak_supervision.books import Books, ModelOpinion, books_of
from core.weak_supervision.conditions import (
    AllOf,
    AnyOf,
    Condition,
    Confident,
    Facet,
    Length,
    Not,
    Range,
    Text,
    columns_of,
    describe_condition,
)
from core.weak_supervision.copies import DuplicateFunction, agreements, find_duplicates
from core.weak_supervision.functions import LabellingFunction
from core.weak_supervision.holdout import holdout_mask
from core.weak_supervision.kept import (
    SavedFunction,
    add_function,
    remove_functions,
    replace_functions,
    saved_functions,
)
from core.weak_supervision.label_model import LabelModel
from core.weak_supervision.majority import majority_vote
from core.weak_supervision.suggest import Suggestion, suggest_functions
from core.weak_supervision.table import describe
from core.weak_supervision.toml_file import functions_from_toml, functions_to_toml, read_functions
from core.weak_supervision.tryout import METHODS, Method, TrialResult, try_functions
from core.weak_supervision.votes import ABSTAIN, Votes, cast_votes

__all__ = [
    "ABSTAIN",
    "METHODS",
    "AllOf",
    "AnyOf",
    "Books",
    "Condition",
    "Confident",
    "DuplicateFunction",
    "Facet",
    "LabelModel",
    "LabellingFunction",
    "Length",
    "Method",
    "ModelOpinion",
    "Not",
    "Range",
    "SavedFunction",
    "Suggestion",
    "Text",
    "TrialResult",
    "Votes",
    "add_function",
    "agreements",
    "books_of",
    "cast_votes",
    "columns_of",
    "describe",
    "describe_condition",
    "find_duplicates",
    "functions_from_toml",
    "functions_to_toml",
    "holdout_mask",
    "majority_vote",
    "read_functions",
    "remove_functions",
    "replace_functions",
    "saved_functions",
    "suggest_functions",
    "try_functions",
]
