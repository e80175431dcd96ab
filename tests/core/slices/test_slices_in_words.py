"""How many times worse a slice is, in words, at the limits of rounding."""

import pytest

from core.wording.slices import _times


@pytest.mark.parametrize(
    ("ratio", "words"),
    [
        (0.94, "0.9 times"),
        (0.95, "as often as"),
        (1.0, "as often as"),
        (1.049, "as often as"),
        (1.05, "1.1 times"),
        (3.14, "3.1 times"),
        (9.94, "9.9 times"),
        (9.95, "10 times"),
        (1234.4, "1,234 times"),
    ],
)
def test_times(ratio: float, words: str) -> None:
    assert _times(ratio) == words
