"""Facet by facet and class by class: where precision and recall give way, and the same in words."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from core.evaluation.metrics import accuracy_estimate
from core.facets import facet_words
from core.schema import PREDICTED, TRUTH
from core.statistics import capitalised

__all__ = ["by_value_and_class", "value_sentences"]


def by_value_and_class(labelled: pd.DataFrame, values: pd.Series, classes: Sequence[str]) -> pd.DataFrame:
    """Return precision and recall of each class for each value of a facet, the commonest value first.

    Parameters
    ----------
    labelled : DataFrame
        Rows of the scored table with a truth.
    values : Series of str
        The facet's value of each row.
    classes : sequence of str

    Returns
    -------
    DataFrame
        One row a value and class: ``value``, ``class``, ``n`` (books with the value), ``is_class`` and ``called_class``
        (books that are of the class, and that the model says are), ``hits`` (both), ``precision`` with
        ``precision_low`` and ``precision_high``, ``recall`` with ``recall_low`` and ``recall_high`` (Wilson, 95 per
        cent). A rate that would rest on fewer than 10 books is NaN.
    """
    codes, names = pd.factorize(values)
    index = pd.Index(list(classes))
    truth, predicted = (index.get_indexer(pd.Index(labelled[column])) for column in (TRUTH, PREDICTED))
    n = np.bincount(codes, minlength=len(names))
    parts = []
    for i, name in enumerate(classes):
        counts = {
            "is_class": np.bincount(codes[truth == i], minlength=len(names)),
            "called_class": np.bincount(codes[predicted == i], minlength=len(names)),
            "hits": np.bincount(codes[(truth == i) & (predicted == i)], minlength=len(names)),
        }
        part = pd.DataFrame({"value": pd.Series(list(names), dtype="str"), "class": name, "n": n, **counts})
        for rate, total in (("precision", "called_class"), ("recall", "is_class")):
            rates = [accuracy_estimate(int(k), int(m)) for k, m in zip(counts["hits"], counts[total], strict=True)]
            part[rate] = [estimate.value for estimate in rates]
            part[f"{rate}_low"], part[f"{rate}_high"] = (
                [estimate.low for estimate in rates],
                [estimate.high for estimate in rates],
            )
        parts.append(part)
    table = pd.concat(parts, ignore_index=True)
    return table.sort_values(["n", "value"], ascending=[False, True], kind="stable", ignore_index=True)


def value_sentences(table: pd.DataFrame, facet: str, noun: str = "books") -> list[str]:
    """Say for each row of :func:`core.evaluation.by_value` how many are wrong, and how that compares with the rest.

    Examples
    --------
    >>> table = pd.DataFrame({"value": ["German"], "n": [34], "errors": [9], "error_rate": [0.26], "ratio": [4.0]})
    >>> value_sentences(table, "language", "titles")
    ['German titles: 9 of 34 wrong, 4 times the rest.']
    """
    sentences = []
    for value, n, errors, rate, ratio in zip(
        table["value"], table["n"], table["errors"], table["error_rate"], table["ratio"], strict=True
    ):
        words = f"{capitalised(facet_words(facet, str(value), noun))}: {int(errors):,} of {int(n):,} wrong"
        if math.isnan(rate):
            words += ", too few for a rate"
        elif not math.isnan(ratio):
            words += f", {_times(float(ratio))}"
        sentences.append(f"{words}.")
    return sentences


def _times(ratio: float) -> str:
    if 0.95 <= ratio < 1.05:
        return "as often as the rest"
    amount = f"{ratio:.0f}" if ratio >= 1 and abs(ratio - round(ratio)) < 0.05 else f"{ratio:.1f}"
    return f"{amount} times the rest"
