"""Contributions of words: exact for linear models, by leaving a word out for any other."""

from collections.abc import Sequence

import pandas as pd

from core.errors import InputError
from core.explain.explanation import (
    Explainable,
    Explanation,
    calibration_for,
    class_index,
    contributions_by_token,
    is_linear,
    linear_weights,
    log_odds,
    predict,
    predicted_class,
)
from core.reading import display_token, tokens

__all__ = ["leave_one_word_out", "word_contributions", "word_importance"]


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
        title,
        model.classes[position],
        probability,
        float(start + values.sum()),
        start,
        pd.DataFrame({"word": pd.Series(words, dtype="str"), "contribution": values}),
        True,
        note,
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
    return Explanation(title, model.classes[position], probability, float(odds[0]), float("nan"), table, False, note)


def word_importance(model: Explainable, titles: Sequence[str], class_name: str, least: int = 5) -> pd.DataFrame:
    """Return which words speak most for and against a class, over many titles, for a linear model.

    Parameters
    ----------
    least : int
        Words in fewer titles are left out: their weight says more of one title than of the word.

    Returns
    -------
    DataFrame
        ``word`` (lower case, without signs around it), ``titles`` (that have it), ``contribution`` (mean log-odds in
        those titles), the strongest first, for or against.
    """
    totals: dict[str, dict[str, float]] = {}
    position = class_index(model, class_name)
    for title in titles:
        direction, _ = linear_weights(model, position, title)
        words, shares = model.classifier.word_shares(title)
        values = shares.multiply(model.classifier.features([title])) @ direction
        here: dict[str, float] = {}
        for word, value in zip(words, values.tolist(), strict=True):
            bare = word.lower().strip("[](){}<>.,;:!?…'\"’‘“”«»&/-–—*")
            if bare:
                here[bare] = here.get(bare, 0.0) + value
        for bare, value in here.items():
            entry = totals.setdefault(bare, {"titles": 0, "sum": 0.0})
            entry["titles"] += 1
            entry["sum"] += value
    rows = [
        {"word": word, "titles": int(entry["titles"]), "contribution": entry["sum"] / entry["titles"]}
        for word, entry in totals.items()
        if entry["titles"] >= least
    ]
    table = pd.DataFrame(rows, columns=["word", "titles", "contribution"]).astype({"word": "str"})
    return table.sort_values("contribution", key=abs, ascending=False, kind="stable").reset_index(drop=True)
