"""From votes to labels: by majority, or by a model of how often each function is right."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.errors import InputError
from core.weak_supervision.functions import ABSTAIN, Votes

__all__ = ["LabelModel", "answers_of", "majority_vote"]

# --- Majority vote: the class most functions vote for; a tie is no answer ---------------------------------------------


_TIE = 1e-9


def majority_vote(votes: Votes) -> NDArray[np.float64]:
    """Return probabilities, shape (n_books, n_classes): the winner has 1, winners that are level share it.

    Books without a vote have NaN.

    >>> from core.predicates import LengthPredicate
    >>> from core.weak_supervision.functions import LabellingFunction as F
    >>> functions = tuple(F(f"f{i}", name, LengthPredicate("title", i)) for i, name in enumerate("aab"))
    >>> cast = Votes(functions, ("a", "b"), np.array([[0, 0, 1], [0, -1, 1], [-1, -1, -1]], dtype=np.int16), (0, 0, 0))
    >>> majority_vote(cast).tolist()
    [[1.0, 0.0], [0.5, 0.5], [nan, nan]]
    """
    counts = np.column_stack([(votes.matrix == code).sum(axis=1) for code in range(len(votes.classes))]).astype(float)
    best = counts.max(axis=1, keepdims=True, initial=0)
    winners = (counts == best).astype(float)
    probabilities = winners / winners.sum(axis=1, keepdims=True)
    return np.where(best > 0, probabilities, np.nan)


def answers_of(probabilities: NDArray[np.float64], classes: tuple[str, ...]) -> NDArray[np.object_]:
    """Return the class with the highest probability, '' where two are level or nothing is known.

    >>> answers_of(np.array([[0.9, 0.1], [0.5, 0.5], [np.nan, np.nan]]), ("a", "b")).tolist()
    ['a', '', '']
    """
    known = ~np.asarray(np.isnan(probabilities).any(axis=1), dtype=bool)
    filled = np.where(known[:, None], probabilities, 0.0)
    best = filled.max(axis=1, keepdims=True)
    level = np.asarray(filled >= best - _TIE).sum(axis=1) > 1
    answers: NDArray[np.object_] = np.array(classes, dtype=object)[filled.argmax(axis=1)]
    answers[~known | level] = ""
    return answers


# --- A label model ----------------------------------------------------------------------------------------------------
# How often each function is right is learned from where functions agree and contradict one another.
# The model of A. P. Dawid and A. M. Skene (1979), "Maximum likelihood estimation of observer error-rates using the EM
# algorithm", Applied Statistics 28, with abstention as one of the answers. Each book has one unknown class; given the
# class, functions answer independently. A function votes for one class or abstains, so that all there is to know of it
# is its rate of voting within each class. Books on which all are silent take part too: a model of the others alone
# takes functions that are rarely on the same book for functions that shun one another, and drifts.
#
# A function that is never on a book with another one, such as those on shelfmarks or on numbers of a classification,
# can neither agree nor contradict: only what people said of its books, and what is believed beforehand, tell how often
# it is right. Left to the algorithm its votes would be explained by the silence of the others, and could end up against
# itself.


# What is believed of a function before its votes are seen: right on four books of five, as if seen on so many books.
PRIOR_RIGHT: Final = 0.8
PRIOR_VOTES: Final = 10.0
# A function is compared with others if they vote on so many of its books, and on such a share of them.
_MIN_OVERLAP, _MIN_OVERLAP_SHARE = 30.0, 0.01
_MAX_ITERATIONS, _TOLERANCE = 1000, 1e-7
_LIMITS = (1e-9, 1 - 1e-6)  # no rate is quite 0 or 1


@dataclass(frozen=True, kw_only=True)
class LabelModel:
    """A fitted label model.

    Attributes
    ----------
    classes : tuple of str
    names : tuple of str
        Of the functions.
    balance : float array, shape (n_classes,)
        Shares of the classes among all books.
    rates : float array, shape (n_functions, n_classes)
        Of the books of a class, the share on which a function votes.
    isolated : bool array, shape (n_functions,)
        Whether a function is on too few books with others to be compared with them.
    steps : int
        Of EM.
    converged : bool
    """

    classes: tuple[str, ...]
    names: tuple[str, ...]
    balance: NDArray[np.float64]
    rates: NDArray[np.float64]
    isolated: NDArray[np.bool_]
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
        alone = _isolated_functions(cast, counts)
        own = _one_hot(votes.polarity.astype(np.int64), len(votes.classes))
        fixed = np.zeros((0, len(votes.classes)))
        if known is not None:
            known_votes, codes = known
            cast = np.vstack([cast, known_votes.matrix != ABSTAIN])
            counts = np.concatenate([counts, np.ones(len(known_votes))])
            fixed = _one_hot(codes, len(votes.classes))
        if not cast.any():
            raise InputError("No labelling function votes on any book, so that there is nothing to put together.")
        free = len(cast) - len(fixed)
        weighted = cast.astype(float) * counts[:, None]
        coverage = np.maximum(weighted.sum(axis=0), 1.0) / counts.sum()
        others = (1 - PRIOR_RIGHT) / max(len(votes.classes) - 1, 1)
        believed = _shares(np.where(own == 1, PRIOR_RIGHT, others))
        # What people say of the books of a function that stands alone is all there is to go by.
        shares = _shares(PRIOR_VOTES * believed + cast[free:].T.astype(float) @ fixed)
        balance = np.full(len(votes.classes), 1 / len(votes.classes))
        rates = np.clip(believed * coverage[:, None] / balance, *_LIMITS)
        step, change = 0, np.inf
        while step < _MAX_ITERATIONS and change > _TOLERANCE:
            step += 1
            expected = np.vstack([_posterior(cast[:free], rates, balance, alone, shares), fixed])
            books = counts @ expected
            # One book a class is added, so that no class is ever impossible.
            balance = _shares(books + 1.0)
            voted = weighted.T @ expected + PRIOR_VOTES * believed
            after = np.clip(voted / (books + PRIOR_VOTES / coverage[:, None] * balance), *_LIMITS)
            change = float(np.abs(after - rates).max())
            rates = after
        names = tuple(function.name for function in votes.functions)
        return cls(
            classes=votes.classes,
            names=names,
            balance=balance,
            rates=rates,
            isolated=alone,
            steps=step,
            converged=change <= _TOLERANCE,
        )

    @property
    def vote_shares(self) -> NDArray[np.float64]:
        """Of the books on which a function votes, the share of each class, shape (n_functions, n_classes)."""
        return _shares(self.rates * self.balance)

    @property
    def sentences(self) -> tuple[str, ...]:
        """Say of which functions agreement tells nothing, where there are others to agree with."""
        lone = [f"“{name}”" for name, alone in zip(self.names, self.isolated, strict=True) if alone]
        if not lone or len(self.names) == 1:
            return ()
        named = lone[0] if len(lone) == 1 else f"{', '.join(lone[:-1])} and {lone[-1]}"
        return (
            f"Hardly any book has a vote of another function beside one of {named}. How often such a function is right"
            f" is taken from the labelled books that are shown, beginning from a belief of {100 * PRIOR_RIGHT:.0f} %.",
        )

    def probabilities(self, votes: Votes) -> NDArray[np.float64]:
        """Return the probability of each class, shape (n_books, n_classes); NaN for books without a vote."""
        rows, where = _unique_rows(votes.matrix != ABSTAIN)
        posterior = _posterior(rows, self.rates, self.balance, self.isolated, self.vote_shares)
        posterior[~rows.any(axis=1)] = np.nan
        return np.asarray(posterior[where])


def _unique_rows(cast: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.intp]]:
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
    rows, where = _unique_rows(matrix != ABSTAIN)
    return rows, np.bincount(where, minlength=len(rows)).astype(float)


def _one_hot(codes: NDArray[np.int64], classes: int) -> NDArray[np.float64]:
    return np.eye(classes)[codes]


def _shares(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(sums / sums.sum(axis=-1, keepdims=True))


def _isolated_functions(cast: NDArray[np.bool_], counts: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Say which functions vote on hardly any book on which another one votes too."""
    met = counts @ (cast & (cast.sum(axis=1) > 1)[:, None])
    return np.asarray(met < np.maximum(_MIN_OVERLAP, _MIN_OVERLAP_SHARE * (counts @ cast)))


def _posterior(
    cast: NDArray[np.bool_],
    rates: NDArray[np.float64],
    balance: NDArray[np.float64],
    alone: NDArray[np.bool_],
    shares: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Bayes, with the votes that were cast and those that were not; the vote of a lone function is its share."""
    silent = np.log1p(-rates)
    evidence = np.log(balance) + silent.sum(axis=0) + cast.astype(float) @ (np.log(rates) - silent)
    evidence -= evidence.max(axis=1, keepdims=True, initial=-np.inf)
    probabilities = _shares(np.exp(evidence))
    lone = (cast.sum(axis=1) == 1) & cast[:, alone].any(axis=1)
    probabilities[lone] = shares[cast[lone].argmax(axis=1)]
    return probabilities
