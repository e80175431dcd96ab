"""A pre-trained language model, fine-tuned on labelled titles, or one that somebody else has trained to classify.

The head on a fresh encoder is the simplest there is: one vector for a title and one linear layer. Words keep the
vectors they came with: half of the network's weights are theirs, and some thousand titles say little of each. A
finished classifier from elsewhere keeps its own head.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.errors import InputError, ModelError
from core.models import (
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
from core.models.encoder import MAX_TOKENS, Tokens, default_base, first_and_mean, from_pretrained, run, token_limit
from core.models.finetune import Checkpoint, Examples, Recipe, fine_tune
from core.models.graph import Graph, quick_forms, quickest, read_graph
from core.models.language_models import public_base_name
from core.models.runtime import best_device, label_agreement, load_torch, rescore_uncertain, sample
from core.progress import Progress, silent
from core.storage import digest
from core.text_formats import number

__all__ = ["TransformerClassifier", "load_pretrained", "stratified"]

FILE = "classifier.json"
HEAD_FILE = "head.safetensors"
FORMAT = 2
DEFAULTS: Mapping[str, Any] = {
    "base": "",
    "epochs": 3,
    "learning_rate": 1e-4,
    "batch_size": 32,
    "max_tokens": MAX_TOKENS,
    "weak_limit": 8_000,
}


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
            ``base`` (folder or Hub id of an encoder; else MiniLM), ``epochs`` (3),
            ``learning_rate`` (1e-4), ``batch_size`` (32), ``max_tokens`` (64), ``weak_limit`` (labels of less weight
            than a person's that are learned from at most: 8,000, drawn by class).
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
            *_truncation_sentence(tokens.count_truncated(data.titles), len(data.titles), tokens.limit),
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

    def count_truncated(self, titles: Sequence[str]) -> int:
        """Return how many of the titles are too long to be read to their end."""
        return self.tokens.count_truncated(titles)

    def _probabilities(self, titles: Sequence[str], form: Any, progress: Progress = silent) -> NDArray[np.float64]:
        if not len(titles):
            return np.empty((0, len(self.classes)))
        forward = self.network if form is None else form
        probabilities = softmax(run(forward, self.tokens, titles, self.device, progress).astype(float))
        if form is None:
            return probabilities
        return rescore_uncertain(probabilities, titles, lambda few: self._probabilities(few, None))

    def save(self, folder: Path) -> None:
        """Write weights as safetensors, configuration and tokenizer as transformers does, and the graph."""
        from safetensors.torch import save_file

        model = self.network.model if self.own_head else self.network.encoder
        model.save_pretrained(folder)
        self.tokens.save(folder)
        if isinstance(self.quick, Graph):
            self.quick.save(folder)
        if not self.own_head:
            save_file(
                {name: tensor.contiguous() for name, tensor in self.network.head.state_dict().items()},
                folder / HEAD_FILE,
            )
        facts = {
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
    settings = merge_options("transformer", DEFAULTS, options)
    for name, value in settings.items():
        if name == "base":
            if not isinstance(value, str):
                raise InputError(f"The option 'base' must be a folder or a name on the Hub; {value!r} came.")
            continue
        whole = name != "learning_rate"
        least = 0 if name == "weak_limit" else 1 if whole else 0.0
        proper = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
        if not proper or value < least or (not whole and value <= 0):
            raise InputError(
                f"The option '{name}' must be a {'whole ' if whole else ''}number above 0; {value!r} came."
            )
    return settings
