"""Scores and answers as other programs write them: percentages, pipelines, suggestions, several labels in a cell.

A pipeline with all scores writes a list of ``{"label", "score"}`` for each text; a service that suggests subjects
writes a record with ``results``, each a ``label`` (and ``uri``, ``notation``) with its ``score``. Both are laid out as
columns, so that the mapping finds them. A bare list names no book: only an identifier put beside it
(``{"id": …, "scores": […]}``) does.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.classes import class_key
from core.errors import InputError
from core.formatting import parse_literal
from core.readers.columns import CLASS_MARKERS, NOT_CLASSES, normal_header
from core.readers.marc_codes import is_country_code

__all__ = [
    "DOCUMENT_ID",
    "ProbabilityColumns",
    "Scores",
    "SingleAnswers",
    "class_in_header",
    "country_code_share",
    "find_probabilities",
    "has_suggestions",
    "id_share",
    "is_class_column",
    "numbers",
    "numeric_share",
    "positive_class",
    "read_scores",
    "ruined_dates",
    "sampled",
    "score_from",
    "single_answers",
    "suggested",
    "sums_to_one",
    "unfold",
    "unfold_cells",
    "unit_share",
    "year_share",
]


_LOOKED_AT = 20  # rows that tell whether a column holds such lists

DOCUMENT_ID = "document_id"
SUGGESTIONS = "results"
_ANSWERS = ("scores", "prediction", "predictions", "predicted", "output", "outputs", "pred")
_PREDICTED = "predicted"
_CONFIDENCE = "confidence"


def unfold(record: Any) -> Any:
    """Return a record with the answers in it as columns; anything else as it came.

    A list of labels with scores, alone or under ``scores``, ``prediction`` or the like, becomes one column
    ``p_<label>`` a class. Suggestions, under ``results``, are taken as :func:`suggested` says.

    Examples
    --------
    >>> unfold([{"label": "Map", "score": "0.9"}, {"label": "Play", "score": "0.1"}])
    {'p_Map': '0.9', 'p_Play': '0.1'}
    >>> sorted(unfold({"document_id": "7", "results": [{"label": "Map", "score": "0.4"}]}).items())[:2]
    [('confidence', '0.4'), ('document_id', '7')]
    """
    if _are_answers(record):
        return {f"p_{answer['label']}": answer["score"] for answer in record}
    key = next((key for key in _ANSWERS if isinstance(record, dict) and _are_answers(record.get(key))), None)
    if key is not None:
        return {**{name: value for name, value in record.items() if name != key}, **unfold(record[key])}
    if isinstance(record, dict) and _are_answers(record.get(SUGGESTIONS)):
        return {**record, **suggested(record[SUGGESTIONS])}
    return record


def suggested(answers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what one document's suggestions say of it, as columns ``predicted``, ``confidence`` and ``results``.

    The suggestion with the highest score is the prediction; of equal scores, the one that stands first. The scores are
    no probabilities of classes that exclude each other, so the others are kept as they came. A document without a
    suggestion has none: '' for both.

    Examples
    --------
    >>> suggestions = suggested([{"label": "Map", "score": "0.2"}, {"label": "Play", "score": "0.8"}])
    >>> suggestions["predicted"], suggestions["confidence"]
    ('Play', '0.8')
    >>> suggested([])
    {'predicted': '', 'confidence': '', 'results': []}
    """
    if not answers:
        return {_PREDICTED: "", _CONFIDENCE: "", SUGGESTIONS: []}
    best = max(answers, key=lambda answer: float(answer["score"]))
    return {_PREDICTED: best["label"], _CONFIDENCE: best["score"], SUGGESTIONS: list(answers)}


