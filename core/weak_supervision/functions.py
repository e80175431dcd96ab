"""A labelling function (a name, the class it votes for, the predicate under which it does), and the votes of several.

Votes are a column a function and a row a book; functions that copy one another are found in them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.classes import match_classes
from core.errors import InputError
from core.formatting import percent
from core.predicates import Books, Predicate, RangePredicate, TextPredicate, predictions_of
from core.statistics import MINIMUM_RECORDS

__all__ = [
    "ABSTAIN",
    "DuplicateFunction",
    "LabelModel",
    "LabellingFunction",
    "Votes",
    "agreements",
    "answers_of",
    "cast_votes",
    "check_functions",
    "find_duplicates",
    "majority_vote",
    "with_class_spelling",
]


MAX_FUNCTIONS: Final = 500
MAX_PHRASE: Final = 2000  # characters


@dataclass(frozen=True)
class LabellingFunction:
    """Votes for `label` where the condition holds, and abstains everywhere else.

    Attributes
    ----------
    name : str
        By which people speak of it; no two functions of a set share one.
    label : str
        The class it votes for (its polarity).
    when : Predicate
    comment : str
        What its author wrote beside it in a file of functions, a line or several; '' for nothing.
    """

    name: str
    label: str
    when: Predicate
    comment: str = ""

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise InputError("A labelling function needs a name.")
        if not self.label.strip():
            raise InputError(f"The labelling function '{self.name}' needs a class to vote for.")
        for predicate in self.when.leaves():
            _check(predicate)

    @property
    def predictions(self) -> tuple[str, ...]:
        """Names of the predictions it asks."""
        return predictions_of(self.when)


def _check(predicate: Predicate) -> None:
    """Refuse what a saved slice may hold, but what somebody who writes a function cannot have meant."""
    if type(predicate) is RangePredicate:  # lengths may be empty, as they always might
        low, high = predicate.low, predicate.high
        if low is not None and high is not None and low > high:
            raise InputError(f"The range of '{predicate.column}' is empty: it goes from {low:g} to {high:g}.")
    elif isinstance(predicate, TextPredicate) and (size := len(predicate.value)) > MAX_PHRASE:
        raise InputError(f"What is looked for has {size:,} characters; at most {MAX_PHRASE:,} are taken.")


def check_functions(functions: Sequence[LabellingFunction]) -> None:
    """Refuse a set without functions, with too many, or with a name used twice.

    Raises
    ------
    InputError
    """
    if not functions:
        raise InputError("There is no labelling function yet.")
    if len(functions) > MAX_FUNCTIONS:
        raise InputError(f"There are {len(functions):,} labelling functions; at most {MAX_FUNCTIONS} are taken.")
    names = [function.name for function in functions]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"Two labelling functions are called '{twice}'. Give each a name of its own.")


def with_class_spelling(
    functions: Sequence[LabellingFunction], classes: Sequence[str]
) -> tuple[LabellingFunction, ...]:
    """Return the functions with their classes spelled as people's labels spell them.

    Raises
    ------
    InputError
        A function votes for a class that no label names.

    Examples
    --------
    >>> from core.predicates import LengthPredicate
    >>> with_class_spelling([LabellingFunction("long", "non fiction", LengthPredicate("title", 212))], ["Fiction",
    ... "Non-fiction"])[0].label
    'Non-fiction'
    """
    names = match_classes([function.label for function in functions], classes)
    spelled = []
    for function in functions:
        label = names.class_by_answer.get(function.label, "")
        if label not in classes:
            raise InputError(
                f"The function '{function.name}' votes for '{function.label}', which no label names."
                f" The labels have: {', '.join(classes)}."
            )
        spelled.append(replace(function, label=label))
    return tuple(spelled)


# --- Functions vote: one column a function, one row a book, the number of a class or :data:`ABSTAIN` ------------------


ABSTAIN: Final = -1
VoteMatrix = NDArray[np.int16]


@dataclass(frozen=True)
class Votes:
    """The votes of functions on books.

    Attributes
    ----------
    functions : tuple of LabellingFunction
    classes : tuple of str
        Sorted; a vote is a position in it.
    matrix : int16 array, shape (n_books, n_functions)
        :data:`ABSTAIN` (−1) where a function says nothing.
    refused : tuple of int
        For each function, on how many books its model's opinion was not heard because the model learned from them.
    """

    functions: tuple[LabellingFunction, ...]
    classes: tuple[str, ...]
    matrix: VoteMatrix
    refused: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.matrix)

    @property
    def labelled(self) -> NDArray[np.bool_]:
        """Books with at least one vote."""
        return np.asarray((self.matrix != ABSTAIN).any(axis=1))

    @property
    def polarity(self) -> NDArray[np.int16]:
        """For each function the class it votes for."""
        return np.array([self.classes.index(function.label) for function in self.functions], dtype=np.int16)

    @property
    def sentences(self) -> tuple[str, ...]:
        """Say where a model was not heard."""
        return tuple(
            f"“{function.name}” asks {' and '.join(f'“{name}”' for name in function.predictions)}, whose model learned"
            f" (or may have learned) from {count:,} of these {len(self):,} books. Of its own training titles a model is"
            " no witness: there the function abstains."
            for function, count in zip(self.functions, self.refused, strict=True)
            if count
        )

    def only(self, keep: Sequence[int]) -> "Votes":
        """Return the votes of some functions, by position."""
        return Votes(
            tuple(self.functions[i] for i in keep),
            self.classes,
            self.matrix[:, list(keep)],
            tuple(self.refused[i] for i in keep),
        )


def cast_votes(functions: Sequence[LabellingFunction], books: Books, classes: Sequence[str] = ()) -> Votes:
    """Let every function vote on every book.

    Parameters
    ----------
    classes : sequence of str
        The classes there are; without them, those the functions vote for.

    Raises
    ------
    InputError
        In words that name the function: a column, facet, class or set of predictions is not there.
    """
    names = tuple(sorted({*classes, *(function.label for function in functions)}))
    matrix = np.full((len(books), len(functions)), ABSTAIN, dtype=np.int16)
    refused = []
    for number, function in enumerate(functions):
        try:
            holds = books.where(function.when)
            learned = [books.learned_by(name) for name in function.predictions]
        except InputError as error:
            raise InputError(f"Function '{function.name}': {error}") from error
        was_learned = np.logical_or.reduce(learned) if learned else None
        if was_learned is not None:
            holds = holds & ~was_learned
        matrix[holds, number] = names.index(function.label)
        refused.append(0 if was_learned is None else int(was_learned.sum()))
    return Votes(tuple(functions), names, matrix, tuple(refused))


# --- Functions that copy one another: a vote that is counted twice is no second witness -------------------------------


MAX_AGREEMENT = 0.9  # of the books on which either votes, the share on which both vote alike


@dataclass(frozen=True, kw_only=True)
class DuplicateFunction:
    """A function that is refused because an earlier one says the same.

    Attributes
    ----------
    position, of : int
        Positions of the refused function and of the one it copies.
    name, original : str
    share : float
        Of the books on which either votes, the share on which both vote for the same class.
    books : int
        On how many books either votes.
    """

    position: int
    of: int
    name: str
    original: str
    share: float
    books: int

    @property
    def sentence(self) -> str:
        """Say it for a curator."""
        return (
            f"“{self.name}” copies “{self.original}”: on {percent(self.share, 0)} of the {self.books:,} books on which"
            " either votes, both vote alike. It is left out, since the same evidence must not count twice."
        )


def agreements(votes: Votes) -> pd.DataFrame:
    """Return every pair of functions with a book in common: ``first``, ``second`` (positions), ``share``, ``books``."""
    m = votes.matrix.shape[1]
    cast = (votes.matrix != ABSTAIN).astype(np.float32)
    together = cast.T @ cast
    polarity = votes.polarity
    alike = polarity[:, None] == polarity[None, :]
    counts = np.diag(together)
    either = counts[:, None] + counts[None, :] - together
    first, second = np.triu_indices(m, 1)
    pairs = pd.DataFrame(
        {
            "first": first,
            "second": second,
            "share": np.where(alike, together, 0)[first, second] / np.maximum(either[first, second], 1),
            "books": either[first, second].astype(int),
        }
    )
    overlapping: pd.DataFrame = pairs[together[first, second] > 0].reset_index(drop=True)
    return overlapping


def find_duplicates(votes: Votes) -> tuple[DuplicateFunction, ...]:
    """Find functions that say what an earlier one says already.

    A function copies an earlier one when both have the same class and the same condition, or when on at least
    :data:`MAX_AGREEMENT` of the books on which either votes (10 or more) both vote alike. What copies a copy copies the
    original.
    """
    pairs = agreements(votes)
    close = pairs[(pairs["share"] >= MAX_AGREEMENT) & (pairs["books"] >= MINIMUM_RECORDS)]
    near = {(int(a), int(b)): (float(s), int(n)) for a, b, s, n in close.itertuples(index=False)}
    refused: dict[int, DuplicateFunction] = {}
    for later, function in enumerate(votes.functions):
        for earlier in range(later):
            if earlier in refused:
                continue
            other = votes.functions[earlier]
            same = (other.label, other.when) == (function.label, function.when)
            if same or (earlier, later) in near:
                books = int((votes.matrix[:, later] != ABSTAIN).sum())
                share, books = near.get((earlier, later), (1.0, books))
                refused[later] = DuplicateFunction(
                    position=later, of=earlier, name=function.name, original=other.name, share=share, books=books
                )
                break
    return tuple(refused.values())


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
