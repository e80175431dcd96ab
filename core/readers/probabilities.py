"""Which columns of a predictions file hold the probability of a class, and of which class."""

import re
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.classes import class_key
from core.readers.columns import CLASS_MARKERS, NOT_CLASSES, normal_header
from core.readers.marc_codes import is_country_code
from core.readers.scores import numeric_share

__all__ = [
    "ProbabilityColumns",
    "class_in_header",
    "country_code_share",
    "find_probabilities",
    "id_share",
    "is_class_column",
    "numbers",
    "ruined_dates",
    "sampled",
    "sums_to_one",
    "unit_share",
    "year_share",
]

# --- What the values of a column say about it -------------------------------------------------------------------------
# Shares of cells that look like identifiers, years, probabilities.


_SAMPLE = 20_000
_YEAR = re.compile(r"(?<!\d)(?:1[4-9]\d\d|20\d\d)(?!\d)|\bM[DCLXVI]{3,}\b|(?<!\d)1[4-9]\d[-?u]|(?<!\d)1[4-9](?:--|uu)")
# A year read as seconds since 1970 and written as a date: 1892 becomes 01/01/1970 00:31.
_EPOCH = re.compile(r"^(?:0?1/0?1/1970|1970-01-01|31/12/1969|12/31/1969|1969-12-31)(?:[ T]\d|$)")


def sampled(column: "pd.Series[str]") -> "pd.Series[str]":
    """Return at most 20,000 cells that are not blank, evenly spread over the column."""
    filled = column[column.str.strip() != ""]
    step = max(1, len(filled) // _SAMPLE)
    return filled.iloc[::step]


def numbers(column: "pd.Series[str]") -> npt.NDArray[np.float64]:
    """Return a column of text as numbers, NaN where a cell is blank or no number; a decimal comma is understood.

    >>> numbers(pd.Series(["0.25", "0,75", "", "x"], dtype="str")).tolist()
    [0.25, 0.75, nan, nan]
    """
    text = column.str.strip()
    values = pd.to_numeric(text, errors="coerce")
    comma = text.str.fullmatch(r"[+-]?\d*,\d+(?:[eE][+-]?\d+)?") & values.isna()
    if comma.any():
        values = values.where(~comma, pd.to_numeric(text.str.replace(",", ".", regex=False), errors="coerce"))
    return np.asarray(values.to_numpy(dtype=np.float64, na_value=np.nan))


def unit_share(column: "pd.Series[str]") -> float:
    """Return the share of filled cells that are a number from 0 to 1; NaN when no cell is filled."""
    filled = sampled(column)
    if not len(filled):
        return float("nan")
    values = numbers(filled)
    return float(np.mean((values >= 0) & (values <= 1)))


def sums_to_one(frame: pd.DataFrame) -> bool:
    """Return whether the columns, all probabilities, sum to 1 (within .02) in 95 of 100 rows where all are filled."""
    total = np.sum([numbers(frame[name]) for name in frame.columns], axis=0)
    total = total[~np.isnan(total)]
    return bool(len(total)) and float(np.mean(np.abs(total - 1) < 0.02)) >= 0.95


def year_share(column: "pd.Series[str]") -> float:
    """Return the share of filled cells in which a year stands; NaN when no cell is filled."""
    filled = sampled(column)
    if not len(filled):
        return float("nan")
    return float(np.mean([_YEAR.search(cell) is not None for cell in filled]))


def ruined_dates(column: "pd.Series[str]") -> bool:
    """Return whether nearly all dates are the first day of 1970, which is what years become when read as seconds."""
    filled = sampled(column)
    return bool(len(filled)) and float(np.mean([_EPOCH.match(cell) is not None for cell in filled])) >= 0.9


def country_code_share(column: "pd.Series[str]") -> float:
    """Return the share of filled cells that are a country code of MARC (enk, nyu, fr); NaN when no cell is filled.

    Fill characters, which say that nothing is coded, are passed over.
    """
    filled = sampled(column)
    filled = filled[~filled.str.fullmatch(r"[|# ]+")]
    if not len(filled):
        return float("nan")
    codes, distinct = pd.factorize(filled)
    return float(np.mean(np.array([is_country_code(cell) for cell in distinct], dtype=bool)[codes]))


def id_share(column: "pd.Series[str]") -> float:
    """Return the share of filled cells that could be an identifier: one word of at most 80 characters."""
    filled = sampled(column)
    if not len(filled):
        return float("nan")
    return float(filled.str.fullmatch(r"\s*\S{1,80}\s*").mean())


def is_class_column(column: "pd.Series[str]") -> bool:
    """Return whether a column could hold class names: few different values, not numbers with fractions."""
    filled = sampled(column)
    distinct = filled.nunique()
    if not distinct or distinct > 200 or (distinct > 20 and distinct > 0.5 * len(filled)):
        return False
    values = numbers(filled)
    return not bool(np.any(values[~np.isnan(values)] % 1))


# --- Which columns of a predictions file hold the probability of a class, and of which class --------------------------


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
