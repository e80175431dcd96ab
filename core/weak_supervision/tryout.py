"""Functions are tried: they vote on books, are measured on titles kept back, and are put together."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.errors import InputError
from core.progress import Progress, silent
from core.schema import TITLE_KEY
from core.statistics import Estimate
from core.weak_supervision.books import Books
from core.weak_supervision.copies import DuplicateFunction, find_duplicates
from core.weak_supervision.functions import LabellingFunction, check_functions, with_class_spelling
from core.weak_supervision.holdout import holdout_mask
from core.weak_supervision.label_model import LabelModel
from core.weak_supervision.majority import answers_of, majority_vote
from core.weak_supervision.table import accuracy_by_title, describe
from core.weak_supervision.votes import Votes, cast_votes

__all__ = ["METHODS", "Method", "TrialResult", "try_functions"]

Method = Literal["label model", "majority"]
METHODS: Final[tuple[Method, ...]] = ("label model", "majority")


@dataclass(frozen=True)
class TrialResult:
    """Functions tried on a corpus, and put together.

    Attributes
    ----------
    votes : Votes
        Of all functions on the corpus.
    table : DataFrame
        One row a function, see :func:`core.weak_supervision.describe`, and ``copies``: the function it copies, or ''.
    duplicates : tuple of DuplicateFunction
        Functions that are left out of what follows.
    used : tuple of int
        Positions of the functions that are not.
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
    duplicates: tuple[DuplicateFunction, ...]
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
        apart = holdout_mask(keys)
        back, shown = usable & apart, usable & ~apart
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
    return TrialResult(votes, checked, table, copies, used, probabilities, answers, accuracy, sentences)


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
