import json
import math

import numpy as np
import pandas as pd
import pytest

from core.errors import InputError
from core.representativeness import CollectionEstimates, collection_estimates, confidence_bands
from core.statistics import wilson
from core.wording.evaluation import collection

CLASSES = ("Drama", "Fiction", "Non-fiction")


def scored(n: int = 4000, checked: int = 400, seed: int = 1, **columns: object) -> pd.DataFrame:
    """Make a collection of three classes with a model that is right about four times in five."""
    generator = np.random.default_rng(seed)
    truth = generator.choice(CLASSES, n, p=[0.1, 0.3, 0.6])
    raw = generator.gamma(1.0, size=(n, 3)) + 2.5 * (truth[:, None] == np.array(CLASSES))
    p = raw / raw.sum(axis=1, keepdims=True)
    predicted = np.array(CLASSES)[p.argmax(axis=1)]
    frame = pd.DataFrame({f"p_{name}": p[:, i] for i, name in enumerate(CLASSES)})
    frame["record_id"] = pd.Series([f"b{i}" for i in range(n)], dtype="str")
    frame["title_key"] = pd.Series([f"title {i}" for i in range(n)], dtype="str")
    frame["predicted"] = pd.Series(predicted, dtype="str")
    frame["confidence"] = p.max(axis=1)
    seen = np.arange(n) < checked
    frame["truth"] = pd.Series(np.where(seen, truth, ""), dtype="str")
    frame["split"] = pd.Series([""] * n, dtype="str")
    frame["leak"] = False
    frame["language"] = pd.Series(generator.choice(["English", "Dutch"], n), dtype="str")
    frame["year"] = pd.array(generator.integers(1800, 1900, n), dtype="Int64")
    frame.attrs = {"truth": truth}
    return frame.assign(**columns)


@pytest.fixture
def found() -> CollectionEstimates:
    return collection_estimates(scored(), CLASSES)


def test_estimates_are_near_the_truth(found):
    table = scored()
    truth = table.attrs["truth"]
    assert (found.n_checked, found.n_collection, found.n_left_out) == (400, 4000, 0)
    right = float((table["predicted"] == truth).mean())
    assert found.accuracy.low < right < found.accuracy.high
    for name in CLASSES:
        share = float((truth == name).mean())
        for kind in (found.class_shares, found.post_stratified_shares):
            assert kind[name].low < share < kind[name].high
        assert found.predicted_shares[name] == pytest.approx(float((table["predicted"] == name).mean()))
    assert sum(share.value for share in found.post_stratified_shares.values()) == pytest.approx(1)


def test_the_model_makes_the_shares_surer(found):
    counts = pd.Series(scored().attrs["truth"][:400]).value_counts()
    for name in CLASSES:
        low, high = wilson(int(counts[name]), 400)
        assert found.class_shares[name].high - found.class_shares[name].low < high - low


def test_a_sample_of_too_many_sure_ones_is_mended():
    table = scored(n=8000, checked=0)
    truth = table.attrs["truth"]
    generator = np.random.default_rng(7)
    odds = np.where(table["confidence"] > 0.8, 6.0, 1.0)
    drawn = generator.choice(8000, 600, replace=False, p=odds / odds.sum())
    given = np.full(8000, "", dtype=object)
    given[drawn] = truth[drawn]
    found = collection_estimates(table.assign(truth=pd.Series(given, dtype="str")), CLASSES)
    right = float((table["predicted"] == truth).mean())
    assert found.accuracy.low < right < found.accuracy.high
    assert found.accuracy_of_checked.low > right
    assert found.design_effect > 1.3
    assert any("design effect" in sentence for sentence in collection(found))


def test_the_cells_make_the_population(found):
    assert found.cells["n_population"].sum() == 4000
    assert found.cells["n_labelled"].sum() == 400
    assert (found.cells["n_labelled"] >= 5).all()
    assert set(found.cells.columns) == {"predicted", "confidence", "n_labelled", "n_population", "pooled", "weight"}


def test_a_collection_that_was_checked_wholly_is_known_exactly():
    table = scored(checked=4000)
    found = collection_estimates(table, CLASSES)
    right = float((table["predicted"] == table.attrs["truth"]).mean())
    shares = {name: float((table.attrs["truth"] == name).mean()) for name in CLASSES}
    exact = [(found.accuracy, right), (found.accuracy_of_checked, right)]
    exact += [
        (kind[name], shares[name]) for kind in (found.class_shares, found.post_stratified_shares) for name in CLASSES
    ]
    for estimate, truth in exact:
        assert (estimate.low, estimate.value, estimate.high) == pytest.approx((truth, truth, truth), abs=1e-12)


def test_the_last_tenth_leaves_a_third_of_the_width():
    # Nine tenths are checked, so the variance is a tenth: the square root of .1 is .316.
    table = scored(checked=3600)
    nearly = collection_estimates(table, CLASSES).accuracy_of_checked
    low, high = wilson(round(nearly.value * 3600), 3600)
    assert (nearly.high - nearly.low) / (high - low) == pytest.approx(0.316, abs=0.001)


