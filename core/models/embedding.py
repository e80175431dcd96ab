"""Frozen embeddings and logistic regression: the quick middle between counting words and fine-tuning.

Each title becomes the mean of its tokens' vectors in a pre-trained encoder, scaled to length 1; a multinomial logistic
regression learns on these.
"""

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Final, Self

import numpy as np
from numpy.typing import NDArray

from core.errors import InputError, ModelError
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
    Encoder,
    check_multilingual,
    default_base,
    fit_head,
    multilingual_facts,
)
from core.models.graph import Graph, quickest, read_graph
from core.models.runtime import label_agreement, rescore_uncertain, sample
from core.progress import Progress, silent

__all__ = ["EmbeddingClassifier", "MultilingualClassifier"]


FILE = "classifier.json"
HEAD_FILE = "head.safetensors"
FORMAT = 1
DEFAULTS: Mapping[str, Any] = {"base": "", "C": 1.0, "max_iter": 2000, "max_tokens": MAX_TOKENS}


class EmbeddingClassifier(TitleClassifier):
    """See the module. Build one with :meth:`train` or :meth:`load`.

    Attributes
    ----------
    coefficients : array, shape (k, width)
    intercepts : array, shape (k,)
    quick : optional
        A quicker form of the encoder that titles are read with (:func:`core.models.graph.quick_forms`).
    agreement : float
        Share of `checked` training titles whose label is the same either way; NaN where never checked.
    """

    kind: ClassVar[str] = "embedding"
    folds: ClassVar[int] = 5
    file: ClassVar[str] = FILE
    format: ClassVar[int] = FORMAT
    defaults: ClassVar[Mapping[str, Any]] = DEFAULTS
    fit_head = staticmethod(fit_head)

    def __init__(
        self,
        encoder: Encoder,
        classes: Sequence[str],
        coefficients: NDArray[np.float64],
        intercepts: NDArray[np.float64],
        *,
        base: str = "",
    ) -> None:
        self.encoder = encoder
        self.classes = tuple(classes)
        self.coefficients = coefficients
        self.intercepts = intercepts
        self.base = base
        self.quick: Any = None
        self.device = encoder.device
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
            ``base`` (folder or Hub id of an encoder; else MiniLM), ``C``, the inverse strength of the penalty (1),
            ``max_iter`` (2,000), ``max_tokens`` (64).
        """
        settings = _settings(cls.kind, cls.defaults, options)
        progress(0.0, "Loading the language model")
        encoder, base = cls.encoder_for(settings)
        vectors = encoder.vectors(data.titles, progress=lambda done, message: progress(0.05 + 0.7 * done, message))
        head = cls.fit_head(vectors, data, C=settings["C"], max_iter=settings["max_iter"])
        classifier = cls(encoder, data.classes, *head, base=base)
        if data.validation is None:
            # A classifier of a fold is asked for held-out probabilities and not kept: the encoder itself will do.
            progress(0.8, "Making it quick, and checking what that changes")
            classifier.choose_form(data.titles)
        cut = int(encoder.tokens.is_truncated(data.titles).sum())
        if cut:
            classifier.sentences = (
                (
                    f"{cut:,} of the {len(data.titles):,} titles learned from are longer than {encoder.tokens.limit}"
                    " tokens and were cut."
                ),
            )
        progress(1.0, "Fitted")
        return classifier

    @classmethod
    def encoder_for(cls, settings: Mapping[str, Any]) -> tuple[Encoder, str]:
        """Return the encoder that a training starts from, and its name."""
        base = settings["base"] or default_base()
        return _encoder(base, settings["max_tokens"]), base

    def choose_form(self, titles: Sequence[str]) -> None:
        """Read with a quicker form of the encoder, if that leaves the label of 99.9 % of these titles as it is."""
        checked = sample(titles)
        exact = self._probabilities(checked, None)
        self.quick, self.agreement = quickest(
            self.encoder.quick_forms(), lambda form: label_agreement(self._probabilities(checked, form), exact)
        )
        self.checked = len(checked)

    def predict_probabilities(self, titles: Sequence[str], progress: Progress = silent) -> NDArray[np.float64]:
        """Return uncalibrated probabilities, shape (n, k); see :class:`core.models.TitleClassifier`."""
        return self._probabilities(titles, self.quick, progress)

    def is_truncated(self, titles: Sequence[str]) -> NDArray[np.bool_]:
        """Say which of the titles are too long to be read to their end, shape (n,)."""
        return self.encoder.tokens.is_truncated(titles)

    def form_probabilities(self, titles: Sequence[str], form: Any, progress: Progress = silent) -> NDArray[np.float64]:
        """Return the probabilities that one form of the encoder gives; see :class:`core.models.TitleClassifier`."""
        vectors = self.encoder.vectors(titles, form, progress=progress).astype(np.float64)
        return softmax(vectors @ self.coefficients.T + self.intercepts)

    def _probabilities(self, titles: Sequence[str], form: Any, progress: Progress = silent) -> NDArray[np.float64]:
        probabilities = self.form_probabilities(titles, form, progress)
        if form is None:
            return probabilities
        return rescore_uncertain(probabilities, titles, lambda few: self.form_probabilities(few, None))

    def save(self, folder: Path) -> None:
        """Write encoder and coefficients as safetensors, configuration and tokenizer as JSON, and the graph."""
        from safetensors.numpy import save_file

        encoder = self.save_encoder(folder)
        if isinstance(self.quick, Graph):
            self.quick.save(folder)
        tensors = {"coefficients": self.coefficients, "intercepts": self.intercepts}
        save_file({name: np.ascontiguousarray(values) for name, values in tensors.items()}, folder / HEAD_FILE)
        facts = {
            **encoder,
            "classes": self.classes,
            "max_tokens": self.encoder.tokens.limit,
            "reduced": self.quick is not None and not isinstance(self.quick, Graph),
            "agreement": self.agreement,
            "checked": self.checked,
            "sentences": self.sentences,
        }
        write_model_config(folder / self.file, self.format, facts)

    def save_encoder(self, folder: Path) -> dict[str, Any]:
        """Write the encoder; return what the configuration must say of it."""
        self.encoder.save(folder)
        return {}

    @classmethod
    def load_encoder(cls, folder: Path, limit: int) -> Encoder:
        """Return the encoder that :meth:`save_encoder` wrote."""
        return Encoder(str(folder), limit)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what :meth:`save` wrote.

        Raises
        ------
        ModelError
            A file is missing or does not hold what it should.
        """
        from safetensors.numpy import load_file

        with translate_load_errors(folder):
            config = read_model_config(folder / cls.file, cls.format)
            tensors = load_file(folder / HEAD_FILE)
            coefficients, intercepts = tensors["coefficients"], tensors["intercepts"]
            classes, limit = [str(name) for name in config["classes"]], int(config["max_tokens"])
            reduced = bool(config["reduced"])
            checked, sentences = int(config["checked"]), tuple(str(sentence) for sentence in config["sentences"])
            agreement = number(config["agreement"])
        encoder = cls.load_encoder(folder, limit)
        width = (len(classes), encoder.width)
        if coefficients.shape != width or intercepts.shape != width[:1] or not np.isfinite(coefficients).all():
            raise ModelError(f"The numbers of the model in {folder.name} do not fit together: fetch it again.")
        classifier = cls(encoder, classes, coefficients, intercepts)
        classifier.quick = _saved_form(folder, encoder, reduced)
        classifier.checked, classifier.agreement, classifier.sentences = checked, agreement, sentences
        return classifier


