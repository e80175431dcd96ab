"""What a predicate is, and the records that predicates are asked of."""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Literal, TypeGuard

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.errors import InputError
from core.facets import facet_codes, facet_title, facet_words, shown_value
from core.joins import find_leaks, join_ids
from core.schema import ALTERNATE_ID, RECORD_ID, TITLE, TITLE_KEY, YEAR
from core.text_search import parse_phrase_list, phrase_mask
from core.translation import _, noop, number_text

__all__ = [
    "MEASURES",
    "AllOf",
    "AnyOf",
    "Books",
    "ConfidencePredicate",
    "FacetPredicate",
    "LengthPredicate",
    "Mask",
    "MatchMode",
    "ModelOpinion",
    "Not",
    "Predicate",
    "RangePredicate",
    "TextPredicate",
    "columns_of",
    "is_title_words",
    "measure_predicate",
    "predicate_from_dict",
    "predictions_of",
    "title_phrase",
    "title_words",
]


# --- What a predicate is, and the records that predicates are asked of ------------------------------------------------

Mask = NDArray[np.bool_]

# --- The records that predicates are asked of -------------------------------------------------------------------------


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


class Books:
    """Records as predicates look at them. Equal predicates are evaluated once.

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
        self._masks: dict[Predicate, Mask] = {}
        self._arrows: dict[str, Any] = {}
        self._opinions: dict[str, tuple[ModelOpinion, NDArray[np.int64], Mask]] = {}

    def __len__(self) -> int:
        return len(self.records)

    def where(self, predicate: "Predicate") -> Mask:
        """Return for which books a predicate holds. The array is shared: do not change it.

        Raises
        ------
        InputError
            A column, facet, class or set of predictions that is not there.
        """
        if predicate not in self._masks:
            self._masks[predicate] = predicate.evaluate(self)
        return self._masks[predicate]

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

    def text(self, name: str) -> pd.Series:
        """Return a column as text, numbers as they are written."""
        values = self.column(name)
        return values if isinstance(values.dtype, pd.StringDtype) else values.astype("str")

    def arrow(self, name: str) -> Any:
        """Return a column as a chunked array of text, made once."""
        import pyarrow as pa

        if name not in self._arrows:
            self._arrows[name] = pa.chunked_array([pa.array(self.text(name), type=pa.large_string())])
        return self._arrows[name]

    def learned_by(self, predictions: str) -> Mask:
        """Return which of these books the model behind a set of predictions learned from, by identifier or title."""
        return self.opinion_rows(predictions)[2]

    def opinion_rows(self, predictions: str) -> tuple[ModelOpinion, NDArray[np.int64], Mask]:
        """Return a model's opinion, the row of it for each book (−1 where it has none), and which books it learned.

        Raises
        ------
        InputError
            These books know of no predictions.
        """
        if predictions not in self._opinions:
            if self.opinion is None:
                raise InputError(f"No predictions can be asked here, so that '{predictions}' cannot.")
            opinion = self.opinion(predictions)
            ours = self.records.reindex(columns=[RECORD_ID, ALTERNATE_ID]).fillna("")
            join = join_ids(
                [ours[RECORD_ID], ours[ALTERNATE_ID]],
                [opinion.ids[RECORD_ID].reset_index(drop=True), opinion.ids[ALTERNATE_ID].reset_index(drop=True)],
            )
            self._opinions[predictions] = opinion, join.position, find_leaks(self.records, opinion.learned).mask
        return self._opinions[predictions]


class Predicate(ABC):
    """A condition that holds for a record or does not. Predicates are values: equal ones are the same condition."""

    kind: ClassVar[str]

    @abstractmethod
    def evaluate(self, books: Books) -> Mask:
        """Return for which books the predicate holds; :meth:`Books.where` keeps the answer."""

    @property
    @abstractmethod
    def condition(self) -> str:
        """The predicate as a condition: 'title has the word “novel”'."""

    @property
    def subject(self) -> str:
        """What the predicate speaks of: a slice has one predicate a subject, except about words of the title."""
        return self.kind

    def words(self, noun: str = "books") -> str:
        """Say for which of the `noun` the predicate holds: 'books dated before 1800'."""
        return _("{noun} where {condition}", noun=noun, condition=self.condition)

    def mask(self, records: pd.DataFrame) -> Mask:
        """Return for which rows of a table of records the predicate holds."""
        return Books(records).where(self)

    def leaves(self) -> "Iterator[Predicate]":
        """Yield the predicates that this one is put together from; itself, when it is simple."""
        yield self

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON-able content that slices are saved with.

        Raises
        ------
        InputError
            A slice cannot be saved with this predicate.
        """
        raise InputError(f"A slice cannot hold the condition that {self.condition}.")


