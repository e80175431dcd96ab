"""A policy: from which confidence on a prediction is accepted, class by class; and what was promised of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from core.errors import InputError
from core.facets import facet_codes
from core.manifests import Record, Texts
from core.schema import CONFIDENCE, PREDICTED
from core.slices import Slice

__all__ = ["GuaranteeRecord", "Policy", "apply_policy", "check_cut"]


@dataclass(frozen=True)
class Policy:
    """Cuts on the confidence: a prediction is accepted when its confidence is greater than the cut of its class.

    A class without a cut is never accepted, and neither is a record whose confidence is unknown (NaN). A cut of 0
    accepts every prediction of its class, a cut of 1 none.

    Attributes
    ----------
    cuts : mapping
        Predicted class → cut, 0 to 1. Empty when `stratum` is used.
    stratum : str
        The facet by which the cuts differ, '' when they do not.
    by_stratum : mapping
        Value of that facet → (predicted class → cut). Records of any other value are never accepted.
    where : Slice, optional
        The slice the cuts were chosen on. Of a record outside of it nothing is known, so none is accepted; without one
        the cuts are those of the whole collection.
    """

    cuts: Mapping[str, float] = field(default_factory=dict)
    stratum: str = ""
    by_stratum: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    where: Slice | None = None

    def __post_init__(self) -> None:
        for cuts in (self.cuts, *self.by_stratum.values()):
            for name, cut in cuts.items():
                check_cut(name, cut)
        if (self.stratum and self.cuts) or (self.by_stratum and not self.stratum):
            raise InputError("A policy has either one cut a class, or cuts for each value of one facet, not both.")

    @classmethod
    def from_cuts(
        cls,
        cuts: Mapping[str, float | None],
        stratum: str,
        by_stratum: Mapping[str, Mapping[str, float | None]],
    ) -> "Policy":
        """Return the policy of cuts that were searched for; a class for which none was found is never accepted."""

        def known(part: Mapping[str, float | None]) -> dict[str, float]:
            return {name: cut for name, cut in part.items() if cut is not None}

        if stratum:
            return cls(stratum=stratum, by_stratum={value: known(part) for value, part in by_stratum.items()})
        return cls(known(cuts))

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-able content that :meth:`from_dict` understands."""
        content: dict[str, Any] = {"cuts": {name: float(self.cuts[name]) for name in sorted(self.cuts)}}
        if self.stratum:
            content["stratum"] = self.stratum
            content["by_stratum"] = {value: dict(sorted(cuts.items())) for value, cuts in self.by_stratum.items()}
        if self.where is not None:
            content["slice"] = self.where.to_dict() | {"description": self.where.description}
        return content

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> "Policy":
        """Return the policy that :meth:`as_dict` described."""
        where = content.get("slice")
        return cls(
            dict(content.get("cuts", {})),
            content.get("stratum", ""),
            dict(content.get("by_stratum", {})),
            Slice.from_dict(where) if where else None,
        )

    def covers(self, table: pd.DataFrame) -> NDArray[np.bool_]:
        """Return which records the cuts apply to, shape (n_records,): those of its slice, else all."""
        return np.ones(len(table), dtype=bool) if self.where is None else self.where.mask(table)


