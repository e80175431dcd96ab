"""Is it the annotator or the language? Groups that are out of line, told apart where the books allow it.

A group *stands* when it is out of line also among the books that belong to no out-of-line group of the other kind: the
annotator outside the language, the language outside the annotator. Where it is not, although there are books enough to
see it, its suspects come from the other group: it is *explained*, if the other group stands; if neither stands without
the other, the two belong *together*. Where hardly any book is outside, nobody can tell, and both are named together.

"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.label_audit.suspects import GROUPINGS, GroupKey, Memberships, by_label
from core.slices.stratified import exact_p, excess
from core.statistics import MINIMUM_RECORDS, adjust_p
from core.text_formats import plain

__all__ = ["SuspectGroup", "find_suspect_groups"]

ALPHA: Final = 0.05
# With three suspects to be expected, seeing as few as chance would give is itself unlikely (5 in 100 see none).
_MIN_EXPECTED = 3.0
STANDS, EXPLAINED, TOGETHER = "stands", "explained", "together"
OUTSIDE_AS_WELL, ONLY_WITHIN, UNKNOWN = "outside too", "only within", "too few outside to know"

Rivals = tuple[GroupKey, ...]


@dataclass(frozen=True)
class SuspectGroup:
    """A group whose labels are out of line with the rest, and what it may be confused with.

    Attributes
    ----------
    by, value : str
    n, suspects : int
    ratio : float
        Of its rate to that of all other books.
    status : {'stands', 'together', 'explained'}
        See the module. A group that is explained is no longer out of line and is not pointed at.
    partners : tuple of (by, value)
        The groups it goes together with, or is explained by.
    cells : tuple of dict
        The books of this group within each partner and outside all of them, and the partners' books outside this group:
        ``n``, ``suspects``. :func:`core.wording.evaluation.cell_words` says which books each holds.
    p_adjusted : float
        From :func:`core.label_audit.suspects.group_rates`.
    """

    by: str
    value: str
    n: int
    suspects: int
    ratio: float
    status: str
    partners: tuple[GroupKey, ...]
    cells: tuple[Mapping[str, Any], ...]
    p_adjusted: float

    @property
    def flagged(self) -> bool:
        """Whether people should look at this group's labels again."""
        return self.status != EXPLAINED

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-able content."""
        return {
            "by": self.by,
            "value": self.value,
            "n": self.n,
            "suspects": self.suspects,
            "ratio": plain(self.ratio),
            "status": self.status,
            "partners": [{"by": by, "value": value} for by, value in self.partners],
            "cells": [dict(cell) for cell in self.cells],
            "p_adjusted": self.p_adjusted,
        }


class _Books:
    """The books, and tests between sets of them, those with the same label compared."""

    def __init__(self, suspect: NDArray[np.bool_], labels: NDArray[np.int64]) -> None:
        self.suspect, self.labels = suspect, labels
        self.k = int(labels.max()) + 1 if len(labels) else 0

    def counts(self, chosen: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        return by_label(self.labels, chosen, self.k), by_label(self.labels, chosen & self.suspect, self.k)

    def p(self, part: NDArray[np.bool_], among: NDArray[np.bool_]) -> float:
        return exact_p(*self.counts(part & among), *self.counts(among))

    def expected(self, part: NDArray[np.bool_], among: NDArray[np.bool_]) -> float:
        comparison = excess(*self.counts(part & among), *self.counts(among))
        return 0.0 if np.isnan(comparison.expected) else comparison.expected


def find_suspect_groups(
    table: pd.DataFrame,
    groups: Memberships,
    suspect: NDArray[np.bool_],
    labels: NDArray[np.int64],
) -> tuple[SuspectGroup, ...]:
    """Return the groups that are out of line, those that are pointed at first.

    Parameters
    ----------
    table : DataFrame
        From :func:`core.label_audit.suspects.group_rates`.
    """
    out: dict[GroupKey, dict[str, Any]] = {
        (str(row["by"]), str(row["value"])): {str(key): value for key, value in row.items()}
        for row in table[table["p_adjusted"] <= ALPHA].to_dict("records")
    }
    books = _Books(suspect, labels)
    statuses: dict[GroupKey, tuple[str, Rivals]] = {}
    left = dict(out)
    # What is explained is no rival any more: without it others may be told apart.
    while left:
        new_statuses = _statuses(left, _test_outside(left, groups.members, books), groups.members)
        statuses |= new_statuses
        unexplained = {group: row for group, row in left.items() if new_statuses[group][0] != EXPLAINED}
        if len(unexplained) == len(left):
            break
        left = unexplained
    findings = []
    for group, row in out.items():
        status, partners = statuses[group]
        cells = _cells(group, partners, groups.members, books) if partners else ()
        findings.append(
            SuspectGroup(
                *group,
                int(row["n"]),
                int(row["suspects"]),
                float(row["ratio"]),
                status,
                partners,
                cells,
                float(row["p_adjusted"]),
            )
        )
    order = list(GROUPINGS)
    return tuple(
        sorted(findings, key=lambda finding: (not finding.flagged, order.index(finding.by), finding.p_adjusted))
    )


def _test_outside(
    out: Mapping[GroupKey, Mapping[str, Any]],
    members: Mapping[GroupKey, NDArray[np.bool_]],
    books: _Books,
) -> dict[tuple[GroupKey, Rivals], str]:
    """Say of each group whether it is out of line outside each rival, and outside all rivals of one kind."""
    pairs: list[tuple[GroupKey, Rivals]] = []
    p: list[float] = []
    enough: list[bool] = []
    for group, row in out.items():
        kinds = [tuple(other for other in out if other[0] == by) for by in GROUPINGS if by != group[0]]
        for rivals in dict.fromkeys([*kinds, *((other,) for kind in kinds for other in kind)]):
            if not rivals:
                continue
            free = ~np.logical_or.reduce([members[other] for other in rivals])
            mine = members[group] & free
            pairs.append((group, rivals))
            p.append(books.p(mine, free))
            ratio = float(row["adjusted_ratio"])
            to_expect = books.expected(mine, free) * (ratio if np.isfinite(ratio) else 1.0)
            enough.append(int(mine.sum()) >= MINIMUM_RECORDS and to_expect >= _MIN_EXPECTED)
    adjusted = adjust_p(p, "holm")
    return {
        pair: OUTSIDE_AS_WELL if adjusted[i] <= ALPHA else (ONLY_WITHIN if enough[i] else UNKNOWN)
        for i, pair in enumerate(pairs)
    }


def _statuses(
    out: Mapping[GroupKey, Mapping[str, Any]],
    apart: Mapping[tuple[GroupKey, Rivals], str],
    members: Mapping[GroupKey, NDArray[np.bool_]],
) -> dict[GroupKey, tuple[str, Rivals]]:
    """Say of each group whether it stands, is explained or belongs together with others, and which those are."""
    held: dict[GroupKey, list[GroupKey]] = {}  # rivals without which a group is not (known to be) out of line
    explained: dict[GroupKey, list[GroupKey]] = {}
    for group in out:
        held[group], explained[group] = [], []
        kind = tuple(other for other in out if other[0] == group[0])
        for by in GROUPINGS:
            rivals = tuple(other for other in out if other[0] == by and by != group[0])
            seen = apart[group, rivals] if rivals else OUTSIDE_AS_WELL
            if seen == OUTSIDE_AS_WELL:
                continue
            touching = [other for other in rivals if (members[other] & members[group]).any()]
            held[group] += touching
            # Where a group is known to be in line outside, a rival that is out of line without it explains it; where
            # nothing is known, only a rival that is so without any group of this kind.
            without = (group,) if seen == ONLY_WITHIN else kind
            explained[group] += [other for other in touching if apart[other, without] == OUTSIDE_AS_WELL]
    # Two groups cannot explain each other: the one that is further out of line explains.
    strength = {group: float(row["p"]) for group, row in out.items()}
    for group in sorted(out, key=lambda item: strength[item]):
        explained[group] = [
            other for other in explained[group] if group not in explained[other] or strength[other] < strength[group]
        ]
    statuses: dict[GroupKey, tuple[str, Rivals]] = {}
    for group in out:
        together = tuple(other for other in held[group] if not explained[other])
        if explained[group]:
            statuses[group] = (EXPLAINED, tuple(explained[group]))
        else:
            statuses[group] = (TOGETHER, together) if together else (STANDS, ())
    return statuses


def _cells(
    group: GroupKey, partners: Sequence[GroupKey], members: Mapping[GroupKey, NDArray[np.bool_]], books: _Books
) -> tuple[dict[str, Any], ...]:
    mine = members[group]

    def cell(mask: NDArray[np.bool_]) -> dict[str, Any]:
        return {"n": int(mask.sum()), "suspects": int((mask & books.suspect).sum())}

    union = np.logical_or.reduce([members[other] for other in partners])
    return (
        *(cell(mine & members[other]) for other in partners),
        cell(mine & ~union),
        *(cell(members[other] & ~mine) for other in partners),
    )
