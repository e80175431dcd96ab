"""The mistakes themselves: the surest of them, what was right but hardly sure, and how long the titles of both are."""

import math

import numpy as np
import pandas as pd

from core.facets import facet_order, facet_values
from core.schema import CONFIDENCE, CORRECT, TITLE
from core.statistics import MINIMUM_RECORDS

__all__ = ["least_confident_right", "length_by_outcome", "most_confident_wrong", "most_confused"]


def most_confident_wrong(labelled: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that are wrong, the surest first: mistakes of the model, or of the label."""
    return labelled[~labelled[CORRECT].astype(bool)].sort_values(CONFIDENCE, ascending=False, kind="stable")


def least_confident_right(labelled: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that are right, the least sure first: what a cut-off gives up for nothing."""
    return labelled[labelled[CORRECT].astype(bool)].sort_values(CONFIDENCE, kind="stable")


def length_by_outcome(labelled: pd.DataFrame) -> pd.DataFrame:
    """Return how long the titles are that were read right and wrong.

    Returns
    -------
    DataFrame
        ``length`` (bands of characters, the shortest first), ``outcome`` ('right', 'wrong'), ``n``, ``share`` (of the
        outcome; NaN below ten books), and once an outcome ``mean`` (characters, NaN without books).
    """
    bands = facet_values(labelled, "title_length")
    order = facet_order("title_length", bands)
    lengths = labelled[TITLE].str.len().to_numpy(dtype=float)
    right = labelled[CORRECT].to_numpy(dtype=bool)
    rows = []
    for outcome, mask in (("right", right), ("wrong", ~right)):
        counts = bands[mask].value_counts()
        total = int(mask.sum())
        for band in order:
            n = int(counts.get(band, 0))
            share = n / total if total >= MINIMUM_RECORDS else math.nan
            mean = float(lengths[mask].mean()) if total else math.nan
            rows.append({"length": band, "outcome": outcome, "n": n, "share": share, "mean": mean})
    return pd.DataFrame(rows)


def most_confused(confusion: pd.DataFrame, most: int) -> list[str]:
    """Return the classes with the most errors, at most `most`, in the order of the matrix.

    Parameters
    ----------
    confusion : DataFrame
        Rows: truth; columns: prediction, with the names of the rows among them; cells: books.
    """
    names = [str(name) for name in confusion.index]
    if len(names) <= most:
        return names
    square = confusion.reindex(columns=names, fill_value=0).to_numpy()
    right = np.diag(square)
    errors = confusion.sum(axis=1).to_numpy() - right + square.sum(axis=0) - right
    return [names[place] for place in sorted(np.argsort(-errors, kind="stable")[:most])]