class GuaranteeRecord(Record):
    """What a promise said when the cuts were kept; the keys are those of :meth:`core.thresholds.Guarantee.as_dict`.

    Attributes
    ----------
    kind : {'accepted', 'whole', 'two models'}
        What the share is of: the accepted records, or all records once people have done the rest; the last where two
        models decide before people do.
    max_error, confidence : float or None
        The share of wrong ones that is not passed, and the probability of that; None where an earlier version did not
        say.
    per : str
        'class' or 'together': whether each class has its own promise.
    stratum : str
        Facet in each value of which it is kept, '' for none.
    cuts, by_stratum : mapping
        Class → cut, and value of the facet → class → cut; None where nothing can be promised.
    promised : bool
        Whether all that was asked for can be promised; `reason` says why not.
    labelled, left_out, more_labels : int
        Labelled books it rests on; those left out since the model may have learned from them; those it would take
        beyond (None: that is not known, or no number will do).
    sentence, headline : str
        All of it in words, with the warnings; and its first sentence alone, '' where an earlier version kept none.
    """

    kind: str = "accepted"
    max_error: float | None = None
    confidence: float | None = None
    per: str = ""
    stratum: str = ""
    cuts: dict[str, float | None] = Field(default_factory=dict)
    by_stratum: dict[str, dict[str, float | None]] = Field(default_factory=dict)
    promised: bool = True
    reason: str = ""
    labelled: int = 0
    more_labels: int | None = None
    left_out: int = 0
    sentence: str = ""
    headline: str = ""
    warnings: Texts = ()
    population: dict[str, Any] = Field(default_factory=dict)
    groups: Annotated[tuple[dict[str, Any], ...], Field(strict=False)] = ()

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> "GuaranteeRecord | None":
        """Return the promise that a policy or the settings of an export hold; None where none was made.

        Raises
        ------
        InputError
            A value is of another type than this version writes.
        """
        return cls.parse(content, "the promise that was kept") if content else None

    @property
    def is_of_whole(self) -> bool:
        """Whether the share is of all records once people have done the rest."""
        return self.kind != "accepted"

    @property
    def in_words(self) -> str:
        """Its sentence without the full stop, else what is known of it."""
        known = ", ".join(f"{name} {value}" for name, value in self.as_dict().items())
        return (self.sentence or known).rstrip(".")


def check_cut(name: str, cut: float) -> None:
    """Refuse what is no confidence.

    Raises
    ------
    InputError
        The cut is not a number from 0 to 1.
    """
    if not 0 <= cut <= 1:
        raise InputError(f"The cut for '{name}' is {cut}; a cut is a confidence from 0 to 1 (97 per cent is 0.97).")


def apply_policy(table: pd.DataFrame, policy: Policy) -> NDArray[np.bool_]:
    """Say which predictions are accepted.

    Parameters
    ----------
    table : DataFrame
        ``predicted``, ``confidence`` (0 to 1, NaN if unknown), and what the policy's facet and slice are read from.

    Returns
    -------
    bool array, shape (n_records,)

    Raises
    ------
    InputError
        The policy has a cut for a class that is nowhere predicted although others are: a slip of spelling.

    Examples
    --------
    >>> table = pd.DataFrame({"predicted": ["a", "a", "b"], "confidence": [0.9, 0.91, 1.0]})
    >>> apply_policy(table, Policy({"a": 0.9})).tolist()
    [False, True, False]
    """
    codes, names = pd.factorize(table[PREDICTED])
    classes = [str(name) for name in names]
    _check_classes(policy, classes)
    confidence = table[CONFIDENCE].to_numpy(dtype=float, na_value=np.nan)
    inside = policy.covers(table)
    if not policy.stratum:
        limits = np.array([policy.cuts.get(name, np.inf) for name in classes] + [np.inf])
        return np.asarray((confidence > limits[codes]) & inside)
    group, values = facet_codes(table, policy.stratum)
    nowhere: Mapping[str, float] = {}
    grid = np.array(
        [[policy.by_stratum.get(value, nowhere).get(name, np.inf) for name in classes] + [np.inf] for value in values]
    ).reshape(len(values), len(classes) + 1)
    return np.asarray((confidence > grid[group, codes]) & inside)


def _check_classes(policy: Policy, classes: list[str]) -> None:
    known = {name for name in classes if name}
    cut_classes = {name for cuts in (policy.cuts, *policy.by_stratum.values()) for name in cuts}
    if known and cut_classes and not cut_classes & known:
        raise InputError(
            f"There is a cut for '{min(cut_classes)}', but no record is predicted to be that."
            f" Predicted classes are: {', '.join(sorted(known))}."
        )
