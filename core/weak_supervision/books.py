"""The books that functions vote on, and words that separate their classes, offered as functions."""

import itertools
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.corpus import read_columns, read_parquet
from core.errors import DamagedError, InputError, NotFoundError
from core.facets import facet_codes
from core.joins import find_leaks, join_ids
from core.labels import LabelSet
from core.predictions import load_predictions, saved_training_labels
from core.schema import ALTERNATE_ID, LABEL, RECORD_ID, TITLE, TITLE_KEY, probability_column
from core.slices.predicate_table import FUNCTION_WORDS
from core.storage import Workspace
from core.text_search import phrase_mask
from core.weak_supervision.functions import (
    AllOf,
    AnyOf,
    Condition,
    Confident,
    Facet,
    LabellingFunction,
    Length,
    Not,
    Range,
    Text,
    columns_of,
)

__all__ = [
    "LEAST_RIGHT",
    "LEAST_TITLES",
    "Books",
    "Mask",
    "ModelOpinion",
    "Suggestion",
    "books_of",
    "read_opinion",
    "suggest_functions",
]

# --- The books that functions vote on, and the models they may ask. Equal questions are answered once -----------------


Mask = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class ModelOpinion:
    """What a model said of books, and which books it learned from.

    Attributes
    ----------
    ids : DataFrame
        ``record_id`` and ``alternate_id`` of the books it spoke of.
    probabilities : mapping
        Class → float array, row for row beside `ids`.
    learned : DataFrame
        ``record_id``, ``alternate_id`` and ``title_key`` of the books it learned from (or may have learned from).
    known : bool
        Whether it is known what the model learned from. If not, every labelled book counts as learned from.
    """

    name: str
    ids: pd.DataFrame
    probabilities: Mapping[str, NDArray[np.float64]]
    learned: pd.DataFrame
    known: bool = True


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
    model, known = predictions.manifest.get("model_fingerprint"), True
    learned: list[pd.DataFrame] = []
    learned_from = None if model else saved_training_labels(workspace, predictions.fingerprint)
    try:
        if not model:
            if learned_from is None:
                raise NotFoundError("made elsewhere, and nobody said what it learned from")
            learned = [LabelSet(workspace.find("labels", item)).records() for item in learned_from.values()]
        else:
            learned = [read_parquet(workspace.find("models", str(model)).path / "training.parquet")]
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


