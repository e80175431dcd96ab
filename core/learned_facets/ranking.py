"""What is learned from marks: a score for every title of a corpus, suggestions, and the words that matter.

A logistic regression learns from the marked titles and from titles drawn at random, which are taken for ones that do
not fit: most do not, as long as a facet is rare. What fits, what does not and the titles at random weigh alike.
"""

import itertools
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.corpus import Corpus, load_corpus
from core.errors import InputError, NotFoundError
from core.learned_facets.features import TitleFeatures, WordFeatures, embeddings_of, open_embeddings
from core.learned_facets.marks import FacetLog
from core.schema import AUTHOR, DATE, RECORD_ID, TITLE, TITLE_KEY
from core.slices.predicate_table import FUNCTION_WORDS
from core.storage import Workspace
from core.text_search import find_records

__all__ = [
    "CUT",
    "FacetCollection",
    "FacetModel",
    "FacetRanking",
    "TellingWord",
    "import_solver",
    "rank_titles",
    "suggestions",
]

CUT: Final = 0.5  # score from which a title is taken to fit
SCORE: Final = "score"
WORDS: Final = "words"
_COLUMNS: Final = [RECORD_ID, TITLE, TITLE_KEY, AUTHOR, DATE]
_BACKGROUND: Final = 2000  # titles at random that are taken not to fit
_COUNTED: Final = 50_000  # titles at random in which words are counted
_MOST_WORDS: Final = 12
_FEW: Final = 5  # fitting titles; among fewer a word of one title is shown too
_CLEAR: Final = 2.0  # so many times as often in fitting titles as in all; words explain, nothing is decided by them
_C: Final = {"embeddings": 10.0, "words": 10.0}


@dataclass(frozen=True)
class FacetCollection:
    """A corpus with the numbers that facets are learned on; made once, shared, never changed.

    Attributes
    ----------
    records : DataFrame
        ``record_id``, ``title``, ``title_key``, ``author``, ``date``.
    """

    corpus: Corpus
    records: pd.DataFrame
    features: TitleFeatures

    @classmethod
    def open(cls, workspace: Workspace, name: str) -> Self:
        """Read the corpus called `name`: with its embeddings where they were computed, else with its words.

        Raises
        ------
        NotFoundError, DamagedError
        """
        corpus = load_corpus(workspace, name)
        records = corpus.records(_COLUMNS)
        embeddings = embeddings_of(workspace, corpus.fingerprint)
        features: TitleFeatures = (
            open_embeddings(embeddings) if embeddings else WordFeatures.from_titles(records[TITLE_KEY])
        )
        return cls(corpus, records, features)

    @cached_property
    def _rows_found(self) -> dict[str, int]:
        """Record → row of those that were asked for already: an index of all takes longer than a first answer may."""
        return {}

    def positions(self, record_ids: Sequence[str]) -> NDArray[np.int64]:
        """Return the row of each record.

        Raises
        ------
        NotFoundError
            One is not in the corpus.
        """
        known = self._rows_found
        new = {name for name in record_ids if name not in known}
        if new:
            ids = self.records[RECORD_ID]
            rows = np.flatnonzero(ids.isin(new).to_numpy(dtype=bool))
            known |= dict(zip(ids.iloc[rows], rows.tolist(), strict=True))
        missing = next((name for name in record_ids if name not in known), None)
        if missing is not None:
            raise NotFoundError(f"There is no record '{missing}' in “{self.corpus.name}”.")
        return np.array([known[name] for name in record_ids], dtype=np.int64)

    @cached_property
    def titled(self) -> NDArray[np.bool_]:
        """Which records have a title, shape (n,)."""
        return (self.records[TITLE_KEY] != "").to_numpy(dtype=bool)

    @cached_property
    def words(self) -> Counter[str]:
        """Word → titles that hold it, among at most 50,000 titles at random."""
        keys = self.records[TITLE_KEY]
        keys = keys.sample(_COUNTED, random_state=0) if len(keys) > _COUNTED else keys
        return _count(keys)

    def prepare(self) -> None:
        """Do what a first answer takes and no later one: import what learns, count the words of the titles.

        A second of one core's time at 34,690 titles. Nothing waits for it: an answer that comes first does the same.
        """
        import_solver()
        _ = self.titled, self.words

    def search(self, text: str, ranking: "FacetRanking | None", log: FacetLog, n: int = 20) -> pd.DataFrame:
        """Return unmarked records that hold every word of `text`, the best first; see :func:`suggestions`."""
        hits = find_records(self.records, text) & self.titled
        hits[self.positions([*log.current])] = False
        rows = np.flatnonzero(hits)
        if ranking is not None:
            rows = rows[np.argsort(-ranking.scores[rows], kind="stable")]
        return _as_rows(self, rows[:n], ranking)


