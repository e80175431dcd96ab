"""Second opinions: which share of the books two people answer, how far they agree, and how often people err."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.database import Database
from core.errors import InputError
from core.review import CANNOT_TELL, DecisionLog, OpinionPair
from core.statistics import wilson
from core.statistics.intervals import Estimate

__all__ = [
    "SecondOpinions",
    "human_error_rate",
    "krippendorff_alpha",
    "measure_opinions",
    "save_second_share",
    "second_share",
]


# --- How far people agree who answered without knowing of each other: Krippendorff's alpha for names ------------------

_DRAWS: Final = 2_000
_FEWEST: Final = 2


def krippendorff_alpha(answers: Sequence[Sequence[str]], *, draws: int = _DRAWS, seed: int = 0) -> Estimate:
    """Return Krippendorff's alpha for nominal answers, with a bootstrap interval (95 %) over the units.

    Parameters
    ----------
    answers : sequence of sequence of str
        For each unit (a book) what each person said of it, '' where somebody said nothing. A unit with one answer or
        none says nothing of agreement and is passed over.
    draws, seed : int
        Of the bootstrap: units are drawn with replacement, and the interval is between percentiles.

    Returns
    -------
    Estimate
        ``value`` from about −1 to 1: 1 is full agreement, 0 what chance alone would give. ``n`` units. Undefined with
        fewer than two units, or where everybody gave one and the same answer: then nothing is known of chance.

    References
    ----------
    K. Krippendorff (2011), "Computing Krippendorff's Alpha-Reliability", University of Pennsylvania.

    Examples
    --------
    >>> round(krippendorff_alpha([("a", "a"), ("a", "b"), ("b", "b"), ("b", "b")]).value, 3)
    0.533
    """
    units = [[answer for answer in unit if answer] for unit in answers]
    units = [unit for unit in units if len(unit) > 1]
    names = sorted({answer for unit in units for answer in unit})
    if len(units) < _FEWEST:
        return Estimate.undefined("too few books have two answers", n=len(units))
    if len(names) == 1:
        return Estimate.undefined("everybody gave one and the same answer", n=len(units))
    place = {name: number for number, name in enumerate(names)}
    coincidences = np.zeros((len(units), len(names), len(names)))
    for number, unit in enumerate(units):
        counts = np.bincount([place[answer] for answer in unit], minlength=len(names)).astype(float)
        coincidences[number] = (np.outer(counts, counts) - np.diag(counts)) / (len(unit) - 1)
    value = float(_alpha(coincidences.sum(axis=0, keepdims=True))[0])
    generator = np.random.default_rng(seed)
    weights = generator.multinomial(len(units), np.full(len(units), 1 / len(units)), size=draws).astype(float)
    drawn = _alpha((weights @ coincidences.reshape(len(units), -1)).reshape(draws, len(names), len(names)))
    known = drawn[~np.isnan(drawn)]
    low, high = np.percentile(known, [2.5, 97.5]) if len(known) else (math.nan, math.nan)
    return Estimate(value=value, low=float(low), high=float(high), n=len(units), method="bootstrap over books")


def _alpha(coincidences: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return alpha of each matrix of coincidences, NaN where one answer alone occurs."""
    margins = coincidences.sum(axis=2)
    total = margins.sum(axis=1)
    observed = total - np.trace(coincidences, axis1=1, axis2=2)
    expected = total**2 - (margins**2).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(expected > 0, 1 - (total - 1) * observed / expected, np.nan)


# --- Second opinions: which share of the books two people answer, how far they agree, and how often people err --------

_KIND: Final = "second_opinions"


@dataclass(frozen=True, kw_only=True)
class SecondOpinions:
    """What the books show that two people answered.

    Attributes
    ----------
    pairs : tuple of OpinionPair
        Independent ones in which both named a class.
    agreed : int
        Of these, those with one and the same class.
    copies : int
        Pairs that one person may have given under two names: from one browser window or file, or with one and the same
        note. That is no agreement, so they count for nothing.
    undecided : int
        Pairs in which somebody could not tell; left out.
    alpha : Estimate
        Krippendorff's alpha, see :func:`core.second_opinions.krippendorff_alpha`.
    human_error : Estimate
        See :func:`human_error_rate`.
    """

    pairs: tuple[OpinionPair, ...]
    agreed: int
    copies: int
    undecided: int
    alpha: Estimate
    human_error: Estimate


def measure_opinions(log: DecisionLog) -> SecondOpinions:
    """Measure how far people agree, from the pairs of a log."""
    copies = [pair for pair in log.pairs if _is_copy(pair)]
    others = [pair for pair in log.pairs if not _is_copy(pair)]
    pairs = tuple(pair for pair in others if CANNOT_TELL not in (pair.first.label, pair.second.label))
    agreed = sum(pair.agrees for pair in pairs)
    return SecondOpinions(
        pairs=pairs,
        agreed=agreed,
        copies=len(copies),
        undecided=len(others) - len(pairs),
        alpha=krippendorff_alpha([(pair.first.label, pair.second.label) for pair in pairs]),
        human_error=human_error_rate(len(pairs) - agreed, len(pairs)),
    )


def _is_copy(pair: OpinionPair) -> bool:
    first, second = pair.first, pair.second
    one_window = bool(first.session) and first.session == second.session
    one_note = bool(first.note.strip()) and first.note.strip() == second.note.strip()
    return one_window or one_note or first.by.casefold() == second.by.casefold()


def human_error_rate(disagreements: int, pairs: int) -> Estimate:
    """Estimate how often people err from how often two of them disagree.

    Returns
    -------
    Estimate
        ``value`` 0 to .5. Undefined without pairs, and where half of them or more disagree.

    Notes
    -----
    If both err with the rate e, independently, and two wrong answers are alike (as with two classes), they disagree in
    2 e (1 − e) of the books; with more classes two wrong answers may differ as well, and what is returned is then a
    little too large. The limits are those of Wilson for the share of disagreements, put through the same formula. Books
    on which both err for one and the same reason are not seen.

    Examples
    --------
    Of 100 pairs 18 disagree: 2 · 0.1 · 0.9.

    >>> round(human_error_rate(18, 100).value, 3)
    0.1
    """
    if not pairs:
        return Estimate.undefined("no book has two answers")
    if 2 * disagreements >= pairs:
        return Estimate.undefined("half of the answers or more disagree", n=pairs)
    low, high = wilson(disagreements, pairs)
    return Estimate(
        value=_error_of(disagreements / pairs),
        low=_error_of(low),
        high=_error_of(high),
        n=pairs,
        method="from disagreements",
    )


def _error_of(share: float) -> float:
    return (1 - math.sqrt(max(1 - 2 * share, 0.0))) / 2


def second_share(database: Database, predictions: str) -> float:
    """Return the share of the decided books that a second person decides too, 0 to 1; 0 where nobody chose one."""
    notes: Iterable[dict[str, object]] = database.read(_KIND, predictions)
    shares = [note["share"] for note in notes if isinstance(note.get("share"), int | float)]
    return float(shares[-1]) if shares else 0.0  # type: ignore[arg-type]


def save_second_share(database: Database, predictions: str, share: float) -> None:
    """Keep that share.

    Raises
    ------
    InputError
        It does not lie between 0 and 1.
    """
    if not 0 <= share <= 1:
        raise InputError(f"The share of second opinions lies between 0 and 1 (10 per cent is 0.1); {share} came.")
    database.add(_KIND, predictions, {"share": share})
