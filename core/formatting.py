"""Numbers, shares, estimates and lists as text: each written one way, on page, command line, report and export."""

import math
from collections.abc import Iterable, Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any, Protocol

from core.translation import _, number_text

__all__ = [
    "Estimated",
    "capitalised",
    "counts_listed",
    "figure",
    "in_percent",
    "interval_count",
    "interval_percent",
    "largest_listed",
    "listed",
    "lower_percent",
    "over_or_under",
    "percent",
    "rate",
    "upper_percent",
]

# Float noise below this is no digit: 0.1 + 0.2 is 30 per cent, not a hair more.
_NOISE = 12


def capitalised(words: str) -> str:
    """Return words with a capital letter at the beginning, as a sentence opens.

    >>> capitalised("books from The Hague")
    'Books from The Hague'
    """
    return words[:1].upper() + words[1:]


def listed(parts: Iterable[str], most: int | None = None, *, last: str | None = None) -> str:
    """Return "a, b and c"; of more than `most` parts the first ones, and how many more there are.

    >>> listed(["a", "b", "c"]), listed(["a"]), listed(["a", "b", "c"], most=2), listed(["a", "b"], 2, last=", ")
    ('a, b and c', 'a', 'a, b and 1 more', 'a, b')
    """
    shown, last = list(parts), _(" and ") if last is None else last
    if most is not None and len(shown) > most:
        shown[most:], last = [_("{n:,} more", n=len(shown) - most)], _(" and ")
    return last.join(filter(None, (", ".join(shown[:-1]), *shown[-1:])))


def counts_listed(counts: Mapping[str, int], most: int = 5) -> str:
    """Return how many there are of each class: all of them in their order, or the largest "and 95 more" of many.

    One more than `most` is still listed: "and 1 more" would be no shorter.

    >>> counts_listed({"Fiction": 1200, "Poetry": 3})
    '1,200 Fiction, 3 Poetry'
    >>> counts_listed({"A": 1, "B": 5, "C": 0, "D": 7}, most=2)
    '7 D, 5 B and 2 more classes'
    """
    names = list(counts)
    rest = len(names) - most
    if rest > 1:
        names = sorted(names, key=lambda name: -counts[name])[:most]  # of equal counts the first in the order given
    listing = ", ".join(_("{n:,} {name}", n=counts[name], name=name) for name in names)
    return _("{listing} and {rest:,} more classes", listing=listing, rest=rest) if rest > 1 else listing


def largest_listed(parts: Mapping[str, float], words: Mapping[str, str], most: int = 5) -> str:
    """Return the words of all classes in their order, or of the largest "and 95 more classes" of many.

    >>> largest_listed({"A": 0.1, "B": 0.6, "C": 0.3}, {"A": "A 10 %", "B": "B 60 %", "C": "C 30 %"}, most=1)
    'B 60 % and 2 more classes'
    """
    rest = len(parts) - most
    if rest <= 1:
        return listed([words[name] for name in parts])
    names = sorted(parts, key=lambda name: -parts[name])[:most]
    listing = ", ".join(words[name] for name in names)
    return _("{listing} and {rest:,} more classes", listing=listing, rest=rest)


def in_percent(share: float) -> str:
    """Return a share as a percentage for a sentence: whole, or with one decimal near 0 and 100.

    >>> [in_percent(share) for share in (0.1904, 0.0312, 0.0042, 0.0001, 0, 0.998, 1)]
    ['19 %', '3 %', '0.4 %', 'under 0.1 %', '0 %', '99.8 %', '100 %']
    """
    if math.isnan(share):
        return _("an unknown share")
    if 0 < share < 0.0005:
        return _("under {share}", share=number_text("0.1 %"))
    if 0.9995 <= share < 1:
        return _("over {share}", share=number_text("99.9 %"))
    if 0 < share < 0.00995 or 0.99 < share < 1:
        return number_text(f"{100 * share:.1f} %")
    return f"{100 * share:.0f} %"


def percent(share: float | None, digits: int = 1) -> str:
    """Return a share as a percentage with a fixed number of decimals, for tables; a dash when it is undefined.

    Only 0 is shown as 0 and only 1 as 100: nobody is to read "100.0 % sure" of what is not certain.

    >>> [percent(share) for share in (0.8929, 0.99996, 1, 0.0001, 0, None)]
    ['89.3 %', 'over 99.9 %', '100.0 %', 'under 0.1 %', '0.0 %', '–']
    """
    if share is None or math.isnan(share):
        return "–"
    least = 10.0**-digits
    if share < 1 and round(100 * share, digits) >= 100:
        return _("over {share}", share=number_text(f"{100 - least:.{digits}f} %"))
    if share > 0 and round(100 * share, digits) <= 0:
        return _("under {share}", share=number_text(f"{least:.{digits}f} %"))
    return number_text(f"{100 * share:.{digits}f} %")


class Estimated(Protocol):
    """What has an estimated value: its `value`, `low`, `high`, `n` and `reason`."""

    def as_dict(self) -> dict[str, Any]:
        """Return the values by their names."""


