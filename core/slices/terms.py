"""Words, word families and phrases, found in the titles themselves: nobody tells the search what a poem is."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.slices.function_words import FUNCTION_WORDS

__all__ = ["Terms", "find_terms"]

Integers = npt.NDArray[np.int64]
TermTitles = tuple[str, Integers]

# A word in more than this share of the titles, or of those in one language, says what language they are in and not what
# they are about. Languages of fewer titles cannot tell.
COMMON, ENOUGH_TITLES = 0.25, 40
SHORTEST_STEM, LONGEST_STEM = 4, 9
# A family under one of these would take a function word in.
_STEMS = sorted({word[:size] for word in FUNCTION_WORDS for size in range(SHORTEST_STEM, len(word) + 1)})


@dataclass(frozen=True)
class Terms:
    """Which titles hold which term.

    Attributes
    ----------
    patterns : tuple of str
        ``poem`` (a word), ``in verse`` (words that follow each other), ``poem*`` (a word that begins so).
    titles : tuple of arrays of int
        Positions of the titles that hold each term, ascending.
    """

    patterns: tuple[str, ...]
    titles: tuple[Integers, ...]

    def __len__(self) -> int:
        return len(self.patterns)


def find_terms(title_keys: pd.Series, words: int, min_n: int, languages: npt.NDArray[np.intp] | None = None) -> Terms:
    """Collect the terms of normalised titles.

    Parameters
    ----------
    title_keys : Series of str
        Normalised titles: words divided by single spaces.
    words : int
        So many of the commonest words are taken; half as many word families (words with the first four to nine letters
        in common) and a fifth as many pairs of neighbouring words, again the commonest.
    min_n : int
        A term must be in at least so many titles.
    languages : array of int, shape (titles,), optional
        Language of each title, numbered from 0.

    Notes
    -----
    Left out: numbers, single letters, function words, and whatever is in more than a quarter of all titles or of those
    in one language. Of terms that are in the same titles only the first is kept: a word before a family before a pair.
    """
    titles = _Titles(title_keys, min_n, np.zeros(len(title_keys), dtype=np.intp) if languages is None else languages)
    candidates = [*_word_terms(titles, words), *_families(titles, words // 2), *_pairs(titles, words // 5)]
    distinct: dict[bytes, TermTitles] = {}
    for pattern, rows in candidates:
        distinct.setdefault(rows.tobytes(), (pattern, rows))
    return Terms(tuple(pattern for pattern, _ in distinct.values()), tuple(rows for _, rows in distinct.values()))


class _Titles:
    """Titles as numbered words, one after another, and the sieve every term must pass."""

    def __init__(self, title_keys: pd.Series, min_n: int, languages: npt.NDArray[np.intp]) -> None:
        import pyarrow as pa
        import pyarrow.compute as pc

        text = pa.array(title_keys, type=pa.large_string(), from_pandas=True)
        lists: Any = pc.split_pattern(pc.fill_null(text, ""), " ")
        lengths = pc.list_value_length(lists).to_numpy(zero_copy_only=False)
        encoded: Any = lists.flatten().dictionary_encode()
        self.title = np.repeat(np.arange(len(title_keys), dtype=np.int64), lengths)
        self.word = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        self.vocabulary = pd.Series(encoded.dictionary.to_pylist(), dtype="str")
        words = self.vocabulary.str.fullmatch(r"[^\W\d_][^\d*]+") & ~self.vocabulary.isin(FUNCTION_WORDS)
        self.telling = words.to_numpy(dtype=bool)
        self.min_n = min_n
        self.most = int(COMMON * len(title_keys))
        self.languages = languages
        in_language = np.bincount(languages, minlength=1)
        self.most_in_language = np.where(in_language < ENOUGH_TITLES, np.inf, COMMON * in_language)

    def commonest(self, titles: Integers, codes: Integers, number: int) -> list[tuple[int, Integers]]:
        """Return the codes (never −1) that are in the most titles, and those titles."""
        often = np.append(np.bincount(codes[codes >= 0], minlength=1) >= self.min_n, False)  # the last answers for −1
        frequent = often[codes]
        if number <= 0 or not frequent.any():
            return []
        names, codes = _renumbered(codes[frequent])
        # Sorted by code, the titles of each code stay ascending, so a title that has it twice follows itself.
        order = np.argsort(codes, kind="stable")
        codes, titles = codes[order], titles[frequent][order]
        first = np.append(True, (codes[1:] != codes[:-1]) | (titles[1:] != titles[:-1]))
        codes, titles = codes[first], titles[first]
        frequency = np.bincount(codes)
        starts = np.cumsum(frequency) - frequency
        fitting = np.flatnonzero((frequency >= self.min_n) & (frequency <= self.most))
        chosen = []
        for code in fitting[np.argsort(-frequency[fitting], kind="stable")]:
            rows = titles[starts[code] : starts[code] + frequency[code]]
            if not (
                np.bincount(self.languages[rows], minlength=1) > self.most_in_language[: self.languages[rows].max() + 1]
            ).any():
                chosen.append((int(names[code]), rows))
                if len(chosen) == number:
                    break
        return chosen


def _renumbered(codes: Integers) -> tuple[Integers, npt.NDArray[Any]]:
    """Give numbers to the codes that occur from 0, as small integers where possible: those are sorted by counting."""
    occurring = np.bincount(codes) > 0
    names = np.flatnonzero(occurring)
    return names, (np.cumsum(occurring) - 1)[codes].astype(np.uint16 if len(names) <= 65_536 else np.int64)


def _word_terms(titles: _Titles, number: int) -> list[TermTitles]:
    codes = np.where(titles.telling[titles.word], titles.word, -1)
    return [(str(titles.vocabulary.iloc[code]), rows) for code, rows in titles.commonest(titles.title, codes, number)]


def _families(titles: _Titles, number: int) -> list[TermTitles]:
    """Return words with a common beginning as one term, under the longest beginning that holds the same words."""
    vocabulary = titles.vocabulary
    length = vocabulary.str.len().to_numpy()
    families: list[TermTitles] = []
    longer: dict[str, int] = {}
    for size in range(LONGEST_STEM, SHORTEST_STEM - 1, -1):
        codes, stems = pd.factorize(vocabulary.str[:size])
        usable = titles.telling & (length >= size) & ~pd.Index(stems).isin(_STEMS)[codes]
        members = np.bincount(codes[usable], minlength=len(stems))
        code = np.where(usable & (members[codes] > 1), codes, -1)
        for which, rows in titles.commonest(titles.title, code[titles.word], number):
            if longer.get(str(stems[which])) != members[which]:
                families.append((f"{stems[which]}*", rows))
        longer = {}
        for stem, count in zip(list(stems[members > 1]), members[members > 1], strict=True):
            longer[stem[:-1]] = max(longer.get(stem[:-1], 0), int(count))
    families.sort(key=lambda family: (-len(family[1]), family[0]))
    return families[:number]


def _pairs(titles: _Titles, number: int) -> list[TermTitles]:
    """Return neighbouring words as terms, at least one of which is more than a function word."""
    size = len(titles.vocabulary)
    frequency = np.bincount(titles.word, minlength=size)
    first, second = titles.word[:-1], titles.word[1:]
    telling = titles.telling[first] | titles.telling[second]
    often = (frequency[first] >= titles.min_n) & (frequency[second] >= titles.min_n)
    fitting = (titles.title[:-1] == titles.title[1:]) & telling & often
    codes, pairs = pd.factorize(first[fitting] * size + second[fitting])
    common_pairs = titles.commonest(titles.title[:-1][fitting], codes.astype(np.int64), number)
    word = titles.vocabulary.iloc
    return [(f"{word[pairs[code] // size]} {word[pairs[code] % size]}", rows) for code, rows in common_pairs]
