"""A labelling function: a name, the class it votes for, and the condition under which it does."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from core.classes import match_classes
from core.errors import InputError
from core.facets import facet_title
from core.schema import TITLE, YEAR

__all__ = [
    "MAX_DEPTH",
    "MAX_FUNCTIONS",
    "MAX_PATTERN",
    "MAX_PHRASE",
    "AllOf",
    "AnyOf",
    "Condition",
    "Confident",
    "Facet",
    "LabellingFunction",
    "Length",
    "MatchMode",
    "Not",
    "Range",
    "Text",
    "check_functions",
    "columns_of",
    "describe_condition",
    "leaves",
    "predictions_of",
    "with_class_spelling",
]

# --- What a labelling function asks of a book -------------------------------------------------------------------------
# Simple questions, and their combination by and, or, not.


MatchMode = Literal["word", "contains", "pattern"]
MAX_PATTERN: Final = 300  # characters
MAX_PHRASE: Final = 2000
MAX_DEPTH: Final = 12  # conditions within conditions
_MATCH_WORDS = {"word": "has the word", "contains": "contains", "pattern": "matches the pattern"}


@dataclass(frozen=True)
class Text:
    """A column has one of several words or phrases, contains letters, or matches a pattern. Case plays no part.

    Attributes
    ----------
    how : {'word', 'contains', 'pattern'}
        'word' and 'contains' are :func:`core.text_search.phrase_mask` with and without whole words: alternatives are
        separated by commas. 'pattern' is a regular expression in RE2's grammar, which knows no look-around and no back
        references, and reads every character once: no pattern can make it slow.
    """

    column: str
    how: MatchMode
    value: str

    def __post_init__(self) -> None:
        limit = MAX_PATTERN if self.how == "pattern" else MAX_PHRASE
        if not self.column.strip():
            raise InputError("A condition on text needs a column, such as 'title'.")
        if self.how not in _MATCH_WORDS:
            raise InputError(f"'{self.how}' is no way to look at text. There are: {', '.join(_MATCH_WORDS)}.")
        if not self.value.strip(" \t\n,|*" if self.how != "pattern" else " \t\n"):
            raise InputError(f"There is nothing to look for in the column '{self.column}'.")
        if len(self.value) > limit:
            raise InputError(f"What is looked for has {len(self.value):,} characters; at most {limit:,} are taken.")
        if self.how == "pattern":
            _check_pattern(self.value)


@dataclass(frozen=True)
class Length:
    """A text column is longer than `above` and shorter than `below` characters; None leaves an end open.

    A column with nothing in it has no length: neither holds.
    """

    column: str = TITLE
    above: int | None = None
    below: int | None = None

    def __post_init__(self) -> None:
        if self.above is None and self.below is None:
            raise InputError("A condition on a length needs 'longer_than' or 'shorter_than', in characters.")


@dataclass(frozen=True)
class Range:
    """A number lies between `least` and `most`, both included; None leaves an end open. No number: it does not hold."""

    column: str = YEAR
    least: float | None = None
    most: float | None = None

    def __post_init__(self) -> None:
        if self.least is None and self.most is None:
            raise InputError(f"A range of '{self.column}' needs 'from' or 'to'.")
        if self.least is not None and self.most is not None and self.least > self.most:
            raise InputError(f"The range of '{self.column}' is empty: it goes from {self.least:g} to {self.most:g}.")


@dataclass(frozen=True)
class Facet:
    """A facet (see :mod:`core.facets`) has one of some values: language, place, decade … Missing is a value too."""

    facet: str
    values: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.values:
            raise InputError(f"A condition on the facet '{self.facet}' needs at least one value.")


@dataclass(frozen=True)
class Confident:
    """A model gives a class a probability of at least `above`.

    Attributes
    ----------
    predictions : str
        Name of a set of predictions in the workspace.
    """

    predictions: str
    label: str
    above: float

    def __post_init__(self) -> None:
        if not 0 <= self.above <= 1:
            raise InputError(f"A confidence lies between 0 and 1; {self.above:g} came.")


@dataclass(frozen=True)
class AllOf:
    """Every one of the conditions holds."""

    parts: "tuple[Condition, ...]"

    def __post_init__(self) -> None:
        _check_parts(self.parts, "all")


@dataclass(frozen=True)
class AnyOf:
    """At least one of the conditions holds."""

    parts: "tuple[Condition, ...]"

    def __post_init__(self) -> None:
        _check_parts(self.parts, "any")


@dataclass(frozen=True)
class Not:
    """The condition does not hold."""

    part: "Condition"


Condition = Text | Length | Range | Facet | Confident | AllOf | AnyOf | Not


def _check_parts(parts: tuple[object, ...], word: str) -> None:
    if not parts:
        raise InputError(f"'{word}' needs at least one condition.")


def _check_pattern(pattern: str) -> None:
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        pc.match_substring_regex(pa.array([""], type=pa.large_string()), pattern, ignore_case=True)
    except pa.ArrowInvalid as error:
        reason = str(error).removeprefix("Invalid regular expression: ")
        raise InputError(
            f"The pattern '{pattern[:60]}' cannot be used: {reason[:120]}. Patterns follow RE2, which has no"
            " look-around and no back references."
        ) from error


def leaves(condition: Condition) -> Iterator[Text | Length | Range | Facet | Confident]:
    """Yield every simple question in a condition."""
    if isinstance(condition, AllOf | AnyOf):
        for part in condition.parts:
            yield from leaves(part)
    elif isinstance(condition, Not):
        yield from leaves(condition.part)
    else:
        yield condition


def columns_of(condition: Condition) -> tuple[str, ...]:
    """Return the columns (not the facets) a condition reads, in order."""
    read = (leaf.column for leaf in leaves(condition) if isinstance(leaf, Text | Length | Range))
    return tuple(dict.fromkeys(read))


def predictions_of(condition: Condition) -> tuple[str, ...]:
    """Return the names of the predictions a condition asks, in order."""
    return tuple(dict.fromkeys(leaf.predictions for leaf in leaves(condition) if isinstance(leaf, Confident)))


def describe_condition(condition: Condition) -> str:
    """Say a condition in words.

    >>> describe_condition(AllOf((Text("title", "word", "poem, verse"), Not(Facet("language", ("English",))))))
    'title has the word “poem, verse” and not (Language is English)'
    """
    if isinstance(condition, AllOf | AnyOf):
        word = " and " if isinstance(condition, AllOf) else " or "
        return word.join(_bracketed(part) for part in condition.parts)
    if isinstance(condition, Not):
        return f"not ({describe_condition(condition.part)})"
    if isinstance(condition, Text):
        return f"{condition.column} {_MATCH_WORDS[condition.how]} “{condition.value}”"
    if isinstance(condition, Length):
        return f"{condition.column} has {_ends('more than', condition.above, 'fewer than', condition.below)} characters"
    if isinstance(condition, Range):
        return f"{condition.column} is {_ends('at least', condition.least, 'at most', condition.most)}"
    if isinstance(condition, Facet):
        return f"{facet_title(condition.facet)} is {' or '.join(condition.values)}"
    return f"“{condition.predictions}” gives {condition.label} at least {condition.above:g}"


def _bracketed(condition: Condition) -> str:
    description = describe_condition(condition)
    return f"({description})" if isinstance(condition, AllOf | AnyOf) and len(condition.parts) > 1 else description


def _ends(low_word: str, low: float | None, high_word: str, high: float | None) -> str:
    ends = [f"{word} {end:g}" for word, end in ((low_word, low), (high_word, high)) if end is not None]
    return " and ".join(ends)


# --- A labelling function: a name, the class it votes for, and when ---------------------------------------------------


MAX_FUNCTIONS: Final = 500


@dataclass(frozen=True)
class LabellingFunction:
    """Votes for `label` where the condition holds, and abstains everywhere else.

    Attributes
    ----------
    name : str
        By which people speak of it; no two functions of a set share one.
    label : str
        The class it votes for (its polarity).
    when : Condition
    """

    name: str
    label: str
    when: Condition

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise InputError("A labelling function needs a name.")
        if not self.label.strip():
            raise InputError(f"The labelling function '{self.name}' needs a class to vote for.")

    @property
    def predictions(self) -> tuple[str, ...]:
        """Names of the predictions it asks."""
        return predictions_of(self.when)

    @property
    def sentence(self) -> str:
        """Say it for a curator: "Fiction where title has the word “novel”"."""
        return f"{self.label} where {describe_condition(self.when)}"


def check_functions(functions: Sequence[LabellingFunction]) -> None:
    """Refuse a set without functions, with too many, or with a name used twice.

    Raises
    ------
    InputError
    """
    if not functions:
        raise InputError("There is no labelling function yet.")
    if len(functions) > MAX_FUNCTIONS:
        raise InputError(f"There are {len(functions):,} labelling functions; at most {MAX_FUNCTIONS} are taken.")
    names = [function.name for function in functions]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"Two labelling functions are called '{twice}'. Give each a name of its own.")


def with_class_spelling(
    functions: Sequence[LabellingFunction], classes: Sequence[str]
) -> tuple[LabellingFunction, ...]:
    """Return the functions with their classes spelled as people's labels spell them.

    Raises
    ------
    InputError
        A function votes for a class that no label names.

    Examples
    --------
    >>> from core.weak_supervision.functions import Length
    >>> with_class_spelling([LabellingFunction("long", "non fiction", Length(above=211))], ["Fiction",
    ... "Non-fiction"])[0].label
    'Non-fiction'
    """
    names = match_classes([function.label for function in functions], classes)
    spelled = []
    for function in functions:
        label = names.class_by_answer.get(function.label, "")
        if label not in classes:
            raise InputError(
                f"The function '{function.name}' votes for '{function.label}', which no label names."
                f" The labels have: {', '.join(classes)}."
            )
        spelled.append(LabellingFunction(function.name, label, function.when))
    return tuple(spelled)