# --- The kinds of predicates, and those of slices as JSON -------------------------------------------------------------


@dataclass(frozen=True)
class FacetPredicate(Predicate):
    """A facet (see :mod:`core.facets`) has one of some values; having none ("no date") is a value too."""

    facet: str
    values: tuple[str, ...]
    kind: ClassVar[str] = "facet"

    def __post_init__(self) -> None:
        if not self.values:
            raise InputError(f"A condition on the facet '{self.facet}' needs at least one value.")

    def evaluate(self, books: Books) -> Mask:
        """Return for which books the predicate holds."""
        codes, values = facet_codes(books.records, self.facet)
        return np.asarray(np.array([value in self.values for value in values], dtype=bool)[codes])

    @property
    def condition(self) -> str:
        """The predicate as a condition."""
        values = _(" or ").join(shown_value(self.facet, value) for value in self.values)
        return _("{facet} is {values}", facet=facet_title(self.facet), values=values)

    @property
    def subject(self) -> str:
        """The facet; a decade speaks of the year."""
        return "year" if self.facet == "decade" else self.facet

    def words(self, noun: str = "books") -> str:
        """Say for which of the `noun` the predicate holds."""
        return facet_words(self.facet, " or ".join(self.values), noun)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-able content; a slice holds one value of a facet."""
        if len(self.values) > 1:
            return super().to_dict()
        return {"kind": self.kind, "facet": self.facet, "value": self.values[0]}


@dataclass(frozen=True)
class RangePredicate(Predicate):
    """A number lies between `low` and `high`, both included; None leaves that side open. No number is in no range."""

    column: str
    low: float | None = None
    high: float | None = None
    kind: ClassVar[str] = "range"

    def __post_init__(self) -> None:
        if self.low is None and self.high is None:
            raise InputError(f"A range of '{self.measure}' needs a lowest or a highest number.")

    def numbers(self, books: Books) -> NDArray[np.float64]:
        """Return the number of every book, NaN where it has none; text is read as a number where it is one."""
        column = books.column(self.column)
        if isinstance(column.dtype, pd.StringDtype):
            column = pd.to_numeric(column.str.strip(), errors="coerce")
        return np.asarray(column.to_numpy(dtype=float, na_value=np.nan))

    def holds(self, numbers: NDArray[np.float64]) -> Mask:
        """Return for each number whether it is in the range."""
        low = -np.inf if self.low is None else self.low
        high = np.inf if self.high is None else self.high
        return np.asarray((numbers >= low) & (numbers <= high))

    def evaluate(self, books: Books) -> Mask:
        """Return for which books the predicate holds."""
        return self.holds(self.numbers(books))

    @property
    def measure(self) -> str:
        """What the saved slices call the number."""
        return self.column

    @property
    def condition(self) -> str:
        """The predicate as a condition."""
        ends = _ends(noop("at least {limit}"), self.low, noop("at most {limit}"), self.high)
        return _("{column} is {ends}", column=_(self.column), ends=ends)

    @property
    def subject(self) -> str:
        """The number it speaks of."""
        return self.measure

    def words(self, noun: str = "books") -> str:
        """Say for which of the `noun` the predicate holds."""
        if self.column != YEAR:
            return super().words(noun)
        if self.low is None:
            return _("{noun} dated before {year}", noun=noun, year=str(self.high + 1 if self.high is not None else ""))
        if self.high is None:
            return _("{noun} dated {year} or later", noun=noun, year=str(self.low))
        years = f"{self.low}" + (f"–{self.high}" if self.low < self.high else "")
        return _("{noun} dated {years}", noun=noun, years=years)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-able content."""
        if self.measure not in MEASURES:
            return super().to_dict()
        return {"kind": "range", "measure": self.measure, "low": self.low, "high": self.high}