def rate(
    estimate: Estimated | Mapping[str, Any],
    *,
    bounds: str = "",
    n: str = ", n = ",
    unknown: str | None = None,
) -> str:
    """Return an estimated share with its interval and the number of records it rests on, or why there is none.

    Parameters
    ----------
    estimate : Estimate or mapping
        ``value``, ``low``, ``high`` between 0 and 1, ``n``, ``reason``, as :meth:`core.statistics.Estimate.as_dict`
        has them. Without a value it is undefined; what else is missing is left out.
    bounds, n : str
        What stands before the interval and before the number of records.
    unknown : str
        What is returned where the value is undefined.

    Examples
    --------
    >>> rate({"value": 0.893, "low": 0.87, "high": 0.912, "n": 850})
    '89.3 % (87.0 to 91.2 %, n = 850)'
    >>> rate({"value": 0.5, "n": 9}), rate({"value": 0.5}), rate({"value": None, "reason": "too few books"})
    ('50.0 % (n = 9)', '50.0 %', 'not known: too few books')
    """
    values = estimate if isinstance(estimate, Mapping) else estimate.as_dict()
    value, low, high, size = (_defined(values.get(key)) for key in ("value", "low", "high", "n"))
    if value is None:
        reason = _(values.get("reason") or "no labelled books")
        return (_("not known: {reason}") if unknown is None else unknown).format(reason=reason)
    between = "" if low is None or high is None else f"{bounds}{interval_percent(low, high)}"
    inside = f"{between}{'' if size is None else n + number_text(f'{size:,}')}".removeprefix(n[:2])
    return f"{percent(value)} ({inside})" if inside else percent(value)


def _defined(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else value


def figure(estimate: Estimated, unknown: str | None = None) -> str:
    """Return an estimated number that is no share, such as macro-F1, with its interval: "0.874 (0.850 to 0.897)"."""
    values = estimate.as_dict()
    value, low, high = (values[key] for key in ("value", "low", "high"))
    if value is None:
        return (_("not known: {reason}") if unknown is None else unknown).format(reason=_(str(values.get("reason"))))
    if low is None:
        return number_text(f"{value:.3f}")
    return _("{value:.3f} ({low:.3f} to {high:.3f})", value=value, low=low, high=high)


def upper_percent(share: float) -> str:
    """Return an upper limit as a percentage that is never below it: exact to two decimals, else rounded up.

    Below 0.1 per cent there are so many decimals that two figures are shown.

    >>> [upper_percent(share) for share in (0.05, 0.025, 0.045, 1 / 30, 0.0000123, 0)]
    ['5 %', '2.5 %', '4.5 %', '3.34 %', '0.0013 %', '0 %']
    """
    return _("an unknown share") if math.isnan(share) else f"{_limit(share, ROUND_CEILING)} %"


def lower_percent(share: float) -> str:
    """Return a lower limit, or a confidence, as a percentage that is never above it: as :func:`upper_percent`, down.

    >>> [lower_percent(share) for share in (0.95, 0.975, 0.99999, 2 / 3)]
    ['95 %', '97.5 %', '99.99 %', '66.66 %']
    """
    return _("an unknown share") if math.isnan(share) else f"{_limit(share, ROUND_FLOOR)} %"


def _limit(share: float, rounding: str) -> str:
    exact = 100 * Decimal(repr(float(share)))
    # `adjusted` is the place of the first figure: −2 in 0.0123, of which 0.013 is shown.
    places = max(2, 1 - exact.adjusted()) if exact else 0
    shown = exact.quantize(Decimal(1).scaleb(-places), rounding=rounding)
    text = f"{shown:f}"
    return number_text(text.rstrip("0").rstrip(".") if "." in text else text)


def interval_percent(low: float | None, high: float | None, digits: int = 1) -> str:
    """Return the ends of an interval as percentages, the low end rounded down and the high end up; a dash if undefined.

    >>> interval_percent(0.8704, 0.9121), interval_percent(0.8704, 0.9121, digits=0), interval_percent(None, None)
    ('87.0 to 91.3 %', '87 to 92 %', '–')
    """
    if low is None or high is None or math.isnan(low) or math.isnan(high):
        return "–"
    place = Decimal(1).scaleb(-digits)
    ends = [
        (100 * Decimal(repr(round(float(end), _NOISE)))).quantize(place, rounding=rounding)
        for end, rounding in ((low, ROUND_FLOOR), (high, ROUND_CEILING))
    ]
    return _("{low:f} to {high:f} %", low=ends[0], high=ends[1])


def interval_count(low: float, high: float) -> str:
    """Return the ends of an interval as whole numbers of things, the low end rounded down and the high end up.

    >>> interval_count(1023.6, 1100.2)
    '1,023 to 1,101'
    """
    return _("{low:,} to {high:,}", low=math.floor(round(low, _NOISE)), high=math.ceil(round(high, _NOISE)))


def over_or_under(ratio: float) -> str:
    """Say how many times over- or under-represented something is.

    >>> [over_or_under(ratio) for ratio in (6.1, 1.5, 0.5)]
    ['6 times over-represented', '1.5 times over-represented', '2 times under-represented']
    >>> [over_or_under(ratio) for ratio in (1.04, 0)]
    ['about their share', 'missing']
    """
    if math.isnan(ratio):
        return _("found in one of the two only")
    if ratio == 0:
        return _("missing")
    if 0.95 < ratio < 1.05:
        return _("about their share")
    times = max(ratio, 1 / ratio)
    amount = number_text(f"{times:,.0f}" if times >= 4.95 or abs(times - round(times)) < 0.05 else f"{times:.1f}")
    if ratio > 1:
        return _("{amount} times over-represented", amount=amount)
    return _("{amount} times under-represented", amount=amount)
