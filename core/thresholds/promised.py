"""What was promised: of each class, of all of them together, and what follows for the cuts."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from core.plain_json import plain
from core.thresholds.curves import ALL_CLASSES
from core.thresholds.policy import Policy
from core.thresholds.population import PopulationCheck
from core.thresholds.promise_words import promise_sentences

__all__ = ["GroupGuarantee", "Guarantee"]


@dataclass(frozen=True)
class GroupGuarantee:
    """What can be promised of the predictions of one class (or of all), everywhere or in one stratum.

    Attributes
    ----------
    class_name : str
        The predicted class, or :data:`core.thresholds.curves.ALL_CLASSES`.
    value : str
        The value of the stratum's facet, '' without strata.
    cut : float or None
        What lies above it is accepted; None when nothing can be promised.
    labelled, accepted, errors : int
        Labelled records with this prediction, those above the cut, and wrong ones among these. Without a cut, the last
        two are those of the main cut that was tried, 0 when none was.
    upper : float
        The exact (Clopper–Pearson) limit of the share wrong among the accepted, at most what is promised; NaN without a
        cut.
    level : float
        The probability with which this promise may be false: its part of the doubt.
    tried : int
        Cuts that were tested.
    labels_at_least : int
        Labelled records, accepted and without an error, below which nothing can be promised at this level.
    labels_estimate : int or None
        Labelled records with this prediction that it will take, at a guess; None when there is a cut, or when the
        surest records are wrong so often that labels alone will not help.
    sentence : str
    """

    class_name: str
    value: str
    cut: float | None
    labelled: int
    accepted: int
    errors: int
    upper: float
    level: float
    tried: int
    labels_at_least: int
    labels_estimate: int | None
    sentence: str

    @property
    def guaranteed(self) -> bool:
        """Whether there is a cut."""
        return self.cut is not None

    @property
    def coverage(self) -> float:
        """Share of the labelled records with this prediction that is accepted, 0 without a cut; NaN without records."""
        if not self.labelled:
            return float("nan")
        return self.accepted / self.labelled if self.guaranteed else 0.0


@dataclass(frozen=True)
class Guarantee:
    """The promises of all classes, which hold together with the confidence that was asked for.

    Attributes
    ----------
    max_error, confidence : float
    per : {'class', 'together'}
        Whether each class has its own promise and cut, or all share one.
    stratum : str
        Facet in each value of which the promise is kept, '' for none.
    classes : tuple of str
    groups : tuple of GroupGuarantee
        One a class (or one for all), times the values of the facet that have labelled records.
    labelled, left_out : int
        Labelled records it rests on, and those left out because the model learned, or may have learned, from their
        titles.
    population : PopulationCheck
        Whether the labelled records are like the collection; its warning stands beside the promise everywhere.
    learned_known : bool
        Whether it is known from which titles the model learned; if not, all it may have learned from are left out.
    never_predicted : tuple of str
        Classes that the model calls no book at all: there is nothing to promise of them, and nothing is broken.
    """

    max_error: float
    confidence: float
    per: Literal["class", "together"]
    stratum: str
    classes: tuple[str, ...]
    groups: tuple[GroupGuarantee, ...]
    labelled: int
    left_out: int
    population: PopulationCheck
    learned_known: bool = False
    never_predicted: tuple[str, ...] = ()

    @property
    def cuts(self) -> dict[str, float | None]:
        """Class → cut, None where nothing can be promised. With strata, see :attr:`by_stratum`; this is then empty."""
        return {} if self.stratum else self._cuts_of("")

    @property
    def by_stratum(self) -> dict[str, dict[str, float | None]]:
        """Value of the facet → class → cut, for the values in which something is promised; empty without strata."""
        values = {group.value: None for group in self.groups if group.guaranteed and self.stratum}
        return {value: self._cuts_of(value) for value in values}

    @property
    def strata_without_cut(self) -> tuple[str, ...]:
        """Values of the facet that have labelled records, but too few or too many wrong ones: they go to review."""
        cuts = self.by_stratum
        return tuple(dict.fromkeys(group.value for group in self.groups if self.stratum and group.value not in cuts))

    @property
    def guaranteed(self) -> bool:
        """Whether every class that is predicted can be accepted from some cut on (with strata: somewhere)."""
        named = {group.class_name for group in self.groups if group.guaranteed}
        return ALL_CLASSES in named or (bool(named) and named >= set(self.classes) - set(self.never_predicted))

    @property
    def reason(self) -> str:
        """Why something could not be promised; '' when everything could."""
        return "" if self.guaranteed else " ".join(group.sentence for group in self.refused)

    @property
    def refused(self) -> tuple[GroupGuarantee, ...]:
        """The groups of which something could have been promised and was not."""
        return tuple(
            group for group in self.groups if not group.guaranteed and group.class_name not in self.never_predicted
        )

    @property
    def unattainable(self) -> tuple[GroupGuarantee, ...]:
        """The refused groups for which labels alone will not help."""
        return tuple(group for group in self.refused if group.labelled and group.labels_estimate is None)

    @property
    def missing_labels(self) -> int | None:
        """Labelled books, drawn at random, that it takes beyond those there are until everything can be promised.

        A guess; 0 when everything is promised, None when labels alone will not help or nothing is known of a group.
        """
        return None if any(group.labels_estimate is None for group in self.refused) else self.helpful_labels

    @property
    def helpful_labels(self) -> int:
        """The same for the refused groups that labels can help, whatever becomes of the others; 0 without any."""
        wanted = 0
        for group in self.refused:
            if group.labels_estimate is not None:
                share = group.labelled / self.labelled
                wanted = max(wanted, math.ceil(max(group.labels_estimate - group.labelled, 0) / share))
        return wanted

    @property
    def sentences(self) -> tuple[str, ...]:
        """What is promised and what is not, in words."""
        return promise_sentences(
            [group.sentence for group in self.groups if group.guaranteed],
            [(group.value, group.sentence) for group in self.groups if not group.guaranteed],
            stratum=self.stratum,
            confidence=self.confidence,
            labelled=self.labelled,
            left_out=self.left_out,
            learned_known=self.learned_known,
        )

    def policy(self) -> Policy:
        """Return the cuts as a policy; what is not promised is never accepted."""
        if self.stratum:
            return Policy(
                stratum=self.stratum,
                by_stratum={value: _without_none(cuts) for value, cuts in self.by_stratum.items()},
            )
        return Policy(_without_none(self.cuts))

    def _cuts_of(self, value: str) -> dict[str, float | None]:
        own = {group.class_name: group.cut for group in self.groups if group.value == value}
        return {name: own.get(ALL_CLASSES, own.get(name)) for name in self.classes}

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-able content."""
        return {
            "max_error": self.max_error,
            "confidence": self.confidence,
            "per": self.per,
            "stratum": self.stratum,
            "cuts": self.cuts,
            "by_stratum": self.by_stratum,
            "promised": self.guaranteed,
            "reason": self.reason,
            "labelled": self.labelled,
            "more_labels": self.missing_labels,
            "left_out": self.left_out,
            # Whoever repeats the promise repeats the warning: a report, a README, a manifest.
            "sentence": " ".join([*self.sentences, *self.population.warnings]),
            "warnings": list(self.population.warnings),
            "population": self.population.as_dict(),
            "groups": [plain(vars(group)) for group in self.groups],
        }


def _without_none(cuts: Mapping[str, float | None]) -> dict[str, float]:
    return {name: cut for name, cut in cuts.items() if cut is not None}
