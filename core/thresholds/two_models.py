"""Two kinds of machine and people under one promise: a quick model, a slow one for what it leaves, then people."""

import math
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.errors import InputError
from core.schema import CONFIDENCE, LEAK, PREDICTED, TRUTH
from core.thresholds.confidence_sequence import WeightedBet
from core.thresholds.finite_population import allowed_in_sample, most_wrong
from core.thresholds.policy import check_cut
from core.thresholds.population import PopulationCheck, compare_population, learned_records
from core.thresholds.report import RECORDS_AN_HOUR
from core.thresholds.sample import CheckedSample, comparable_confidences

__all__ = ["QUICK", "TwoCuts", "TwoModelGuarantee", "find_two_model_guarantee"]

QUICK: Final = "quick"
SLOW: Final = "slow"
# Of the checked books so many choose the cuts that are tried; the others test them. By simulation a half leaves a fifth
# more to people, and an eighth too few to see which model is over-confident.
CHOOSING: Final = 0.25
_CUTS: Final = 60  # of each model: quantiles of its confidences
_STATED: Final = 1e-3  # weight of what the models state where the checked books do not tell two cuts apart


@dataclass(frozen=True, kw_only=True)
class TwoCuts:
    """From which confidence on each of two models decides a record; the quick one is asked first.

    Attributes
    ----------
    quick, slow : float
        A prediction is accepted when its confidence is greater; 1 where the model decides nothing.
    """

    quick: float
    slow: float

    def __post_init__(self) -> None:
        check_cut("the quick model", self.quick)
        check_cut("the slow model", self.slow)

    def decided_by(self, quick: pd.DataFrame, slow: pd.DataFrame) -> NDArray[np.object_]:
        """Return who decides each record, shape (n_records,): 'quick', 'slow', or '' for people.

        Parameters
        ----------
        quick, slow : DataFrame
            ``predicted`` and ``confidence`` of the same records, row for row.
        """
        by = np.full(len(quick), "", dtype=object)
        by[_stated(slow) > self.slow] = SLOW
        by[_stated(quick) > self.quick] = QUICK
        return by


