"""The table of how long large collections take is reckoned, not typed: that of the bench, and what README has of it."""

import re
from pathlib import Path

import pytest

from tests.bench import bench_ray
from tests.bench.bench_ray import COLLECTIONS, heads, more_titles, row

README = (Path(__file__).resolve().parents[3] / "README.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^    (\| [\d,]+ (?:\| [\d.]+ (?:s|min|h|days) ){4}\|)$", str(bench_ray.__doc__), flags=re.MULTILINE)


def test_by_hand():
    # 1,750,000 / 500 = 3,500 s; 500,000,000 / 500 = 1,000,000 s = 11.6 days; a 64th of each: 55 s and 15,625 s.
    assert row(500) == "| 500 | 58 min | 12 days | 55 s | 4.3 h |"
    assert heads().count("|") == row(500).count("|")


def test_the_table_is_there():
    assert len(ROWS) == 2


@pytest.mark.parametrize("written", ROWS)
def test_a_row_follows_from_its_rate(written):
    rate = float(written.split("|")[1].replace(",", ""))
    assert written == row(rate), "this is what the row of that rate must be (python tests/bench/bench_ray.py --rate R)"


def test_the_readme_reckons_alike():
    (rate,) = re.findall(r"bench_ray\.py --rate (\d+)", README)
    (written,) = [line for line in README.splitlines() if f"--rate {rate}`" in line]
    assert "1.75 million" in COLLECTIONS
    assert f"{rate} titles a second: 1.75 million in {row(float(rate)).split('|')[2].strip()}" in written


def test_more_titles_are_all_different():
    assert more_titles(["a", "b"], 5) == ["a", "b", "a 1", "b 1", "a 2"]
