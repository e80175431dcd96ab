"""Counting words, pairs of words and runs of letters in titles.

The counts are those of scikit-learn's ``CountVectorizer`` (word 1–2, and char_wb 2–5: runs of letters within a word,
with a space before and after it). They are taken here because a run of letters never leaves its word: the runs of a
word need to be looked up only once, which more than halves the time for a large catalogue, and an explanation can say
which word each count comes from.
"""

import re
import unicodedata
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

__all__ = ["NgramCounter", "letter_runs", "normalise_text", "word_terms"]

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
