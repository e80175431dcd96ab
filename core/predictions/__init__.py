"""Predictions: what a model said of each book, made here or elsewhere, and their join with what people said."""

import functools
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.classes import match_classes, no_shared_classes
from core.corpus import load_corpus
from core.draws import how_drawn
from core.errors import DamagedError, InputError, NotFoundError
from core.joins import join_ids
from core.labels import LabelSet, load_labels
from core.manifests import PredictionManifest
from core.predictions.external import (
    NO_CORPUS,
    CatalogueChoice,
    ParsedPredictions,
    choose_catalogue,
    predictions_from_columns,
    save_catalogue_choice,
    saved_catalogue_choice,
)
from core.predictions.learned import (
    BOOK_KINDS,
    NO_LABELS,
    PREDICTIONS_FILE,
    PredictionSet,
    find_learned,
    load_predictions,
    load_records,
    save_training_labels,
    saved_training_labels,
)
from core.schema import (
    ALTERNATE_ID,
    CORRECT,
    DRAWN,
    DRAWN_CHANCE,
    LABEL,
    LABEL_GIVEN,
    LEAK,
    PREDICTED,
    RECORD_ID,
    RECORDS_COLUMNS,
    SPLIT,
    TITLE_KEY,
    TRUTH,
    TRUTH_GIVEN,
    UNANSWERED,
)
from core.storage import Workspace, digest

__all__ = [
    "BOOK_KINDS",
    "NO_CORPUS",
    "NO_LABELS",
    "PREDICTIONS_FILE",
    "TOGETHER",
    "CatalogueChoice",
    "ParsedPredictions",
    "PredictionSet",
    "Scored",
    "add_truth",
    "align_scored",
    "check_corpus",
    "choose_catalogue",
    "identifiers_in",
    "in_order_of_import",
    "label_names",
    "load_predictions",
    "load_records",
    "load_scored",
    "predictions_from_columns",
    "readable_sets",
    "retrained_from",
    "save_catalogue_choice",
    "save_training_labels",
    "saved_catalogue_choice",
    "saved_training_labels",
]


# --- What label sets say of the books that were predicted -------------------------------------------------------------
#
# What label sets say of the books that were predicted: their answers add up, and each set knows how it was drawn.

GENERATED_ID_PREFIX: Final = "line-"  # how an identifier begins that was made because the file has none
TOGETHER: Final = " + "  # between the names of label sets that judge together


def label_names(workspace: Workspace, labels: str | Sequence[str] | None) -> tuple[str, ...]:
    """Return the names of label sets, one text or several: a name may have :data:`TOGETHER` in it.

    Raises
    ------
    NotFoundError
        There is no label set of one of several names.
    """
    if not labels:
        return ()
    if not isinstance(labels, str):
        return tuple(dict.fromkeys(labels))
    if TOGETHER not in labels or labels in workspace.database.names("labels"):
        return (labels,)
    return tuple(dict.fromkeys(labels.split(TOGETHER)))


def in_order_of_import(workspace: Workspace, names: Sequence[str]) -> list[LabelSet]:
    """Return label sets, that which was imported last at the end."""
    named = reversed(workspace.database.names("labels").values())
    sets = [load_labels(workspace, name) for name in names]
    # Two imports within one second are told apart by when they got their names.
    places = {fingerprint: place for place, fingerprint in enumerate(named)}
    return sorted(sets, key=lambda labels: (labels.manifest.created_at, places.get(labels.fingerprint, -1)))


def readable_sets(workspace: Workspace, labels: Sequence[str]) -> tuple[tuple[str, ...], list[str]]:
    """Return the label sets that predictions name, without those that are not here or cannot be read, which is said."""
    readable, sentences = [], []
    for name in labels:
        try:
            load_labels(workspace, name)
        except (NotFoundError, DamagedError) as error:
            why = error.reason if isinstance(error, DamagedError) else "it is not in this workspace"
            sentences.append(f"The labels '{name}', which these were checked against, cannot be read: {why}.")
        else:
            readable.append(name)
    return tuple(readable), sentences


