import math
import time
import tracemalloc

import numpy as np
import pandas as pd
import pytest

from core.evaluation import (
    accuracy_estimate,
    by_value,
    compare_with_rest,
    error_rate_ratio,
    evaluate,
    least_confident_right,
    length_by_outcome,
    most_confident_wrong,
    wrong_first,
)
from core.wording.evaluation import verdict

CLASSES = ("Map", "Play", "Song")


def scored(*rows: tuple[str, str, float]) -> pd.DataFrame:
    """Return a scored table of (predicted, truth, confidence); a truth of 'both' names no class."""
    frame = pd.DataFrame(rows, columns=["predicted", "truth_given", "confidence"])
    truth = frame["truth_given"].where(frame["truth_given"].isin(CLASSES), "")
    return frame.assign(
        truth=truth,
        correct=(frame["predicted"] == truth) & (truth != ""),
        leak=False,
        title=[f"title {i}" for i in range(len(frame))],
        title_key=[f"title {i}" for i in range(len(frame))],
    )


# Map: 3 true, of which 2 found; Play: 2 true, 1 found; Song: 1 true, 1 found. Predicted: Map 2, Play 2, Song 2.
SIX = scored(
    ("Map", "Map", 0.9),
    ("Map", "Map", 0.8),
    ("Play", "Map", 0.7),
    ("Play", "Play", 0.9),
    ("Song", "Play", 0.95),
    ("Song", "Song", 0.6),
)


def test_figures_are_named_after_the_right_class() -> None:
    found = evaluate(SIX, CLASSES)
    assert found.accuracy.value == pytest.approx(4 / 6)
    figures = {
        one.name: (one.precision.value, one.recall.value, one.support, one.predicted) for one in found.metrics.per_class
    }
    assert figures == {"Map": (1.0, 2 / 3, 3, 2), "Play": (0.5, 0.5, 2, 2), "Song": (0.5, 1.0, 1, 2)}
    assert found.metrics.macro_f1.value == pytest.approx((0.8 + 0.5 + 2 / 3) / 3)
    assert found.confusion.to_numpy().tolist() == [[2, 1, 0], [0, 1, 1], [0, 0, 1]]
    assert list(found.confusion.index) == list(CLASSES)


def test_answers_that_name_no_class_are_counted_with_best_and_worst_case() -> None:
    found = evaluate(scored(("Map", "Map", 0.9), ("Play", "Map", 0.9), ("Map", "both", 0.5), ("Map", "", 0.5)), CLASSES)
    assert found.metrics.n == 2
    assert found.unlabelled == {"both": 1, "": 1}
    assert (found.worst, found.best) == (1 / 4, 3 / 4)


def test_a_class_nobody_predicted_has_no_precision_and_says_why() -> None:
    found = evaluate(scored(("Map", "Map", 0.9), ("Map", "Song", 0.9)), CLASSES)
    song = found.metrics.per_class[2]
    assert math.isnan(song.precision.value)
    assert song.precision.reason == "no checked book was predicted as Song"
    assert song.recall.value == 0
    assert found.as_dict()["per_class"]["Song"]["precision"]["value"] is None


def test_a_missing_prediction_is_wrong_and_stands_in_its_own_column() -> None:
    found = evaluate(scored(("", "Map", math.nan), ("Map", "Map", 0.9)), CLASSES)
    assert found.accuracy.value == 0.5
    assert found.confusion.loc["Map", "(none)"] == 1
    assert found.metrics.per_class[0].recall.value == 0.5


def test_without_labels_everything_is_undefined_and_said() -> None:
    found = evaluate(scored(("Map", "", 0.9)), CLASSES)
    assert verdict(found).startswith("No book has been checked")
    assert math.isnan(found.accuracy.value)
    assert found.as_dict()["accuracy"]["value"] is None


def test_leaked_books_are_left_out_of_the_second_figure() -> None:
    table = SIX.assign(leak=[True, True, False, False, False, False])
    found = evaluate(table, CLASSES)
    assert (found.leaks, found.metrics.n, found.without_leaks.n) == (2, 6, 4)
    assert found.without_leaks.accuracy.value == pytest.approx(2 / 4)
    assert found.as_dict()["leak"]["without"]["n"] == 4


def test_brier_and_log_loss_by_hand() -> None:
    table = scored(("Map", "Map", 0.8), ("Play", "Map", 0.6)).assign(
        **{"p_Map": [0.8, 0.3], "p_Play": [0.1, 0.6], "p_Song": [0.1, 0.1]}
    )
    found = evaluate(table, CLASSES).metrics
    assert found.brier.value == pytest.approx(((0.04 + 0.01 + 0.01) + (0.49 + 0.36 + 0.01)) / 2)
    assert found.log_loss.value == pytest.approx(-(math.log(0.8) + math.log(0.3)) / 2)
    assert "not every class has a probability" in evaluate(SIX, CLASSES).metrics.brier.reason


def test_values_below_ten_books_have_counts_and_no_rate() -> None:
    table = scored(*[("Map", "Map", 0.9)] * 15, *[("Map", "Play", 0.9)] * 6)
    values = pd.Series(["German"] * 12 + ["Dutch"] * 3 + ["German"] * 6)
    found = by_value(table, values)
    assert found["value"].tolist() == ["German", "Dutch"]
    assert found["n"].tolist() == [18, 3]
    assert found["errors"].tolist() == [6, 0]
    assert found["error_rate"][0] == pytest.approx(6 / 18)
    assert found.loc[1, ["error_rate", "low", "high", "ratio"]].isna().all()
    assert math.isnan(found["ratio"][0])  # the rest is too small to be compared with


