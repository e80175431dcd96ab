"""A predictions file made elsewhere: which class each row names, and with what probability."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.classes import ClassNames, match_classes, no_shared_classes, similar_name_questions
from core.errors import InputError
from core.readers.scores import read_scores
from core.schema import CONFIDENCE, MARGIN, PREDICTED, SPLIT, TRUTH, TRUTH_GIVEN, probability_column

__all__ = ["ParsedPredictions", "predictions_from_columns"]

_MAX_SHOWN = 5


@dataclass(frozen=True)
class ParsedPredictions:
    """What a predictions file says.

    Attributes
    ----------
    table : DataFrame
        ``predicted``, ``confidence``, ``margin``, ``p_<class>`` …, ``split``, ``truth``, ``truth_given``.
    names : ClassNames
        Of all answers, predicted and given.
    warnings, questions : tuple of str
        What was done that a person should know, and what a person should confirm.
    """

    table: pd.DataFrame
    names: ClassNames
    warnings: tuple[str, ...]
    questions: tuple[str, ...]


def predictions_from_columns(
    predicted: pd.Series | None,
    probabilities: Mapping[str, pd.Series],
    confidence: pd.Series | None,
    truth: pd.Series | None,
    *,
    renamed: Mapping[str, str] | None = None,
    lines: npt.NDArray[np.int64] | None = None,
) -> ParsedPredictions:
    """Understand the columns of a predictions file made elsewhere.

    Parameters
    ----------
    predicted : Series of str, optional
        The class that was predicted, as it stands in the file. Without it, the class of the highest probability.
    probabilities : mapping
        Class as named by the column → its column, as text. One column alone speaks for one of two classes.
    confidence : Series of str, optional
        One score a row: the probability of the predicted class.
    truth : Series of str, optional
        What people said, as it stands in the file. Where it has no class name in common with the predictions, nothing
        is compared (``truth`` is '' throughout) and that is asked about.
    renamed : mapping, optional
        Answer → class, as a person said (:func:`core.classes.match_classes`).
    lines : array of int64, shape (rows,), optional
        The line of each row in the file, for messages.

    Raises
    ------
    InputError
        Neither predictions nor probabilities; a score that is none (:func:`core.readers.scores.read_scores`); one
        probability column where it cannot be known which other class there is.
    """
    if predicted is None and not probabilities:
        raise InputError("There is neither a column with the predicted class nor one probability column per class.")
    known = match_classes(predicted if predicted is not None else list(probabilities), renamed=renamed)
    names = match_classes(list(probabilities), known.classes, renamed)
    given = truth if truth is not None else pd.Series("", index=range(_length(predicted, probabilities)), dtype="str")
    answers = match_classes(given, names.classes, renamed)
    scores = read_scores(
        {names.class_by_answer.get(column, column): values for column, values in probabilities.items()}, lines
    )
    numbers, filled_in = _without_gaps(scores.values)
    warnings, questions = [*scores.remarks, *filled_in], []
    if predicted is not None and known.undecided:
        warnings.append(_without_class(known.undecided))

    people = _classes_named(answers)
    apart = "" if answers.renamed else no_shared_classes(people, names.classes)
    if apart:
        questions.append(apart)
        answers = match_classes([], names.classes, renamed)
    if len(numbers) == 1:
        numbers, question = _complete_binary(numbers, names.classes, answers.classes, predicted is not None)
        questions.append(question)
    classes = tuple(sorted({*answers.classes, *numbers}))

    if predicted is not None:
        chosen = predicted.map(lambda answer: known.class_by_answer.get(answer, "")).to_numpy(dtype=object)
    else:
        chosen = _highest(numbers)
    score = np.full(len(given), np.nan)
    if confidence is not None:
        read = read_scores({CONFIDENCE: confidence}, lines)
        score = np.array(read.values[CONFIDENCE])
        warnings += read.remarks
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
        questions += _swapped_columns_question(numbers, chosen)
    else:
        margin = np.where(len(classes) == 2, 2 * score - 1, np.nan)
        if len(classes) == 2 and not np.isnan(score).all():
            numbers = {name: np.where(chosen == name, score, np.round(1 - score, 12)) for name in classes}
            questions += _below_one_half(score, chosen)
    warnings += _without_confidence(score, chosen)
    table: dict[str, Any] = {PREDICTED: pd.Series(chosen).astype("str"), CONFIDENCE: score, MARGIN: margin}
    table |= {probability_column(name): numbers[name] for name in classes if name in numbers}
    table[SPLIT] = ""
    table[TRUTH] = given.map(lambda answer: answers.class_by_answer.get(answer, "")).astype("str").to_numpy()
    table[TRUTH_GIVEN] = given.to_numpy()
    spoken = ClassNames(
        classes,
        {**known.class_by_answer, **answers.class_by_answer},
        answers.undecided,
        {*known.renamed, *answers.renamed},
    )
    merged = ClassNames(classes, {**names.class_by_answer, **spoken.class_by_answer}, answers.undecided, spoken.renamed)
    settled = {*spoken.renamed, *(renamed or {}).values()}
    questions += [*spoken.questions, *similar_name_questions([*classes, *people], settled)]
    return ParsedPredictions(pd.DataFrame(table), merged, tuple(warnings), tuple(dict.fromkeys(questions)))


def _swapped_columns_question(
    numbers: Mapping[str, npt.NDArray[np.float64]], chosen: npt.NDArray[np.object_]
) -> list[str]:
    """Ask where most rows name another class than the likeliest: columns may have changed places."""
    highest = _highest(numbers)
    named = (chosen != "") & (highest != "")
    differ = int(np.sum(named & (chosen != highest)))
    if not named.any() or differ <= 0.5 * named.sum():
        return []
    return [
        f"In {differ:,} of {int(named.sum()):,} rows another class has the highest probability than the one that was "
        "predicted: have two columns changed places?"
    ]


def _length(predicted: pd.Series | None, probabilities: Mapping[str, pd.Series]) -> int:
    return len(predicted) if predicted is not None else len(next(iter(probabilities.values())))


def _classes_named(answers: ClassNames) -> list[str]:
    return list(dict.fromkeys(answers.class_by_answer.values()))


def _complete_binary(
    numbers: dict[str, npt.NDArray[np.float64]], classes: tuple[str, ...], spoken: tuple[str, ...], labelled: bool
) -> tuple[dict[str, npt.NDArray[np.float64]], str]:
    """Return the probabilities of both classes where the file holds one of them, and what should be confirmed."""
    ((name, values),) = numbers.items()
    others = [other for other in (classes if labelled and len(classes) > 1 else spoken) if other != name]
    if len(others) != 1:
        raise InputError(
            f"There is one column of probabilities only, of '{name}', and "
            + (f"several other classes ({', '.join(others[:_MAX_SHOWN])})" if others else "no other class is named")
            + ": which class has the rest of 1 is unknown. Add a column for each class, or the predicted class."
        )
    return (
        {name: values, others[0]: np.round(1 - values, 12)},
        f"Only the probability of '{name}' is in the file; the rest of 1 was taken for '{others[0]}': is that right?",
    )


def _without_gaps(
    values: Mapping[str, npt.NDArray[np.float64]],
) -> tuple[dict[str, npt.NDArray[np.float64]], list[str]]:
    """Leave out columns that are blank throughout, and fill a cell where it alone is blank in a row that sums to 1."""
    numbers = {name: np.array(column) for name, column in values.items() if not np.isnan(column).all()}
    if len(numbers) < 2:
        return numbers or dict(values), []
    stacked = np.column_stack(list(numbers.values()))
    missing = np.isnan(stacked)
    whole = stacked[~missing.any(axis=1)].sum(axis=1)
    lone = missing.sum(axis=1) == 1
    if not lone.any() or not len(whole) or np.mean(np.abs(whole - 1) < 0.02) < 0.95:
        return numbers, []
    rest = np.clip(1 - np.nansum(stacked, axis=1), 0, 1)
    for place, name in enumerate(numbers):
        numbers[name] = np.where(lone & missing[:, place], rest, numbers[name])
    count = int(lone.sum())
    return numbers, [
        f"In {count:,} {'row' if count == 1 else 'rows'} one probability is blank: what the others lack to 1 was taken."
    ]


def _highest(numbers: Mapping[str, npt.NDArray[np.float64]]) -> npt.NDArray[np.object_]:
    """Return the class of the highest probability in each row, '' where all are blank."""
    order = list(numbers)
    stacked = np.column_stack([numbers[name] for name in order])
    blank: npt.NDArray[np.bool_] = np.asarray(np.isnan(stacked).all(axis=1))
    best = np.asarray(np.nanargmax(np.where(blank[:, np.newaxis], 0.0, stacked), axis=1))
    return np.where(blank, "", np.array(order, dtype=object)[best])


def _without_class(undecided: Mapping[str, int]) -> str:
    count = sum(undecided.values())
    shown = ", ".join(
        f"'{answer}' ({times:,})" if answer.strip() else f"blank ({times:,})"
        for answer, times in sorted(undecided.items(), key=lambda item: -item[1])[:_MAX_SHOWN]
    )
    return (
        f"{count:,} {'row has' if count == 1 else 'rows have'} no usable predicted class: {shown}. They can never be "
        "accepted; if one of these is a class, give it a class name."
    )


def _without_confidence(score: npt.NDArray[np.float64], chosen: npt.NDArray[np.object_]) -> list[str]:
    """Say how many records have a class and no confidence: the more there are, the louder."""
    missing = int((np.isnan(score) & (chosen != "")).sum())
    if not missing:
        return []
    if missing == int((chosen != "").sum()):
        return [
            "No record has a confidence: no cut-off can be set, no promise can be made and no record can be accepted."
        ]
    return [f"{missing:,} of {len(score):,} records have a predicted class and no confidence: they are never accepted."]


def _below_one_half(score: npt.NDArray[np.float64], chosen: npt.NDArray[np.object_]) -> list[str]:
    low = int(((score < 0.5) & (chosen != "")).sum())
    if not low:
        return []
    return [
        f"In {low:,} of {int((~np.isnan(score)).sum()):,} rows the confidence is below one half, though there are two "
        "classes: is it the probability of one class in every row, and not of the predicted one?"
    ]


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
