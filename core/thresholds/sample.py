"""Drawing books for people to label, and the checked books as a sample on which a promise can rest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.draws import DRAWN_TOLERANCE
from core.errors import InputError
from core.evaluation import ClassInLanguage, KnownLanguage, known_languages
from core.facets import facet_codes
from core.schema import (
    CONFIDENCE,
    CORRECT,
    DRAWN_CHANCE,
    LANGUAGE,
    PREDICTED,
    RECORD_ID,
    SPLIT,
    TITLE_KEY,
    TRUTH,
    TRUTH_GIVEN,
    UNANSWERED,
)
from core.thresholds.policy import ALL_CLASSES
from core.thresholds.population import learned_records

__all__ = [
    "CheckedSample",
    "GroupConfidences",
    "UnknownLanguages",
    "above_floors",
    "comparable_confidences",
    "confidence_floors",
    "draw_recheck",
    "draw_review_sample",
    "draw_with_chances",
]


@dataclass(frozen=True, kw_only=True)
class CheckedSample:
    """The checked records as a random sample of the collection.

    Attributes
    ----------
    frame : bool array, shape (n_records,)
        Records the sample stands for: all but those whose truth the model learned from, which are right already.
    drawn : bool array, shape (n_records,)
        The sample. Where chances are known: the records that were drawn with them. Else: checked records, one of each
        title; editions of a title that was drawn are no draws of their own.
    wrong : bool array, shape (n_records,)
        Drawn records the prediction of which is wrong, or that were looked at without a usable answer: the worst case.
    chance : float array, shape (n_records,)
        With which a drawn record was drawn; NaN where that is not known.
    undecided : bool array, shape (n_records,)
        Drawn records without a usable answer.
    confidence : float array, shape (n_records,)
        At which each record is counted, 0 where it has none: what the predictions state, but for drawn records that
        were predicted out of fold (:func:`comparable_confidences`).
    editions, not_drawn, left_out : int
        Checked records that are further editions; those that were checked beside the draw; those left out as learned
        from.
    """

    frame: NDArray[np.bool_]
    drawn: NDArray[np.bool_]
    wrong: NDArray[np.bool_]
    chance: NDArray[np.float64]
    undecided: NDArray[np.bool_]
    confidence: NDArray[np.float64]
    editions: int
    not_drawn: int
    left_out: int

    @classmethod
    def from_table(cls, table: pd.DataFrame) -> "CheckedSample":
        """Read the sample from a scored table: ``predicted``, ``confidence``, ``truth`` and, where known,
        ``truth_given``, ``unanswered``, ``drawn_chance``, ``leak``, ``split``, ``title_key``.
        """
        answered = (table[TRUTH] != "").to_numpy(dtype=bool)
        learned = learned_records(table)
        open_answer = np.zeros(len(table), dtype=bool)
        if TRUTH_GIVEN in table:
            open_answer |= ~answered & (table[TRUTH_GIVEN] != "").to_numpy(dtype=bool)
        if UNANSWERED in table:
            open_answer |= ~answered & table[UNANSWERED].to_numpy(dtype=bool)
        checked = (answered | open_answer) & ~learned
        chance = np.full(len(table), np.nan)
        if DRAWN_CHANCE in table:
            chance[checked] = table[DRAWN_CHANCE].to_numpy(dtype=float, na_value=np.nan)[checked]
        known = ~np.isnan(chance)
        drawn, editions = (known, 0) if known.any() else _one_of_each_title(table, checked)
        mistaken = np.zeros(len(table), dtype=bool)
        mistaken[drawn] = (table.loc[drawn, PREDICTED] != table.loc[drawn, TRUTH]).to_numpy(dtype=bool)
        return cls(
            frame=~(answered & learned),
            drawn=drawn,
            wrong=mistaken,
            chance=chance,
            undecided=drawn & open_answer,
            confidence=comparable_confidences(table, drawn, chance),
            editions=editions,
            not_drawn=int((checked & ~drawn).sum()) - editions,
            left_out=int((answered & learned).sum()),
        )

    def within(self, part: NDArray[np.bool_]) -> "CheckedSample":
        """Return the sample as one of a part of the records that was fixed before any label was looked at."""
        return replace(
            self,
            frame=self.frame & part,
            drawn=self.drawn & part,
            wrong=self.wrong & part,
            undecided=self.undecided & part,
        )

    @property
    def unusable(self) -> int:
        """Drawn records without a usable answer."""
        return int(self.undecided.sum())

    @property
    def has_known_chances(self) -> bool:
        """Whether it is known how each record was drawn: no comparison with the collection is needed then."""
        return bool(self.drawn.any()) and not np.isnan(self.chance[self.drawn]).any()

    @property
    def is_weighted(self) -> bool:
        """Whether the known chances differ, so that the records do not count alike."""
        return self.has_known_chances and bool(
            np.ptp(self.chance[self.drawn]) > DRAWN_TOLERANCE * self.chance[self.drawn].min()
        )


def comparable_confidences(
    table: pd.DataFrame, drawn: NDArray[np.bool_], chance: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the confidences of all records, with those of the sample that were predicted out of fold made comparable.

    Parameters
    ----------
    table : DataFrame
        ``predicted``, ``confidence`` and, where known, ``split``: '' for a title that the model did not learn from.
    drawn : bool array, shape (n_records,)
        The sample.
    chance : float array, shape (n_records,)
        With which a drawn record was drawn; NaN where that is not known.

    Returns
    -------
    float array, shape (n_records,)
        0 where there is no confidence.

    Notes
    -----
    A model that is judged by books it learned from predicts them out of fold, by copies that learned from fewer books.
    The copies are less sure of what they have not seen than the model itself is of the other records, so that above
    one and the same cut lie more of these than the sample shows, and more wrong ones. So a drawn record is counted at
    the confidence that has the same rank among the records of its predicted class that the model did not learn from:
    what is compared is then how wrong the surest tenth, fifth, third is. That the model's own surest are no more often
    wrong than those of its copies is taken for granted. tests/theory/test_out_of_fold_theory.py shows how often
    promises were broken without this (up to .15 instead of .05, by a model that hardly learned) and with it.
    """
    stated: NDArray[np.float64] = np.nan_to_num(table[CONFIDENCE].to_numpy(dtype=float, na_value=np.nan), nan=0.0)
    if SPLIT not in table:
        return stated
    counted, seen = stated.copy(), (table[SPLIT] != "").to_numpy(dtype=bool)
    predicted = table[PREDICTED].to_numpy(dtype=object)
    for name in pd.unique(predicted[drawn & seen]):
        ours = np.flatnonzero(drawn & seen & (predicted == name))
        others = -np.sort(-stated[~drawn & ~seen & (predicted == name) & (stated > 0)])
        if len(others):
            ours = ours[np.argsort(-stated[ours], kind="stable")]
            weight = np.nan_to_num(1 / chance[ours], nan=1.0)
            rank = (np.cumsum(weight) - weight / 2) / weight.sum()
            counted[ours] = others[np.floor(rank * len(others)).astype(np.intp)]
    return counted


