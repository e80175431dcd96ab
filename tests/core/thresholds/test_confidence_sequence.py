"""Bounds that hold at every time: all orders counted out, and the closed form of the literature beside them."""

from itertools import permutations

import numpy as np
import pytest
from scipy.special import betaln, gammaln

from core.thresholds.confidence_sequence import _growth, allowed_at_any_time, labels_by_errors, passing_probability
from core.thresholds.finite_population import allowed_in_sample


def passed(order: tuple[int, ...], labels: list[int], left: int) -> bool:
    """Say whether X, the checked ones before the (left + 1)th unchecked place, is ever small enough for a statement."""
    for e, n in enumerate(labels):
        checked = set(order[:n])
        unchecked = [place for place in range(len(order)) if place not in checked]
        if len(unchecked) > left and sum(place < unchecked[left] for place in checked) <= e:
            return True
    return False


@pytest.mark.parametrize(("labels", "left"), [([2, 3], 1), ([1], 0), ([3, 3], 2)])
def test_every_order_of_seven_records_is_counted_out(labels: list[int], left: int) -> None:
    """The convolution may only err on the careful side; where nothing was checked before, it is exact."""
    every = list(permutations(range(7)))
    exact = sum(passed(order, labels, left) for order in every) / len(every)
    bound = passing_probability(np.asarray(labels), left, 7)
    assert bound >= exact - 1e-12
    if labels == [1]:
        assert bound == pytest.approx(exact) == pytest.approx(6 / 7)


@pytest.mark.parametrize("at", [0, 100])
def test_the_growth_of_a_run_is_a_law(at: int) -> None:
    # The runs are cut off at their longest, which has what is beyond: nothing is lost and nothing is counted twice.
    law = _growth(20, 1_000, at, at + 100, 5)
    assert (law >= 0).all()
    assert law.sum() == pytest.approx(1, abs=1e-9)


def test_it_spends_its_alpha_and_no_more() -> None:
    generator = np.random.default_rng(0)
    left, population, broken, draws = 40, 2_000, 0, 1_000
    labels = labels_by_errors(left, population, 0.05)
    assert 0.045 < passing_probability(labels, left, population) <= 0.05
    for _ in range(draws):
        # Of the first left + e + 1 places at most e are checked: then more than `left` unchecked ones stand there.
        time = generator.permutation(population)[: left + len(labels)]
        broken += any((time[: left + e + 1] < n).sum() <= e for e, n in enumerate(labels.tolist()))
    assert 0.02 < broken / draws < 0.07


def test_it_never_falls_and_costs_something_beside_one_look() -> None:
    values = [allowed_at_any_time(120, n, 6_000, 0.05) for n in range(0, 6_001, 50)]
    assert values == sorted(values)
    assert values[0] == -1
    single = [allowed_in_sample(120, n, 6_000, 0.05) for n in range(0, 2_001, 50)]
    assert all(mine <= other for mine, other in zip(values, single, strict=False))
    assert (labels_by_errors(120, 6_000, 0.05)[0], allowed_in_sample(120, 149, 6_000, 0.05)) == (264, 0)


def test_it_takes_fewer_labels_than_the_published_betting_sequence() -> None:
    """Figures of confseq (``betting_cs``, drawn without replacement from 6,000, upper limit alone, a grid of 3,000).

    The labels after which its limit is at most 2 per cent, if no book is wrong, or the 100th, 200th, 300th looked at.
    That sequence bounds all wrong ones, ours those that people have not looked at: it may need fewer labels, but where
    hardly anything is checked, not many fewer.
    """
    published = np.asarray([288, 356, 423, 490])
    labels = labels_by_errors(120, 6_000, 0.05)[:4]
    assert labels.tolist() == [264, 339, 409, 476]
    assert (labels <= published).all()
    assert (labels >= 0.9 * published).all()


def test_at_the_ends() -> None:
    assert allowed_at_any_time(-1, 500, 1_000, 0.05) == -1
    assert allowed_at_any_time(5, 0, 1_000, 0.05) == -1
    assert allowed_at_any_time(0, 400, 1_000, 0.05) == -1  # nobody proves that none is left but by checking all
    assert allowed_at_any_time(0, 1_000, 1_000, 0.05) == 1_000
    assert allowed_at_any_time(20, 980, 1_000, 0.05) == 980  # no more than 20 are left


def prior_posterior_ratio(errors: int, sample: int, population: int, wrong: int, a: float, b: float) -> float:
    """Return the logarithm of prior over posterior of `wrong` (Waudby-Smith and Ramdas 2020, beta-binomial prior)."""

    def choose(n: float, k: float) -> float:
        return float(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1))

    def beta_binomial(k: int, n: int, a: float, b: float) -> float:
        return choose(n, k) + float(betaln(a + k, b + n - k) - betaln(a, b))

    prior = beta_binomial(wrong, population, a, b)
    posterior = beta_binomial(wrong - errors, population - sample, a + errors, b + sample - errors)
    return prior - posterior


@pytest.mark.parametrize(("left", "population"), [(120, 6_000), (1_000, 50_000), (300, 6_000)])
def test_it_takes_fewer_labels_than_the_prior_posterior_ratio(left: int, population: int) -> None:
    """The martingale is valid at all times too; with a prior near few errors it is the closed form to beat."""
    labels = labels_by_errors(left, population, 0.05)
    share = left / population
    for errors in (4, 8, 15, 30):
        mine = int(labels[errors])
        ratio = prior_posterior_ratio(errors, mine, population, left + 1, 1.0, 2 / share)
        assert ratio < np.log(1 / 0.05)  # it cannot say so yet
        assert prior_posterior_ratio(errors, int(1.6 * mine), population, left + 1, 1.0, 2 / share) > np.log(1 / 0.05)
