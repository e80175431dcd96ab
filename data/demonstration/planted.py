"""The planted truths: what an audit of the demonstration corpus must find, and what it must not be fooled by."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from data.demonstration import profile
from data.demonstration.annotations import Annotations
from data.demonstration.books import Book
from data.demonstration.sampling import Samples

__all__ = ["PlantedTruth", "planted_truths"]

VERSE_WORDS = (
    "poem", "poems", "verse", "verses", "song", "songs", "ballad", "ballads", "canto", "cantos", "sonnets", "lyrics",
    "ode", "odes", "elegy", "rhymes", "hymns", "epigrams",
)  # fmt: skip


@dataclass(frozen=True)
class PlantedTruth:
    """One thing that was hidden in the corpus on purpose.

    Attributes
    ----------
    sentence
        What was planted.
    facet, value
        Where it shows: a facet and its value, such as 'decade' and '1810s'; '' where no single value holds it.
    record_ids
        The digitised books concerned, by ``BL record ID``, ascending.
    words
        Words of titles that mark the books, lower case.
    further_ids
        A part of `record_ids` that matters by itself; what part, `sentence` says.
    """

    sentence: str
    facet: str
    value: str
    record_ids: tuple[str, ...]
    words: tuple[str, ...] = ()
    further_ids: tuple[str, ...] = field(default=())


def planted_truths(
    books: list[Book], digitised: pd.DataFrame, samples: Samples, annotations: Annotations
) -> Mapping[str, PlantedTruth]:
    """Return the planted truths by name.

    Parameters
    ----------
    digitised
        The digitised records, in the order of ``samples.digitised``.
    """
    ids = digitised["BL record ID"].to_numpy()
    chosen = [books[position] for position in samples.digitised]

    def where(mask: list[bool]) -> tuple[str, ...]:
        return tuple(ids[np.array(mask)])

    def of_positions(positions: np.ndarray) -> tuple[str, ...]:
        return tuple(ids[np.isin(samples.digitised, positions)])

    decade, place = f"{profile.VERSE_DECADE}s", profile.DECOY_PLACE
    language, annotator = profile.OVERCONFIDENT_LANGUAGE, profile.CARELESS.user_id
    return {
        "verse": PlantedTruth(
            "Fiction in the broad sense includes verse. Verse was hardly annotated, so that a model calls every"
            " second poem non-fiction.",
            "title",
            "",
            where([book.verse for book in chosen]),
            VERSE_WORDS,
        ),
        "decade": PlantedTruth(
            f"The {decade} fail only because most of their fiction is verse: without it they are like other decades.",
            "decade",
            decade,
            where([book.decade == profile.VERSE_DECADE for book in chosen]),
        ),
        "class mix": PlantedTruth(
            f"{place} holds almost only fiction, the class with more errors everywhere. Within each class it is no"
            " worse than other places.",
            "place",
            place,
            where([book.place == place for book in chosen]),
        ),
        "over-confident language": PlantedTruth(
            f"{language} was hardly annotated, and its stories are titled like histories, in words that look like"
            " English ones that mean fact: the model is sure and wrong.",
            "language",
            language,
            where([book.language == language for book in chosen]),
        ),
        "careless annotator": PlantedTruth(
            f"Annotator {annotator} answered wrongly for a quarter of the books, mostly Dutch ones; the wrong answers"
            " are the further ids.",
            "annotator",
            annotator,
            tuple(sorted(annotations.careless_books)),
            further_ids=tuple(sorted(annotations.careless_wrong)),
        ),
        "leak": PlantedTruth(
            "These test books can be known from the annotated ones; the further ids are those of which another"
            " edition, not the book itself, was annotated.",
            "",
            "",
            of_positions(np.concatenate([samples.leaked, samples.leaked_editions])),
            further_ids=of_positions(samples.leaked_editions),
        ),
    }