@dataclass(frozen=True)
class LengthPredicate(RangePredicate):
    """A text has between `low` and `high` characters, both included. A missing text has no length.

    Attributes
    ----------
    empty_counts : bool
        Whether a text that is there but empty has 0 characters, as slices count, or no length either, as labelling
        functions do: for them, what is not there is neither long nor short.
    """

    empty_counts: bool = False
    kind: ClassVar[str] = "length"

    def numbers(self, books: Books) -> NDArray[np.float64]:
        """Return the length of every book's text in characters; NaN where there is none."""
        import pyarrow.compute as pc

        lengths = pc.fill_null(pc.utf8_length(books.arrow(self.column)), -1).to_numpy()
        return np.where(lengths >= (0 if self.empty_counts else 1), lengths, np.nan)

    @property
    def measure(self) -> str:
        """What the saved slices call the length."""
        return f"{self.column}_length"

    @property
    def condition(self) -> str:
        """The predicate as a condition."""
        above, below = self.bounds
        ends = _ends(noop("more than {limit}"), above, noop("fewer than {limit}"), below)
        return _("{column} has {ends} characters", column=_(self.column), ends=ends)

    @property
    def bounds(self) -> tuple[float | None, float | None]:
        """The lengths that are just too short and just too long."""
        return None if self.low is None else self.low - 1, None if self.high is None else self.high + 1

    def words(self, noun: str = "books") -> str:
        """Say for which of the `noun` the predicate holds."""
        if self.low is None:
            limits = _("at most {limit}", limit=f"{self.high}")
        elif self.high is None:
            limits = _("at least {limit}", limit=f"{self.low}")
        else:
            limits = f"{self.low}–{self.high}"
        if self.column == TITLE:
            return _("{noun} with titles of {limits} characters", noun=noun, limits=limits)
        return f"{noun} with {self.column}s of {limits} characters"

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-able content; a slice counts an empty title as a short one."""
        return super().to_dict() if self.empty_counts else Predicate.to_dict(self)


MatchMode = Literal["word", "contains", "pattern", "exact"]
MAX_PATTERN: Final = 300  # characters
_MATCH_WORDS: Final = {
    "word": noop("has the word"),
    "contains": noop("contains"),
    "pattern": noop("matches the pattern"),
    "exact": noop("has exactly"),
}


@dataclass(frozen=True)
class TextPredicate(Predicate):
    """A column has one of several words or phrases, contains letters, or matches a pattern.

    Attributes
    ----------
    how : {'word', 'contains', 'pattern', 'exact'}
        'word' and 'contains' are :func:`core.text_search.phrase_mask` with and without whole words: case plays no part,
        ``poem`` as a word finds *poems* too, ``poet*`` whatever begins so. 'pattern' is a regular expression in RE2's
        grammar, which knows no look-around and no back references, and reads every character once: no pattern can make
        it slow. 'exact' are words of a normalised column such as ``title_key``, just as they are: ``poem`` finds no
        *poems*, ``in verse`` are words that follow each other, ``poem*`` is a word that begins so; that case and
        punctuation do not matter is the work of the normalisation.
    terms : tuple of str
        Any of them; one alone for a pattern. Commas and upright strokes part alternatives inside a term too, but for
        'pattern' and 'exact'.
    """

    column: str
    how: MatchMode
    terms: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.column.strip():
            raise InputError("A condition on text needs a column, such as 'title'.")
        if self.how not in _MATCH_WORDS:
            raise InputError(f"'{self.how}' is no way to look at text. There are: {', '.join(_MATCH_WORDS)}.")
        if self.how == "pattern":
            _check_pattern(self.column, self.value)
        elif self.how != "exact":
            parse_phrase_list(self.value)
        elif not self.terms or not all(re.fullmatch(r"[^\s*]+( [^\s*]+)*\*?", term) for term in self.terms):
            raise InputError(
                f"Words of a title are words divided by single spaces, the last may end in *; {list(self.terms)} came."
            )

    @property
    def kind(self) -> str:  # type: ignore[override]
        """What the saved slices call it."""
        return "title" if is_title_words(self) else "phrase"

    @property
    def value(self) -> str:
        """All that is looked for as one text."""
        return ", ".join(self.terms)

    @property
    def quoted(self) -> str:
        """The words as a reader says them: “poem…”, “verse” or “canto”."""
        quoted = [f"“{term[:-1]}…”" if term.endswith("*") else f"“{term}”" for term in self.terms]
        return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])}{_(' or ')}{quoted[-1]}"

    def evaluate(self, books: Books) -> Mask:
        """Return for which books the predicate holds."""
        import pyarrow.compute as pc

        if self.how == "exact":
            terms = (re.escape(term.removesuffix("*")) + ("" if term.endswith("*") else " ") for term in self.terms)
            keys = " " + books.text(self.column) + " "
            return np.asarray(keys.str.contains(f" (?:{'|'.join(terms)})", regex=True).to_numpy(dtype=bool))
        if self.how == "pattern":
            return _bool(pc.match_substring_regex(books.arrow(self.column), self.value, ignore_case=True))
        if self.how == "contains":
            return phrase_mask(books.text(self.column), self.value, whole_words=False)
        # Whole words cost most. They are looked for only in the few texts that hold their letters at all.
        rough = _rough_pattern(self.value)
        if not rough:
            return phrase_mask(books.text(self.column), self.value)
        matches = _bool(pc.match_substring_regex(books.arrow(self.column), rough, ignore_case=True))
        matches[matches] = phrase_mask(books.text(self.column)[matches], self.value)
        return matches

    @property
    def condition(self) -> str:
        """The predicate as a condition."""
        looked_for = self.quoted if self.how == "exact" else f"“{self.value}”"
        return f"{_(self.column)} {_(_MATCH_WORDS[self.how])} {looked_for}"

    @property
    def subject(self) -> str:
        """What it speaks of; any number of predicates may speak of words."""
        return "words"

    def words(self, noun: str = "books") -> str:
        """Say for which of the `noun` the predicate holds."""
        if is_title_words(self):
            return _("{noun} with {terms} in the title", noun=noun, terms=self.quoted)
        if self._is_phrase:
            return _("{noun} found by “{value}” in the title", noun=noun, value=self.value)
        return super().words(noun)

    @property
    def _is_phrase(self) -> bool:
        return self.how == "word" and self.column == TITLE

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-able content; a slice holds words of the title."""
        if not (is_title_words(self) or self._is_phrase):
            return super().to_dict()
        return {"kind": self.kind, "any_of": list(self.terms)}


