"""Functions are tried: coverage, conflict and accuracy on titles kept back, and the labels they make together."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.corpus import ORIGINALS_FILE
from core.errors import InputError
from core.labels import ANNOTATIONS_FILE, DISAGREEING, LABELS_FILE
from core.predicates import Books
from core.progress import Progress, silent
from core.schema import (
    ANNOTATOR,
    CREATED_AT,
    LABEL,
    LABEL_GIVEN,
    NOTE,
    RECORD_ID,
    RECORDS_COLUMNS,
    ROWS,
    SOURCE,
    TITLE_KEY,
    probability_column,
)
from core.statistics import MINIMUM_RECORDS, Estimate, wilson
from core.storage import now
from core.translation import noop
from core.weak_supervision.functions import (
    ABSTAIN,
    LabellingFunction,
    LabelModel,
    Votes,
    answers_of,
    cast_votes,
    check_functions,
    find_duplicates,
    majority_vote,
    with_class_spelling,
)

__all__ = [
    "METHODS",
    "Method",
    "TrialResult",
    "accuracy_by_title",
    "describe",
    "function_accuracy",
    "holdout_mask",
    "try_functions",
    "write_label_tables",
]

# --- Which labelled titles an author of functions is never shown ------------------------------------------------------
# Which labelled titles an author of functions is never shown, so that accuracy on them is a fair measure.


def holdout_mask(title_keys: pd.Series) -> NDArray[np.bool_]:
    """Say which titles are kept back: half of them, always the same ones, whatever else is in the table.

    The half is decided by a hash of the normalised title, so that all editions and all label sets agree about a title.
    The other half may be shown as examples, and suggestions are made from it.

    >>> holdout_mask(pd.Series(["emma", "a history of rome", "poems", "emma"])).tolist()
    [False, True, True, False]
    """
    codes, distinct = pd.factorize(title_keys)
    held_out = [hashlib.sha256(f"weak supervision\0{key}".encode()).digest()[0] & 1 == 1 for key in distinct]
    return np.array([*held_out, False], dtype=bool)[codes]


# --- What each labelling function does: coverage, overlap, conflict, and accuracy with its interval -------------------


METHOD = "Wilson, each title once"


def describe(
    votes: Votes, truth: pd.Series | None = None, checked: Votes | None = None, title_keys: pd.Series | None = None
) -> pd.DataFrame:
    """Return one row a function.

    Parameters
    ----------
    votes : Votes
        On the collection that is to be labelled: coverage, overlap and conflict are shares of its books.
    truth, title_keys : Series of str, optional
        Class ('' for none) and normalised title of the labelled books that accuracy is measured on.
    checked : Votes, optional
        The votes of the same functions on those books.

    Returns
    -------
    DataFrame
        ``name``, ``polarity``, ``books`` (how many it votes on), ``coverage``, ``overlap`` (another function votes on
        the book too), ``conflict`` (another votes for another class), ``accuracy`` with ``low``, ``high`` (95 %
        Wilson), ``right`` and ``n`` (titles), ``reason`` (why accuracy is undefined). Shares are undefined (NaN) where
        there is no book; accuracy below 10 titles.

    Notes
    -----
    Overlap and conflict are shares of all books, as in A. Ratner et al. (2017), "Snorkel: Rapid training data creation
    with weak supervision", Proceedings of the VLDB Endowment 11.
    """
    cast = votes.matrix != ABSTAIN
    number = cast.sum(axis=1)
    several = number > 1
    first = np.where(cast, votes.matrix, np.iinfo(np.int16).max).min(axis=1, initial=np.iinfo(np.int16).max)
    last = votes.matrix.max(axis=1, initial=ABSTAIN)
    divided = several & (first != last)
    n = len(votes)
    rows = []
    for position, function in enumerate(votes.functions):
        mine = cast[:, position]
        if truth is None or checked is None or title_keys is None:
            accuracy, right = Estimate.undefined("no labels to check against"), 0.0
        else:
            accuracy, right = function_accuracy(checked, position, truth, title_keys)
        rows.append(
            {
                "name": function.name,
                "polarity": function.label,
                "books": int(mine.sum()),
                "coverage": mine.sum() / n if n else np.nan,
                "overlap": (mine & several).sum() / n if n else np.nan,
                # A function has one class, so that wherever a book's votes are divided somebody contradicts it.
                "conflict": (mine & divided).sum() / n if n else np.nan,
                "accuracy": accuracy.value,
                "low": accuracy.low,
                "high": accuracy.high,
                "right": right,
                "n": accuracy.n,
                "reason": accuracy.reason,
            }
        )
    return pd.DataFrame(rows)


def function_accuracy(checked: Votes, position: int, truth: pd.Series, title_keys: pd.Series) -> tuple[Estimate, float]:
    """Return how often one function is right where it votes, each title once, and the number of titles it has right."""
    votes = checked.matrix[:, position]
    answers = np.array([*checked.classes, ""], dtype=object)[votes]
    return accuracy_by_title(answers, truth, title_keys)


def accuracy_by_title(answers: NDArray[np.object_], truth: pd.Series, title_keys: pd.Series) -> tuple[Estimate, float]:
    """Return the share of titles whose answer is right, and the number of titles that are.

    Parameters
    ----------
    answers : array of str
        Class names, '' for no answer. Only books with an answer and a truth count.

    Notes
    -----
    Books of one title count as one: as the share of them that is right.
    """
    given = truth.to_numpy(dtype=object)
    counted = (answers != "") & (given != "")
    hits = pd.Series((answers == given)[counted].astype(float))
    per_title = hits.groupby(title_keys.to_numpy(dtype=object)[counted]).mean()
    n, right = len(per_title), float(per_title.sum())
    if n < MINIMUM_RECORDS:
        return Estimate.undefined(f"fewer than {MINIMUM_RECORDS} titles: {right:g} of {n} right", n, METHOD), right
    low, high = wilson(right, n)
    return Estimate(value=right / n, low=low, high=high, n=n, method=METHOD), right


# --- Functions are tried: they vote on books, are measured on titles kept back, and are put together ------------------


Method = Literal["label model", "majority"]
METHODS: Final[tuple[Method, ...]] = (noop("label model"), noop("majority"))


@dataclass(frozen=True, kw_only=True)
class TrialResult:
    """Functions tried on a corpus, and put together.

    Attributes
    ----------
    votes : Votes
        Of all functions on the corpus.
    table : DataFrame
        One row a function, see :func:`core.weak_supervision.describe`, and ``copies``: the function it copies, or ''.
    used : tuple of int
        Positions of the functions that copy no other; the others are left out of what follows.
    probabilities : float array, shape (n_books, n_classes)
        Of the books of the corpus, NaN where no function votes.
    answers : array of str
        The class of each book, '' where there is none or the functions are level.
    accuracy : Estimate
        Share of the titles kept back that the functions together answer rightly, among those they answer.
    sentences : tuple of str
        What a reader must know.
    """

    votes: Votes
    checked: Votes | None
    table: pd.DataFrame
    used: tuple[int, ...]
    probabilities: NDArray[np.float64]
    answers: NDArray[np.object_]
    accuracy: Estimate
    sentences: tuple[str, ...]


def try_functions(
    functions: Sequence[LabellingFunction],
    books: Books,
    labelled: Books | None = None,
    truth: pd.Series | None = None,
    *,
    method: Method = "label model",
    progress: Progress = silent,
) -> TrialResult:
    """Let functions vote on books, describe them, and put their votes together.

    Parameters
    ----------
    labelled, truth : Books and Series of str, optional
        Books that people labelled, and their class ('' for none). Accuracy is measured on the half of their titles that
        is kept back; the label model may learn from the other half.

    Raises
    ------
    InputError
    """
    if method not in METHODS:
        raise InputError(f"'{method}' is no way to put votes together. There are: {', '.join(METHODS)}.")
    check_functions(functions)
    classes: tuple[str, ...] = ()
    if truth is not None:
        classes = tuple(sorted(set(truth) - {""}))
        functions = with_class_spelling(functions, classes)
    progress(0.1, "Functions vote")
    votes = cast_votes(functions, books, classes)
    copies = find_duplicates(votes)
    refused = {copy.position for copy in copies}
    used = tuple(i for i in range(len(functions)) if i not in refused)
    checked = known = None
    accuracy = Estimate.undefined("no labels to check against")
    if labelled is None or truth is None:
        table = describe(votes)
        back = np.zeros(0, dtype=bool)
    else:
        checked = cast_votes(functions, labelled, classes)
        keys = labelled.records[TITLE_KEY]
        usable = (truth != "").to_numpy() & (keys != "").to_numpy()
        held_out = holdout_mask(keys)
        back, shown = usable & held_out, usable & ~held_out
        judged = _rows(checked, back)
        table = describe(votes, truth[back], judged, keys[back])
        codes = np.array([classes.index(name) for name in truth[shown]], dtype=np.int64)
        known = (_rows(checked, shown).only(used), codes)
    progress(0.5, "Votes are put together")
    together = votes.only(used)
    model = LabelModel.fit(together, known) if method == "label model" and together.labelled.any() else None
    probabilities = majority_vote(together) if model is None else model.probabilities(together)
    answers = answers_of(probabilities, votes.classes)
    if checked is not None and labelled is not None and truth is not None:
        judged = _rows(checked, back).only(used)
        judged_answers = answers_of(
            majority_vote(judged) if model is None else model.probabilities(judged), votes.classes
        )
        accuracy, _ = accuracy_by_title(judged_answers, truth[back], labelled.records[TITLE_KEY][back])
    copied = {copy.position: copy.original for copy in copies}
    table["copies"] = pd.Series([copied.get(i, "") for i in range(len(functions))], dtype="str")
    sentences = (
        *(copy.sentence for copy in copies),
        *votes.sentences,
        *_checked_sentences(checked),
        *(() if model is None else model.sentences),
    )
    return TrialResult(
        votes=votes,
        checked=checked,
        table=table,
        used=used,
        probabilities=probabilities,
        answers=answers,
        accuracy=accuracy,
        sentences=sentences,
    )


def _rows(votes: Votes, keep: NDArray[np.bool_]) -> Votes:
    return Votes(votes.functions, votes.classes, votes.matrix[keep], votes.refused)


def _checked_sentences(checked: Votes | None) -> tuple[str, ...]:
    if checked is None:
        return ()
    return tuple(
        f"The accuracy of “{function.name}” rests only on labelled books its model did not learn from:"
        f" {len(checked) - count:,} of {len(checked):,}."
        for function, count in zip(checked.functions, checked.refused, strict=True)
        if count
    )


# --- The tables of a label set that functions made: one row a book, its records, and one row a vote -------------------


def write_label_tables(
    folder: Path, records: pd.DataFrame, originals: pd.DataFrame, keep: NDArray[np.bool_], tried: TrialResult
) -> None:
    """Write the labels of the books in `keep`, their records, original columns and the votes into `folder`.

    The annotator of a label is the first function that votes for it; the note names every function that votes. The
    annotations have one row a vote, so that each function can be audited like a person.
    """
    votes = tried.votes.only(tried.used)
    matrix, answers = votes.matrix[keep], tried.answers[keep]
    books = records.loc[keep, list(RECORDS_COLUMNS)].reset_index(drop=True)
    names = np.array([function.name for function in votes.functions], dtype=object)
    classes = np.array(votes.classes, dtype=object)
    cast = matrix != ABSTAIN
    moment = now()
    agrees = cast & (classes[matrix] == answers[:, None])
    voted = np.where(agrees.any(axis=1)[:, None], agrees, cast)
    labels = pd.DataFrame(
        {
            RECORD_ID: books[RECORD_ID],
            LABEL: pd.Series(answers, dtype="str"),
            LABEL_GIVEN: pd.Series(answers, dtype="str"),
            ANNOTATOR: pd.Series(names[voted.argmax(axis=1)], dtype="str"),
            CREATED_AT: moment,
            NOTE: pd.Series(["; ".join(names[row]) for row in cast], dtype="str"),
            SOURCE: "function",
            ROWS: cast.sum(axis=1).astype(np.int64),
            DISAGREEING: np.where(cast, matrix, np.iinfo(np.int16).max).min(axis=1) != matrix.max(axis=1),
        }
    )
    for code, class_name in enumerate(votes.classes):
        labels[probability_column(class_name)] = tried.probabilities[keep, code]
    labels.to_parquet(folder / LABELS_FILE, index=False, compression="zstd")
    books.to_parquet(folder / "records.parquet", index=False, compression="zstd")
    originals[keep].to_parquet(folder / ORIGINALS_FILE, index=False, compression="zstd")
    where, which = np.nonzero(cast)
    annotations = pd.DataFrame(
        {
            RECORD_ID: books[RECORD_ID].to_numpy(dtype=object)[where],
            LABEL_GIVEN: classes[matrix[where, which]],
            ANNOTATOR: names[which],
            CREATED_AT: moment,
            NOTE: "",
            "line": np.zeros(len(where), dtype=np.int64),
        }
    )
    texts = dict.fromkeys((RECORD_ID, LABEL_GIVEN, ANNOTATOR), "str")
    annotations.astype(texts).to_parquet(folder / ANNOTATIONS_FILE, index=False, compression="zstd")
