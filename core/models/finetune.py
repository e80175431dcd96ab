"""Fine-tuning a network on titles: gradients, AdamW, early stopping, and checkpoints to go on from.

A checkpoint belongs to one training: the same titles, labels, settings and seed. Its folder is named by a digest of
all of these, and only safetensors and JSON are in it.
"""

import contextlib
import copy
import json
import math
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import Cancelled
from core.models import Observe, ignore_measurements
from core.models.runtime import epoch_batches, has_bfloat16, length_sorted, load_torch, padded, workers
from core.progress import Progress, silent
from core.storage import write_atomically

__all__ = [
    "Checkpoint",
    "Examples",
    "Gradients",
    "Recipe",
    "fine_tune",
]

# --- Half-trained networks on disk, so that a training that was stopped goes on where it was --------------------------


FILE = "checkpoint.safetensors"


@dataclass(frozen=True)
class Checkpoint:
    """Where the state of one training is kept.

    Attributes
    ----------
    folder : path
        Made when something is first written.
    """

    folder: Path

    def write(self, tensors: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
        """Keep a state instead of the one before. Tensors and facts are one file: they always belong together."""
        from safetensors.torch import save_file

        self.folder.mkdir(parents=True, exist_ok=True)
        with write_atomically(self.folder / FILE) as beside:
            flat = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
            save_file(flat, beside, metadata={"facts": json.dumps(facts)})

    def read(self) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Return tensors and facts as they were last written; None where nothing whole is there."""
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(self.folder / FILE, framework="pt") as stored:
                facts = json.loads(stored.metadata()["facts"])
                return {name: stored.get_tensor(name) for name in stored.keys()}, facts  # noqa: SIM118
        except (OSError, SafetensorError, KeyError, TypeError, ValueError):
            return None

    def remove(self) -> None:
        """Forget the state."""
        shutil.rmtree(self.folder, ignore_errors=True)


# --- Gradients of a network on a batch of titles, as fast as a device gives them --------------------------------------
# Where numbers of 16 bits are faster, they are used: on a graphics processor torch chooses operation by operation
# (autocast); on a CPU a copy of the network in 16 bits is asked and its gradients are added up in 32, and what learns
# is the network itself. On a CPU the parts of a batch are calculated side by side, each on its own core: torch's own
# threads divide every single operation and wait for each other at its end.
#
# References
# ----------
# Micikevicius et al., "Mixed precision training", ICLR 2018.


# On a CPU. With more there would be less padding, but products of few rows are slow.
_PARTS = 2


class Gradients:
    """See the module. Build one with :meth:`from_network`.

    Parameters
    ----------
    network : torch module
        ``network(tokens, mask)`` gives logits, shape (b, k). It is asked as it will be later, without dropout.
    side_by_side : function
        What :func:`core.models.runtime.workers` gives.
    autocast : bool
        Whether torch chooses, operation by operation, what is calculated with 16 bits.
    """

    def __init__(self, network: Any, device: str, padding: int, side_by_side: Any, *, autocast: bool = False) -> None:
        half = has_bfloat16(device) and not autocast
        self._autocast = autocast
        self._network = copy.deepcopy(network).to(load_torch().bfloat16) if half else network
        self._network.eval()
        both = zip(network.parameters(), self._network.parameters(), strict=True)
        self._shadow = [(whole, replica) for whole, replica in both if whole.requires_grad]
        self._half = half
        self._device, self._padding, self._side_by_side = device, padding, side_by_side

    @classmethod
    @contextlib.contextmanager
    def from_network(
        cls, network: Any, device: str, padding: int, *, autocast: bool | None = None
    ) -> Iterator["Gradients"]:
        """Give the gradients of a network while it learns; `autocast` unless told otherwise on graphics processors."""
        from torch.nn.attention import SDPBackend, sdpa_kernel

        # Backwards, what torch has for the attention of long texts takes six times as long for titles on a CPU.
        plain = sdpa_kernel(SDPBackend.MATH) if device == "cpu" else contextlib.nullcontext()
        with workers(device, _PARTS) as side_by_side, plain:
            chosen = device == "cuda" and has_bfloat16(device) if autocast is None else autocast
            yield cls(network, device, padding, side_by_side, autocast=chosen)

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
            with torch.autocast(self._device, dtype=torch.bfloat16) if self._autocast else contextlib.nullcontext():
                logits = self._network(tokens, mask)
            log_probabilities = torch.log_softmax(logits.float(), dim=1)
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


# --- Fine-tuning a network on titles ----------------------------------------------------------------------------------
# AdamW, balanced classes, soft targets, early stopping, and checkpoints.
# Every epoch draws its order from the seed and its own number, so that a training that was interrupted and went on ends
# with the same network as one that was not. There is no other chance in it: the network learns as it will be asked,
# without dropout.


_WARM_UP = 0.1
_WEIGHT_DECAY = 0.01
_CLIP = 1.0
# A state is three times the size of the network: not to be written at every step.
_SECONDS_BETWEEN_CHECKPOINTS = 60.0


@dataclass(frozen=True)
class Recipe:
    """How to fine-tune.

    Attributes
    ----------
    epochs : int
        How many passes; over them the learning rate falls to nought.
    learning_rate : float
    batch_size : int
    """

    epochs: int = 3
    learning_rate: float = 1e-4
    batch_size: int = 32


@dataclass(frozen=True)
class Examples:
    """Titles as token numbers, and what is to be learned of them.

    Attributes
    ----------
    encoded : sequence of token numbers
    weights : float array, shape (n, k)
        Weight of each class for each title: target times weight.
    """

    encoded: Sequence[Sequence[int]]
    weights: NDArray[np.float64]


def fine_tune(
    network: Any,
    examples: Examples,
    recipe: Recipe,
    *,
    padding: int,
    device: str,
    seed: int,
    validation: Examples | None = None,
    checkpoint: Checkpoint | None = None,
    progress: Progress = silent,
    observe: Observe = ignore_measurements,
) -> int:
    """Fine-tune a network in place.

    Parameters
    ----------
    network : torch module
        ``network(tokens, mask)`` gives logits, shape (b, k).
    validation : Examples, optional
        After each epoch the loss on these is measured; when it has clearly risen the training stops, and the network
        is that of the epoch before.
    checkpoint : Checkpoint, optional
        Where the state is kept when the training is cancelled, and once a minute.

    Returns
    -------
    int
        Number of epochs the network has learned for.
    """
    torch = load_torch()
    lengths = np.array([len(token_ids) for token_ids in examples.encoded], dtype=np.int64)
    steps_an_epoch = math.ceil(len(lengths) / recipe.batch_size)
    total = steps_an_epoch * recipe.epochs
    # The mean weight of a title is put at 1, whatever the batch: a batch of weak labels then counts less, as it should.
    scaled = torch.tensor(examples.weights * (len(lengths) / examples.weights.sum()), dtype=torch.float32)
    optimizer = _optimizer(network, recipe.learning_rate)
    state = _State()
    stored = checkpoint.read() if checkpoint else None
    if stored is not None:
        state = _restore(stored, network, optimizer)
    written = time.monotonic()
    network.eval()
    with Gradients.from_network(network, device, padding) as gradients:
        while not state.finished and state.step < total:
            epoch, within = divmod(state.step, steps_an_epoch)
            batches = epoch_batches(lengths, recipe.batch_size, np.random.default_rng([seed, epoch]))
            for rows in batches[within:]:
                _report_progress(
                    progress,
                    checkpoint,
                    state=state,
                    network=network,
                    optimizer=optimizer,
                    total=total,
                    epochs=recipe.epochs,
                    epoch=epoch,
                )
                for group in optimizer.param_groups:
                    group["lr"] = recipe.learning_rate * _schedule(state.step, total)
                state.loss = gradients.calculate(examples.encoded, rows, scaled[rows])
                torch.nn.utils.clip_grad_norm_(network.parameters(), _CLIP)
                optimizer.step()
                gradients.sync_weights()
                state.step += 1
                observe({"epoch": state.step / steps_an_epoch, "loss": state.loss})
                if checkpoint and time.monotonic() - written > _SECONDS_BETWEEN_CHECKPOINTS:
                    state.write(checkpoint, network, optimizer)
                    written = time.monotonic()
            if validation is not None:
                _validate(
                    state,
                    network,
                    validation=validation,
                    padding=padding,
                    device=device,
                    epoch=epoch + 1,
                    observe=observe,
                )
            else:
                state.best_epoch = epoch + 1
    if state.best:
        network.load_state_dict(state.best)
    if checkpoint:
        state.finished, state.best = True, {}
        state.write(checkpoint, network, None)
    return state.best_epoch


@dataclass(kw_only=True)
class _State:
    """Where a training is."""

    step: int = 0
    loss: float = math.nan
    best_epoch: int = 0
    best_losses: NDArray[np.float64] | None = None
    finished: bool = False
    best: Any = None

    def write(self, checkpoint: Checkpoint, network: Any, optimizer: Any) -> None:
        tensors = {f"network.{name}": tensor for name, tensor in network.state_dict().items()}
        tensors |= {f"best.{name}": tensor for name, tensor in (self.best or {}).items()}
        if optimizer is not None:
            for key, parameter_state in optimizer.state_dict()["state"].items():
                tensors |= {f"optimizer.{key}.{name}": tensor for name, tensor in parameter_state.items()}
        facts: dict[str, Any] = {"step": self.step, "best_epoch": self.best_epoch, "finished": self.finished}
        if self.best_losses is not None:
            facts["best_losses"] = self.best_losses.tolist()
        checkpoint.write(tensors, facts)


def _restore(stored: tuple[dict[str, Any], dict[str, Any]], network: Any, optimizer: Any) -> _State:
    tensors, facts = stored
    parts: dict[str, dict[str, Any]] = {"network": {}, "best": {}, "optimizer": {}}
    for name, tensor in tensors.items():
        part, _, rest = name.partition(".")
        parts[part][rest] = tensor
    network.load_state_dict(parts["network"])
    moments: dict[int, dict[str, Any]] = {}
    for name, tensor in parts["optimizer"].items():
        number, _, rest = name.partition(".")
        moments.setdefault(int(number), {})[rest] = tensor
    if moments:
        optimizer.load_state_dict({**optimizer.state_dict(), "state": moments})
    return _State(
        step=int(facts["step"]),
        best_epoch=int(facts["best_epoch"]),
        best_losses=np.asarray(facts["best_losses"], dtype=float) if "best_losses" in facts else None,
        finished=bool(facts["finished"]),
        best=parts["best"] or None,
    )


def _optimizer(network: Any, learning_rate: float) -> Any:
    torch = load_torch()
    # Biases and the scales of layer norms are no weights to be kept small.
    learned = [parameter for parameter in network.parameters() if parameter.requires_grad]
    decayed = [parameter for parameter in learned if parameter.ndim > 1]
    others = [parameter for parameter in learned if parameter.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": _WEIGHT_DECAY}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=learning_rate, fused=True)


def _schedule(step: int, planned: int) -> float:
    """Return the share of the learning rate: it rises over the first tenth of the steps, then falls to nought."""
    warm = max(1, round(planned * _WARM_UP))
    return (step + 1) / warm if step < warm else max(0.0, (planned - step) / max(1, planned - warm))


def _report_progress(
    progress: Progress,
    checkpoint: Checkpoint | None,
    state: _State,
    network: Any,
    optimizer: Any,
    total: int,
    epochs: int,
    epoch: int,
) -> None:
    message = f"Epoch {epoch + 1} of {epochs}"
    try:
        progress(state.step / total, message if math.isnan(state.loss) else f"{message}, loss {state.loss:.2f}")
    except Cancelled:
        if checkpoint and state.step:
            state.write(checkpoint, network, optimizer)
        raise


def _validate(
    state: _State, network: Any, validation: Examples, padding: int, device: str, epoch: int, observe: Observe
) -> None:
    torch = load_torch()
    parts, order = [], []
    with torch.inference_mode():
        for rows in length_sorted(validation.encoded, 64):
            batch = padded(validation.encoded, rows, padding)
            logits = network(torch.from_numpy(batch.tokens).to(device), torch.from_numpy(batch.mask).to(device))
            parts.append(logits.double().cpu().numpy())
            order.append(rows)
    logits = np.concatenate(parts)
    weights = validation.weights[np.concatenate(order)]
    losses = _calibrated_losses(logits, weights)
    right = float((weights.argmax(axis=1) == logits.argmax(axis=1)).mean())
    observe({"epoch": float(epoch), "validation_loss": float(losses.mean()), "validation_accuracy": right})
    if state.best_losses is None or not _has_worsened(losses, state.best_losses):
        state.best_losses, state.best_epoch = losses, epoch
        state.best = {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}
    else:
        state.finished = True


def _calibrated_losses(logits: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the loss of each title at the temperature that is best for all.

    A network that goes on learning becomes too sure of itself before it becomes worse; the first is mended by the
    calibration that follows.
    """
    candidates = []
    for temperature in np.geomspace(0.2, 10.0, 40):
        scaled = logits / temperature
        scaled = scaled - scaled.max(axis=1, keepdims=True)
        normal = scaled - np.log(np.exp(scaled).sum(axis=1, keepdims=True))
        candidates.append(-(weights * normal).sum(axis=1))
    return np.asarray(min(candidates, key=lambda losses: float(losses.mean())))


def _has_worsened(losses: NDArray[np.float64], best: NDArray[np.float64]) -> bool:
    """Say whether losses have risen by more than two standard errors.

    A smaller rise may be chance, and the learning rate that falls to nought mends much of it: stopping half-way down
    costs more accuracy than a last epoch can.
    """
    rise = losses - best
    return bool(rise.mean() > 2 * rise.std() / math.sqrt(len(rise)))
