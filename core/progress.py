"""How long work tells how far it is, without knowing who listens."""

from typing import Protocol

__all__ = ["Progress", "silent"]


class Progress(Protocol):
    """Called now and then by long work.

    A listener may raise :class:`core.errors.Cancelled` to stop the work; whoever reports progress must leave nothing
    half written when that happens.
    """

    def __call__(self, fraction: float, message: str) -> None:
        """Take the share of the work that is done (0 to 1) and a short sentence that says what is being done."""


def silent(fraction: float, message: str) -> None:
    """Listen to nothing: the default where nobody watches."""
