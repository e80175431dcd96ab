"""Are the checked books like the books nobody checked? Asked wherever a promise is said, since it rests on that."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from core.draws import DRAWN_TOLERANCE
from core.facets import FACETS, facet_codes, facet_column, facet_title, facet_words
from core.formatting import percent, plain
from core.representativeness import VERDICTS
from core.schema import CONFIDENCE, DRAWN, DRAWN_CHANCE, LEAK, PREDICTED, SPLIT, TRUTH
from core.statistics import MINIMUM_RECORDS, adjust_p, chi_square, total_variation, total_variation_by_chance

__all__ = ["PopulationAspect", "PopulationCheck", "compare_population", "learned_records", "usable_labels"]

LEVEL: Final = 0.05
MIN_FACET_EFFECT: Final = VERDICTS[0][0]  # what is called 'alike' on the Representativeness page is no reason to warn
# A shift of the confidences goes straight into the share of wrong ones among the accepted, so less of it is enough.
MIN_CONFIDENCE_EFFECT: Final = 0.02
# A value with so large a share of the collection can break a promise by itself if hardly any of its books are checked.
MIN_LACKING: Final = 0.02
LACKING_LEVEL: Final = 0.01
_ALL_ALIKE: Final = "all drawn alike"
MAX_DETAILED: Final = 2  # respects that are given with their figures; the others are named


@dataclass(frozen=True, kw_only=True)
class PopulationAspect:
    """One respect in which checked and unchecked books are compared.

    Attributes
    ----------
    name : str
        A facet, 'predicted' (the class the model names), 'confidence', or 'drawn' where it is known that the books are
        no plain random sample; then there are no figures.
    title : str
        Its name for people.
    effect : float
        How far the checked books are from the whole collection, 0 to 1: the total variation distance of a facet, the
        Kolmogorov–Smirnov statistic of the confidence. NaN where nothing can be compared.
    by_chance : float
        What a random sample of as many books would show on average.
    p, p_adjusted : float
        Of the test that checked and unchecked books are drawn alike, alone and adjusted for all respects (Holm).
    p_lacking : float
        Of the test that the value which most is missing among the checked books has its share there, for all values;
        1 where none has half of it or less.
    differs : bool
        Whether the difference is both beyond chance and large enough to matter.
    words : str
        What differs, as a part of a sentence; '' where nothing does.
    """

    name: str
    title: str
    effect: float
    by_chance: float
    p: float
    p_adjusted: float = math.nan
    p_lacking: float = 1.0
    differs: bool = False
    words: str = ""


@dataclass(frozen=True)
class PopulationCheck:
    """The checked books beside the collection, by every facet and by the model's own confidence.

    Attributes
    ----------
    n_checked, n_unchecked : int
        Books a promise may rest on, and books without a usable answer of a person.
    aspects : tuple of PopulationAspect
        Those that differ first, the largest effect first. Empty when there is nothing to compare.
    """

    n_checked: int
    n_unchecked: int
    aspects: tuple[PopulationAspect, ...]

    @property
    def differing(self) -> tuple[PopulationAspect, ...]:
        """The respects in which the checked books are not like the others."""
        return tuple(respect for respect in self.aspects if respect.differs)

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-able content; undefined numbers are None."""
        return {
            "n_checked": self.n_checked,
            "n_unchecked": self.n_unchecked,
            "respects": [plain(vars(respect)) for respect in self.aspects],
        }


