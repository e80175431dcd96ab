"""Rates of suspect labels by annotator, language and month of annotation, each against all other books."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.classes import match_classes
from core.evaluation import error_rate_ratio
from core.facets import facet_values
from core.schema import ANNOTATOR, CREATED_AT, LABEL, LABEL_GIVEN, LANGUAGE, RECORD_ID
from core.slices.stratified import exact_p, excess
from core.statistics import MINIMUM_RECORDS, adjust_p, wilson

__all__ = [
    "GROUPINGS",
    "GROUPS_COLUMNS",
    "MONTH",
    "Memberships",
    "by_label",
    "group_phrase",
    "group_rates",
    "memberships",
    "shown_value",
]

MONTH: Final = "month"
GROUPINGS: Final[Mapping[str, str]] = {ANNOTATOR: "annotator", LANGUAGE: "language", MONTH: "month of annotation"}
NO_ANNOTATOR, UNDATED = "no annotator named", "no date"
GROUPS_COLUMNS = (
    "by", "value", "n", "suspects", "contradicted", "suspect_rate", "low", "high", "ratio",
    "adjusted_ratio", "adjusted_low", "adjusted_high", "p", "p_adjusted",
)  # fmt: skip
_READ_AS_NUMBER = re.compile(r"(\d+)\.0")
_ISO_MONTH = re.compile(r"^\s*(\d{4})-(\d{2})\b")

GroupKey = tuple[str, str]


@dataclass(frozen=True)
class Memberships:
    """Which books belong to which group.

    Attributes
    ----------
    members : mapping
        (by, value) → bool array, one entry a book. A book that several people (or months) stand beside belongs to each.
    several : mapping
        By → how many books belong to more than one of its groups.
    """

    members: Mapping[GroupKey, NDArray[np.bool_]]
    several: Mapping[str, int]


def memberships(books: pd.DataFrame, annotations: pd.DataFrame) -> Memberships:
    """Say which books belong to which annotator, language and month of annotation.

    Parameters
    ----------
    books : DataFrame
        One row a book: ``record_id``, ``label``, records columns.
    annotations : DataFrame
        One row an annotation: ``record_id``, ``label_given``, ``annotator``, ``created_at``. Only rows that gave the
        book's label count: nobody answers for a label that another gave. A book counts once for each annotator.

    Returns
    -------
    Memberships
        Without a by that the file says nothing about, or that has one value only.
    """
    place = pd.Series(np.arange(len(books)), index=books[RECORD_ID].to_numpy())
    rows = annotations[annotations[RECORD_ID].isin(place.index)]
    spelled = match_classes(rows[LABEL_GIVEN]).class_by_answer
    book = place.reindex(rows[RECORD_ID]).to_numpy(dtype=np.int64)
    gave = rows[LABEL_GIVEN].map(lambda answer: spelled.get(answer, "")).to_numpy(dtype=object)
    gave = gave == books[LABEL].to_numpy(dtype=object)[book]
    book, rows = book[gave], rows[gave]
    names = {
        ANNOTATOR: (book, rows[ANNOTATOR].replace("", NO_ANNOTATOR).to_numpy(dtype=object), NO_ANNOTATOR),
        LANGUAGE: (np.arange(len(books)), facet_values(books, LANGUAGE).to_numpy(dtype=object), ""),
        MONTH: (book, rows[CREATED_AT].map(_month).to_numpy(dtype=object), UNDATED),
    }
    members: dict[GroupKey, NDArray[np.bool_]] = {}
    several = {}
    for by, (positions, values, missing) in names.items():
        different = sorted({str(value) for value in values})
        if len(different) < 2 or set(different) == {missing}:
            continue
        count = np.zeros(len(books), dtype=np.int64)
        for value in different:
            mask = np.zeros(len(books), dtype=bool)
            mask[positions[values == value]] = True
            members[by, value] = mask
            count += mask
        several[by] = int((count > 1).sum())
    return Memberships(members, several)


def _month(moment: str) -> str:
    match = _ISO_MONTH.match(moment)
    return f"{match[1]}-{match[2]}" if match and 1 <= int(match[2]) <= 12 else UNDATED


def by_label(labels: NDArray[np.int64], chosen: NDArray[np.bool_], k: int) -> NDArray[np.int64]:
    """Count books by the label they were given, shape (k,)."""
    return np.bincount(labels[chosen], minlength=k)


def group_rates(
    groups: Memberships,
    suspect: NDArray[np.bool_],
    labels: NDArray[np.int64],
    contradicted: NDArray[np.bool_] | None = None,
) -> pd.DataFrame:
    """Return the rate of suspect labels of each group.

    Parameters
    ----------
    suspect : bool array, shape (n_books,)
    labels : int array, shape (n_books,)
        Position of the class that was given.
    contradicted : bool array, optional
        Books whose title suggests another class, however slightly; without it those that are suspect.

    Returns
    -------
    DataFrame
        ``by``, ``value``, ``n``, ``suspects``, ``contradicted``; ``suspect_rate`` with ``low`` and ``high`` (Wilson,
        95 per cent); ``ratio`` to the rate of all other books; ``adjusted_ratio`` with its 95 % interval: the suspects
        divided by those to be expected if each class of label were suspect as often as elsewhere; ``p``: exact, books
        with the same label compared (Birch 1964); ``p_adjusted``: for all groups together, by Holm, so that a group
        is called out of line by chance in at most 5 of 100 label sets. Groups below ten books have counts only. The
        most out of line first.
    """
    k = int(labels.max()) + 1 if len(labels) else 0
    all_n, all_s = by_label(labels, np.ones(len(labels), dtype=bool), k), by_label(labels, suspect, k)
    total, n_books = int(suspect.sum()), len(labels)
    against = suspect if contradicted is None else contradicted
    rows = []
    for (by, value), mask in groups.members.items():
        n, s = int(mask.sum()), int((mask & suspect).sum())
        row: dict[str, object] = {"by": by, "value": value, "n": n, "suspects": s}
        row["contradicted"] = int((mask & against).sum())
        if n >= MINIMUM_RECORDS:
            own_n, own_s = by_label(labels, mask, k), by_label(labels, mask & suspect, k)
            comparison = excess(own_n, own_s, all_n, all_s)
            low, high = wilson(s, n)
            row |= {
                "suspect_rate": s / n,
                "low": low,
                "high": high,
                "ratio": error_rate_ratio(s, n, total, n_books),
                "adjusted_ratio": comparison.ratio,
                "adjusted_low": comparison.low,
                "adjusted_high": comparison.high,
                "p": exact_p(own_n, own_s, all_n, all_s),
            }
        rows.append(row)
    table = pd.DataFrame(rows, columns=list(GROUPS_COLUMNS))
    numbers = [name for name in GROUPS_COLUMNS if name not in ("by", "value", "n", "suspects", "contradicted")]
    table = table.astype({"by": "str", "value": "str", **dict.fromkeys(numbers, float)})
    table["p_adjusted"] = adjust_p(table["p"].to_numpy(), "holm")
    return table.sort_values(["p", "n", "value"], ascending=[True, False, True], ignore_index=True)


def group_phrase(group: GroupKey) -> str:
    """Name a group in a sentence.

    >>> group_phrase(("annotator", "2.0")), group_phrase(("language", "Dutch")), group_phrase(("month", "2020-09"))
    ('annotator 2', 'Dutch', '2020-09')
    """
    by, value = group
    return f"annotator {shown_value(group)}" if by == ANNOTATOR and value != NO_ANNOTATOR else value


def shown_value(group: GroupKey) -> str:
    """Return how people call a group: an annotator's number without the ``.0`` that a program has put behind it.

    What is kept and compared is the value as the file has it.

    >>> shown_value(("annotator", "2.0")), shown_value(("annotator", "2.5")), shown_value(("language", "2.0"))
    ('2', '2.5', '2.0')
    """
    by, value = group
    number = _READ_AS_NUMBER.fullmatch(value) if by == ANNOTATOR else None
    return number[1] if number else value
