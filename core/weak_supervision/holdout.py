"""Which labelled titles an author of functions is never shown, so that accuracy on them is a fair measure."""

import hashlib

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["holdout_mask"]


def holdout_mask(title_keys: pd.Series) -> NDArray[np.bool_]:
    """Say which titles are kept back: half of them, always the same ones, whatever else is in the table.

    The half is decided by a hash of the normalised title, so that all editions and all label sets agree about a title.
    The other half may be shown as examples, and suggestions are made from it.

    >>> holdout_mask(pd.Series(["emma", "a history of rome", "poems", "emma"])).tolist()
    [False, True, True, False]
    """
    codes, distinct = pd.factorize(title_keys)
    apart = [hashlib.sha256(f"weak supervision\0{key}".encode()).digest()[0] & 1 == 1 for key in distinct]
    return np.array([*apart, False], dtype=bool)[codes]
