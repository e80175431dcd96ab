import numpy as np
import pytest

from dashboard.charts.curves import learning_chart, learning_sentence, present_run

HISTORY = [
    {"run": 1.0, "epoch": 0.5, "loss": 0.9},
    {"run": 1.0, "epoch": 1.0, "validation_loss": 0.4, "validation_accuracy": 0.75},
    {"run": 2.0, "epoch": 0.5, "loss": 0.8},
    {"run": 2.0, "epoch": 1.0, "loss": 0.4},
    {"run": 2.0, "epoch": 1.0, "validation_loss": 0.5, "validation_accuracy": 0.625},
    {"run": 2.0, "epoch": 1.5, "loss": 0.3},
]


def test_only_the_run_that_is_under_way_is_drawn() -> None:
    run = present_run(HISTORY)
    assert run["epoch"].tolist() == [0.5, 1.0, 1.0, 1.5]
    # The mean of what came so far: 0.8, then (0.8 + 0.4) / 2, then (0.8 + 0.4 + 0.3) / 3.
    assert run["loss"].tolist() == pytest.approx([0.8, 0.6, np.nan, 0.5], nan_ok=True)
    assert run["validation_loss"].dropna().tolist() == [0.5]


@pytest.mark.parametrize(
    ("history", "sentence"),
    [
        (HISTORY, "Part 2: after 1 epoch, 62 % of the titles held out are right."),
        (HISTORY[:1], "Part 1: titles held out are asked after the first epoch."),
        ([{"run": 0.0, "epoch": 1.0, "loss": 0.1}], "All books: the last run learns from every title"),
        ([], "It has not begun to learn."),
    ],
)
def test_it_is_said_in_words(history: list[dict[str, float]], sentence: str) -> None:
    assert learning_sentence(present_run(history)).startswith(sentence)


def test_both_losses_are_in_the_chart() -> None:
    rows = learning_chart(present_run(HISTORY)).tables["losses"]
    assert rows[rows["what"] == "titles held out"]["loss"].tolist() == [0.5]
    assert (rows["what"] == "titles learned from").sum() == 3
