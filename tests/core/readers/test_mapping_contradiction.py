"""Half of the values must speak for what a column is taken as; one less than half speaks against it."""

import pandas as pd
import pytest

from core import schema
from core.readers.mapping import _agreement, _contradiction


def column(*values: str) -> "pd.Series[str]":
    return pd.Series(values, dtype="str")


@pytest.mark.parametrize(
    ("target", "fits", "does_not", "why"),
    [
        (schema.DATE, "1850", "n.d.", "only 33 % of its values hold a year"),
        (schema.CONFIDENCE, "0.9", "high", "only 33 % of its values are numbers"),
        (schema.TITLE, "An ode", "17", "only 33 % of its values hold a word"),
    ],
)
def test_half_of_the_values_are_enough(target: str, fits: str, does_not: str, why: str) -> None:
    assert _contradiction(target, column(fits, does_not)) == ""
    assert _contradiction(target, column(fits, does_not, does_not)).replace("\u00a0", " ") == why


def test_imprints_are_no_publishers() -> None:
    imprint = "London: Bell, 1850"
    assert _contradiction(schema.PUBLISHER, column(imprint, "Bell", "Cox")) == ""
    assert "whole imprints with place and year, such as 'London: Bell, 1850'" in _contradiction(
        schema.PUBLISHER, column(imprint, "Bell")
    )


def test_what_speaks_for_a_column() -> None:
    assert _agreement(schema.DATE, column("1850", "n.d.")).replace("\u00a0", " ") == "50 % of its values hold a year"
    assert _agreement(schema.LABEL, column(*"abcde")) == "it has 5 different values ('a', 'b', 'c', 'd', 'e')"
    assert _agreement(schema.LABEL, column(*"abcdef")) == "it has 6 different values ('a', 'b', 'c', 'd', 'e', …)"
    assert _agreement(schema.TITLE, column("x" * 60)) == f"it holds values such as '{'x' * 60}'"
    assert _agreement(schema.TITLE, column("x" * 61)) == f"it holds values such as '{'x' * 60}…'"
