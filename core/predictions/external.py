"""Predictions made elsewhere: classes and probabilities of their rows, and the join with a catalogue by identifier."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from numpy.typing import NDArray

from core.classes import ClassNames, match_classes, no_shared_classes, similar_name_questions
from core.corpus import Corpus, load_corpus
from core.errors import DamagedError, InputError, NotFoundError
from core.formatting import percent
from core.joins import Join, join_ids
from core.readers.scores import read_scores
from core.schema import (
    ALTERNATE_ID,
    AUTHOR,
    CONFIDENCE,
    COUNTRY,
    DATE,
    DATE_CERTAINTY,
    GENRE_GIVEN,
    LANGUAGE,
    LANGUAGE_CONFIDENCE,
    LANGUAGE_SOURCE,
    MARGIN,
    PLACE,
    PREDICTED,
    PUBLISHER,
    RECORD_ID,
    RECORDS_COLUMNS,
    SPLIT,
    TITLE,
    TITLE_KEY,
    TRUTH,
    TRUTH_GIVEN,
    YEAR,
    probability_column,
)
from core.storage import Workspace

__all__ = [
    "NO_CORPUS",
    "CatalogueChoice",
    "CatalogueMatch",
    "ParsedPredictions",
    "choose_catalogue",
    "joined_originals",
    "joined_records",
    "match_catalogue",
    "predictions_from_columns",
    "save_catalogue_choice",
    "saved_catalogue_choice",
]


# --- A predictions file made elsewhere: which class each row names, and with what probability -------------------------

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
    mismatch = "" if answers.renamed else no_shared_classes(people, names.classes)
    if mismatch:
        questions.append(mismatch)
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
    class_names = ClassNames(
        classes,
        {**known.class_by_answer, **answers.class_by_answer},
        answers.undecided,
        {*known.renamed, *answers.renamed},
    )
    merged = ClassNames(
        classes, {**names.class_by_answer, **class_names.class_by_answer}, answers.undecided, class_names.renamed
    )
    settled = {*class_names.renamed, *(renamed or {}).values()}
    questions += [*class_names.questions, *similar_name_questions([*classes, *people], settled)]
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
    numbers: dict[str, npt.NDArray[np.float64]], classes: tuple[str, ...], class_names: tuple[str, ...], labelled: bool
) -> tuple[dict[str, npt.NDArray[np.float64]], str]:
    """Return the probabilities of both classes where the file holds one of them, and what should be confirmed."""
    ((name, values),) = numbers.items()
    others = [other for other in (classes if labelled and len(classes) > 1 else class_names) if other != name]
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


# --- Predictions made elsewhere, joined by identifier with a catalogue of the workspace -------------------------------
#
# The catalogue is chosen by itself where one alone holds the records the predictions speak of; a person may name
# another, or none, and that choice is kept.

NO_CORPUS: Final = "none"  # what is said instead of a corpus so that none is joined

# A catalogue is chosen by itself only if it holds this share of the predictions: numbers of two libraries may be equal
# by chance. For the same reason its titles, where both sides have them, must mostly be the same.
LEAST_SHARE, LEAST_ALIKE = 0.5, 0.5

_KIND = "corpus_of_predictions"
# A date goes with what was read from it, a title with its key.
_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "title": (TITLE, TITLE_KEY),
    "author": (AUTHOR,),
    "date": (DATE, YEAR, DATE_CERTAINTY),
    "place": (PLACE,),
    "country": (COUNTRY,),
    "publisher": (PUBLISHER,),
    "genre": (GENRE_GIVEN,),
}
_COMPARED: Final = {"title": TITLE_KEY, "date": YEAR, "place": PLACE, "language": LANGUAGE}


@dataclass(frozen=True, kw_only=True)
class CatalogueMatch:
    """One catalogue, and which of its records the predictions speak of.

    Attributes
    ----------
    corpus : Corpus
    join : Join
        From the predictions' rows to the catalogue's, each catalogue record taken once.
    alike : float
        Of the matched books with a title on both sides, the share whose titles are the same or one begins with the
        other, 0 to 1; 1 where there is nothing to compare.
    repeated : int
        Rows of the predictions that speak of a catalogue record which another row speaks of already; not joined.
    size : int
        Records of the catalogue.
    """

    corpus: Corpus
    join: Join
    alike: float = 1.0
    repeated: int = 0
    size: int = 0

    @property
    def name(self) -> str:
        """Name of the catalogue."""
        return self.corpus.name

    @property
    def share(self) -> float:
        """Share of the predictions that were found, 0 to 1; 0 without predictions."""
        return self.join.matched / len(self.join.position) if len(self.join.position) else 0.0

    @property
    def convincing(self) -> bool:
        """Whether it may be chosen without being named."""
        return self.share >= LEAST_SHARE and self.alike >= LEAST_ALIKE


@dataclass(frozen=True)
class CatalogueChoice:
    """Which catalogue predictions are joined with, and why.

    Attributes
    ----------
    match : CatalogueMatch or None
        None where no catalogue is joined.
    others : tuple of CatalogueMatch
        The other catalogues that hold some of the records, the most first.
    sentences : tuple of str
        What a reader must know of the choice.
    """

    match: CatalogueMatch | None
    others: tuple[CatalogueMatch, ...] = ()
    sentences: tuple[str, ...] = ()

    @property
    def fingerprint(self) -> str:
        """Fingerprint of the joined catalogue, '' where there is none."""
        return self.match.corpus.fingerprint if self.match else ""

    @property
    def name(self) -> str:
        """Name of the joined catalogue, '' where there is none."""
        return self.match.corpus.name if self.match else ""

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-able dictionary: ``corpus`` ('' for none), ``matched``, ``predictions``, ``sentences``."""
        join = self.match.join if self.match else None
        return {
            "corpus": self.name,
            "matched": join.matched if join else 0,
            "predictions": len(join.position) if join else None,
            "sentences": list(self.sentences),
        }