def add_truth(
    workspace: Workspace, frame: pd.DataFrame, judges: Sequence[LabelSet], predictions: PredictionSet
) -> tuple[tuple[str, ...], list[str]]:
    """Write into a table of predictions what label sets say, and how their books were drawn.

    Parameters
    ----------
    frame : DataFrame
        Records columns, ``split``; the columns ``truth``, ``truth_given``, ``drawn``, ``drawn_chance`` and
        ``unanswered`` are written.
    judges : sequence of LabelSet
        In the order in which they were imported. The later answer to a book holds; a blank takes no answer back.

    Returns
    -------
    class names, sentences
        What a reader must know of the join.
    """
    size = len(frame)
    truth, given, drawn = (np.full(size, "", dtype=object) for _ in range(3))
    passed_over = np.zeros(size, dtype=bool)
    classes, sentences = predictions.classes, []
    draws: list[NDArray[np.float64]] = []
    answered_before = 0
    for judge in judges:
        answers, new_sentences = _Answers.of(frame, judge, predictions, classes)
        classes = answers.classes
        answered = (answers.truth != "") | (answers.given != "")
        answered_before += int((answered & ((truth != "") | (given != ""))).sum())
        truth[answered], given[answered] = answers.truth[answered], answers.given[answered]
        draw = judge.draw()
        how = how_drawn(workspace.database, judge.fingerprint, draw)
        drawn[answered] = how
        if how in ("random", "chances"):  # of other sets nobody can say why a row is blank
            passed_over[_places(frame, judge.passed_over())] = True
        if draw is not None and len(draw):
            draws.append(_chances(frame, draw))
        sentences += new_sentences
    if answered_before:
        sentences.append(
            f"{answered_before:,} books were answered in more than one of these label sets: the answer of the set that"
            " was imported last holds."
        )
    frame[TRUTH] = pd.Series(truth).astype("str").to_numpy()
    frame[TRUTH_GIVEN] = pd.Series(given).astype("str").to_numpy()
    frame[DRAWN] = pd.Series(drawn).astype("str").to_numpy()
    frame[DRAWN_CHANCE] = _together(draws) if draws else np.nan
    frame[UNANSWERED] = passed_over & (truth == "") & (given == "")
    return classes, sentences


def _chances(frame: pd.DataFrame, draw: pd.DataFrame) -> NDArray[np.float64]:
    join = join_ids([draw[RECORD_ID]], [frame[RECORD_ID], frame[ALTERNATE_ID]])
    chances = np.full(len(frame), np.nan)
    chances[join.position[join.position >= 0]] = draw[DRAWN_CHANCE].to_numpy(dtype=float)[join.position >= 0]
    return chances


