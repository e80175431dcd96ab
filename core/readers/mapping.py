"""Which column of a file is the record id, the title, the date, the label: a suggestion with reasons."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from core import schema
from core.classes import class_key, is_undecided
from core.formatting import percent
from core.readers.columns import (
    BOOK_TARGETS,
    EITHER,
    OWN_TARGETS,
    SYNONYMS,
    WEAK_IDS,
    ColumnMapping,
    apply_overrides,
    check_mapping,
    normal_header,
)
from core.readers.marc import MARC_COLUMN
from core.readers.marc_codes import country_of_code
from core.readers.scores import (
    country_code_share,
    find_probabilities,
    id_share,
    is_class_column,
    numbers,
    numeric_share,
    positive_class,
    ruined_dates,
    sampled,
    year_share,
)
from core.schema import Kind

__all__ = ["ColumnMapping", "apply_overrides", "check_mapping", "guess_kind", "suggest_mapping"]

_CLASS_TARGETS = (schema.LABEL, schema.PREDICTED, schema.TRUTH)
_TARGET_NAMES = {
    schema.GENRE_GIVEN: "genre",
    schema.PREDICTED: "predicted label",
    schema.CREATED_AT: "date of labelling",
}


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
    suggestion = _Suggestion(frame, kind, _parse_overrides(overrides, frame))
    suggestion.ids()
    if kind == "predictions":
        suggestion.predictions()
    for target in (*OWN_TARGETS[kind], *BOOK_TARGETS):
        suggestion.column(target)
    suggestion.others_with_classes()
    mapping = apply_overrides(suggestion.mapping(), frame, overrides)
    if check:
        check_mapping(mapping, frame, kind)
    return mapping


def guess_kind(columns: pd.DataFrame) -> tuple[Kind, str]:
    """Return what a table most likely is, and a sentence that says why.

    A predicted class or the probabilities of classes make it predictions, a label beside few other columns labels;
    everything else is a catalogue.

    Parameters
    ----------
    columns : DataFrame of text
        The first rows are enough.

    Examples
    --------
    >>> guess_kind(pd.DataFrame({"id": ["1", "2"], "yhat": ["Map", "Play"]}, dtype="str"))
    ('predictions', "'yhat' is named like what a model answers.")
    """
    mapping = suggest_mapping(columns, "predictions", check=False)
    answer = mapping.columns.get(schema.PREDICTED, "")
    if len(mapping.probabilities) > 1:
        return "predictions", "It has columns with the probabilities of classes."
    if answer and normal_header(answer) not in EITHER:
        return "predictions", f"'{answer}' is named like what a model answers."
    if answer and schema.CONFIDENCE in mapping.columns:
        return "predictions", f"It has a class ('{answer}') and a score ('{mapping.columns[schema.CONFIDENCE]}')."
    label = suggest_mapping(columns, "labels", check=False).columns.get(schema.LABEL, "")
    if label and normal_header(label) not in SYNONYMS[schema.GENRE_GIVEN]:
        return "labels", f"'{label}' is named like what a person said of a book."
    return "corpus", "No column is named like a label or a prediction."


class _Suggestion:
    """A mapping in the making: what is found so far and what should be asked."""

    def __init__(self, frame: pd.DataFrame, kind: Kind, given: Mapping[str, str]) -> None:
        self._frame, self._kind = frame, kind
        left_alone = frozenset(given)  # of which a person said what they are
        self._by_hand = {target: column for column, target in given.items()}
        self._headers: dict[str, list[str]] = {}
        for column in frame.columns:
            if str(column) not in left_alone:
                self._headers.setdefault(normal_header(str(column)), []).append(str(column))
        self._left_alone = left_alone
        self._not_taken: dict[str, list[str]] = {}
        self._columns: dict[str, str] = {}
        self._probabilities: dict[str, str] = {}
        self._reasons: dict[str, str] = {}
        self._questions: list[str] = []

    def mapping(self) -> ColumnMapping:
        questions = tuple(dict.fromkeys(self._questions))
        not_taken = {target: tuple(dict.fromkeys(why)) for target, why in self._not_taken.items()}
        return ColumnMapping(
            columns=self._columns,
            probabilities=self._probabilities,
            reasons=self._reasons,
            questions=questions,
            not_taken=not_taken,
        )

    def ids(self) -> None:
        strong = [name for name in self._named(SYNONYMS[schema.RECORD_ID]) if id_share(self._frame[name]) >= 0.9]
        weak = [name for name in self._named(WEAK_IDS) if id_share(self._frame[name]) >= 0.9]
        candidates = strong or weak
        rows = len(self._frame)
        # A number of another system that many records lack does not come before a plain 'id' that all have.
        if strong and weak and min(self._blank(name) for name in strong) > 0.1 * rows:
            candidates = [*(name for name in weak if self._blank(name) == 0), *strong]
        if not candidates:
            self._questions.append("No column holds a record id: records will be known by their line in the file.")
            return
        blank = {name: self._blank(name) for name in candidates}
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
        """Find predicted label, probabilities, truth and confidence together, for each helps to tell the others."""
        predicted = self._by_hand.get(schema.PREDICTED) or self._first(schema.PREDICTED)
        truth = self._by_hand.get(schema.TRUTH) or self._first(schema.TRUTH)
        if predicted is None and {"expected", "actual"} <= set(self._headers):
            truth, predicted = self._headers["expected"][0], self._headers["actual"][0]
            self._questions.append(_both_taken(truth, predicted))
        either = [
            name
            for name in self._named(EITHER)
            if name not in self._columns.values() and len(sampled(self._frame[name])) and self._holds_classes(name)
        ]
        class_columns = [name for name in (predicted, truth, *either) if name]
        known = sorted({cell for name in class_columns for cell in sampled(self._frame[name]).unique().tolist()})
        used = {*self._columns.values(), *self._named(_CONFIDENCES), *class_columns}
        probabilities = find_probabilities(self._frame.drop(columns=list(self._left_alone)), used, known)
        self._probabilities = probabilities.columns
        if probabilities.columns:
            self._reasons["probabilities"] = probabilities.reason
        self._questions += probabilities.questions
        if predicted is None and either:
            predicted = self._answer_of_the_model(either)
            if truth is not None and predicted is not None and not probabilities.columns:
                self._questions.append(_both_taken(truth, predicted))
        if predicted is not None:
            self._take(schema.PREDICTED, predicted)
        if truth is not None and truth != predicted:
            self._take(schema.TRUTH, truth)
        if schema.TRUTH not in self._columns:
            self._truth_among([name for name in either if name != predicted])
        if len(self._probabilities) == 0 and predicted is not None:
            self._lone_score(predicted)

    def _answer_of_the_model(self, either: Sequence[str]) -> str | None:
        """Return the column called 'label' or the like that is the model's answer: it names the likeliest class."""
        if len(self._probabilities) < 2:
            return either[0]
        for name in either:
            agree = self._agreement_with_highest(name)
            if agree >= 0.99:
                self._confirm_from_probabilities(name, agree, "model's answer")
                return name
        self._confirm_from_probabilities(
            either[0], self._agreement_with_highest(either[0]), "truth and not for the model's answer"
        )
        return None

    def _confirm_from_probabilities(self, name: str, agree: float, taken: str) -> None:
        self._questions.append(
            f"'{name}' names the class with the highest probability in {percent(agree, 0)} of the rows, so it was "
            f"taken for the {taken}: confirm this."
        )

    def _truth_among(self, either: Sequence[str]) -> None:
        """Take a column of an ambiguous name for the truth where a prediction stands beside it."""
        if schema.PREDICTED not in self._columns and not self._probabilities:
            return
        genres = [name for name in self._named(SYNONYMS[schema.GENRE_GIVEN]) if self._same_classes(name)]
        for name in (*either, *genres):
            self._take(schema.TRUTH, name)
            if not self._probabilities or name in genres:
                beside = self._columns.get(schema.PREDICTED, "the probabilities")
                self._questions.append(
                    f"'{name}' was taken for what people said, beside what the model said ('{beside}'): is that right?"
                )
            return

    def _lone_score(self, predicted: str) -> None:
        """Tell the probability of one class from the confidence in the predicted one, where the rows leave no doubt."""
        name = self._first(schema.CONFIDENCE)
        if name is None:
            return
        column = positive_class(self._frame[predicted], self._frame[name])
        if not column:
            return
        self._probabilities = {column: name}
        self._reasons["probabilities"] = (
            f"'{name}' is one half or more wherever '{column}' is predicted, and less where it is not."
        )
        low = int(np.nansum(numbers(self._frame[name]) < 0.5))
        self._questions.append(
            f"'{name}' was taken for the probability of '{column}', not for the confidence in the predicted class: it "
            f"is below one half in {low:,} of {len(self._frame):,} rows, all with the other class. Is that right?"
        )

    def others_with_classes(self) -> None:
        """Ask about columns that hold the same class names as the column that was taken."""
        target = schema.LABEL if self._kind == "labels" else schema.TRUTH
        if self._kind == "corpus" or (self._kind == "predictions" and schema.TRUTH in self._columns):
            return
        used = {*self._columns.values(), *self._probabilities.values(), *self._left_alone}
        free = [str(name) for name in self._frame.columns if str(name) not in used]
        if self._kind == "labels" and schema.LABEL not in self._columns:
            self._several_annotators(free)
            return
        if self._kind == "labels":
            return
        alike = [name for name in free if self._same_classes(name)]
        if alike:
            named = ", ".join(f"'{name}'" for name in alike)
            self._questions.append(
                f"{named} {'holds' if len(alike) == 1 else 'hold'} the same class names as the predictions. If that is "
                f"what people said, map it to {target}."
            )

    def _several_annotators(self, free: Sequence[str]) -> None:
        values = {name: self._class_keys(name) for name in free if self._holds_classes(name)}
        groups = [
            [name for name in values if values[name] & keys and len(values[name] | keys) <= len(keys) + 1]
            for keys in values.values()
            if len(keys) >= 2
        ]
        alike = max(groups, key=len, default=[])
        if len(alike) >= 2:
            named = ", ".join(f"'{name}'" for name in alike)
            self._not_taken.setdefault(schema.LABEL, []).append(
                f"{named} hold the same class names, as if each were one person's answers: map one of them to label, "
                "or write one row for each book and person."
            )

    def _holds_classes(self, name: str) -> bool:
        return is_class_column(self._frame[name])

    def _class_keys(self, name: str) -> set[str]:
        return {class_key(cell) for cell in sampled(self._frame[name]).unique() if not is_undecided(cell)}

    def _same_classes(self, name: str) -> bool:
        """Return whether a column holds classes of the predictions and nothing else."""
        used = {*self._columns.values(), *self._probabilities.values()}
        if name in used or not self._holds_classes(name):
            return False
        known = {class_key(name) for name in self._probabilities}
        if schema.PREDICTED in self._columns:
            known |= self._class_keys(self._columns[schema.PREDICTED])
        keys = self._class_keys(name)
        return len(keys) >= 2 and keys <= known and not keys <= {"0", "1", "true", "false"}

    def _blank(self, name: str) -> int:
        return int((self._frame[name].str.strip() == "").sum())

    def column(self, target: str) -> None:
        """Map one target by name and values, unless it is settled already."""
        if target in self._columns or target == schema.PREDICTED:
            return
        name = self._first(target)
        if name is not None:
            self._take(target, name)
        elif target == schema.COUNTRY:
            self._country_among_places()

    def _country_among_places(self) -> None:
        """Take a column that is named like a place and holds country codes of MARC, as HathiTrust's pub_place does."""
        coded = [name for name in self._named(SYNONYMS[schema.PLACE]) if country_code_share(self._frame[name]) >= 0.9]
        if coded:
            name = coded[0]
            example = sampled(self._frame[name]).iloc[0].strip()
            self._columns[schema.COUNTRY] = name
            self._reasons[schema.COUNTRY] = (
                f"'{name}' is named like a place, and its values are country codes of MARC, such as '{example}' "
                f"({country_of_code(example) or 'unknown'})."
            )

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
        if target == schema.PLACE:
            free = [name for name in free if not country_code_share(self._frame[name]) >= 0.9]
        chosen = None
        for name in free:
            if not len(sampled(self._frame[name])):
                why = f"'{name}' was not taken for the {_target_name(target)}: it is blank in every row."
                self._not_taken.setdefault(target, []).append(why)
                if target in _REPORTED_TARGETS:
                    self._questions.append(why)
                continue
            objection = _contradiction(target, self._frame[name]) if chosen is None or target == schema.DATE else ""
            if objection:
                why = f"'{name}' was not taken for the {_target_name(target)}: {objection}."
                self._not_taken.setdefault(target, []).append(why)
                self._questions.append(why)
            elif chosen is None:
                chosen = name
        return chosen

    def _named(self, synonyms: Sequence[str]) -> list[str]:
        return list(dict.fromkeys(name for synonym in synonyms for name in self._headers.get(synonym, ())))

    def _agreement_with_highest(self, predicted: str) -> float:
        classes = np.array([class_key(name) for name in self._probabilities])
        matrix = np.column_stack([numbers(self._frame[column]) for column in self._probabilities.values()])
        highest = classes[np.argmax(np.nan_to_num(matrix, nan=-1.0), axis=1)]
        given = self._frame[predicted].map(class_key).to_numpy()
        filled = given != ""
        return float(np.mean(highest[filled] == given[filled]))

    def _look_for_damage(self, name: str) -> None:
        if MARC_COLUMN in self._frame.columns:
            return  # field 001 is text in every MARC record: no program has read it as a number
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


