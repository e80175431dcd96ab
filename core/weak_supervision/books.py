"""The books that functions vote on, and words that separate their classes, offered as functions."""

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.corpus import read_columns, read_parquet
from core.errors import DamagedError, NotFoundError
from core.labels import LabelSet
from core.predicates import Books, Mask, ModelOpinion, TextPredicate, columns_of
from core.predictions import load_predictions, saved_training_labels
from core.schema import ALTERNATE_ID, LABEL, RECORD_ID, TITLE, TITLE_KEY, probability_column
from core.slices.predicate_table import FUNCTION_WORDS
from core.storage import Workspace
from core.text_search import phrase_mask
from core.weak_supervision.functions import LabellingFunction

__all__ = [
    "LEAST_RIGHT",
    "LEAST_TITLES",
    "Suggestion",
    "books_of",
    "read_opinion",
    "suggest_functions",
]

# --- The books that functions vote on, and the models they may ask ----------------------------------------------------


def read_opinion(workspace: Workspace, name: str) -> ModelOpinion:
    """Read predictions from the workspace as an opinion that functions may ask.

    Raises
    ------
    NotFoundError
        No predictions have this name.
    """
    predictions = load_predictions(workspace, name)
    table = predictions.table()
    columns = {item: probability_column(item) for item in predictions.classes}
    given = {
        item: table[column].to_numpy(dtype=float, na_value=np.nan)
        for item, column in columns.items()
        if column in table
    }
    keys = [RECORD_ID, ALTERNATE_ID, TITLE_KEY]
    model, known = predictions.manifest.model_fingerprint, True
    learned: list[pd.DataFrame] = []
    learned_from = None if model else saved_training_labels(workspace, predictions.fingerprint)
    try:
        if not model:
            if learned_from is None:
                raise NotFoundError("made elsewhere, and nobody said what it learned from")
            learned = [LabelSet(workspace.find("labels", item)).records() for item in learned_from.values()]
        else:
            learned = [read_parquet(workspace.find("models", model).path / "training.parquet")]
    except (NotFoundError, DamagedError):
        known = False
        learned = [LabelSet(thing).records() for thing in workspace.list("labels")]
    books = pd.concat([frame.reindex(columns=keys).fillna("") for frame in learned]) if learned else None
    nothing = pd.DataFrame({key: pd.Series([], dtype="str") for key in keys})
    return ModelOpinion(
        name=name,
        ids=predictions.records(workspace)[[RECORD_ID, ALTERNATE_ID]],
        probabilities=given,
        learned=nothing if books is None else books.astype("str").reset_index(drop=True),
        known=known,
    )


def books_of(
    workspace: Workspace, records: pd.DataFrame, path: Path, functions: Sequence[LabellingFunction] = ()
) -> Books:
    """Return records as books that may be asked about the original columns beside them, and about models.

    Of the original columns in the folder `path` only those are read that `functions` ask for.
    """
    wanted = {column for function in functions for column in columns_of(function.when)} - set(records.columns)
    originals = read_columns(path, records, sorted(wanted)) if wanted else None
    return Books(records, originals, lambda name: read_opinion(workspace, name))


# --- Words that separate the classes in labelled titles, offered as functions to accept -------------------------------
# Each class is compared with the rest by the log-odds of a word with an informative Dirichlet prior, divided by its
# standard error: B. L. Monroe, M. P. Colaresi, K. M. Quinn (2008), "Fightin' words: Lexical feature selection and
# evaluation for identifying the content of political conflict", Political Analysis 16.


LEAST_TITLES: Final = 6
LEAST_RIGHT: Final = 0.85
MOST_SUGGESTIONS: Final = 20
_CLEAR = 1.28  # standard errors: one-sided 10 %; a person decides
_PRIOR = 0.02  # how many words the prior is worth, as a share of all words
_TRIED = 150  # words that are looked up in the titles again, per class


@dataclass(frozen=True)
class Suggestion:
    """A function that may be accepted.

    Attributes
    ----------
    function : LabellingFunction
    titles, right : int
        Shown titles with the word, and of these how many have the class. They are the titles the word was found in, so
        that this is no fair measure of it.
    strength : float
        Log-odds of the word in its class against the others, in standard errors.
    """

    function: LabellingFunction
    titles: int
    right: int
    strength: float


