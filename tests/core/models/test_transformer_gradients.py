import numpy as np
import pytest

from core.models import runtime, transformer
from core.models.encoder import first_and_mean
from core.models.transformer import Gradients

# torch is loaded by the tests, which run in one process, and not wherever tests are collected.
pytestmark = pytest.mark.xdist_group("language models")

TITLES = [[3], [1, 2], [2, 2, 1], [4, 1]]


def wanted(rows):
    return runtime.load_torch().tensor([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5], [0.0, 2.0]])[rows]


def counting():
    """Return a network whose logits are sums of two numbers for each token: what follows can be worked out by hand."""
    torch = runtime.load_torch()

    class Counting(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.numbers = torch.nn.Embedding(5, 2)
            self.dropout = torch.nn.Dropout(0.9)
            self.bias = torch.nn.Parameter(torch.tensor([0.25, 0.0]), requires_grad=False)
            self.unused = torch.nn.Parameter(torch.ones(3))
            self.shapes = []
            torch.nn.init.zeros_(self.numbers.weight)

        def forward(self, tokens, mask):
            self.shapes.append(tuple(tokens.shape))
            return self.dropout(
                (self.numbers(tokens) * mask.unsqueeze(-1)).sum(1) + self.bias.to(self.numbers.weight.dtype)
            )

    return Counting()


@pytest.fixture(params=[False, True], ids=["32 bits", "16 bits"])
def half(request, monkeypatch):
    monkeypatch.setattr(transformer, "has_bfloat16", lambda device: request.param)
    return request.param


def calculated(network, rows, parts=2, monkeypatch=None):
    if monkeypatch is not None:
        monkeypatch.setattr(transformer, "_PARTS", parts)
    with Gradients.from_network(network, "cpu", 0) as result:
        return result.calculate(TITLES, np.array(rows), wanted(rows))


def test_the_gradient_of_the_mean_loss(half):
    network = counting()
    loss = calculated(network, [0, 1])
    # Logits ¼ and 0, so that the first class has 1 / (1 + e^-¼) = 0.562: of the first title it lacks 0.438, and of the
    # second the other class does 0.562; each counts half.
    p = 1 / (1 + np.exp(-0.25))
    assert loss == pytest.approx(-(np.log(p) + np.log(1 - p)) / 2, abs=1e-6)
    expected = np.zeros((5, 2))
    expected[3] = [(p - 1) / 2, (1 - p) / 2]
    expected[[1, 2]] = [p / 2, -p / 2]
    assert network.numbers.weight.grad.numpy() == pytest.approx(expected, abs=2e-3 if half else 1e-6)
    assert network.numbers.weight.grad.dtype == runtime.load_torch().float32
    assert network.bias.grad is None
    assert network.unused.grad is None


@pytest.mark.parametrize("parts", [1, 2, 3, 9])
def test_parts_come_to_the_same_as_the_whole(parts, half, monkeypatch):
    whole, divided = counting(), counting()
    loss = calculated(whole, [0, 1, 2, 3], 1, monkeypatch)
    assert calculated(divided, [0, 1, 2, 3], parts, monkeypatch) == pytest.approx(loss, abs=1e-6)
    tolerance = 4e-3 if half else 1e-6
    assert divided.numbers.weight.grad.numpy() == pytest.approx(whole.numbers.weight.grad.numpy(), abs=tolerance)
    if not half:
        assert len(divided.shapes) == min(parts, 4)


def test_gradients_of_a_step_do_not_add_up_with_those_before(half):
    network = counting()
    with Gradients.from_network(network, "cpu", 0) as result:
        result.calculate(TITLES, np.array([0]), wanted([0]))
        first = network.numbers.weight.grad.clone()
        result.calculate(TITLES, np.array([0]), wanted([0]))
    assert runtime.load_torch().equal(network.numbers.weight.grad, first)


def test_what_is_asked_follows_what_learns(half):
    network = counting()
    with Gradients.from_network(network, "cpu", 0) as result:
        torch = runtime.load_torch()
        with torch.no_grad():
            network.numbers.weight[3] = torch.tensor([2.0, 0.0])
        result.sync_weights()
        loss = result.calculate(TITLES, np.array([0]), wanted([0]))
    # Logits 2¼ and 0.
    assert loss == pytest.approx(np.log(1 + np.exp(-2.25)), abs=1e-6)


def test_each_part_has_its_share_of_the_cores(monkeypatch):
    torch = runtime.load_torch()
    monkeypatch.setattr(runtime, "usable_cores", lambda: 6)
    with runtime.workers("cpu", 2) as side_by_side:
        assert set(side_by_side(lambda _: torch.get_num_threads(), range(8))) == {3}


def test_one_core_works_alone(monkeypatch):
    monkeypatch.setattr(runtime, "usable_cores", lambda: 1)
    with runtime.workers("cpu", 2) as side_by_side:
        assert side_by_side is map


def test_first_token_and_mean_of_the_tokens():
    torch = runtime.load_torch()
    before = torch.tensor([[[1.0, 2.0], [3.0, 6.0], [100.0, 100.0]]])
    after = torch.tensor([[[0.5, -1.0], [7.0, 7.0], [7.0, 7.0]]])
    mask = torch.tensor([[1, 1, 0]])
    # The mean of two tokens, (2, 4), and the first one of the last layer; what is padding counts nowhere.
    assert first_and_mean([torch.zeros_like(before), before, after], mask).tolist() == [[2.5, 3.0]]


def test_autocast_gives_nearly_the_same_gradients():
    def gradients(autocast):
        network = counting()
        runtime.load_torch().nn.init.constant_(network.numbers.weight, 0.3)
        with Gradients.from_network(network, "cpu", 0, autocast=autocast) as result:
            loss = result.calculate(TITLES, np.arange(4), wanted([0, 1, 2, 3]))
        assert network.numbers.weight.grad.dtype == runtime.load_torch().float32
        return loss, network.numbers.weight.grad.numpy()

    (loss, exact), (rounded_loss, rounded) = gradients(False), gradients(True)
    assert rounded_loss == pytest.approx(loss, rel=0.01)
    assert rounded == pytest.approx(exact, abs=5e-3)
    assert np.abs(exact).max() > 0.1


def test_on_a_graphics_processor_torch_chooses_the_bits(monkeypatch):
    monkeypatch.setattr(transformer, "has_bfloat16", lambda device: True)
    chosen = []

    class Noted(Gradients):
        def __init__(self, *arguments, autocast):
            chosen.append(autocast)

    for device in ("cuda", "cpu", "mps"):
        with Noted.from_network(counting(), device, 0):
            pass
    assert chosen == [True, False, False]
