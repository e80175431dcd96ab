"""Titles in many languages as numbers, and a logistic regression on these.

The numbers are those of multilingual-e5-small, which maps sentences of 94 languages that say the same to vectors that
lie close together: what is learned from English titles then helps with others. What is near the surface of a title,
such as "a novel" in its language, stands in the middle layers; so a third, two thirds and all of the layers are read.
The weights come with a Python package. They are not copied into a model: a model names them by version and SHA-256, and
is read only where the same are installed.

References
----------
Wang et al., "Multilingual E5 Text Embeddings: A Technical Report", arXiv 2402.05672 (2024).
"""

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from core.errors import ModelError
from core.models import MULTILINGUAL, TrainingData, read_model_config, translate_load_errors
from core.models.embedding import EmbeddingClassifier
from core.models.encoder import MAX_TOKENS, Encoder
from core.models.language_models import MULTILINGUAL_WEIGHTS, multilingual
from core.models.vectors import fit_head
from core.storage import file_sha256

__all__ = ["MultilingualClassifier"]

FILE: Final = "multilingual.json"
FORMAT: Final = 2
LAYERS: Final = (4, 8, 12)


class MultilingualClassifier(EmbeddingClassifier):
    """See the module. Build one with :meth:`train` or :meth:`load`.

    Options are ``C``, the inverse strength of the penalty (1), ``max_iter`` (2,000) and ``max_tokens`` (64).
    """

    kind: ClassVar[str] = "multilingual"
    file: ClassVar[str] = FILE
    format: ClassVar[int] = FORMAT
    defaults: ClassVar[Mapping[str, Any]] = {"C": 1.0, "max_iter": 2000, "max_tokens": MAX_TOKENS}

    @classmethod
    def encoder_for(cls, settings: Mapping[str, Any]) -> tuple[Encoder, str]:
        """Return the encoder that a training starts from, and its name."""
        return _encoder(settings["max_tokens"]), MULTILINGUAL

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
        source = multilingual()
        facts = {"name": source.name, "licence": source.licence, "version": source.version, "sha256": _digest()}
        return {"encoder": facts}

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
            facts = read_model_config(folder / FILE, FORMAT)["encoder"]
            sha256, version = str(facts["sha256"]), str(facts["version"])
        source = multilingual()
        if _digest() != sha256:
            raise ModelError(
                f"The model in {folder.name} was trained with version {version} of the language model {source.name};"
                f" here is version {source.version}, whose numbers are others. Train it again."
            )
        return _encoder(limit)


@functools.lru_cache(maxsize=1)
def _encoder(limit: int) -> Encoder:
    """Return the encoder, the same one for all models and all folds of a training."""
    return Encoder(MULTILINGUAL, limit, LAYERS)


def _digest() -> str:
    return file_sha256(multilingual().folder / MULTILINGUAL_WEIGHTS)
