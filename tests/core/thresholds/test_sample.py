import numpy as np
import pandas as pd
import pytest

from core.errors import InputError
from core.thresholds import draw_review_sample
from core.thresholds.sample import comparable_confidences, draw_recheck


def collection(n: int = 1000) -> pd.DataFrame:
    generator = np.random.default_rng(0)
    made = pd.DataFrame(
        {
            "record_id": [f"b{i}" for i in range(n)],
            "predicted": generator.choice(["Map", "Song"], n, p=[0.8, 0.2]),
            "language": generator.choice(["English", "German", ""], n, p=[0.7, 0.2, 0.1]),
            "truth": np.where(np.arange(n) < n // 10, "Map", ""),
        }
    )
    return made.astype("str").set_index(np.arange(n) * 3)


def test_only_unlabelled_records_are_drawn_each_once() -> None:
    table = collection()
    drawn = draw_review_sample(table, 100)
    assert len(drawn) == 100
    assert drawn["record_id"].is_unique
    assert (drawn["truth"] == "").all()
    assert drawn.index.isin(table.index).all()


def test_strata_are_drawn_as_often_as_they_have_records() -> None:
    table = collection()
    left = table[table["truth"] == ""]
    drawn = draw_review_sample(table, 90, ("predicted", "language"))
    sizes = left.groupby(["predicted", left["language"].replace("", "no language")]).size()
    for (predicted, language), size in sizes.items():
        mine = drawn["stratum"] == f"{predicted} · {language}"
        assert abs(mine.sum() - 90 * size / len(left)) < 1
        assert drawn["weight"][mine].to_numpy() == pytest.approx(size / mine.sum())
    assert drawn["weight"].sum() == pytest.approx(len(left))


def test_the_same_seed_draws_the_same_books() -> None:
    table = collection()
    one, same, other = (draw_review_sample(table, 50, seed=seed)["record_id"].tolist() for seed in (1, 1, 2))
    assert one == same
    assert one != other


@pytest.mark.slow
def test_no_record_is_likelier_than_another_of_its_stratum() -> None:
    table = collection(60).assign(truth=pd.Series([""] * 60, dtype="str", index=np.arange(60) * 3))
    times = pd.Series(0, index=table.index)
    for seed in range(400):
        times[draw_review_sample(table, 15, ("predicted",), seed=seed).index] += 1
    expected = 400 * 15 / 60
    assert times.min() > expected - 45
    assert times.max() < expected + 45


@pytest.mark.parametrize("strata", [(), ("predicted",)])
def test_more_than_there_are_is_all_of_them(strata: tuple[str, ...]) -> None:
    assert len(draw_review_sample(collection(100), 5000, strata)) == 90


def test_a_plain_sample_has_one_weight() -> None:
    drawn = draw_review_sample(collection(), 90, ())
    assert set(drawn["stratum"]) == {"all records"}
    assert drawn["weight"].to_numpy() == pytest.approx(10)


def test_there_must_be_something_to_draw() -> None:
    with pytest.raises(InputError, match="Every record is labelled already"):
        draw_review_sample(collection().query("truth != ''"), 5)
    with pytest.raises(InputError, match="at least 1 record; 0 came"):
        draw_review_sample(collection(), 0)
    with pytest.raises(InputError, match="The facet 'colour'"):
        draw_review_sample(collection(), 5, ("colour",))


def test_what_is_left_over_goes_to_the_largest_remainder() -> None:
    """Of 66 maps and 34 songs five are drawn: 3.3 and 1.7, which are three and two."""
    table = pd.DataFrame(
        {"record_id": [f"b{i}" for i in range(100)], "predicted": ["Map"] * 66 + ["Song"] * 34, "truth": ""}
    )
    for seed in range(5):
        assert draw_review_sample(table, 5, seed=seed)["predicted"].value_counts().to_dict() == {"Map": 3, "Song": 2}


def test_a_recheck_mixes_the_wrong_with_as_many_right_ones_above_the_cut() -> None:
    table = pd.DataFrame(
        {
            "record_id": list("abcdefgh"),
            "truth": ["x", "x", "x", "x", "x", "", "x", "x"],
            "correct": [False, False, True, True, True, False, False, True],
        }
    )
    accepted = np.array([True, True, True, True, True, True, False, False])
    drawn = draw_recheck(table, accepted)
    assert len(drawn) == 4
    assert {"a", "b"} <= set(drawn)  # both wrong ones; f was not checked, g is below its cut
    assert len(set(drawn) & {"c", "d", "e"}) == 2
    orders = {tuple(draw_recheck(table, accepted, seed)[:2]) for seed in range(20)}
    assert any(first not in "ab" for first, _ in orders), "the wrong ones must not always come first"


def test_a_recheck_of_many_wrong_ones_takes_the_right_ones_there_are() -> None:
    table = pd.DataFrame({"record_id": list("abc"), "truth": "x", "correct": [False, False, True]})
    assert sorted(draw_recheck(table, np.array([True, True, True]))) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("chances", "expected"),
    [
        # The two stand at a quarter and three quarters of the sample: the second and the fourth of the four others.
        ((np.nan, np.nan), (0.8, 0.6)),
        # One stands for 2 records, the other for 10: they stand at 1/12 and 7/12, the first and the third.
        ((0.5, 0.1), (0.9, 0.7)),
    ],
)
def test_a_book_predicted_out_of_fold_is_counted_where_the_others_of_its_rank_are(
    chances: tuple[float, float], expected: tuple[float, float]
) -> None:
    table = pd.DataFrame(
        {
            "predicted": ["Map"] * 7 + ["Song"] * 2 + ["Map"],
            "confidence": [0.7, 0.75, 0.9, 0.55, 0.6, np.nan, 0.8, 0.5, 0.95, 0.65],
            "split": ["", "test", "", "calibration", "", "", "", "", "test", "train"],
        }
    )
    drawn = np.isin(np.arange(10), [1, 3, 8])
    chance = np.full(10, np.nan)
    chance[[1, 3]] = chances
    counted = comparable_confidences(table, drawn, chance)
    assert counted[[1, 3]] == pytest.approx(expected)
    assert counted[8] == 0.5  # the only other song
    assert counted[[0, 2, 4, 5, 6, 7, 9]] == pytest.approx([0.7, 0.9, 0.6, 0, 0.8, 0.5, 0.65])


def test_without_a_model_that_learned_from_them_nothing_changes() -> None:
    table = pd.DataFrame({"predicted": "Map", "confidence": [0.9, 0.8, np.nan], "split": ""})
    drawn, chance = np.array([False, True, False]), np.full(3, np.nan)
    assert comparable_confidences(table, drawn, chance) == pytest.approx([0.9, 0.8, 0])
    assert comparable_confidences(table.drop(columns="split"), drawn, chance) == pytest.approx([0.9, 0.8, 0])
    # Nothing to compare it with: it is counted at what it states.
    assert comparable_confidences(table.assign(split="test"), drawn, chance) == pytest.approx([0.9, 0.8, 0])
