"""Weak supervision: rules that vote on books, and what their votes together say.

A *labelling function* is a name, a class it votes for, and a condition; where the condition does not hold, it abstains.
Functions are written without code, on a page or in a TOML file (:mod:`core.weak_supervision.toml_file`), tried on a
corpus (:func:`cast_votes`, :func:`describe`), and put together by a vote (:func:`majority_vote`) or by a model of how
often each of them is right (:class:`LabelModel`).

What is kept honest:

- a function's accuracy is measured on half of the labelled titles that its author is never shown
  (:mod:`core.weak_supervision.tryout`), once a title;
- functions that copy one another are found and refused (:func:`find_duplicates`), since no evidence may count
  twice;
- a model's opinion never votes on titles that the model learned from (:mod:`core.weak_supervision.build`);
- the label set that is made leaves out what people labelled and what is tested on (:mod:`core.weak_supervision.build`).
"""

from core.weak_supervision.build import books_of, suggest_functions
from core.weak_supervision.functions import (
    ABSTAIN,
    LabellingFunction,
    LabelModel,
    Votes,
    agreements,
    cast_votes,
    find_duplicates,
    majority_vote,
)
from core.weak_supervision.toml_file import (
    FUNCTION_SETS,
    add_function,
    functions_called,
    functions_from_toml,
    functions_to_toml,
    read_functions,
    remove_functions,
    replace_functions,
    saved_functions,
)
from core.weak_supervision.tryout import METHODS, TrialResult, describe, holdout_mask, try_functions

__all__ = [
    "ABSTAIN",
    "FUNCTION_SETS",
    "METHODS",
    "LabelModel",
    "LabellingFunction",
    "TrialResult",
    "Votes",
    "add_function",
    "agreements",
    "books_of",
    "cast_votes",
    "describe",
    "find_duplicates",
    "functions_called",
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
