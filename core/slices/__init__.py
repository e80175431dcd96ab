"""Slices: kinds of books on which a model fails, found by the program and not by a list of suspicions.

A slice is a conjunction of at most three predicates of a record: a facet's value, a range of years or of lengths, words
of the title. A slice that :func:`find_slices` reports is

- *real*: found on one half of the labelled books, confirmed on the other (:mod:`core.slices.confirm`);
- *not the class mix*: worse than the rest of the same true classes, and than the rest of the same predicted classes
  (:mod:`core.slices.stratified`);
- *not another's shadow*: slices that a stronger one explains are folded under it (:mod:`core.slices.confirm`);
- *useful*: with the share of all errors that lie in it and the records of the collection that it covers
  (:mod:`core.slices.measure`).

What is enumerated, and what is not, stands in :mod:`core.slices.search`. Slices that somebody asks for are measured by
:func:`measure_slices`, :func:`facet_slices` and :func:`cross_table`; who looks at many of them keeps a
:class:`Ledger`. Words that somebody types are tested on titles that lists keep back (:mod:`core.slices.ledger`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from core.errors import InputError
from core.facets import FACETS
from core.formatting import plain
from core.progress import Progress, silent
from core.schema import CORRECT, PREDICTED, RECORDS_COLUMNS, TRUTH
from core.slices.confirm import FoldedSlice, SearchLimits, find_candidates, fold_explained
from core.slices.ledger import Ledger, Look, PhraseLook, held_back, ledger_of, level_of_look, look_at_words
from core.slices.measure import (
    MAX_PREDICATES,
    FacetSlices,
    LabelledBooks,
    Overall,
    PairSlices,
    Slice,
    SliceMeasurement,
    cross_table,
    error_share,
    facet_slices,
    measure_slices,
    pair_slices,
    slice_p_value,
)
from core.slices.predicate_table import collect_predicates
from core.slices.stratified import LabelledTitles, Rows, halves, one_per_title
from core.statistics import Estimate

__all__ = [
    "DEFAULT_RATE",
    "FacetSlices",
    "Ledger",
    "Look",
    "PairSlices",
    "PhraseLook",
    "Slice",
    "SliceFinding",
    "SliceFindings",
    "SliceMeasurement",
    "cross_table",
    "facet_slices",
    "find_slices",
    "held_back",
    "ledger_of",
    "level_of_look",
    "look_at_words",
    "measure_slices",
    "pair_slices",
    "slice_p_value",
]


# --- What a search for slices has to say ------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class SliceFinding:
    """A slice that was found in one half of the labelled books and confirmed in the other.

    Attributes
    ----------
    measured : SliceMeasurement
        Its numbers on all labelled books.
    unseen : Estimate
        Share that is wrong (`unseen_errors` of ``unseen.n``) among the books the search had not seen, each title once:
        the number that was not selected for being high.
    p, p_adjusted : float
        Exact, on those books; adjusted for every slice that was tested.
    p_given : float
        The same within and outside the stronger slices.
    folded_under : str
        Description of the slice that explains it: what remains outside is shown to be small; '' otherwise.
    confounded_with : str
        Description of a stronger slice that it cannot be told apart from yet; '' when it can.
    proposals, searches : int
        How many of the searched halves found it, and how many were searched.
    """

    measured: SliceMeasurement
    unseen: Estimate
    unseen_errors: int
    p: float
    p_adjusted: float
    p_given: float
    folded_under: str
    confounded_with: str
    proposals: int
    searches: int

    @property
    def slice(self) -> Slice:
        """The facts."""
        return self.measured.slice

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-able content; what is undefined is None."""
        return self.measured.as_dict() | {
            "unseen_n": self.unseen.n,
            "unseen_errors": self.unseen_errors,
            "unseen_rate": plain(self.unseen.value),
            "unseen_low": plain(self.unseen.low),
            "unseen_high": plain(self.unseen.high),
            "p": self.p,
            "p_adjusted": self.p_adjusted,
            "p_given_stronger": self.p_given,
            "folded_under": self.folded_under or None,
            "confounded_with": self.confounded_with or None,
            "found_in": self.proposals,
            "searches": self.searches,
        }


