"""A slice that somebody asks for: is it worse than the rest of its classes?"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from core.schema import TRUTH
from core.slices.definition import Slice
from core.slices.stratified import worst_p
from core.slices.units import one_per_title
from core.statistics import MINIMUM_RECORDS

__all__ = ["slice_p_value"]


def slice_p_value(table: pd.DataFrame, classes: Sequence[str], slice_: Slice) -> float:
    """Test a slice as :func:`core.slices.facet_slices` tests the values of a facet.

    Parameters
    ----------
    table : DataFrame
        The scored table; only its rows with a truth count.
    classes : sequence of str

    Returns
    -------
    float
        Exact, one-sided p that the slice is worse than the rest of its true and of its predicted classes, each title
        once; not adjusted for other looks (see :class:`core.slices.Ledger`). NaN below ten books.
    """
    labelled = table[(table[TRUTH] != "").to_numpy(dtype=bool)]
    if int(slice_.mask(labelled).sum()) < MINIMUM_RECORDS:
        return float("nan")
    titles = one_per_title(labelled, tuple(classes))
    inside = np.flatnonzero(slice_.mask(titles.records))
    return worst_p(*titles.count(inside), *titles.count(np.arange(len(titles))))