def import_solver() -> None:
    """Import what learns from marks: it takes longer than learning itself, and so is done before anybody waits."""
    import sklearn.linear_model  # noqa: F401


@dataclass(frozen=True)
class FacetModel:
    """A logistic regression on title features, for two classes."""

    coefficients: NDArray[np.float64]
    intercept: float

    @classmethod
    def fit(
        cls,
        features: TitleFeatures,
        fitting: NDArray[np.int64],
        other: NDArray[np.int64],
        background: NDArray[np.int64],
    ) -> Self:
        """Learn from rows that fit, rows that do not, and rows at random; each group weighs alike.

        Parameters
        ----------
        fitting : int array
            At least one.
        """
        from sklearn.linear_model import LogisticRegression
        from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

        groups = [group for group in (fitting, other, background) if len(group)]
        rows = np.concatenate(groups)
        # The titles that fit weigh as much as all others together, so that a score of .5 lies between the two.
        shares = [1.0, *([1 / (len(groups) - 1)] * (len(groups) - 1))]
        weights = np.concatenate(
            [
                np.full(len(group), share * len(fitting) / len(group))
                for group, share in zip(groups, shares, strict=True)
            ]
        )
        target = np.zeros(len(rows))
        target[: len(fitting)] = 1
        with threadpool_limits(1):
            solver = LogisticRegression(C=_C[features.kind], max_iter=300)
            fitted = solver.fit(features.rows(rows), target, sample_weight=weights)
        return cls(fitted.coef_[0].astype(np.float64), float(fitted.intercept_[0]))

    def scores(self, features: TitleFeatures) -> NDArray[np.float32]:
        """Return a score for every row, 0 to 1."""
        margins = features.product(self.coefficients)
        margins += np.float32(self.intercept)
        return np.asarray(1 / (1 + np.exp(-margins)), dtype=np.float32)


@dataclass(frozen=True)
class TellingWord:
    """A word that stands in fitting titles far more often than in the collection.

    Attributes
    ----------
    titles : int
        Fitting marked titles that hold it.
    ratio : float
        Share of the fitting marked titles that hold it, over the share of all titles.
    """

    word: str
    titles: int
    ratio: float


@dataclass(frozen=True)
class FacetRanking:
    """A score for every title of a corpus.

    Attributes
    ----------
    scores : array, shape (n_records,)
        0 to 1; from :data:`CUT` on a title is taken to fit. A record without a title has 0.
    words : tuple of TellingWord
        The strongest first.
    features : {'embeddings', 'words'}
    """

    scores: NDArray[np.float32]
    words: tuple[TellingWord, ...]
    features: str

    @cached_property
    def accepted(self) -> NDArray[np.bool_]:
        """Which records are taken to fit."""
        return np.asarray(self.scores >= CUT)


def rank_titles(collection: FacetCollection, training: Mapping[str, bool]) -> FacetRanking:
    """Learn from marks and score every title; the same marks give the same scores.

    Parameters
    ----------
    training : mapping
        Record → whether it fits; see :attr:`core.learned_facets.FacetLog.training`.

    Raises
    ------
    InputError
        No title is marked as fitting.
    NotFoundError
        A marked record is not in the corpus.
    """
    fitting = collection.positions([name for name, fits in training.items() if fits])
    other = collection.positions([name for name, fits in training.items() if not fits])
    fitting, other = fitting[collection.titled[fitting]], other[collection.titled[other]]
    if not len(fitting):
        raise InputError("Mark at least one title as fitting: there is nothing to learn from yet.")
    model = FacetModel.fit(collection.features, fitting, other, _background(collection, [*fitting, *other]))
    scores = model.scores(collection.features)
    scores[~collection.titled] = 0
    return FacetRanking(scores, _telling_words(collection, fitting), collection.features.kind)


