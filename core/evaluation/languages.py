"""What is known of each language: how many checked books, of each class, and how many of those the model finds.

A share of right labels hides what is not known of a collection of many languages: where nearly every checked French
book is non-fiction, a model that calls every French book non-fiction is right in nearly all of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

__all__ = ["ClassInLanguage", "KnownLanguage", "known_languages"]

# Below these nothing is said of a language, or of a class in it, apart.
FEWEST_BOOKS: Final = 50
FEWEST_OF_CLASS: Final = 10


@dataclass(frozen=True, kw_only=True)
class ClassInLanguage:
    """The checked books of a class in a language: how many, and how many of them the model finds."""

    name: str
    n: int
    right: int


@dataclass(frozen=True, kw_only=True)
class KnownLanguage:
    """The checked books in a language.

    Attributes
    ----------
    language : str
        '' for books of which none is known.
    n, right : int
        Checked books, and those whose label is right.
    classes : tuple of ClassInLanguage
        Every class, in the order that was given.
    """

    language: str
    n: int
    right: int
    classes: tuple[ClassInLanguage, ...]

    @property
    def is_known(self) -> bool:
        """Whether there are enough checked books to say anything of the language."""
        return self.n >= FEWEST_BOOKS

    @property
    def unknown_classes(self) -> tuple[ClassInLanguage, ...]:
        """The classes of which nothing is known in this language: all, where nothing is known of it."""
        return tuple(part for part in self.classes if not self.is_known or part.n < FEWEST_OF_CLASS)


def known_languages(
    language: pd.Series, truth: pd.Series, predicted: pd.Series, classes: Sequence[str]
) -> tuple[KnownLanguage, ...]:
    """Return what is known of each language, the one with most checked books first.

    Parameters
    ----------
    language, truth, predicted : Series of str, length n
        Of checked books: their language ('' where it is not known), what people and what the model call them. The
        indexes play no part.
    classes : sequence of str
    """
    table = pd.DataFrame(
        {"language": language.to_numpy(), "truth": truth.to_numpy(), "predicted": predicted.to_numpy()}
    ).fillna("")
    table["right"] = table["truth"] == table["predicted"]
    counted = table.groupby(["language", "truth"])["right"].agg(["size", "sum"])
    counts = {key: (int(n), int(right)) for key, n, right in counted.itertuples()}
    known = []
    for name, books in table.groupby("language"):
        parts = []
        for label in classes:
            n, right = counts.get((name, label), (0, 0))
            parts.append(ClassInLanguage(name=label, n=n, right=right))
        known.append(
            KnownLanguage(language=str(name), n=len(books), right=int(books["right"].sum()), classes=tuple(parts))
        )
    return tuple(sorted(known, key=lambda entry: (-entry.n, entry.language)))
