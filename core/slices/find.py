"""Find the slices of a collection on which a model fails: search, confirm, fold, measure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd

from core.errors import InputError
from core.facets import FACETS
from core.progress import Progress, silent
from core.schema import CORRECT, PREDICTED, RECORDS_COLUMNS, TRUTH
from core.slices.confirm import Candidate, Rules, find_candidates
from core.slices.definition import MAX_FACTS
from core.slices.definition import Slice
from core.slices.fact_table import collect_facts
from core.slices.fold import fold
from core.slices.measure import Measured, measure, number, times
from core.slices.units import halves, one_per_title
from core.statistics import Estimate, in_percent, proportion

__all__ = ["DEFAULT_RATE", "Finding", "SliceFindings", "find_slices"]

# Of what is reported, at most this share may be chance.
DEFAULT_RATE: Final = 0.10
SMALLEST = 20
# A slice is worth showing only if it holds at least this share of the errors.
LEAST_SHARE = 0.01
# Samples smaller than this are divided several times.
SMALL_SAMPLE, ROUNDS = 5_000, 4


@dataclass(frozen=True)
class Finding:
    """A slice that was found in one half of the labelled books and confirmed in the other.

    Attributes
    ----------
    measured : Measured
        Its numbers on all labelled books.
    unseen : Estimate
        Share that is wrong among the books the search had not seen, each title once: the number that was not selected for being
        high. `unseen_errors` of ``unseen.n``.
    p, p_adjusted : float
        Exact, on those books; adjusted for every slice that was tested.
    p_given : float
        The same within and outside the stronger slices.
    folded_under : str
        Description of the slice that explains it; '' when it stands by itself.
    proposed : int
        How many of the searched halves found it, each without knowing the others.
    """

    measured: Measured
    unseen: Estimate
    unseen_errors: int
    p: float
    p_adjusted: float
    p_given: float
    folded_under: str
    proposed: int

    @property
    def slice(self) -> Slice:
        """The facts."""
        return self.measured.slice

    @property
    def sentence(self) -> str:
        """What was found, in plain words."""
        text = self.measured.sentence
        if self.unseen.defined:
            text += (
                f" Among the books the search had not seen: {self.unseen_errors:,} of {self.unseen.n:,}"
                f" ({in_percent(self.unseen.low)} to {in_percent(self.unseen.high)})."
            )
        if self.folded_under:
            text += f" Explained by: {self.folded_under}."
        return text

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-able content; what is undefined is None."""
        return self.measured.as_dict() | {
            "unseen_n": self.unseen.n,
            "unseen_errors": self.unseen_errors,
            "unseen_rate": number(self.unseen.value),
            "unseen_low": number(self.unseen.low),
            "unseen_high": number(self.unseen.high),
            "p": self.p,
            "p_adjusted": self.p_adjusted,
            "p_given_stronger": self.p_given,
            "folded_under": self.folded_under or None,
            "found_in_halves": self.proposed,
            "sentence": self.sentence,
        }