_REPORTED_TARGETS = (schema.PREDICTED, schema.TRUTH, schema.CONFIDENCE, schema.LABEL)


def _both_taken(truth: str, predicted: str) -> str:
    return f"'{truth}' was taken for what people said and '{predicted}' for what the model said: is that right?"


def _target_name(target: str) -> str:
    return _TARGET_NAMES.get(target, target.replace("_", " "))


def _parse_overrides(overrides: Sequence[str], frame: pd.DataFrame) -> dict[str, str]:
    """Return column → target as a person gave them; whether they can be so is for :func:`apply_overrides` to say."""
    given: dict[str, str] = {}
    for override in overrides:
        header, _, target = override.rpartition("=")
        for name in frame.columns:
            if str(name) == header.strip() or normal_header(str(name)) == normal_header(header):
                given[str(name)] = target.strip()
    return given


def _contradiction(target: str, column: "pd.Series[str]") -> str:
    """Return why the values of a column speak against a target, '' when they do not."""
    if target == schema.DATE:
        if ruined_dates(column):
            example = sampled(column).iloc[0]
            return f"its years were read as seconds since 1970 (such as '{example}') and are lost"
        share = year_share(column)
        return "" if share >= 0.5 else f"only {percent(share, 0)} of its values hold a year"
    if target in (schema.CONFIDENCE, schema.DRAWN_CHANCE):
        share = numeric_share(column)
        return "" if share >= 0.5 else f"only {percent(share, 0)} of its values are numbers"
    if target in _CLASS_TARGETS and not is_class_column(column):
        return f"it has {sampled(column).nunique():,} different values, or numbers with fractions, unlike class names"
    if target == schema.PUBLISHER and year_share(column) >= 0.5:
        return f"its values are whole imprints with place and year, such as '{sampled(column).iloc[0][:60]}'"
    if target == schema.TITLE:
        share = float(sampled(column).str.contains(r"[^\W\d_]{2}", regex=True).mean())
        return "" if share >= 0.5 else f"only {percent(share, 0)} of its values hold a word"
    return ""


def _agreement(target: str, column: "pd.Series[str]") -> str:
    if target == schema.DATE:
        return f"{percent(year_share(column), 0)} of its values hold a year"
    if target in (schema.CONFIDENCE, schema.DRAWN_CHANCE):
        return f"{percent(numeric_share(column), 0)} of its values are numbers"
    if target in _CLASS_TARGETS:
        values = sampled(column).unique()
        shown = ", ".join(f"'{value}'" for value in values[:5])
        return f"it has {len(values):,} different values ({shown}{', …' if len(values) > 5 else ''})"
    example = " ".join(sampled(column).iloc[0].split())
    return f"it holds values such as '{example[:60]}{'…' if len(example) > 60 else ''}'"
