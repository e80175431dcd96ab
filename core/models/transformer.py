"""A pre-trained language model, fine-tuned on labelled titles, or one that somebody else has trained to classify.

The head on a fresh encoder is the simplest there is: one vector for a title and one linear layer. Words keep the
vectors they came with: half of the network's weights are theirs, and some thousand titles say little of each. A
finished classifier from elsewhere keeps its own head.
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
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.errors import Cancelled, InputError, ModelError
from core.formatting import number
from core.models import (
    MULTILINGUAL,
    Observe,
    TitleClassifier,
    TrainingData,
    ignore_measurements,
    merge_options,
    read_model_config,
    softmax,
    translate_load_errors,
    write_model_config,
)
from core.models.encoder import (
    MAX_TOKENS,
    Tokens,
    default_base,
    first_and_mean,
    from_pretrained,
    multilingual_encoder,
    multilingual_facts,
    run,
    token_limit,
)
from core.models.graph import Graph, quick_forms, quickest, read_graph
from core.models.language_models import public_base_name
from core.models.runtime import (
    best_device,
    epoch_batches,
    has_bfloat16,
    label_agreement,
    length_sorted,
    load_torch,
    padded,
    rescore_uncertain,
    sample,
    workers,
)
from core.progress import Progress, silent
from core.storage import digest, write_atomically

__all__ = [
    "Checkpoint",
    "Examples",
    "Gradients",
    "Recipe",
    "TransformerClassifier",
    "fine_tune",
    "freeze_layers",
    "learned_state",
    "load_learned",
    "load_pretrained",
    "stratified",
]


# --- Fine-tuning a network on titles: gradients, AdamW, early stopping, and checkpoints to go on from -----------------
#
# A checkpoint belongs to one training: the same titles, labels, settings and seed. Its folder is named by a digest of
# all of these, and only safetensors and JSON are in it.

CHECKPOINT_FILE = "checkpoint.safetensors"


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
        with write_atomically(self.folder / CHECKPOINT_FILE) as beside:
            flat = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
            save_file(flat, beside, metadata={"facts": json.dumps(facts)})

    def read(self) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Return tensors and facts as they were last written; None where nothing whole is there."""
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(self.folder / CHECKPOINT_FILE, framework="pt") as stored:
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
        network.load_state_dict(state.best, strict=False)
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
        tensors = {f"network.{name}": tensor for name, tensor in learned_state(network).items()}
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
    network.load_state_dict(parts["network"], strict=False)
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


def learned_state(network: Any) -> dict[str, Any]:
    """Return the numbers of a network that learn, by name; the others are as they came."""
    return {name: item.detach() for name, item in network.named_parameters() if item.requires_grad}


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
        state.best = {name: tensor.clone() for name, tensor in learned_state(network).items()}
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


# --- A pre-trained language model -------------------------------------------------------------------------------------
#
# A pre-trained language model, fine-tuned on labelled titles, or one that somebody else has trained to classify.

FILE = "classifier.json"
HEAD_FILE = "head.safetensors"
LEARNED_FILE = "learned.safetensors"
FORMAT = 2
DEFAULTS: Mapping[str, Any] = {
    "base": "",
    "epochs": 3,
    "learning_rate": 1e-4,
    "batch_size": 32,
    "max_tokens": MAX_TOKENS,
    "weak_limit": 8_000,
    "frozen_layers": 0,
}
# Of twelve layers: what some thousand titles teach stands in the upper ones. More layers or passes took up to twice the
# time and found no more out of fold.
MULTILINGUAL_DEFAULTS: Mapping[str, Any] = {"frozen_layers": 8, "epochs": 2}


