"""Shares of labelled books that say so when there are too few to speak of a share."""

from core.statistics import MINIMUM_RECORDS, Estimate, proportion

__all__ = ["accuracy_estimate"]


def accuracy_estimate(right: int, n: int, what: str = "labelled books") -> Estimate:
    """Return a share with its Wilson interval; undefined, with the reason, below 10 records.

    >>> accuracy_estimate(9, 10).value
    0.9
    >>> accuracy_estimate(3, 4, "labelled books of the 1840s").reason
    'only 4 labelled books of the 1840s: 3 right'
    """
    if n == 0:
        return Estimate.undefined(f"no {what}", 0, "Wilson")
    if n < MINIMUM_RECORDS:
        return Estimate.undefined(f"only {n} {what}: {right} right", n, "Wilson")
    return proportion(right, n)
