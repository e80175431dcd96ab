"""What the kinds of classifier have in common: options, softmax, the facts they keep beside their numbers."""

import contextlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import InputError, ModelError
from core.plain_json import json_text

__all__ = [
    "merge_options",
    "read_model_config",
    "softmax",
    "translate_load_errors",
    "two_class_coefficients",
    "write_model_config",
]


def merge_options(kind: str, defaults: Mapping[str, Any], options: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the options of a kind of model, the defaults where none is given.

    Raises
    ------
    InputError
        There is no such option; the message names those there are.
    """
    settings = {**defaults, **(options or {})}
    unknown = sorted(set(settings) - set(defaults))
    if unknown:
        raise InputError(f"The kind '{kind}' has no option '{unknown[0]}'. It has: {', '.join(defaults)}.")
    return settings


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return probabilities, shape (n, k), rows summing to 1.

    >>> softmax(np.log([[1.0, 3.0]])).round(2).tolist()
    [[0.25, 0.75]]
    """
    raised = np.exp(logits - logits.max(axis=1, keepdims=True, initial=-np.inf))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def two_class_coefficients(fitted: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return coefficients, shape (k, width), and intercepts, shape (k,), of scikit-learn's logistic regression.

    It keeps one row for two classes; halved and mirrored the softmax is the same.
    """
    coefficients, intercepts = np.asarray(fitted.coef_, float), np.asarray(fitted.intercept_, float)
    if len(coefficients) > 1:
        return coefficients, intercepts
    return np.vstack([-coefficients / 2, coefficients / 2]), np.concatenate([-intercepts / 2, intercepts / 2])


def write_model_config(file: Path, version: int, facts: Mapping[str, Any]) -> None:
    """Write what a model must know of itself, beside its numbers."""
    file.write_text(json_text({"format": version, **facts}, indent=1) + "\n", encoding="utf-8")


def read_model_config(file: Path, version: int) -> dict[str, Any]:
    """Read what :func:`write_model_config` wrote. Within :func:`translate_load_errors`: what is no such file raises
    ValueError or OSError.

    Raises
    ------
    ModelError
        It was written in another format.
    """
    facts = json.loads(file.read_text(encoding="utf-8"))
    if not isinstance(facts, dict) or "format" not in facts:
        raise ValueError(f"{file.name} does not say what it is")
    if facts["format"] != version:
        raise ModelError(
            f"The model in {file.parent.name} has the format {facts['format']}; this version reads {version}: train it"
            " again."
        )
    return facts


@contextlib.contextmanager
def translate_load_errors(folder: Path) -> Iterator[None]:
    """Turn whatever a damaged model's files raise into one sentence.

    Raises
    ------
    ModelError
    """
    from safetensors import SafetensorError

    try:
        yield
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        raise ModelError(f"The model in {folder.name} cannot be read ({error}): train or fetch it again.") from error
