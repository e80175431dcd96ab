import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from core.errors import InputError
from core.statistics import Estimate, clopper_pearson, labels_needed, proportion, wilson


def every_count(largest: int) -> tuple[np.ndarray, np.ndarray]:
    pairs = [(k, n) for n in range(1, largest + 1) for k in range(n + 1)]
    k, n = np.array(pairs).T
    return k, n


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
def test_wilson_agrees_with_statsmodels(confidence):
    k, n = every_count(40)
    low, high = wilson(k, n, confidence)
    expected_low, expected_high = proportion_confint(k, n, 1 - confidence, method="wilson")
    np.testing.assert_allclose(low, expected_low, atol=1e-12)
    np.testing.assert_allclose(high, expected_high, atol=1e-12)


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
def test_clopper_pearson_agrees_with_statsmodels(confidence):
    k, n = every_count(40)
    low, high = clopper_pearson(k, n, confidence)
    expected_low, expected_high = proportion_confint(k, n, 1 - confidence, method="beta")
    np.testing.assert_allclose(low, expected_low, atol=1e-12)
    np.testing.assert_allclose(high, expected_high, atol=1e-12)


def test_one_sided_limits_put_all_the_doubt_on_one_side():
    low, high = clopper_pearson(3, 60, 0.95, side="upper")
    two_sided = clopper_pearson(3, 60, 0.90)
    assert low == 0
    assert high == pytest.approx(two_sided[1], abs=1e-12)
    low, high = clopper_pearson(3, 60, 0.95, side="lower")
    assert low == pytest.approx(two_sided[0], abs=1e-12)
    assert high == 1


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [
        (0, 10, 0.0, 0.3085),  # exactly 1 − 0.025 ** (1 / 10)
        (10, 10, 0.6915, 1.0),
        (5, 10, 0.1871, 0.8129),
    ],
)
def test_clopper_pearson_by_hand(k, n, low, high):
    found = clopper_pearson(k, n)
    assert found == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(("k", "n"), [(0, 7), (7, 7)])
@pytest.mark.parametrize("method", [wilson, clopper_pearson])
def test_limits_at_the_ends_are_exact(method, k, n):
    low, high = method(k, n)
    assert (low == 0) if k == 0 else (high == 1)
    assert low < high


@pytest.mark.parametrize("method", [wilson, clopper_pearson])
def test_nothing_looked_at_is_undefined(method):
    low, high = method(0, 0)
    assert math.isnan(low) and math.isnan(high)
    low, high = method([0, 2], [0, 4])
    assert np.isnan(low).tolist() == [True, False]


def test_scalars_give_floats_and_series_give_arrays():
    assert all(type(limit) is float for limit in (*wilson(1, 2), *clopper_pearson(1, 2)))
    low, high = wilson(pd.Series([1, 2]), pd.Series([4, 4]))
    assert low.shape == high.shape == (2,)


@pytest.mark.parametrize("method", [wilson, clopper_pearson])
@pytest.mark.parametrize(("k", "n"), [(5, 3), (-1, 3), (float("nan"), 3)])
def test_impossible_counts_are_refused(method, k, n):
    with pytest.raises(InputError, match=f"between 0 and its total: {k:g} of 3 came"):
        method(k, n)


@pytest.mark.parametrize("confidence", [0, 1, 95, -0.5])
def test_impossible_confidence_is_refused(confidence):
    with pytest.raises(InputError, match=rf"lies between 0 and 1 \(95 per cent is 0\.95\); {confidence} came"):
        wilson(1, 2, confidence)


def test_unknown_side_is_refused():
    with pytest.raises(InputError, match="no side 'left' of an interval. There are: two-sided, upper, lower"):
        clopper_pearson(1, 2, side="left")


@given(st.integers(1, 5000), st.data())
def test_intervals_hold_the_share_and_mirror(n, data):
    k = data.draw(st.integers(0, n))
    for method in (wilson, clopper_pearson):
        low, high = method(k, n)
        assert 0 <= low <= k / n <= high <= 1
        other_low, other_high = method(n - k, n)
        assert (1 - other_high, 1 - other_low) == pytest.approx((low, high), abs=1e-9)
    assert clopper_pearson(k, n)[1] - clopper_pearson(k, n)[0] >= wilson(k, n)[1] - wilson(k, n)[0] - 0.02


@pytest.mark.parametrize(
    ("max_error", "confidence", "errors", "n"),
    [
        (0.05, 0.95, 0, 59),
        (0.02, 0.95, 0, 149),
        (0.01, 0.95, 0, 299),
        (0.05, 0.99, 0, 90),
        (0.05, 0.95, 1, 93),
        (0.05, 0.95, 2, 124),
        (0.5, 0.5, 0, 1),
    ],
)
def test_label_budget(max_error, confidence, errors, n):
    assert labels_needed(max_error, confidence, errors) == n
    assert clopper_pearson(errors, n, confidence, side="upper")[1] <= max_error
    if n - 1 >= errors and n > 1:
        assert clopper_pearson(errors, n - 1, confidence, side="upper")[1] > max_error


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"max_error": 5}, r"5 per cent is 0\.05\); 5 came"),
        ({"max_error": 0.0}, r"lies between 0 and 1 .* 0\.0 came"),
        ({"max_error": 0.05, "confidence": 1.0}, r"confidence lies between 0 and 1"),
        ({"max_error": 0.05, "errors": -1}, r"errors is 0 or more; -1 came"),
    ],
)
def test_label_budget_refuses(arguments, message):
    with pytest.raises(InputError, match=message):
        labels_needed(**arguments)


def test_estimate_as_json():
    estimate = proportion(759, 850)
    assert estimate.defined
    content = json.loads(json.dumps(estimate.as_dict(), allow_nan=False))
    assert content == {
        "value": pytest.approx(759 / 850),
        "low": pytest.approx(0.87036, abs=1e-5),
        "high": pytest.approx(0.91199, abs=1e-5),
        "n": 850,
        "method": "Wilson",
    }


def test_undefined_estimate_says_why():
    estimate = proportion(0, 0)
    assert not estimate.defined
    assert json.loads(json.dumps(estimate.as_dict(), allow_nan=False)) == {
        "value": None,
        "low": None,
        "high": None,
        "n": 0,
        "method": "Wilson",
        "reason": "no records",
    }


def test_exact_proportion():
    estimate = proportion(0, 59, method="Clopper–Pearson")
    assert (estimate.low, estimate.method) == (0.0, "Clopper–Pearson")
    assert estimate.high == pytest.approx(1 - 0.025 ** (1 / 59))


def test_estimate_cannot_be_changed():
    with pytest.raises(AttributeError):
        Estimate.undefined("why").value = 1.0
