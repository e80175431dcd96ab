"""A labelling function: a name, the class it votes for, and the predicate under which it does."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from core.classes import match_classes
from core.errors import InputError
from core.predicates import Predicate, RangePredicate, TextPredicate, predictions_of

__all__ = ["MAX_FUNCTIONS", "MAX_PHRASE", "LabellingFunction", "check_functions", "with_class_spelling"]

MAX_FUNCTIONS: Final = 500
MAX_PHRASE: Final = 2000  # characters


@dataclass(frozen=True)
class LabellingFunction:
    """Votes for `label` where the condition holds, and abstains everywhere else.

    Attributes
    ----------
    name : str
        By which people speak of it; no two functions of a set share one.
    label : str
        The class it votes for (its polarity).
    when : Predicate
    """

    name: str
    label: str
    when: Predicate

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise InputError("A labelling function needs a name.")
        if not self.label.strip():
            raise InputError(f"The labelling function '{self.name}' needs a class to vote for.")
        for predicate in self.when.leaves():
            _check(predicate)

    @property
    def predictions(self) -> tuple[str, ...]:
        """Names of the predictions it asks."""
        return predictions_of(self.when)


def _check(predicate: Predicate) -> None:
    """Refuse what a saved slice may hold, but what somebody who writes a function cannot have meant."""
    if type(predicate) is RangePredicate:  # lengths may be empty, as they always might
        low, high = predicate.low, predicate.high
        if low is not None and high is not None and low > high:
            raise InputError(f"The range of '{predicate.column}' is empty: it goes from {low:g} to {high:g}.")
    elif isinstance(predicate, TextPredicate) and (size := len(predicate.value)) > MAX_PHRASE:
        raise InputError(f"What is looked for has {size:,} characters; at most {MAX_PHRASE:,} are taken.")


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
    >>> from core.predicates import LengthPredicate
    >>> with_class_spelling([LabellingFunction("long", "non fiction", LengthPredicate("title", 212))], ["Fiction",
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
