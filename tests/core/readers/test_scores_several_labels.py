"""Several labels in a cell are no new class: one-element lists are unwrapped, the rest is refused in words."""

import numpy as np
import pandas as pd
import pytest

from core.errors import InputError
from core.readers.scores import single_answers


def _cells(*values: str) -> pd.Series:
    return pd.Series(list(values), dtype="str", name="label")


@pytest.mark.parametrize(
    "cell", ['["Map"]', "['Map']", '{"choices": ["Map"]}', '[{"label": "Map"}]', '{"label": "Map", "score": 0.5}']
)
def test_a_list_of_one_is_that_one(cell: str) -> None:
    single = single_answers(_cells(cell, "Play", "[]"))
    assert single.answers.tolist() == ["Map", "Play", ""]
    assert "2 cells of 'label' are lists or objects with one label" in single.remark


@pytest.mark.parametrize(
    "cells",
    [
        ("Map", '["Map", "Play"]'),
        ("Map", '{"choices": ["Map", "Play"]}'),
        ("Poetry#Fiction", "Fiction"),
        ("Poetry#Fiction", "Fiction#Poetry"),
        ("Poetry|Fiction", "Fiction"),
        ("Poetry; Fiction", "Poetry", "Fiction"),
        ("Poetry, Fiction", "Poetry", "Fiction"),
        ("Poetry/Fiction", "Poetry", "Fiction"),
    ],
)
def test_several_labels_are_refused_with_line_and_cell(cells: tuple[str, ...]) -> None:
    with pytest.raises(InputError, match=r"Column 'label', line \d+: .* holds several labels"):
        single_answers(_cells(*cells), np.arange(2, 2 + len(cells)))


@pytest.mark.parametrize(
    "cells",
    [
        ("Poésie, théâtre", "Prose"),
        ("C#", "C++"),
        ("a/b", "c"),
        ("N/A", "None"),
        ("Fiction; general", "Non-fiction"),
        ("[Poems]", "Map"),
    ],
)
def test_signs_inside_a_class_name_stay(cells: tuple[str, ...]) -> None:
    single = single_answers(_cells(*cells))
    assert (single.answers.tolist(), single.remark) == (list(cells), "")
