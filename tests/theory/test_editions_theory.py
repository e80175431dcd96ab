"""Editions of one title are wrong together: the promise of the whole holds whoever labels them along with the title.

Titles have 2, 4 or 8 editions on average, and the model, which reads the title alone, is right about all of them or
about none. Books are drawn by lot, and with each all editions of its title are labelled.
"""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from core.thresholds import apply_policy, find_whole_guarantee
from core.thresholds.population import PopulationCheck

pytestmark = pytest.mark.slow

SIZE, DRAWS, TITLES = 4_000, 200, 150
NOT_COMPARED = PopulationCheck(0, 0, ())


def broken(editions: float, draws: int = DRAWS, *, by_title: bool = True, titles_at_once: bool = False) -> int:
    """Return how often more than 2 % stay wrong.

    Parameters
    ----------
    by_title : bool
        False forgets which books are editions of one title.
    titles_at_once : bool
        Titles are drawn by lot, one chance for each however many editions it has; else books are.
    """
    generator, times = np.random.default_rng(int(editions)), 0
    for _ in range(draws):
        sizes = generator.geometric(1 / editions, SIZE)
        title = np.repeat(np.arange(SIZE), sizes)[:SIZE]
        ease = generator.normal(3, 1.4, SIZE)[title]
        wrong = (generator.random(SIZE) < 1 / (1 + np.exp(generator.normal(3, 1.4, SIZE))))[title] & (ease < 4.5)
        if titles_at_once:
            drawn = generator.choice(title.max() + 1, TITLES, replace=False)
        else:
            drawn = np.unique(title[generator.choice(SIZE, TITLES, replace=False)])
        checked = np.isin(title, drawn)
        table = pd.DataFrame(
            {
                "predicted": "a",
                "confidence": 1 / (1 + np.exp(-ease)),
                "truth": np.where(checked, np.where(wrong, "b", "a"), ""),
                "title_key": [f"t{t}" if by_title else "" for t in title],
            }
        )
        result = find_whole_guarantee(table, ["a", "b"], 0.05, population=NOT_COMPARED)
        left = int((apply_policy(table, result.policy()) & wrong & ~checked).sum())
        times += left > 0.05 * SIZE
    return times


@pytest.mark.parametrize("editions", [2, 4, 8])
def test_the_whole_is_wrong_no_more_often_than_stated(editions: float) -> None:
    assert broken(editions) <= binom.ppf(0.999, DRAWS, 0.05)
