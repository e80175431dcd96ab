import itertools
import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.calibration import (
    CALIBRATION_MINIMUM,
    Calibration,
    equal_count_bins,
    expected_calibration_error,
    learn_calibration,
    reliability_table,
)
from core.errors import InputError, ModelError


def toy(n, classes=3, sharpness=1.0, seed=0):
    """Books whose true class is drawn from known probabilities; what is stated is too sure by `sharpness`."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(0, 1.5, (n, classes))
    true = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    stated = true**sharpness / (true**sharpness).sum(axis=1, keepdims=True)
    names = [f"class {i}" for i in range(classes)]
    truth = np.array([names[generator.choice(classes, p=row)] for row in true], dtype=object)
    return names, true, stated, truth


class TestTemperature:
    @pytest.mark.parametrize("classes", [2, 3, 5])
    @pytest.mark.parametrize("sharpness", [0.5, 1.0, 2.5])
    def test_it_finds_what_was_done_to_the_logits(self, classes, sharpness):
        names, true, stated, truth = toy(6000, classes, sharpness)
        calibration = learn_calibration("temperature", stated, truth, names)
        assert calibration.temperature == pytest.approx(sharpness, rel=0.06)
        assert np.abs(calibration.apply(stated) - true).max() < 0.03

    def test_by_hand(self):
        calibration = Calibration(method="temperature", classes=("a", "b"), temperature=2.0)
        # The logit of 0.9 against 0.1 is ln 9; half of it is ln 3.
        assert calibration.apply([[0.9, 0.1], [0.5, 0.5]]) == pytest.approx(np.array([[0.75, 0.25], [0.5, 0.5]]))

    def test_predictions_never_change(self):
        names, _, stated, truth = toy(300, 4, 3.0)
        calibrated = learn_calibration("temperature", stated, truth, names).apply(stated)
        assert (calibrated.argmax(axis=1) == stated.argmax(axis=1)).all()
        assert calibrated.sum(axis=1) == pytest.approx(np.ones(300))

    def test_books_without_an_error_do_not_make_it_certain(self):
        stated = np.tile([0.8, 0.2], (100, 1))
        calibration = learn_calibration("temperature", stated, ["a"] * 100, ["a", "b"])
        assert calibration.temperature == pytest.approx(0.2, abs=0.01)
        assert calibration.apply(stated)[0, 0] < 1

    def test_books_of_either_class_alike_leave_no_confidence(self):
        stated = np.tile([0.9, 0.1], (100, 1))
        calibration = learn_calibration("temperature", stated, ["a", "b"] * 50, ["a", "b"])
        assert calibration.temperature == pytest.approx(10, abs=0.1)
        # The logit ln 9, divided by ten.
        assert calibration.apply(stated)[0, 0] == pytest.approx(1 / (1 + 9**-0.1), abs=1e-3)

    def test_stated_certainty_that_is_wrong_is_no_infinity(self):
        stated = np.tile([1.0, 0.0], (40, 1))
        calibration = learn_calibration("temperature", stated, ["b"] * 10 + ["a"] * 30, ["a", "b"])
        assert np.isfinite(calibration.apply(stated)).all()


class TestIsotonic:
    def test_a_calibrated_toy_measures_as_calibrated(self):
        names, true, stated, truth = toy(6000, 3, 2.5)
        calibrated = learn_calibration("isotonic", stated, truth, names).apply(stated)
        assert np.abs(calibrated - true).mean() < 0.03
        assert np.abs(stated - true).mean() > 0.1
        right = np.array(names, dtype=object)[calibrated.argmax(axis=1)] == truth
        assert expected_calibration_error(calibrated.max(axis=1), right) < 0.02
        assert expected_calibration_error(stated.max(axis=1), right) > 0.1

    def test_of_two_classes_one_is_the_rest_of_the_other(self):
        names, _, stated, truth = toy(800, 2, 2.0)
        calibration = learn_calibration("isotonic", stated, truth, names)
        alone = np.interp(stated[:, 0], *calibration.curves[names[0]])
        assert calibration.apply(stated)[:, 0] == pytest.approx(alone)

    def test_no_probability_is_nought_or_one(self):
        stated = np.column_stack([np.linspace(0, 1, 500), 1 - np.linspace(0, 1, 500)])
        truth = np.where(stated[:, 0] > 0.5, "a", "b")
        calibrated = learn_calibration("isotonic", stated, truth, ["a", "b"]).apply(stated)
        assert calibrated.min() == pytest.approx(1 / 502)

    def test_the_curves_rise(self):
        names, _, stated, truth = toy(700, 3, 1.5, seed=4)
        for x, y in learn_calibration("isotonic", stated, truth, names).curves.values():
            assert (np.diff(x) > 0).all()
            assert (np.diff(y) >= 0).all()


@pytest.mark.parametrize("method", list(CALIBRATION_MINIMUM))
def test_saved_and_read_again_it_is_the_same(method):
    names, _, stated, truth = toy(600, 3, 2.0)
    calibration = learn_calibration(method, stated, truth, names, learned_from="600 invented books")
    again = Calibration.from_dict(json.loads(json.dumps(calibration.as_dict())))
    assert (again.apply(stated) == calibration.apply(stated)).all()
    assert again.learned_from == ("" if method == "none" else "600 invented books")
    assert again.n == (0 if method == "none" else 600)


@pytest.mark.parametrize("method", list(CALIBRATION_MINIMUM))
def test_what_is_undefined_stays_undefined(method):
    names, _, stated, truth = toy(600, 2)
    calibrated = learn_calibration(method, stated, truth, names).apply([[np.nan, np.nan], [0.4, 0.6]])
    assert np.isnan(calibrated[0]).all()
    assert calibrated[1].sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"method": "magic"}, "There is no calibration 'magic': none, temperature, isotonic"),
        ({"temperature": 0}, "numbers that cannot be"),
        ({"temperature": math.inf}, "numbers that cannot be"),
        ({"temperature": "warm"}, "cannot be read"),
        ({"curves": {"a": [[], []], "b": [[0], [1]]}, "method": "isotonic"}, "numbers that cannot be"),
        ({"curves": {"a": [[0], [math.inf]], "b": [[0], [1]]}, "method": "isotonic"}, "numbers that cannot be"),
        ({"curves": {"a": [[1, 0], [0, 1]], "b": [[0], [1]]}, "method": "isotonic"}, "numbers that cannot be"),
        ({"curves": {"a": [[0, 1], [0]]}}, "numbers that cannot be|cannot be read"),
        ({"curves": {"a": [[0], [1]]}, "method": "isotonic"}, "speaks of other classes"),
        ({"curves": []}, "cannot be read"),
        ({"n": None}, "cannot be read"),
    ],
)
def test_a_file_that_is_no_calibration(change, message):
    good = Calibration(method="temperature", classes=("a", "b"), temperature=1.5).as_dict()
    with pytest.raises(ModelError, match=message):
        Calibration.from_dict(good | change)


@pytest.mark.parametrize(
    ("method", "n", "message"),
    [
        ("temperature", 29, "'temperature' needs at least 30 labelled books.*there are 29"),
        ("isotonic", 499, "'isotonic' needs at least 500 labelled books"),
        ("magic", 600, "There is no calibration 'magic'. There are: none, temperature, isotonic"),
    ],
)
def test_what_cannot_be_learned(method, n, message):
    names, _, stated, truth = toy(n)
    with pytest.raises(InputError, match=message):
        learn_calibration(method, stated, truth, names)


@pytest.mark.parametrize(("method", "least"), [("temperature", 30), ("isotonic", 500)])
def test_the_least_number_of_books_is_enough(method, least):
    names, _, stated, truth = toy(least)
    assert learn_calibration(method, stated, truth, names).n == least


def test_books_that_do_not_fit():
    stated = np.tile([0.5, 0.5], (40, 1))
    with pytest.raises(InputError, match="does not know the class 'c'. It knows: a, b"):
        learn_calibration("temperature", stated, ["c"] * 40, ["a", "b"])
    with pytest.raises(InputError, match="1 books have an undefined probability"):
        learn_calibration("temperature", np.where(np.arange(80).reshape(40, 2) < 2, np.nan, stated), ["a"] * 40, "ab")
    with pytest.raises(InputError, match="39 labels and 2 classes do not fit"):
        learn_calibration("temperature", stated, ["a"] * 39, ["a", "b"])


@pytest.mark.parametrize(
    ("values", "bins", "parts"),
    [
        ([5, 1, 4, 2, 3, 6], 2, [[1, 3, 4], [2, 0, 5]]),
        ([5, 1, 4, 2, 3, 6], 3, [[1, 3], [4, 2], [0, 5]]),
        ([1, 1, 1, 2], 2, [[0, 1, 2], [3]]),  # equal values stay together
        ([1, 2], 5, [[0], [1]]),
        ([3, 2, 1], 1, [[2, 1, 0]]),
    ],
)
def test_bins_by_hand(values, bins, parts):
    assert [part.tolist() for part in equal_count_bins(values, bins)] == parts


class TestReliability:
    def test_by_hand(self):
        # Twenty books in two bins: ten said .6 with six right, ten said .9 with nine right.
        confidence = [0.6] * 10 + [0.9] * 10
        correct = [True] * 6 + [False] * 4 + [True] * 9 + [False]
        table = reliability_table(confidence, correct, bins=2)
        assert table["bin"].tolist() == [1, 2]
        assert table["n"].tolist() == [10, 10]
        assert table["low"].tolist() == table["high"].tolist() == [0.6, 0.9]
        assert table["mean_confidence"].tolist() == pytest.approx([0.6, 0.9])
        assert table["accuracy"].tolist() == [0.6, 0.9]
        # Wilson for 6 of 10, from Brown, Cai and DasGupta's formula by hand.
        assert table["acc_low"].iloc[0] == pytest.approx(0.3127, abs=1e-4)
        assert table["acc_high"].iloc[0] == pytest.approx(0.8318, abs=1e-4)
        assert expected_calibration_error(confidence, correct, bins=2) == pytest.approx(0.0)

    def test_the_error_by_hand(self):
        confidence = [0.6] * 10 + [0.9] * 30
        correct = [True] * 8 + [False] * 2 + [True] * 24 + [False] * 6
        # |.8 − .6| for a quarter of the books, |.8 − .9| for the rest.
        assert expected_calibration_error(confidence, correct, bins=4) == pytest.approx(0.25 * 0.2 + 0.75 * 0.1)

    def test_bins_have_ten_books_or_more(self):
        generator = np.random.default_rng(0)
        table = reliability_table(generator.random(57), generator.random(57) < 0.5, bins=20)
        assert len(table) == 5
        assert table["n"].min() >= 10
        assert table["n"].sum() == 57

    def test_few_books_have_counts_and_no_rate(self):
        table = reliability_table([0.7] * 9, [True] * 9)
        assert table["n"].tolist() == [9]
        assert table[["accuracy", "acc_low", "acc_high"]].isna().all(axis=None)
        assert math.isnan(expected_calibration_error([0.7] * 9, [True] * 9))

    def test_no_books(self):
        assert len(reliability_table([], [])) == 0
        assert list(reliability_table([], []).columns)[:4] == ["bin", "low", "high", "n"]
        assert math.isnan(expected_calibration_error([], []))

    def test_unknown_confidence_is_left_out(self):
        with_unknown = reliability_table([0.7] * 12 + [np.nan] * 5, [True] * 17)
        assert with_unknown["n"].tolist() == [12]

    def test_lengths_must_agree(self):
        with pytest.raises(InputError, match="2 confidences and 1 answers"):
            reliability_table([0.5, 0.6], [True])

    @settings(max_examples=80, deadline=None)
    @given(st.lists(st.sampled_from([0.1, 0.25, 0.3, 0.5, 0.8, 0.99]), max_size=80), st.integers(1, 12))
    def test_bins_divide_the_books_and_never_equal_values(self, values, bins):
        parts = equal_count_bins(values, bins)
        assert sorted(np.concatenate(parts).tolist() if parts else []) == list(range(len(values)))
        assert len(parts) <= bins
        spans = [(min(values[i] for i in part), max(values[i] for i in part)) for part in parts]
        assert all(a[1] < b[0] for a, b in itertools.pairwise(spans))

    def test_the_order_of_the_rows_plays_no_part(self):
        generator = np.random.default_rng(1)
        confidence = generator.choice([0.6, 0.7, 0.8, 0.9], 200)
        correct = generator.random(200) < confidence
        order = generator.permutation(200)
        pd.testing.assert_frame_equal(
            reliability_table(confidence, correct), reliability_table(confidence[order], correct[order])
        )
