"""Why a title was given its class: what each word contributed, and which labelled titles are like it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from core.calibration import Calibration, apply_calibrations
from core.errors import InputError
from core.model_input import display_token, has_columns, token_of_terms, tokens
from core.schema import LABEL, RECORD_ID, TITLE

__all__ = [
    "ABSENT",
    "Explainable",
    "Explanation",
    "LinearClassifier",
    "SimilarTitles",
    "calibration_for",
    "class_index",
    "contributions_by_token",
    "is_linear",
    "leave_one_word_out",
    "linear_weights",
    "log_odds",
    "predict",
    "predicted_class",
    "shap_words",
    "word_contributions",
]

# --- What an explanation is, and what it needs of a model -------------------------------------------------------------


@runtime_checkable
class LinearClassifier(Protocol):
    """A classifier that weighs terms, and knows in which words of a title each term lies.

    Attributes
    ----------
    coefficients : array, shape (k, n_terms)
    intercepts : array, shape (k,)
    """

    coefficients: NDArray[np.float64]
    intercepts: NDArray[np.float64]

    def features(self, titles: Sequence[str]) -> Any:
        """Return the weighted terms of titles, a sparse matrix of shape (n, n_terms)."""
        ...

    def word_shares(self, title: str) -> tuple[list[str], Any]:
        """Return the words of a title, and each term's share in each word, a sparse matrix (n_words, n_terms)."""
        ...


class Explainable(Protocol):
    """What an explanation needs of a model (:class:`core.models.Model` has it)."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The class names."""
        ...

    @property
    def classifier(self) -> Any:
        """Gives uncalibrated probabilities for titles; it may be a :class:`LinearClassifier`."""
        ...

    @property
    def calibration(self) -> Calibration:
        """Makes them calibrated ones."""
        ...

    @property
    def title_only_calibration(self) -> Calibration | None:
        """The calibration of titles alone, of a model that reads further columns."""
        ...