def test_a_rate_is_held_against_the_rest() -> None:
    assert error_rate_ratio(10, 20, 20, 120) == pytest.approx(0.5 / 0.1)
    assert math.isnan(error_rate_ratio(10, 20, 10, 120))  # no error elsewhere: no number of times
    assert math.isnan(error_rate_ratio(3, 9, 20, 120))


def test_an_outcome_counts_both_sides() -> None:
    table = scored(*[("Map", "Map", 0.9)] * 20, *[("Map", "Play", 0.9)] * 10)
    mask = np.r_[np.zeros(15, bool), np.ones(15, bool)]
    found = compare_with_rest(table, mask)
    assert (found["n"], found["errors"], found["rest_n"], found["rest_errors"]) == (15, 10, 15, 0)
    assert found["rate"].value == pytest.approx(10 / 15)


def test_a_list_puts_the_wrong_ones_first_and_the_unchecked_last():
    table = pd.concat([SIX.assign(truth=""), SIX]).reset_index(drop=True)
    listed = wrong_first(table)
    assert listed["confidence"].tolist()[:2] == [0.95, 0.7]
    assert (listed["truth"] == "").tolist() == [False] * 6 + [True] * 6
    assert len(listed) == 12


def test_lists_of_books_begin_where_a_curator_wants_to_look() -> None:
    assert most_confident_wrong(SIX)["confidence"].tolist() == [0.95, 0.7]
    assert least_confident_right(SIX)["confidence"].tolist() == [0.6, 0.8, 0.9, 0.9]


def test_lengths_by_outcome_add_up() -> None:
    table = scored(*[("Map", "Map", 0.9)] * 12, *[("Map", "Play", 0.9)] * 11)
    table["title"] = ["short"] * 12 + ["x" * 300] * 11
    found = length_by_outcome(table)
    assert found.groupby("outcome")["n"].sum().to_dict() == {"right": 12, "wrong": 11}
    assert found.groupby("outcome")["share"].sum().tolist() == pytest.approx([1.0, 1.0])
    assert found[found["outcome"] == "wrong"]["mean"].iloc[0] == 300


def test_a_hundred_classes_are_a_matter_of_a_moment_and_little_memory() -> None:
    names = tuple(f"class {i:03d}" for i in range(100))
    generator = np.random.default_rng(0)
    truth = generator.integers(0, 100, 4_000)
    guess = np.where(generator.random(4_000) < 0.8, truth, generator.integers(0, 100, 4_000))
    table = pd.DataFrame(
        {
            "predicted": [names[i] for i in guess],
            "truth": [names[i] for i in truth],
            "truth_given": [names[i] for i in truth],
            "confidence": generator.random(4_000),
            "correct": truth == guess,
            "leak": False,
            "title_key": [f"title {i}" for i in range(4_000)],
        }
    )
    tracemalloc.start()
    started = time.process_time()
    found = evaluate(table, names)
    seconds, peak = time.process_time() - started, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert seconds < 5
    assert peak < 300e6
    seven = found.metrics.per_class[7]
    hits = int(((truth == 7) & (guess == 7)).sum())
    assert (seven.support, seven.predicted) == (int((truth == 7).sum()), int((guess == 7).sum()))
    assert seven.f1.value == pytest.approx(2 * hits / (seven.support + seven.predicted))
    assert seven.f1.low < seven.f1.value < seven.f1.high
    assert found.metrics.macro_f1.value == pytest.approx(np.mean([one.f1.value for one in found.metrics.per_class]))


def test_a_share_of_too_few_is_no_share() -> None:
    assert accuracy_estimate(9, 10).value == 0.9
    assert accuracy_estimate(9, 9).reason == "only 9 labelled books: 9 right"
    assert accuracy_estimate(0, 0, "maps").reason == "no maps"


@pytest.mark.parametrize(
    ("part", "everything", "ratio"),
    [
        ((5, 10), (10, 20), 1.0),  # ten on either side are enough
        ((5, 10), (8, 19), math.nan),  # nine others are not
        ((5, 9), (10, 20), math.nan),
        ((0, 10), (5, 20), 0.0),
        ((5, 10), (5, 20), math.nan),
    ],
)
def test_ten_books_on_either_side_make_a_ratio(
    part: tuple[int, int], everything: tuple[int, int], ratio: float
) -> None:
    assert error_rate_ratio(*part, *everything) == pytest.approx(ratio, nan_ok=True)


@pytest.mark.parametrize(("n", "known"), [(9, False), (10, True)])
def test_a_group_of_ten_has_a_rate_and_one_of_nine_has_counts(n: int, known: bool) -> None:
    table = scored(*[("Map", "Play", 0.9)] * n, *[("Map", "Map", 0.9)] * 20)
    found = compare_with_rest(table, np.arange(len(table)) < n)
    assert found["rate"].defined is known
    assert found["rest_rate"].value == 0
    turned = compare_with_rest(table, np.arange(len(table)) >= n)
    assert (turned["rate"].value, turned["rest_rate"].defined) == (0, known)
    assert (turned["rest_n"], turned["rest_errors"]) == (n, n)
    rates = by_value(table, pd.Series(["few"] * n + ["many"] * 20)).set_index("value")
    assert rates["error_rate"].notna().to_dict() == {"many": True, "few": known}


def test_books_with_an_unknown_probability_are_left_out_of_its_quality() -> None:
    table = scored(("Map", "Map", 0.8), ("Play", "Map", 0.6)).assign(
        **{"p_Map": [0.8, 0.3], "p_Play": [0.1, np.nan], "p_Song": [0.1, 0.1]}
    )
    found = evaluate(table, CLASSES).metrics
    assert (found.brier.value, found.log_loss.value) == pytest.approx((0.06, -math.log(0.8)))
