"""The demonstration corpus: an invented library, made from a seed in a few seconds, with known truths hidden in it.

Nothing in it is real but the names of cities, countries and languages. Every record says so in its ``Notes``.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from data.demonstration import profile
from data.demonstration.catalogue import COLUMNS, NOTE, Book, catalogue_records, digitised_records, invent_books
from data.demonstration.planted import (
    ANNOTATION_COLUMNS,
    PlantedTruth,
    Samples,
    annotate,
    choose_samples,
    planted_truths,
)
from data.demonstration.profile import Draw

__all__ = ["ANNOTATION_COLUMNS", "COLUMNS", "NOTE", "SEED", "Demonstration", "PlantedTruth", "generate"]

# Any seed plants the same truths; chance hides some of them from 800 test books. With this one each can be seen there.
SEED = 11
MIN_SCALE = 0.01


@dataclass(frozen=True, kw_only=True)
class Demonstration:
    """An invented library. Every column of every table is text (dtype ``str``), '' where nothing is known.

    Attributes
    ----------
    catalogue : DataFrame
        20,000 records in the 24 columns of the British Library's book lists.
    digitised : DataFrame
        6,000 of them, not a fair sample: the same columns. ``BL record ID`` is the digital copy's,
        ``BL record ID for physical resource`` the catalogue's.
    annotated : DataFrame
        1 to 5 rows for each of 1,500 digitised books: the 24 columns and :data:`ANNOTATION_COLUMNS`.
    test : DataFrame
        800 digitised books, a fair sample: ``BL record ID``, ``BL record ID for physical resource``, ``Title``,
        ``Date of publication``, ``true_label`` ('Fiction', 'Non-fiction', and here and there 'both', "can't tell", '').
    truth : Series
        True class of every record, by identifier of the paper book and of the digital copy. For tests only.
    planted : mapping
        Name to :class:`PlantedTruth`. For tests only.
    """

    catalogue: pd.DataFrame
    digitised: pd.DataFrame
    annotated: pd.DataFrame
    test: pd.DataFrame
    truth: pd.Series
    planted: Mapping[str, PlantedTruth]


def _known_languages(books: list[Book], samples: Samples, seed: int) -> pd.Series:
    """Return the language of every annotated book and of a tenth of the other digitised ones, '' for the rest."""
    known = np.isin(samples.digitised, samples.annotated)
    known |= Draw(seed, "languages").generator.random(len(known)) < 0.1
    languages = pd.Series([books[position].language for position in samples.digitised], dtype="str")
    return languages.where(known, "")


def _test_table(digitised: pd.DataFrame, books: list[Book], seed: int) -> pd.DataFrame:
    draw = Draw(seed, "test")
    columns = ["BL record ID", "BL record ID for physical resource", "Title", "Date of publication"]
    answers = [draw.weighted(profile.TEST_UNDECIDED) for _ in books]
    labels = [book.label if answer == "decided" else answer for book, answer in zip(books, answers, strict=True)]
    return digitised[columns].reset_index(drop=True).assign(true_label=pd.Series(labels, dtype="str"))


def generate(seed: int = SEED, scale: float = 1.0) -> Demonstration:
    """Make the demonstration corpus.

    Parameters
    ----------
    seed
        From 0 up; equal seeds give equal tables.
    scale
        Factor on all counts, from 0.01 up. The planted truths can be seen at 1; well below, there are too few records.

    Raises
    ------
    ValueError
        If `seed` or `scale` is too small.
    """
    if seed < 0 or scale < MIN_SCALE:
        raise ValueError(f"seed is {seed} and scale {scale}: take a seed from 0 up and a scale from {MIN_SCALE} up.")
    books = invent_books(round(profile.CATALOGUE_BOOKS * scale), seed)
    samples = choose_samples(books, seed, scale)
    catalogue = catalogue_records(books, seed)
    digitised = digitised_records(catalogue, samples.digitised, _known_languages(books, samples, seed), seed)

    annotated_rows = np.flatnonzero(np.isin(samples.digitised, samples.annotated))
    annotated_books = [books[position] for position in samples.annotated]
    annotations = annotate(digitised.iloc[annotated_rows], annotated_books, seed)

    test_rows = np.flatnonzero(np.isin(samples.digitised, samples.test))
    test = _test_table(digitised.iloc[test_rows], [books[position] for position in samples.test], seed)

    labels = pd.Series([book.label for book in books], dtype="str")
    truth = pd.Series(
        np.concatenate([labels.to_numpy(), labels.to_numpy()[samples.digitised]]),
        index=pd.concat([catalogue["BL record ID"], digitised["BL record ID"]]).to_numpy(),
        name="truth",
        dtype="str",
    )
    planted = planted_truths(books, digitised, samples, annotations)
    return Demonstration(
        catalogue=catalogue, digitised=digitised, annotated=annotations.rows, test=test, truth=truth, planted=planted
    )