def unfold_cells(frame: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Lay out a column whose cells are lists of labels with scores, written as text, as :func:`unfold` does in JSON.

    Returns
    -------
    (DataFrame of text, str)
        The table and what was done, '' for nothing.

    Examples
    --------
    >>> cells = ["[{'label': 'Map', 'score': 0.9}, {'label': 'Play', 'score': 0.1}]"]
    >>> unfold_cells(pd.DataFrame({"id": ["1"], "prediction": cells}, dtype="str"))[0].columns.tolist()
    ['id', 'p_Map', 'p_Play']
    """
    if has_suggestions(frame.columns):
        return frame, ""
    for name in frame.columns:
        head = [cell for cell in frame[name].head(_LOOKED_AT).tolist() if cell.strip()]
        if not head or not all(_are_answers(_answers_in(cell)) for cell in head):
            continue
        answers = [_answers_in(cell) for cell in frame[name].tolist()]
        rows = [unfold(answer) if _are_answers(answer) else {} for answer in answers]
        columns = list(dict.fromkeys(column for row in rows for column in row))
        laid_out = pd.DataFrame(
            {column: [str(row.get(column, "")) for row in rows] for column in columns}, index=frame.index, dtype="str"
        )
        rest = frame.drop(columns=[name, *(column for column in columns if column in frame)])
        return (
            pd.concat([rest, laid_out], axis=1),
            f"The cells of '{name}' are lists of labels with scores: each label became a column "
            f"({', '.join(columns[:5])}{', …' if len(columns) > 5 else ''}).",
        )
    return frame, ""


def _answers_in(cell: str) -> object:
    return parse_literal(cell.strip()) if cell.lstrip().startswith("[") and "score" in cell else None


def has_suggestions(columns: Collection[str]) -> bool:
    """Say whether a table has the columns of :func:`suggested`: its scores do not exclude each other."""
    return {_PREDICTED, _CONFIDENCE, SUGGESTIONS} <= set(columns)


def score_from(text: str) -> float | None:
    """Return a score from 0 to 1, None when the text is none.

    >>> score_from("0.9000"), score_from("97"), score_from("nan")
    (0.9, None, None)
    """
    try:
        score = float(text)
    except ValueError:
        return None
    return score if 0 <= score <= 1 else None


def _are_answers(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_answer, value))


def _is_answer(value: Any) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("label"), str) or "score" not in value:
        return False
    try:
        float(value["score"])
    except (TypeError, ValueError):
        return False
    return True


# --- Columns of scores as numbers from 0 to 1 -------------------------------------------------------------------------
# Percentages divided, rounding mended, anything else refused by its line.


_BLANK: Final = frozenset({"", "nan", "na", "n/a", "#n/a", "#nv", "nat", "null", "none", "-", "–", "—", "<na>"})
_NUMBER: Final = re.compile(r"[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?")
_PERCENT: Final = ("%", "٪", "％")
_ROUNDING: Final = 1e-4  # how far beyond 0 or 1 a number may lie that was rounded or computed in 32 or 16 bits
_MOSTLY: Final = 0.9
_AT_LEAST: Final = 5  # rows of each of two classes, before a pattern in their scores is believed


@dataclass(frozen=True)
class Scores:
    """Scores that belong together, on one scale.

    Attributes
    ----------
    values : mapping
        Key as given → float array, shape (rows,), from 0 to 1; NaN where the cell is blank or says so (``nan``).
    remarks : tuple of str
        What was done to the numbers, a sentence each.
    """

    values: Mapping[str, npt.NDArray[np.float64]]
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Column:
    """One column of text, taken apart: its numbers, and which cells are blank or carry a percent sign."""

    name: str
    text: "pd.Series[str]"
    numbers: npt.NDArray[np.float64]
    blank: npt.NDArray[np.bool_]
    percent: npt.NDArray[np.bool_]

    @property
    def bad(self) -> npt.NDArray[np.bool_]:
        return np.isnan(self.numbers) & ~self.blank

    def refuse(self, wrong: npt.NDArray[np.bool_], lines: npt.NDArray[np.int64] | None, because: str) -> InputError:
        """Return the error that names the first of the wrong cells and says what can be done."""
        row = int(np.flatnonzero(wrong)[0])
        where = f"record {row + 1}" if lines is None else f"line {int(lines[row])}"
        cells = int(wrong.sum())
        return InputError(
            f"Column '{self.name}', {where}: '{self.text.iloc[row][:40]}' {because} "
            f"({cells:,} such {'cell' if cells == 1 else 'cells'} of {int((~self.blank).sum()):,}). Mend the "
            f"{'cell' if cells == 1 else 'column'} in the file, or leave the column out; without confidences no record "
            "can be accepted."
        )


def read_scores(columns: Mapping[str, "pd.Series[str]"], lines: npt.NDArray[np.int64] | None = None) -> Scores:
    """Read columns of scores that are on one scale: a confidence alone, or the probabilities of all classes.

    A decimal comma and a percent sign are understood. Numbers up to 100 are percentages where nine of ten are above 1
    or the columns sum to 100, and are divided by 100. What lies beyond 0 or 1 by rounding only (0.0001) is taken as 0
    or 1. All of this is told.

    Parameters
    ----------
    columns : mapping
        Key → column of text. Its name, where it has one, stands in messages.
    lines : array of int64, shape (rows,), optional
        The line of each row in the file, for messages.

    Raises
    ------
    InputError
        A cell is no number, or a number on another scale (raw scores of a model, two scales in one column): with the
        column, the line, the value, how many there are and what to do.

    Examples
    --------
    >>> scores = read_scores({"score": pd.Series(["69,0 %", "91.4%", "nan"], dtype="str")})
    >>> scores.values["score"].tolist(), scores.remarks[0]
    ([0.69, 0.914, nan], "'score' holds percentages (such as '69,0 %'), which were divided by 100.")
    """
    if not columns:
        return Scores({})
    parts = {key: _parse_column(str(column.name or key), column) for key, column in columns.items()}
    for part in parts.values():
        if part.bad.any():
            raise part.refuse(part.bad, lines, "is not a probability: it is no number from 0 to 1")
    remarks: list[str] = []
    divide = _are_percentages(list(parts.values()), lines)
    named = ", ".join(f"'{part.name}'" for part in parts.values())
    if divide:
        first = next(part for part in parts.values() if not part.blank.all())
        example = first.text.iloc[int(np.flatnonzero(~first.blank)[0])]
        verb = "holds" if len(parts) == 1 else "hold"
        remarks.append(f"{named} {verb} percentages (such as '{example[:20]}'), which were divided by 100.")
    values = {}
    for key, part in parts.items():
        numbers = np.round(part.numbers / 100, 12) if divide else part.numbers
        _refuse_beyond(part, numbers, lines, len(parts))
        beyond = (numbers < 0) | (numbers > 1)
        if beyond.any():
            row = int(np.flatnonzero(beyond)[0])
            where = f"record {row + 1}" if lines is None else f"line {int(lines[row])}"
            many = int(beyond.sum())
            remarks.append(
                f"{many:,} {'value' if many == 1 else 'values'} of '{part.name}' beyond 0 or 1 by rounding "
                f"({part.text.iloc[row][:20]} in {where}) {'was' if many == 1 else 'were'} taken as 0 or 1."
            )
        values[key] = np.clip(numbers, 0.0, 1.0)
        remarks += _about_blanks(part)
    return Scores(values, tuple(remarks))


def numeric_share(column: "pd.Series[str]") -> float:
    """Return the share of filled cells that are a number or a percentage; NaN when no cell is filled."""
    part = _parse_column(str(column.name), column)
    filled = ~part.blank
    return float((~part.bad[filled]).mean()) if filled.any() else float("nan")


def positive_class(predicted: "pd.Series[str]", score: "pd.Series[str]") -> str:
    """Return the class whose probability a lone score is, '' when it is the confidence in the predicted class.

    Of two classes, the predicted one is the likelier: its probability is one half or more. A score that is one half or
    more for one predicted class and less for the other is the probability of the first.

    Parameters
    ----------
    predicted, score : Series of str
        Class names as given, and numbers; rows where either is blank or no number are left out.

    Examples
    --------
    >>> names = pd.Series(["Map"] * 5 + ["Play"] * 5, dtype="str")
    >>> positive_class(names, pd.Series(["0.9"] * 5 + ["0.2"] * 5, dtype="str"))
    'Map'
    """
    part = _parse_column("", score)
    usable = ~np.isnan(part.numbers) & (predicted.str.strip() != "").to_numpy()
    names = predicted.str.strip().to_numpy(dtype=object)[usable]
    numbers = part.numbers[usable]
    if not len(numbers) or numbers.min() < -_ROUNDING:
        return ""
    half = 50.0 if numbers.max() > 1 + _ROUNDING or part.percent.any() else 0.5
    classes = sorted(set(names))
    if len(classes) != 2:
        return ""
    for name, other in (classes, classes[::-1]):
        of_name, of_other = numbers[names == name], numbers[names == other]
        if min(len(of_name), len(of_other)) < _AT_LEAST:
            continue
        if np.mean(of_name >= half) >= 0.99 and np.mean(of_other <= half) >= 0.99 and np.mean(of_other < half) > 0.5:
            return str(name)
    return ""


def _parse_column(name: str, column: "pd.Series[str]") -> _Column:
    text = column.str.strip().reset_index(drop=True)
    numbers = np.array(pd.to_numeric(text, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan))
    numbers[np.isinf(numbers)] = np.nan
    blank = np.zeros(len(text), dtype=bool)
    percent = np.zeros(len(text), dtype=bool)
    # Most files are numbers throughout: only the rest is looked at cell by cell.
    for row in np.flatnonzero(np.isnan(numbers)).tolist():
        cell = str(text.iloc[row])
        if cell.casefold() in _BLANK:
            blank[row] = True
            continue
        if cell.endswith(_PERCENT):
            percent[row] = True
            cell = cell[:-1].strip()
        if _NUMBER.fullmatch(cell):
            numbers[row] = float(cell.replace(",", "."))
    return _Column(name=name, text=text, numbers=numbers, blank=blank, percent=percent)


def _are_percentages(parts: list[_Column], lines: npt.NDArray[np.int64] | None) -> bool:
    """Say whether all numbers are percentages.

    Raises
    ------
    InputError
        Some cells have a percent sign and others, which are not 0, have none.
    """
    if any(part.percent.any() for part in parts):
        for part in parts:
            bare = ~part.percent & ~part.blank & (part.numbers != 0)
            if bare.any():
                raise part.refuse(bare, lines, "has no percent sign where other cells have one")
        return True
    matrix = np.column_stack([part.numbers for part in parts])
    filled = matrix[~np.isnan(matrix)]
    if (
        not len(filled)
        or filled.max() <= 1 + _ROUNDING
        or filled.min() < -_ROUNDING
        or filled.max() > 100 * (1 + _ROUNDING)
    ):
        return False
    whole = matrix[~np.isnan(matrix).any(axis=1)].sum(axis=1)
    sums = len(parts) > 1 and len(whole) > 0 and np.mean(np.abs(whole - 100) < 2) >= 0.95
    return bool(sums or np.mean(filled > 1) >= _MOSTLY)


def _refuse_beyond(
    part: _Column, numbers: npt.NDArray[np.float64], lines: npt.NDArray[np.int64] | None, together: int
) -> None:
    wrong = (numbers < -_ROUNDING) | (numbers > 1 + _ROUNDING)
    if not wrong.any():
        return
    share = float(wrong.sum()) / max(1, int((~part.blank).sum()))
    if share > 0.2 and (part.numbers < -_ROUNDING).any():
        kind = "probabilities" if together > 1 else "probability"
        raise part.refuse(
            wrong,
            lines,
            f"is not a probability from 0 to 1: raw scores of a model (logits) are no {kind}; turn them into "
            "probabilities first (softmax)",
        )
    raise part.refuse(wrong, lines, "is not a probability from 0 to 1")


def _about_blanks(part: _Column) -> list[str]:
    words = part.text[part.blank & (part.text != "").to_numpy()]
    if part.blank.all():
        return [f"'{part.name}' is blank in every row."]
    if not len(words):
        return []
    shown = ", ".join(f"'{word}'" for word in words.unique()[:3])
    return [f"{len(words):,} of {len(part.text):,} cells of '{part.name}' say {shown} and were read as blank."]


# --- Answers as annotation programs write them ------------------------------------------------------------------------
# Lists and objects in a cell, several labels joined by a sign.
# A list with one label is that label. Several labels of a book are no class of their own: ``Fiction#Poetry`` and
# ``Poetry#Fiction`` would be two. Until several labels are supported from end to end such a file is refused in words.


_SIGNS: Final = ("#", "|", ";", ",", "/", "\n", "\t")
_SURE: Final = ("#", "|", ";", "\n", "\t")  # signs that hardly stand inside a class name
_KEYS: Final = ("choices", "labels", "label", "class", "value", "answer", "text")


@dataclass(frozen=True)
class SingleAnswers:
    """A column of answers, one label a cell, and what was unwrapped to make it so ('' for nothing)."""

    answers: "pd.Series[str]"
    remark: str = ""


def single_answers(column: "pd.Series[str]", lines: npt.NDArray[np.int64] | None = None) -> SingleAnswers:
    """Return a column of answers with one-element lists and objects unwrapped.

    Parameters
    ----------
    column : Series of text
    lines : array of int64, shape (rows,), optional
        The line of each row in the file, for messages.

    Raises
    ------
    InputError
        A cell holds several labels: with the line, the cell and how many there are.

    Examples
    --------
    >>> single_answers(pd.Series(["['Map']", '{"choices": ["Play"]}', "Map"], dtype="str")).answers.tolist()
    ['Map', 'Play', 'Map']
    """
    values = {cell: _labels(cell) for cell in column.unique().tolist()}
    wrapped = {cell: labels for cell, labels in values.items() if labels is not None}
    several = {cell for cell, labels in wrapped.items() if len(labels) > 1}
    sign = "" if wrapped else _joining_sign(list(values))
    if sign:
        several = {cell for cell in values if len(_pieces(cell, sign)) > 1}
    if several:
        raise _refusal(column, several, lines)
    if not wrapped:
        return SingleAnswers(column)
    single = {cell: (labels[0] if labels else "") for cell, labels in wrapped.items()}
    count = int(column.isin(list(single)).sum())
    shown = next(iter(single))
    return SingleAnswers(
        column.map(lambda cell: single.get(cell, cell)).astype("str"),
        f"{count:,} cells of '{column.name}' are lists or objects with one label, such as {shown[:60]}: the label was "
        "taken.",
    )


def _refusal(column: "pd.Series[str]", several: set[str], lines: npt.NDArray[np.int64] | None) -> InputError:
    hit = np.flatnonzero(column.isin(list(several)).to_numpy())
    first = int(hit[0])
    where = f"record {first + 1}" if lines is None else f"line {int(lines[first])}"
    return InputError(
        f"Column '{column.name}', {where}: '{' '.join(column.iloc[first].split())[:80]}' holds several labels "
        f"({len(hit):,} of {len(column):,} cells do). A book has one label here, and a combination is no class of its "
        "own: keep one label a book, or make a column of yes and no for the one class that is to be checked."
    )


def _labels(cell: str) -> list[str] | None:
    """Return the labels in a list or object written as text, None for any other cell."""
    text = cell.strip()
    if not re.fullmatch(r"\[[\s\S]*\]|\{[\s\S]*\}", text):
        return None
    value = parse_literal(text)
    return None if value is None else list(dict.fromkeys(_leaves(value)))


def _leaves(value: object) -> list[str]:
    if isinstance(value, dict):
        keys = [key for key in _KEYS if key in value]
        return _leaves(value[keys[0]]) if keys else [leaf for item in value.values() for leaf in _leaves(item)]
    if isinstance(value, list | tuple):
        return [leaf for item in value for leaf in _leaves(item)]
    return [] if value is None or not str(value).strip() else [str(value).strip()]


def _joining_sign(cells: Sequence[str]) -> str:
    """Return the sign that joins several labels in some cells, '' when there is none.

    The pieces tell: they stand alone in other cells; of a sign that hardly stands inside a name, half of them do, or
    are in several combinations.
    """
    alone = {cell.strip() for cell in cells}
    for sign in _SIGNS:
        joined = [pieces for cell in cells if len(pieces := _pieces(cell, sign)) > 1]
        if not joined:
            continue
        every = [piece for pieces in joined for piece in set(pieces)]
        known = {piece for piece in every if piece in alone}
        if known == set(every):
            return sign
        repeated = {piece for piece in every if every.count(piece) > 1}
        if sign in _SURE and 2 * len(known | repeated) >= len(set(every)):
            return sign
    return ""


def _pieces(cell: str, sign: str) -> list[str]:
    pieces = [piece.strip() for piece in cell.split(sign)]
    return pieces if all(pieces) and len(set(pieces)) == len(pieces) else [cell]


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
