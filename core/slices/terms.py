"""Words, word families and phrases, found in the titles themselves: nobody tells the search what a poem is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = ["Terms", "find_terms"]

Integers = npt.NDArray[np.int64]

# A word in more than this share of the titles says what language they are in, not what they are about.
COMMON = 0.25
SHORTEST_STEM = 4
LONGEST_STEM = 9


@dataclass(frozen=True)
class Terms:
    """Which titles hold which term.

    Attributes
    ----------
    patterns : tuple of str
        ``poem`` (a word), ``in verse`` (words that follow each other), ``poem*`` (a word that begins so).
    starts, rows : array of int
        The titles of term i are ``rows[starts[i]:starts[i + 1]]``, ascending.
    """

    patterns: tuple[str, ...]
    starts: Integers
    rows: Integers

    def __len__(self) -> int:
        return len(self.patterns)

    def titles_with(self, term: int) -> Integers:
        """Return the positions of the titles that hold a term."""
        return self.rows[self.starts[term] : self.starts[term + 1]]


@dataclass(frozen=True)
class _Tokens:
    title: Integers  # title of each token
    word: Integers  # position in `vocabulary`
    vocabulary: pd.Series
    titles: int


def find_terms(title_keys: pd.Series, words: int, min_n: int) -> Terms:
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

    Notes
    -----
    Left out: numbers, single letters, and whatever is in more than a quarter of the titles. Of terms that are in the
    same titles, only the first (word before family before pair) is kept.
    """
    tokens = _tokens(title_keys)
    most = int(COMMON * tokens.titles)
    letters = tokens.vocabulary.str.fullmatch(r"[^\W\d_][^\W\d_']+").to_numpy(dtype=bool)
    found = _commonest(tokens.title, np.where(letters[tokens.word], tokens.word, -1), words, min_n, most)
    patterns = [str(tokens.vocabulary.iloc[code]) for code, _ in found]
    sets = [rows for _, rows in found]
    for pattern, rows in [*_families(tokens, letters, words // 2, min_n, most), *_pairs(tokens, words // 5, min_n, most)]:
        patterns.append(pattern)
        sets.append(rows)
    seen: dict[bytes, int] = {}
    for term, rows in enumerate(sets):
        seen.setdefault(rows.tobytes(), term)
    kept = sorted(seen.values())
    lengths = [len(sets[term]) for term in kept]
    return Terms(
        tuple(patterns[term] for term in kept),
        np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        np.concatenate([sets[term] for term in kept]) if kept else np.empty(0, dtype=np.int64),
    )


def _tokens(title_keys: pd.Series) -> _Tokens:
    import pyarrow as pa
    import pyarrow.compute as pc

    text = pa.array(title_keys.to_numpy(dtype=object), type=pa.large_string(), from_pandas=True)
    lists: Any = pc.split_pattern(pc.fill_null(text, ""), " ")
    lengths = pc.list_value_length(lists).to_numpy(zero_copy_only=False)
    encoded: Any = lists.flatten().dictionary_encode()
    return _Tokens(
        np.repeat(np.arange(len(title_keys), dtype=np.int64), lengths),
        encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64),
        pd.Series(encoded.dictionary.to_pylist(), dtype="str"),
        len(title_keys),
    )


def _commonest(
    titles: Integers, codes: Integers, number: int, min_n: int, most: int
) -> list[tuple[int, Integers]]:
    """Return the codes (not −1) that are in the most titles, with those titles."""
    often = np.append(np.bincount(codes[codes >= 0], minlength=1) >= min_n, False)  # tokens, never fewer than titles
    kept = often[codes]
    if number <= 0 or not kept.any():
        return []
    titles, codes = titles[kept], codes[kept]
    names, codes = _compact(codes)
    # A counting sort by code leaves the titles of each code ascending, so a repeated title follows itself.
    order = np.argsort(codes, kind="stable")
    codes, titles = codes[order], titles[order]
    first = np.append(True, (codes[1:] != codes[:-1]) | (titles[1:] != titles[:-1]))
    codes, titles = codes[first], titles[first]
    frequency = np.bincount(codes)
    fitting = np.flatnonzero((frequency >= min_n) & (frequency <= most))
    chosen = fitting[np.argsort(-frequency[fitting], kind="stable")[:number]]
    starts = np.searchsorted(codes, chosen)
    return [(int(names[code]), titles[a : a + frequency[code]]) for code, a in zip(chosen, starts, strict=True)]


def _compact(codes: Integers) -> tuple[Integers, npt.NDArray[np.uint16 | np.int64]]:
    """Number the codes that occur from 0, as small integers where possible: those are sorted by counting."""
    there = np.bincount(codes) > 0
    names = np.flatnonzero(there)
    number = np.cumsum(there) - 1
    return names, number[codes].astype(np.uint16 if len(names) <= 65_536 else np.int64)


def _families(
    tokens: _Tokens, letters: npt.NDArray[np.bool_], number: int, min_n: int, most: int
) -> list[tuple[str, Integers]]:
    """Return words with a common beginning as one term, the longest beginning that holds the same words."""
    vocabulary = tokens.vocabulary
    length = vocabulary.str.len().to_numpy()
    found: list[tuple[str, Integers]] = []
    shorter: dict[str, int] = {}
    for size in range(LONGEST_STEM, SHORTEST_STEM - 1, -1):
        codes, stems = pd.factorize(vocabulary.str[:size])
        usable = letters & (length >= size)
        members = np.bincount(codes[usable], minlength=len(stems))
        code = np.where(usable & (members[codes] > 1), codes, -1)
        for which, rows in _commonest(tokens.title, code[tokens.word], number, min_n, most):
            stem = str(stems[which])
            if shorter.get(stem) != members[which]:  # a longer beginning with as many words has the same words
                found.append((stem + "*", rows))
        shorter = {}
        for stem, count in zip(stems[members > 0], members[members > 0], strict=True):
            shorter[stem[: size - 1]] = max(shorter.get(stem[: size - 1], 0), int(count))
    found.sort(key=lambda family: (-len(family[1]), family[0]))
    return found[:number]


def _pairs(tokens: _Tokens, number: int, min_n: int, most: int) -> list[tuple[str, Integers]]:
    """Return neighbouring words as terms, unless both are so common that they say nothing."""
    size = len(tokens.vocabulary)
    frequency = np.bincount(tokens.word, minlength=size)
    first, second = tokens.word[:-1], tokens.word[1:]
    telling = (frequency[first] <= most) | (frequency[second] <= most)
    often = (frequency[first] >= min_n) & (frequency[second] >= min_n)
    fitting = (tokens.title[:-1] == tokens.title[1:]) & telling & often
    codes, pairs = pd.factorize(first[fitting] * size + second[fitting])
    found = _commonest(tokens.title[:-1][fitting], codes, number, min_n, most)
    words: Sequence[str] = tokens.vocabulary.to_list()
    return [(f"{words[pairs[code] // size]} {words[pairs[code] % size]}", rows) for code, rows in found]