@dataclass(frozen=True, kw_only=True)
class TwoModelGuarantee:
    """What two models and people come to together: who decides how much, and how wrong the whole may be in the end.

    Attributes
    ----------
    max_error, confidence, human_error : float
        As in :class:`core.thresholds.WholeGuarantee`.
    cuts : TwoCuts
        Both 1 where nothing can be guaranteed.
    records, by_quick, by_slow, read, review : int
        All records; those each model decides; those the slow one must read; those that people still have to look at.
    pace, seconds_a_title : float
        Records a person does in an hour, and how long the slow model takes for one.
    labelled, choosing, errors, most_wrong : int
        Titles of the sample; those of them that chose the cuts to be tried; wrong ones among the accepted of the
        others; the exact upper limit of the wrong records that stay.
    alpha : float
        Probability with which that limit may be too low.
    unusable, editions, not_drawn, left_out : int
        See :class:`core.thresholds.sample.CheckedSample`; left out are those that either model learned from.
    population : PopulationCheck
    known_chances, weighted, learned_known : bool
    earlier : int
        Questions that were put to the same checked books before it: the later, the less of alpha it had.
    """

    max_error: float
    confidence: float
    human_error: float
    cuts: TwoCuts
    records: int
    by_quick: int
    by_slow: int
    read: int
    review: int
    pace: float
    seconds_a_title: float
    labelled: int
    choosing: int
    errors: int
    most_wrong: int
    alpha: float
    unusable: int
    editions: int
    not_drawn: int
    left_out: int
    population: PopulationCheck
    known_chances: bool
    weighted: bool
    learned_known: bool = False
    earlier: int = 0

    @property
    def accepted(self) -> int:
        """Records that a machine decides."""
        return self.by_quick + self.by_slow

    @property
    def hours(self) -> float:
        """Hours of review."""
        return self.review / self.pace

    @property
    def machine_hours(self) -> float:
        """Hours that the slow model reads."""
        return self.read * self.seconds_a_title / 3600

    @property
    def is_random(self) -> bool:
        """Whether the checked records are a random sample: known to be, or nothing speaks against it."""
        return self.known_chances or not self.population.differing

    @property
    def guaranteed(self) -> bool:
        """Whether a machine may decide anything, and the sample may stand for the collection."""
        return self.accepted > 0 and self.is_random

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-able content."""
        names = (
            "max_error", "confidence", "human_error", "records", "accepted", "by_quick", "by_slow", "read", "review",
            "hours", "machine_hours", "seconds_a_title", "labelled", "choosing", "errors", "most_wrong", "unusable",
            "editions", "not_drawn", "left_out", "known_chances", "earlier",
        )  # fmt: skip
        content = {name: getattr(self, name) for name in names}
        cuts = {"quick_cut": self.cuts.quick, "slow_cut": self.cuts.slow}
        return {"kind": "two models", "promised": self.guaranteed, **cuts, **content}


def find_two_model_guarantee(
    quick: pd.DataFrame,
    slow: pd.DataFrame,
    max_error: float,
    confidence: float = 0.95,
    *,
    human_error: float = 0.0,
    alpha: float | None = None,
    seconds_a_title: float = 1.0,
    learned_known: bool = False,
    population: PopulationCheck | None = None,
    seed: int = 0,
) -> TwoModelGuarantee:
    """Find the two cuts with which people have least to do while at most a share of *all* records is wrong in the end.

    Parameters
    ----------
    quick, slow : DataFrame
        Scored tables of the same records, row for row: ``predicted``, ``confidence`` (0 to 1, NaN for none), ``truth``
        (that of `quick` counts), and where known ``truth_given``, ``unanswered``, ``drawn_chance``, ``leak``,
        ``split``, ``title_key``. The checked records must be a random sample of the collection.
    max_error, confidence : float
        Between 0 and 1.
    human_error : float
        How often people label wrongly, 0 to below 1.
    alpha : float, optional
        What may be spent of ``1 - confidence``; all of it by default.
    seconds_a_title : float
        How long the slow model takes for a title, 0 or more: an hour of it weighs as much as an hour of people's.
    learned_known : bool
        Whether it is known what both models learned from.
    seed : int
        Of the draw of the checked records that choose.

    Raises
    ------
    InputError
        A share that does not lie between 0 and 1, a time below 0, or tables of different length.

    Notes
    -----
    A quarter of the checked records, drawn by lot, says how wrong each model is above each cut (isotonic regression),
    and so which pairs of cuts are worth trying: those for which no other is both cheaper and thought to be less wrong,
    the least wrong first. The other three quarters test them in this order, each by the exact limit for a finite
    population at the whole of alpha, and the first pair that fails ends it; the cheapest pair before it is taken. The
    order is settled before the testing records are looked at, so a false pair is taken only if the first false one of
    the order passes, which happens in alpha of the draws at most. That the quick model takes over records from the slow
    one as its cut falls, so that errors may fall too, does no harm: no order of the limits is needed.

    References
    ----------
    HyPAC, arXiv 2602.02550 (two kinds of annotators and people under one bound).
    B. Laufer-Goldshtein, A. Fisch, R. Barzilay, T. Jaakkola (2023), "Efficiently controlling multiple risks with Pareto
    testing", ICLR (the order).
    A. N. Angelopoulos, S. Bates, E. J. Candès, M. I. Jordan, L. Lei (2021), "Learn then test", arXiv 2110.01052.
    """
    if not 0 < max_error < 1 or not 0 < confidence < 1 or not 0 <= human_error < 1:
        raise InputError(
            f"A promise needs a share of errors and a confidence between 0 and 1 (5 per cent is 0.05); {max_error},"
            f" {confidence} and {human_error} came."
        )
    if seconds_a_title < 0:
        raise InputError(f"The second model takes no less than 0 seconds for a title; {seconds_a_title} came.")
    if len(quick) != len(slow):
        raise InputError(f"The predictions speak of {len(quick):,} and {len(slow):,} records: they must be the same.")
    spent = round(1 - confidence, 12) if alpha is None else alpha
    # What either model learned from tests neither.
    both = quick.assign(**{LEAK: learned_records(quick) | learned_records(slow)})
    sample = CheckedSample.from_table(both)
    answered = (both[TRUTH] != "").to_numpy(dtype=bool)
    truth = both[TRUTH].to_numpy(dtype=object)
    wrong = [sample.drawn & (table[PREDICTED].to_numpy(dtype=object) != truth) for table in (quick, slow)]
    chosen_by, tested = _halves(sample, seed)
    counted = [
        np.where(_stated(table) > 0, comparable_confidences(table, sample.drawn, sample.chance), 0.0)
        for table in (quick, slow)
    ]
    pairs = _Pairs.of(*counted)
    accepted = pairs.count(np.ones(len(quick)), np.ones(len(quick)))
    # Which records nobody has looked at; what people said of the others has no part in the order.
    open_ones = np.where(answered | sample.drawn, 0.0, 1.0)
    looks = open_ones.sum() - pairs.count(open_ones, open_ones)
    read = pairs.reading()
    cost = looks / RECORDS_AN_HOUR + read * seconds_a_title / 3600
    errors = [
        _error_rates(stated, mistaken, chosen_by, sample) for stated, mistaken in zip(counted, wrong, strict=True)
    ]
    order = _order(cost, pairs.count(*errors))
    bound = _Bound.of(tested, len(quick), int(sample.drawn.sum()), max_error, human_error, spent)
    best = None
    counts = pairs.count(*(1.0 * (mistaken & tested.drawn) for mistaken in wrong))
    costs = bound.costs(tested)
    spent_costs = pairs.count(*(np.where(mistaken & tested.drawn, costs, 0.0) for mistaken in wrong))
    for at in order:
        n = int(accepted.flat[at])
        if not bound.could_pass(n):
            continue
        if not bound.passes(int(counts.flat[at]), float(spent_costs.flat[at]), n):
            break
        if best is None or cost.flat[at] < cost.flat[best]:
            best = at
    cuts = TwoCuts(quick=1.0, slow=1.0) if best is None else pairs.cuts(best)
    by = cuts.decided_by(quick, slow)
    n_errors = 0 if best is None else int(counts.flat[best])
    checked = population or compare_population(both)
    return TwoModelGuarantee(
        max_error=max_error,
        confidence=confidence,
        human_error=human_error,
        cuts=cuts,
        records=len(quick),
        by_quick=int((by == QUICK).sum()),
        by_slow=int((by == SLOW).sum()),
        read=int((_stated(quick) <= cuts.quick).sum()) if cuts.slow < 1 else 0,
        review=int(((by == "") & ~answered).sum()),
        pace=RECORDS_AN_HOUR,
        seconds_a_title=seconds_a_title,
        labelled=int(sample.drawn.sum()),
        choosing=int(chosen_by.sum()),
        errors=n_errors,
        most_wrong=0
        if best is None
        else bound.most_left(n_errors, float(spent_costs.flat[best]), int((by != "").sum())),
        alpha=spent,
        unusable=sample.unusable,
        editions=sample.editions,
        not_drawn=sample.not_drawn,
        left_out=sample.left_out,
        population=replace(checked, aspects=()) if sample.has_known_chances else checked,
        known_chances=sample.has_known_chances,
        weighted=sample.is_weighted,
        learned_known=learned_known,
    )


def _stated(table: pd.DataFrame) -> NDArray[np.float64]:
    """Return the confidence of each record, 0 where it has none or no prediction: then it is never accepted."""
    stated = np.nan_to_num(table[CONFIDENCE].to_numpy(dtype=float, na_value=np.nan), nan=0.0)
    return np.where((table[PREDICTED] != "").to_numpy(dtype=bool), stated, 0.0)


def _halves(sample: CheckedSample, seed: int) -> tuple[NDArray[np.bool_], CheckedSample]:
    """Return which of the sample choose, and the others as a sample of all but these."""
    rows = np.random.default_rng(seed).permutation(np.flatnonzero(sample.drawn))
    chosen_by = np.zeros(len(sample.drawn), dtype=bool)
    chosen_by[rows[: round(CHOOSING * len(rows))]] = True
    others = sample.within(~chosen_by)
    return chosen_by, replace(others, chance=sample.chance * (1 - CHOOSING))


def _error_rates(
    stated: NDArray[np.float64], wrong: NDArray[np.bool_], chosen_by: NDArray[np.bool_], sample: CheckedSample
) -> NDArray[np.float64]:
    """Return how often each record's prediction is thought to be wrong, by those that choose: it never rises."""
    from sklearn.isotonic import IsotonicRegression  # a second to load, which no other command should wait for

    if not chosen_by.any():
        return 1 - stated
    weights = 1 / sample.chance[chosen_by] if sample.is_weighted else None
    fit = IsotonicRegression(increasing=False, out_of_bounds="clip", y_min=0, y_max=1)
    fit.fit(stated[chosen_by], 1.0 * wrong[chosen_by], sample_weight=weights)
    rates: NDArray[np.float64] = np.asarray(fit.predict(stated), dtype=float) + _STATED * (1 - stated)
    return rates