def compare_population(table: pd.DataFrame, facets: Sequence[str] = FACETS) -> PopulationCheck:
    """Compare the checked books with the collection by every facet, by predicted class and by confidence.

    Parameters
    ----------
    table : DataFrame
        The scored table: one row a book of the collection, with ``predicted``, ``confidence`` (0 to 1, NaN if unknown),
        ``truth`` ('' where nobody gave a usable answer), where known ``leak`` and ``split``, and the columns facets are
        read from. Facets whose column is missing are passed over.
    facets : sequence of str

    Returns
    -------
    PopulationCheck
        Without respects when there are fewer than 10 books on either side, or where all were drawn with one and the
        same known chance. Where a person said that books were chosen, or where their known chances differ, that is one
        of the respects: no figure that counts them alike speaks for the collection.

    Notes
    -----
    Checked are the books a promise may rest on (:func:`usable_labels`), unchecked those without a truth.

    *Tests.* Of a facet, and of the predicted class: Pearson's chi-square on the two disjoint sets, rare values pooled.
    Of the confidence: the two-sample Kolmogorov–Smirnov test (asymptotic; ties make it cautious). All p values are
    adjusted together by Holm's method, so that of collections whose checked books were drawn at random at most 5 in 100
    are warned of.

    *Effect size.* With enough books any trifle is significant, so a difference counts only if the checked books are
    also far from the *collection*, beyond what a random sample of their size would show on average: a total variation
    distance of 0.05 of a facet or of the predicted class, a Kolmogorov–Smirnov distance of 0.02 of the confidence.
    Or one value holds 2 per cent of the collection more than of the checked books and has half its share among them or
    less (exact binomial test, Bonferroni's method, 1 per cent for all facets): a language that nobody could read.
    Distances are to all books, checked ones included: where most of the collection is checked, the others matter less.

    References
    ----------
    F. J. Massey (1951), "The Kolmogorov–Smirnov test for goodness of fit", JASA 46.
    S. Holm (1979), "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6.
    """
    checked, _ = usable_labels(table)
    unchecked = (table[TRUTH] == "").to_numpy(dtype=bool)
    n, rest = int(checked.sum()), int(unchecked.sum())
    if min(n, rest) < MINIMUM_RECORDS:
        return PopulationCheck(n, rest, ())
    known = _how_drawn(table, checked)
    if known == _ALL_ALIKE:
        return PopulationCheck(n, rest, ())
    comparisons = [
        _by_values(facet, facet_title(facet), *facet_codes(table, facet), checked, unchecked)
        for facet in facets
        if facet_column(facet) in table
    ]
    codes, names = pd.factorize(table[PREDICTED])
    comparisons.append(
        _by_values(
            PREDICTED,
            "What the model calls them",
            codes=codes,
            values=[str(n) for n in names],
            checked=checked,
            unchecked=unchecked,
        )
    )
    comparisons.append(_by_confidence(table[CONFIDENCE].to_numpy(dtype=float, na_value=np.nan), checked, unchecked))
    adjusted = adjust_p([respect.p for respect in comparisons], "holm")
    judged = [
        _with_verdict(respect, float(p), LACKING_LEVEL / len(comparisons))
        for respect, p in zip(comparisons, adjusted, strict=True)
    ]
    judged.sort(key=lambda respect: (not respect.differs, -np.nan_to_num(respect.effect, nan=0.0)))
    if known:
        none = math.nan
        respect = PopulationAspect(name=DRAWN, title="How they were drawn", effect=none, by_chance=none, p=none)
        judged.insert(0, replace(respect, differs=True, words=known))
    return PopulationCheck(n, rest, tuple(judged))


def _how_drawn(table: pd.DataFrame, checked: NDArray[np.bool_]) -> str:
    """Say why the checked books are known to be no plain random sample, or that they are one; '' if nothing is known.

    Once some were drawn with known chances, the others are checked beside the draw, and chance has no part in them.
    """
    if DRAWN_CHANCE in table:
        chances = table[DRAWN_CHANCE].to_numpy(dtype=float, na_value=np.nan)[checked]
        known = ~np.isnan(chances)
        if known.any() and np.ptp(chances[known]) > DRAWN_TOLERANCE * chances[known].min():
            return "some of them were drawn with a higher chance than others"
        if known.all():
            return _ALL_ALIKE
    if DRAWN in table and (table[DRAWN].to_numpy(dtype=object)[checked] == "chosen").any():
        return "they were chosen, not drawn at random"
    return ""


def usable_labels(table: pd.DataFrame) -> tuple[NDArray[np.bool_], int]:
    """Say which labelled records a promise may rest on, and how many are left out as learned from.

    A record is usable when its truth and its confidence are known, it is no training record, and its title is not among
    those the model learned from.
    """
    known = ~np.isnan(table[CONFIDENCE].to_numpy(dtype=float, na_value=np.nan))
    labelled = known & (table[TRUTH] != "").to_numpy(dtype=bool)
    learned = learned_records(table)
    return labelled & ~learned, int((labelled & learned).sum())


