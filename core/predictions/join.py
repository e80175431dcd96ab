"""The scored table: predictions joined with records and with what people said, leaks marked, as audits read it."""

import functools
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from core.classes import match_classes, no_shared_classes
from core.corpus import load_corpus
from core.errors import InputError
from core.joins import join_ids
from core.predictions.catalogue import NO_CORPUS, CatalogueChoice
from core.predictions.learned import PredictionSet, find_learned, load_predictions
from core.predictions.truth import TOGETHER, add_truth, in_order_of_import, label_names, readable_sets
from core.schema import (
    ALTERNATE_ID,
    CORRECT,
    DRAWN,
    LEAK,
    PREDICTED,
    RECORD_ID,
    RECORDS_COLUMNS,
    TRUTH,
    TRUTH_GIVEN,
)
from core.storage import Workspace, digest

__all__ = [
    "Scored",
    "align_scored",
    "check_corpus",
    "identifiers_in",
    "load_scored",
]

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
        :func:`core.predictions.catalogue.choose_catalogue`; 'none' for no corpus. Records that are found there have the
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
        apart = [judge for judge in judges if no_shared_classes(judge.classes, predictions.classes)]
        unmatched = apart[-1].classes if len(apart) == len(judges) else ()
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
        retrained_from=_retrained_from(workspace, predictions),
    )


def _retrained_from(workspace: Workspace, predictions: PredictionSet) -> tuple[str, ...]:
    """Return the predictions of the same corpus whose decisions the model learned from, the latest first."""
    labels = {thing.fingerprint: thing.manifest.added for thing in workspace.list("labels")}
    before = {thing.fingerprint: thing.manifest for thing in workspace.list("predictions")}
    found: list[str] = []
    added = labels.get(predictions.manifest.trained_on)
    while added is not None and added.predictions not in found and added.predictions in before:
        if before[added.predictions].corpus == predictions.manifest.corpus:
            found.append(added.predictions)
        added = labels.get(before[added.predictions].trained_on)
    return tuple(found)


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