def suggestions(collection: FacetCollection, ranking: FacetRanking, log: FacetLog, n: int = 20) -> pd.DataFrame:
    """Return the titles that nobody has marked, the best first; each title once.

    Returns
    -------
    DataFrame
        ``record_id``, ``title``, ``author``, ``date``, ``score``, ``words`` (those of the telling words that the title
        holds). Records of the sample drawn last are left out: they are asked for elsewhere.
    """
    scores = np.where(collection.titled, ranking.scores, -1)
    marked = collection.positions([*log.current, *log.sampled])
    scores[marked] = -1
    known = set(collection.records[TITLE_KEY].iloc[collection.positions([*log.current])])
    chosen: list[int] = []
    wanted = min(len(scores), 4 * n + 100)
    while True:
        best = np.argpartition(-scores, wanted - 1)[:wanted] if wanted else np.empty(0, dtype=np.int64)
        best = best[np.lexsort((best, -scores[best]))]
        best = best[scores[best] >= 0]
        keys = collection.records[TITLE_KEY].iloc[best]
        chosen = best[(~keys.isin(known) & ~keys.duplicated()).to_numpy()][:n].tolist()
        if len(chosen) >= n or wanted >= len(scores):
            return _as_rows(collection, np.array(chosen, dtype=np.int64), ranking)
        wanted = min(len(scores), 4 * wanted)


def _as_rows(collection: FacetCollection, rows: NDArray[np.int64], ranking: FacetRanking | None) -> pd.DataFrame:
    table = collection.records.iloc[rows].reset_index(drop=True)
    scores = np.full(len(rows), np.nan, dtype=np.float32) if ranking is None else ranking.scores[rows]
    telling = [word.word for word in ranking.words] if ranking else []
    words = [", ".join(word for word in telling if word in set(key.split())) for key in table[TITLE_KEY]]
    table[SCORE], table[WORDS] = scores, pd.Series(words, dtype="str")
    return table.drop(columns=TITLE_KEY)


def _background(collection: FacetCollection, marked: Sequence[int]) -> NDArray[np.int64]:
    """Return rows at random, always the same, without what is marked and without the same titles again."""
    n = len(collection.records)
    rng = np.random.default_rng(0)
    drawn = np.sort(rng.choice(n, size=min(n, _BACKGROUND + len(marked)), replace=False))
    keys = collection.records[TITLE_KEY]
    known = set(keys.iloc[list(marked)])
    return np.asarray(drawn[~keys.iloc[drawn].isin({*known, ""}).to_numpy()], dtype=np.int64)


def _telling_words(collection: FacetCollection, fitting: NDArray[np.int64]) -> tuple[TellingWord, ...]:
    """Return words by what they add to the log-likelihood ratio: titles with the word times the log of the ratio."""
    inside = _count(collection.records[TITLE_KEY].iloc[fitting])
    everywhere = collection.words
    counted = min(len(collection.records), _COUNTED)
    words = [
        TellingWord(word, n, ((n + 0.5) / (len(fitting) + 1)) / ((everywhere[word] + 0.5) / (counted + 1)))
        for word, n in inside.items()
        if n > 1 or len(fitting) < _FEW
    ]
    clear = sorted((w for w in words if w.ratio >= _CLEAR), key=lambda w: (-w.titles * math.log(w.ratio), w.word))
    return tuple(clear[:_MOST_WORDS])


def _count(title_keys: pd.Series) -> Counter[str]:
    return Counter(
        itertools.chain.from_iterable(
            {word for word in key.split() if len(word) > 2 and not word.isdigit() and word not in FUNCTION_WORDS}
            for key in title_keys
        )
    )
