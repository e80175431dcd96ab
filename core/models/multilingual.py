"""Titles in many languages as numbers, and a logistic regression on these.

The numbers are those of the multilingual Universal Sentence Encoder, which maps sentences of 16 languages that say the
same to vectors that lie close together: what is learned from English titles then helps with others. Its weights come
with a Python package and are calculated with numpy. They are not copied into a model: a model names them by version and
SHA-256, and is read only where the same are installed.

References
----------
Yang et al., "Multilingual Universal Sentence Encoder for Semantic Retrieval", ACL 2020 (System Demonstrations).
"""

import functools
import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Final, Self

import numpy as np
from numpy.typing import NDArray

from core.errors import InputError, ModelError
from core.model_input import as_words
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
from core.models.language_models import MULTILINGUAL_PACKAGE, LanguageModel, multilingual
from core.models.runtime import usable_cores
from core.models.vectors import RememberedVectors, fit_head
from core.progress import Progress, silent
from core.storage import file_sha256

__all__ = ["MultilingualClassifier", "MultilingualEncoder"]

FILE: Final = "multilingual.json"
HEAD_FILE: Final = "head.safetensors"
FORMAT: Final = 1
DEFAULTS: Final[Mapping[str, Any]] = {"C": 3.0, "max_iter": 2000}
# The encoder itself reads a text of any length, at 20 kB of memory a character.
MAX_CHARACTERS: Final = 1_000
_WIDTH: Final = 512
_BATCH: Final = 256


class MultilingualEncoder:
    """The installed encoder: one vector of length 1 and 512 numbers for each title.

    Attributes
    ----------
    source : LanguageModel
    sha256 : mapping
        File of the package → SHA-256, of all that the vectors depend on.

    Raises
    ------
    MissingLanguageModelError
        It is not installed.
    """

    def __init__(self) -> None:
        self.source: LanguageModel = multilingual()
        self.sha256 = {path.name: file_sha256(path) for path in sorted(self.source.folder.iterdir()) if path.is_file()}
        # The number of threads is decided below, for all of numpy.
        self._encoder = importlib.import_module(MULTILINGUAL_PACKAGE).USE(threads=None)
        self._encoder.encode([""])  # so that threads find it loaded
        self._remembered = RememberedVectors(self._read)

    def vectors(self, titles: Sequence[str], *, progress: Progress = silent) -> NDArray[np.float32]:
        """Return the vectors of titles, shape (n, 512). Those of up to 60,000 titles are remembered."""
        if not titles:
            return np.empty((0, _WIDTH), dtype=np.float32)
        return self._remembered.vectors(titles, progress=progress)

    def _read(self, titles: list[str], form: Any, progress: Progress) -> NDArray[np.float32]:
        from concurrent.futures import ThreadPoolExecutor

        from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

        batches = [titles[start : start + _BATCH] for start in range(0, len(titles), _BATCH)]
        parts: list[NDArray[np.float32]] = []
        done = 0
        with threadpool_limits(1), ThreadPoolExecutor(min(usable_cores(), len(batches))) as pool:
            for part in pool.map(self._encode, batches):
                parts.append(part)
                done += len(part)
                progress(done / len(titles), f"{done:,} of {len(titles):,} titles")
        return np.concatenate(parts)

    def _encode(self, titles: Sequence[str]) -> NDArray[np.float32]:
        return np.asarray(self._encoder.encode([as_words(title)[:MAX_CHARACTERS] for title in titles]))


@functools.lru_cache(maxsize=1)
def _installed_encoder() -> MultilingualEncoder:
    """Return the encoder, the same one for all models and all folds of a training."""
    return MultilingualEncoder()


