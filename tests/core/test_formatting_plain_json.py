"""JSON has no word for what is undefined: it goes out as null, and comes back as NaN."""

import json
import math

import numpy as np
import pandas as pd
import pytest

from core.formatting import json_text, number, plain


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (math.nan, None),
        (-math.inf, None),
        (pd.NA, None),
        (pd.NaT, None),
        (np.float64("nan"), None),
        (np.float32(0.5), 0.5),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (np.array([[1.0, np.nan]]), [[1.0, None]]),
        (pd.Series([1, None], dtype="Int64"), [1, None]),
        ((1, ("a", None)), [1, ["a", None]]),
        ({3, 1, 2}, [1, 2, 3]),
        ({1: {"x": math.nan}}, {"1": {"x": None}}),
        (pd.Timestamp("2026-01-31"), "2026-01-31 00:00:00"),
        (True, True),
        ("014602826", "014602826"),
    ],
)
def test_a_value_in_the_types_of_json(value, expected):
    result = plain(value)
    assert result == expected
    assert type(result) is type(expected)
    assert json.loads(json_text(value)) == expected


def test_rows_of_a_table_are_written_with_what_is_missing():
    rows = pd.DataFrame({"year": pd.array([1843, pd.NA], dtype="Int64"), "rate": [np.nan, 0.25]}).to_dict("records")
    assert plain(rows) == [{"year": 1843, "rate": None}, {"year": None, "rate": 0.25}]


def test_one_line_or_several():
    assert json_text({"é": [1]}, indent=None) == '{"é": [1]}'
    assert json_text({"é": [1]}) == '{\n  "é": [\n    1\n  ]\n}'


def test_null_comes_back_as_nan():
    assert math.isnan(number(None))
    assert number(1) == 1.0
    assert type(number(1)) is float
