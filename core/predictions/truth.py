"""What label sets say of the books that were predicted: their answers add up, and each set knows how it was drawn."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.classes import match_classes, no_shared_classes
from core.draws import how_drawn
from core.errors import DamagedError, NotFoundError
from core.joins import join_ids
from core.labels import LabelSet, load_labels
from core.predictions.learned import PredictionSet
from core.schema import (
    ALTERNATE_ID,
    DRAWN,
    DRAWN_CHANCE,
    LABEL,
    LABEL_GIVEN,
    RECORD_ID,
    SPLIT,
    TITLE_KEY,
    TRUTH,
    TRUTH_GIVEN,
    UNANSWERED,
)
from core.storage import Workspace

__all__ = ["TOGETHER", "add_truth", "in_order_of_import", "label_names", "readable_sets"]

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
        spoken = (answers.truth != "") | (answers.given != "")
        answered_before += int((spoken & ((truth != "") | (given != ""))).sum())
        truth[spoken], given[spoken] = answers.truth[spoken], answers.given[spoken]
        draw = judge.draw()
        how = how_drawn(workspace.database, judge.fingerprint, draw)
        drawn[spoken] = how
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
        apart = no_shared_classes(labels.classes, predictions.classes, f"'{labels.name}'")
        if apart:  # nothing can be right or wrong: the truth stays open
            names = match_classes([], classes)
        truth[where] = said_by[LABEL].map(lambda answer: names.class_by_answer.get(answer, "")).to_numpy()[hit]
        sentences = [how, *filter(None, [apart]), *names.sentences]
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
