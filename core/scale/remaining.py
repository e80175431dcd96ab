"""How many titles are done, and about how long the others will take."""

import time

from core.progress import Progress

__all__ = ["ProgressMeter", "duration", "progress_message"]


class ProgressMeter:
    """Tells a listener how many of `total` titles are done.

    Parameters
    ----------
    before : int
        Titles that an earlier run did: they count as done, but say nothing of how fast this one is.
    """

    def __init__(self, total: int, progress: Progress, before: int = 0) -> None:
        self._total = total
        self._before = before
        self._progress = progress
        self._started = time.monotonic()

    def __call__(self, done: float) -> None:
        """Tell that so many titles are done, those of earlier runs among them; the listener may raise Cancelled."""
        message = progress_message(done, self._total, time.monotonic() - self._started, self._before)
        self._progress(done / self._total if self._total else 1.0, message)


def progress_message(done: float, total: int, seconds: float, before: int = 0) -> str:
    """Return a sentence; `seconds` is what it took to come from `before` titles to `done`.

    >>> progress_message(50, 400, 20.0)
    '50 of 400 titles, about 2 min left'
    >>> progress_message(250, 400, 20.0, before=200)
    '250 of 400 titles, about 60 s left'
    """
    sentence = f"{int(done):,} of {total:,} titles"
    left = seconds / (done - before) * (total - done) if done > before else 0.0
    return f"{sentence}, about {duration(left)} left" if left >= 1 else sentence


def duration(seconds: float) -> str:
    """Return a time as a person would say it.

    >>> [duration(seconds) for seconds in (7.4, 89, 200, 7300, 9e5)]
    ['7 s', '89 s', '3 min', '2.0 h', '10 days']
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 3 * 86400 else f"{seconds / 86400:.0f} days"
