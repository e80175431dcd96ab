"""What each labelling function does: coverage, overlap, conflict, and accuracy with its interval."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.statistics import MINIMUM_RECORDS, Estimate, wilson
from core.weak_supervision.votes import ABSTAIN, Votes

__all__ = ["accuracy_by_title", "describe", "function_accuracy"]

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
    return Estimate(right / n, low, high, n, METHOD), right
