"""Krippendorff's alpha against the examples that he published (2011)."""

import numpy as np
import pytest

from core.second_opinions import krippendorff_alpha

BINARY = list(zip("0100000010", "1110010000", strict=True))
NOMINAL = list(zip("aabbdcccedda", "babbbcccedddd"[:12], strict=True))
FOUR = list(
    zip(
        ["1", "2", "3", "3", "2", "1", "4", "1", "2", "", "", ""],
        ["1", "2", "3", "3", "2", "2", "4", "1", "2", "5", "", "3"],
        ["", "3", "3", "3", "2", "3", "4", "2", "2", "5", "1", ""],
        ["1", "2", "3", "3", "2", "4", "4", "1", "2", "5", "1", ""],
        strict=True,
    )
)


@pytest.mark.parametrize(("answers", "alpha", "n"), [(BINARY, 0.095, 10), (NOMINAL, 0.692, 12), (FOUR, 0.743, 11)])
def test_the_published_examples(answers: list[tuple[str, ...]], alpha: float, n: int) -> None:
    result = krippendorff_alpha(answers)
    assert result.value == pytest.approx(alpha, abs=0.0005)
    assert result.n == n
    assert result.low < result.value < result.high


def test_where_it_is_undefined() -> None:
    assert not krippendorff_alpha([]).defined
    assert not krippendorff_alpha([("a", "a"), ("a", "")]).defined
    assert not krippendorff_alpha([("a", "a")] * 5).defined
    assert krippendorff_alpha([("a", "a"), ("b", "b")]).value == 1.0


@pytest.mark.slow
def test_the_interval_holds_the_truth_in_about_19_of_20_worlds() -> None:
    """Two people who err in a tenth each, independently, of two classes alike: alpha is 1 − .18 / .5 = .64."""
    generator = np.random.default_rng(7)
    hits = 0
    for world in range(200):
        truth = generator.integers(0, 2, 150)
        first, second = (truth ^ (generator.random(150) < 0.1) for _ in range(2))
        pairs = [(str(a), str(b)) for a, b in zip(first, second, strict=True)]
        result = krippendorff_alpha(pairs, draws=300, seed=world)
        hits += result.low <= 0.64 <= result.high
    assert hits >= 0.95 * 200 - 3 * np.sqrt(200 * 0.95 * 0.05)