@functools.lru_cache(maxsize=1)
def _encoder(base: str, limit: int) -> Encoder:
    """Return an encoder; the same one for all folds of a training, with the vectors it remembers."""
    return Encoder(base, limit)


def _saved_form(folder: Path, encoder: Encoder, reduced: bool) -> Any:
    if encoder.device == "cpu":
        return read_graph(folder)
    return next(encoder.quick_forms(), None) if reduced else None


def _settings(kind: str, defaults: Mapping[str, Any], options: Mapping[str, Any] | None) -> dict[str, Any]:
    settings = merge_options(kind, defaults, options)
    for name, value in settings.items():
        if name == "base":
            if not isinstance(value, str):
                raise InputError(f"The option 'base' must be a folder or a name on the Hub; {value!r} came.")
        elif isinstance(value, bool) or not isinstance(value, int | float if name == "C" else int) or value <= 0:
            raise InputError(f"The option '{name}' must be a number above 0; {value!r} came.")
    return settings


# --- Titles in many languages as numbers, and a logistic regression on these ------------------------------------------
#
# The numbers are those of multilingual-e5-small, which maps sentences of 94 languages that say the same to vectors that
# lie close together: what is learned from English titles then helps with others. What is near the surface of a title,
# such as "a novel" in its language, stands in the middle layers; so a third, two thirds and all of the layers are read.
# The weights come with a Python package. They are not copied into a model: a model names them by version and SHA-256,
# and is read only where the same are installed.
#
# References
# ----------
# Wang et al., "Multilingual E5 Text Embeddings: A Technical Report", arXiv 2402.05672 (2024).

