"""Limits in words: a printed bound never says more than the number it stands for."""

import math
import re
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.formatting import figure, interval_count, interval_percent, lower_percent, percent, rate, upper_percent
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
def test_an_interval_is_never_printed_narrower(one: float, two: float, digits: int) -> None:
    low, high = sorted((one, two))
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


def test_no_limit_is_printed_by_another_way() -> None:
    """A bound, a level or a confidence goes through the functions tested above, everywhere."""
    limit = r"(max_error|(?<!mean_)confidence'?\]|\bconfidence\b|alpha|\.low\b|\.high\b|\blow\b|\bhigh\b|upper)"
    other_way = re.compile(rf"(in_percent|\bpercent)\([^()]*{limit}|\{{100 \* [^}}]*{limit}[^}}]*\}} ?%")
    here = Path(__file__).parents[2]
    found = [
        f"{path.relative_to(here)}: {line.strip()}"
        for folder in ("core", "dashboard", "pages")
        for path in sorted((here / folder).rglob("*.py"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if other_way.search(line) and "CONFIDENCE" not in line and '"confidence"' not in line
    ]
    assert not found, found
