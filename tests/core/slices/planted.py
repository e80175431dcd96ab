"""Invented scored tables in which it is known where, and why, a model fails.

Planted
-------
verse        one fiction title in four has a word of verse; three of five of these books are wrong
before 1800  most verse is old and little else is: the early years fail, but only because of verse
Paris        mostly fiction, which is missed more often than non-fiction: its error rate is high, its class mix is why
novel        in many titles of fiction, for the same reason high in errors
Leiden and Brill  either alone is as good as any book; together nearly half of them are wrong
"""

import numpy as np
import pandas as pd

from core.schema import RECORDS_COLUMNS

CLASSES = ("Fiction", "Non-fiction")
VERSE = ("poem", "poems", "verses", "canto", "ballad")
_SUBJECTS = (
    *("history", "geography", "voyage", "sermon", "letters", "memoir", "treatise", "garden", "kingdom", "river"),
    *("castle", "winter", "lover", "sister", "mystery", "treasure", "soldier", "island", "mountain", "harvest"),
    *("lantern", "orphan", "shepherd", "doctor", "captain", "village", "cathedral", "bridge"),
)
_PLACES = ("London", "Paris", "Leiden", "Berlin", "Edinburgh")
_PUBLISHERS = ("Brill", "Smith", "Chapman", "Reimer", "Hachette")


def empty_records(n: int) -> pd.DataFrame:
    """Return `n` records that say nothing."""
    records = pd.DataFrame({column: pd.Series("", index=range(n), dtype="str") for column in RECORDS_COLUMNS})
    records["record_id"] = pd.Series([f"r{i:06d}" for i in range(n)], dtype="str")
    records["year"] = pd.array([pd.NA] * n, dtype="Int64")
    records["language_confidence"] = np.nan
    records["date_certainty"] = "none"
    return records


def with_titles(records: pd.DataFrame, titles: list[str]) -> pd.DataFrame:
    """Return records with these titles, which are in lower case and without signs, so that they are their own keys."""
    named = records.copy()
    named["title"] = named["title_key"] = pd.Series(titles, dtype="str")
    return named


def scored(
    records: pd.DataFrame, truth: np.ndarray, wrong: np.ndarray, classes: tuple[str, ...] = CLASSES
) -> pd.DataFrame:
    """Return records as a scored table in which the wrong ones are taken for the next class."""
    following = dict(zip(classes, (*classes[1:], classes[0]), strict=True))
    table = records.copy()
    table["truth"] = pd.Series(truth, dtype="str")
    table["predicted"] = table["truth"].where(~wrong, table["truth"].map(following)).astype("str")
    table["correct"] = ~wrong
    return table


def library(n: int = 3000, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """Return records and their true classes."""
    random = np.random.default_rng(seed)
    place = random.choice(_PLACES, n, p=(0.4, 0.2, 0.14, 0.16, 0.1))
    fiction = random.random(n) < np.where(place == "Paris", 0.8, 0.3)
    verse = fiction & (random.random(n) < 0.25)
    novel = fiction & ~verse & (random.random(n) < 0.4)
    titles = []
    for i in range(n):
        subject = " ".join(random.choice(_SUBJECTS, 3, replace=False))
        kind = random.choice(VERSE) if verse[i] else "novel" if novel[i] else random.choice(_SUBJECTS)
        titles.append(f"the {kind} of {subject} {i % 977}")
    early = random.random(n) < np.where(verse, 0.6, 0.03)
    records = with_titles(empty_records(n), titles)
    records["year"] = pd.array(np.where(early, random.integers(1750, 1800, n), random.integers(1800, 1900, n)), "Int64")
    records["date_certainty"] = "certain"
    records["place"] = pd.Series(place, dtype="str")
    records["publisher"] = pd.Series(random.choice(_PUBLISHERS, n, p=(0.15, 0.25, 0.25, 0.2, 0.15)), dtype="str")
    records["language"] = "English"
    return records, np.where(fiction, *CLASSES)


def planted(n: int = 3000, seed: int = 0) -> pd.DataFrame:
    """Return a scored table with everything planted that the text above names."""
    records, truth = library(n, seed)
    random = np.random.default_rng([seed, 1])
    chance = np.where(truth == "Fiction", 0.15, 0.03)
    chance[records["title"].str.contains(" (?:poem|verse|canto|ballad)", regex=True).to_numpy()] = 0.6
    chance[((records["place"] == "Leiden") & (records["publisher"] == "Brill")).to_numpy()] = 0.45
    return scored(records, truth, random.random(n) < chance)


def none_planted(n: int = 3000, seed: int = 0) -> pd.DataFrame:
    """Return a scored table in which errors depend on the true class and on nothing else."""
    records, truth = library(n, seed)
    random = np.random.default_rng([seed, 2])
    return scored(records, truth, random.random(n) < np.where(truth == "Fiction", 0.2, 0.03))