class GroupConfidences:
    """The confidences of the records a sample stands for, by predicted class and stratum.

    Parameters
    ----------
    table : DataFrame
        ``predicted``, and the column the facet is read from.
    stated : float array, shape (n_records,)
    framed : bool array, shape (n_records,)
        Which of them count.
    stratum : str, optional
        A facet.
    """

    def __init__(
        self, table: pd.DataFrame, stated: NDArray[np.float64], framed: NDArray[np.bool_], stratum: str | None
    ) -> None:
        codes, values = (np.zeros(len(table), dtype=np.intp), ("",)) if stratum is None else facet_codes(table, stratum)
        self._stated, self._framed, self._codes = stated, framed, codes
        self._code_by_value = {value: code for code, value in enumerate(values)}
        self._predicted = table[PREDICTED].to_numpy(dtype=object)

    @property
    def count(self) -> int:
        """How many records there are."""
        return int(self._framed.sum())

    def rising(self, class_name: str, value: str) -> NDArray[np.float64]:
        """Return those of a predicted class, or of :data:`ALL_CLASSES`, in a stratum ('' without strata)."""
        mine = self._framed & (self._codes == self._code_by_value[value])
        return np.sort(self._stated[mine if class_name == ALL_CLASSES else mine & (self._predicted == class_name)])


