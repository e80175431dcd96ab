"""Columns of scores as numbers from 0 to 1: percentages divided, rounding mended, anything else refused by its line."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.errors import InputError

__all__ = ["Scores", "numeric_share", "positive_class", "read_scores"]

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


@dataclass(frozen=True)
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
    return _Column(name, text, numbers, blank, percent)


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