def is_title_words(predicate: Predicate) -> TypeGuard[TextPredicate]:
    """Tell whether a predicate is of :func:`title_words`."""
    return isinstance(predicate, TextPredicate) and predicate.how == "exact" and predicate.column == TITLE_KEY


def title_words(*terms: str) -> TextPredicate:
    """Return the predicate that the normalised title has any of some words, just as they are.

    >>> title_words("poem*", "canto").words()
    'books with “poem…” or “canto” in the title'
    """
    return TextPredicate(TITLE_KEY, "exact", terms)


def title_phrase(phrase: str) -> TextPredicate:
    """Return the predicate of words that somebody typed; neither their order nor capital letters make it another.

    Raises
    ------
    InputError
        There is no word in it.

    Examples
    --------
    >>> title_phrase("Verse, poet*") == title_phrase("poet* | verse")
    True
    """
    terms = sorted({" ".join(words.lower().split()) for words in parse_phrase_list(phrase)})
    return TextPredicate(TITLE, "word", tuple(terms))


def _check_pattern(column: str, pattern: str) -> None:
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pattern.strip():
        raise InputError(f"There is nothing to look for in the column '{column}'.")
    if len(pattern) > MAX_PATTERN:
        raise InputError(f"What is looked for has {len(pattern):,} characters; at most {MAX_PATTERN:,} are taken.")
    try:
        pc.match_substring_regex(pa.array([""], type=pa.large_string()), pattern, ignore_case=True)
    except pa.ArrowInvalid as error:
        reason = str(error).removeprefix("Invalid regular expression: ")
        raise InputError(
            f"The pattern '{pattern[:60]}' cannot be used: {reason[:120]}. Patterns follow RE2, which has no"
            " look-around and no back references."
        ) from error