def _one_of_each_title(table: pd.DataFrame, checked: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], int]:
    """Return the checked records without further editions of a title, and how many those are."""
    drawn = checked.copy()
    if TITLE_KEY in table:
        rows = np.flatnonzero(checked)
        keys = table[TITLE_KEY].iloc[rows]
        drawn[rows[(keys.duplicated() & (keys != "")).to_numpy(dtype=bool)]] = False
    return drawn, int((checked & ~drawn).sum())


def confidence_floors(table: pd.DataFrame, classes: Sequence[str], surest: float) -> dict[str, float]:
    """Return above which confidence the surest of each predicted class lie.

    Parameters
    ----------
    table : DataFrame
        ``predicted`` and ``confidence``; no label is looked at, so that the floors stay where they are as labels come.
    surest : float
        The share of each class's records that lies above its floor at least, above 0 to 1; ties lie above it too.

    Returns
    -------
    dict
        Class → floor, 0 to 1; 0 where everything of a known confidence lies above it. Empty where `surest` is 1.

    Raises
    ------
    InputError
        `surest` does not lie above 0 and up to 1.
    """
    if not 0 < surest <= 1:
        raise InputError(f"A share of the surest lies above 0 and goes up to 1 (55 per cent is 0.55); {surest} came.")
    if surest == 1:
        return {}
    predicted = table[PREDICTED].to_numpy(dtype=object)
    confidence = np.nan_to_num(table[CONFIDENCE].to_numpy(dtype=float, na_value=np.nan), nan=0.0)
    floors = {}
    for name in classes:
        falling = -np.sort(-confidence[predicted == name])
        last = falling[min(int(np.ceil(surest * len(falling))), len(falling)) - 1] if len(falling) else 0.0
        floors[name] = float(falling[falling < last].max(initial=0.0))
    return floors


def above_floors(table: pd.DataFrame, floors: Mapping[str, float]) -> NDArray[np.bool_]:
    """Say which records have a confidence above the floor of their predicted class; all of them without floors."""
    if not floors:
        return np.ones(len(table), dtype=bool)
    confidence = np.nan_to_num(table[CONFIDENCE].to_numpy(dtype=float, na_value=np.nan), nan=0.0)
    return np.asarray(confidence > table[PREDICTED].map(dict(floors)).fillna(1.0).to_numpy(dtype=float))


def draw_recheck(table: pd.DataFrame, accepted: NDArray[np.bool_], seed: int = 0) -> list[str]:
    """Return the checked records above their threshold that count as wrong, mixed with as many that count as right.

    Who looks at them again cannot see which are which. Looking at the wrong ones alone would mend labels in favour of
    the model only.

    Parameters
    ----------
    table : DataFrame
        ``record_id``, ``truth`` ('' where nobody gave a usable answer) and ``correct``.
    accepted : bool array, shape (n_records,)

    Returns
    -------
    list of str
        Record ids in random order; fewer right ones where there are not as many.
    """
    checked = accepted & (table[TRUTH] != "").to_numpy(dtype=bool)
    correct = table[CORRECT].to_numpy(dtype=bool)
    wrong, right = np.flatnonzero(checked & ~correct), np.flatnonzero(checked & correct)
    random = np.random.default_rng(seed)
    drawn = np.concatenate([wrong, random.choice(right, min(len(wrong), len(right)), replace=False)])
    return [str(record_id) for record_id in table[RECORD_ID].to_numpy()[random.permutation(drawn)]]


