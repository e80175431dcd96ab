"""Numbers in words, the same in every sentence."""

import math
from collections.abc import Sequence

__all__ = ["in_percent", "listed", "opened", "over_or_under"]


def opened(words: str) -> str:
    """Return words with a capital letter at the beginning, as a sentence opens.

    >>> opened("books from The Hague")
    'Books from The Hague'
    """
    return words[:1].upper() + words[1:]


def listed(parts: Sequence[str]) -> str:
    """Return "a, b and c".

    >>> listed(["a", "b", "c"]), listed(["a"])
    ('a, b and c', 'a')
    """
    return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))


def in_percent(share: float) -> str:
    """Return a share as a percentage for a sentence: whole, or with one decimal near 0 and 100.

    >>> [in_percent(share) for share in (0.1904, 0.0312, 0.0042, 0.0001, 0, 0.998, 1)]
    ['19 %', '3 %', '0.4 %', 'under 0.1 %', '0 %', '99.8 %', '100 %']
    """
    if math.isnan(share):
        return "an unknown share"
    if 0 < share < 0.0005:
        return "under 0.1 %"
    if 0.9995 <= share < 1:
        return "over 99.9 %"
    if 0 < share < 0.00995 or 0.99 < share < 1:
        return f"{100 * share:.1f} %"
    return f"{100 * share:.0f} %"


def over_or_under(ratio: float) -> str:
    """Say how many times over- or under-represented something is.

    >>> [over_or_under(ratio) for ratio in (6.1, 1.5, 0.5)]
    ['6 times over-represented', '1.5 times over-represented', '2 times under-represented']
    >>> [over_or_under(ratio) for ratio in (1.04, 0)]
    ['about their share', 'missing']
    """
    if math.isnan(ratio):
        return "found in one of the two only"
    if ratio == 0:
        return "missing"
    if 0.95 < ratio < 1.05:
        return "about their share"
    times = max(ratio, 1 / ratio)
    amount = f"{times:,.0f}" if times >= 4.95 or abs(times - round(times)) < 0.05 else f"{times:.1f}"
    return f"{amount} times {'over' if ratio > 1 else 'under'}-represented"
