"""TF-IDF and logistic regression: the quick classifier, whose every decision can be taken apart exactly.

The counts are those of scikit-learn's ``CountVectorizer`` (word 1–2, and char_wb 2–5: runs of letters within a word,
with a space before and after it). They are taken here because a run of letters never leaves its word: the runs of a
word need to be looked up only once, which more than halves the time for a large catalogue, and an explanation can say
which word each count comes from.
"""

import re
import unicodedata
from array import array
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, pairwise
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from core.errors import InputError, ModelError
from core.model_input import as_terms
from core.models import (
    Observe,
    TitleClassifier,
    TrainingData,
    ignore_measurements,
    merge_options,
    read_model_config,
    softmax,
    translate_load_errors,
    two_class_coefficients,
    write_model_config,
)
from core.progress import Progress, silent

__all__ = ["NgramCounter", "TfidfClassifier", "letter_runs", "normalise_text", "word_terms"]

# --- Counting words, pairs of words and runs of letters in titles -----------------------------------------------------


SHORTEST_RUN, LONGEST_RUN = 2, 5
_WORD = re.compile(r"\b\w\w+\b")
# Distinct words kept at hand: some 100 MB at the most.
_CACHE_SIZE = 200_000


def normalise_text(title: str) -> str:
    """Return a title as the classifier reads it: composed Unicode (NFC), lower case.

    MARC records often hold letters and accents apart; both spellings of "é" must count as one.
    """
    return unicodedata.normalize("NFC", title).lower()


def letter_runs(word: str) -> Iterator[str]:
    """Yield every run of two to five characters of a word with a space before and after it.

    >>> list(letter_runs("of"))
    [' o', 'of', 'f ', ' of', 'of ', ' of ']
    """
    padded = f" {word} "
    for length in range(SHORTEST_RUN, LONGEST_RUN + 1):
        if length >= len(padded):
            yield padded  # a short word counts as a whole once, as in scikit-learn
            return
        for start in range(len(padded) - length + 1):
            yield padded[start : start + length]


def word_terms(text: str) -> Iterator[tuple[str, tuple[tuple[int, int], ...]]]:
    """Yield every word of two or more letters, then every pair of neighbours, with the spans in `text` it covers.

    >>> list(word_terms("a new tale"))
    [('new', ((2, 5),)), ('tale', ((6, 10),)), ('new tale', ((2, 5), (6, 10)))]
    """
    words = [(match.group(), match.span()) for match in _WORD.finditer(text)]
    for word, span in words:
        yield word, (span,)
    for (first, first_span), (second, second_span) in pairwise(words):
        yield f"{first} {second}", (first_span, second_span)


@dataclass
class NgramCounter:
    """Counts the terms of a fixed vocabulary in titles.

    Attributes
    ----------
    words, runs : mapping
        Term → column, columns from 0 without gaps, for word terms and for runs of letters.
    """

    words: Mapping[str, int]
    runs: Mapping[str, int]

    def __post_init__(self) -> None:
        self._remembered: dict[str, NDArray[np.int32]] = {}

    @classmethod
    def from_texts(cls, texts: Iterable[str]) -> "NgramCounter":
        """Return a counter of all terms in prepared texts, in alphabetical order."""
        words: set[str] = set()
        different: set[str] = set()
        for text in texts:
            words.update(term for term, _ in word_terms(text))
            different.update(text.split())
        runs = set(chain.from_iterable(letter_runs(word) for word in different))
        return cls(*({term: i for i, term in enumerate(sorted(terms))} for terms in (words, runs)))

    def count(self, texts: Sequence[str]) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
        """Return how often each term occurs in each prepared text: word terms and runs, shape (n, terms)."""
        words, word_ends = array("i"), [0]
        runs: list[NDArray[np.int32]] = [np.empty(0, dtype=np.int32)]
        run_ends = [0]
        for text in texts:
            found_words = _WORD.findall(text)
            terms = map(self.words.get, chain(found_words, map(" ".join, pairwise(found_words))))
            words.extend(column for column in terms if column is not None)
            word_ends.append(len(words))
            word_runs = [self._runs_of(word) for word in text.split()]
            runs += word_runs
            run_ends.append(run_ends[-1] + sum(len(columns) for columns in word_runs))
        return (
            _matrix(np.array(words, dtype=np.int32), word_ends, len(self.words)),
            _matrix(np.concatenate(runs), run_ends, len(self.runs)),
        )

    def run_counts(self, word: str) -> Counter[int]:
        """Return column → count for the runs of letters in one word of a prepared text."""
        return Counter(self._runs_of(word).tolist())

    def _runs_of(self, word: str) -> NDArray[np.int32]:
        known = self._remembered.get(word)
        if known is None:
            columns = [column for column in map(self.runs.get, letter_runs(word)) if column is not None]
            if len(self._remembered) >= _CACHE_SIZE:
                self._remembered.clear()
            known = self._remembered[word] = np.array(columns, dtype=np.int32)
        return known


