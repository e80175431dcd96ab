"""Limits in words: a printed bound never says more than the number it stands for."""

import math
import re
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.formatting import (
    counts_listed,
    figure,
    in_percent,
    interval_count,
    interval_percent,
    largest_listed,
    listed,
    lower_percent,
    over_or_under,
    percent,
    rate,
    upper_percent,
)
from core.statistics import Estimate, proportion

SHARES = st.floats(0, 1) | st.integers(0, 10_000).map(lambda n: n / 10_000)


def _read(text: str) -> Decimal:
    """Return the share that a percentage says."""
    return Decimal(text.removesuffix(" %")) / 100


@given(SHARES)
def test_an_upper_limit_is_never_printed_below_itself(share: float) -> None:
    assert _read(upper_percent(share)) >= Decimal(repr(share))


@given(SHARES)
def test_a_confidence_is_never_printed_above_itself(share: float) -> None:
    assert _read(lower_percent(share)) <= Decimal(repr(share))


@given(st.integers(0, 10_000))
def test_what_has_two_decimals_of_per_cent_is_printed_exactly(hundredths: int) -> None:
    share = hundredths / 10_000
    assert _read(upper_percent(share)) == _read(lower_percent(share)) == Decimal(repr(share))


@given(SHARES)
def test_a_limit_is_printed_close_to_itself(share: float) -> None:
    step = Decimal("0.0001")
    assert _read(upper_percent(share)) - Decimal(repr(share)) < step
    assert Decimal(repr(share)) - _read(lower_percent(share)) < step


@given(SHARES, SHARES, st.integers(0, 3))
def test_an_interval_is_never_printed_narrower(item: float, two: float, digits: int) -> None:
    low, high = sorted((item, two))
    ends = [Decimal(end) / 100 for end in re.findall(r"[\d.]+", interval_percent(low, high, digits))]
    assert ends[0] <= Decimal(low) + Decimal("1e-11")
    assert ends[1] >= Decimal(high) - Decimal("1e-11")


@given(SHARES, st.integers(0, 2))
def test_only_all_is_all_and_only_nothing_is_nothing(share: float, digits: int) -> None:
    text = percent(share, digits)
    assert (Decimal(100) in [Decimal(n) for n in re.findall(r"^[\d.]+", text)]) == (share == 1)
    assert (Decimal(0) in [Decimal(n) for n in re.findall(r"^[\d.]+", text)]) == (share == 0)


@pytest.mark.parametrize(
    ("share", "upper", "lower"),
    [
        (0.025, "2.5 %", "2.5 %"),  # it was printed as 2 %
        (0.045, "4.5 %", "4.5 %"),  # … as 4 %
        (0.975, "97.5 %", "97.5 %"),  # … as 98 %
        (0.07, "7 %", "7 %"),  # 7.000000000000001 as a float
        (0.1 + 0.2, "30.01 %", "30 %"),
        (1e-9, "0.0000001 %", "0.0000001 %"),
        (1, "100 %", "100 %"),
        (math.nan, "an unknown share", "an unknown share"),
    ],
)
def test_limits_by_hand(share: float, upper: str, lower: str) -> None:
    assert (upper_percent(share), lower_percent(share)) == (upper, lower)


def test_intervals_by_hand() -> None:
    assert interval_percent(0.87041, 0.91196) == "87.0 to 91.2 %"
    assert interval_percent(0.1 + 0.2, 0.1 + 0.2) == "30.0 to 30.0 %"  # noise of the float is no digit
    assert interval_percent(math.nan, 0.5) == "–"
    assert interval_count(12.3, 12.3) == "12 to 13"


def test_an_estimate_by_hand() -> None:
    assert rate(proportion(9, 10)) == "90.0 % (59.5 to 98.3 %, n = 10)"  # Wilson (1927): 0.5958 to 0.9821
    assert rate(Estimate.undefined("no labelled books")) == "not known: no labelled books"
    assert rate({"value": 0.5, "low": None, "high": None, "n": 9}) == "50.0 % (n = 9)"
    assert figure(Estimate.undefined("one class only"), unknown="–") == "–"


def test_a_figure_that_is_no_share_by_hand() -> None:
    assert figure(Estimate(value=0.8741, low=0.85, high=0.8969, n=850, method="")) == "0.874 (0.850 to 0.897)"
    assert figure(Estimate(value=0.5, low=math.nan, high=math.nan, n=9, method="")) == "0.500"


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0.0005, "0.1 %"),
        (0.00049, "under 0.1 %"),
        (0.00994, "1.0 %"),
        (0.00995, "1 %"),
        (0.5, "50 %"),
        (0.99, "99 %"),
        (0.9901, "99.0 %"),
        (0.9994, "99.9 %"),
        (0.9995, "over 99.9 %"),
        (math.nan, "an unknown share"),
    ],
)
def test_a_share_in_a_sentence(share: float, words: str) -> None:
    assert in_percent(share) == words


@pytest.mark.parametrize(
    ("ratio", "words"),
    [
        (0.95, "1.1 times under-represented"),
        (0.951, "about their share"),
        (1.049, "about their share"),
        (1.05, "1.1 times over-represented"),
        (1.96, "2 times over-represented"),
        (2.06, "2.1 times over-represented"),
        (4.9, "4.9 times over-represented"),
        (4.95, "5 times over-represented"),
        (1234.5, "1,234 times over-represented"),
        (0.1, "10 times under-represented"),
        (math.nan, "found in one of the two only"),
    ],
)
def test_times_over_and_under(ratio: float, words: str) -> None:
    assert over_or_under(ratio) == words


def test_lists_are_cut_where_that_is_shorter() -> None:
    assert listed([]) == ""
    assert listed("abc", most=3) == "a, b and c"
    assert listed("abcd", most=3) == "a, b, c and 1 more"
    assert listed("abcd", most=0) == "4 more"
    counts = {"A": 1, "B": 5, "C": 5, "D": 7}
    assert counts_listed(counts, most=3) == "1 A, 5 B, 5 C, 7 D"
    assert counts_listed(counts, most=2) == "7 D, 5 B and 2 more classes"
    words = {name: f"{name}!" for name in counts}
    assert largest_listed(counts, words, most=3) == "A!, B!, C! and D!"
    assert largest_listed(counts, words, most=2) == "D!, B! and 2 more classes"


def test_no_limit_is_printed_by_another_way() -> None:
    """A bound, a level or a confidence goes through the functions tested above, everywhere."""
    limit = r"(max_error|(?<!mean_)confidence'?\]|\bconfidence\b|alpha|\.low\b|\.high\b|\blow\b|\bhigh\b|upper)"
    other_way = re.compile(rf"(in_percent|\bpercent)\([^()]*{limit}|\{{100 \* [^}}]*{limit}[^}}]*\}} ?%")
    here = Path(__file__).parents[2]
    items = [
        f"{path.relative_to(here)}: {line.strip()}"
        for folder in ("core", "dashboard", "pages")
        for path in sorted((here / folder).rglob("*.py"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if other_way.search(line) and "CONFIDENCE" not in line and '"confidence"' not in line
    ]
    assert not items, items