class Books:
    """Books as functions look at them. Answers to equal questions are worked out once.

    Parameters
    ----------
    records : DataFrame
        Normalised records.
    originals : DataFrame, optional
        The original columns, row for row beside `records`.
    opinion : function, optional
        Name of a set of predictions → :class:`ModelOpinion`.
    """

    def __init__(
        self,
        records: pd.DataFrame,
        originals: pd.DataFrame | None = None,
        opinion: Callable[[str], ModelOpinion] | None = None,
    ) -> None:
        self.records = records.reset_index(drop=True)
        self.originals = None if originals is None else originals.reset_index(drop=True)
        self.opinion = opinion
        self._answers: dict[Condition, Mask] = {}
        self._arrows: dict[str, Any] = {}
        self._opinions: dict[str, tuple[ModelOpinion, NDArray[np.int64], Mask]] = {}

    def __len__(self) -> int:
        return len(self.records)

    def where(self, condition: Condition) -> Mask:
        """Say for which books a condition holds. The array is shared: do not change it.

        Raises
        ------
        InputError
            A column, facet, class or set of predictions that is not there.
        """
        if condition not in self._answers:
            self._answers[condition] = self._evaluate(condition)
        return self._answers[condition]

    def learned_by(self, predictions: str) -> Mask:
        """Say which of these books the model behind a set of predictions learned from, by identifier or title."""
        return self._opinion_rows(predictions)[2]

    def column(self, name: str) -> pd.Series:
        """Return a column of the records or, where they have none of this name, of the original file.

        Raises
        ------
        InputError
            Neither has it.
        """
        if name in self.records:
            return self.records[name]
        if self.originals is not None and name in self.originals:
            return self.originals[name]
        available = [*self.records.columns, *(() if self.originals is None else self.originals.columns)]
        raise InputError(f"There is no column '{name}'. There are: {', '.join(dict.fromkeys(available))}.")

    def _evaluate(self, condition: Condition) -> Mask:
        if isinstance(condition, AllOf):
            return np.asarray(np.logical_and.reduce([self.where(part) for part in condition.parts]))
        if isinstance(condition, AnyOf):
            return np.asarray(np.logical_or.reduce([self.where(part) for part in condition.parts]))
        if isinstance(condition, Not):
            return ~self.where(condition.part)
        if isinstance(condition, Text):
            return self._text(condition)
        if isinstance(condition, Length):
            return self._length(condition)
        if isinstance(condition, Range):
            return self._range(condition)
        if isinstance(condition, Facet):
            codes, values = facet_codes(self.records, condition.facet)
            wanted = set(condition.values)
            chosen = np.array([value in wanted for value in values], dtype=bool)
            return chosen[codes] if len(values) else np.zeros(len(self), dtype=bool)
        return self._confident(condition)

    def _arrow(self, column: str) -> Any:
        import pyarrow as pa

        if column not in self._arrows:
            values = self.column(column)
            if not isinstance(values.dtype, pd.StringDtype):
                values = values.astype("str")
            self._arrows[column] = pa.chunked_array([pa.array(values, type=pa.large_string())])
        return self._arrows[column]

    def _text(self, condition: Text) -> Mask:
        import pyarrow.compute as pc

        column = self._arrow(condition.column)
        if condition.how == "pattern":
            return _bool(pc.match_substring_regex(column, condition.value, ignore_case=True))
        if condition.how == "contains":
            return phrase_mask(self.column(condition.column), condition.value, whole_words=False)
        # Whole words cost most. They are looked for only in the few texts that hold their letters at all.
        rough = _rough_pattern(condition.value)
        if not rough:
            return phrase_mask(self.column(condition.column), condition.value)
        matches = _bool(pc.match_substring_regex(column, rough, ignore_case=True))
        matches[matches] = phrase_mask(self.column(condition.column)[matches], condition.value)
        return matches

    def _length(self, condition: Length) -> Mask:
        import pyarrow.compute as pc

        lengths = np.asarray(pc.fill_null(pc.utf8_length(self._arrow(condition.column)), 0).to_numpy())
        holds = lengths > max(condition.above or 0, 0)
        return np.asarray(holds if condition.below is None else holds & (lengths < condition.below), dtype=bool)

    def _range(self, condition: Range) -> Mask:
        column = self.column(condition.column)
        if isinstance(column.dtype, pd.StringDtype):
            column = pd.to_numeric(column.str.strip(), errors="coerce")
        numbers = column.to_numpy(dtype=float, na_value=np.nan)
        holds = np.asarray(~np.isnan(numbers), dtype=bool)
        if condition.least is not None:
            holds &= numbers >= condition.least
        if condition.most is not None:
            holds &= numbers <= condition.most
        return holds

    def _confident(self, condition: Confident) -> Mask:
        opinion, where, learned = self._opinion_rows(condition.predictions)
        if condition.label not in opinion.probabilities:
            available = ", ".join(opinion.probabilities) or "none"
            raise InputError(
                f"The predictions '{opinion.name}' give no probability of '{condition.label}'. They give: {available}."
            )
        numbers = np.where(where >= 0, opinion.probabilities[condition.label][where], np.nan)
        return np.asarray((numbers >= condition.above) & ~learned)

    def _opinion_rows(self, name: str) -> tuple[ModelOpinion, NDArray[np.int64], Mask]:
        if name not in self._opinions:
            if self.opinion is None:
                raise InputError(f"No predictions can be asked here, so that '{name}' cannot.")
            opinion = self.opinion(name)
            ours = self.records.reindex(columns=[RECORD_ID, ALTERNATE_ID]).fillna("")
            join = join_ids(
                [ours[RECORD_ID], ours[ALTERNATE_ID]],
                [opinion.ids[RECORD_ID].reset_index(drop=True), opinion.ids[ALTERNATE_ID].reset_index(drop=True)],
            )
            learned = find_leaks(self.records, opinion.learned).mask
            self._opinions[name] = opinion, join.position, learned
        return self._opinions[name]


def _bool(values: Any) -> Mask:
    import pyarrow.compute as pc

    return np.array(pc.fill_null(values, False).to_numpy(), dtype=bool)


def _rough_pattern(phrase: str) -> str:
    """Return a cheap pattern that every text with one of the words matches; '' where none can be given."""
    if not phrase.isascii():  # accents may be written in two ways
        return ""
    parts = [part.strip().rstrip("*") for part in re.split(r"[,|]", phrase) if part.strip(" \t\n*")]
    firsts = [max(part.split(), key=len, default="") for part in parts]
    # 'story' is also found as 'stories'
    return "|".join(re.escape(word[:-1] if len(word) > 1 and word[-1] in "yY" else word) for word in firsts)


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
        _of_class(name, titles, words, labels == name, [f for f in present if f.label == name], taken)
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
        suggestions.append(Suggestion(LabellingFunction(word, name, Text(TITLE, "word", word)), n, right, strength))
    return suggestions


def _covered(titles: pd.DataFrame, present: Sequence[LabellingFunction]) -> Mask:
    """Say which titles functions of words find already; other conditions read columns that are not here."""
    books = Books(titles[[TITLE]])
    covered = np.zeros(len(titles), dtype=bool)
    for function in present:
        if isinstance(function.when, Text) and function.when.column == TITLE:
            covered |= books.where(function.when)
    return covered


def _strength(word: str, inside: Counter[str], outside: Counter[str]) -> float:
    totals = inside.total(), outside.total()
    weight = _PRIOR * sum(totals)
    prior = _PRIOR * (inside[word] + outside[word])
    counts = inside[word] + prior, outside[word] + prior
    odds = [np.log(c / (total + weight - c)) for c, total in zip(counts, totals, strict=True)]
    return float((odds[0] - odds[1]) / np.sqrt(1 / counts[0] + 1 / counts[1]))
