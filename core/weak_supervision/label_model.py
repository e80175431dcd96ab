"""A label model: how often each function is right is learned from where functions agree and contradict one another.

The model of A. P. Dawid and A. M. Skene (1979), "Maximum likelihood estimation of observer error-rates using the EM
algorithm", Applied Statistics 28, for observers who may stay silent. Each book has one unknown class; given the class,
functions vote independently. Silence is no evidence: a function that looks for one word is silent on most books of
every class. A function votes for one class only, so that all there is to know of it is how the books on which it votes
are divided among the classes.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.errors import InputError
from core.weak_supervision.votes import ABSTAIN, Votes

__all__ = ["PRIOR_RIGHT", "PRIOR_VOTES", "LabelModel"]

# What is believed of a function before its votes are seen: right on four books of five, as if seen on so many books.
PRIOR_RIGHT: Final = 0.8
PRIOR_VOTES: Final = 10.0
_STEPS, _SMALL = 500, 1e-7


@dataclass(frozen=True)
class LabelModel:
    """A fitted label model.

    Attributes
    ----------
    classes : tuple of str
    names : tuple of str
        Of the functions.
    balance : float array, shape (n_classes,)
        Shares of the classes among the books with a vote.
    divided : float array, shape (n_functions, n_classes)
        Of the books on which a function votes, the share of each class. At the function's own class: how often it is
        thought to be right.
    steps : int
        Of EM.
    converged : bool
    """

    classes: tuple[str, ...]
    names: tuple[str, ...]
    balance: NDArray[np.float64]
    divided: NDArray[np.float64]
    steps: int
    converged: bool

    @classmethod
    def fit(cls, votes: Votes, known: tuple[Votes, NDArray[np.int64]] | None = None) -> "LabelModel":
        """Learn from votes by expectation and maximisation; books with equal votes are reckoned once.

        Parameters
        ----------
        votes : Votes
            On books whose class is unknown.
        known : (Votes, int array), optional
            The votes of the same functions on books whose class a person said, and the positions of these classes.

        Raises
        ------
        InputError
            No function votes on any book.
        """
        cast, counts = _collapse(votes.matrix)
        own = _one_hot(votes.polarity.astype(np.int64), len(votes.classes))
        fixed = np.zeros((0, len(votes.classes)))
        if known is not None:
            said, codes = known
            cast_known = said.matrix != ABSTAIN
            some = cast_known.any(axis=1)
            cast = np.vstack([cast, cast_known[some]])
            counts = np.concatenate([counts, np.ones(int(some.sum()))])
            fixed = _one_hot(codes[some], len(votes.classes))
        if not cast.any():
            raise InputError("No labelling function votes on any book, so that there is nothing to put together.")
        others = (1 - PRIOR_RIGHT) / max(len(votes.classes) - 1, 1)
        prior = PRIOR_VOTES * np.where(own == 1, PRIOR_RIGHT, others)
        free = len(cast) - len(fixed)
        weighted = cast.astype(float) * counts[:, None]
        divided, balance = prior / prior.sum(axis=1, keepdims=True), np.full(len(votes.classes), 1 / len(votes.classes))
        step, change = 0, np.inf
        while step < _STEPS and change > _SMALL:
            step += 1
            expected = np.vstack([_posterior(cast[:free], divided, balance), fixed])
            # One book a class is added, so that no class is ever impossible.
            balance = _shares(counts @ expected + 1.0)
            after = _shares(weighted.T @ expected + prior)
            change = float(np.abs(after - divided).max())
            divided = after
        names = tuple(function.name for function in votes.functions)
        return cls(votes.classes, names, balance, divided, step, change <= _SMALL)

    def probabilities(self, votes: Votes) -> NDArray[np.float64]:
        """Return the probability of each class, shape (n_books, n_classes); NaN for books without a vote."""
        rows, where = _different(votes.matrix != ABSTAIN)
        found = _posterior(rows, self.divided, self.balance)
        found[~rows.any(axis=1)] = np.nan
        return np.asarray(found[where])


def _different(cast: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.intp]]:
    """Return the different rows, and for each row which of them it is."""
    packed = np.packbits(cast, axis=1)
    words = -(-max(packed.shape[1], 1) // 8)
    wide = np.zeros((len(cast), 8 * words), dtype=np.uint8)
    wide[:, : packed.shape[1]] = packed
    where = np.zeros(len(cast), dtype=np.intp)
    for word in wide.view(np.uint64).T:  # 64 functions at a time: numbers are told apart far faster than rows
        codes, distinct = pd.factorize(word)
        where = pd.factorize(where * len(distinct) + codes)[0]
    first = np.unique(where, return_index=True)[1]
    return cast[first], where


def _collapse(matrix: NDArray[np.int16]) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    rows, where = _different(matrix != ABSTAIN)
    counts = np.bincount(where, minlength=len(rows)).astype(float)
    some = rows.any(axis=1)
    return rows[some], counts[some]


def _one_hot(codes: NDArray[np.int64], classes: int) -> NDArray[np.float64]:
    return np.eye(classes)[codes]


def _shares(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(sums / sums.sum(axis=-1, keepdims=True))


def _posterior(
    cast: NDArray[np.bool_], divided: NDArray[np.float64], balance: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Bayes: a vote of a function multiplies the odds of a class by its share there over its share of all books."""
    evidence = np.log(balance) + cast.astype(float) @ (np.log(divided) - np.log(balance))
    evidence -= evidence.max(axis=1, keepdims=True, initial=-np.inf)
    return _shares(np.exp(evidence))
