import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.draws import SHARES, fold_by_title, split_by_title
from core.errors import InputError


def books(n, classes=("Fiction", "Non-fiction"), seed=0):
    generator = np.random.default_rng(seed)
    keys = [f"title {number}" for number in generator.integers(0, int(n * 0.9), n)]
    labels = generator.choice(list(classes), n, p=[0.25, 0.75] if len(classes) == 2 else None)
    return pd.DataFrame({"title_key": keys, "label": labels})


def test_shares_are_kept_in_every_class():
    table = books(2000)
    part = split_by_title(table["title_key"], table["label"])
    for name, group in table.groupby("label"):
        for wanted, share in SHARES.items():
            here = (part[group.index] == wanted).mean()
            assert here == pytest.approx(share, abs=0.01), (name, wanted)


def test_singletons_meet_their_shares_to_the_book():
    labels = ["a"] * 20 + ["b"] * 40
    part = split_by_title([f"t{i}" for i in range(60)], labels)
    result = pd.crosstab(pd.Series(labels), pd.Series(part))
    assert result.loc["a"].to_dict() == {"calibration": 3, "test": 3, "train": 14}
    assert result.loc["b"].to_dict() == {"calibration": 6, "test": 6, "train": 28}


def test_a_rare_class_reaches_every_part_when_it_can():
    labels = ["rare"] * 5 + ["common"] * 95
    part = split_by_title([f"t{i}" for i in range(100)], labels, seed=3)
    assert set(part[:5]) == set(SHARES)


def test_the_seed_decides_and_the_order_of_rows_does_not():
    table = books(300)
    part = split_by_title(table["title_key"], table["label"], seed=5)
    assert (part == split_by_title(table["title_key"], table["label"], seed=5)).all()
    assert (part != split_by_title(table["title_key"], table["label"], seed=6)).any()
    shuffled = table.assign(part=part).sample(frac=1, random_state=1)
    assert (shuffled["part"] == split_by_title(shuffled["title_key"], shuffled["label"], seed=5)).all()


def test_books_without_a_title_are_no_group():
    part = split_by_title([""] * 100, ["a"] * 100)
    assert pd.Series(part).value_counts().to_dict() == {"train": 70, "calibration": 15, "test": 15}


def test_a_part_with_no_share_stays_empty():
    part = split_by_title([f"t{i}" for i in range(20)], ["a"] * 20, shares={"train": 0.8, "test": 0.2, "rest": 0.0})
    assert set(part) == {"train", "test"}


def together(parts, keys):
    return all(len(set(here)) == 1 for _, here in parts.groupby(keys))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["", "k", "l", "m", "n", "o"]), st.sampled_from("xyz")), min_size=1, max_size=60
    ),
    st.integers(0, 3),
)
def test_no_title_stands_in_two_parts(rows, seed):
    keys, labels = [row[0] for row in rows], [row[1] for row in rows]
    part = pd.Series(split_by_title(keys, labels, seed=seed))
    named = pd.Series(keys) != ""
    assert together(part[named], pd.Series(keys)[named])
    assert set(part) <= set(SHARES)
    if pd.Series(keys)[named].nunique() + (~named).sum() >= 2:
        folds = pd.Series(fold_by_title(keys, labels, folds=2, seed=seed))
        assert together(folds[named], pd.Series(keys)[named])


def test_folds_are_of_equal_size_in_every_class():
    labels = ["a"] * 25 + ["b"] * 50 + ["c"] * 5
    fold = fold_by_title([f"t{i}" for i in range(80)], labels, folds=5)
    result = pd.crosstab(pd.Series(labels), pd.Series(fold))
    assert result.to_numpy().tolist() == [[5] * 5, [10] * 5, [1] * 5]


@pytest.mark.parametrize(("shares", "came"), [({"a": 0.5, "b": 0.4}, "'b': 0.4"), ({"a": 1.5, "b": -0.5}, "'b': -0.5")])
def test_shares_that_cannot_be(shares, came):
    with pytest.raises(InputError, match=f"must be 0 or more and sum to 1.*{came}"):
        split_by_title(["t"], ["a"], shares=shares)


def test_columns_of_different_length():
    with pytest.raises(InputError, match="There are 2 titles and 1 labels"):
        split_by_title(["t", "u"], ["a"])


@pytest.mark.parametrize(("keys", "folds"), [(["a", "b", "b"], 3), (["a", "b"], 1)])
def test_folds_that_cannot_be(keys, folds):
    with pytest.raises(InputError, match=rf"2 different titles cannot be divided into {folds} folds"):
        fold_by_title(keys, ["x"] * len(keys), folds=folds)
