"""A bound on the records that are wrong and accepted, true at every cut at once."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.schema import CONFIDENCE, PREDICTED
from core.thresholds.acceptance_rates import ALL_CLASSES
from core.thresholds.finite_population import band_limits
from core.thresholds.known_chances import WeightedBet
from core.thresholds.policy import Policy
from core.thresholds.sample import CheckedSample

__all__ = ["ErrorBand", "ErrorBound", "ErrorLimits", "band_share", "has_band"]

# One band is for all records whatever their class, and up to so many classes each has one of its own. The first serves
# cuts that are alike: it needs no sum of worst cases, so it has the larger part of alpha.
MOST_BANDS: Final = 4
SHARE_OF_ALL: Final = 0.7
# What a single cut has of the alpha of all cuts, roughly: good enough to forecast what further labels would do.
SHARE_OF_ONE_CUT: Final = 0.05
# Of all records: where chances differ the one bet that serves every cut is placed against so many wrong ones.
BET_AGAINST: Final = 0.02


def has_band(per: str, n_classes: int) -> bool:
    """Say whether a band has limits for what is asked: of all classes together, or of each of so many."""
    return per == "together" or 1 < n_classes <= MOST_BANDS


def band_share(name: str, n_classes: int) -> float:
    """Return which part of a band's alpha the limits of a class have, or those of :data:`ALL_CLASSES`."""
    if not has_band("class", n_classes):
        return 1.0
    return SHARE_OF_ALL if name == ALL_CLASSES else (1 - SHARE_OF_ALL) / n_classes


@dataclass(frozen=True, kw_only=True)
class ErrorBound:
    """How many records are wrong, accepted and unchecked under a policy, at most.

    Attributes
    ----------
    most_wrong : int
    records : int
        Of the collection.
    confidence : float
        That it holds at this and every other cut.
    """

    most_wrong: int
    records: int
    confidence: float

    @property
    def share(self) -> float:
        """Of all records; NaN without records."""
        return self.most_wrong / self.records if self.records else math.nan


@dataclass(frozen=True, kw_only=True, eq=False)
class ErrorLimits:
    """How many records above a cut are wrong though nobody checked them, at most: at all cuts together.

    Attributes
    ----------
    unchecked : float array, shape (n_limits,)
        With e wrong ones among the checked above a cut at most ``unchecked[e]``; nothing is said for larger e.
    alpha : float
        Probability with which any of them is too low.
    """

    unchecked: NDArray[np.float64]
    alpha: float

    def allowed(self, left: int) -> int:
        """Return how many wrong ones among the checked still prove that at most `left` unchecked ones are wrong.

        −1 where not even 0 would do.
        """
        beyond = np.flatnonzero(self.unchecked > left)
        return int(beyond[0]) - 1 if len(beyond) else len(self.unchecked) - 1

    def most_left(self, errors: int) -> float:
        """Return the limit of the unchecked with so many errors; infinity where nothing is said."""
        return float(self.unchecked[errors]) if errors < len(self.unchecked) else math.inf


class ErrorBand:
    """A bound on the records that are wrong and accepted, at every cut at once.

    Whoever moves a cut, reads the bound, moves it again and stops where it pleases has a true bound all the same. Build
    it once for predictions and labels; a look-up is two binary searches a class.

    Parameters
    ----------
    table : DataFrame
        As for :func:`find_whole_guarantee`.
    classes : sequence of str
    confidence : float
        With which the bound is true at all cuts of all classes together.
    alpha : float, optional
        What may be spent on it; ``1 - confidence`` by default.

    See Also
    --------
    core.thresholds.finite_population.band_limits : why it holds.
    core.thresholds.known_chances.WeightedBet : why it holds where records were drawn independently, with known chances
        that differ.
    """

    def __init__(
        self, table: pd.DataFrame, classes: Sequence[str], confidence: float = 0.95, alpha: float | None = None
    ) -> None:
        sample = CheckedSample.from_table(table)
        stated = np.nan_to_num(table[CONFIDENCE].to_numpy(dtype=float, na_value=np.nan), nan=0.0)
        codes = pd.Index(list(classes)).get_indexer(pd.Index(table[PREDICTED]))
        self.records, self.confidence, self.labelled = len(table), confidence, int(sample.drawn.sum())
        spent = round(1 - confidence, 12) if alpha is None else alpha
        own = tuple(classes) if has_band("class", len(classes)) else ()
        every = np.flatnonzero(codes >= 0)
        self._all = _ClassBand.from_rows(every, stated, sample, spent * band_share(ALL_CLASSES, len(classes)))
        self._by_class = {
            name: _ClassBand.from_rows(
                np.flatnonzero(codes == i), stated, sample, spent * band_share(name, len(classes))
            )
            for i, name in enumerate(own)
        }

    def limits(self, name: str = ALL_CLASSES) -> ErrorLimits | None:
        """Return the limits of one class, or of all together; None where there is no band of its own."""
        band = self._all if name == ALL_CLASSES else self._by_class.get(name)
        if band is None:
            return None
        unchecked = band.limits - np.arange(len(band.limits), dtype=float) if band.left is None else band.left
        return ErrorLimits(unchecked=unchecked, alpha=band.alpha)

    def bound(self, policy: Policy) -> ErrorBound:
        """Return the bound for what a policy accepts.

        Of cuts that differ by stratum the lowest of a class counts, and a slice is bounded by the whole: the policy
        accepts no more than that.
        """
        lowest: dict[str, float] = {}
        for cuts in (policy.cuts, *policy.by_stratum.values()):
            for name, cut in cuts.items():
                lowest[name] = min(cut, lowest.get(name, 1.0))
        most = self._all.most_wrong(min(lowest.values(), default=1.0))
        if self._by_class:
            apart = sum(band.most_wrong(lowest[name]) for name, band in self._by_class.items() if name in lowest)
            most = min(most, apart)
        return ErrorBound(most_wrong=most, records=self.records, confidence=self.confidence)

    def table(self) -> pd.DataFrame:
        """Return the bound over all cuts.

        Returns
        -------
        DataFrame
            One row a class, up to :data:`MOST_BANDS` classes, and of :data:`ALL_CLASSES`, and step of its bound, the
            highest cut first: ``class``, ``cut``, ``accepted`` (of all records with this prediction), ``labelled`` and
            ``errors`` (among the accepted of the sample), ``most_wrong`` and ``error_high`` (as a share of all).
        """
        bands = {**self._by_class, ALL_CLASSES: self._all}
        tables = [band.table().assign(**{"class": name}) for name, band in bands.items()]
        table = pd.concat(tables, ignore_index=True)
        return table.assign(error_high=table["most_wrong"] / max(self.records, 1))


