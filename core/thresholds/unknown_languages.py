"""The languages, and classes in them, of which too few books were checked for a promise of their own."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd

from core.evaluation.languages import ClassInLanguage, KnownLanguage, known_languages
from core.facets import facet_codes
from core.schema import LANGUAGE, PREDICTED, TRUTH
from core.thresholds.acceptance_rates import ALL_CLASSES
from core.thresholds.sample import CheckedSample

__all__ = ["UnknownLanguages"]

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
            The predicted class, or :data:`core.thresholds.acceptance_rates.ALL_CLASSES`, which needs every class known.
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