@dataclass(frozen=True)
class SliceFindings:
    """All that a search for slices has to say.

    Attributes
    ----------
    overall : Estimate
        Share of the labelled books that is wrong.
    errors : int
    slices : tuple of Finding
        Standing slices, the strongest first, each followed by those folded under it.
    facts, tested : int
        How many facts took part, and how many slices were put to the test.
    rate : float
        Of what is reported, at most this share is expected to be chance.
    reason : str
        Why nothing is reported; '' when something is.
    """

    overall: Estimate
    errors: int
    slices: tuple[Finding, ...]
    facts: int
    tested: int
    rate: float
    seed: int
    reason: str = ""
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def standing(self) -> tuple[Finding, ...]:
        """The slices that no other explains."""
        return tuple(finding for finding in self.slices if not finding.folded_under)

    @property
    def sentences(self) -> tuple[str, ...]:
        """The verdict in plain words."""
        if not self.slices:
            return (self.reason,)
        first = (
            f"{self.errors:,} of {self.overall.n:,} labelled books are wrong ({in_percent(self.overall.value)})."
            f" Of {self.tested} slices that were put to the test, {len(self.slices)} are worse than chance allows;"
            f" {len(self.standing)} stand by themselves."
        )
        return (first, *(finding.sentence for finding in self.standing))

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-able content, as ``colophon slices --find --json`` prints it."""
        return {
            "overall": {
                "n": self.overall.n,
                "errors": self.errors,
                "error_rate": number(self.overall.value),
                "low": number(self.overall.low),
                "high": number(self.overall.high),
            },
            "slices": [finding.as_dict() for finding in self.slices],
            "facts": self.facts,
            "tested": self.tested,
            "false_discovery_rate": self.rate,
            "seed": self.seed,
            "settings": self.settings,
            "reason": self.reason,
            "sentences": list(self.sentences),
        }


def find_slices(
    table: pd.DataFrame,
    classes: Sequence[str],
    *,
    facets: Sequence[str] = FACETS,
    max_facts: int = MAX_FACTS,
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
        Fewest labelled books in a slice, at least 10. Without it 20, or a four-hundredth of the labelled books if that is more.
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
    labelled = table[table[TRUTH] != ""]
    wrong = int((~labelled[CORRECT].to_numpy(dtype=bool)).sum())
    overall = proportion(wrong, len(labelled))
    least = min_n or max(SMALLEST, len(labelled) // 400)
    settings = {"facets": list(facets), "max_facts": max_facts, "words": words, "min_n": least}
    units = one_per_title(labelled, tuple(classes))
    needed = max(3, int(np.ceil(LEAST_SHARE * units.wrong.sum() / 2)))

    def nothing(reason: str, facts: int = 0, tested: int = 0) -> SliceFindings:
        return SliceFindings(overall, wrong, (), facts, tested, fdr, seed, reason, settings)

    if len(units) < 2 * least or units.wrong.sum() < 2 * needed:
        return nothing(
            f"{len(labelled):,} labelled books with {wrong:,} errors are too few to search: it takes {2 * least} titles"
            f" and {2 * needed} errors at least."
        )
    progress(0.0, "Collecting facts")
    facts = collect_facts(units.records, facets, words, least)
    progress(0.2, f"Searching {len(facts):,} facts")
    rules = Rules(max_facts, -(-least // 2), needed)
    rounds = ROUNDS if len(units) < SMALL_SAMPLE else 1
    divisions = [halves(units, draw) for draw in np.random.SeedSequence(seed).spawn(rounds)]
    tested = find_candidates(units, facts, divisions, rules)
    confirmed = [one for one in tested if one.p_adjusted <= fdr and one.inside.sum() >= least]
    if not confirmed:
        return nothing(
            f"No slice is worse than chance allows: {len(tested)} were found on one half of {len(labelled):,} labelled books,"
            f" none was confirmed on the other.",
            len(facts),
            len(tested),
        )
    progress(0.8, "Comparing the slices with each other")
    folded = fold(units, confirmed, [one.p for one in tested if one.p_adjusted > fdr], fdr)
    progress(0.9, "Counting")
    slices = [Slice(entry.candidate.facts) for entry in folded]
    numbers = measure(labelled, classes, slices, table if collection is None else collection)
    findings = tuple(
        _finding(entry.candidate, one, entry.p_given, slices[entry.under].description if entry.under >= 0 else "", units.wrong)
        for entry, one in zip(folded, numbers, strict=True)
    )
    progress(1.0, "Done")
    return SliceFindings(overall, wrong, findings, len(facts), len(tested), fdr, seed, "", settings)


def _finding(candidate: Candidate, measured: Measured, given: float, under: str, wrong: Any) -> Finding:
    inside = candidate.unseen[candidate.inside[candidate.unseen]]
    errors = int(wrong[inside].sum())
    unseen = proportion(errors, len(inside))
    if len(inside) < 10:
        unseen = Estimate.undefined("fewer than 10 books", len(inside))
    return Finding(measured, unseen, errors, candidate.p, candidate.p_adjusted, given, under, candidate.proposed)


def _check(table: pd.DataFrame, max_facts: int, words: int, min_n: int | None, fdr: float) -> None:
    missing = [column for column in (*RECORDS_COLUMNS, TRUTH, PREDICTED, CORRECT) if column not in table]
    if missing:
        raise InputError(f"The scored table lacks the columns {', '.join(missing)}.")
    if not 1 <= max_facts <= MAX_FACTS:
        raise InputError(f"A slice has 1 to {MAX_FACTS} facts; {max_facts} were asked for.")
    if words < 0:
        raise InputError(f"The number of words cannot be negative; {words} came.")
    if min_n is not None and min_n < 10:
        raise InputError(f"A slice needs at least 10 labelled books to have a rate; {min_n} were asked for.")
    if not 0 < fdr < 1:
        raise InputError(f"The share of false findings lies between 0 and 1 (10 per cent is 0.1); {fdr} came.")
