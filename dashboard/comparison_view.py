"""Two sets of predictions on the same books."""

from core.predictions import Scored

__all__ = ["show"]


def show(first: Scored, second: Scored) -> None:
    """Compare two sets of predictions."""
