import numpy as np
import pandas as pd
import pytest

from core.errors import InputError
from core.language_evidence import keyword_frequency
from core.statistics import wilson


def titles(by_year: dict[int | None, tuple[int, int]]) -> pd.DataFrame:
    """Make records: year → how many titles, and how many of them are poems."""
    rows = [
        (year, "Poems" if i < hits else "A history") for year, (count, hits) in by_year.items() for i in range(count)
    ]
    return pd.DataFrame(
        {
            "year": pd.array([year for year, _ in rows], dtype="Int64"),
            "title": pd.array([title for _, title in rows], dtype="str"),
        }
    )


@pytest.fixture
def found() -> pd.DataFrame:
    sample = titles({1841: (10, 5), 1842: (20, 4), None: (3, 1)})
    population = titles({1840: (100, 10), 1841: (100, 20), 1843: (2, 2)})
    return keyword_frequency(sample, population, ["poem", "history, tale"], window=3)


def test_every_year_of_both_sets_has_a_row(found):
    assert len(found) == 2 * 2 * 5
    for _, rows in found.groupby(["word", "set"]):
        assert rows["year"].tolist()[:4] == [1840, 1841, 1842, 1843]
        assert rows["year"].isna().tolist() == [False] * 4 + [True]
    assert found["year"].dtype == "Int64"


def test_counts_and_shares(found):
    rows = found[(found["word"] == "poem") & (found["set"] == "sample")]
    assert rows["n_titles"].tolist() == [0, 10, 20, 0, 3]
    assert rows["n_with_word"].tolist() == [0, 5, 4, 0, 1]
    np.testing.assert_allclose(rows["share"], [np.nan, 0.5, 0.2, np.nan, np.nan])
    others = found[(found["word"] == "history, tale") & (found["set"] == "sample")]
    assert others["n_with_word"].tolist() == [0, 5, 16, 0, 2]


def test_the_rolling_mean_weighs_years_by_their_titles(found):
    rows = found[(found["word"] == "poem") & (found["set"] == "population")]
    assert rows["rolling_n"].tolist() == [200, 200, 102, 2, 0]
    np.testing.assert_allclose(rows["rolling_share"], [30 / 200, 30 / 200, 22 / 102, np.nan, np.nan])
    low, high = wilson(30, 200)
    assert (rows["low"].iloc[0], rows["high"].iloc[0]) == pytest.approx((low, high))
    assert rows["low"].isna().tolist() == [False, False, False, True, True]


def test_a_window_of_one_year_is_the_year_itself(found):
    sample = titles({1841: (10, 5), 1842: (20, 4)})
    rows = keyword_frequency(sample, sample[:0], ["poem"], window=1, sample_name="annotated")
    rows = rows[(rows["set"] == "annotated") & rows["year"].notna()]
    np.testing.assert_allclose(rows["rolling_share"], rows["share"])


def test_a_window_longer_than_the_years():
    sample = titles({1841: (10, 5), 1842: (20, 4)})
    rows = keyword_frequency(sample, sample, ["poem"], window=11)
    assert rows["rolling_n"].tolist() == [30, 30, 0] * 2


def test_titles_without_any_year():
    sample = titles({None: (12, 6)})
    rows = keyword_frequency(sample, sample, ["poem"])
    assert rows["n_titles"].tolist() == [12, 12]
    assert rows["year"].isna().all()
    assert rows["share"].tolist() == [0.5, 0.5]


@pytest.mark.parametrize("window", [0, -1, 4])
def test_the_window_is_odd(window):
    with pytest.raises(InputError, match=f"odd number of years, so that it has a middle; {window} came"):
        keyword_frequency(titles({1841: (10, 5)}), titles({1841: (10, 5)}), ["poem"], window)


def test_a_word_is_needed():
    with pytest.raises(InputError, match="at least one word"):
        keyword_frequency(titles({1841: (10, 5)}), titles({1841: (10, 5)}), [])
