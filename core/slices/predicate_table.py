"""All predicates that may take part in a search, words of the titles among them, and for which records they hold.

A model may well do worse on titles with "by" in them, but nobody learns from it what kind of book fails. So these words
are no facts of their own, and a word family or a pair of words needs something else in it. The list is closed-class
words of the languages that are common in the catalogues this was made for; a language that is not here is caught by
how many of its titles hold the word (see :mod:`core.slices.predicate_table`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.facets import facet_codes
from core.predicates import (
    MEASURES,
    Books,
    FacetPredicate,
    Mask,
    Predicate,
    RangePredicate,
    is_title_words,
    measure_predicate,
    title_words,
)
from core.schema import TITLE_KEY

__all__ = ["FUNCTION_WORDS", "PredicateTable", "Terms", "collect_predicates", "find_terms"]

# --- Articles, prepositions, conjunctions, pronouns, forms of "to be" -------------------------------------------------
# They tell the language and the manner of a title.


# Left out on purpose, because they are nouns in another of the languages: door, hat, man, men, sin, son, vers, war.
_ENGLISH = """a about above after against all also an and any are as at be been before being below between both but by
    can did do does during each either etc for from had has have he her hers him his how i if in into is it
    its itself may me more most my no nor not of off on or other others our out over shall she should so some
    such than that the thee their them then there these they this those thou through thy till to too under
    until unto up upon very was we were what when where which while who whom whose why will with within
    without would yet you your"""
_GERMAN = """aber alle aller als am an andere anderen auch auf aus bei beim bis da das dass daß dem den denn der des
    dessen die dies diese dieser doch durch ein eine einem einen einer eines er es für gegen ihr ihre ihrem
    ihren ihrer im in ins ist kein keine mit nach nebst nicht noch nur ob oder ohne sein seine seinem seinen
    seiner sich sie sind so über um und unter vom von vor was wie wird wo zu zum zur zwischen"""
_DUTCH = """aan al alle als bij dan dat de den der des deze die dit een eene eenen en er haar had heeft het hij hunne
    in is met na naar naer niet nog nu of om onder ook op over te ten ter tot tusschen tussen uit van vande
    voor waar was wat wordt ze zich zijn zijne zoo zy"""
_FRENCH = """à a au aux avec ce ces cette chez comme dans de depuis des du elle en entre est et eux il ils je la le
    les leur leurs lui mais même ne nos notre nous on ou où par pas plus pour près qu que qui sa sans se ses
    si sous sur tout toute toutes tous un une votre vous y"""
_ITALIAN = """ad agli ai al alla alle allo anche che chi coi col con contro da dagli dai dal dalla dalle de degli dei
    del della delle dello di e ed fra gli i il in io la le lo ma nei nel nella nelle nello non o per più
    quale quali se si sia su sua sue sui sul sulla sulle suo suoi tra un una uno"""
_SPANISH = """al ante como con contra cual de del desde e el en entre es esta este hasta la las lo los más mi no o para
    pero por que se según ser sobre su sus un una unas unos y ya"""
_PORTUGUESE = """ao aos as com da das de do dos em entre na nas no nos o os ou para pela pelas pelo pelos por seu seus
    sua suas um uma"""
_SCANDINAVIAN = """af alla alle än är at att av både de del dem den denne deras der dess det det die då där efter eller
    en er ett et et fra från för før ham han hans har hendes hennes hos hun hvad i icke ikke inom inte jag jeg
    kan med mellan mellem mod mot når och og også om op over på samt se sig sina sine som til till under upp
    ur ut var ved vid vil"""
_LATIN = """a ab ac ad an apud atque aut cum de e ejus eius est et ex in inter nec non per post pro quae quam qui
    quibus quod sed seu sine sive sub super ut vel"""

FUNCTION_WORDS: Final = frozenset(
    f"{_ENGLISH} {_GERMAN} {_DUTCH} {_FRENCH} {_ITALIAN} {_SPANISH} {_PORTUGUESE} {_SCANDINAVIAN} {_LATIN}".split()
)


# --- Words, word families and phrases, found in the titles themselves -------------------------------------------------
# Nobody tells the search what a poem is.


Integers = npt.NDArray[np.int64]
TermTitles = tuple[str, Integers]

# A word in more than this share of the titles, or of those in one language, says what language they are in and not what
# they are about. Languages of fewer titles cannot tell.
COMMON_TERM, ENOUGH_TITLES = 0.25, 40
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
        self.most = int(COMMON_TERM * len(title_keys))
        self.languages = languages
        in_language = np.bincount(languages, minlength=1)
        self.most_in_language = np.where(in_language < ENOUGH_TITLES, np.inf, COMMON_TERM * in_language)

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


# --- All facts that may take part in a search -------------------------------------------------------------------------
# All facts that may take part in a search, and for which records they hold. Errors play no part in choosing them.


# A fact that holds for nearly every record sets nothing apart.
COMMON_PREDICATE = 0.8
# Rarer words than a slice may be take part, since they may form a group; a fifth of its size, at least so many titles.
MIN_PREDICATE_TITLES = 4
# Years are cut at full decades and lengths at tens of characters, into at most so many steps; every run of steps is a
# range.
STEP = 10
MOST_STEPS = {"year": 12, "title_length": 5}


@dataclass
class PredicateTable:
    """Facts, and for which of the records they hold.

    Attributes
    ----------
    predicates : list of Predicate
    records : int
        How many records there are.
    """

    records: int
    predicates: list[Predicate] = field(default_factory=list)
    _mask_functions: list[Callable[[], Mask]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.predicates)

    def add(self, predicate: Predicate, make: Callable[[], Mask]) -> None:
        """Add a fact, and a function that tells for each record whether it holds."""
        self.predicates.append(predicate)
        self._mask_functions.append(make)

    def columns(self, which: Sequence[int]) -> Mask:
        """Tell for some facts and every record whether they hold, shape (facts, records)."""
        columns = np.empty((len(which), self.records), dtype=bool)
        for row, predicate in enumerate(which):
            columns[row] = self._mask_functions[predicate]()
        return columns

    def subjects(self) -> npt.NDArray[np.intp]:
        """Give numbers to what the facts speak of: −1 for words of the title, of which any may be joined."""
        subjects = pd.factorize(np.array([predicate.subject for predicate in self.predicates], dtype=object))[0].astype(
            np.intp
        )
        return np.where([is_title_words(predicate) for predicate in self.predicates], -1, subjects)


def collect_predicates(records: pd.DataFrame, facets: Sequence[str], words: int, min_n: int) -> PredicateTable:
    """Collect every fact that holds for at least `min_n` of the records and for at most four fifths of them.

    Parameters
    ----------
    records : DataFrame
        Records columns, one row a book.
    facets : sequence of str
        Names of facets; their values are facts, a missing value among them.
    words : int
        See :func:`core.slices.predicate_table.find_terms`; 0 leaves the titles aside.
    """
    table = PredicateTable(len(records))
    most = COMMON_PREDICATE * len(records)
    for facet in facets:
        codes, values = facet_codes(records, facet)
        frequency = np.bincount(codes, minlength=len(values))
        for code in np.flatnonzero((frequency >= min_n) & (frequency <= most)):
            table.add(FacetPredicate(facet, (values[code],)), lambda codes=codes, code=code: codes == code)  # type: ignore[misc]
    books = Books(records)
    for measure in MEASURES:
        numbers = measure_predicate(measure, 0, None).numbers(books)
        for predicate in _ranges(measure, numbers, min_n, most):
            table.add(predicate, lambda predicate=predicate, numbers=numbers: predicate.holds(numbers))  # type: ignore[misc]
    if words:
        terms = find_terms(
            records[TITLE_KEY], words, max(MIN_PREDICATE_TITLES, min_n // 5), facet_codes(records, "language")[0]
        )
        for pattern, titles in zip(terms.patterns, terms.titles, strict=True):
            table.add(title_words(pattern), lambda titles=titles: _mask_at(titles, len(records)))  # type: ignore[misc]
    return table


def _mask_at(rows: npt.NDArray[np.int64], length: int) -> Mask:
    mask = np.zeros(length, dtype=bool)
    mask[rows] = True
    return mask


def _ranges(measure: str, numbers: npt.NDArray[np.float64], min_n: int, most: float) -> list[RangePredicate]:
    """Return every run of neighbouring steps with enough records and not too many."""
    known = np.sort(numbers[~np.isnan(numbers)])
    cuts = _cuts(known, min_n, MOST_STEPS[measure])
    edges: list[int | None] = [None, *cuts, None]
    before = [0, *np.searchsorted(known, cuts).tolist(), len(known)]
    return [
        measure_predicate(measure, edges[first], None if (end := edges[last]) is None else end - 1)
        for first in range(len(edges) - 1)
        for last in range(first + 1, len(edges))
        if min_n <= before[last] - before[first] <= most and last - first < len(edges) - 1
    ]


def _cuts(known: npt.NDArray[np.float64], min_n: int, most_steps: int) -> list[int]:
    """Return full tens such that at least `min_n` numbers lie between neighbours, round ones kept before others."""
    if not len(known):
        return []
    tens, counts = np.unique(known // STEP, return_counts=True)
    cuts: list[int] = []
    sizes: list[int] = [0]
    for ten, count in zip(tens.astype(int), counts, strict=True):
        if sizes[-1] >= min_n:
            cuts.append(int(ten) * STEP)
            sizes.append(0)
        sizes[-1] += int(count)
    if cuts and sizes[-1] < min_n:
        cuts.pop()
        sizes[-2:] = [sum(sizes[-2:])]
    while len(cuts) >= most_steps:
        weight = [
            (sizes[i] + sizes[i + 1]) * (4 if cut % 100 == 0 else 2 if cut % 50 == 0 else 1)
            for i, cut in enumerate(cuts)
        ]
        least = int(np.argmin(weight))
        cuts.pop(least)
        sizes[least : least + 2] = [sum(sizes[least : least + 2])]
    return cuts
