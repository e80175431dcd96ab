"""Predictions: what a model said of each book, made here or elsewhere, and their join with what people said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.classes import ClassNames, match_classes
from core.corpus import load_corpus, read_parquet
from core.errors import InputError
from core.joins import join_ids
from core.labels import LabelSet, load_labels
from core.schema import (
    ALTERNATE_ID,
    CONFIDENCE,
    CORRECT,
    LABEL,
    LABEL_GIVEN,
    LEAK,
    MARGIN,
    PREDICTED,
    RECORD_ID,
    RECORDS_COLUMNS,
    SPLIT,
    TITLE_KEY,
    TRUTH,
    TRUTH_GIVEN,
    probability_column,
)
from core.storage import Stored, Workspace

__all__ = [
    "PredictionSet",
    "Scored",
    "in_the_words_of",
    "load_predictions",
    "load_scored",
    "predictions_from_columns",
]

PREDICTIONS_FILE = "predictions.parquet"
MADE_ID = "line-"  # how an identifier begins that was made because the file has none


@dataclass(frozen=True)
class PredictionSet(Stored):
    """One model's predictions for many books. Read-only."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The class names, sorted."""
        return tuple(self.manifest["classes"])

    def table(self) -> pd.DataFrame:
        """Return one row a book: id, ``predicted``, ``confidence``, ``margin``, ``p_<class>`` …, ``split``, truth."""
        return read_parquet(self.artifact.path / PREDICTIONS_FILE)

    def records(self, workspace: Workspace) -> pd.DataFrame:
        """Return the normalised records of the books, row for row beside :meth:`table`."""
        corpus = self.manifest.get("corpus")
        if corpus:
            return load_corpus(workspace, corpus).records()
        return read_parquet(self.artifact.path / "records.parquet")

    def originals(self, workspace: Workspace) -> pd.DataFrame:
        """Return the original columns as text, row for row beside :meth:`table`."""
        corpus = self.manifest.get("corpus")
        if corpus:
            return load_corpus(workspace, corpus).originals()
        return read_parquet(self.artifact.path / "originals.parquet")


@dataclass(frozen=True)
class Scored:
    """Predictions joined with records and with what people said: the table every audit reads.

    Attributes
    ----------
    table : DataFrame
        Records columns, ``predicted``, ``confidence`` (0 to 1, NaN if unknown), ``margin``, ``p_<class>`` where known,
        ``truth`` ('' where nobody gave a usable answer), ``truth_given``, ``correct`` (meaningful only where there is a
        truth), ``leak``, ``split``. Read-only: it is shared between pages.
    calibrated : bool
        Whether the confidences were calibrated here. Probabilities in a file made elsewhere count as uncalibrated.
    labels : str
        Name of the label set the truth comes from, '' where it came with the predictions or there is none.
    sentences : tuple of str
        What a reader must know of the join.
    """

    name: str
    fingerprint: str
    classes: tuple[str, ...]
    table: pd.DataFrame
    calibrated: bool
    labels: str = ""
    sentences: tuple[str, ...] = field(default=())

    @property
    def predictions(self) -> str:
        """Fingerprint of the predictions alone, whatever they are checked against."""
        return self.fingerprint.split("-")[0]

    @property
    def labelled(self) -> pd.DataFrame:
        """The rows with a usable truth."""
        return self.table[self.table[TRUTH] != ""]


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


def load_predictions(workspace: Workspace, name: str) -> PredictionSet:
    """Return the predictions called `name`.

    Raises
    ------
    NotFoundError
        With the names of the sets that do exist.
    """
    return PredictionSet(workspace.find("predictions", name))


def load_scored(workspace: Workspace, name: str, labels: str | None = None, learned_from: Sequence[str] = ()) -> Scored:
    """Join predictions with records and with what people said.

    Parameters
    ----------
    labels : str, optional
        The label set to check against. Without it: the label set named in the predictions' manifest, else the truth
        column that came with the predictions.
    learned_from : sequence of str
        Label sets the model may have learned from; books that are in one of them are marked as leaks. Without it: the
        model's own training books where the model is here, else every other label set in the workspace (the safe
        assumption about a model made elsewhere).

    Notes
    -----
    Books a model of this workspace learned from carry out-of-fold predictions (see :mod:`core.models.score`), so that
    they can be scored; that is said. They count as leaks where another label set is the judge.
    """
    predictions = load_predictions(workspace, name)
    records = predictions.records(workspace)
    table = predictions.table()
    if len(records) != len(table):
        raise InputError(f"The predictions '{name}' have {len(table):,} rows and their records {len(records):,}.")
    frame = records[list(RECORDS_COLUMNS)].copy()
    for column in table.columns:
        if column != RECORD_ID:
            frame[column] = table[column].to_numpy()
    if TRUTH not in frame:
        frame = frame.assign(**{TRUTH: "", TRUTH_GIVEN: ""})
    classes, sentences = predictions.classes, []
    wanted = labels or predictions.manifest.get("labels") or ""
    if wanted:
        classes, said = _truth_from_labels(frame, load_labels(workspace, wanted), predictions)
        sentences += said
    frame[CORRECT] = (frame[PREDICTED] == frame[TRUTH]) & (frame[TRUTH] != "")
    frame[LEAK], said = _leaks(workspace, frame, predictions, wanted, learned_from)
    sentences += said
    fingerprint = f"{predictions.fingerprint}-{load_labels(workspace, wanted).fingerprint if wanted else 'own'}"
    return Scored(
        name,
        fingerprint,
        tuple(classes),
        frame,
        bool(predictions.manifest.get("calibrated")),
        wanted,
        tuple(sentences),
    )