def test_books_the_model_knows_are_left_out():
    split = pd.Series(["train"] * 50 + ["calibration"] * 50 + ["test"] * 100 + [""] * 3800, dtype="str")
    leak = np.arange(4000) >= 380
    found = collection_estimates(scored(split=split, leak=leak), CLASSES)
    assert (found.n_checked, found.n_left_out) == (280, 120)
    assert found.accuracy.n == 280


def test_editions_of_one_title_count_as_one():
    alone = collection_estimates(scored(), CLASSES)
    key = pd.Series([f"title {i // 10 if i < 400 else i}" for i in range(4000)], dtype="str")
    table = scored()
    # ten editions with one truth and one prediction each
    first = (np.arange(400) // 10) * 10
    for column in ("truth", "predicted", "confidence", *[name for name in table if name.startswith("p_")]):
        values = table[column].to_numpy(dtype=object).copy()
        values[:400] = values[first]
        table[column] = pd.Series(values).astype(table[column].dtype)
    grouped = collection_estimates(table.assign(title_key=key), CLASSES)
    ungrouped = collection_estimates(table, CLASSES)
    assert grouped.accuracy.value == ungrouped.accuracy.value
    for kind in ("accuracy", "accuracy_of_checked"):
        wide, narrow = getattr(grouped, kind), getattr(ungrouped, kind)
        assert wide.high - wide.low > 1.8 * (narrow.high - narrow.low)
    assert alone.accuracy.n == grouped.accuracy.n == 400


def test_labels_alone_are_enough():
    table = scored()[["record_id", "title_key", "predicted", "truth", "language", "year"]].assign(confidence=np.nan)
    found = collection_estimates(table, CLASSES)
    assert found.cells["confidence"].tolist() == ["unknown"] * 3
    truth = scored().attrs["truth"]
    for name in CLASSES:
        assert found.class_shares[name].low < float((truth == name).mean()) < found.class_shares[name].high


def test_strata_may_be_facets():
    found = collection_estimates(scored(), CLASSES, strata=["language", "predicted"], covered_facets=[])
    assert set(found.cells["language"]) == {"English", "Dutch"}
    assert len(found.cells) == 6
    assert found.uncovered == {}


def test_share_of_the_collection_no_checked_book_speaks_for():
    language = pd.Series(["English"] * 3000 + ["Welsh"] * 1000, dtype="str")
    found = collection_estimates(scored(language=language), CLASSES)
    assert found.uncovered == {"language": pytest.approx(0.25), "decade": 0}
    assert collection(found)[-1] == "No checked book speaks for a part of the collection: 25 % by language."


def test_too_few_checked_books():
    found = collection_estimates(scored(checked=9), CLASSES)
    assert not found.accuracy.defined
    assert found.accuracy.reason == "only 9 checked books can be used; 10 are needed"
    assert all(not share.defined for share in found.class_shares.values())
    assert math.isnan(found.design_effect)
    content = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    assert content["accuracy"]["value"] is None
    assert content["predicted_shares"].keys() == set(CLASSES)
    assert collection_estimates(scored(checked=0), CLASSES).uncovered == {"language": 1, "decade": 1}


def test_a_class_nobody_found_has_a_share_of_nought_and_an_interval():
    found = collection_estimates(scored(), (*CLASSES, "Sermon"))
    for share in (found.post_stratified_shares["Sermon"], found.class_shares["Sermon"]):
        assert share.value == 0 < share.high < 0.02
    assert found.predicted_shares["Sermon"] == 0


def test_json(found):
    content = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    assert set(content["accuracy"]) == {"value", "low", "high", "n", "method"}
    assert set(content["class_shares"]) == set(CLASSES)
    assert content["n_checked"] == 400


def test_the_condition_and_the_books_left_out_are_said(found):
    condition = "This holds if the checked books are like a random sample of those that are called the same with about"
    assert any(sentence.startswith(condition) for sentence in collection(found))
    assert not any("left out here" in sentence for sentence in collection(found))
    leak = collection_estimates(scored(leak=np.arange(4000) < 100), CLASSES)
    assert "100 more checked books are left out here, since the model learned or may have learned from them." in (
        collection(leak)
    )


def test_sentences(found):
    assert collection(found)[0].startswith("In the whole collection of 4,000 books the model is right for ")
    assert "in the 400 checked books as they are for " in collection(found)[0]
    assert collection(found)[1].startswith("The collection is Drama ")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (scored().drop(columns="truth"), "has no column 'truth'"),
        (scored().drop(columns="confidence"), "has no column 'confidence'"),
        (scored()[:0], "has no rows"),
    ],
)
def test_refuses(table, message):
    with pytest.raises(InputError, match=f"scored table {message}"):
        collection_estimates(table, CLASSES)


def test_bands_hold_equally_many():
    bands = confidence_bands(pd.Series(np.linspace(0.5, 1, 1000)))
    assert bands.value_counts().tolist() == pytest.approx([200] * 5, abs=1)
    assert sorted(set(bands))[0].startswith("0.50–0.6")


def test_bands_of_equal_confidences_are_one():
    assert set(confidence_bands(pd.Series([0.9] * 5))) == {"0.90"}
    assert confidence_bands(pd.Series([0.5, 1.0, 1.0, 1.0, 1.0])).tolist()[1:] == ["0.50–1.00"] * 4
    assert confidence_bands(pd.Series([np.nan])).tolist() == ["unknown"]