@dataclass(frozen=True, kw_only=True, eq=False)
class _ClassBand:
    """One band: confidences rising, of all records, of the sample and of its wrong ones, and limits by errors.

    ``checked`` are those that the sample's records state, ``counted`` and ``wrong`` those that they are counted at.

    ``left`` is None, or where chances differ the limit of the unchecked wrong ones for 0, 1, … of the surest errors.
    """

    confidence: NDArray[np.float64]
    checked: NDArray[np.float64]
    counted: NDArray[np.float64]
    wrong: NDArray[np.float64]
    limits: NDArray[np.int64]
    alpha: float
    left: NDArray[np.float64] | None = None

    @classmethod
    def from_rows(
        cls, rows: NDArray[np.intp], stated: NDArray[np.float64], sample: CheckedSample, alpha: float
    ) -> "_ClassBand":
        n, frame = int(sample.drawn[rows].sum()), int(sample.frame[rows].sum())
        drawn, errors, counted = rows[sample.drawn[rows]], rows[sample.wrong[rows]], sample.confidence
        left = None
        if sample.is_weighted:
            least = float(sample.chance[sample.drawn].min())
            bet = WeightedBet.against(int(BET_AGAINST * len(rows)), least, alpha)
            surest = errors[np.argsort(-counted[errors], kind="stable")]
            costs = np.concatenate([[0.0], np.cumsum(bet.costs(sample.chance[surest]))])
            left = np.array([bet.most_left(cost) for cost in costs.tolist()])
        return cls(
            confidence=np.sort(stated[rows]),
            checked=np.sort(stated[drawn]),
            counted=np.sort(counted[drawn]),
            wrong=np.sort(counted[errors]),
            limits=band_limits(n, frame, alpha) if n and left is None else np.zeros(0, dtype=np.int64),
            left=left,
            alpha=alpha,
        )

    def most_wrong(self, cut: float) -> int:
        return int(self._most_wrong(np.asarray([cut]))[0])

    def table(self) -> pd.DataFrame:
        # Between two wrong ones of the sample the bound stays the same; just above one is where most is accepted.
        cuts = np.unique(np.append(self.wrong[self.wrong > 0], 0.0))[::-1]
        return pd.DataFrame(
            {
                "cut": cuts,
                "accepted": _above(self.confidence, cuts),
                "labelled": _above(self.counted, cuts),
                "errors": _above(self.wrong, cuts),
                "most_wrong": self._most_wrong(cuts),
            }
        )

    def _most_wrong(self, cuts: NDArray[np.float64]) -> NDArray[np.int64]:
        errors = _above(self.wrong, cuts)
        unchecked = _above(self.confidence, cuts) - _above(self.checked, cuts)
        if self.left is not None:
            return np.asarray(np.minimum(self.left[errors], unchecked), dtype=np.int64)
        beyond = np.append(self.limits, len(self.confidence) + len(self.wrong))
        most: NDArray[np.int64] = np.minimum(beyond[np.minimum(errors, len(self.limits))] - errors, unchecked)
        return most


def _above(rising: NDArray[np.float64], cuts: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.asarray(len(rising) - np.searchsorted(rising, cuts, side="right"), dtype=np.int64)