def save_catalogue_choice(workspace: Workspace, predictions: str, corpus: str) -> None:
    """Keep the choice of a catalogue for predictions made elsewhere.

    Parameters
    ----------
    predictions : str
        Their fingerprint.
    corpus : str
        Name of a corpus, or :data:`NO_CORPUS`; '' goes back to choosing by itself.

    Raises
    ------
    NotFoundError
        There is no such corpus.
    """
    fingerprint = load_corpus(workspace, corpus).fingerprint if corpus not in ("", NO_CORPUS) else ""
    workspace.database.add(_KIND, predictions, {"corpus": corpus, "fingerprint": fingerprint})


def saved_catalogue_choice(workspace: Workspace, predictions: str) -> str:
    """Return the name of the catalogue that was chosen for predictions, :data:`NO_CORPUS`, or '' for no choice.

    A catalogue that was imported anew under its name is meant by the name; one that was renamed, by its new name. Where
    the one that was chosen is not here any more, no choice is left.
    """
    return _saved_choice(workspace, predictions)[0]


def _saved_choice(workspace: Workspace, predictions: str) -> tuple[str, str]:
    """Return the catalogue that was chosen, and the name it was chosen by where it is gone; "" for none."""
    notes = workspace.database.read(_KIND, predictions)
    if not notes or not notes[-1]["corpus"]:
        return "", ""
    name, fingerprint = str(notes[-1]["corpus"]), str(notes[-1]["fingerprint"])
    if name == NO_CORPUS:
        return name, ""
    renamed = [
        called
        for called, known_fingerprint in workspace.database.names("corpora").items()
        if known_fingerprint == fingerprint
    ]
    for known in (name, *renamed, fingerprint):
        try:
            workspace.find("corpora", known)
        except (NotFoundError, DamagedError):
            continue
        return known, ""
    return "", name


