"""Checked books that were drawn at random are warned of no more often than 5 times in 100."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from core.thresholds import compare_population

pytestmark = pytest.mark.slow

DRAWS = 400
LANGUAGES = ("English", "German", "French", "Dutch", "Danish", "Latin", "Spanish", "Italian")


@pytest.mark.parametrize("drawn", [60, 400])
def test_evenly_drawn_labels_are_seldom_warned_of(drawn: int) -> None:
    random = np.random.default_rng(0)
    n = 3000
    table = pd.DataFrame(
        {
            "title": ["A title of some length"[: 5 + i % 18] for i in range(n)],
            "language": random.choice(LANGUAGES, n, p=[0.6, 0.15, 0.1, 0.05, 0.04, 0.03, 0.02, 0.01]),
            "place": [f"Town {i}" for i in random.zipf(1.5, n).clip(max=400)],
            "publisher": [f"House {i}" for i in random.zipf(1.3, n).clip(max=2000)],
            "year": pd.array(random.integers(1700, 1900, n), dtype="Int64"),
            "genre_given": random.choice(["", "Poetry"], n, p=[0.9, 0.1]),
            "predicted": random.choice(["Fiction", "Non-fiction"], n, p=[0.3, 0.7]),
            "confidence": (0.5 + 0.5 * random.beta(3, 0.8, n)).round(2),  # with ties, as files have them
        }
    )
    warned = 0
    for seed in range(DRAWS):
        truth = np.full(n, "", dtype=object)
        truth[np.random.default_rng(seed).choice(n, drawn, replace=False)] = "Fiction"
        warned += bool(compare_population(table.assign(truth=truth)).differing)
    assert warned <= binom.ppf(0.999, DRAWS, 0.05), warned / DRAWS


def test_and_a_shift_of_the_confidence_is_mostly_found() -> None:
    """The books drawn are those the model is surer of, as 3 to 2."""
    random = np.random.default_rng(1)
    n = 3000
    confidence = 0.5 + 0.5 * random.beta(3, 0.8, n)
    table = pd.DataFrame({"predicted": "Fiction", "confidence": confidence})
    weight = np.where(confidence > np.median(confidence), 3.0, 2.0)
    found = 0
    for seed in range(100):
        truth = np.full(n, "", dtype=object)
        truth[np.random.default_rng(seed).choice(n, 500, replace=False, p=weight / weight.sum())] = "Fiction"
        found += bool(compare_population(table.assign(truth=truth)).differing)
    assert found >= 80
