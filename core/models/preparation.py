"""From names in the workspace to the books a model may learn from, and which titles it already knows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.corpus import column_names, load_corpus, read_columns
from core.errors import InputError, NotFoundError
from core.joins import LeakReport, find_leaks, join_ids
from core.labels import LabelSet, load_labels
from core.manifests import Manifest
from core.model_input import join_fields
from core.models import COLLECTION, known_kind
from core.models.fitting import WEIGHT
from core.models.registry import Model
from core.predictions import PredictionSet, load_records
from core.schema import (
    ALTERNATE_ID,
    ANNOTATOR,
    CONFIDENCE,
    CREATED_AT,
    LABEL,
    MARGIN,
    NOTE,
    PREDICTED,
    RECORD_ID,
    SPLIT,
    TEXT,
    TITLE,
    TITLE_KEY,
    probability_column,
)
from core.storage import Artifact, StoredArtifact, Workspace

__all__ = [
    "ExcludedBooks",
    "check_reads",
    "collection_titles",
    "exclude_books",
    "labelled_books",
    "large_classes",
    "load_weak_labels",
    "model_inputs",
    "predictions_table",
    "readable_columns",
    "text_of_record",
    "with_known_titles",
]

# --- From names in the workspace to the books a model may learn from --------------------------------------------------


# How much a label by a function counts against one by a person.
WEAK_WEIGHT = 0.7


@dataclass(frozen=True)
class ExcludedBooks:
    """Books that were left out of the training because another set holds them too."""

    name: str
    leaks: LeakReport

    @property
    def sentence(self) -> str:
        """Say it for a curator."""
        text = self.leaks.sentence("the labelled books", f"'{self.name}'")
        return f"{text} They were left out of the training." if self.leaks.n_leaked else text


def readable_columns(workspace: Workspace, labels: str, corpus: str | None = None) -> tuple[str, ...]:
    """Return the columns a model may read beside the title: those of a corpus here that the labelled books have too.

    What only the file with the labels has, such as other answers of the annotators, is no such column: the records that
    are to be labelled do not have it. Nor are titles, identifiers, and the label, its author and its moment.

    Parameters
    ----------
    corpus : str, optional
        Where the labelled books are looked up: all its columns are theirs.
    """
    label_set = load_labels(workspace, labels)
    stored: list[Artifact[Manifest]] = [
        label_set.artifact,
        *([load_corpus(workspace, corpus).artifact] if corpus else []),
    ]
    others = {TITLE, LABEL, ANNOTATOR, CREATED_AT, NOTE, RECORD_ID, ALTERNATE_ID}
    no_columns = {name for artifact in stored for name, role in artifact.manifest.mapping.items() if role in others}
    in_corpora = {name for thing in workspace.list("corpora") for name in column_names(thing.path)}
    available = dict.fromkeys(name for artifact in stored for name in column_names(artifact.path))
    return tuple(name for name in available if name in in_corpora - no_columns)


def check_reads(workspace: Workspace, labels: str, reads: Sequence[str], corpus: str | None = None) -> None:
    """Check that a model may read these columns; see :func:`readable_columns`.

    Raises
    ------
    InputError
        With the columns there are.
    """
    readable = readable_columns(workspace, labels, corpus) if reads else ()
    for name in reads:
        if name not in readable:
            raise InputError(
                f"The column '{name}' cannot be read beside the title: it must be both in the file of the labels"
                f" '{labels}' and in a catalogue that was imported, and must not be the label itself. Such columns are:"
                f" {', '.join(readable) or 'none; import the catalogue first'}."
            )


def model_inputs(
    stored: StoredArtifact[Manifest], records: pd.DataFrame, reads: Sequence[str]
) -> tuple[pd.Series, tuple[str, ...]]:
    """Return what a model reads of each record, and which of the columns in `reads` are not there.

    Parameters
    ----------
    records : DataFrame
        The normalised records of `stored`, all of them.
    """
    columns = _original_columns(stored, records, reads)
    text = join_fields(records[TITLE], {name: columns[name] for name in reads if name in columns})
    return text.rename(TEXT), tuple(name for name in reads if name not in columns)


def collection_titles(
    workspace: Workspace, kind: str, options: Mapping[str, Any], reads: Sequence[str]
) -> tuple[list[str], list[str]]:
    """Return what a model would read of each titled record of the catalogue that a quick student is taught on.

    The second part is what a reader must know. Both are empty for a kind of model without such a student.
    """
    if COLLECTION not in known_kind(kind).options:
        return [], []
    name = options.get(COLLECTION.name)
    if not name:
        return [], ["No catalogue was named for a quick student: the language model reads every title."]
    source = load_corpus(workspace, str(name))
    texts, _ = model_inputs(source, source.records([TITLE]), reads)
    return texts[texts.str.strip().ne("")].tolist(), []


def _original_columns(stored: StoredArtifact[Manifest], records: pd.DataFrame, reads: Sequence[str]) -> pd.DataFrame:
    """Return columns as they came: a normalised one of the same name is something else."""
    return read_columns(stored.artifact.path, pd.DataFrame(index=range(len(records))), reads)


def text_of_record(workspace: Workspace, predictions: PredictionSet, record_id: str, reads: Sequence[str]) -> str:
    """Return what a model that reads these columns reads of one record that predictions speak of.

    Raises
    ------
    NotFoundError
        The predictions speak of no such record.
    """
    corpus = predictions.manifest.corpus
    stored = load_corpus(workspace, corpus) if corpus else predictions
    records = predictions.records(workspace)
    where = np.flatnonzero((records[RECORD_ID] == record_id).to_numpy())
    if not len(where):
        raise NotFoundError(f"'{predictions.name}' speaks of no record '{record_id}'.")
    columns = _original_columns(stored, records, reads).iloc[where[:1]]
    return str(join_fields(records[TITLE].iloc[where[:1]], {n: columns[n] for n in reads if n in columns}).iloc[0])


def large_classes(books: pd.DataFrame, least: int) -> tuple[pd.DataFrame, list[str]]:
    """Return the books of the classes that have enough different titles, and what must be said of the others.

    Parameters
    ----------
    books : DataFrame
        ``label`` and ``title_key``, as :func:`labelled_books` returns them.
    least : int
        How many different titles a class has at least; 0 or 1 keeps all.

    Examples
    --------
    >>> books = pd.DataFrame({"label": ["Map", "Map", "Mapp"], "title_key": ["a", "b", "c"]})
    >>> kept, sentences = large_classes(books, 2)
    >>> kept["label"].unique().tolist(), sentences[0][:45]
    (['Map'], "Left out with fewer than 2 titles: 'Mapp' (1)")
    """
    titles = books.groupby(LABEL)[TITLE_KEY].nunique()
    small = titles[titles < least]
    if not len(small):
        return books, []
    remaining = books[~books[LABEL].isin(small.index)].reset_index(drop=True)
    shown = ", ".join(f"'{name}' ({count:,})" for name, count in small.items())
    left = len(books) - len(remaining)
    return remaining, [
        f"Left out with fewer than {least:,} titles: {shown}; {left:,} {'book was' if left == 1 else 'books were'} not"
        " learned from. The model knows nothing of these classes and will call such books something else."
    ]


def labelled_books(
    workspace: Workspace, labels: LabelSet, corpus: str | None = None, reads: Sequence[str] = ()
) -> tuple[pd.DataFrame, list[str]]:
    """Return the books of a label set that have a usable label and a title, and what must be said of the others.

    Parameters
    ----------
    corpus : str, optional
        Where the file with the labels has no titles: the corpus to take them from, by identifier.
    reads : sequence of str
        Columns that the model reads beside the title; the books then have ``text`` too.

    Raises
    ------
    InputError
        No book has both.
    """
    table = labels.records().assign(label=labels.table()[LABEL].to_numpy())
    sentences = []
    columns = _original_columns(labels, table, reads).reindex(columns=list(reads)).astype("str").fillna("")
    if corpus is not None:
        stored = load_corpus(workspace, corpus)
        source = stored.records([RECORD_ID, ALTERNATE_ID, TITLE, TITLE_KEY])
        join = join_ids([table[RECORD_ID], table[ALTERNATE_ID]], [source[RECORD_ID], source[ALTERNATE_ID]])
        matched = join.position >= 0
        lacking = (table[TITLE_KEY] == "").to_numpy() & matched
        for column in (TITLE, TITLE_KEY):
            values = table[column].to_numpy(dtype=object)
            values[lacking] = source[column].to_numpy(dtype=object)[join.position[lacking]]
            table = table.assign(**{column: pd.Series(values, dtype="str")})
        if lacking.any():
            sentences.append(f"The titles of {int(lacking.sum()):,} labelled books were taken from '{corpus}'.")
        theirs = _original_columns(stored, source, reads).fillna("")
        for name in theirs:
            empty = (columns[name] == "").to_numpy() & matched
            columns.loc[empty, name] = theirs[name].to_numpy(dtype=object)[join.position[empty]]
    if reads:
        table[TEXT] = join_fields(table[TITLE], {name: columns[name] for name in reads})
    undecided = (table[LABEL] == "").to_numpy()
    untitled = ~undecided & (table[TITLE_KEY] == "").to_numpy()
    if undecided.any():
        sentences.append(f"{int(undecided.sum()):,} books of '{labels.name}' have no usable label and teach nothing.")
    if untitled.any():
        sentences.append(f"{int(untitled.sum()):,} labelled books have no title and teach nothing.")
    books = table[~undecided & ~untitled].reset_index(drop=True)
    if not len(books):
        raise InputError(
            f"No book of the label set '{labels.name}' has both a usable label and a title"
            f" ({int(undecided.sum()):,} without a label, {int(untitled.sum()):,} without a title).",
            command_line="If the titles are in a corpus, name it with --corpus.",
            page="If the titles are in a catalogue, choose it as the place the titles come from.",
        )
    return books, sentences


def exclude_books(
    workspace: Workspace, books: pd.DataFrame, names: tuple[str, ...]
) -> tuple[pd.DataFrame, list[ExcludedBooks]]:
    """Return the books that are in none of the named sets, and what was found in each set."""
    excluded = [ExcludedBooks(name, find_leaks(books, load_records(workspace, name))) for name in names]
    keep = np.ones(len(books), dtype=bool)
    for excluded_set in excluded:
        keep &= ~excluded_set.leaks.mask
    return books[keep].reset_index(drop=True), excluded


def load_weak_labels(
    workspace: Workspace,
    name: str,
    classes: tuple[str, ...],
    books: pd.DataFrame,
    excluded: tuple[str, ...],
    reads: Sequence[str] = (),
) -> tuple[pd.DataFrame, list[str]]:
    """Return labels by functions that may be learned from beside people's: ``p_<class>`` and ``weight`` added.

    A person's label wins: titles that a person labelled are left out, and so are titles in the sets named `excluded`.
    Where the label set has no ``p_<class>`` columns, its label has the whole probability.

    Raises
    ------
    InputError
        The set names a class that no person's label names.
    """
    labels = load_labels(workspace, name)
    table = labels.table()
    records = labels.records()
    candidates = records[[RECORD_ID, ALTERNATE_ID, TITLE, TITLE_KEY]].assign(label=table[LABEL].to_numpy())
    if reads:
        candidates[TEXT] = model_inputs(labels, records, reads)[0].to_numpy()
    columns = [probability_column(class_name) for class_name in classes]
    unknown = sorted(set(candidates.loc[candidates[LABEL] != "", LABEL]) - set(classes))
    if unknown:
        raise InputError(f"'{name}' has the class '{unknown[0]}', which no person's label has: {', '.join(classes)}.")
    given = set(columns) <= set(table.columns)
    for class_name, column in zip(classes, columns, strict=True):
        candidates[column] = (
            table[column].to_numpy(dtype=float) if given else (candidates[LABEL] == class_name).to_numpy(dtype=float)
        )
    candidates[WEIGHT] = table[WEIGHT].to_numpy(dtype=float) if WEIGHT in table else WEAK_WEIGHT
    usable = candidates[(candidates[LABEL] != "") & (candidates[TITLE_KEY] != "")]
    usable, left_out = usable.reset_index(drop=True), len(usable)
    usable = usable[~find_leaks(usable, books).mask].reset_index(drop=True)
    usable, _ = exclude_books(workspace, usable, excluded)
    sentence = f"{len(usable):,} labels by functions ('{name}') were learned from beside people's labels"
    return usable, [
        f"{sentence}; {left_out - len(usable):,} were left out, since people labelled them or they are tested on."
    ]


# --- A table of predictions, in which no title is judged by a classifier that learned from it -------------------------


def predictions_table(probabilities: NDArray[np.float64], classes: Sequence[str]) -> pd.DataFrame:
    """Return ``predicted``, ``confidence``, ``margin`` and ``p_<class>`` …; of equally probable classes the first.

    A row of NaN (no title) has no prediction: ``predicted`` is '' and the numbers are NaN.
    """
    known = np.asarray(~np.isnan(probabilities).any(axis=1))
    filled = np.where(known[:, None], probabilities, 0.0)
    chosen = np.array([*classes, ""], dtype=object)[np.where(known, filled.argmax(axis=1), len(classes))]
    ranked = np.sort(filled, axis=1)
    table = {
        PREDICTED: pd.Series(chosen, dtype="str"),
        CONFIDENCE: np.where(known, ranked[:, -1], np.nan),
        MARGIN: np.where(known, ranked[:, -1] - ranked[:, -2], np.nan),
    }
    table |= {probability_column(name): probabilities[:, i] for i, name in enumerate(classes)}
    return pd.DataFrame(table)


def with_known_titles(model: Model, records: pd.DataFrame, probabilities: NDArray[np.float64]) -> pd.DataFrame:
    """Return the predictions for records with these probabilities, one row each, in their order.

    Parameters
    ----------
    records : DataFrame
        ``record_id`` and ``title_key``.
    probabilities : array, shape (n_records, n_classes)

    Returns
    -------
    DataFrame
        ``record_id``, ``predicted``, ``confidence``, ``margin``, ``p_<class>`` …, ``split``.

    Notes
    -----
    No title is scored by a classifier that learned from it: a record whose normalised title is among the model's
    training books gets the out-of-fold probabilities of that book, and `split` says which part the book was in; the
    others have ''. Identifiers play no part here, since those of another library may be equal by chance; the leak check
    looks at them.
    """
    books = model.training[model.training[probability_column(model.classes[0])].notna()]
    where = _same_title(records[TITLE_KEY], books[TITLE_KEY])
    split = np.full(len(records), "", dtype=object)
    known = where >= 0
    if known.any():
        columns = [probability_column(name) for name in model.classes]
        probabilities[known] = books[columns].to_numpy(dtype=float)[where[known]]
        split[known] = books[SPLIT].to_numpy(dtype=object)[where[known]]
    table = predictions_table(probabilities, model.classes)
    table.insert(0, RECORD_ID, records[RECORD_ID].to_numpy())
    return table.assign(**{SPLIT: pd.Series(split, dtype="str")})


def _same_title(keys: pd.Series, training_keys: pd.Series) -> NDArray[np.int64]:
    """Return for each title the first training book with it, −1 where there is none."""
    first = pd.Series(np.arange(len(training_keys)), index=training_keys.to_numpy(dtype=object))
    first = first[(first.index != "") & ~first.index.duplicated()]
    positions = first.reindex(keys.to_numpy(dtype=object)).to_numpy(dtype=float, na_value=-1.0)
    return positions.astype(np.int64)
