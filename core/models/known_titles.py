"""A table of predictions, in which no title is judged by a classifier that learned from it."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.models.registry import Model
from core.schema import CONFIDENCE, MARGIN, PREDICTED, RECORD_ID, SPLIT, TITLE_KEY, probability_column

__all__ = ["predictions_table", "with_known_titles"]


def predictions_table(probabilities: NDArray[np.float64], classes: Sequence[str]) -> pd.DataFrame:
    """Return ``predicted``, ``confidence``, ``margin`` and ``p_<class>`` …; of equally probable classes the first.

    A row of NaN (no title) has no prediction: ``predicted`` is '' and the numbers are NaN.
    """
    known = np.asarray(~np.isnan(probabilities).any(axis=1))
    filled = np.where(known[:, None], probabilities, 0.0)
    chosen = np.array([*classes, ""], dtype=object)[np.where(known, filled.argmax(axis=1), len(classes))]
    ranked = np.sort(filled, axis=1)
    table = {
        PREDICTED: pd.Series(chosen, dtype="str"),
        CONFIDENCE: np.where(known, ranked[:, -1], np.nan),
        MARGIN: np.where(known, ranked[:, -1] - ranked[:, -2], np.nan),
    }
    table |= {probability_column(name): probabilities[:, i] for i, name in enumerate(classes)}
    return pd.DataFrame(table)


def with_known_titles(model: Model, records: pd.DataFrame, probabilities: NDArray[np.float64]) -> pd.DataFrame:
    """Return the predictions for records with these probabilities; see :func:`predict_records`."""
    books = model.training[model.training[probability_column(model.classes[0])].notna()]
    where = _same_title(records[TITLE_KEY], books[TITLE_KEY])
    split = np.full(len(records), "", dtype=object)
    known = where >= 0
    if known.any():
        columns = [probability_column(name) for name in model.classes]
        probabilities[known] = books[columns].to_numpy(dtype=float)[where[known]]
        split[known] = books[SPLIT].to_numpy(dtype=object)[where[known]]
    table = predictions_table(probabilities, model.classes)
    table.insert(0, RECORD_ID, records[RECORD_ID].to_numpy())
    return table.assign(**{SPLIT: pd.Series(split, dtype="str")})


def _same_title(keys: pd.Series, training_keys: pd.Series) -> NDArray[np.int64]:
    """Return for each title the first training book with it, −1 where there is none."""
    first = pd.Series(np.arange(len(training_keys)), index=training_keys.to_numpy(dtype=object))
    first = first[(first.index != "") & ~first.index.duplicated()]
    positions = first.reindex(keys.to_numpy(dtype=object)).to_numpy(dtype=float, na_value=-1.0)
    return positions.astype(np.int64)