def _bool(values: Any) -> Mask:
    import pyarrow.compute as pc

    return np.array(pc.fill_null(values, False).to_numpy(), dtype=bool)


def _rough_pattern(phrase: str) -> str:
    """Return a cheap pattern that every text with one of the words matches; '' where none can be given."""
    if not phrase.isascii():  # accents may be written in two ways
        return ""
    firsts = [max(part.rstrip("*").split(), key=len, default="") for part in parse_phrase_list(phrase)]
    # 'story' is also found as 'stories'
    return "|".join(re.escape(word[:-1] if len(word) > 1 and word[-1] in "yY" else word) for word in firsts)


def _ends(low_word: str, low: float | None, high_word: str, high: float | None) -> str:
    ends = [
        _(word, limit=number_text(f"{end:g}")) for word, end in ((low_word, low), (high_word, high)) if end is not None
    ]
    return _(" and ").join(ends)


@dataclass(frozen=True)
class ConfidencePredicate(Predicate):
    """A model gives a class a probability of at least `above`, and did not learn from the book.

    Attributes
    ----------
    model : str
        Name of a set of predictions in the workspace.
    """

    model: str
    label: str
    above: float
    kind: ClassVar[str] = "confident"

    def __post_init__(self) -> None:
        if not 0 <= self.above <= 1:
            raise InputError(f"A confidence lies between 0 and 1; {self.above:g} came.")

    def evaluate(self, books: Books) -> Mask:
        """Return for which books the predicate holds."""
        opinion, position, learned = books.opinion_rows(self.model)
        if self.label not in opinion.probabilities:
            available = ", ".join(opinion.probabilities) or "none"
            raise InputError(
                f"The predictions '{opinion.name}' give no probability of '{self.label}'. They give: {available}."
            )
        numbers = np.where(position >= 0, opinion.probabilities[self.label][position], np.nan)
        return np.asarray((numbers >= self.above) & ~learned)

    @property
    def condition(self) -> str:
        """The predicate as a condition."""
        above = number_text(f"{self.above:g}")
        return _("“{model}” gives {label} at least {above}", model=self.model, label=self.label, above=above)


@dataclass(frozen=True)
class _Combination(Predicate):
    """Several predicates put together; reads what they read."""

    parts: tuple[Predicate, ...]
    join: ClassVar[str]

    def __post_init__(self) -> None:
        if not self.parts:
            raise InputError(f"'{self.kind}' needs at least one condition.")

    def leaves(self) -> Iterator[Predicate]:
        """Yield the simple predicates, in order."""
        for part in self.parts:
            yield from part.leaves()

    @property
    def condition(self) -> str:
        """The parts as conditions; combinations of several in brackets."""
        several = [isinstance(part, _Combination) and len(part.parts) > 1 for part in self.parts]
        conditions = zip(self.parts, several, strict=True)
        return _(self.join).join(f"({part.condition})" if brackets else part.condition for part, brackets in conditions)