class TransformerClassifier(TitleClassifier):
    """See the module. Build one with :meth:`train`, :meth:`load` or :func:`load_pretrained`.

    Attributes
    ----------
    epochs : int
        How many passes it learned for; 0 where it was trained elsewhere.
    quick : optional
        A quicker form of the network that titles are read with (:func:`core.models.graph.quick_forms`).
    agreement : float
        Share of `checked` training titles whose label is the same either way; NaN where never checked.
    sentences : tuple of str
        What a reader must know of its training.
    """

    kind: ClassVar[str] = "transformer"
    folds: ClassVar[int] = 2

    def __init__(
        self, network: Any, tokens: Tokens, classes: Sequence[str], *, own_head: bool = False, base: str = ""
    ) -> None:
        self.classes = tuple(classes)
        self.device = best_device()
        self.network = network.to(self.device).eval()
        self.tokens = tokens
        self.own_head = own_head
        self.base = base
        self.epochs = 0
        self.quick: Any = None
        self.agreement = float("nan")
        self.checked = 0
        self.sentences: tuple[str, ...] = ()

    @classmethod
    def train(
        cls,
        data: TrainingData,
        *,
        seed: int = 0,
        options: Mapping[str, Any] | None = None,
        progress: Progress = silent,
        observe: Observe = ignore_measurements,
        checkpoints: Path | None = None,
    ) -> Self:
        """Learn from titles; see :meth:`core.models.TitleClassifier.train`.

        Parameters
        ----------
        options : mapping, optional
            ``base`` (folder or Hub id of an encoder, or multilingual-e5-small; else MiniLM), ``epochs`` (3),
            ``learning_rate`` (1e-4), ``batch_size`` (32), ``max_tokens`` (64), ``weak_limit`` (labels of less weight
            than a person's that are learned from at most: 8,000, drawn by class), ``frozen_layers`` (how many of the
            first layers keep the numbers they came with, as the embeddings then do: 0). Of multilingual-e5-small, 8
            layers of 12 do, and there are 2 epochs.
        """
        settings = _settings(options)
        torch = load_torch()
        base = settings["base"] or default_base()
        progress(0.0, "Loading the language model")
        encoder, tokenizer = from_pretrained(base)
        tokens = Tokens(tokenizer, min(settings["max_tokens"], token_limit(encoder.config)))
        data, weak = stratified(data, settings["weak_limit"], seed)
        torch.manual_seed(seed)
        network = _network(encoder, len(data.classes))
        freeze_layers(network, settings["frozen_layers"])
        classifier = cls(network, tokens, data.classes, base=public_base_name(base))
        checkpoint = None
        if checkpoints is not None:
            described = [list(data.titles), data.targets.tolist(), data.weights.tolist(), list(data.classes)]
            held = list(data.validation.titles) if data.validation else []
            checkpoint = Checkpoint(checkpoints / digest("training", FORMAT, described, held, seed, settings))
        recipe = Recipe(settings["epochs"], settings["learning_rate"], settings["batch_size"])
        watched = None
        if data.validation is not None and len(data.validation.titles):
            targets = data.validation.targets * data.validation.weights[:, None]
            watched = Examples(tokens.encode(data.validation.titles), targets)
        classifier.epochs = fine_tune(
            classifier.network,
            Examples(tokens.encode(data.titles), data.balanced_weights()),
            recipe,
            padding=tokens.padding,
            device=classifier.device,
            seed=seed,
            validation=watched,
            checkpoint=checkpoint,
            progress=lambda fraction, message: progress(0.02 + 0.9 * fraction, message),
            observe=observe,
        )
        if data.validation is None:
            # A network that was watched is asked for held-out probabilities and not kept: as it is, it will do.
            progress(0.93, "Making it quick, and checking what that changes")
            classifier.choose_form(data.titles)
        classifier.sentences = (
            *weak,
            *_truncation_sentence(int(tokens.is_truncated(data.titles).sum()), len(data.titles), tokens.limit),
        )
        progress(1.0, "Trained")
        return classifier

    @classmethod
    def refit_options(cls, options: Mapping[str, Any], trained: Sequence[Any]) -> dict[str, Any]:
        """Return the options for learning from all books, the number of epochs taken from those that were watched.

        The learning rate is then planned for that many: a network stopped half-way down its plan is unsettled.
        """
        epochs = [classifier.epochs for classifier in trained if classifier.epochs]
        return {**options, "epochs": round(float(np.mean(epochs)))} if epochs else dict(options)

    def choose_form(self, titles: Sequence[str]) -> None:
        """Read with a quicker form of the network, if that leaves the label of 99.9 % of these titles as it is."""
        checked = sample(titles)
        exact = self._probabilities(checked, None)
        self.quick, self.agreement = quickest(
            quick_forms(self.network, self.device),
            lambda form: label_agreement(self._probabilities(checked, form), exact),
        )
        self.checked = len(checked)

    def predict_probabilities(self, titles: Sequence[str], progress: Progress = silent) -> NDArray[np.float64]:
        """Return uncalibrated probabilities, shape (n, k); see :class:`core.models.TitleClassifier`."""
        return self._probabilities(titles, self.quick, progress)

    def is_truncated(self, titles: Sequence[str]) -> NDArray[np.bool_]:
        """Say which of the titles are too long to be read to their end, shape (n,)."""
        return self.tokens.is_truncated(titles)

    def form_probabilities(self, titles: Sequence[str], form: Any, progress: Progress = silent) -> NDArray[np.float64]:
        """Return the probabilities that one form of the network gives; see :class:`core.models.TitleClassifier`."""
        if not len(titles):
            return np.empty((0, len(self.classes)))
        forward = self.network if form is None else form
        return softmax(run(forward, self.tokens, titles, self.device, progress).astype(float))

    def _probabilities(self, titles: Sequence[str], form: Any, progress: Progress = silent) -> NDArray[np.float64]:
        probabilities = self.form_probabilities(titles, form, progress)
        if form is None:
            return probabilities
        return rescore_uncertain(probabilities, titles, lambda few: self.form_probabilities(few, None))

    def save(self, folder: Path) -> None:
        """Write weights as safetensors, configuration and tokenizer as transformers does, and the graph."""
        from safetensors.torch import save_file

        facts: dict[str, Any] = {}
        if self.base == MULTILINGUAL and not self.own_head:
            # Most of its numbers are those of the package, whose file is a tenth as large: they are not copied.
            facts["encoder"] = multilingual_facts()
            learned = {name: tensor.cpu().contiguous() for name, tensor in learned_state(self.network).items()}
            save_file(learned, folder / LEARNED_FILE)
        else:
            model = self.network.model if self.own_head else self.network.encoder
            model.save_pretrained(folder)
            self.tokens.save(folder)
            if not self.own_head:
                save_file(
                    {name: tensor.contiguous() for name, tensor in self.network.head.state_dict().items()},
                    folder / HEAD_FILE,
                )
        if isinstance(self.quick, Graph):
            self.quick.save(folder)
        facts |= {
            "classes": self.classes,
            "own_head": self.own_head,
            "order": list(self.network.order) if self.own_head else [],
            "max_tokens": self.tokens.limit,
            "base": self.base,
            "epochs": self.epochs,
            "reduced": self.quick is not None and not isinstance(self.quick, Graph),
            "agreement": self.agreement,
            "checked": self.checked,
            "sentences": self.sentences,
        }
        write_model_config(folder / FILE, FORMAT, facts)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what :meth:`save` wrote.

        Raises
        ------
        ModelError
            A file is missing or does not hold what it should.
        """
        from safetensors.torch import load_file

        with translate_load_errors(folder):
            config = read_model_config(folder / FILE, FORMAT)
            classes = [str(name) for name in config["classes"]]
            own_head = bool(config["own_head"])
            if own_head:
                model, tokenizer = from_pretrained(str(folder), "AutoModelForSequenceClassification")
                network = _finished(model, [int(i) for i in config["order"]])
            elif "encoder" in config:
                model, tokenizer = multilingual_encoder(folder.name, config["encoder"])
                network = _network(model, len(classes))
                load_learned(network, load_file(folder / LEARNED_FILE))
            else:
                model, tokenizer = from_pretrained(str(folder))
                network = _network(model, len(classes))
                network.head.load_state_dict(load_file(folder / HEAD_FILE))
            classifier = cls(network, Tokens(tokenizer, int(config["max_tokens"])), classes, own_head=own_head)
            classifier.base, classifier.epochs = str(config["base"]), int(config["epochs"])
            if classifier.device == "cpu":
                classifier.quick = read_graph(folder)
            elif config["reduced"]:
                classifier.quick = next(quick_forms(classifier.network, classifier.device), None)
            classifier.agreement = number(config["agreement"])
            classifier.checked, classifier.sentences = (
                int(config["checked"]),
                tuple(str(sentence) for sentence in config["sentences"]),
            )
        return classifier


def load_pretrained(source: str) -> TransformerClassifier:
    """Return a finished classifier from a folder or the Hugging Face Hub, with its own labels and tokenizer.

    Raises
    ------
    InputError
        There is no such folder, and it is no name for the Hub.
    ModelError
        It cannot be fetched or read, or it is no classifier with labels.
    """
    model, tokenizer = from_pretrained(source, "AutoModelForSequenceClassification")
    labels = {int(number): str(name).strip() for number, name in (model.config.id2label or {}).items()}
    names = [labels.get(number, "") for number in range(int(model.config.num_labels))]
    if len(names) < 2 or not all(names) or len(set(names)) < len(names):
        raise ModelError(f"The model '{source}' does not name two or more different classes: {names}.")
    order = sorted(range(len(names)), key=names.__getitem__)
    tokens = Tokens(tokenizer, min(MAX_TOKENS, token_limit(model.config)))
    return TransformerClassifier(
        _finished(model, order), tokens, [names[i] for i in order], own_head=True, base=public_base_name(source)
    )


def stratified(data: TrainingData, limit: int, seed: int) -> tuple[TrainingData, tuple[str, ...]]:
    """Return the data with at most `limit` labels of less weight than a person's, each class in proportion."""
    weak = np.flatnonzero(data.weights < 1)
    if len(weak) <= limit:
        return data, ()
    generator = np.random.default_rng(seed)
    likeliest = data.targets[weak].argmax(axis=1)
    # Ranked within its class by lot, scaled to the class's size: the first ones hold each class in proportion.
    lots = pd.Series(generator.random(len(weak))).groupby(likeliest).rank(pct=True).to_numpy()
    chosen = weak[np.argsort(lots, kind="stable")[:limit]]
    selected = np.sort(np.concatenate([np.flatnonzero(data.weights >= 1), chosen]))
    titles = [data.titles[i] for i in selected]
    smaller = TrainingData(
        titles=titles,
        targets=data.targets[selected],
        weights=data.weights[selected],
        classes=data.classes,
        validation=data.validation,
    )
    sentence = f"Of {len(weak):,} labels by functions the language model learned from {limit:,}, drawn by class."
    return smaller, (sentence,)


