"""What an explanation is, and what it needs of a model."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from core.calibration import Calibration, apply_calibrations
from core.errors import InputError
from core.reading import display_token, has_columns, token_of_terms, tokens

__all__ = [
    "Explainable",
    "Explanation",
    "calibration_for",
    "class_index",
    "contributions_by_token",
    "is_linear",
    "linear_weights",
    "log_odds",
    "predict",
    "predicted_class",
]


class Explainable(Protocol):
    """What an explanation needs of a model (:class:`core.models.Model` has it)."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The class names."""
        ...

    @property
    def classifier(self) -> Any:
        """Gives uncalibrated probabilities for titles; a linear one also ``spread``, ``features`` and coefficients."""
        ...

    @property
    def calibration(self) -> Calibration:
        """Makes them calibrated ones. A model that reads further columns also has ``title_only_calibration``, for
        titles alone.
        """
        ...


@dataclass(frozen=True)
class Explanation:
    """What each word of a title contributed to one class.

    Attributes
    ----------
    class_name : str
    probability : float
        Calibrated probability of the class.
    log_odds : float
        What the contributions speak of; see the module.
    base : float
        Log-odds before any word was read. NaN for leave-one-word-out, which has no such thing.
    table : DataFrame
        ``word`` and ``contribution``, in the order of the title; for leave-one-word-out also ``probability_without``.
    is_additive : bool
        Whether base and contributions sum to the log-odds.
    note : str
        How it was computed, in a sentence for a curator.
    """

    title: str
    class_name: str
    probability: float
    log_odds: float
    base: float
    table: pd.DataFrame
    is_additive: bool
    note: str


def log_odds(probabilities: ArrayLike, position: int) -> NDArray[np.float64]:
    """Return the log-odds of one class against the (geometric mean of the) others, for each row of probabilities.

    >>> log_odds([[0.75, 0.25]], 0).round(4).tolist()
    [1.0986]
    """
    logs = np.log(np.clip(np.asarray(probabilities, dtype=float), 1e-300, None))
    others = np.delete(logs, position, axis=1)
    return np.asarray(logs[:, position] - others.mean(axis=1))


def is_linear(model: Explainable) -> bool:
    """Say whether :func:`word_contributions` can take this model apart."""
    return hasattr(model.classifier, "word_shares")


def predict(model: Explainable, titles: Sequence[str]) -> NDArray[np.float64]:
    """Return calibrated probabilities, also of the empty title, of which a model itself says nothing."""
    scores = model.classifier.predict_probabilities(list(titles))
    return apply_calibrations(model.calibration, getattr(model, "title_only_calibration", None), titles, scores)


def calibration_for(model: Explainable, title: str) -> Calibration:
    """Return the calibration of this title, or of a text with further columns."""
    alone: Calibration | None = getattr(model, "title_only_calibration", None)
    return model.calibration if alone is None or has_columns([title])[0] else alone


def predicted_class(model: Explainable, title: str, class_name: str | None) -> tuple[float, int]:
    """Return the calibrated probability and the position of a class, by default the one that is predicted."""
    probabilities = predict(model, [title])[0]
    position = int(probabilities.argmax()) if class_name is None else class_index(model, class_name)
    return float(probabilities[position]), position


def contributions_by_token(
    title: str, words: Sequence[str], values: NDArray[np.float64]
) -> tuple[list[str], NDArray[np.float64]]:
    """Return the words of a title and the further columns it comes with, each as one, and what each contributed."""
    if not has_columns([title])[0]:
        return list(words), values
    whole = [display_token(unit) for unit in tokens(title)]
    return whole, np.bincount(token_of_terms(title, words), weights=values, minlength=len(whole)).astype(np.float64)


def class_index(model: Explainable, class_name: str) -> int:
    """Return which of the model's classes it is.

    Raises
    ------
    InputError
        With the classes there are.
    """
    if class_name not in model.classes:
        raise InputError(f"The model does not know the class '{class_name}'. It knows: {', '.join(model.classes)}.")
    return model.classes.index(class_name)


def linear_weights(model: Explainable, position: int, title: str) -> tuple[NDArray[np.float64], float]:
    """Return the weight of each term of a title for the log-odds of a class, and the log-odds without any term."""
    calibration = calibration_for(model, title)
    coefficients, intercepts = model.classifier.coefficients, model.classifier.intercepts
    cold = calibration.temperature if calibration.method == "temperature" else 1.0
    weights = coefficients[position] - np.delete(coefficients, position, axis=0).mean(axis=0)
    start = intercepts[position] - np.delete(intercepts, position).mean()
    return np.asarray(weights / cold), float(start / cold)
