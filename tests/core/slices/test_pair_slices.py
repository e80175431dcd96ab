import math

import pandas as pd

from core.slices import cross_table, pair_slices, slice_p_value


def _table() -> pd.DataFrame:
    rows = []
    for language, decade, n, wrong in (("German", 1850, 12, 9), ("German", 1860, 12, 1), ("English", 1850, 40, 2)):
        rows += [(language, decade, k < wrong) for k in range(n)]
    rows += [("Latin", 1850, True)] * 3
    table = pd.DataFrame(rows, columns=["language", "year", "wrong"])
    table["record_id"] = [str(n) for n in range(len(table))]
    table["title"] = table["title_key"] = [f"title {n}" for n in range(len(table))]
    table["truth"] = [("Fiction", "Map")[n % 2] for n in range(len(table))]
    table["predicted"] = table["truth"].where(~table["wrong"], table["truth"].map({"Fiction": "Map", "Map": "Fiction"}))
    table["correct"] = ~table["wrong"]
    return table


def test_every_pair_with_a_rate_is_one_slice_tested_as_if_it_were_asked_for() -> None:
    table = _table()
    pairs = pair_slices(table, ("Fiction", "Map"), "language", "decade")
    shown = cross_table(table, "language", "decade").dropna(subset=["rate"])
    assert len(pairs.slices) == len(shown) == 3
    for one, p in zip(pairs.slices, pairs.p, strict=True):
        assert math.isclose(p, slice_p_value(table, ("Fiction", "Map"), one))
    assert min(pairs.p) < 0.001