def in_the_words_of(first: Scored, second: Scored) -> pd.DataFrame:
    """Return the second table with the identifiers, class names and truth of the first, for the books both speak of.

    Two tables may know a book by its digital and its paper record, or by an identifier that lost its leading zeros; the
    rows that are in both get the identifier they have in `first`, and are judged by the truth known there. Rows of
    other books are left out.
    """
    ids = [second.table[RECORD_ID], second.table[ALTERNATE_ID]]
    join = join_ids(ids, [first.table[RECORD_ID], first.table[ALTERNATE_ID]])
    hit = join.position >= 0
    table = second.table[hit].copy()
    table[RECORD_ID] = first.table[RECORD_ID].to_numpy()[join.position[hit]]
    table[TRUTH] = first.table[TRUTH].to_numpy()[join.position[hit]]
    table = table[~table[RECORD_ID].duplicated()]
    names = match_classes(second.classes, first.classes).spelled
    table[PREDICTED] = table[PREDICTED].map(lambda name: names.get(name, name)).astype("str")
    table[CORRECT] = (table[PREDICTED] == table[TRUTH]) & (table[TRUTH] != "")
    return table


def _truth_from_labels(
    frame: pd.DataFrame, labels: LabelSet, predictions: PredictionSet
) -> tuple[tuple[str, ...], list[str]]:
    said_by = labels.table()
    books = labels.records()
    join = join_ids([books[RECORD_ID], books[ALTERNATE_ID]], [frame[RECORD_ID], frame[ALTERNATE_ID]])
    names = match_classes(said_by[LABEL], predictions.classes)
    position, how = join.position, join.sentence(f"books of '{labels.name}'", f"the predictions '{predictions.name}'")
    if not join.matched and books[RECORD_ID].str.startswith(MADE_ID).all():
        position = _by_title(books[TITLE_KEY], frame[TITLE_KEY])
        how = (
            f"The file of '{labels.name}' has no identifiers, so its books were looked for by title:"
            f" {int((position >= 0).sum()):,} of {len(books):,} found among the predictions '{predictions.name}'."
            " Titles that several records share were left out."
        )
    hit = position >= 0
    where = position[hit]
    truth = np.full(len(frame), "", dtype=object)
    given = np.full(len(frame), "", dtype=object)
    truth[where] = said_by[LABEL].map(lambda answer: names.spelled.get(answer, "")).to_numpy()[hit]
    given[where] = said_by[LABEL_GIVEN].to_numpy()[hit]
    sentences = [how, *names.sentences]
    if predictions.manifest.get("trained_on") == labels.fingerprint:
        learned = int((frame[SPLIT].isin(["train", "calibration"]).to_numpy() & (truth != "")).sum())
        sentences.append(
            f"The model learned from {learned:,} of these books. What is shown for them was predicted out of fold: by a"
            " copy of the model that had not seen their titles. Books drawn at random from the collection would be"
            " better judges."
        )
    frame[TRUTH] = pd.Series(truth).astype("str").to_numpy()
    frame[TRUTH_GIVEN] = pd.Series(given).astype("str").to_numpy()
    return names.classes, sentences


def _by_title(wanted: pd.Series, there: pd.Series) -> NDArray[np.int64]:
    """Return the row of `there` with each title, −1 where there is none or several records share it."""
    usable = (there != "") & ~there.duplicated(keep=False)
    places = np.flatnonzero(usable.to_numpy())
    found = pd.Index(there.to_numpy()[places]).get_indexer(pd.Index(wanted.to_numpy()))
    return np.asarray(np.where(found >= 0, places[found] if len(places) else -1, -1), dtype=np.int64)


def _leaks(
    workspace: Workspace,
    frame: pd.DataFrame,
    predictions: PredictionSet,
    truth_from: str,
    learned_from: Sequence[str],
) -> tuple[np.ndarray, list[str]]:
    from core.leaks import find_leaks

    sources: list[tuple[str, pd.DataFrame]] = []
    trained_on = predictions.manifest.get("trained_on")
    model = predictions.manifest.get("model_fingerprint")
    if trained_on and truth_from and load_labels(workspace, truth_from).fingerprint == trained_on:
        return np.zeros(len(frame), dtype=bool), []
    if learned_from:
        sources = [(name, load_labels(workspace, name).records()) for name in learned_from]
    elif model:
        training = read_parquet(workspace.find("models", model).path / "training.parquet")
        sources = [("the model's own training books", training)]
    else:
        sources = [
            (artifact.name, LabelSet(artifact).records())
            for artifact in workspace.list("labels")
            if artifact.name != truth_from
        ]
    leak = np.zeros(len(frame), dtype=bool)
    sentences = []
    checked = frame[TRUTH].to_numpy() != ""
    for name, books in sources:
        found = find_leaks(frame[[RECORD_ID, ALTERNATE_ID, TITLE_KEY]], books)
        hit = int((found.mask & checked).sum())
        by_id = int((found.by_id_mask & checked).sum())
        leak |= found.mask
        may = "" if model or learned_from else ", from which the model may have learned"
        sentences.append(
            f"Leak check: {hit:,} of the {int(checked.sum()):,} checked books are also in {name}{may}"
            + (f" ({by_id:,} by identifier, {hit - by_id:,} by title)." if hit else ".")
        )
    return leak, sentences