def choose_catalogue(
    workspace: Workspace, predictions: str, fingerprint: str, own: pd.DataFrame, corpus: str | None = None
) -> CatalogueChoice:
    """Choose the catalogue that predictions made elsewhere are joined with.

    Parameters
    ----------
    predictions, fingerprint : str
        Name and fingerprint of the predictions.
    own : DataFrame
        The records as the predictions' file has them.
    corpus : str, optional
        A corpus by name, or :data:`NO_CORPUS`. Without it: the one that was kept for these predictions, else the one
        corpus that holds most of them; of several, the smallest: the file they were made for is rarely the larger.

    Raises
    ------
    NotFoundError
        There is no such corpus.
    InputError
        The corpus that was named holds none of the records: an identifier of each side is shown.
    """
    stored_name, gone = ("", "") if corpus else _saved_choice(workspace, fingerprint)
    named = corpus or stored_name
    missing = (
        [f"The catalogue '{gone}', which was chosen for these predictions, cannot be read any more."] if gone else []
    )
    if named == NO_CORPUS:
        return CatalogueChoice(None)
    if named:
        match = match_catalogue(own, load_corpus(workspace, named))
        if match.join.matched:
            return CatalogueChoice(match, (), _sentences(match, own))
        if stored_name:  # it was imported anew, with other identifiers: the pages must still open
            return CatalogueChoice(None, (), (_match_sentence(match),))
        raise InputError(
            _match_sentence(match),
            command_line=f"Name another catalogue, or say '{NO_CORPUS}' to join '{predictions}' with none.",
            page="Choose another catalogue, or none.",
        )
    matches, unread = _matches(workspace, own)
    some = sorted(
        (candidate for candidate in matches if candidate.join.matched),
        key=lambda candidate: (-candidate.join.matched, candidate.size),
    )
    good = [candidate for candidate in some if candidate.convincing]
    if good:
        others = tuple(candidate for candidate in some if candidate is not good[0])
        rivals = [candidate for candidate in others if candidate.convincing]
        more: tuple[str, ...] = ()
        if rivals:
            names = ", ".join(f"'{candidate.corpus.name}' ({candidate.join.matched:,})" for candidate in rivals)
            more = (f"Other catalogues hold them too: {names}. '{good[0].name}' was taken; another can be named.",)
        return CatalogueChoice(good[0], others, (*missing, *_sentences(good[0], own), *more, *unread))
    return CatalogueChoice(None, tuple(some), (*missing, *_not_joined(some, matches, own), *unread))


def _not_joined(some: Sequence[CatalogueMatch], matches: Sequence[CatalogueMatch], own: pd.DataFrame) -> list[str]:
    """Say why no catalogue was joined, where that is news."""
    if some:
        best = some[0]
        why = (
            f"only {best.join.matched:,} of {len(own):,} predictions are found there"
            if best.share < LEAST_SHARE
            else f"equal identifiers stand beside other titles in {percent(1 - best.alike, 0)} of the books"
        )
        return [f"The catalogue '{best.corpus.name}' was not joined by itself: {why}. You can name it."]
    # A file that has titles of its own needs no catalogue; one with bare identifiers does.
    if matches and not (own[TITLE] != "").any():
        return [_match_sentence(matches[0])]
    return []


def _matches(workspace: Workspace, own: pd.DataFrame) -> tuple[list[CatalogueMatch], list[str]]:
    """Look for the records in each corpus, the newest name first; also say which corpora cannot be read."""
    corpora = {thing.fingerprint: thing for thing in reversed(workspace.list("corpora"))}
    matches, unread = [], []
    for thing in reversed(corpora.values()):
        try:
            matches.append(match_catalogue(own, Corpus(thing)))
        except (OSError, ValueError):  # a file of it is missing or cut: one bad corpus must not hide the predictions
            unread.append(f"The catalogue '{thing.name}' cannot be read, so the predictions were not looked for in it.")
    return matches, unread


def match_catalogue(own: pd.DataFrame, corpus: Corpus) -> CatalogueMatch:
    """Look for the records of predictions in a corpus, by identifier."""
    theirs = corpus.records([RECORD_ID, ALTERNATE_ID])
    full = join_ids([own[RECORD_ID], own[ALTERNATE_ID]], [theirs[RECORD_ID], theirs[ALTERNATE_ID]])
    join = full.one_to_one()
    alike = 1.0
    if join.matched and (own[TITLE_KEY] != "").any():
        hit = join.position >= 0
        ours = own[TITLE_KEY].to_numpy(dtype=object)[hit]
        keys = corpus.records([TITLE_KEY])[TITLE_KEY].to_numpy(dtype=object)[join.position[hit]]
        pairs = [(a, b) for a, b in zip(ours, keys, strict=True) if a and b]
        if pairs:
            alike = sum(a.startswith(b) or b.startswith(a) for a, b in pairs) / len(pairs)
    return CatalogueMatch(corpus=corpus, join=join, alike=alike, repeated=full.matched - join.matched, size=len(theirs))


