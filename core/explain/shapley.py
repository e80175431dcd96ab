"""Shapley values of the words of a title, by the shap package."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.errors import InputError
from core.explain.explanation import (
    Explainable,
    Explanation,
    contributions_by_token,
    is_linear,
    linear_weights,
    log_odds,
    predict,
    predicted_class,
)
from core.reading import display_token, tokens

__all__ = ["ABSENT", "shap_words"]

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
    return Explanation(title, model.classes[position], probability, odds, base, table, True, note)


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
    return Explanation(title, model.classes[position], probability, float(base + values.sum()), base, table, True, note)