def _truncation_sentence(cut: int, n: int, limit: int) -> tuple[str, ...]:
    return (f"{cut:,} of the {n:,} titles learned from are longer than {limit} tokens and were cut.",) if cut else ()


def _network(encoder: Any, classes: int) -> Any:
    torch = load_torch()

    class TitleNetwork(torch.nn.Module):  # type: ignore[misc,name-defined]
        """One vector for a title, then one linear layer."""

        def __init__(self) -> None:
            super().__init__()
            self.encoder = encoder
            self.layers = (-1, -2)  # those of first_and_mean
            self.encoder.get_input_embeddings().weight.requires_grad_(False)
            self.head = torch.nn.Linear(int(encoder.config.hidden_size), classes)

        def forward(self, tokens: Any, mask: Any) -> Any:
            output = self.encoder(input_ids=tokens, attention_mask=mask, output_hidden_states=True)
            return self.head(first_and_mean(output.hidden_states, mask).to(self.head.weight.dtype))

    return TitleNetwork()


def freeze_layers(network: Any, count: int) -> None:
    """Let the embeddings and the first `count` layers of a network's encoder keep the numbers they have.

    Raises
    ------
    InputError
        The encoder has fewer layers that can be told apart.
    """
    if not count:
        return
    layers = getattr(getattr(network.encoder, "encoder", None), "layer", ())
    if len(layers) < count:
        raise InputError(
            f"The option 'frozen_layers' must be at most {len(layers)}, as many layers as can be told apart in this"
            f" language model; {count} came."
        )
    for part in (network.encoder.embeddings, *layers[:count]):
        part.requires_grad_(False)


