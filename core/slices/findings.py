"""What a search for slices has to say."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.plain_json import plain
from core.slices.definition import Slice
from core.slices.measure import Overall, SliceMeasurement
from core.statistics import Estimate, in_percent, interval_percent

__all__ = ["SliceFinding", "SliceFindings"]


@dataclass(frozen=True)
class SliceFinding:
    """A slice that was found in one half of the labelled books and confirmed in the other.

    Attributes
    ----------
    measured : SliceMeasurement
        Its numbers on all labelled books.
    unseen : Estimate
        Share that is wrong (`unseen_errors` of ``unseen.n``) among the books the search had not seen, each title once:
        the number that was not selected for being high.
    p, p_adjusted : float
        Exact, on those books; adjusted for every slice that was tested.
    p_given : float
        The same within and outside the stronger slices.
    folded_under : str
        Description of the slice that explains it; '' when it stands by itself.
    proposals, searches : int
        How many of the searched halves found it, and how many were searched.
    """

    measured: SliceMeasurement
    unseen: Estimate
    unseen_errors: int
    p: float
    p_adjusted: float
    p_given: float
    folded_under: str
    proposals: int
    searches: int

    @property
    def slice(self) -> Slice:
        """The facts."""
        return self.measured.slice

    @property
    def sentence(self) -> str:
        """What was found, in plain words."""
        text = self.measured.sentence
        if self.unseen.defined:
            text += (
                f" Among the books the search had not seen: {self.unseen_errors:,} of {self.unseen.n:,}"
                f" ({interval_percent(self.unseen.low, self.unseen.high)})."
            )
        if self.folded_under:
            text += f" Explained by: {self.folded_under}."
        return text

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-able content; what is undefined is None."""
        return self.measured.as_dict() | {
            "unseen_n": self.unseen.n,
            "unseen_errors": self.unseen_errors,
            "unseen_rate": plain(self.unseen.value),
            "unseen_low": plain(self.unseen.low),
            "unseen_high": plain(self.unseen.high),
            "p": self.p,
            "p_adjusted": self.p_adjusted,
            "p_given_stronger": self.p_given,
            "folded_under": self.folded_under or None,
            "found_in": self.proposals,
            "searches": self.searches,
            "sentence": self.sentence,
        }


@dataclass(frozen=True)
class SliceFindings:
    """All that a search for slices has to say.

    Attributes
    ----------
    overall : Overall
        How often the labelled books are wrong.
    slices : tuple of SliceFinding
        Standing slices, the strongest first, each followed by those folded under it.
    predicates, tested : int
        How many facts took part, and how many slices were put to the test.
    rate : float
        Of what is reported, at most this share is expected to be chance.
    settings : mapping
        What was asked for: ``facets``, ``max_facts``, ``words``, ``min_n``.
    reason : str
        Why nothing is reported; '' when something is.
    """

    overall: Overall
    slices: tuple[SliceFinding, ...]
    predicates: int
    tested: int
    rate: float
    seed: int
    settings: Mapping[str, Any]
    reason: str = ""

    @property
    def unexplained(self) -> tuple[SliceFinding, ...]:
        """The slices that no other explains."""
        return tuple(finding for finding in self.slices if not finding.folded_under)

    @property
    def sentences(self) -> tuple[str, ...]:
        """The verdict in plain words."""
        if not self.slices:
            return (self.reason,)
        rate, alone = self.overall.rate, len(self.unexplained)
        first = (
            f"{self.overall.errors:,} of {rate.n:,} labelled books are wrong ({in_percent(rate.value)})."
            f" Of {self.tested} slices that were put to the test {alone} {'is' if alone == 1 else 'are'} worse than"
            " chance allows and not explained by others."
        )
        return (first, *(finding.sentence for finding in self.unexplained))

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-able content, as ``colophon slices --find --json`` prints it."""
        return {
            "overall": self.overall.as_dict(),
            "slices": [finding.as_dict() for finding in self.slices],
            "facts": self.predicates,
            "tested": self.tested,
            "false_discovery_rate": self.rate,
            "seed": self.seed,
            "settings": dict(self.settings),
            "reason": self.reason,
            "sentences": list(self.sentences),
        }
