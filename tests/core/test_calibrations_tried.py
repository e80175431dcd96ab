import numpy as np
import pandas as pd
import pytest

from core.errors import InputError
from core.evaluation import try_calibrations

CLASSES = ("A", "B")


def _table(n: int, overconfident: bool) -> pd.DataFrame:
    """Return predictions whose true probabilities are known; over-confident ones state their square odds."""
    random = np.random.default_rng(1)
    p = random.uniform(0.02, 0.98, n)
    truth = np.where(random.uniform(size=n) < p, "A", "B")
    odds = p / (1 - p)
    stated = odds**3 / (1 + odds**3) if overconfident else p
    return pd.DataFrame(
        {"title_key": [f"t{i}" for i in range(n)], "truth": truth, "leak": False, "p_A": stated, "p_B": 1 - stated}
    )


def test_an_overconfident_model_is_mended_by_both_ways() -> None:
    before, temperature, isotonic = try_calibrations(_table(2000, overconfident=True), CLASSES)
    assert before.ece > 0.1
    assert temperature.ece < 0.04
    assert isotonic.ece < 0.06
    assert temperature.log_loss < before.log_loss
    assert before.n == 2000
    assert before.title == "as they are"


def test_a_calibrated_model_is_hardly_changed() -> None:
    before, temperature, _ = try_calibrations(_table(2000, overconfident=False), CLASSES)
    assert abs(before.ece - temperature.ece) < 0.02
    assert before.reliability["n"].sum() == 2000


def test_leaked_books_and_open_ones_take_no_part() -> None:
    table = _table(400, overconfident=True)
    table.loc[:99, "leak"] = True
    table.loc[100:149, "truth"] = ""
    assert {item.n for item in try_calibrations(table, CLASSES)} == {250}


def test_what_cannot_be_judged_is_said() -> None:
    with pytest.raises(InputError, match="no probability of 'C'"):
        try_calibrations(_table(200, overconfident=True), ("A", "B", "C"))
    with pytest.raises(InputError, match="99 checked books are too few"):
        try_calibrations(_table(99, overconfident=True), CLASSES)
