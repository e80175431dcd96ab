"""What the whole-collection estimates promise: they hold the truth about as often as they say.

One invented collection of 4,000 books whose classes are all known; 250 times some hundred of them are "checked". The
share of 250 intervals that hold the truth has a standard error of 1.4 percentage points.
"""

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
import pytest

from core.representativeness import CELL_MINIMUM, CollectionEstimates, collection_estimates, confidence_bands
from core.statistics import post_stratify, prediction_powered_share, weighted_share

CLASSES = ("Fiction", "Non-fiction")
N, DRAWS = 4000, 250


@pytest.fixture(scope="module")
def collection() -> pd.DataFrame:
    """Books with their true class, and a model that is right about nine times in ten; no book is checked yet."""
    generator = np.random.default_rng(101)
    fiction = generator.random(N) < 0.35
    score = np.where(fiction, 1.6, -1.6) + generator.normal(0, 1.25, N)
    p = 1 / (1 + np.exp(-1.5 * score))
    frame = pd.DataFrame({"p_Fiction": p, "p_Non-fiction": 1 - p, "confidence": np.maximum(p, 1 - p)})
    frame["record_id"] = pd.Series([f"b{i}" for i in range(N)], dtype="str")
    frame["title_key"] = frame["record_id"]
    frame["predicted"] = pd.Series(np.where(p > 0.5, *CLASSES), dtype="str")
    frame["class"] = pd.Series(np.where(fiction, *CLASSES), dtype="str")
    return frame


def checked_again(
    collection: pd.DataFrame, draw: Callable[[np.random.Generator], np.ndarray], draws: int = DRAWS
) -> Iterator[CollectionEstimates]:
    generator = np.random.default_rng(102)
    for _ in range(draws):
        truth = np.full(N, "", dtype=object)
        rows = draw(generator)
        truth[rows] = collection["class"].to_numpy(dtype=object)[rows]
        table = collection.assign(truth=pd.Series(truth, dtype="str"))
        yield collection_estimates(table, CLASSES, covered_facets=())


def held_and_width(estimates: list, truth: float) -> tuple[float, float]:
    held = np.mean([one.low <= truth <= one.high for one in estimates])
    return float(held), float(np.mean([one.high - one.low for one in estimates]))


@pytest.mark.slow
@pytest.mark.parametrize("n", [150, 400])
def test_random_checks_cover_as_stated(collection, n):
    found = list(checked_again(collection, lambda generator: generator.choice(N, n, replace=False)))
    right = float((collection["predicted"] == collection["class"]).mean())
    share = float((collection["class"] == "Fiction").mean())
    accuracy, _ = held_and_width([one.accuracy for one in found], right)
    as_they_are, _ = held_and_width([one.accuracy_of_checked for one in found], right)
    cells, cells_width = held_and_width([one.post_stratified_shares["Fiction"] for one in found], share)
    powered, powered_width = held_and_width([one.class_shares["Fiction"] for one in found], share)
    for covered in (as_they_are, cells, powered):
        assert 0.915 <= covered <= 0.99
    # A cell of few checked books has one more of either kind in its variance, so that it is never sure by chance: with
    # 150 books that is careful rather than exact.
    assert 0.915 <= accuracy <= 0.998
    # what the labels alone would say: 3.92 · sqrt(.35 · .65 / n)
    alone = 3.92 * np.sqrt(share * (1 - share) / n)
    assert powered_width < 0.75 * alone
    assert cells_width < 0.75 * alone


@pytest.mark.slow
def test_uneven_checks_are_mended_by_the_cells(collection):
    # the annotators took four times more of what the model calls fiction, and twice more of what it is unsure of
    odds = np.where(collection["predicted"] == "Fiction", 4.0, 1.0) * np.where(collection["confidence"] < 0.9, 2.0, 1.0)
    odds /= odds.sum()
    found = list(checked_again(collection, lambda generator: generator.choice(N, 400, replace=False, p=odds)))
    right = float((collection["predicted"] == collection["class"]).mean())
    share = float((collection["class"] == "Fiction").mean())
    assert held_and_width([one.accuracy for one in found], right)[0] >= 0.91
    assert held_and_width([one.post_stratified_shares["Fiction"] for one in found], share)[0] >= 0.91
    assert held_and_width([one.class_shares["Fiction"] for one in found], share)[0] >= 0.91
    assert held_and_width([one.accuracy_of_checked for one in found], right)[0] < 0.5
    assert np.mean([one.design_effect for one in found]) > 1.2