MULTILINGUAL_FILE: Final = "multilingual.json"
MULTILINGUAL_FORMAT: Final = 2
LAYERS: Final = (4, 8, 12)


class MultilingualClassifier(EmbeddingClassifier):
    """See the module. Build one with :meth:`train` or :meth:`load`.

    Options are ``C``, the inverse strength of the penalty (1), ``max_iter`` (2,000) and ``max_tokens`` (64).
    """

    kind: ClassVar[str] = "multilingual"
    file: ClassVar[str] = MULTILINGUAL_FILE
    format: ClassVar[int] = MULTILINGUAL_FORMAT
    defaults: ClassVar[Mapping[str, Any]] = {"C": 1.0, "max_iter": 2000, "max_tokens": MAX_TOKENS}

    @classmethod
    def encoder_for(cls, settings: Mapping[str, Any]) -> tuple[Encoder, str]:
        """Return the encoder that a training starts from, and its name."""
        return _multilingual_encoder(settings["max_tokens"]), MULTILINGUAL

    @staticmethod
    def fit_head(
        vectors: NDArray[np.float32], data: TrainingData, *, C: float, max_iter: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return coefficients, shape (k, width), and intercepts, shape (k,).

        All vectors of this encoder point much the same way. So they are centred and each number is scaled to a variance
        of 1 ÷ width before they are learned from; the result is that for vectors as they come.
        """
        means, scales = vectors.mean(axis=0, dtype=np.float64), vectors.std(axis=0, dtype=np.float64)
        scales = np.maximum(scales, 1e-6) * np.sqrt(vectors.shape[1])
        coefficients, intercepts = fit_head((vectors - means) / scales, data, C=C, max_iter=max_iter)
        coefficients = coefficients / scales
        return coefficients, intercepts - coefficients @ means

    def save_encoder(self, folder: Path) -> dict[str, Any]:
        """Return which encoder it is: it is not copied."""
        return {"encoder": multilingual_facts()}

    @classmethod
    def load_encoder(cls, folder: Path, limit: int) -> Encoder:
        """Return the installed encoder.

        Raises
        ------
        ModelError
            Another version of it is installed.
        MissingLanguageModelError
            It is not installed.
        """
        with translate_load_errors(folder):
            check_multilingual(
                folder.name, read_model_config(folder / MULTILINGUAL_FILE, MULTILINGUAL_FORMAT)["encoder"]
            )
        return _multilingual_encoder(limit)


@functools.lru_cache(maxsize=1)
def _multilingual_encoder(limit: int) -> Encoder:
    """Return the encoder, the same one for all models and all folds of a training."""
    return Encoder(MULTILINGUAL, limit, LAYERS)
