"""Finding records by words of their title, their author or their identifier, whatever the number of records."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.schema import ALTERNATE_ID, AUTHOR, RECORD_ID, TITLE

__all__ = ["SEARCH_COLUMNS", "find_records"]

SEARCH_COLUMNS = (TITLE, AUTHOR, RECORD_ID, ALTERNATE_ID)


def find_records(records: pd.DataFrame, text: str) -> NDArray[np.bool_]:
    """Say which records hold every word of a text in their title, author or identifiers; all rows are looked at.

    Parameters
    ----------
    records : DataFrame
        Those of :data:`SEARCH_COLUMNS` that it has are searched, as text; missing values hold no word.
    text : str
        Words, divided by white space, in any order. Each is found anywhere, also inside a longer word or a number;
        neither case nor accents matter. They may stand in different columns: ``scott waverley``.

    Returns
    -------
    bool array, shape (n_records,)
        All True where the text is blank.

    Examples
    --------
    >>> books = pd.DataFrame({"title": ["Waverley", "Émaux et camées"], "record_id": ["001204567", "9"]})
    >>> find_records(books, "emaux").tolist(), find_records(books, "1204567 wav").tolist()
    ([False, True], [True, False])
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    columns = [_folded(pa.array(records[name], type=pa.large_string())) for name in SEARCH_COLUMNS if name in records]
    hit = np.ones(len(records), dtype=bool)
    for word in _folded(pa.array(text.split(), type=pa.large_string())).to_pylist():
        inside = np.zeros(len(records), dtype=bool)
        for column in columns:
            inside |= pc.fill_null(pc.match_substring(column, word), False).to_numpy(zero_copy_only=False)
        hit &= inside
    return hit


def _folded(texts: object) -> "pa.Array":  # type: ignore[name-defined]  # noqa: F821
    """Return texts without case and accents; marks of scripts that need them are dropped on both sides alike."""
    import pyarrow.compute as pc

    parted = pc.utf8_normalize(pc.utf8_lower(texts), form="NFKD")
    return pc.replace_substring_regex(parted, pattern=r"\pM", replacement="")
