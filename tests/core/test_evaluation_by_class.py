import math

import numpy as np
import pandas as pd
import pytest

from core.evaluation import accuracy_estimate, by_value, by_value_and_class, value_sentences
from core.statistics import wilson

CLASSES = ("Map", "Song")


def labelled() -> tuple[pd.DataFrame, pd.Series]:
    """English: 30 maps (3 called songs), 12 songs (all found). Dutch: 11 maps (1 without a prediction), 2 songs."""
    rows = [
        *[("Map", "Map", "English")] * 27,
        *[("Song", "Map", "English")] * 3,
        *[("Song", "Song", "English")] * 12,
        *[("Map", "Map", "Dutch")] * 10,
        ("", "Map", "Dutch"),
        *[("Map", "Song", "Dutch")] * 2,
    ]
    table = pd.DataFrame(rows, columns=["predicted", "truth", "language"]).astype("str")
    table = table.sample(frac=1, random_state=0)
    return table.assign(correct=table["predicted"] == table["truth"]), table["language"]


def test_precision_and_recall_by_value_and_class() -> None:
    table, values = labelled()
    found = by_value_and_class(table, values, CLASSES)
    assert found[["value", "class"]].to_numpy().tolist() == [
        ["English", "Map"],
        ["English", "Song"],
        ["Dutch", "Map"],
        ["Dutch", "Song"],
    ]
    assert found["n"].tolist() == [42, 42, 13, 13]
    assert found[["is_class", "called_class", "hits"]].to_numpy().tolist() == [
        [30, 27, 27],
        [12, 15, 12],
        [11, 12, 10],
        [2, 0, 0],
    ]
    english_map, english_song, dutch_map, dutch_song = found.to_dict("records")
    assert (english_map["precision"], english_map["recall"]) == (1, 0.9)
    assert (english_song["precision"], english_song["recall"]) == (0.8, 1)
    assert (dutch_map["recall_low"], dutch_map["recall_high"]) == pytest.approx(wilson(10, 11))
    assert math.isnan(dutch_song["precision"])
    assert math.isnan(dutch_song["recall"])


def test_sentences_compare_with_the_rest() -> None:
    table = pd.DataFrame(
        {
            "value": ["English", "German", "Dutch", "no language", "Latin"],
            "n": [1200, 34, 9, 50, 40],
            "errors": [40, 9, 4, 2, 3],
            "error_rate": [40 / 1200, 9 / 34, np.nan, 0.04, 3 / 40],
            "ratio": [0.4, 4.02, np.nan, 1.01, np.nan],
        }
    )
    assert value_sentences(table, "language", "titles") == [
        "English titles: 40 of 1,200 wrong, 0.4 times the rest.",
        "German titles: 9 of 34 wrong, 4 times the rest.",
        "Dutch titles: 4 of 9 wrong, too few for a rate.",
        "Titles without a language: 2 of 50 wrong, as often as the rest.",
        "Latin titles: 3 of 40 wrong.",
    ]


def test_sentences_fit_the_table_of_errors_by_value() -> None:
    table, values = labelled()
    assert value_sentences(by_value(table, values), "language") == [
        "English books: 3 of 42 wrong, 0.3 times the rest.",
        "Dutch books: 3 of 13 wrong, 3.2 times the rest.",
    ]


def test_a_share_of_too_few_is_no_share() -> None:
    assert accuracy_estimate(9, 10).value == 0.9
    assert accuracy_estimate(9, 9).reason == "only 9 labelled books: 9 right"
    assert accuracy_estimate(0, 0, "maps").reason == "no maps"
