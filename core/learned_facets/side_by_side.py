"""All facets of a collection side by side: how far each is, how good, and which titles fit several of them."""

from dataclasses import dataclass

from core.database import Database
from core.learned_facets.estimates import FacetEstimate, estimate_facet
from core.learned_facets.marks import LearnedFacet, facet_log, list_facets

__all__ = ["FacetState", "facets_side_by_side"]


@dataclass(frozen=True, kw_only=True)
class FacetState:
    """How far a facet is.

    Attributes
    ----------
    fits, other : int
        Titles that are marked as fitting, and as not fitting.
    also : int
        Of those that fit, how many are marked as fitting another facet too.
    measured : FacetEstimate, optional
        What the sample drawn last says; None where none was drawn.
    """

    facet: LearnedFacet
    fits: int
    other: int
    also: int
    measured: FacetEstimate | None


def facets_side_by_side(database: Database, corpus: str) -> list[FacetState]:
    """Return the state of each facet of the corpus with this fingerprint, in the order in which they were begun."""
    facets = list_facets(database, corpus)
    logs = [facet_log(database, facet) for facet in facets]
    fitting = [{name for name, mark in log.current.items() if mark.fits} for log in logs]
    return [
        FacetState(
            facet=facet,
            fits=len(own),
            other=log.count(fits=False),
            also=len(own & set().union(*(fitting[:place] + fitting[place + 1 :]))),
            measured=estimate_facet(log),
        )
        for place, (facet, log, own) in enumerate(zip(facets, logs, fitting, strict=True))
    ]
