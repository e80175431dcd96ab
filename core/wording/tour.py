"""The tour of the demonstration: five pages in the order in which a curator needs them, each with what to see there."""

from dataclasses import dataclass
from typing import Final

from core.translation import noop

__all__ = ["STOPS", "TourStop"]


@dataclass(frozen=True)
class TourStop:
    """A page of the tour, by its title, and what a curator is to look at there."""

    page: str
    sentence: str


STOPS: Final[tuple[TourStop, ...]] = (
    TourStop(
        "Representativeness",
        noop(
            "Are the books that people labelled like the whole collection? Where they are not, the model"
            " learns otherwise."
        ),
    ),
    TourStop("Errors", noop("Where is the model wrong? Click a cell of the square below, and its books are listed.")),
    TourStop(
        "Thresholds",
        noop("Say how much of the catalogue may be wrong. The machine decides what that allows; people do the rest."),
    ),
    TourStop("Review", noop("The rest waits here. Keys 1 and 2 name a class, U takes it back.")),
    TourStop("Export", noop("What was accepted leaves, with model, date and promise beside each label.")),
)
