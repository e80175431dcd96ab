"""How a network learns, step by step: its rate, what is kept small, and when it has become worse."""

import numpy as np
import pytest

from core.models.runtime import load_torch
from core.models.transformer import _calibrated_losses, _has_worsened, _optimizer, _schedule

pytestmark = pytest.mark.xdist_group("language models")


@pytest.mark.parametrize(
    ("step", "planned", "share"),
    [(0, 20, 0.5), (1, 20, 1), (2, 20, 1), (11, 20, 0.5), (19, 20, 1 / 18), (20, 20, 0), (25, 20, 0)],
)
def test_the_rate_rises_over_a_tenth_and_falls_to_nought(step: int, planned: int, share: float) -> None:
    assert _schedule(step, planned) == pytest.approx(share)


def test_a_single_step_has_the_whole_rate() -> None:
    assert [_schedule(step, 1) for step in (0, 1)] == [1, 0]


def test_biases_are_not_kept_small() -> None:
    torch = load_torch()
    network = torch.nn.Linear(3, 2)
    frozen = torch.nn.Linear(2, 2)
    for parameter in frozen.parameters():
        parameter.requires_grad_(False)
    groups = _optimizer(torch.nn.Sequential(network, frozen), 0.001).param_groups
    assert [[tuple(parameter.shape) for parameter in group["params"]] for group in groups] == [[(2, 3)], [(2,)]]
    assert groups[0]["weight_decay"] > 0
    assert groups[1]["weight_decay"] == 0
    assert {group["lr"] for group in groups} == {0.001}


def test_losses_are_those_of_the_best_temperature() -> None:
    """Three of four titles are right: said with ¾, however sure the network is, the loss is −¾ ln ¾ − ¼ ln ¼."""
    weights = np.array([[1.0, 0.0]] * 3 + [[0.0, 1.0]])
    for logits in ([[5.0, 0.0]] * 4, [[105.0, 100.0]] * 4, [[0.6, 0.0]] * 4):
        losses = _calibrated_losses(np.array(logits), weights)
        assert losses.tolist() == pytest.approx([-np.log(0.75)] * 3 + [-np.log(0.25)], abs=0.08)
        assert losses.mean() == pytest.approx(0.56234, abs=1e-3)


@pytest.mark.parametrize(
    ("rise", "worse"),
    [
        ([0.1] * 4, True),
        ([0.0] * 4, False),
        ([-0.1] * 4, False),
        ([0.2, 0.0] * 8, True),  # 0.1 on average, with a standard error of 0.025
        ([0.2, 0.0], False),  # … of 0.07
    ],
)
def test_worse_is_what_rises_by_more_than_two_standard_errors(rise: list[float], worse: bool) -> None:
    best = np.linspace(0.2, 0.4, len(rise))
    assert _has_worsened(best + rise, best) is worse
