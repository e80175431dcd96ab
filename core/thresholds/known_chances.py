"""Exact bounds where each book was drawn with a chance of its own that is known: bets weighted by that chance."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["WeightedBet"]


@dataclass(frozen=True, kw_only=True)
class WeightedBet:
    """A bet against a collection that holds too many wrong records, for a sample drawn with known, unequal chances.

    Attributes
    ----------
    stake : float
        Above 0, at most the lowest chance: what is lost on a wrong record that was drawn with the chance p is
        ``stake / p`` of the stake money; what is won on each wrong record that is claimed is ``1 / (1 - stake)``.
    alpha : float
        Probability with which the limit may be too low.

    Notes
    -----
    Let K records be wrong, the i-th drawn with the chance p_i. ``1 - stake / p_i`` if it is drawn and 1 if not has the
    mean ``1 - stake``, whatever p_i is. If records are drawn independently, the product over the wrong ones divided by
    ``(1 - stake) ** K`` is a nonnegative variable of mean 1, which passes ``1 / alpha`` with a probability of at most
    alpha (Ville, Markov). Only the wrong ones among the drawn have to be known to compute it, and it rises with K: the
    smallest K at which it passes ``1 / alpha`` is too many. In a sample of fixed size from each stratum the draws are
    negatively associated, and each factor falls when its record is drawn: the mean is then 1 at most.

    Independent draws give more. Taken in the order of the confidences the product is a martingale, so that the limit
    holds at all cuts at once.

    References
    ----------
    I. Waudby-Smith, A. Ramdas (2024), "Estimating means of bounded random variables by betting", JRSS B 86.
    K. Joag-Dev, F. Proschan (1983), "Negative association of random variables", Annals of Statistics 11.
    """

    stake: float
    alpha: float

    @classmethod
    def against(cls, left: int, least_chance: float, alpha: float) -> "WeightedBet":
        """Choose the stake that forgives most wrong ones among the checked where `left` may remain.

        Parameters
        ----------
        left : int
            0 or more.
        least_chance : float
            The lowest chance with which any record could be drawn, above 0 and at most 1.
        alpha : float

        Notes
        -----
        Nothing here depends on a label, so the bet is settled before any is looked at.
        """
        from scipy import optimize  # half a second at the start of each command, of which few come here

        most = min(least_chance, 1 - 1e-9)
        wanted = math.log(1 / alpha)

        def forgiven(part: float) -> float:
            """Return how many errors of the rarest kind are forgiven, less than none if nothing can be proved."""
            claimed = -(left + 1) * math.log1p(-part * most) - wanted
            return claimed / (-math.log1p(-part) + math.log1p(-part * most))

        best = optimize.minimize_scalar(lambda part: -forgiven(part), bounds=(0.01, 0.999), method="bounded").x
        # Without a single error all is staked: it is the exact bound for a sample that is right throughout.
        part = float(best) if forgiven(float(best)) >= 1 else 1.0
        return cls(stake=part * most, alpha=alpha)

    @property
    def base(self) -> float:
        """Wrong records that can be claimed too many when none of the checked is wrong; not rounded."""
        return math.log(self.alpha) / math.log1p(-self.stake)

    def costs(self, chances: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return by how many unchecked records the limit rises for each wrong one that was drawn with these chances.

        Infinite where the stake is the chance.
        """
        part = np.minimum(self.stake / chances, 1.0)
        with np.errstate(divide="ignore"):
            costs: NDArray[np.float64] = np.log1p(-part) / math.log1p(-self.stake) - 1
        return np.maximum(costs, 0.0)

    def most_left(self, cost: float) -> float:
        """Return the upper limit of the wrong records that nobody checked, infinite where nothing can be said.

        Parameters
        ----------
        cost : float
            Sum of the costs of the wrong ones among the checked.

        Examples
        --------
        A tenth was drawn without an error; one that misses 29 wrong ones has a probability of .9 ** 29 = .047:

        >>> WeightedBet(stake=0.1, alpha=0.05).most_left(0.0)
        28.0
        """
        # 1e-9: a limit such as 28 is not lost to rounding.
        return math.ceil(self.base + cost - 1e-9) - 1.0 if math.isfinite(cost) else math.inf

    def allowed_cost(self, left: int) -> float:
        """Return the costs that still prove that at most `left` wrong records remain; below 0 if none do."""
        return left + 1 - self.base + 1e-9 if left >= 0 else -1.0
