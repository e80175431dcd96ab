"""What it takes until something is promised of the accepted, on collections where the answer is plain."""

import json
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from core.alpha_budget import AlphaBudget
from core.guarantees import AcceptedRequest, ask_accepted
from core.labels import titles_of
from core.predictions import Scored
from core.storage import Workspace
from core.thresholds import ErrorBand, Guarantee, PopulationCheck, find_guaranteed_cuts
from core.wording import thresholds as wording

NOT_COMPARED = PopulationCheck(0, 0, ())


def collection(name: str, checked: int, wrong_each: int = 0, n: int = 4_000) -> pd.DataFrame:
    """The surest book first; so many are checked, evenly, and every so-manieth of these is wrong."""
    truth = np.full(n, "", dtype=object)
    rows = np.linspace(0, n - 1, checked).astype(int)
    truth[rows] = name
    if wrong_each:
        truth[rows[::wrong_each]] = "Other"
    return pd.DataFrame({"predicted": name, "confidence": np.linspace(0.999, 0.5, n), "truth": truth})


def asked(*tables: pd.DataFrame, classes: Sequence[str] = ("Map",), banded: bool = False) -> Guarantee:
    table = pd.concat(tables, ignore_index=True)
    band = ErrorBand(table, classes) if banded else None
    return find_guaranteed_cuts(
        table, classes, 0.05, band=band, forecast_alpha=0.05, per="together" if banded else "class",
        population=NOT_COMPARED,
    )  # fmt: skip


@pytest.mark.parametrize("banded", [True, False])
def test_too_few_but_all_right(banded: bool) -> None:
    """40 right ones. 59 without an error prove 5 %, of the surest half twice as many are needed; not many times."""
    result = asked(collection("Map", 40), banded=banded)
    forecast = result.forecast
    assert forecast is not None
    assert (forecast.labelled, forecast.hopeless, result.guaranteed) == (40, (), False)
    assert forecast.total is not None
    assert 59 < forecast.total < 1_000
    words = f"With about {forecast.total:,} checked books, drawn at random, this can be promised: by simulation"
    assert any(sentence.startswith(words) for sentence in wording.promise(result))
    record = wording.guarantee_record(result)
    assert (record.more_labels, words in record.sentence) == (forecast.total - 40, True)
    assert json.loads(json.dumps(record.as_dict()))["forecast"]["more"] == forecast.more


@pytest.mark.parametrize("banded", [True, False])
def test_no_number_will(banded: bool) -> None:
    """Every third is wrong, the surest too."""
    result = asked(collection("Map", 300, wrong_each=3), banded=banded)
    assert result.forecast is not None
    assert (result.forecast.is_hopeless, result.forecast.total, result.forecast.more) == (True, None, None)
    assert result.forecast.hopeless[0][1] == ""
    assert "no number of checked books will bring this promise" in " ".join(wording.promise(result))


def test_one_class_is_hopeless_and_of_another_there_are_too_few() -> None:
    """At first "more labels alone will not help" stood under "at a guess it takes 1,400"."""
    hopeless, few = collection("Map", 100, wrong_each=2), collection("Song", 30)
    result = asked(collection("Play", 300), hopeless, few, classes=("Map", "Play", "Song"))
    assert [group.guaranteed for group in result.groups] == [False, True, False]
    forecast = result.forecast
    assert forecast is not None
    assert forecast.hopeless == (("Map", ""),)
    assert not forecast.is_hopeless
    assert forecast.total is not None
    assert forecast.total > 430
    assert "no number will do for books predicted to be Map" in wording.forecast(result)


def test_it_is_not_forecast_where_all_is_promised_or_nothing_is_known() -> None:
    enough = asked(collection("Map", 400))
    assert (enough.guaranteed, enough.forecast, wording.forecast(enough)) == (True, None, "")
    assert asked(collection("Map", 0)).forecast is None


def test_of_a_small_collection_it_is_said_that_it_cannot_be_told() -> None:
    """Of 80 books half are checked: beyond that people do the rest."""
    result = asked(collection("Map", 40, n=80))
    assert result.forecast is not None
    assert (result.forecast.total, result.forecast.is_hopeless) == (None, False)
    assert wording.forecast(result) == (
        "How many checked books it takes until this can be promised cannot be told from these."
    )


def test_page_and_command_line_ask_with_what_is_left_of_the_budget(workspace: Workspace) -> None:
    """The second question has a quarter of what the first has: with it more labels are needed than with all of it."""
    table = collection("Map", 40).assign(record_id=[f"r{i}" for i in range(4_000)])
    scored = Scored(name="m", fingerprint="m", classes=("Map",), table=table, calibrated=True)
    budget = AlphaBudget(workspace.database, titles_of(table[table["truth"] != ""]))
    request = AcceptedRequest(max_error=0.05, per="together")
    result = ask_accepted(scored, request, budget, NOT_COMPARED)
    alone = asked(collection("Map", 40), banded=True)
    assert result.forecast is not None
    assert alone.forecast is not None
    assert (result.forecast.total or 0) > (alone.forecast.total or 0) > 0