def draw_review_sample(
    table: pd.DataFrame, n: int, strata: Sequence[str] = (PREDICTED,), seed: int = 0
) -> pd.DataFrame:
    """Draw unlabelled records at random, each stratum as often as it has records.

    Parameters
    ----------
    table : DataFrame
        Scored records; those with a ``truth`` are not drawn.
    n : int
        Records to draw, 1 or more; all of them when there are fewer.
    strata : sequence of str
        Facets or text columns whose combinations are the strata. Empty: a plain random sample.
    seed : int

    Returns
    -------
    DataFrame
        Rows of `table` with their index, in random order, and the columns ``stratum`` (its values, joined by ' · '),
        ``weight`` (records of the collection that one drawn record stands for) and ``drawn_chance`` (the same for all).

    Raises
    ------
    InputError
        `n` is below 1, or every record is labelled.

    Notes
    -----
    Shares are proportional (largest remainders, ties by chance), so that the drawn records can be counted as a plain
    random sample: a promise that rests on them is, if anything, too careful.
    """
    if n < 1:
        raise InputError(f"A sample has at least 1 record; {n} came.")
    left = np.flatnonzero((table[TRUTH] == "").to_numpy(dtype=bool))
    if not len(left):
        raise InputError("Every record is labelled already: there is nothing to draw.")
    random = np.random.default_rng(seed)
    everywhere, names = _strata(table, strata)
    codes = everywhere[left]
    sizes = np.bincount(codes, minlength=len(names))
    take = _proportional(sizes, min(n, len(left)), random)
    # One shuffle decides everything: the first `take` of each stratum in it are drawn.
    order = random.permutation(len(left))
    by_stratum = np.argsort(codes[order], kind="stable")
    place = np.empty(len(left), dtype=np.intp)
    place[by_stratum] = np.arange(len(left)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    drawn = order[place < take[codes[order]]]
    weights = sizes / np.maximum(take, 1)
    return table.iloc[left[drawn]].assign(
        stratum=[names[code] for code in codes[drawn]],
        weight=weights[codes[drawn]],
        drawn_chance=len(drawn) / len(left),
    )


def draw_with_chances(table: pd.DataFrame, n: int, strata: Sequence[str], seed: int = 0) -> pd.DataFrame:
    """Draw each record by itself, with a higher chance where a stratum is small.

    Parameters
    ----------
    table : DataFrame
        Scored records: all of them may be drawn, labelled or not.
    n : int
        Records to draw on average, 1 or more.
    strata : sequence of str
        Facets or text columns whose combinations are the strata.
    seed : int

    Returns
    -------
    DataFrame
        Rows of `table` with their index, in random order, and the columns ``stratum`` and ``drawn_chance``. How many
        there are is a matter of chance.

    Raises
    ------
    InputError
        `n` is below 1, or there are no records.

    Notes
    -----
    Half of the books is drawn from all alike, half in equal parts from each stratum, so that no record has less than
    half the chance of a plain draw. The draws are independent (Poisson sampling): what they prove is computed by
    :class:`core.thresholds.confidence_sequence.WeightedBet`.
    """
    if n < 1:
        raise InputError(f"A sample has at least 1 record; {n} came.")
    if not len(table):
        raise InputError("There are no records to draw from.")
    codes, names = _strata(table, strata)
    sizes = np.bincount(codes, minlength=len(names))
    chance = np.minimum(n / 2 / len(table) + n / 2 / len(names) / sizes[codes], 1.0)
    random = np.random.default_rng(seed)
    drawn = random.permutation(np.flatnonzero(random.random(len(table)) < chance))
    return table.iloc[drawn].assign(stratum=[names[code] for code in codes[drawn]], drawn_chance=chance[drawn])


def _strata(table: pd.DataFrame, strata: Sequence[str]) -> tuple[NDArray[np.intp], list[str]]:
    codes, names = np.zeros(len(table), dtype=np.intp), ["all records"]
    for number, facet in enumerate(strata):
        inner, values = facet_codes(table, facet)
        used, codes = np.unique(codes * len(values) + inner, return_inverse=True)
        pairs = [divmod(pair, len(values)) for pair in used.tolist()]
        names = [values[inner] if number == 0 else f"{names[outer]} · {values[inner]}" for outer, inner in pairs]
    return codes, names


def _proportional(sizes: NDArray[np.int64], n: int, random: np.random.Generator) -> NDArray[np.int64]:
    exact = sizes * (n / sizes.sum())
    take: NDArray[np.int64] = np.floor(exact).astype(np.int64)
    missing = n - int(take.sum())
    if missing > 0:
        # Ties among remainders are broken by chance, else the first strata of the alphabet would be drawn more often.
        rank = np.lexsort((random.random(len(sizes)), -(exact - take)))
        take[rank[:missing]] += 1
    return take


# --- The languages, and classes in them, of which too few books were checked for a promise of their own ---------------

_STRATUM: Final = "language"


@dataclass(frozen=True)
class UnknownLanguages:
    """Of which languages, and classes in them, nothing is promised apart, however well the checked books look.

    Attributes
    ----------
    languages : tuple of KnownLanguage
        Those with a class of which nothing is known, the one with most checked books first. Their classes are those
        that the model calls a book of the language, or that people do.

    Notes
    -----
    A promise may be withheld for whatever reason without becoming less true: fewer claims are made, and the alpha of
    the others stays what it was.
    """

    languages: tuple[KnownLanguage, ...] = ()

    @classmethod
    def from_table(
        cls, table: pd.DataFrame, sample: CheckedSample, classes: Sequence[str], stratum: str | None
    ) -> "UnknownLanguages":
        """Count the checked books of a scored table by language and class; nothing where no language is set apart.

        Books without a language are no language: they keep the promise they have.
        """
        if stratum != _STRATUM or not len(table):
            return cls()
        codes, values = facet_codes(table, stratum)
        language = np.asarray(values, dtype=object)[codes]
        language[(table[LANGUAGE].fillna("") == "").to_numpy(dtype=bool)] = ""
        books = pd.DataFrame({"language": language, "truth": table[TRUTH].array, "predicted": table[PREDICTED].array})
        checked = books[sample.drawn & (books["truth"] != "")]
        counted = known_languages(checked["language"], checked["truth"], checked["predicted"], classes)
        by_name = {entry.language: entry for entry in counted}
        predicted_pairs = set(books[["language", "predicted"]].drop_duplicates().itertuples(index=False, name=None))
        unknown = []
        for name in dict.fromkeys(name for name, _ in predicted_pairs if name):
            nothing = tuple(ClassInLanguage(name=label, n=0, right=0) for label in classes)
            entry = by_name.get(name) or KnownLanguage(language=name, n=0, right=0, classes=nothing)
            occurring = tuple(part for part in entry.classes if part.n or (name, part.name) in predicted_pairs)
            entry = replace(entry, classes=occurring)
            if not entry.is_known or entry.unknown_classes:
                unknown.append(entry)
        return cls(tuple(sorted(unknown, key=lambda entry: (-entry.n, entry.language))))

    def withholds(self, value: str, class_name: str) -> bool:
        """Say whether nothing is promised of a language, or of the books in it that are called so.

        Parameters
        ----------
        value : str
            The language, '' without strata.
        class_name : str
            The predicted class, or :data:`core.thresholds.policy.ALL_CLASSES`, which needs every class known.
        """
        for entry in self.languages:
            if entry.language == value:
                unknown = {part.name for part in entry.unknown_classes}
                return not entry.is_known or class_name == ALL_CLASSES or class_name in unknown
        return False

    def as_list(self) -> list[dict[str, object]]:
        """Return JSON-able content: language, checked books, and those of each class."""
        return [
            {"language": entry.language, "checked": entry.n, "classes": {part.name: part.n for part in entry.classes}}
            for entry in self.languages
        ]