def _matrix(columns: NDArray[np.int32], ends: Sequence[int], width: int) -> sparse.csr_matrix:
    ones = np.ones(len(columns))
    matrix = sparse.csr_matrix((ones, columns, np.array(ends)), shape=(len(ends) - 1, width))
    matrix.sum_duplicates()
    return matrix


# --- TF-IDF and logistic regression -----------------------------------------------------------------------------------
# The quick classifier, whose every decision can be taken apart exactly.
# Word terms and runs of letters are weighted separately (1 + ln count, times inverse document frequency, each block
# scaled to length 1) and joined; a multinomial logistic regression (scikit-learn) is fitted on both. Saved as JSON
# and safetensors, never as a pickle.


VOCABULARY_FILE = "vocabulary.json"
TENSORS_FILE = "model.safetensors"
FORMAT = 1
DEFAULTS: Mapping[str, float] = {"C": 100.0, "max_iter": 2000}
_BATCH = 4096


class TfidfClassifier(TitleClassifier):
    """See the module. Build one with :meth:`train` or :meth:`load`.

    Attributes
    ----------
    counter : NgramCounter
        The vocabulary.
    idf : array, shape (n_terms,)
        Inverse document frequency of word terms, then of runs of letters.
    coefficients : array, shape (k, n_terms)
        They sum to nought over the classes.
    intercepts : array, shape (k,)
    """

    kind: ClassVar[str] = "tfidf"
    folds: ClassVar[int] = 5
    device = "cpu"

    def __init__(
        self,
        classes: Sequence[str],
        counter: NgramCounter,
        idf: NDArray[np.float64],
        coefficients: NDArray[np.float64],
        intercepts: NDArray[np.float64],
    ) -> None:
        self.classes = tuple(classes)
        self.counter = counter
        self.idf = idf
        self.coefficients = coefficients
        self.intercepts = intercepts

    @classmethod
    def train(
        cls,
        data: TrainingData,
        *,
        seed: int = 0,
        options: Mapping[str, Any] | None = None,
        progress: Progress = silent,
        observe: Observe = ignore_measurements,
        checkpoints: Path | None = None,
    ) -> Self:
        """Learn from titles; see :meth:`core.models.TitleClassifier.train`.

        Parameters
        ----------
        options : mapping, optional
            ``C``, the inverse strength of the penalty (100); ``max_iter``, steps of the solver at the most (2,000).
        """
        from sklearn.linear_model import LogisticRegression
        from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

        settings = _settings(options)
        progress(0.0, "Counting words and letters")
        texts = [normalise_text(as_terms(title)) for title in data.titles]
        counter = NgramCounter.from_texts(texts)
        counts = counter.count(texts)
        idf = np.concatenate([_idf(block) for block in counts])
        features = _weighted(counts, idf)
        progress(0.3, f"Fitting {features.shape[1]:,} weights to {features.shape[0]:,} titles")
        # A weak label that is divided over classes is the same title several times, each with its share of weight.
        weights = data.balanced_weights()
        rows, codes = np.nonzero(weights)
        # Several threads make this small problem up to ten times slower: they spend the time waiting for one another.
        # The solver stops at scikit-learn's own tolerance, early; going on to the optimum changes nothing out of fold.
        with threadpool_limits(1):
            solver = LogisticRegression(C=settings["C"], max_iter=int(settings["max_iter"]))
            fitted = solver.fit(features[rows], codes, sample_weight=weights[rows, codes])
        progress(1.0, "Fitted")
        return cls(data.classes, counter, idf, *two_class_coefficients(fitted))

    def features(self, titles: Sequence[str]) -> sparse.csr_matrix:
        """Return the weighted terms of titles, shape (n, n_terms); both blocks of a row have length 1 or 0."""
        return _weighted(self.counter.count([normalise_text(as_terms(title)) for title in titles]), self.idf)

    def word_shares(self, title: str) -> tuple[list[str], sparse.csr_matrix]:
        """Return the words of a title, and which share of each term's weight lies in which word.

        Returns
        -------
        words : list of str
            The title cut at white space, composed (NFC), signs included.
        shares : matrix, shape (n_words, n_terms)
            The columns of terms that the title holds sum to 1: a term that occurs several times is divided equally over
            its occurrences, a pair of words over its two words. Runs of letters never leave their word.
        """
        read = as_terms(title)
        words = unicodedata.normalize("NFC", read).split()
        text = " ".join(normalise_text(read).split())
        parts = text.split(" ") if text else []
        starts = list(accumulate((len(part) + 1 for part in parts), initial=0))[:-1]
        occurrences: dict[tuple[int, int], float] = defaultdict(float)
        for term, spans in word_terms(text):
            if term in self.counter.words:
                for start, _ in spans:
                    occurrences[bisect_right(starts, start) - 1, self.counter.words[term]] += 1 / len(spans)
        for row, part in enumerate(parts):
            for run, count in self.counter.run_counts(part).items():
                occurrences[row, len(self.counter.words) + run] += count
        rows, columns = np.array(list(occurrences), dtype=np.int64).reshape(-1, 2).T
        counts = np.array(list(occurrences.values()), dtype=float)
        total = np.bincount(columns, weights=counts, minlength=len(self.idf))
        shape = (len(words), len(self.idf))
        return words, sparse.csr_matrix((counts / total[columns], (rows, columns)), shape=shape)

    def predict_probabilities(self, titles: Sequence[str], progress: Progress = silent) -> NDArray[np.float64]:
        """Return uncalibrated probabilities, shape (n, k); see :class:`core.models.TitleClassifier`."""
        probabilities = np.empty((len(titles), len(self.classes)))
        for start in range(0, len(titles), _BATCH):
            progress(start / len(titles), f"{start:,} of {len(titles):,} titles")
            batch = titles[start : start + _BATCH]
            logits = self.features(batch) @ self.coefficients.T + self.intercepts
            probabilities[start : start + len(batch)] = softmax(logits)
        return probabilities

    def save(self, folder: Path) -> None:
        """Write the vocabulary as JSON and the numbers as safetensors."""
        from safetensors.numpy import save_file

        facts = {"classes": self.classes, "words": list(self.counter.words), "runs": list(self.counter.runs)}
        write_model_config(folder / VOCABULARY_FILE, FORMAT, facts)
        tensors = {"idf": self.idf, "coefficients": self.coefficients, "intercepts": self.intercepts}
        save_file({name: np.ascontiguousarray(values) for name, values in tensors.items()}, folder / TENSORS_FILE)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what :meth:`save` wrote.

        Raises
        ------
        ModelError
            A file is missing or does not hold what it should.
        """
        from safetensors.numpy import load_file

        with translate_load_errors(folder):
            vocabulary = read_model_config(folder / VOCABULARY_FILE, FORMAT)
            tensors = load_file(folder / TENSORS_FILE)
            words, runs, classes = (_texts(vocabulary[name]) for name in ("words", "runs", "classes"))
            idf, coefficients, intercepts = (tensors[name] for name in ("idf", "coefficients", "intercepts"))
        shapes = (idf.shape, coefficients.shape, intercepts.shape)
        terms, k = len(words) + len(runs), len(classes)
        if shapes != ((terms,), (k, terms), (k,)) or not all(np.isfinite(t).all() for t in tensors.values()):
            raise ModelError(f"The numbers of the model in {folder.name} do not fit its vocabulary: fetch it again.")
        counter = NgramCounter(*({term: i for i, term in enumerate(part)} for part in (words, runs)))
        return cls(classes, counter, idf, coefficients, intercepts)


def _settings(options: Mapping[str, Any] | None) -> dict[str, float]:
    settings = merge_options("tfidf", DEFAULTS, options)
    for name, value in settings.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
            raise InputError(f"The option '{name}' must be a number above 0; {value!r} came.")
    return settings


def _texts(values: Any) -> list[str]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise TypeError("the vocabulary is not a list of words")
    if len(set(values)) != len(values):
        raise ValueError("a term stands twice in the vocabulary")
    return values


def _idf(counts: sparse.csr_matrix) -> NDArray[np.float64]:
    """Return ln((1 + n) / (1 + df)) + 1, as in scikit-learn: as if one more title held every term."""
    holding = np.bincount(counts.indices, minlength=counts.shape[1])
    return np.asarray(np.log((1 + counts.shape[0]) / (1 + holding)) + 1)


def _weighted(counts: tuple[sparse.csr_matrix, sparse.csr_matrix], idf: NDArray[np.float64]) -> sparse.csr_matrix:
    start, blocks = 0, []
    for block in counts:
        data = (1 + np.log(block.data)) * idf[start + block.indices]
        rows = np.repeat(np.arange(block.shape[0]), np.diff(block.indptr))
        data /= np.sqrt(np.bincount(rows, weights=data**2, minlength=block.shape[0]))[rows]
        blocks.append(sparse.csr_matrix((data, block.indices, block.indptr), shape=block.shape))
        start += block.shape[1]
    joined: sparse.csr_matrix = sparse.hstack(blocks, format="csr")
    return joined
