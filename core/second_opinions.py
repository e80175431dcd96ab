"""Second opinions: which share of the books two people answer, how far they agree, and how often people err."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from core.database import Database
from core.errors import InputError
from core.review import CANNOT_TELL, DecisionLog, OpinionPair
from core.statistics import Estimate, wilson
from core.statistics.agreement import krippendorff_alpha

__all__ = ["SecondOpinions", "human_error_rate", "measure_opinions", "save_second_share", "second_share"]

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
        Krippendorff's alpha, see :func:`core.statistics.agreement.krippendorff_alpha`.
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