def joined_records(own: pd.DataFrame, match: CatalogueMatch) -> pd.DataFrame:
    """Return the records of predictions with the catalogue's identifiers and fields, row for row beside `own`.

    The catalogue wins, since its records are what is labelled and exported; the predictions' file fills what the
    catalogue leaves blank. A language that the file states wins over one that was only detected in the catalogue's
    title. Rows that are not in the catalogue stay as they were.
    """
    theirs = match.corpus.records()
    hit = match.join.position >= 0
    place = match.join.position[hit]
    result = own.copy()
    _merge_field(
        result, theirs, columns=(RECORD_ID, ALTERNATE_ID), hit=hit, place=place, wanted=np.ones(len(place), dtype=bool)
    )
    for columns in _FIELDS.values():
        given = (theirs[columns[0]] != "").to_numpy(dtype=bool)[place]
        _merge_field(result, theirs, columns=columns, hit=hit, place=place, wanted=given)
    stated = (own[LANGUAGE_SOURCE] == "catalogue").to_numpy(dtype=bool)[hit]
    source = theirs[LANGUAGE_SOURCE].to_numpy(dtype=object)[place]
    wins = (source == "catalogue") | ((source == "detected") & ~stated)
    _merge_field(
        result, theirs, columns=(LANGUAGE, LANGUAGE_SOURCE, LANGUAGE_CONFIDENCE), hit=hit, place=place, wanted=wins
    )
    return result[list(RECORDS_COLUMNS)]


def _merge_field(
    result: pd.DataFrame,
    theirs: pd.DataFrame,
    columns: Sequence[str],
    hit: NDArray[np.bool_],
    place: NDArray[np.int64],
    wanted: NDArray[np.bool_],
) -> None:
    rows, sources = np.flatnonzero(hit)[wanted], place[wanted]
    for column in columns:
        values = result[column].array.copy()
        values[rows] = theirs[column].array[sources]
        result[column] = values


def joined_originals(own: pd.DataFrame, match: CatalogueMatch) -> pd.DataFrame:
    """Return the original columns, row for row beside the predictions: the catalogue's, then the file's further ones.

    Parameters
    ----------
    own : DataFrame
        The original columns of the predictions' file. A row that is not in the catalogue keeps them all.

    Returns
    -------
    DataFrame of str
    """
    theirs = match.corpus.originals()
    hit = match.join.position >= 0
    place = match.join.position[hit]
    columns: dict[str, pd.Series] = {}
    for name in dict.fromkeys([*theirs.columns, *own.columns]):
        values = own[name].to_numpy(dtype=object) if name in own else np.full(len(own), "", dtype=object)
        if name in theirs:
            values = values.copy()
            values[hit] = theirs[name].to_numpy(dtype=object)[place]
        columns[str(name)] = pd.Series(values).astype("str")
    return pd.DataFrame(columns, index=range(len(own)))


def _match_sentence(match: CatalogueMatch) -> str:
    return match.join.sentence("predictions", f"the records of the catalogue '{match.corpus.name}'")


def _sentences(match: CatalogueMatch, own: pd.DataFrame) -> tuple[str, ...]:
    """Say how many were found, what is whose, and what differs."""
    sentences = [f"{_match_sentence(match)} Titles, dates, places and languages are the catalogue's where it has them."]
    if match.repeated:
        sentences.append(
            f"{match.repeated:,} predictions speak of a record of the catalogue that another prediction speaks of;"
            " they were not joined."
        )
    left_out = len(match.join.position) - match.join.matched
    if left_out:
        sentences.append(
            f"{left_out:,} predictions are not in the catalogue; an export leaves them out and counts them."
        )
    if match.alike < LEAST_ALIKE:
        sentences.append("Most titles beside equal identifiers differ: are these the same books?")
    hit = match.join.position >= 0
    theirs = match.corpus.records([*_COMPARED.values(), LANGUAGE_SOURCE])
    differing = []
    for field, column in _COMPARED.items():
        ours, other = _comparable(own[column])[hit], _comparable(theirs[column])[match.join.position[hit]]
        both = (ours != "") & (other != "")
        if field == "language":
            both &= own[LANGUAGE_SOURCE].to_numpy(dtype=object)[hit] == "catalogue"
            both &= theirs[LANGUAGE_SOURCE].to_numpy(dtype=object)[match.join.position[hit]] == "catalogue"
        count = int((ours[both] != other[both]).sum())
        if count:
            differing.append(f"{field} in {count:,}")
    if differing:
        sentences.append(
            f"The file with the predictions says otherwise than the catalogue ({', '.join(differing)} of"
            f" {match.join.matched:,} books); the catalogue's is shown."
        )
    return tuple(sentences)


def _comparable(values: pd.Series) -> NDArray[np.object_]:
    return values.astype("object").where(values.notna(), "").to_numpy()