@dataclass(frozen=True, kw_only=True)
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
    note : str
        How it was computed, in a sentence for a curator.
    """

    title: str
    class_name: str
    probability: float
    log_odds: float
    base: float
    table: pd.DataFrame
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
    return isinstance(model.classifier, LinearClassifier)


def predict(model: Explainable, titles: Sequence[str]) -> NDArray[np.float64]:
    """Return calibrated probabilities, also of the empty title, of which a model itself says nothing."""
    scores = model.classifier.predict_probabilities(list(titles))
    return apply_calibrations(model.calibration, model.title_only_calibration, titles, scores)


def calibration_for(model: Explainable, title: str) -> Calibration:
    """Return the calibration of this title, or of a text with further columns."""
    alone = model.title_only_calibration
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


# --- Contributions of words: exact for linear models, by leaving a word out for any other -----------------------------


def word_contributions(model: Explainable, title: str, class_name: str | None = None) -> Explanation:
    """Return the exact contribution of each word for a linear model.

    Parameters
    ----------
    class_name : str, optional
        Else the class that is predicted.

    Returns
    -------
    Explanation
        A word's contribution is that of its runs of letters and word terms; a pair of words counts half for each. Of
        temperature scaling the contributions are divided by the temperature too, so that they sum to the log-odds of
        the calibrated probability. With isotonic calibration they speak of the uncalibrated one.

    Raises
    ------
    InputError
        The model is not linear, or does not know the class.
    """
    if not is_linear(model):
        raise InputError("This model is not a sum of words: use leave-one-word-out or SHAP.")
    probability, position = predicted_class(model, title, class_name)
    words, shares = model.classifier.word_shares(title)
    features = model.classifier.features([title])
    direction, start = linear_weights(model, position, title)
    words, values = contributions_by_token(title, words, shares.multiply(features) @ direction)
    isotonic = calibration_for(model, title).method == "isotonic"
    note = "Exact: base value and contributions sum to the log-odds."
    if isotonic:
        note = "Exact for the probability before calibration: base value and contributions sum to its log-odds."
    return Explanation(
        title=title,
        class_name=model.classes[position],
        probability=probability,
        log_odds=float(start + values.sum()),
        base=start,
        table=pd.DataFrame({"word": pd.Series(words, dtype="str"), "contribution": values}),
        note=note,
    )


def leave_one_word_out(model: Explainable, title: str, class_name: str | None = None) -> Explanation:
    """Return how much the log-odds fall when a word is left out, for any model.

    Returns
    -------
    Explanation
        The contributions do not sum to anything: two words that say the same each seem to contribute little.
    """
    probability, position = predicted_class(model, title, class_name)
    words = tokens(title)
    without = [" ".join(words[:i] + words[i + 1 :]) for i in range(len(words))]
    probabilities = predict(model, [title, *without])
    odds = log_odds(probabilities, position)
    table = pd.DataFrame(
        {
            "word": pd.Series([display_token(word) for word in words], dtype="str"),
            "contribution": odds[0] - odds[1:],
            "probability_without": probabilities[1:, position],
        }
    )
    note = "Each word alone was left out and the title read again; contributions do not sum."
    return Explanation(
        title=title,
        class_name=model.classes[position],
        probability=probability,
        log_odds=float(odds[0]),
        base=float("nan"),
        table=table,
        note=note,
    )


# --- Labelled titles that are like a title: the examples a model may have learned from --------------------------------


class SimilarTitles:
    """Finds the labelled titles most like a title: cosine of TF-IDF weights of runs of two to five letters.

    Building it takes about 0.2 s for a thousand titles: keep it.

    Parameters
    ----------
    books : DataFrame
        ``record_id``, ``title``, ``label``.
    """

    def __init__(self, books: pd.DataFrame) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer

        self._books = books[[RECORD_ID, TITLE, LABEL]].reset_index(drop=True)
        self._vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)
        self._weights = self._vectorizer.fit_transform(self._books[TITLE].tolist()) if len(books) else None

    def nearest(self, title: str, n: int = 5) -> pd.DataFrame:
        """Return the `n` most similar books: ``record_id``, ``title``, ``label``, ``similarity`` (0 to 1)."""
        if self._weights is None:
            return self._books.assign(similarity=np.empty(0))
        similarity = np.asarray((self._weights @ self._vectorizer.transform([title]).T).todense()).ravel()
        order = np.argsort(-similarity, kind="stable")[:n]
        return self._books.iloc[order].assign(similarity=similarity[order]).reset_index(drop=True)


# --- Shapley values of the words of a title, by the shap package ------------------------------------------------------


ABSENT = "(words the title does not have)"
# 2 to the power of so many titles are scored for exact Shapley values; beyond, permutations are drawn.
_EXACT_UP_TO = 8
_PERMUTATIONS = 10


def shap_words(
    model: Explainable,
    title: str,
    class_name: str | None = None,
    *,
    background: Sequence[str] | None = None,
    seed: int = 0,
) -> Explanation:
    """Return Shapley values of the words of a title, by the shap package.

    Parameters
    ----------
    background : sequence of str, optional
        For linear models only: titles whose average is the base, best all training titles. Then the values are those
        of ``shap.LinearExplainer``, and what the title lacks against the average stands in a row of its own. Without
        it, and for every other model, the base is the empty title, and a word that is not there is left out.
    seed : int
        For titles of more than eight words, whose values are estimated by permutations.

    References
    ----------
    S. M. Lundberg, S.-I. Lee (2017), "A unified approach to interpreting model predictions", NeurIPS.
    """
    if background is not None and is_linear(model):
        return _linear_shap(model, title, class_name, background)
    probability, position = predicted_class(model, title, class_name)
    words = tokens(title)
    if not words:
        raise InputError("The title has no word to explain.")

    def read(masks: NDArray[np.float64]) -> NDArray[np.float64]:
        masked_titles = [" ".join(word for word, present in zip(words, mask, strict=True) if present) for mask in masks]
        different, codes = np.unique(np.array(masked_titles, dtype=object), return_inverse=True)
        return np.asarray(log_odds(predict(model, different.tolist()), position)[codes])

    import shap

    empty, whole = np.zeros((1, len(words))), np.ones((1, len(words)))
    exact = len(words) <= _EXACT_UP_TO
    if exact:
        values = shap.explainers.ExactExplainer(read, empty)(whole)
        note = "Shapley values of all combinations of words; they sum to the difference from the empty title."
    else:
        budget = _PERMUTATIONS * (2 * len(words) + 1)
        explainer = shap.explainers.PermutationExplainer(read, empty, seed=seed)
        values = explainer(whole, max_evals=budget, silent=True)
        note = f"Shapley values estimated from {_PERMUTATIONS} orders of the words; they sum to the difference from the"
        note += " empty title."
    base = float(read(empty)[0])
    shown = pd.Series([display_token(word) for word in words], dtype="str")
    table = pd.DataFrame({"word": shown, "contribution": np.asarray(values.values[0], float)})
    odds = float(read(whole)[0])
    return Explanation(
        title=title,
        class_name=model.classes[position],
        probability=probability,
        log_odds=odds,
        base=base,
        table=table,
        note=note,
    )


def _linear_shap(model: Explainable, title: str, class_name: str | None, background: Sequence[str]) -> Explanation:
    import shap

    probability, position = predicted_class(model, title, class_name)
    direction, start = linear_weights(model, position, title)
    # The mean of all titles: handed the matrix itself, shap would take 100 rows of it and be wrong by some hundredths.
    mean = np.asarray(model.classifier.features(list(background)).mean(axis=0)).ravel()
    features = model.classifier.features([title])
    explainer = shap.LinearExplainer((direction, start), shap.maskers.Independent(mean[None, :]))
    values = np.asarray(explainer.shap_values(features.toarray()), dtype=float).reshape(-1)
    words, shares = model.classifier.word_shares(title)
    words, contributions = contributions_by_token(title, words, np.asarray(shares @ values))
    lacking = float(values.sum() - contributions.sum())
    table = pd.DataFrame(
        {"word": pd.Series([*words, ABSENT], dtype="str"), "contribution": [*contributions.tolist(), lacking]}
    )
    base = float(start + direction @ mean)
    note = f"SHAP for a linear model: the base is the average of {len(background):,} titles."
    return Explanation(
        title=title,
        class_name=model.classes[position],
        probability=probability,
        log_odds=float(base + values.sum()),
        base=base,
        table=table,
        note=note,
    )


# --- Why a title was given its class ----------------------------------------------------------------------------------
# What each word contributed, and which labelled titles are like it.
# A contribution is measured in log-odds: how far a word moves ln(p / (1 − p)) of the class. With more than two classes
# it is the log-odds against the geometric mean of the others, which is what a multinomial model is linear in.
#
# ==========================  ====================================================================================
# :func:`word_contributions`  exact, for linear models: base value and contributions sum to the log-odds
# :func:`leave_one_word_out`  any model, at once: the log-odds less those of the title without the word
# :func:`shap_words`          any model, slower: Shapley values; with the base they sum to the log-odds
# :class:`SimilarTitles`      labelled titles that share runs of letters with a title
# ==========================  ====================================================================================
