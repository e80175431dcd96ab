"""A predictions file made elsewhere: which class each row names, and with what probability."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from core.classes import ClassNames, match_classes
from core.errors import InputError
from core.schema import CONFIDENCE, MARGIN, PREDICTED, SPLIT, TRUTH, TRUTH_GIVEN, probability_column

__all__ = ["predictions_from_columns"]


def predictions_from_columns(
    predicted: pd.Series | None,
    probabilities: Mapping[str, pd.Series],
    confidence: pd.Series | None,
    truth: pd.Series | None,
) -> tuple[pd.DataFrame, ClassNames, list[str]]:
    """Understand the columns of a predictions file made elsewhere.

    Parameters
    ----------
    predicted : Series of str, optional
        The class that was predicted, as it stands in the file. Without it, the class of the highest probability.
    probabilities : mapping
        Class as named by the column → its column, as text.
    confidence : Series of str, optional
        One score a row: the probability of the predicted class.
    truth : Series of str, optional
        What people said, as it stands in the file.

    Returns
    -------
    table : DataFrame
        ``predicted``, ``confidence``, ``margin``, ``p_<class>`` …, ``split``, ``truth``, ``truth_given``.
    names : ClassNames
        Of all answers, predicted and given.
    warnings : list of str

    Raises
    ------
    InputError
        Neither predictions nor probabilities; a score that is no number from 0 to 1.
    """
    warnings: list[str] = []
    if predicted is None and not probabilities:
        raise InputError("There is neither a column with the predicted class nor one probability column per class.")
    known = match_classes(predicted if predicted is not None else list(probabilities))
    if predicted is not None and known.undecided:
        count = sum(known.undecided.values())
        warnings.append(f"{count:,} rows have no usable predicted class; they can never be accepted.")
    names = match_classes(list(probabilities), known.classes)
    given = truth if truth is not None else pd.Series("", index=range(_length(predicted, probabilities)), dtype="str")
    answers = match_classes(given, names.classes)
    classes = answers.classes
    table: dict[str, Any] = {}

    numbers = {names.spelled[column]: _numbers(values, column) for column, values in probabilities.items()}
    if predicted is not None:
        chosen = predicted.map(lambda answer: known.spelled.get(answer, "")).to_numpy(dtype=object)
    else:
        order = list(numbers)
        stacked = np.column_stack([numbers[name] for name in order])
        blank = np.isnan(stacked).all(axis=1)
        best = np.where(blank, 0, np.nanargmax(np.where(blank[:, None], 0.0, stacked), axis=1))
        chosen = np.where(blank, "", np.array(order, dtype=object)[best])

    score = _numbers(confidence, "confidence") if confidence is not None else np.full(len(given), np.nan)
    if numbers:
        taken = np.full(len(given), np.nan)
        rivals = np.full(len(given), np.nan)
        for name, values in numbers.items():
            mine = chosen == name
            taken[mine] = values[mine]
            rivals = np.where(mine, rivals, np.fmax(rivals, values))
        score = np.where(np.isnan(score), taken, score)
        margin = score - rivals
        warnings += _probability_warnings(numbers, chosen)
    else:
        margin = np.where(len(classes) == 2, 2 * score - 1, np.nan)
        if len(classes) == 2 and not np.isnan(score).all():
            numbers = {name: np.where(chosen == name, score, 1 - score) for name in classes}
    table = {PREDICTED: pd.Series(chosen).astype("str"), CONFIDENCE: score, MARGIN: margin}
    table |= {probability_column(name): numbers[name] for name in classes if name in numbers}
    table[SPLIT] = ""
    table[TRUTH] = given.map(lambda answer: answers.spelled.get(answer, "")).astype("str").to_numpy()
    table[TRUTH_GIVEN] = given.to_numpy()
    merged = ClassNames(classes, {**known.spelled, **names.spelled, **answers.spelled}, answers.undecided)
    return pd.DataFrame(table), merged, warnings


def _length(predicted: pd.Series | None, probabilities: Mapping[str, pd.Series]) -> int:
    return len(predicted) if predicted is not None else len(next(iter(probabilities.values())))


def _numbers(values: pd.Series, column: str) -> np.ndarray:
    """Read text as numbers from 0 to 1; a decimal comma is understood, blank is NaN."""
    text = values.str.strip()
    numbers = pd.to_numeric(text.str.replace(",", ".", regex=False).mask(text == ""), errors="coerce")
    bad = (text != "") & (numbers.isna() | (numbers < 0) | (numbers > 1))
    if bad.any():
        row = int(np.flatnonzero(bad.to_numpy())[0])
        raise InputError(
            f"Column '{column}', record {row + 1}: '{text.iloc[row][:40]}' is not a probability from 0 to 1"
            f" ({int(bad.sum()):,} such cells). Scores on another scale must be turned into probabilities first."
        )
    return numbers.to_numpy(dtype=float, na_value=np.nan)


def _probability_warnings(numbers: Mapping[str, np.ndarray], chosen: np.ndarray) -> list[str]:
    warnings = []
    stacked = np.column_stack(list(numbers.values()))
    if len(numbers) > 1:
        off = int((np.abs(stacked.sum(axis=1) - 1) > 0.01).sum())
        if off:
            warnings.append(f"In {off:,} rows the probabilities do not sum to 1 (by more than 0.01).")
        whole = ~np.isnan(stacked).any(axis=1)
        best = np.array(list(numbers), dtype=object)[stacked[whole].argmax(axis=1)]
        differ = int((best != chosen[whole]).sum())
        if differ:
            warnings.append(f"In {differ:,} rows the predicted class is not the one with the highest probability.")
    return warnings
