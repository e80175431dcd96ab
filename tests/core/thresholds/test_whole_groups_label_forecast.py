"""What it takes until the machine may decide a useful share, on collections where the answer is plain."""

import numpy as np
import pandas as pd

from core.thresholds import find_whole_guarantee
from core.thresholds.population import PopulationCheck
from core.wording import whole as wording

NOT_COMPARED = PopulationCheck(0, 0, ())


def collection(checked: int, wrong_each: int = 0, n: int = 2_000) -> pd.DataFrame:
    """The surest book first; so many are checked, evenly, and every so-manieth of these is wrong."""
    truth = np.full(n, "", dtype=object)
    rows = np.linspace(0, n - 1, checked).astype(int)
    truth[rows] = "a"
    if wrong_each:
        truth[rows[::wrong_each]] = "b"
    return pd.DataFrame({"predicted": "a", "confidence": np.linspace(0.999, 0.5, n), "truth": truth})


def test_too_few_but_all_right() -> None:
    """100 right ones: 143 without an error are enough for 2 %, some more if one in a hundred is wrong."""
    result = find_whole_guarantee(collection(100), ["a"], 0.02, forecast_alpha=0.05, population=NOT_COMPARED)
    forecast = result.forecast
    assert forecast is not None
    assert forecast.labelled == 100
    assert forecast.total is not None
    assert 140 <= forecast.total <= 260
    assert forecast.more == forecast.total - 100
    assert result.as_dict()["more_labels"] == forecast.more
    words = wording.sentences(result)
    assert words[1].startswith(f"With about {forecast.total} checked books, drawn at random, the machine may decide 25")
    assert "looser promise" not in words[0]


def test_no_number_will() -> None:
    """Every third is wrong, the surest too."""
    table = collection(300, wrong_each=3)
    result = find_whole_guarantee(table, ["a"], 0.02, forecast_alpha=0.05, population=NOT_COMPARED)
    assert result.forecast is not None
    assert result.forecast.is_hopeless
    assert result.forecast.total is result.forecast.more is None
    assert "no number of checked books will let the machine decide 10" in wording.forecast(result).replace(
        "\u00a0", " "
    )


def test_one_class_is_hopeless_and_the_other_is_not() -> None:
    table = collection(400)
    table["predicted"] = np.where(np.arange(2_000) % 2, "b", "a")
    checked = (table["truth"] != "").to_numpy()
    table["truth"] = table["predicted"].where(checked, "")
    rows = np.flatnonzero(checked & (table["predicted"] == "b"))
    table.loc[rows[::2], "truth"] = "a"
    result = find_whole_guarantee(
        table, ["a", "b"], 0.01, per="class", forecast_alpha=0.05, population=NOT_COMPARED
    )  # fmt: skip
    assert result.forecast is not None
    assert result.forecast.hopeless == (("b", ""),)
    assert result.forecast.total is not None
    assert "no number will do for books called b" in wording.forecast(result)


def test_it_is_not_forecast_where_nothing_is_known_or_enough_is_promised() -> None:
    none = find_whole_guarantee(collection(0), ["a"], 0.02, forecast_alpha=0.05, population=NOT_COMPARED)
    assert none.forecast is None
    enough = find_whole_guarantee(collection(500), ["a"], 0.02, forecast_alpha=0.05, population=NOT_COMPARED)
    assert (enough.forecast, enough.accepted) == (None, 2_000)
    assert wording.forecast(enough) == ""
