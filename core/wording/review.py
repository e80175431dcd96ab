"""What the Review page and its workbook say: why a book waits, in which order books come, and how far people are."""

import math
from collections.abc import Mapping
from typing import Final

from core.formatting import percent
from core.review_queue import Order, Reason, ReviewReason

__all__ = ["ORDER_NAMES", "REASON_NAMES", "pace_sentence", "progress_sentence", "reason_sentence"]

REASON_NAMES: Final[Mapping[Reason, str]] = {
    Reason.DRAWN: "drawn by lot",
    Reason.SENT: "sent here",
    Reason.SLICE: "in a group where the model often fails",
    Reason.SUSPECT: "label in doubt",
    Reason.MODELS: "two models disagree",
    Reason.BELOW: "below its cut-off",
    Reason.DISPUTED: "two people disagree",
    Reason.SECOND: "second opinion",
}
ORDER_NAMES: Final[Mapping[Order, str]] = {
    Order.PROMISE: "What brings the promise soonest",
    Order.LEAST_SURE: "Least sure first",
    Order.SLICE: "Group by group",
    Order.RANDOM: "Shuffled",
}


def reason_sentence(reason: ReviewReason, *, blind: bool = False) -> str:
    """Say why a book waits, without a full stop.

    Parameters
    ----------
    blind : bool
        Whether what a model or a person says of it is left out.
    """
    if reason.kind is Reason.DRAWN:
        return "it was drawn by lot, so that a promise can rest on it"
    if reason.kind is Reason.SENT:
        return f"somebody sent it here: {reason.detail}" if reason.detail else "somebody sent it here"
    if reason.kind is Reason.SLICE:
        return f"it is in “{reason.detail}”, where the model is wrong more often than elsewhere"
    if reason.kind is Reason.SUSPECT:
        if blind:
            return "its label is in doubt"
        return f"a person said “{reason.detail}”, and the model is sure of something else"
    if reason.kind is Reason.MODELS:
        return "two models disagree" if blind else f"“{reason.detail}” says “{reason.other}”"
    if reason.kind is Reason.DISPUTED:
        return "two people gave different answers, and a third is to settle it"
    if reason.kind is Reason.SECOND:
        return "a second person is to answer without knowing what the first said"
    if math.isnan(reason.value):
        return "no cut-off is kept for what the model says"
    return "it is below its cut-off" if blind else f"it is below its cut-off of {percent(reason.value)}"


def progress_sentence(waiting: int, done: int) -> str:
    """Say how much is done and how much is left."""
    return f"{done:,} {'book' if done == 1 else 'books'} decided, {waiting:,} waiting."


def pace_sentence(today: int, lately: int, minutes: float, waiting: int) -> str:
    """Say how much somebody has decided today, how fast, and how long the rest takes at that pace; '' before the first.

    Parameters
    ----------
    today : int
        Decided today by this person.
    lately : int
        Of these, in the last `minutes`.
    minutes : float
        Above 0.
    waiting : int
    """
    if not today:
        return ""
    text = f"Today you decided {today:,}"
    if lately < 2 or not waiting:
        return f"{text}."
    span = f"{max(round(minutes), 1)} minutes" if minutes >= 1.5 else "minute"
    return f"{text}, {lately:,} of them in the last {span}: {_duration(waiting / lately * minutes)} for the rest."


def _duration(minutes: float) -> str:
    """Say roughly how long something takes.

    >>> _duration(0.4), _duration(42), _duration(118), _duration(60 * 40)
    ('about 1 minute', 'about 42 minutes', 'about 2 h', 'about 40 h')
    """
    if minutes < 90:
        rounded = max(round(minutes), 1)
        return f"about {rounded} minute{'' if rounded == 1 else 's'}"
    return f"about {max(round(minutes / 60), 2)} h"
