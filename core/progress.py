"""What work says while it goes on: how far it is, to whoever listens; and the log of what was done.

The log says what was imported, trained, promised, exported and shared, by whom where that is known, and in how long.
Each module writes to the logger of its own name, one line where the work ends, whether a page, a command or a job asked
for it. A line holds names of things, fingerprints, counts and seconds; never a title, a label, a note, a path, a token.
"""

import contextlib
import logging
import time
from collections.abc import Iterator
from typing import Final, Protocol, TextIO

from core.formatting import printable

__all__ = ["VARIABLE", "Progress", "log_to", "silent"]


class Progress(Protocol):
    """Called now and then by long work.

    A listener may raise :class:`core.errors.Cancelled` to stop the work; whoever reports progress must leave nothing
    half written when that happens.
    """

    def __call__(self, fraction: float, message: str) -> None:
        """Take the share of the work that is done (0 to 1) and a short sentence that says what is being done."""


def silent(fraction: float, message: str) -> None:
    """Listen to nothing: the default where nobody watches."""


VARIABLE: Final = "COLOPHON_VERBOSE"  # set for a dashboard whose log shall hold what was done, not warnings alone

# A module that runs as a job is called by the second name, see `python -m`.
_LOGGERS = ("core", "__main__")


class _OneLine(logging.Formatter):
    """Moment (UTC), level and message on one line: what a person typed as a name steers neither file nor terminal."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%SZ")
        self.converter = time.gmtime

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's line."""
        text = " ".join(super().format(record).split())
        return printable(text)


class _LineHandler(logging.StreamHandler[TextIO]):
    """Writes lines; on a terminal in the place of a progress line, which is drawn again below."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self.setFormatter(_OneLine())

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's line, behind what clears the terminal's."""
        return ("\r\033[K" if self.stream.isatty() else "") + super().format(record)


@contextlib.contextmanager
def log_to(stream: TextIO, *, verbose: bool) -> Iterator[None]:
    """Write the log to a stream until the block ends: warnings alone, or with `verbose` what was done too."""
    level = logging.INFO if verbose else logging.WARNING
    handler = _LineHandler(stream)
    handler.setLevel(level)
    before = {logging.getLogger(name): logging.getLogger(name).level for name in _LOGGERS}
    for logger in before:
        # Never raised: somebody who listens for more, such as a test, goes on to hear it.
        logger.setLevel(min(level, logger.getEffectiveLevel()))
        logger.addHandler(handler)
    try:
        yield
    finally:
        for logger, former in before.items():
            logger.removeHandler(handler)
            logger.setLevel(former)