def learned_records(table: pd.DataFrame) -> NDArray[np.bool_]:
    """Say which records the model learned from: training records, and those whose title is among what it learned."""
    learned = np.zeros(len(table), dtype=bool)
    if LEAK in table:
        learned |= table[LEAK].to_numpy(dtype=bool)
    if SPLIT in table:
        learned |= (table[SPLIT] == "train").to_numpy(dtype=bool)
    return learned


def _with_verdict(respect: PopulationAspect, p_adjusted: float, lacking_level: float) -> PopulationAspect:
    least = MIN_CONFIDENCE_EFFECT if respect.name == CONFIDENCE else MIN_FACET_EFFECT
    differs = bool(p_adjusted < LEVEL and respect.effect - respect.by_chance >= least)
    differs |= respect.p_lacking < lacking_level
    return replace(respect, p_adjusted=p_adjusted, differs=differs, words=respect.words if differs else "")


def _by_values(
    name: str,
    title: str,
    codes: NDArray[np.intp],
    values: Sequence[str],
    checked: NDArray[np.bool_],
    unchecked: NDArray[np.bool_],
) -> PopulationAspect:
    ours, theirs = (np.bincount(codes[mask & (codes >= 0)], minlength=len(values)) for mask in (checked, unchecked))
    n, both = int(ours.sum()), ours + theirs
    if min(n, int(theirs.sum())) < MINIMUM_RECORDS:
        return PopulationAspect(name=name, title=title, effect=math.nan, by_chance=math.nan, p=math.nan)
    # The value that the checked books speak least for.
    most = int((theirs / theirs.sum() - ours / n).argmax())
    shares = (
        f"{percent(ours[most] / n, 0)} of the checked books and"
        f" {percent(theirs[most] / theirs.sum(), 0)} of those nobody checked"
    )
    value = str(values[most])
    words = f"the model calls {shares} {value or 'nothing'}"
    if name != PREDICTED:
        words = f"{shares} are {facet_words(name, value)}"
    return PopulationAspect(
        name=name, title=title, effect=total_variation(ours, both), by_chance=total_variation_by_chance(both, n),
        p=chi_square([ours, theirs]).p, p_lacking=_p_lacking(ours, both), words=words,
    )  # fmt: skip


def _p_lacking(ours: NDArray[np.intp], both: NDArray[np.intp]) -> float:
    """Return the probability that chance leaves so few books of any one value among the checked."""
    n, shares = int(ours.sum()), both / both.sum()
    tested = shares >= MIN_LACKING
    lacking = tested & (shares - ours / n >= MIN_LACKING) & (ours <= shares * n / 2)
    if not lacking.any():
        return 1.0
    return float(min(special.bdtr(ours[lacking], n, shares[lacking]).min() * tested.sum(), 1.0))


def _by_confidence(
    confidence: NDArray[np.float64], checked: NDArray[np.bool_], unchecked: NDArray[np.bool_]
) -> PopulationAspect:
    known = ~np.isnan(confidence)
    ours, theirs = confidence[checked & known], confidence[unchecked & known]
    title = "How sure the model is"
    n, rest = len(ours), len(theirs)
    if min(n, rest) < MINIMUM_RECORDS:
        return PopulationAspect(name=CONFIDENCE, title=title, effect=math.nan, by_chance=math.nan, p=math.nan)
    from scipy import stats  # a second at the start of each command, of which few come here

    test = stats.ks_2samp(ours, theirs, method="asymp")
    at = float(test.statistic_location)
    sure, others = float((ours > at).mean()), float((theirs > at).mean())
    words = (
        f"the model is {'less' if others < sure else 'more'} sure of the books nobody checked: it is more than"
        f" {percent(at)} sure of {percent(others, 0)} of them and of {percent(sure, 0)} of the checked ones"
    )
    # Of the distance to the unchecked books, the checked ones being a part of the whole; √(π/2)·ln 2 is the mean of
    # Kolmogorov's distribution.
    part = rest / (n + rest)
    by_chance = math.sqrt(math.pi / 2) * math.log(2) * math.sqrt(1 / n + 1 / rest) * part
    return PopulationAspect(
        name=CONFIDENCE,
        title=title,
        effect=float(test.statistic) * part,
        by_chance=by_chance,
        p=float(test.pvalue),
        words=words,
    )
