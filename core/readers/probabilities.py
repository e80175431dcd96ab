"""Which columns of a predictions file hold the probability of a class, and of which class."""

import re
from collections.abc import Collection
from dataclasses import dataclass

import pandas as pd

from core.readers.synonyms import CLASS_MARKERS, NOT_CLASSES, normal_header
from core.readers.values import numbers, sampled, sums_to_one, unit_share

__all__ = ["FoundProbabilities", "class_in_header", "find_probabilities"]

_MARKER = "|".join(CLASS_MARKERS)
_JOINT = r"[\s_.:\-(\[|]"
_BEFORE = re.compile(rf"^(?:{_MARKER}){_JOINT}+(?:of{_JOINT}+)?(?P<name>.+?)[)\]\s]*$", re.IGNORECASE)
_BEFORE_CAMEL = re.compile(r"^(?:prob|proba|probability|score|confidence)(?P<name>[A-Z].*)$")
_AFTER = re.compile(rf"^(?P<name>.+?){_JOINT}+(?:{_MARKER})[)\]\s]*$", re.IGNORECASE)
_AFTER_CAMEL = re.compile(r"^(?P<name>.*[a-z])(?:Probs?|Proba|Probability|Scores?|Confidence)$")


@dataclass(frozen=True)
class FoundProbabilities:
    """Class name → column, with why and what a person should confirm ('' when nothing)."""

    columns: dict[str, str]
    reason: str = ""
    question: str = ""


def class_in_header(header: str) -> str:
    """Return the class named in the header of a probability column, '' when it names none.

    >>> class_in_header("p_Non-fiction"), class_in_header("fiction_probs"), class_in_header("max_prob")
    ('Non-fiction', 'fiction', '')
    """
    for pattern in (_BEFORE, _BEFORE_CAMEL, _AFTER, _AFTER_CAMEL):
        found = pattern.match(header.strip())
        if found:
            name = found["name"].strip(" _")
            return "" if normal_header(name) in NOT_CLASSES else name
    return ""


def find_probabilities(frame: pd.DataFrame, used: Collection[str], classes: Collection[str]) -> FoundProbabilities:
    """Return the columns that hold class probabilities.

    Columns are looked for whose header joins a class name and a word such as *prob* or *score*, then columns whose
    header is nothing but a class; all their values must lie between 0 and 1.

    Parameters
    ----------
    frame : DataFrame of text
    used : collection of str
        Columns that serve another purpose.
    classes : collection of str
        Class names known from the column of predicted labels; empty when there is none.
    """
    known = {normal_header(name) for name in classes}
    named = {
        name: column
        for column in frame.columns
        if column not in used and (name := class_in_header(column)) and unit_share(frame[column]) >= 0.99
    }
    found = _pick(frame, named, known)
    if found:
        return _said(frame, found, "their names join a class and a word for probability")
    bare = {
        str(column): str(column)
        for column in frame.columns
        if column not in used and column not in named.values() and _is_fraction_column(frame[column])
    }
    matching = {name: column for name, column in bare.items() if normal_header(name) in known}
    for candidates in (bare, matching):
        if len(candidates) >= 2 and sums_to_one(frame[list(candidates.values())]):
            return _said(frame, candidates, "their values lie between 0 and 1 and sum to 1 in each row")
    return FoundProbabilities({})


def _pick(frame: pd.DataFrame, named: dict[str, str], known: set[str]) -> dict[str, str]:
    if len(named) >= 2 and sums_to_one(frame[list(named.values())]):
        return named
    matching = {name: column for name, column in named.items() if normal_header(name) in known}
    return matching if known else named


def _said(frame: pd.DataFrame, columns: dict[str, str], because: str) -> FoundProbabilities:
    shown = ", ".join(f"'{column}'" for column in columns.values())
    reason = (
        f"{shown}: {because}." if len(columns) > 1 else f"{shown}: its name joins a class and a word for probability."
    )
    if len(columns) == 1:
        (name,) = columns
        question = (
            f"Only '{columns[name]}' holds a probability of a class ('{name}'): confirm that the rest of 1 belongs to "
            "one other class."
        )
    elif not sums_to_one(frame[list(columns.values())]):
        question = (
            f"The probabilities in {shown} do not sum to 1: confirm that they are probabilities of single classes."
        )
    else:
        question = ""
    return FoundProbabilities(columns, reason, question)


def _is_fraction_column(column: "pd.Series[str]") -> bool:
    """Return whether all values lie between 0 and 1 and some are neither: flags of 0 and 1 are no probabilities."""
    filled = sampled(column)
    if not len(filled):
        return False
    found = numbers(filled)
    return bool(((found >= 0) & (found <= 1)).mean() >= 0.99 and ((found > 0) & (found < 1)).any())