@pytest.mark.slow
def test_confident_books_checked_more_often_do_not_speak_for_the_others(collection):
    # With cells of ten joined to the largest it was .29.
    sure = (collection["confidence"] > 0.9).to_numpy()
    odds = np.where(sure, 10.0, 1.0)
    cells = pd.DataFrame(
        {"predicted": collection["predicted"], "confidence": confidence_bands(collection["confidence"])}
    )
    correct = (collection["predicted"] == collection["class"]).to_numpy()
    generator = np.random.default_rng(107)
    held = 0
    for _ in range(80):
        rows = generator.choice(N, 150, replace=False, p=odds / odds.sum())
        by = post_stratify(cells.iloc[rows], cells, ["predicted", "confidence"], CELL_MINIMUM, ordered=["confidence"])
        held += _holds(weighted_share(correct[rows], by.weights, None, by.cell), correct.mean())
    assert held / 80 >= 0.93 - 2 * np.sqrt(0.93 * 0.07 / 80)


def test_a_good_model_does_not_mend_an_uneven_sample_without_weights(collection):
    generator = np.random.default_rng(103)
    fiction = (collection["class"] == "Fiction").to_numpy()
    p = collection["p_Fiction"].to_numpy()
    odds = np.where(collection["predicted"] == "Fiction", 4.0, 1.0)
    odds /= odds.sum()
    held = 0
    for _ in range(DRAWS):
        rows = generator.choice(N, 400, replace=False, p=odds)
        estimate = prediction_powered_share(fiction[rows], p[rows], p).estimate
        held += estimate.low <= fiction.mean() <= estimate.high
    assert held / DRAWS < 0.8


@pytest.mark.slow
@pytest.mark.parametrize("noise", [0.6, 1.25, 3.0, 50.0])
def test_prediction_powered_covers_whatever_the_model_is_worth(noise):
    generator = np.random.default_rng(104)
    held, widths, alone = 0, [], []
    for _ in range(400):
        y = generator.random(N) < 0.35
        guess = 1 / (1 + np.exp(-1.5 * (np.where(y, 1.6, -1.6) + generator.normal(0, noise, N))))
        estimate = prediction_powered_share(y[:200], guess[:200], guess).estimate
        held += estimate.low <= 0.35 <= estimate.high
        widths.append(estimate.high - estimate.low)
        labels = weighted_share(y[:200])
        alone.append(labels.high - labels.low)
    assert held / 400 == pytest.approx(0.95, abs=0.035)
    ratio = np.mean(widths) / np.mean(alone)
    assert ratio < {0.6: 0.4, 1.25: 0.7, 3.0: 0.97, 50.0: 1.02}[noise]


def test_overconfident_probabilities_cost_width_not_truth():
    generator = np.random.default_rng(105)
    held = 0
    for _ in range(400):
        y = generator.random(N) < 0.35
        # always sure, wrong one time in five, and with a leaning towards fiction
        guess = np.where(generator.random(N) < 0.8, y, generator.random(N) < 0.9).astype(float)
        estimate = prediction_powered_share(y[:200], guess[:200], guess).estimate
        held += estimate.low <= 0.35 <= estimate.high
    assert held / 400 == pytest.approx(0.95, abs=0.035)


def test_editions_drawn_together_are_counted_together():
    generator = np.random.default_rng(106)
    held = {"titles": 0, "rows": 0}
    for _ in range(400):
        editions = generator.integers(1, 8, 120)
        title = np.repeat(np.arange(120), editions)
        right = (generator.random(120) < 0.85)[title]
        held["titles"] += _holds(weighted_share(right, groups=title), 0.85)
        held["rows"] += _holds(weighted_share(right), 0.85)
    assert held["titles"] / 400 == pytest.approx(0.95, abs=0.035)
    assert held["rows"] / 400 < 0.75


def _holds(estimate, truth: float) -> bool:
    return bool(estimate.low <= truth <= estimate.high)