class MultilingualClassifier(TitleClassifier):
    """See the module. Build one with :meth:`train` or :meth:`load`.

    Attributes
    ----------
    coefficients : array, shape (k, 512)
    intercepts : array, shape (k,)
    """

    kind: ClassVar[str] = "multilingual"
    folds: ClassVar[int] = 5

    def __init__(
        self,
        encoder: MultilingualEncoder,
        classes: Sequence[str],
        coefficients: NDArray[np.float64],
        intercepts: NDArray[np.float64],
    ) -> None:
        self.encoder = encoder
        self.classes = tuple(classes)
        self.coefficients = coefficients
        self.intercepts = intercepts
        self.device = "cpu"
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
            ``C``, the inverse strength of the penalty (3), ``max_iter`` (2,000).
        """
        settings = _settings(options)
        progress(0.0, "Loading the language model")
        encoder = _installed_encoder()
        vectors = encoder.vectors(data.titles, progress=lambda done, message: progress(0.05 + 0.85 * done, message))
        head = fit_head(vectors, data, C=settings["C"], max_iter=settings["max_iter"])
        classifier = cls(encoder, data.classes, *head)
        cut = classifier.count_truncated(data.titles)
        if cut:
            classifier.sentences = (
                (
                    f"{cut:,} of the {len(data.titles):,} titles learned from are longer than {MAX_CHARACTERS:,}"
                    " characters and were cut."
                ),
            )
        progress(1.0, "Fitted")
        return classifier

    def predict_probabilities(self, titles: Sequence[str], progress: Progress = silent) -> NDArray[np.float64]:
        """Return uncalibrated probabilities, shape (n, k); see :class:`core.models.TitleClassifier`."""
        vectors = self.encoder.vectors(titles, progress=progress).astype(np.float64)
        return softmax(vectors @ self.coefficients.T + self.intercepts)

    def count_truncated(self, titles: Sequence[str]) -> int:
        """Return how many of the titles are too long to be read to their end."""
        return sum(len(as_words(title)) > MAX_CHARACTERS for title in titles)

    def save(self, folder: Path) -> None:
        """Write the coefficients as safetensors, and as JSON which encoder they belong to."""
        from safetensors.numpy import save_file

        tensors = {"coefficients": self.coefficients, "intercepts": self.intercepts}
        save_file({name: np.ascontiguousarray(values) for name, values in tensors.items()}, folder / HEAD_FILE)
        source = self.encoder.source
        facts = {
            "classes": self.classes,
            "encoder": {
                "name": source.name,
                "licence": source.licence,
                "version": source.version,
                "sha256": self.encoder.sha256,
            },
            "sentences": self.sentences,
        }
        write_model_config(folder / FILE, FORMAT, facts)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what :meth:`save` wrote.

        Raises
        ------
        ModelError
            A file is missing or does not hold what it should, or another version of the encoder is installed.
        MissingLanguageModelError
            The encoder is not installed.
        """
        from safetensors.numpy import load_file

        with translate_load_errors(folder):
            config = read_model_config(folder / FILE, FORMAT)
            tensors = load_file(folder / HEAD_FILE)
            coefficients, intercepts = tensors["coefficients"], tensors["intercepts"]
            classes = [str(name) for name in config["classes"]]
            sha256, version = dict(config["encoder"]["sha256"]), str(config["encoder"]["version"])
            sentences = tuple(str(sentence) for sentence in config["sentences"])
        width = (len(classes), _WIDTH)
        if coefficients.shape != width or intercepts.shape != width[:1] or not np.isfinite(coefficients).all():
            raise ModelError(f"The numbers of the model in {folder.name} do not fit together: fetch it again.")
        encoder = _installed_encoder()
        if encoder.sha256 != sha256:
            raise ModelError(
                f"The model in {folder.name} was trained with version {version} of the language model"
                f" {encoder.source.name}; here is version {encoder.source.version}, whose numbers are others. Train it"
                " again."
            )
        classifier = cls(encoder, classes, coefficients, intercepts)
        classifier.sentences = sentences
        return classifier


def _settings(options: Mapping[str, Any] | None) -> dict[str, Any]:
    settings = merge_options("multilingual", DEFAULTS, options)
    for name, value in settings.items():
        if isinstance(value, bool) or not isinstance(value, int | float if name == "C" else int) or value <= 0:
            raise InputError(f"The option '{name}' must be a number above 0; {value!r} came.")
    return settings