def load_learned(network: Any, tensors: Mapping[str, Any]) -> None:
    """Put the numbers that :func:`learned_state` gave into a network; they alone go on learning.

    Raises
    ------
    ValueError
        The network has other numbers.
    """
    parameters = dict(network.named_parameters())
    wrong = [
        name for name, tensor in tensors.items() if name not in parameters or parameters[name].shape != tensor.shape
    ]
    if wrong or not any(name.startswith("head.") for name in tensors):
        raise ValueError(f"{LEARNED_FILE} does not fit the network: {', '.join(wrong[:3]) or 'it has no head'}")
    network.load_state_dict(dict(tensors), strict=False)
    for name, parameter in parameters.items():
        parameter.requires_grad_(name in tensors)


def _finished(model: Any, order: Sequence[int]) -> Any:
    torch = load_torch()

    class FinishedNetwork(torch.nn.Module):  # type: ignore[misc,name-defined]
        """A classifier with a head of its own; its classes are put in the order of their names."""

        def __init__(self) -> None:
            super().__init__()
            self.model = model
            self.order = list(order)

        def forward(self, tokens: Any, mask: Any) -> Any:
            return self.model(input_ids=tokens, attention_mask=mask).logits[:, self.order]

    return FinishedNetwork()


def _settings(options: Mapping[str, Any] | None) -> dict[str, Any]:
    of_base = MULTILINGUAL_DEFAULTS if options and options.get("base") == MULTILINGUAL else {}
    settings = merge_options("transformer", {**DEFAULTS, **of_base}, options)
    for name, value in settings.items():
        if name == "base":
            if not isinstance(value, str):
                raise InputError(f"The option 'base' must be a folder or a name on the Hub; {value!r} came.")
            continue
        whole = name != "learning_rate"
        least = 0 if name in ("weak_limit", "frozen_layers") else 1 if whole else 0.0
        proper = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
        if not proper or value < least or (not whole and value <= 0):
            raise InputError(
                f"The option '{name}' must be a {'whole ' if whole else ''}number above 0; {value!r} came."
            )
    return settings
