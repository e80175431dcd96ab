"""Where the marks of the small charts stand, by hand, and what is read aloud of them."""

import math

import pandas as pd
import pytest

from core.report import _short, _ticks, confusion_svg, rates_svg, reliability_svg, risk_coverage_svg


@pytest.mark.parametrize(
    ("top", "ticks"),
    [
        (0.04, [0, 0.01, 0.02, 0.03, 0.04]),
        (0.05, [0, 0.01, 0.02, 0.03, 0.04, 0.05]),
        (0.051, [0, 0.02, 0.04, 0.06]),
        (0.1, [0, 0.02, 0.04, 0.06, 0.08, 0.1]),
        (1.0, [0, 0.2, 0.4, 0.6, 0.8, 1.0]),
    ],
)
def test_ticks_are_round_and_reach_the_top(top: float, ticks: list[float]) -> None:
    assert _ticks(top) == pytest.approx(ticks)


def test_long_words_are_cut() -> None:
    assert _short("x" * 26) == "x" * 26
    assert _short("x" * 27) == "x" * 25 + "…"


def test_rates() -> None:
    table = pd.DataFrame(
        {
            "value": ["Dutch", "Welsh", "English"],
            "n": [20, 3, 1200],
            "error_rate": [0.2, math.nan, 0.1],
            "low": [0.1, math.nan, 0.08],
            "high": [0.4, math.nan, 0.12],
        }
    )
    drawn = rates_svg("r", "Wrong by language", table, 0.1)
    # A share of 0.4 is 360 to the right of the names, which take 190; a row takes 26, the first one begins at 10.
    assert 'viewBox="0 0 640 86"' in drawn
    assert '<line x1="280.0" y1="23.0" x2="550.0" y2="23.0" class="interval"/>' in drawn
    assert '<circle cx="370.0" cy="23.0"' in drawn
    assert '<circle cx="280.0" cy="49.0"' in drawn
    assert '<text x="180.0" y="27.0" text-anchor="end">Dutch</text>' in drawn
    assert '<text x="556.0" y="27.0" text-anchor="start" class="quiet">20 books</text>' in drawn
    assert '<line x1="280.0" y1="2.0" x2="280.0" y2="62.0" class="whole"/>' in drawn
    assert '<line x1="460.0" y1="6.0" x2="460.0" y2="62.0" class="grid"/>' in drawn
    assert '<text x="460.0" y="78.0" text-anchor="middle" class="quiet">30 %</text>' in drawn
    assert "1,200 books" in drawn
    assert "Welsh" not in drawn


def test_errors_against_coverage() -> None:
    curve = pd.DataFrame(
        {
            "coverage": [1.0, 0.5, 0.75],
            "error_rate": [0.2, 0.1, 0.15],
            "error_low": [0.15, 0.05, 0.1],
            "error_high": [0.25, 0.15, 0.2],
        }
    )
    drawn = risk_coverage_svg("c", curve, at=0.5, promised=0.1)
    # All is 540 wide from 70 on, and a share of 0.25 is 240 high above 264; the band goes there and back again.
    assert 'points="340.0,168.0 475.0,120.0 610.0,72.0" class="curve"' in drawn
    existing, back = "340.0,120.0 475.0,72.0 610.0,24.0", "610.0,120.0 475.0,168.0 340.0,216.0"
    assert f'points="{existing} {back}" class="band"' in drawn
    assert '<line x1="70.0" y1="168.0" x2="610.0" y2="168.0" class="whole"/>' in drawn
    assert '<text x="606.0" y="163.0" text-anchor="end" class="quiet">promised: 10' in drawn
    assert '<line x1="340.0" y1="24.0" x2="340.0" y2="264.0" class="whole"/>' in drawn
    assert '<text x="345.0" y="36.0" text-anchor="start" class="quiet">chosen</text>' in drawn
    assert '<text x="62.0" y="220.0" text-anchor="end" class="quiet">5 %</text>' in drawn
    assert '<text x="178.0" y="282.0" text-anchor="middle" class="quiet">20 %</text>' in drawn
    text = drawn.replace("\u00a0", " ")
    assert "With everything accepted 20.0 % are wrong. With 50 % accepted 10.0 % are wrong." in text
    plain = risk_coverage_svg("c", curve)
    assert "chosen" not in plain
    assert "promised" not in plain


def test_stated_confidence() -> None:
    bins = pd.DataFrame(
        {
            "n": [30, 4],
            "mean_confidence": [0.85, 0.3],
            "accuracy": [0.9, math.nan],
            "acc_low": [0.72, math.nan],
            "acc_high": [0.97, math.nan],
        }
    )
    drawn = reliability_svg("s", bins)
    # From 0.7 to 1, since the lowest limit is 0.72: 0.3 are 540 wide and 240 high.
    assert '<circle cx="340.0" cy="104.0"' in drawn
    assert '<line x1="340.0" y1="248.0" x2="340.0" y2="48.0" class="interval"/>' in drawn
    assert '<line x1="70.0" y1="264.0" x2="610.0" y2="24.0" class="whole"/>' in drawn
    assert [f">{tick} %<" in drawn for tick in (60, 70, 80, 90, 100)] == [False, True, True, True, True]
    assert drawn.count('class="dot"') == 1


def test_which_class_is_taken_for_which() -> None:
    confusion = pd.DataFrame([[1, 1], [0, 0]], index=["Map", "Play"], columns=["Map", "Play"])
    drawn = confusion_svg("k", confusion)
    # Two columns share 450; a row takes 46; a cell is the darker, the larger its share of the row.
    assert 'viewBox="0 0 640 126"' in drawn
    assert '<rect x="191.0" y="29" width="223.0" height="44" class="right" fill-opacity="0.31"/>' in drawn
    assert '<rect x="416.0" y="29" width="223.0" height="44" class="wrong" fill-opacity="0.31"/>' in drawn
    assert '<rect x="416.0" y="75" width="223.0" height="44" class="right" fill-opacity="0.06"/>' in drawn
    assert '<text x="302.5" y="48.0" text-anchor="middle" class="count">1</text>' in drawn
    assert '<text x="527.5" y="111.0" text-anchor="middle" class="quiet">–</text>' in drawn
    assert '<text x="180.0" y="101.0" text-anchor="end">is Play</text>' in drawn
    assert '<text x="302.5" y="18.0" text-anchor="middle">predicted Map</text>' in drawn
    assert "50 % of the row" in drawn.replace("\u00a0", " ")
    assert "is Map, predicted Play: 1; is Play, predicted Map: 0" in drawn
