"""What the Review page and its workbook say: why a book waits, in which order books come, and how far people are."""

import math
from collections.abc import Mapping
from typing import Final

from core.formatting import interval_percent, lower_percent, percent, upper_percent
from core.review_batch import BatchReport
from core.review_queue import Order, PromiseProgress, Reason, ReviewPace, ReviewReason
from core.second_opinions import SecondOpinions
from core.thresholds import GuaranteeRecord

__all__ = [
    "ORDER_NAMES",
    "REASON_NAMES",
    "batch_sentences",
    "opinion_sentences",
    "pace_sentence",
    "progress_sentence",
    "promise_sentence",
    "reason_sentence",
]

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
        return f"a person said “{reason.detail}”"
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


def batch_sentences(report: BatchReport, blank: int = 0) -> list[str]:
    """Say what became of many answers that came at once.

    Parameters
    ----------
    blank : int
        Rows of their file without an answer.
    """
    written = len(report.written)
    sentences = [f"{written:,} {'answer was' if written == 1 else 'answers were'} written."]
    if report.already:
        sentences.append(f"{len(report.already):,} stood there already, and nothing was written twice.")
    if report.withdrawn:
        sentences.append(f"{len(report.withdrawn):,} had been taken back since, and that stays so.")
    if report.conflicts:
        sentences.append(
            f"{len(report.conflicts):,} {'was' if len(report.conflicts) == 1 else 'were'} not written: others have"
            " decided otherwise meanwhile, and that stays."
        )
    if blank:
        sentences.append(f"{blank:,} {'row has' if blank == 1 else 'rows have'} no label yet.")
    return sentences


def pace_sentence(pace: ReviewPace, waiting: int) -> str:
    """Say how much somebody has decided today, how fast, and how long the rest takes at that pace; '' before the first.

    Parameters
    ----------
    waiting : int
        What is left.
    """
    if not pace.today:
        return ""
    text = f"Today you decided {pace.today:,}"
    if pace.lately < 2 or not waiting:
        return f"{text}."
    span = f"{round(pace.minutes)} minutes" if pace.minutes >= 1.5 else "minute"
    rest = _duration(waiting / pace.lately * pace.minutes)
    return f"{text}, {pace.lately:,} of them in the last {span}: {rest} for the rest."


def promise_sentence(progress: PromiseProgress, promise: GuaranteeRecord | None) -> str:
    """Say how much of a promise of the whole is reached; '' where none was asked for."""
    if promise is None or not promise.is_of_whole or promise.max_error is None:
        return ""
    limit = f"at most {upper_percent(promise.max_error)} wrong in the whole"
    if not promise.promised:
        more = f" It takes about {promise.more_labels:,} more checked books." if promise.more_labels else ""
        return f"There is no promise of {limit} yet.{more}"
    if not progress.left:
        return f"All books that the promise of {limit} leaves to people are decided."
    done = f"{progress.done:,} of {progress.total:,} books"
    return f"For {limit}: {done} that people do are decided, {progress.left:,} more to go."


def opinion_sentences(opinions: SecondOpinions) -> list[str]:
    """Say how far people agree who answered without knowing of each other, and how often people err."""
    n = len(opinions.pairs)
    if not n and not opinions.copies and not opinions.undecided:
        return ["No book has been answered by two people yet."]
    sentences = [
        f"Of {n:,} {'book' if n == 1 else 'books'} that two people answered, they agree on {opinions.agreed:,}."
    ]
    if opinions.undecided:
        sentences.append(f"{opinions.undecided:,} more are left out, since one of the two could not tell.")
    if opinions.copies:
        sentences.append(
            f"{opinions.copies:,} more are left out: both answers came from one window or file, or with one and the"
            " same note. That is not agreement between people."
        )
    error = opinions.human_error
    if error.defined:
        sentences.append(
            f"So a person errs in about {percent(error.value)} of the books"
            f" ({interval_percent(error.low, error.high)}, with {lower_percent(error.confidence)} confidence)."
        )
    elif n:
        sentences.append(f"How often a person errs cannot be said: {error.reason}.")
    return sentences


def _duration(minutes: float) -> str:
    """Say roughly how long something takes.

    >>> _duration(0.4), _duration(42), _duration(118), _duration(60 * 40)
    ('about 1 minute', 'about 42 minutes', 'about 2 h', 'about 40 h')
    """
    if minutes < 90:
        rounded = max(round(minutes), 1)
        return f"about {rounded} minute{'' if rounded == 1 else 's'}"
    return f"about {max(round(minutes / 60), 2)} h"
