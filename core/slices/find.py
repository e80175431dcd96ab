"""Find the slices of a collection on which a model fails: search, confirm, fold, measure."""

from collections.abc import Sequence
from typing import Final

import pandas as pd

from core.errors import InputError
from core.facets import FACETS
from core.progress import Progress, silent
from core.schema import CORRECT, PREDICTED, RECORDS_COLUMNS, TRUTH
from core.slices.confirm import SearchLimits, find_candidates
from core.slices.definition import MAX_PREDICATES, Slice
from core.slices.fact_table import collect_predicates
from core.slices.findings import SliceFinding, SliceFindings
from core.slices.fold import FoldedSlice, fold_explained
from core.slices.measure import LabelledBooks, SliceMeasurement, error_share, measure_slices
from core.slices.units import LabelledTitles, Rows, halves, one_per_title

__all__ = ["DEFAULT_RATE", "find_slices"]

# Of what is reported, at most this share may be chance.
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
    min_n: int | None = None,
    seed: int = 0,
    collection: pd.DataFrame | None = None,
    fdr: float = DEFAULT_RATE,
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
    min_n : int, optional
        Fewest labelled books in a slice, at least 10. Without it 20, or a four-hundredth of the labelled books, if that
        is more.
    seed : int
        Of the division into halves.
    collection : DataFrame, optional
        Records of the whole collection, in which slices are counted; without it, all rows of `table`.
    fdr : float
        Of the slices that are reported, at most this share may be chance, 0 to 1 (exclusive).

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
    _check(table, max_facts, words, min_n, fdr)
    labelled = LabelledBooks(table, classes)
    least = min_n or max(MIN_SLICE_SIZE, len(labelled) // 400)
    settings = {"facets": list(facets), "max_facts": max_facts, "words": words, "min_n": least}
    titles = one_per_title(table[labelled.known], tuple(classes))
    needed = max(MIN_SLICE_ERRORS, -(-int(titles.wrong.sum()) // 200))

    def nothing(reason: str, predicates: int = 0, tested: int = 0) -> SliceFindings:
        return SliceFindings(labelled.overall, (), predicates, tested, fdr, seed, settings, reason)

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
    if not any(result.p_adjusted <= fdr for result in tested):
        return nothing(
            f"No slice is worse than chance allows: {len(tested)} were found on halves of the {len(labelled):,}"
            " labelled books, and none was confirmed on the other half.",
            len(predicates),
            len(tested),
        )
    progress(0.8, "Comparing the slices with each other")
    folded = fold_explained(titles, parts, tested, fdr)
    progress(0.9, "Counting")
    slices = [Slice(entry.candidate.predicates) for entry in folded]
    numbers = measure_slices(table, classes, slices, collection)
    findings = tuple(
        _slice_finding(entry, result, slices, parts, titles) for entry, result in zip(folded, numbers, strict=True)
    )
    progress(1.0, "Done")
    return SliceFindings(labelled.overall, findings, len(predicates), len(tested), fdr, seed, settings)


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
        measured,
        error_share(errors, len(inside)),
        errors,
        candidate.p,
        candidate.p_adjusted,
        entry.p_given,
        above,
        candidate.proposals,
        len(parts),
    )


def _check(table: pd.DataFrame, max_facts: int, words: int, min_n: int | None, fdr: float) -> None:
    missing = [column for column in (*RECORDS_COLUMNS, TRUTH, PREDICTED, CORRECT) if column not in table]
    if missing:
        raise InputError(f"The scored table lacks the columns {', '.join(missing)}.")
    if not 1 <= max_facts <= MAX_PREDICATES:
        raise InputError(f"A slice has 1 to {MAX_PREDICATES} facts; {max_facts} were asked for.")
    if words < 0:
        raise InputError(f"The number of words cannot be negative; {words} came.")
    if min_n is not None and min_n < 10:
        raise InputError(f"A slice needs at least 10 labelled books to have a rate; {min_n} were asked for.")
    if not 0 < fdr < 1:
        raise InputError(f"The share of false findings lies between 0 and 1 (10 per cent is 0.1); {fdr} came.")
