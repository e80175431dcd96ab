import pandas as pd

from core.language_evidence import shared_books


def ids(record: list[str], alternate: list[str] | None = None) -> pd.DataFrame:
    frame = pd.DataFrame({"record_id": pd.Series(record, dtype="str")})
    if alternate is not None:
        frame["alternate_id"] = pd.Series(alternate, dtype="str")
    return frame


def test_by_record_id():
    result = shared_books(ids(["a", "b", "x"]), ids(["b", "c", "a", "d"]))
    assert result.in_sample.tolist() == [True, True, False]
    assert result.in_population.tolist() == [True, False, True, False]
    assert result.n == 2


def test_by_any_pair_of_identifiers():
    sample = ids(["d1", "d2", "d3", "d4"], ["p1", "", "p3", "p4"])
    population = ids(["p1", "d2", "q", "p9"], ["", "x", "p3", ""])
    result = shared_books(sample, population)
    assert result.in_sample.tolist() == [True, True, True, False]
    assert result.in_population.tolist() == [True, True, True, False]


def test_lost_leading_zeros_are_seen_through():
    result = shared_books(ids(["14602826", "7"]), ids(["014602826", "008"]))
    assert result.in_sample.tolist() == [True, False]
    assert result.in_population.tolist() == [True, False]


def test_blank_identifiers_are_nobody():
    result = shared_books(ids(["a", "b"], ["", ""]), ids(["c", "d"], ["", ""]))
    assert result.n == 0
    assert not result.in_population.any()


def test_positions_do_not_depend_on_the_index():
    sample = ids(["a", "b"]).set_axis([5, 5])
    population = ids(["x", "b", "y"]).set_axis([1, 0, 2])
    result = shared_books(sample, population)
    assert result.in_sample.tolist() == [False, True]
    assert result.in_population.tolist() == [False, True, False]


def test_an_empty_sample_shares_nothing():
    result = shared_books(ids([]), ids(["a"]))
    assert result.n == 0 and result.in_population.tolist() == [False]