def _order(cost: NDArray[np.float64], risk: NDArray[np.float64]) -> list[int]:
    """Return the pairs for which no other is both cheaper and less wrong, the least wrong first."""
    by_risk = np.lexsort((cost.ravel(), risk.ravel()))
    costs = cost.ravel()[by_risk]
    least = np.minimum.accumulate(costs)
    worth: list[int] = by_risk[np.append(True, costs[1:] < least[:-1])].tolist()
    return worth


@dataclass(frozen=True, kw_only=True, eq=False)
class _Pairs:
    """All pairs of two lists of cuts, both falling; arrays over them have the shape (n_quick, n_slow)."""

    quick_cuts: NDArray[np.float64]
    slow_cuts: NDArray[np.float64]
    quick_place: NDArray[np.intp]
    slow_place: NDArray[np.intp]

    @classmethod
    def of(cls, quick: NDArray[np.float64], slow: NDArray[np.float64]) -> "_Pairs":
        quick_cuts, slow_cuts = _falling_cuts(quick), _falling_cuts(slow)
        return cls(
            quick_cuts=quick_cuts,
            slow_cuts=slow_cuts,
            quick_place=_first_below(quick_cuts, quick),
            slow_place=_first_below(slow_cuts, slow),
        )

    def count(self, of_quick: NDArray[np.float64], of_slow: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the sums over what each pair accepts: of the first where the quick model decides, else the other."""
        n_quick, n_slow = len(self.quick_cuts), len(self.slow_cuts)
        by_quick = np.bincount(self.quick_place, weights=of_quick, minlength=n_quick + 1).cumsum()[:n_quick]
        both = np.zeros((n_quick + 1, n_slow + 1))
        np.add.at(both, (self.quick_place, self.slow_place), of_slow)
        # Records whose quick confidence lies below the cut (a later place), and whose slow one lies above its own.
        later = both.cumsum(axis=1)[::-1].cumsum(axis=0)[::-1]
        sums: NDArray[np.float64] = by_quick[:, np.newaxis] + later[1:, :n_slow]
        return sums

    def reading(self) -> NDArray[np.float64]:
        """Return how many records the slow model must read: all the quick one leaves, none where it decides nothing."""
        left = np.bincount(self.quick_place, minlength=len(self.quick_cuts) + 1)[::-1].cumsum()[::-1][1:]
        return np.where(self.slow_cuts < 1, left[:, np.newaxis], 0).astype(float)

    def cuts(self, at: int) -> TwoCuts:
        row, column = divmod(at, len(self.slow_cuts))
        return TwoCuts(quick=float(self.quick_cuts[row]), slow=float(self.slow_cuts[column]))


def _falling_cuts(stated: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return cuts from 1, which accepts nothing, down to 0; no label is looked at."""
    quantiles = np.quantile(stated, np.linspace(0, 1, _CUTS)) if len(stated) else np.zeros(0)
    cuts: NDArray[np.float64] = np.unique(np.concatenate([np.round(quantiles, 6), [0.0, 1.0]]).clip(0, 1))[::-1]
    return cuts


def _first_below(falling: NDArray[np.float64], stated: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the place of the highest cut that each confidence passes; their number where it passes none."""
    return np.asarray(len(falling) - np.searchsorted(falling[::-1], stated, side="left"), dtype=np.intp)


@dataclass(frozen=True, kw_only=True)
class _Bound:
    """The exact limit of the unchecked wrong records by the testing sample.

    ``records``, ``checked``: all records, and those people have looked at; ``sample``, ``frame``: those that test, and
    all they stand for; ``least_chance`` is 0 where all were drawn alike.
    """

    records: int
    checked: int
    sample: int
    frame: int
    least_chance: float
    max_error: float
    human_error: float
    alpha: float

    @classmethod
    def of(
        cls, tested: CheckedSample, records: int, checked: int, max_error: float, human_error: float, alpha: float
    ) -> "_Bound":
        return cls(
            records=records,
            checked=checked,
            sample=int(tested.drawn.sum()),
            frame=int(tested.frame.sum()),
            least_chance=float(tested.chance[tested.drawn].min()) if tested.is_weighted else 0.0,
            max_error=max_error,
            human_error=human_error,
            alpha=alpha,
        )

    def may_remain(self, accepted: int) -> int:
        """Return how many unchecked wrong records may stay where so many are accepted; people err on all others."""
        by_people = min(self.records - accepted + self.checked, self.records) if self.human_error else 0
        return math.floor(self.max_error * self.records - self.human_error * by_people + 1e-9)

    def costs(self, tested: CheckedSample) -> NDArray[np.float64]:
        """Return what each wrong record of the sample costs where chances differ; 0 where all were drawn alike."""
        if not self.least_chance:
            return np.zeros(len(tested.chance))
        return self._bet().costs(np.where(tested.drawn, tested.chance, 1.0))

    def could_pass(self, accepted: int) -> bool:
        """Say whether so many records could be accepted if no error were found; no label is looked at."""
        return self.passes(0, 0.0, accepted)

    def passes(self, errors: int, cost: float, accepted: int) -> bool:
        left = self.may_remain(accepted)
        if accepted <= left:
            return True
        if left < 0 or not self.sample:
            return False
        if self.least_chance:
            return cost <= self._bet().allowed_cost(left)
        return errors <= allowed_in_sample(left, self.sample, self.frame, self.alpha)

    def most_left(self, errors: int, cost: float, accepted: int) -> int:
        if self.least_chance:
            return int(min(self._bet().most_left(cost), accepted))
        return min(most_wrong(errors, self.sample, self.frame, self.alpha) - errors, accepted)

    def _bet(self) -> WeightedBet:
        # One bet for all pairs, chosen for what may remain if people have nothing to do.
        return WeightedBet.against(max(self.may_remain(self.records), 0), self.least_chance, self.alpha)
