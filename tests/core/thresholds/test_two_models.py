"""Two models and people under one promise, by hand and through the command line."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.cli import main
from core.errors import InputError
from core.guarantees import second_table
from core.importing import import_file
from core.predictions import load_scored
from core.schema import CONFIDENCE, PREDICTED
from core.storage import Workspace
from core.thresholds.population import PopulationCheck
from core.thresholds.two_models import TwoCuts, find_two_model_guarantee

NOT_COMPARED = PopulationCheck(0, 0, ())


def tables(n: int = 1_000) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The quick model knows the first half, the slow one the second; each is 90 to 100 % sure of what it knows.

    Every second book is checked. Of what it does not know a model is half sure, and always wrong.
    """
    first = np.arange(n) < n // 2
    truth = np.where(np.arange(n) % 2 == 0, "Map", "")
    per_model = []
    for known in (first, ~first):
        sure = 0.9 + 0.1 * (np.arange(n) % 100) / 100
        predicted = np.where(known, "Map", "Play")
        per_model.append(pd.DataFrame({PREDICTED: predicted, CONFIDENCE: np.where(known, sure, 0.5), "truth": truth}))
    return per_model[0], per_model[1]


def test_each_model_decides_what_it_knows() -> None:
    quick, slow = tables()
    result = find_two_model_guarantee(quick, slow, 0.02, population=NOT_COMPARED)
    assert (result.by_quick, result.by_slow, result.review) == (500, 500, 0)
    # The slow one reads only what the quick one leaves: 500 seconds.
    assert result.read == 500
    assert result.machine_hours == pytest.approx(500 / 3600)
    assert (result.labelled, result.choosing, result.errors) == (500, 125, 0)
    assert 0 < result.most_wrong <= 20
    assert result.guaranteed
    by = result.cuts.decided_by(quick, slow)
    assert set(by[:500]) == {"quick"}
    assert set(by[500:]) == {"slow"}


def test_a_slow_model_that_costs_more_than_people_is_not_read() -> None:
    quick, slow = tables()
    result = find_two_model_guarantee(quick, slow, 0.02, population=NOT_COMPARED, seconds_a_title=120)
    assert (result.by_quick, result.by_slow, result.read, result.cuts.slow) == (500, 0, 0, 1)
    assert result.review == 250  # of the other half every second one is checked


def test_what_people_get_wrong_is_added() -> None:
    quick, slow = tables()
    # People do the 500 that are checked: 2 % of these are 10 of the 20 that may be wrong.
    result = find_two_model_guarantee(quick, slow, 0.02, human_error=0.02, population=NOT_COMPARED)
    assert (result.accepted, result.most_wrong <= 10) == (1_000, True)
    none = find_two_model_guarantee(quick, slow, 0.02, human_error=0.05, population=NOT_COMPARED)
    assert (none.accepted, none.guaranteed, none.review) == (0, False, 500)


def test_too_few_checked_books_promise_nothing() -> None:
    quick, slow = tables()
    few = [table.assign(truth=[t if i < 100 else "" for i, t in enumerate(table["truth"])]) for table in (quick, slow)]
    result = find_two_model_guarantee(*few, 0.02, population=NOT_COMPARED)
    # 20 books may be wrong, so that as many are accepted without a test.
    assert result.accepted <= 20


def test_known_chances_that_differ_count() -> None:
    quick, slow = tables()
    chance = np.where(np.arange(1_000) % 4 == 0, 0.7, 0.3)
    quick = quick.assign(drawn_chance=np.where(quick["truth"] != "", chance, np.nan))
    result = find_two_model_guarantee(quick, slow, 0.05, population=NOT_COMPARED)
    assert (result.known_chances, result.weighted) == (True, True)
    assert result.accepted == 1_000


def test_books_that_either_model_learned_from_test_neither() -> None:
    quick, slow = tables()
    slow = slow.assign(leak=np.arange(1_000) < 200)
    result = find_two_model_guarantee(quick, slow, 0.02, population=NOT_COMPARED)
    assert (result.labelled, result.left_out) == (400, 100)


@pytest.mark.parametrize(
    ("change", "message"),
    [({"max_error": 2.0}, "5 per cent is 0.05"), ({"seconds_a_title": -1.0}, "no less than 0 seconds")],
)
def test_impossible_settings_are_refused(change: dict[str, float], message: str) -> None:
    quick, slow = tables(100)
    with pytest.raises(InputError, match=message):
        find_two_model_guarantee(quick, slow, **({"max_error": 0.02} | change))
    with pytest.raises(InputError, match="100 and 99 records"):
        find_two_model_guarantee(quick, slow.head(99), 0.02)
    with pytest.raises(InputError):
        TwoCuts(quick=1.2, slow=0.5)


@pytest.fixture
def two(workspace: Workspace, tmp_path: Path) -> Workspace:
    for name, table in zip(("quick", "slow"), tables(), strict=True):
        titles = [f"The history of town number {i}, in two volumes" for i in range(len(table))]
        rows = table.assign(record_id=[f"b{i}" for i in range(len(table))], title=titles)
        (rows.sample(frac=1, random_state=1) if name == "slow" else rows).to_csv(tmp_path / f"{name}.csv", index=False)
        import_file(workspace, tmp_path / f"{name}.csv", "predictions", name=name, learned_from=("none",))
    return workspace


def test_records_of_the_second_table_stand_where_those_of_the_first_do(two: Workspace) -> None:
    first, second = load_scored(two, "quick"), load_scored(two, "slow")
    rows = second_table(first, second)
    assert rows[PREDICTED].tolist() == ["Play"] * 500 + ["Map"] * 500
    with pytest.raises(InputError, match="the same predictions"):
        second_table(first, first)


def test_the_command_line(two: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["thresholds", "--predictions", "quick", "--whole", ".02", "--second", "slow"]
    place = ["--json", "--workspace", str(two.root)]
    assert main([*command, *place]) == 0
    content = json.loads(capsys.readouterr().out)
    numbers = content["two_models"]
    assert (numbers["by_quick"], numbers["by_slow"], numbers["review"], content["promised"]) == (500, 500, 0, True)
    first, second, *_ = content["sentences"]
    assert (
        first == "With 95 % confidence at most 2 % of all 1,000 books are wrong, and nothing is left for people to do."
    )
    assert second.startswith("'quick' decides 500 books (above ")
    assert "One question has been asked" in content["budget"]
    assert main([*command, "--surest", ".5", *place]) == 2
    assert "--second goes with --whole alone" in capsys.readouterr().err
