"""Gradients of a network on a batch of titles, as fast as a device gives them.

Where numbers of 16 bits are faster, a copy of the network in those is asked and its gradients are added up in 32; what
learns is the network itself. On a CPU the parts of a batch are calculated side by side, each on its own core: torch's
own threads divide every single operation and wait for each other at its end.

References
----------
Micikevicius et al., "Mixed precision training", ICLR 2018.
"""

import contextlib
import copy
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.models.batching import padded
from core.models.devices import has_bfloat16, load_torch, workers

__all__ = ["Gradients"]

# On a CPU. With more there would be less padding, but products of few rows are slow.
_PARTS = 2


class Gradients:
    """See the module. Build one with :meth:`from_network`.

    Parameters
    ----------
    network : torch module
        ``network(tokens, mask)`` gives logits, shape (b, k). It is asked as it will be later, without dropout.
    side_by_side : function
        What :func:`core.models.devices.workers` gives.
    """

    def __init__(self, network: Any, device: str, padding: int, side_by_side: Any) -> None:
        half = has_bfloat16(device)
        self._network = copy.deepcopy(network).to(load_torch().bfloat16) if half else network
        self._network.eval()
        both = zip(network.parameters(), self._network.parameters(), strict=True)
        self._shadow = [(whole, replica) for whole, replica in both if whole.requires_grad]
        self._half = half
        self._device, self._padding, self._side_by_side = device, padding, side_by_side

    @classmethod
    @contextlib.contextmanager
    def from_network(cls, network: Any, device: str, padding: int) -> Iterator["Gradients"]:
        """Give the gradients of a network while it learns."""
        from torch.nn.attention import SDPBackend, sdpa_kernel

        # Backwards, what torch has for the attention of long texts takes six times as long for titles on a CPU.
        plain = sdpa_kernel(SDPBackend.MATH) if device == "cpu" else contextlib.nullcontext()
        with workers(device, _PARTS) as side_by_side, plain:
            yield cls(network, device, padding, side_by_side)

    def calculate(self, encoded: Sequence[Sequence[int]], rows: NDArray[np.int64], wanted: Any) -> float:
        """Put the gradients of the mean loss of some titles into the network, and return that loss.

        Parameters
        ----------
        encoded : sequence of token numbers
        rows : int array, shape (b,)
            The titles of the batch; of like length if they stand in this order.
        wanted : float tensor, shape (b, k)
            Weight of each class for each of these titles.
        """
        parts = np.array_split(np.arange(len(rows)), min(_PARTS if self._device == "cpu" else 1, len(rows)))

        def part(here: NDArray[np.int64]) -> tuple[float, Sequence[Any]]:
            torch = load_torch()
            batch = padded(encoded, rows[here], self._padding)
            tokens, mask = (torch.from_numpy(item).to(self._device) for item in (batch.tokens, batch.mask))
            log_probabilities = torch.log_softmax(self._network(tokens, mask).float(), dim=1)
            loss = -(wanted[here].to(self._device) * log_probabilities).sum() / len(rows)
            return loss.item(), torch.autograd.grad(loss, [item for _, item in self._shadow], allow_unused=True)

        results = list(self._side_by_side(part, parts))
        for (whole, _), *gradients in zip(self._shadow, *(item for _, item in results), strict=True):
            part_gradients = [item.to(whole.dtype) for item in gradients if item is not None]
            whole.grad = sum(part_gradients[1:], start=part_gradients[0]) if part_gradients else None
        return float(sum(loss for loss, _ in results))

    def sync_weights(self) -> None:
        """Take over the network's weights after a step."""
        if self._half:
            with load_torch().no_grad():
                for whole, replica in self._shadow:
                    replica.copy_(whole)