def _together(draws: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return the chance of each record to be in one draw or the other.

    Where all books of each draw had the same chance it is the same for all; else the chance of a book in the draws it
    is not in is not known, and the last draw counts alone.
    """
    alike = [float(np.nanmin(chances)) for chances in draws if np.nanmin(chances) == np.nanmax(chances)]
    if len(draws) == 1 or len(alike) < len(draws):
        return draws[-1]
    in_any = ~np.isnan(np.vstack(draws)).all(axis=0)
    return np.where(in_any, 1 - np.prod([1 - chance for chance in alike]), np.nan)


def _places(frame: pd.DataFrame, record_ids: pd.Series) -> NDArray[np.intp]:
    """Return the rows of books that are named by their identifiers."""
    if not len(record_ids):
        return np.zeros(0, dtype=np.intp)
    join = join_ids([record_ids], [frame[RECORD_ID], frame[ALTERNATE_ID]])
    return np.asarray(join.position[join.position >= 0], dtype=np.intp)


@dataclass(frozen=True, kw_only=True)
class _Answers:
    """What one label set says of each book of the predictions, in the words of the predictions."""

    truth: NDArray[np.object_]
    given: NDArray[np.object_]
    classes: tuple[str, ...]

    @classmethod
    def of(
        cls, frame: pd.DataFrame, labels: LabelSet, predictions: PredictionSet, classes: tuple[str, ...]
    ) -> tuple["_Answers", list[str]]:
        """Join a label set with the predictions; `classes` are the class names so far."""
        said_by, books = labels.table(), labels.records()
        join = join_ids([books[RECORD_ID], books[ALTERNATE_ID]], [frame[RECORD_ID], frame[ALTERNATE_ID]])
        names = match_classes(said_by[LABEL], classes)
        position = join.position
        how = join.sentence(f"books of '{labels.name}'", f"the predictions '{predictions.name}'")
        if not join.matched and books[RECORD_ID].str.startswith(GENERATED_ID_PREFIX).all():
            position = _match_by_title(books[TITLE_KEY], frame[TITLE_KEY])
            how = (
                f"The file of '{labels.name}' has no identifiers, so its books were looked for by title:"
                f" {int((position >= 0).sum()):,} of {len(books):,} found among the predictions '{predictions.name}'."
                " Titles that several records share were left out."
            )
        hit = position >= 0
        where = position[hit]
        truth = np.full(len(frame), "", dtype=object)
        given = np.full(len(frame), "", dtype=object)
        given[where] = said_by[LABEL_GIVEN].to_numpy()[hit]
        mismatched = no_shared_classes(labels.classes, predictions.classes, f"'{labels.name}'")
        if mismatched:  # nothing can be right or wrong: the truth stays open
            names = match_classes([], classes)
        truth[where] = said_by[LABEL].map(lambda answer: names.class_by_answer.get(answer, "")).to_numpy()[hit]
        sentences = [how, *filter(None, [mismatched]), *names.sentences]
        if predictions.manifest.trained_on == labels.fingerprint:
            learned = int((frame[SPLIT].isin(["train", "calibration"]).to_numpy() & (truth != "")).sum())
            sentences.append(
                f"The model learned from {learned:,} of these books. What is shown for them was predicted out of fold:"
                " by a copy of the model that had not seen their titles. Books drawn at random from the collection"
                " would be better judges."
            )
        return cls(truth=truth, given=given, classes=names.classes), sentences


def _match_by_title(wanted: pd.Series, titles: pd.Series) -> NDArray[np.int64]:
    """Return the row of `titles` with each wanted title, −1 where there is none or several records share it."""
    usable = (titles != "") & ~titles.duplicated(keep=False)
    places = np.flatnonzero(usable.to_numpy())
    positions = pd.Index(titles.to_numpy()[places]).get_indexer(pd.Index(wanted.to_numpy()))
    return np.asarray(np.where(positions >= 0, places[positions] if len(places) else -1, -1), dtype=np.int64)


# --- The scored table: predictions beside the records and what people said, as every audit reads it -------------------


@dataclass(frozen=True, kw_only=True)
class Scored:
    """Predictions joined with records and with what people said: the table every audit reads.

    Attributes
    ----------
    table : DataFrame
        Records columns, ``predicted``, ``confidence`` (0 to 1, NaN if unknown), ``margin``, ``p_<class>`` where known,
        ``truth`` ('' where nobody gave a usable answer), ``truth_given``, ``correct`` (meaningful only where there is a
        truth), ``leak``, ``split``, and of the truth that label sets gave ``drawn``, ``drawn_chance`` (NaN where it is
        not known) and ``unanswered``. Read-only: it is shared between pages.
    calibrated : bool
        Whether the confidences were calibrated here. Probabilities in a file made elsewhere count as uncalibrated.
    labels : str
        Name of the label set the truth comes from, '' where it came with the predictions or there is none. Of several,
        their names with :data:`TOGETHER` between them.
    label_sets : tuple of str
        These names, the set that was imported last at the end: of two answers for a book its answer holds.
    sentences : tuple of str
        What a reader must know of the join.
    learned_known : bool
        Whether it is known which books the model learned from; if not, a leak is a book it may have learned from.
    catalogue : CatalogueChoice
        The catalogue that predictions made elsewhere were joined with; without a match where there is none.
    ids_in_file : mapping of str to str
        Identifier in the predictions' own file → the catalogue's, for the books where the two differ.
    unmatched_classes : tuple of str
        The class names of the truth where none of them is a class of the predictions, so that nothing was compared.
    sources : tuple of str
        Fingerprints of the two predictions that these were put together from, which the table's ``predicted_by`` names
        row by row; empty for those of one model.
    retrained_from : tuple of str
        Fingerprints of the predictions of the same corpus whose decisions the model learned from.
    """

    name: str
    fingerprint: str
    classes: tuple[str, ...]
    table: pd.DataFrame
    calibrated: bool
    labels: str = ""
    sentences: tuple[str, ...] = field(default=())
    learned_known: bool = False
    catalogue: CatalogueChoice = field(default=CatalogueChoice(None))
    ids_in_file: Mapping[str, str] = field(default_factory=dict)
    unmatched_classes: tuple[str, ...] = ()
    label_sets: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    retrained_from: tuple[str, ...] = ()

    @property
    def predictions(self) -> str:
        """Fingerprint of the predictions alone, whatever they are checked against."""
        return self.fingerprint.split("-")[0]

    @property
    def decided_before(self) -> tuple[str, ...]:
        """Fingerprints of other predictions whose decisions hold for these: nobody is asked of a book again."""
        return (*self.sources, *self.retrained_from)

    @property
    def unchecked_key(self) -> str:
        """What stands for predictions, catalogue and slice, whatever they are checked against."""
        parts = self.fingerprint.split("-")
        return "-".join([*parts[:1], *parts[2:]])

    @functools.cached_property
    def key(self) -> str:
        """What stands for this table and all that is computed of it in a cache: equal keys, equal results.

        It holds each thing a result can depend on: predictions, labels and slice (the fingerprint), what they are
        called in sentences, whether confidences were calibrated, how the checked books were drawn, and *which* books
        are leaks. How many there are would not do: the same number of other books gives other figures.
        """
        leaks = self.table[LEAK].to_numpy(dtype=bool).tobytes() if LEAK in self.table else b""
        drawn = sorted(self.table[DRAWN].unique()) if DRAWN in self.table else []
        return digest(
            self.fingerprint,
            self.name,
            self.labels,
            self.classes,
            self.calibrated,
            self.learned_known,
            len(self.table),
            hashlib.sha256(leaks).hexdigest(),
            *drawn,
        )

    def id_in_file(self, record_id: str) -> str:
        """Return the identifier that the predictions' own file has for a record of the table: it never changes."""
        return next((own for own, named in self.ids_in_file.items() if named == record_id), record_id)

    @property
    def labelled(self) -> pd.DataFrame:
        """The rows with a usable truth."""
        return self.table[self.table[TRUTH] != ""]


def align_scored(first: Scored, second: Scored) -> pd.DataFrame:
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
    names = match_classes(second.classes, first.classes).class_by_answer
    table[PREDICTED] = table[PREDICTED].map(lambda name: names.get(name, name)).astype("str")
    table[CORRECT] = (table[PREDICTED] == table[TRUTH]) & (table[TRUTH] != "")
    return table


def identifiers_in(scored: Scored, ids: Sequence[str]) -> list[str]:
    """Return record identifiers as the scored table has them; one that is not there stays as it is.

    What was written before predictions met their catalogue names a record by the identifier in the file, and what was
    written after that by the catalogue's.
    """
    table = scored.table
    known = pd.Index(table[RECORD_ID])
    named = [
        identifier if identifier in known else scored.ids_in_file.get(identifier, identifier) for identifier in ids
    ]
    odd = [identifier for identifier in dict.fromkeys(named) if identifier not in known]
    if not odd:
        return named
    join = join_ids([pd.Series(odd, dtype="str")], [table[RECORD_ID], table[ALTERNATE_ID]])
    record_ids = table[RECORD_ID].to_numpy(dtype=object)
    same = {
        identifier: str(record_ids[place]) for identifier, place in zip(odd, join.position, strict=True) if place >= 0
    }
    return [same.get(identifier, identifier) for identifier in named]


# --- Predictions joined with records and with what people said --------------------------------------------------------
# Predictions joined with records and with what people said, and the books marked that the model learned from.


def load_scored(
    workspace: Workspace,
    name: str,
    labels: str | Sequence[str] | None = None,
    learned_from: Sequence[str] = (),
    corpus: str | None = None,
) -> Scored:
    """Join predictions with records and with what people said.

    Parameters
    ----------
    labels : str or sequence of str, optional
        The label set to check against, or several: their answers add up, and where two sets speak of a book that which
        was imported last holds. Names in one text have :data:`TOGETHER` between them. Without it: the label set named
        in the predictions' manifest, else the truth column that came with the predictions.
    learned_from : sequence of str
        Label sets the model learned from, or 'none' for none of those here; books that are in one of them are marked as
        leaks. Without it, what is known or suspected, see :func:`core.predictions.learned.find_learned`.
    corpus : str, optional
        The corpus that predictions made elsewhere are joined with by identifier, see
        :func:`core.predictions.external.choose_catalogue`; 'none' for no corpus. Records that are found there have the
        catalogue's identifiers and fields.

    Raises
    ------
    NotFoundError
        There are no such predictions, labels or corpus.
    InputError
        The corpus that was named holds none of the records, or the predictions were made here, for another corpus.

    Notes
    -----
    Books a model of this workspace learned from carry out-of-fold predictions (see :mod:`core.models.scoring`), so that
    they can be scored; that is said. They count as leaks where another label set is the judge.
    """
    predictions = load_predictions(workspace, name)
    if corpus and predictions.made_here:
        check_corpus(workspace, predictions, corpus)
    choice = predictions.catalogue(workspace, corpus)
    records = predictions.records(workspace, choice)
    table = predictions.table()
    if len(records) != len(table):
        raise InputError(f"The predictions '{name}' have {len(table):,} rows and their records {len(records):,}.")
    if TRUTH not in table:
        table = table.assign(**{TRUTH: "", TRUTH_GIVEN: ""})
    # At once: with a hundred classes, column by column takes longer and warns.
    judged = pd.DataFrame({CORRECT: False, LEAK: False}, index=range(len(table)))
    own = table.drop(columns=RECORD_ID).reset_index(drop=True)
    frame = pd.concat([records[list(RECORDS_COLUMNS)].reset_index(drop=True), own, judged], axis=1)
    in_file = table[RECORD_ID].to_numpy(dtype=object)
    differing = in_file != frame[RECORD_ID].to_numpy(dtype=object)
    ids_in_file = dict(zip(in_file[differing], frame[RECORD_ID].to_numpy(dtype=object)[differing], strict=True))
    classes, sentences = predictions.classes, list(choice.sentences)
    unmatched: tuple[str, ...] = ()
    wanted = label_names(workspace, labels or predictions.manifest.labels or ())
    if wanted and not labels:
        wanted, new_sentences = readable_sets(workspace, wanted)
        sentences += new_sentences
    judges = in_order_of_import(workspace, wanted)
    if judges:
        classes, new_sentences = add_truth(workspace, frame, judges, predictions)
        sentences += new_sentences
        mismatched = [judge for judge in judges if no_shared_classes(judge.classes, predictions.classes)]
        unmatched = mismatched[-1].classes if len(mismatched) == len(judges) else ()
    elif not (frame[TRUTH] != "").any():
        # What came with the predictions and could not be compared is told wherever nothing is compared.
        given = match_classes(frame[TRUTH_GIVEN]).classes
        nothing_shared = no_shared_classes(given, classes)
        sentences += filter(None, [nothing_shared])
        unmatched = given if nothing_shared else ()
    frame[CORRECT] = (frame[PREDICTED] == frame[TRUTH]) & (frame[TRUTH] != "")
    learned = find_learned(workspace, frame, predictions, [judge.name for judge in judges], learned_from)
    frame[LEAK] = learned.mask
    sentences += learned.sentences
    checked_by = [judge.fingerprint for judge in judges] or ["own"]
    fingerprint = f"{predictions.fingerprint}-{checked_by[0] if len(checked_by) == 1 else digest(*checked_by)}"
    if choice.match:
        fingerprint += f"-{choice.fingerprint}"
    return Scored(
        name=name,
        fingerprint=fingerprint,
        classes=tuple(classes),
        table=frame,
        calibrated=predictions.manifest.calibrated,
        labels=TOGETHER.join(judge.name for judge in judges),
        label_sets=tuple(judge.name for judge in judges),
        sentences=tuple(sentences),
        learned_known=learned.known,
        catalogue=choice,
        ids_in_file=ids_in_file,
        unmatched_classes=unmatched,
        sources=tuple(part.predictions.fingerprint for part in predictions.manifest.parts),
        retrained_from=retrained_from(workspace, predictions.manifest),
    )


def retrained_from(workspace: Workspace, manifest: PredictionManifest) -> tuple[str, ...]:
    """Return the predictions of the same corpus whose decisions the model learned from, the latest first."""
    labels = {thing.fingerprint: thing.manifest.added for thing in workspace.list("labels")}
    before = {thing.fingerprint: thing.manifest for thing in workspace.list("predictions")}
    chain: list[str] = []
    added = labels.get(manifest.trained_on)
    while added is not None and added.predictions not in chain and added.predictions in before:
        if before[added.predictions].corpus == manifest.corpus:
            chain.append(added.predictions)
        added = labels.get(before[added.predictions].trained_on)
    return tuple(chain)


def check_corpus(workspace: Workspace, predictions: PredictionSet, corpus: str) -> None:
    """Check that predictions made here were made for this corpus.

    Raises
    ------
    NotFoundError, InputError
    """
    if corpus == NO_CORPUS or load_corpus(workspace, corpus).fingerprint != predictions.manifest.corpus:
        raise InputError(
            f"The predictions '{predictions.name}' were made here, for the catalogue"
            f" '{predictions.manifest.corpus_name or predictions.manifest.corpus}': they are joined with no other."
        )
