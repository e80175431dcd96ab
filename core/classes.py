"""Class names: they come from the data, and names that differ only in spelling are one class, visibly."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

__all__ = ["ClassNames", "class_key", "is_undecided", "match_classes"]

# Answers a person can give that are no class. They are kept and counted, and never scored as right or wrong.
_UNDECIDED = {
    "",
    "both",
    "cannottell",
    "canttell",
    "cantsay",
    "dontknow",
    "notsure",
    "unsure",
    "unclear",
    "undecided",
    "unknown",
    "unlabelled",
    "unlabeled",
    "na",
    "nan",
    "null",
}


def class_key(name: str) -> str:
    """Return what is left of a class name when case, spaces, hyphens and other signs are taken away.

    >>> class_key("Non-fiction") == class_key("non_fiction") == class_key("NON FICTION")
    True
    """
    folded = unicodedata.normalize("NFKC", name).casefold()
    return re.sub(r"[\W_]+", "", folded) or folded.strip()


def is_undecided(answer: str) -> bool:
    """Say whether an answer is blank, "both", "can't tell" or the like.

    >>> [is_undecided(answer) for answer in ("both", "Can't tell", " ", "Fiction")]
    [True, True, True, False]
    """
    return class_key(answer) in _UNDECIDED


@dataclass(frozen=True)
class ClassNames:
    """How the answers in a file were understood.

    Attributes
    ----------
    classes : tuple of str
        The classes, sorted.
    spelled : mapping
        Answer as given → class name, for every answer that is a class.
    undecided : mapping
        Answer as given → how often, for answers that are no class.
    """

    classes: tuple[str, ...]
    spelled: Mapping[str, str]
    undecided: Mapping[str, int]

    @property
    def sentences(self) -> tuple[str, ...]:
        """Say which spellings were taken as one class."""
        by_class: dict[str, list[str]] = {}
        for given, name in self.spelled.items():
            if given != name:
                by_class.setdefault(name, []).append(given)
        return tuple(
            f"{', '.join(repr(other) for other in sorted(others))} taken as '{name}'."
            for name, others in sorted(by_class.items())
        )


def match_classes(answers: Iterable[str], known: Sequence[str] = ()) -> ClassNames:
    """Sort answers into classes and undecided ones; names that differ only in spelling are one class.

    Parameters
    ----------
    answers : iterable of str
        As they stand in the file.
    known : sequence of str
        Class names whose spelling is to be used. Other classes are spelled as most often in the answers (of equally
        frequent spellings, the first in alphabetical order).

    Examples
    --------
    >>> match_classes(["fiction", "non_fiction", "both", ""], known=["Fiction", "Non-fiction"]).spelled
    {'fiction': 'Fiction', 'non_fiction': 'Non-fiction'}
    """
    counts = Counter(answers)
    undecided = {answer: count for answer, count in counts.items() if is_undecided(answer)}
    spelling = {class_key(name): name for name in known}
    for answer, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        if answer not in undecided:
            spelling.setdefault(class_key(answer), answer.strip())
    spelled = {answer: spelling[class_key(answer)] for answer in counts if answer not in undecided}
    return ClassNames(tuple(sorted({*spelled.values(), *known})), spelled, undecided)
