"""Which column of a file is the record id, the title, the date, the label: a suggestion with reasons."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from core import schema
from core.readers.columns import (
    BOOK_TARGETS,
    OWN_TARGETS,
    TARGETS,
    ColumnMapping,
    apply_overrides,
    check_mapping,
)
from core.readers.probabilities import find_probabilities
from core.readers.synonyms import SYNONYMS, WEAK_IDS, normal_header
from core.readers.values import id_share, is_class_column, numbers, ruined_dates, sampled, unit_share, year_share
from core.schema import Kind

__all__ = ["TARGETS", "ColumnMapping", "apply_overrides", "check_mapping", "suggest_mapping"]

_CLASS_TARGETS = (schema.LABEL, schema.PREDICTED, schema.TRUTH)
# A column of this name is the model's answer in the output of many programs, and the truth in many test sets.
_AMBIGUOUS = ("label", "class", "category")
_SPOKEN = {schema.GENRE_GIVEN: "genre", schema.PREDICTED: "predicted label", schema.CREATED_AT: "date of labelling"}


def suggest_mapping(
    frame: pd.DataFrame, kind: Kind, overrides: Sequence[str] = (), *, check: bool = True
) -> ColumnMapping:
    """Return what the columns of a table most likely are.

    A column's name proposes (a list of synonyms in eight languages and of MARC fields), its values must agree: years in
    a date, one word in an identifier, few different values in a label, numbers from 0 to 1 in a confidence.
    The record id is the first candidate that is never blank and, in a corpus, never repeated.

    Parameters
    ----------
    frame : DataFrame of text
    kind : {'corpus', 'labels', 'predictions'}
    overrides : sequence of str
        As for :func:`apply_overrides`; applied before anything is found missing.
    check : bool
        False returns a mapping that lacks something, for a person to complete.

    Raises
    ------
    MappingError
        A column that is needed was not found (see :func:`check_mapping`), or an override is wrong.
    """
    suggestion = _Suggestion(frame, kind)
    suggestion.ids()
    if kind == "predictions":
        suggestion.predictions()
    for target in (*OWN_TARGETS[kind], *BOOK_TARGETS):
        suggestion.column(target)
    mapping = apply_overrides(suggestion.mapping(), frame, overrides)
    if check:
        check_mapping(mapping, frame, kind)
    return mapping


class _Suggestion:
    """A mapping in the making: what is found so far and what should be asked."""

    def __init__(self, frame: pd.DataFrame, kind: Kind) -> None:
        self._frame, self._kind = frame, kind
        self._headers: dict[str, list[str]] = {}
        for column in frame.columns:
            self._headers.setdefault(normal_header(str(column)), []).append(str(column))
        self._columns: dict[str, str] = {}
        self._probabilities: dict[str, str] = {}
        self._reasons: dict[str, str] = {}
        self._questions: list[str] = []

    def mapping(self) -> ColumnMapping:
        questions = tuple(dict.fromkeys(self._questions))
        return ColumnMapping(self._columns, self._probabilities, self._reasons, questions)

    def ids(self) -> None:
        strong = [name for name in self._named(SYNONYMS[schema.RECORD_ID]) if id_share(self._frame[name]) >= 0.9]
        weak = [name for name in self._named(WEAK_IDS) if id_share(self._frame[name]) >= 0.9]
        candidates = strong or weak
        if not candidates:
            self._questions.append("No column holds a record id: records will be known by their line in the file.")
            return
        rows = len(self._frame)
        blank = {name: int((self._frame[name].str.strip() == "").sum()) for name in candidates}
        distinct = {name: self._frame[name].nunique() - (blank[name] > 0) for name in candidates}
        sound = [name for name in candidates if blank[name] == 0 and (self._kind != "corpus" or distinct[name] == rows)]
        chosen = sound[0] if sound else max(candidates, key=lambda name: distinct[name] - blank[name])
        self._columns[schema.RECORD_ID] = chosen
        self._reasons[schema.RECORD_ID] = (
            f"'{chosen}' is named like a record id; it is blank in {blank[chosen]:,} of {rows:,} rows and has "
            f"{distinct[chosen]:,} different values."
        )
        others = [name for name in strong if name != chosen]
        if others:
            self._columns[schema.ALTERNATE_ID] = others[0]
            self._reasons[schema.ALTERNATE_ID] = (
                f"'{others[0]}' is another identifier; it is blank in {blank[others[0]]:,} of {rows:,} rows."
            )
        rest = [*others, *(name for name in weak if name != chosen)]
        if rest:
            named = ", ".join(f"'{name}'" for name in rest)
            self._questions.append(
                f"Confirm that '{chosen}' is the record id by which tables are joined; {named} could be it too."
            )
        self._look_for_damage(chosen)

    def predictions(self) -> None:
        """Find predicted label, probabilities and confidence together, for each helps to tell the others."""
        predicted = self._first(schema.PREDICTED)
        known = sampled(self._frame[predicted]).unique().tolist() if predicted else []
        found = find_probabilities(self._frame, {*self._columns.values(), *self._named(_CONFIDENCES)}, known)
        self._probabilities = found.columns
        if found.columns:
            self._reasons["probabilities"] = found.reason
        if found.question:
            self._questions.append(found.question)
        if predicted is None:
            return
        if len(found.columns) > 1 and normal_header(predicted) in _AMBIGUOUS:
            agree = self._agreement_with_highest(predicted)
            target = schema.PREDICTED if agree >= 0.99 else schema.TRUTH
            self._take(target, predicted)
            taken = "model's answer" if target == schema.PREDICTED else "truth and not for the model's answer"
            self._questions.append(
                f"'{predicted}' names the class with the highest probability in {agree:.0%} of the rows, so it was "
                f"taken for the {taken}: confirm this."
            )
        else:
            self._take(schema.PREDICTED, predicted)

    def column(self, target: str) -> None:
        """Map one target by name and values, unless it is settled already."""
        if target in self._columns or target == schema.PREDICTED:
            return
        name = self._first(target)
        if name is not None:
            self._take(target, name)

    def _take(self, target: str, name: str) -> None:
        self._columns[target] = name
        filled = int((self._frame[name].str.strip() != "").sum())
        self._reasons[target] = (
            f"'{name}' is named like it, and {_agreement(target, self._frame[name])}; "
            f"{filled:,} of {len(self._frame):,} rows are filled."
        )

    def _first(self, target: str) -> str | None:
        """Return the first column, in the order of the synonyms, whose values agree; note those that do not."""
        used = {*self._columns.values(), *self._probabilities.values()}
        free = [name for name in self._named(SYNONYMS[target]) if name not in used]
        chosen = None
        for name in free:
            if not len(sampled(self._frame[name])):
                continue
            doubt = _doubt(target, self._frame[name]) if chosen is None or target == schema.DATE else ""
            if doubt:
                spoken = _SPOKEN.get(target, target.replace("_", " "))
                self._questions.append(f"'{name}' was not taken for the {spoken}: {doubt}.")
            elif chosen is None:
                chosen = name
        return chosen

    def _named(self, synonyms: Sequence[str]) -> list[str]:
        return list(dict.fromkeys(name for synonym in synonyms for name in self._headers.get(synonym, ())))

    def _agreement_with_highest(self, predicted: str) -> float:
        classes = np.array([normal_header(name) for name in self._probabilities])
        matrix = np.column_stack([numbers(self._frame[column]) for column in self._probabilities.values()])
        highest = classes[np.argmax(np.nan_to_num(matrix, nan=-1.0), axis=1)]
        given = self._frame[predicted].map(normal_header).to_numpy()
        filled = given != ""
        return float(np.mean(highest[filled] == given[filled]))

    def _look_for_damage(self, name: str) -> None:
        values = sampled(self._frame[name]).str.strip()
        if float(values.str.fullmatch(r"\d+\.0").mean()) > 0.9:
            self._questions.append(
                f"The record ids in '{name}' end in '.0': a program has read them as numbers, and zeros at the "
                "beginning may be lost."
            )
            return
        digits = values[values.str.fullmatch(r"\d{3,12}")]
        shortest, longest = digits.str.len().min(), digits.str.len().max()
        if len(digits) > 0.9 * len(values) and shortest != longest and not digits.str.startswith("0").any():
            self._questions.append(
                f"The record ids in '{name}' are numbers of {shortest} to {longest} digits, none of which begins with "
                "a zero: zeros may have been lost."
            )


_CONFIDENCES = SYNONYMS[schema.CONFIDENCE]


def _doubt(target: str, column: "pd.Series[str]") -> str:
    """Return why the values of a column speak against a target, '' when they do not."""
    if target == schema.DATE:
        if ruined_dates(column):
            example = sampled(column).iloc[0]
            return f"its years were read as seconds since 1970 (such as '{example}') and are lost"
        share = year_share(column)
        return "" if share >= 0.5 else f"only {share:.0%} of its values hold a year"
    if target == schema.CONFIDENCE:
        share = unit_share(column)
        return "" if share >= 0.95 else f"only {share:.0%} of its values are numbers from 0 to 1"
    if target in _CLASS_TARGETS and not is_class_column(column):
        return f"it has {sampled(column).nunique():,} different values, or numbers with fractions, unlike class names"
    if target == schema.TITLE:
        share = float(sampled(column).str.contains(r"[^\W\d_]{2}", regex=True).mean())
        return "" if share >= 0.5 else f"only {share:.0%} of its values hold a word"
    return ""


def _agreement(target: str, column: "pd.Series[str]") -> str:
    if target == schema.DATE:
        return f"{year_share(column):.0%} of its values hold a year"
    if target == schema.CONFIDENCE:
        return "its values are numbers from 0 to 1"
    if target in _CLASS_TARGETS:
        values = sampled(column).unique()
        shown = ", ".join(f"'{value}'" for value in values[:5])
        return f"it has {len(values):,} different values ({shown}{', …' if len(values) > 5 else ''})"
    example = " ".join(sampled(column).iloc[0].split())
    return f"it holds values such as '{example[:60]}{'…' if len(example) > 60 else ''}'"