def suggest_functions(labelled: pd.DataFrame, present: Sequence[LabellingFunction] = ()) -> list[Suggestion]:
    """Suggest words and pairs of words as functions.

    Parameters
    ----------
    labelled : DataFrame
        ``title``, ``title_key`` and ``label`` of the books that may be shown (not those of
        :func:`core.weak_supervision.tryout.holdout_mask`).
    present : sequence of LabellingFunction
        Functions there are. What they find already is not suggested again.

    Returns
    -------
    list of Suggestion
        The strongest of each class in turn, at most :data:`MOST_SUGGESTIONS`. Each word stands in at least
        :data:`LEAST_TITLES` titles; a share of at least :data:`LEAST_RIGHT` of them has the class, and most are
        found by no stronger word.
    """
    usable = labelled[(labelled[LABEL] != "") & (labelled[TITLE_KEY] != "")]
    titles = usable.drop_duplicates([TITLE_KEY, LABEL])
    titles = titles[~titles[TITLE_KEY].duplicated(keep=False)].reset_index(drop=True)
    if titles[LABEL].nunique() < 2:
        return []
    words = [_words(key) for key in titles[TITLE_KEY]]
    labels = titles[LABEL].to_numpy(dtype=object)
    taken = {function.name.casefold() for function in present}
    by_class = [
        _of_class(
            name, titles, words=words, mine=labels == name, present=[f for f in present if f.label == name], taken=taken
        )
        for name in sorted(set(labels))
    ]
    in_turn = itertools.chain.from_iterable(itertools.zip_longest(*by_class))
    return [suggestion for suggestion in in_turn if suggestion is not None][:MOST_SUGGESTIONS]


def _words(key: str) -> set[str]:
    single = key.split()
    pairs = {f"{a} {b}" for a, b in itertools.pairwise(single)}
    return {word for word in {*single, *pairs} if any(_says_something(part) for part in word.split())}


def _says_something(word: str) -> bool:
    return len(word) > 2 and not word.isdigit() and word not in FUNCTION_WORDS


def _of_class(
    name: str,
    titles: pd.DataFrame,
    words: Sequence[set[str]],
    mine: NDArray[np.bool_],
    present: Sequence[LabellingFunction],
    taken: set[str],
) -> list[Suggestion]:
    inside = Counter(itertools.chain.from_iterable(w for w, own in zip(words, mine, strict=True) if own))
    outside = Counter(itertools.chain.from_iterable(w for w, own in zip(words, mine, strict=True) if not own))
    # Plurals and possessives are found with the word, so that the words by themselves may be rarer than the function.
    candidates = [word for word, count in inside.items() if count * 2 >= LEAST_TITLES and count > outside[word]]
    ranked = sorted(((_strength(w, inside, outside), w) for w in candidates), key=lambda pair: (-pair[0], pair[1]))
    covered = _covered(titles, present)
    suggestions: list[Suggestion] = []
    for strength, word in ranked[:_TRIED]:
        if strength < _CLEAR or word.casefold() in taken:
            continue
        hits = phrase_mask(titles[TITLE], word)
        n, right = int(hits.sum()), int((hits & mine).sum())
        if n < LEAST_TITLES or right < LEAST_RIGHT * n or int((hits & ~covered).sum()) * 2 < n:
            continue
        covered = covered | hits
        suggestions.append(
            Suggestion(LabellingFunction(word, name, TextPredicate(TITLE, "word", (word,))), n, right, strength)
        )
    return suggestions


def _covered(titles: pd.DataFrame, present: Sequence[LabellingFunction]) -> Mask:
    """Say which titles functions of words find already; other conditions read columns that are not here."""
    books = Books(titles[[TITLE]])
    covered = np.zeros(len(titles), dtype=bool)
    for function in present:
        if isinstance(function.when, TextPredicate) and function.when.column == TITLE:
            covered |= books.where(function.when)
    return covered


def _strength(word: str, inside: Counter[str], outside: Counter[str]) -> float:
    totals = inside.total(), outside.total()
    weight = _PRIOR * sum(totals)
    prior = _PRIOR * (inside[word] + outside[word])
    counts = inside[word] + prior, outside[word] + prior
    odds = [np.log(c / (total + weight - c)) for c, total in zip(counts, totals, strict=True)]
    return float((odds[0] - odds[1]) / np.sqrt(1 / counts[0] + 1 / counts[1]))