@dataclass(frozen=True, kw_only=True)
class SliceFindings:
    """All that a search for slices has to say.

    Attributes
    ----------
    overall : Overall
        How often the labelled books are wrong.
    slices : tuple of SliceFinding
        Standing slices, the strongest first, each followed by those folded under it.
    predicates, tested : int
        How many facts took part, and how many slices were put to the test.
    rate : float
        Of what is reported, at most this share is chance on average over many searches.
    settings : mapping
        What was asked for: ``facets``, ``max_facts``, ``words``, ``min_n``.
    reason : str
        Why nothing is reported; '' when something is.
    """

    overall: Overall
    slices: tuple[SliceFinding, ...]
    predicates: int
    tested: int
    rate: float
    seed: int
    settings: Mapping[str, Any]
    reason: str = ""

    @property
    def unexplained(self) -> tuple[SliceFinding, ...]:
        """The slices that stand by themselves: no other explains them, and they can be told apart from all others."""
        return tuple(finding for finding in self.slices if not finding.folded_under and not finding.confounded_with)

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-able content, as ``colophon slices --find --json`` prints it."""
        return {
            "overall": self.overall.as_dict(),
            "slices": [finding.as_dict() for finding in self.slices],
            "facts": self.predicates,
            "tested": self.tested,
            "false_discovery_rate": self.rate,
            "seed": self.seed,
            "settings": dict(self.settings),
            "reason": self.reason,
        }


# --- Find the slices of a collection on which a model fails: search, confirm, fold, measure ---------------------------


# Of what is reported, at most this share is chance, on average.
DEFAULT_RATE: Final = 0.10
MIN_SLICE_SIZE = 20
# A slice has at least so many errors in the half that is searched, and at least a hundredth of the errors there.
MIN_SLICE_ERRORS = 3
# A small sample is divided several times.
SMALL_SAMPLE, SMALL_SAMPLE_DIVISIONS = 5_000, 5


def find_slices(
    table: pd.DataFrame,
    classes: Sequence[str],
    *,
    facets: Sequence[str] = FACETS,
    max_facts: int = MAX_PREDICATES,
    words: int = 500,
    seed: int = 0,
    collection: pd.DataFrame | None = None,
    progress: Progress = silent,
) -> SliceFindings:
    """Find conjunctions of facts on which the model fails more often than on the rest of the same classes.

    Parameters
    ----------
    table : DataFrame
        The scored table. Rows without a truth are not searched.
    classes : sequence of str
    facets : sequence of str
        Facets whose values are facts; ranges of years and of the length of titles are facts always.
    max_facts : int
        Facts a slice, 1 to 3.
    words : int
        So many of the commonest words of the titles are facts, half as many word families, a fifth as many pairs of
        neighbouring words, and groups of words that behave alike. 0 leaves the titles aside.
    seed : int
        Of the division into halves.
    collection : DataFrame, optional
        Records of the whole collection, in which slices are counted; without it, all rows of `table`.

    Returns
    -------
    SliceFindings
        Without slices, and with the reason, when there are too few labelled books or errors, or nothing was confirmed.

    Raises
    ------
    InputError
        A setting is outside its range, or the table lacks columns.

    References
    ----------
    Benjamini, Y., and Yekutieli, D. (2001). The control of the false discovery rate in multiple testing under
    dependency. Annals of Statistics 29.
    Cox, D. R. (1975). A note on data-splitting for the evaluation of significance levels. Biometrika 62.
    Mantel, N., and Haenszel, W. (1959). Statistical aspects of the analysis of data from retrospective studies of
    disease. JNCI 22.
    """
    _check(table, max_facts, words)
    labelled = LabelledBooks(table, classes)
    least = max(MIN_SLICE_SIZE, len(labelled) // 400)
    settings = {"facets": list(facets), "max_facts": max_facts, "words": words, "min_n": least}
    titles = one_per_title(table[labelled.known], tuple(classes))
    needed = max(MIN_SLICE_ERRORS, -(-int(titles.wrong.sum()) // 200))

    def nothing(reason: str, predicates: int = 0, tested: int = 0) -> SliceFindings:
        return SliceFindings(
            overall=labelled.overall,
            slices=(),
            predicates=predicates,
            tested=tested,
            rate=DEFAULT_RATE,
            seed=seed,
            settings=settings,
            reason=reason,
        )

    if len(titles) < 2 * least or titles.wrong.sum() < 2 * needed:
        return nothing(
            f"{len(titles):,} labelled titles with {titles.wrong.sum():,} errors are too few to search: it takes"
            f" {2 * least} titles and {2 * needed} errors at least."
        )
    progress(0.0, "Collecting facts")
    predicates = collect_predicates(titles.records, facets, words, least)
    rules = SearchLimits(max_facts, -(-least // 2), needed)
    divisions = SMALL_SAMPLE_DIVISIONS if len(titles) < SMALL_SAMPLE else 1
    parts = halves(titles, divisions, seed)
    tested = find_candidates(
        titles, predicates, parts, rules, lambda fraction, message: progress(0.2 + 0.6 * fraction, message)
    )
    if not any(result.p_adjusted <= DEFAULT_RATE for result in tested):
        return nothing(
            f"No slice is worse than chance allows: {len(tested)} were found on halves of the {len(labelled):,}"
            " labelled books, and none was confirmed on the other half.",
            len(predicates),
            len(tested),
        )
    progress(0.8, "Comparing the slices with each other")
    folded = fold_explained(titles, parts, tested, DEFAULT_RATE)
    progress(0.9, "Counting")
    slices = [Slice(entry.candidate.predicates) for entry in folded]
    numbers = measure_slices(table, classes, slices, collection)
    findings = tuple(
        _slice_finding(entry, result, slices, parts, titles) for entry, result in zip(folded, numbers, strict=True)
    )
    progress(1.0, "Done")
    return SliceFindings(
        overall=labelled.overall,
        slices=findings,
        predicates=len(predicates),
        tested=len(tested),
        rate=DEFAULT_RATE,
        seed=seed,
        settings=settings,
    )


def _slice_finding(
    entry: FoldedSlice,
    measured: SliceMeasurement,
    slices: Sequence[Slice],
    parts: Sequence[Rows],
    titles: LabelledTitles,
) -> SliceFinding:
    candidate = entry.candidate
    inside = parts[candidate.unseen][candidate.mask[parts[candidate.unseen]]]
    errors = int(titles.wrong[inside].sum())
    above = slices[entry.under].description if entry.under >= 0 else ""
    return SliceFinding(
        measured=measured,
        unseen=error_share(errors, len(inside)),
        unseen_errors=errors,
        p=candidate.p,
        p_adjusted=candidate.p_adjusted,
        p_given=entry.p_given,
        folded_under=above if entry.explained else "",
        confounded_with="" if entry.explained else above,
        proposals=candidate.proposals,
        searches=len(parts),
    )


def _check(table: pd.DataFrame, max_facts: int, words: int) -> None:
    missing = [column for column in (*RECORDS_COLUMNS, TRUTH, PREDICTED, CORRECT) if column not in table]
    if missing:
        raise InputError(f"The scored table lacks the columns {', '.join(missing)}.")
    if not 1 <= max_facts <= MAX_PREDICATES:
        raise InputError(f"A slice has 1 to {MAX_PREDICATES} facts; {max_facts} were asked for.")
    if words < 0:
        raise InputError(f"The number of words cannot be negative; {words} came.")
