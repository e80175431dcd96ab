"""What is told of a slice: counts, rates with intervals, what its classes do elsewhere, and what it covers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.schema import CORRECT, PREDICTED, TRUTH
from core.slices.definition import Slice
from core.slices.stratified import Excess, excess
from core.slices.units import count_by
from core.statistics import MINIMUM_RECORDS, Estimate, in_percent, proportion

__all__ = ["Confusion", "Measured", "measure"]

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Confusion:
    """How many books of one class were taken for another."""

    truth: str
    predicted: str
    n: int


@dataclass(frozen=True)
class Measured:
    """The numbers of one slice.

    Attributes
    ----------
    slice : Slice
    n, errors : int
        Labelled books, and the wrong ones among them.
    rate : Estimate
        Share that is wrong, with Wilson's interval; undefined below ten books.
    excess : Excess
        Errors expected at the slice's own class mix if its books failed as often as the rest of their classes, and
        how many times that there are; undefined below ten books.
    explains : Estimate
        Share of all errors that lie in the slice.
    collection_n : int
        Records of the whole collection that are in the slice.
    confusions : tuple of Confusion
        What the wrong ones were taken for, the commonest first.
    """

    slice: Slice
    n: int
    errors: int
    rate: Estimate
    excess: Excess
    explains: Estimate
    collection_n: int
    confusions: tuple[Confusion, ...]

    @property
    def sentence(self) -> str:
        """The numbers in plain words."""
        about = self.slice.description
        text = f"{about[:1].upper()}{about[1:]}: {self.errors:,} of {self.n:,} wrong"
        if self.rate.defined:
            text += f" ({in_percent(self.rate.low)} to {in_percent(self.rate.high)})"
        if not np.isnan(self.excess.ratio):
            text += f", {times(self.excess.ratio)} the rest of the same classes"
        if self.explains.defined:
            text += f"; explains {in_percent(self.explains.value)} of all errors"
        return f"{text}; {self.collection_n:,} books of the collection."

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-able content; what is undefined is None."""
        return {
            "description": self.slice.description,
            **self.slice.to_dict(),
            "n": self.n,
            "errors": self.errors,
            "error_rate": number(self.rate.value),
            "low": number(self.rate.low),
            "high": number(self.rate.high),
            "expected_errors": number(self.excess.expected),
            "ratio": number(self.excess.ratio),
            "ratio_low": number(self.excess.low),
            "ratio_high": number(self.excess.high),
            "explains": number(self.explains.value),
            "explains_low": number(self.explains.low),
            "explains_high": number(self.explains.high),
            "collection_n": self.collection_n,
            "confusions": [vars(confusion) for confusion in self.confusions],
            "sentence": self.sentence,
        }


def times(ratio: float) -> str:
    """Say a ratio in words.

    >>> times(6.12), times(1.5), times(1.0)
    ('6.1 times', '1.5 times', 'as often as')
    """
    if 0.95 <= ratio < 1.05:
        return "as often as"
    return f"{ratio:.1f} times" if ratio < 10 else f"{ratio:,.0f} times"


def number(value: float) -> float | None:
    """Return a number as JSON can hold it: None when it is undefined."""
    return float(value) if np.isfinite(value) else None


def measure(
    labelled: pd.DataFrame, classes: Sequence[str], slices: Sequence[Slice], collection: pd.DataFrame
) -> list[Measured]:
    """Measure slices on labelled books.

    Parameters
    ----------
    labelled : DataFrame
        Rows of the scored table with a truth.
    classes : sequence of str
    collection : DataFrame
        Records columns: what the slices are counted in.
    """
    truth, predicted = labelled[TRUTH].to_numpy(dtype=object), labelled[PREDICTED].to_numpy(dtype=object)
    wrong = ~labelled[CORRECT].to_numpy(dtype=bool)
    names = [*classes, *sorted(set(truth) - set(classes))]
    stratum = pd.Categorical(labelled[TRUTH], categories=names).codes.astype(np.intp)
    whole = count_by(stratum, wrong, len(names))
    measured = []
    for one in slices:
        inside = one.mask(labelled)
        n, errors = count_by(stratum[inside], wrong[inside], len(names))
        size, failed = int(n.sum()), int(errors.sum())
        enough = size >= MINIMUM_RECORDS
        pairs = pd.Series(list(zip(truth[inside & wrong], predicted[inside & wrong], strict=True)), dtype=object)
        measured.append(
            Measured(
                one,
                size,
                failed,
                proportion(failed, size) if enough else Estimate.undefined(f"fewer than {MINIMUM_RECORDS} books", size),
                excess(n, errors, *whole) if enough else Excess(np.nan, np.nan, np.nan, np.nan),
                proportion(failed, int(wrong.sum())),
                int(one.mask(collection).sum()),
                tuple(Confusion(t, p, int(k)) for (t, p), k in pairs.value_counts().items()),
            )
        )
    return measured
