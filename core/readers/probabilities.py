"""Which columns of a predictions file hold the probability of a class, and of which class."""

import re
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.classes import class_key
from core.readers.scores import numeric_share
from core.readers.synonyms import CLASS_MARKERS, NOT_CLASSES, normal_header
from core.readers.values import numbers, sampled, sums_to_one, unit_share

__all__ = ["ProbabilityColumns", "class_in_header", "find_probabilities"]

_MARKER = "|".join(CLASS_MARKERS)
_JOINT = r"[\s_.:\-(\[|]"
_BEFORE = re.compile(rf"^(?:{_MARKER}){_JOINT}+(?:of{_JOINT}+)?(?P<name>.+?)[)\]\s]*$", re.IGNORECASE)
_BEFORE_CAMEL = re.compile(r"^(?:prob|proba|probability|score|confidence)(?P<name>[A-Z].*)$")
_AFTER = re.compile(rf"^(?P<name>.+?){_JOINT}+(?:{_MARKER})[)\]\s]*$", re.IGNORECASE)
_AFTER_CAMEL = re.compile(r"^(?P<name>.*[a-z])(?:Probs?|Proba|Probability|Scores?|Confidence)$")


@dataclass(frozen=True)
class ProbabilityColumns:
    """Class name → column, with why and what a person should confirm."""

    columns: dict[str, str]
    reason: str = ""
    questions: tuple[str, ...] = ()


def class_in_header(header: str) -> str:
    """Return the class named in the header of a probability column, '' when it names none.

    >>> class_in_header("p_Non-fiction"), class_in_header("fiction_probs"), class_in_header("max_prob")
    ('Non-fiction', 'fiction', '')
    """
    for pattern in (_BEFORE, _BEFORE_CAMEL, _AFTER, _AFTER_CAMEL):
        match = pattern.match(header.strip())
        if match:
            name = match["name"].strip(" _")
            return "" if normal_header(name) in NOT_CLASSES else name
    return ""


def find_probabilities(frame: pd.DataFrame, used: Collection[str], classes: Collection[str]) -> ProbabilityColumns:
    """Return the columns that hold class probabilities.

    Columns are looked for whose header joins a class name and a word such as *prob* or *score*, then columns whose
    header is nothing but a class. A header that names a class of the file is enough: whether its cells are
    probabilities is for :func:`core.readers.scores.read_scores` to say, aloud. Any other column must hold numbers from
    0 to 1, or to 100; where it does not, that is asked about.

    Parameters
    ----------
    frame : DataFrame of text
    used : collection of str
        Columns that serve another purpose.
    classes : collection of str
        Class names known from columns of labels; empty when there is none.
    """
    known = {class_key(name) for name in classes}
    free = [str(column) for column in frame.columns if column not in used]
    headed = {name: column for column in free if (name := class_in_header(column))}
    of_known = {name: column for name, column in headed.items() if class_key(name) in known}
    named = {name: column for name, column in headed.items() if name in of_known or _plausible(frame[column])}
    questions = tuple(
        f"'{column}' was not taken for the probability of '{name}': its values are no numbers from 0 to 1."
        for name, column in headed.items()
        if name not in named and len(sampled(frame[column])) and not numeric_share(frame[column]) < 0.5
    )
    columns = _pick(frame, named, of_known, bool(known))
    if columns:
        because = "their names join a class and a word for probability"
        return _probability_columns(frame, columns, because, questions)
    bare = {column: column for column in free if column not in headed.values() and _is_fraction_column(frame[column])}
    matching = {
        column: column
        for column in free
        if class_key(column) in known and column not in headed.values() and _is_measured(frame[column])
    }
    if len(matching) >= 2:
        return _probability_columns(
            frame, matching, "their names are classes of the file and their values are numbers", questions
        )
    if len(bare) >= 2 and sums_to_one(frame[list(bare.values())]):
        return _probability_columns(frame, bare, "their values lie between 0 and 1 and sum to 1 in each row", questions)
    return ProbabilityColumns({}, questions=questions)


def _pick(frame: pd.DataFrame, named: dict[str, str], of_known: dict[str, str], any_known: bool) -> dict[str, str]:
    filled = {name: column for name, column in named.items() if len(sampled(frame[column]))}
    if len(filled) >= 2 and sums_to_one(frame[list(filled.values())]):
        return named
    # Classes of the truth alone are no proof that a column of another class is none.
    return of_known if any_known and of_known else named


def _plausible(column: "pd.Series[str]") -> bool:
    """Return whether a column named like a probability holds such numbers, a few odd cells aside, or percentages."""
    share = unit_share(column)
    if share >= 0.9:
        return True
    filled = numbers(sampled(column).str.replace(r"\s*%$", "", regex=True))
    return bool(len(filled)) and bool(np.mean((filled >= 0) & (filled <= 100)) >= 0.9) and bool(np.any(filled % 1))


def _is_measured(column: "pd.Series[str]") -> bool:
    """Return whether a column holds numbers, and some with fractions: flags of 0 and 1 are no probabilities."""
    filled = sampled(column)
    if not len(filled) or not numeric_share(filled) >= 0.5:
        return False
    values = numbers(filled.str.replace(r"\s*%$", "", regex=True))
    return bool(np.any(values[~np.isnan(values)] % 1))


def _probability_columns(
    frame: pd.DataFrame, columns: dict[str, str], because: str, questions: tuple[str, ...]
) -> ProbabilityColumns:
    shown = ", ".join(f"'{column}'" for column in columns.values())
    if len(columns) == 1:
        # Which class has the rest is asked where the class names are known.
        reason = f"{shown}: its name joins a class and a word for probability."
        return ProbabilityColumns(columns, reason, questions)
    filled = [column for column in columns.values() if len(sampled(frame[column]))]
    unit = [column for column in filled if unit_share(frame[column]) >= 0.9]
    if len(unit) == len(filled) > 1 and not sums_to_one(frame[filled]):
        questions = (
            *questions,
            f"The probabilities in {shown} do not sum to 1: confirm that they are probabilities of single classes.",
        )
    return ProbabilityColumns(columns, f"{shown}: {because}.", questions)


def _is_fraction_column(column: "pd.Series[str]") -> bool:
    """Return whether all values lie between 0 and 1 and some are neither: flags of 0 and 1 are no probabilities."""
    filled = sampled(column)
    if not len(filled):
        return False
    values = numbers(filled)
    return bool(((values >= 0) & (values <= 1)).mean() >= 0.99 and ((values > 0) & (values < 1)).any())
