import numpy as np
import pytest

from core.errors import InputError
from core.statistics import prediction_powered_share, wilson


@pytest.fixture
def world() -> tuple[np.ndarray, np.ndarray]:
    """10,000 records, three in ten with the property, and a good guess at each."""
    generator = np.random.default_rng(2)
    y = generator.random(10_000) < 0.3
    return y, np.where(y, generator.beta(6, 1, 10_000), generator.beta(1, 6, 10_000))


def test_by_hand():
    y, guess = np.array([1, 0, 1, 0]), np.array([0.9, 0.2, 0.7, 0.2])
    everywhere = np.array([0.9, 0.2, 0.7, 0.2, 0.4, 0.0])
    result = prediction_powered_share(y, guess, everywhere, power=1)
    # mean guess 0.4, and the mean of y − guess is (0.1 − 0.2 + 0.3 − 0.2) / 4 = 0
    assert result.estimate.value == pytest.approx(0.4)
    rectified = y - guess
    variance = rectified.var() / 4 * 4 / 3 * 4 / 3 + everywhere.var() / 6
    effective = 0.4 * 0.6 / variance
    assert (result.estimate.low, result.estimate.high) == pytest.approx(wilson(0.4 * effective, effective))


def test_without_power_it_is_the_labels_alone(world):
    y, guess = world
    result = prediction_powered_share(y[:300], guess[:300], guess, power=0)
    assert result.estimate.value == pytest.approx(y[:300].mean())
    low, high = wilson(int(y[:300].sum()), 300)
    assert result.estimate.high - result.estimate.low == pytest.approx(high - low, rel=0.02)


def test_a_good_model_narrows_the_interval(world):
    y, guess = world
    alone = prediction_powered_share(y[:300], guess[:300], guess, power=0).estimate
    powered = prediction_powered_share(y[:300], guess[:300], guess)
    assert 0.5 < powered.power <= 1
    assert powered.estimate.high - powered.estimate.low < 0.6 * (alone.high - alone.low)


@pytest.mark.parametrize("shape", ["useless", "constant", "inverted"])
def test_a_bad_model_is_not_trusted(world, shape):
    y, guess = world
    bad = {
        "useless": np.random.default_rng(4).random(10_000),
        "constant": np.full(10_000, 0.7),
        "inverted": 1 - guess,
    }[shape]
    alone = prediction_powered_share(y[:300], bad[:300], bad, power=0).estimate
    result = prediction_powered_share(y[:300], bad[:300], bad)
    assert result.power < 0.15
    assert result.estimate.high - result.estimate.low <= 1.01 * (alone.high - alone.low)


def test_tuned_power_is_the_published_formula(world):
    y, guess = world
    result = prediction_powered_share(y[:300], guess[:300], guess)
    together = np.cov(y[:300], guess[:300], bias=True)[0, 1]
    assert result.power == pytest.approx(min(1, together / ((1 + 300 / 10_000) * guess.var())))


@pytest.mark.parametrize(
    ("power", "value", "low", "high", "tuned"),
    [
        (1, 0.309, 0.17342823393792256, 0.44457176606207743, 1),
        (None, 0.3060472215917187, 0.1706171989248197, 0.44147724425861773, 0.6719135101909688),
    ],
)
def test_another_library_says_the_same(power, value, low, high, tuned):
    """Figures of glide 0.10.0 (EmertonData), ``PPIMeanEstimator``, without and with its tuning.

    Its limits are those of a normal distribution, ours Wilson's; it tunes with the variance over all records, ours with
    that over the collection, which is here the unlabelled ones alone, as it takes them.
    """
    i, j = np.arange(40), np.arange(400)
    y = (i * 7 % 10 < 3).astype(float)
    guess = np.where(y == 1, 0.3, 0.05) + 0.02 * (i * 11 % 30)
    everywhere = np.where(j * 7 % 10 < 3, 0.3, 0.05) + 0.002 * (j * 11 % 300)
    result = prediction_powered_share(y, guess, everywhere, power=power)
    assert result.power == pytest.approx(tuned, abs=0.03)
    assert result.estimate.value == pytest.approx(value, abs=1e-9 if power else 0.001)
    assert result.estimate.high - result.estimate.low == pytest.approx(high - low, rel=0.03)


def test_groups_widen_the_interval(world):
    y, guess = world
    y5, guess5 = np.repeat(y[:60], 5), np.repeat(guess[:60], 5)
    rows = prediction_powered_share(y5, guess5, guess, power=1).estimate
    titles = prediction_powered_share(y5, guess5, guess, power=1, groups=np.repeat(np.arange(60), 5)).estimate
    assert (titles.high - titles.low) > 2 * (rows.high - rows.low)


def test_limits_stay_between_0_and_1():
    y = np.array([1] * 19 + [0])
    result = prediction_powered_share(y, np.full(20, 0.5), np.full(100, 0.5), power=1).estimate
    assert 0 <= result.low <= result.value <= result.high <= 1


def test_a_class_nobody_found_has_a_width():
    result = prediction_powered_share(np.zeros(80), np.full(80, 0.01), np.full(1000, 0.01)).estimate
    assert result.value == 0
    assert result.high == pytest.approx(wilson(0, 80)[1])


@pytest.mark.parametrize(("y", "everywhere"), [([1], [0.5]), ([], [0.5]), ([1, 0], [])])
def test_too_little_is_undefined(y, everywhere):
    result = prediction_powered_share(y, [0.5] * len(y), everywhere)
    assert not result.estimate.defined
    assert result.estimate.reason == "too few labelled records"


def test_one_group_is_undefined():
    result = prediction_powered_share([1, 0], [0.9, 0.1], [0.9, 0.1, 0.5], groups=["a", "a"])
    assert result.estimate.reason == "all labelled records belong to one group"


def test_each_label_needs_a_guess():
    with pytest.raises(InputError, match="There are 2 labels and 1 guesses"):
        prediction_powered_share([1, 0], [0.5], [0.5])


@pytest.mark.parametrize(("y", "everywhere", "share"), [(1, 0.9, 1.0), (0, 0.1, 0.0)])
def test_a_share_stays_between_none_and_all(y: int, everywhere: float, share: float):
    # 0.9 and the mean of y − guess, 0.5, are 1.4; 0.1 and −0.5 are −0.4.
    result = prediction_powered_share(np.full(20, y), np.full(20, 0.5), np.full(100, everywhere), power=1)
    assert result.estimate.value == share
