"""Answers as annotation programs write them: lists and objects in a cell, several labels joined by a sign.

A list with one label is that label. Several labels of a book are no class of their own: ``Fiction#Poetry`` and
``Poetry#Fiction`` would be two. Until several labels are supported from end to end such a file is refused in words.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.errors import InputError
from core.readers.json_text import parse_literal

__all__ = ["SingleAnswers", "single_answers"]

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
