import math

import numpy as np
import pandas as pd
import pytest

from core.errors import InputError
from core.thresholds import ALL_CLASSES, Curves, CutPoint, Policy, apply_policy, expected_errors

CLASSES = ("Map", "Play", "Song")


def made(n: int = 600, seed: int = 0, decimals: int = 2) -> pd.DataFrame:
    """A scored table with ties, unknown confidences, missing predictions and unlabelled rows."""
    generator = np.random.default_rng(seed)
    predicted = generator.choice([*CLASSES, ""], n, p=[0.5, 0.3, 0.18, 0.02])
    truth = np.where(generator.random(n) < 0.8, predicted, generator.choice(CLASSES, n))
    truth = np.where(generator.random(n) < 0.4, "", truth)
    confidence = (0.4 + 0.6 * generator.beta(3, 1, n)).round(decimals)
    confidence[generator.random(n) < 0.03] = np.nan
    return pd.DataFrame({"predicted": predicted, "truth": truth, "confidence": confidence}).astype(
        {"predicted": "str", "truth": "str"}
    )


def counted(table: pd.DataFrame, cuts: dict[str, float], rows: np.ndarray) -> CutPoint:
    """The same the slow way."""
    kept = apply_policy(table, Policy(cuts)) & rows
    labelled = (table["truth"] != "").to_numpy()
    wrong = (table["truth"] != table["predicted"]).to_numpy()
    return CutPoint(
        records=int(rows.sum()),
        accepted=int(kept.sum()),
        labelled=int((labelled & rows).sum()),
        labelled_accepted=int((kept & labelled).sum()),
        errors=int((kept & labelled & wrong).sum()),
    )


@pytest.mark.parametrize("cut", [0.0, 0.4, 0.55, 0.551, 0.9, 0.99, 1.0])
def test_a_look_up_counts_what_the_table_counts(cut: float) -> None:
    table = made()
    curves = Curves(table, CLASSES)
    for name in CLASSES:
        assert curves.at(name, cut) == counted(table, {name: cut}, (table["predicted"] == name).to_numpy())
    everything = np.ones(len(table), dtype=bool)
    assert curves.at(ALL_CLASSES, cut) == counted(table, dict.fromkeys(CLASSES, cut), everything)


def test_rates_by_hand() -> None:
    point = CutPoint(records=200, accepted=50, labelled=40, labelled_accepted=20, errors=2)
    assert point.coverage == 0.25
    assert (point.accuracy.value, point.accuracy.n) == (0.9, 20)
    assert (point.accuracy.low, point.accuracy.high) == pytest.approx((0.699, 0.972), abs=1e-3)


def test_too_few_labelled_books_give_no_rate_but_a_reason() -> None:
    few = CutPoint(records=10, accepted=5, labelled=10, labelled_accepted=5, errors=1).accuracy
    assert math.isnan(few.value)
    assert few.reason == "only 5 labelled books are accepted: 4 right"
    assert math.isnan(CutPoint(records=0, accepted=0, labelled=0, labelled_accepted=0, errors=0).coverage)


def test_an_unknown_class_is_refused() -> None:
    curves = Curves(made(), CLASSES)
    with pytest.raises(InputError, match=r"There is no class 'Poem'. Classes are: Map, Play, Song"):
        curves.at("Poem", 0.5)


class TestTable:
    def test_every_row_is_what_a_look_up_says(self) -> None:
        table = made(seed=2)
        curves, found = Curves(table, CLASSES), Curves(table, CLASSES).table()
        assert list(dict.fromkeys(found["class"])) == [*CLASSES, ALL_CLASSES]
        for row in found.to_dict("records"):
            point = curves.at(row["class"], row["cut"])
            assert (row["accepted"], row["n_accepted"], row["errors"]) == (
                point.accepted,
                point.labelled_accepted,
                point.errors,
            )
            assert row["coverage"] == point.coverage
            assert row["accuracy"] == pytest.approx(point.accuracy.value, nan_ok=True)
            assert row["error_high"] == pytest.approx(1 - point.accuracy.low, nan_ok=True)

    def test_curves_begin_with_everything_and_only_fall(self) -> None:
        found = Curves(made(seed=3).dropna(subset=["confidence"]), CLASSES).table()
        for _, curve in found.groupby("class"):
            assert curve["cut"].iloc[0] == 0
            assert curve["coverage"].iloc[0] == pytest.approx(1, abs=0.03)
            assert curve["cut"].is_monotonic_increasing
            for falling in ("coverage", "n_accepted", "errors"):
                assert curve[falling].is_monotonic_decreasing

    def test_long_curves_are_thinned_and_keep_their_ends(self) -> None:
        table = made(5000, seed=4, decimals=9)
        full, thin = (Curves(table, CLASSES).table(points) for points in (100_000, 50))
        sizes = thin.groupby("class").size()
        assert (sizes == 50).all()
        assert set(thin["cut"]) <= set(full["cut"])
        for name in (*CLASSES, ALL_CLASSES):
            ends = [curve[curve["class"] == name].iloc[[0, -1]].reset_index(drop=True) for curve in (full, thin)]
            pd.testing.assert_frame_equal(*ends)

    def test_below_ten_there_are_counts_and_no_rates(self) -> None:
        found = Curves(made(seed=5), CLASSES).table()
        few = found["n_accepted"] < 10
        assert few.any()
        rates = ["accuracy", "low", "high", "error_rate", "error_low", "error_high"]
        assert found.loc[few, rates].isna().all(axis=None)
        assert found.loc[~few, rates].notna().all(axis=None)

    @pytest.mark.parametrize("rows", [0, 3])
    def test_without_labels_there_is_coverage_only(self, rows: int) -> None:
        table = made(seed=6).head(rows).assign(truth=pd.Series([""] * rows, dtype="str"))
        found = Curves(table, CLASSES).table()
        assert found["n_accepted"].sum() == 0
        assert found["accuracy"].isna().all()
        assert (found["cut"] == 0).all()


def test_a_single_accepted_book_counts_too() -> None:
    """Two of 20 checked ones of the first class are wrong, 20 are unchecked; the one book of the second is wrong."""
    expected = expected_errors(np.array([2, 1]), np.array([20, 1]), np.array([40, 1]))
    assert expected.value == pytest.approx(2 + 1 + 20 * 2 / 20)