class AllOf(_Combination):
    """Every one of the predicates holds."""

    kind = "all"
    join = noop(" and ")

    def evaluate(self, books: Books) -> Mask:
        """Return for which books the predicate holds."""
        return np.asarray(np.logical_and.reduce([books.where(part) for part in self.parts]))


class AnyOf(_Combination):
    """At least one of the predicates holds."""

    kind = "any"
    join = noop(" or ")

    def evaluate(self, books: Books) -> Mask:
        """Return for which books the predicate holds."""
        return np.asarray(np.logical_or.reduce([books.where(part) for part in self.parts]))


@dataclass(frozen=True)
class Not(Predicate):
    """The predicate does not hold."""

    part: Predicate
    kind: ClassVar[str] = "not"

    def evaluate(self, books: Books) -> Mask:
        """Return for which books the predicate holds."""
        return ~books.where(self.part)

    def leaves(self) -> Iterator[Predicate]:
        """Yield the simple predicates, in order."""
        yield from self.part.leaves()

    @property
    def condition(self) -> str:
        """The predicate as a condition."""
        return _("not ({condition})", condition=self.part.condition)


def columns_of(predicate: Predicate) -> tuple[str, ...]:
    """Return the columns (not the facets) that a predicate reads, of the records or of the original file, in order."""
    leaves = predicate.leaves()
    return tuple(dict.fromkeys(leaf.column for leaf in leaves if isinstance(leaf, TextPredicate | RangePredicate)))


def predictions_of(predicate: Predicate) -> tuple[str, ...]:
    """Return the names of the predictions that a predicate asks, in order."""
    return tuple(dict.fromkeys(leaf.model for leaf in predicate.leaves() if isinstance(leaf, ConfidencePredicate)))


# --- Slices' predicates as JSON ---------------------------------------------------------------------------------------

MEASURES: Final = ("year", "title_length")  # the numbers that a saved range can speak of


def measure_predicate(measure: str, low: int | None, high: int | None) -> RangePredicate:
    """Return a range of the year or of the length of the title.

    Raises
    ------
    InputError
        There is no such measure, or no end.
    """
    if measure == "year":
        return RangePredicate(YEAR, low, high)
    if measure == "title_length":
        return LengthPredicate(TITLE, low, high, empty_counts=True)
    raise InputError(f"There is no measure '{measure}'. There are: {', '.join(MEASURES)}.")


def predicate_from_dict(content: Mapping[str, Any]) -> Predicate:
    """Read a predicate back from what its ``to_dict`` gave; it may come out of a URL.

    Raises
    ------
    InputError
        It is none: names the part that is wrong.

    Examples
    --------
    >>> predicate_from_dict({"kind": "range", "measure": "year", "low": None, "high": 1799}).words()
    'books dated before 1800'
    """
    kind = content.get("kind")
    if kind == "facet":
        return FacetPredicate(_text(content, "facet"), (_text(content, "value"),))
    if kind == "range":
        return measure_predicate(_text(content, "measure"), _number(content, "low"), _number(content, "high"))
    if kind == "title":
        return title_words(*_texts(content, "any_of"))
    if kind == "phrase":
        return TextPredicate(TITLE, "word", _texts(content, "any_of"))
    raise InputError(f"There is no kind of fact '{kind}'. There are: facet, range, title, phrase.")


def _text(content: Mapping[str, Any], key: str) -> str:
    value = content.get(key)
    if not isinstance(value, str):
        raise InputError(f"A {content['kind']} fact needs a text as '{key}'; {value!r} came.")
    return value


def _texts(content: Mapping[str, Any], key: str) -> tuple[str, ...]:
    values = content.get(key)
    if not isinstance(values, list | tuple) or not all(isinstance(value, str) for value in values):
        raise InputError(f"The words of a {content['kind']} fact are a list of texts; {values!r} came.")
    return tuple(values)


def _number(content: Mapping[str, Any], key: str) -> int | None:
    value = content.get(key)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        raise InputError(f"A range needs a whole number or null as '{key}'; {value!r} came.")
    return value
