"""The kinds of classifier there are, found by name and imported only when used."""

import importlib
from dataclasses import dataclass
from typing import Final

from core.errors import InputError, ModelError
from core.models.protocol import TitleClassifier

__all__ = ["KINDS", "ModelKind", "classifier_class", "known_kind"]


@dataclass(frozen=True)
class ModelKind:
    """One kind of classifier.

    Attributes
    ----------
    name : str
        As on the command line and in a model's manifest.
    title, description : str
        For people.
    module, attribute : str
        Where its class is.
    """

    name: str
    title: str
    description: str
    module: str
    attribute: str


KINDS: Final[dict[str, ModelKind]] = {
    kind.name: kind
    for kind in (
        ModelKind(
            "tfidf",
            "Words and letters (TF-IDF)",
            "Weighs words, pairs of words and runs of two to five letters. Trains in seconds, scores thousands of"
            " titles a second, and says exactly which words decided.",
            "core.models.tfidf",
            "TfidfClassifier",
        ),
        ModelKind(
            "embedding",
            "Meanings (frozen language model)",
            "A pre-trained language model turns each title into numbers, on which a quick classifier learns. Knows"
            " words that were never labelled; trains in seconds.",
            "core.models.embedding",
            "EmbeddingClassifier",
        ),
        ModelKind(
            "transformer",
            "Language model (transformer)",
            "A small pre-trained language model, fine-tuned on your labels. Knows words that were never labelled; takes"
            " minutes to train.",
            "core.models.transformer",
            "TransformerClassifier",
        ),
        ModelKind(
            "blend",
            "Several models together (blend)",
            "Asks several models and weighs their answers; the weights are learned on titles none of them had seen.",
            "core.models.blend",
            "BlendClassifier",
        ),
        ModelKind(
            "cascade",
            "Quick first, thorough where unsure (cascade)",
            "Words and letters decide where they are sure; a language model reads the rest. As good as the language"
            " model and several times faster on large collections.",
            "core.models.cascade",
            "CascadeClassifier",
        ),
    )
}


def known_kind(name: str) -> ModelKind:
    """Return the kind called `name`.

    Raises
    ------
    InputError
        With the kinds there are.
    """
    if name not in KINDS:
        raise InputError(f"There is no kind of model '{name}'. There are: {', '.join(KINDS)}.")
    return KINDS[name]


def classifier_class(name: str) -> type[TitleClassifier]:
    """Return the class of a kind of classifier.

    Raises
    ------
    InputError
        There is no such kind.
    ModelError
        The packages it needs are not installed.
    """
    kind = known_kind(name)
    try:
        classifier_type: type[TitleClassifier] = getattr(importlib.import_module(kind.module), kind.attribute)
    except ImportError as error:
        raise ModelError(
            f"Models of the kind '{name}' cannot be used here: {error}. Run 'colophon doctor' to see what is missing."
        ) from error
    return classifier_type
