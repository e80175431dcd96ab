"""What the Review page and its workbook say: why a book waits, in which order books come, and how far people are."""

import math
from collections.abc import Mapping
from typing import Final

from core.comparison import LEVEL, LabelChanges, ModelComparison
from core.formatting import interval_percent, listed, lower_percent, percent, upper_percent
from core.review import BatchReport
from core.review_queue import Order, PromiseProgress, Reason, ReviewPace, ReviewReason
from core.second_opinions import SecondOpinions
from core.statistics import MINIMUM_RECORDS
from core.thresholds import GuaranteeRecord
from core.translation import _, noop, plural, translate

__all__ = [
    "ORDER_NAMES",
    "REASON_NAMES",
    "WAYS",
    "batch_sentences",
    "changes_sentence",
    "decided",
    "opinion_sentences",
    "pace_sentence",
    "progress_sentence",
    "promise_sentence",
    "reason_sentence",
    "retraining_headline",
    "retraining_sentences",
]


REASON_NAMES: Final[Mapping[Reason, str]] = {
    Reason.DRAWN: noop("drawn by lot"),
    Reason.SENT: noop("sent here"),
    Reason.SLICE: noop("in a group where the model often fails"),
    Reason.SUSPECT: noop("label in doubt"),
    Reason.MODELS: noop("two models disagree"),
    Reason.BELOW: noop("below its cut-off"),
    Reason.DISPUTED: noop("two people disagree"),
    Reason.SECOND: noop("second opinion"),
}
ORDER_NAMES: Final[Mapping[Order, str]] = {
    Order.PROMISE: noop("What brings the promise soonest"),
    Order.LEAST_SURE: noop("Least sure first"),
    Order.SLICE: noop("Group by group"),
    Order.RANDOM: noop("Shuffled"),
}


def reason_sentence(reason: ReviewReason, *, blind: bool = False) -> str:
    """Say why a book waits, without a full stop.

    Parameters
    ----------
    blind : bool
        Whether what a model or a person says of it is left out.
    """
    if reason.kind is Reason.DRAWN:
        return _("it was drawn by lot, so that a promise can rest on it")
    if reason.kind is Reason.SENT:
        return (
            _("somebody sent it here: {detail}", detail=translate(reason.detail))
            if reason.detail
            else _("somebody sent it here")
        )
    if reason.kind is Reason.SLICE:
        return _(
            "it is in “{detail}”, where the model is wrong more often than elsewhere", detail=translate(reason.detail)
        )
    if reason.kind is Reason.SUSPECT:
        if blind:
            return _("its label is in doubt")
        return _("a person said “{detail}”", detail=reason.detail)
    if reason.kind is Reason.MODELS:
        return (
            _("two models disagree")
            if blind
            else _("“{detail}” says “{other}”", detail=reason.detail, other=reason.other)
        )
    if reason.kind is Reason.DISPUTED:
        return _("two people gave different answers, and a third is to settle it")
    if reason.kind is Reason.SECOND:
        return _("a second person is to answer without knowing what the first said")
    if math.isnan(reason.value):
        return _("no cut-off is kept for what the model says")
    return (
        _("it is below its cut-off")
        if blind
        else _("it is below its cut-off of {reason}", reason=percent(reason.value))
    )


def progress_sentence(waiting: int, done: int) -> str:
    """Say how much is done and how much is left."""
    return plural(
        "{n:,} book decided, {waiting:,} waiting.", "{n:,} books decided, {waiting:,} waiting.", done, waiting=waiting
    )


def batch_sentences(report: BatchReport, blank: int = 0) -> list[str]:
    """Say what became of many answers that came at once.

    Parameters
    ----------
    blank : int
        Rows of their file without an answer.
    """
    written = len(report.written)
    sentences = [plural("{n:,} answer was written.", "{n:,} answers were written.", written)]
    if report.already:
        sentences.append(
            _("{already:,} stood there already, and nothing was written twice.", already=len(report.already))
        )
    if report.withdrawn:
        sentences.append(
            _("{withdrawn:,} had been taken back since, and that stays so.", withdrawn=len(report.withdrawn))
        )
    if report.conflicts:
        sentences.append(
            plural(
                "{n:,} was not written: others have decided otherwise meanwhile, and that stays.",
                "{n:,} were not written: others have decided otherwise meanwhile, and that stays.",
                len(report.conflicts),
            )
        )
    if blank:
        sentences.append(plural("{n:,} row has no label yet.", "{n:,} rows have no label yet.", blank))
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
    text = _("Today you decided {today:,}", today=pace.today)
    if pace.lately < 2 or not waiting:
        return f"{text}."
    span = _("{minutes} minutes", minutes=round(pace.minutes)) if pace.minutes >= 1.5 else _("minute")
    rest = _duration(waiting / pace.lately * pace.minutes)
    return _(
        "{text}, {lately:,} of them in the last {span}: {rest} for the rest.",
        text=text,
        lately=pace.lately,
        span=span,
        rest=rest,
    )


def promise_sentence(progress: PromiseProgress, promise: GuaranteeRecord | None) -> str:
    """Say how much of a promise of the whole is reached; '' where none was asked for."""
    if promise is None or not promise.is_of_whole or promise.max_error is None:
        return ""
    limit = _("at most {max_error} wrong in the whole", max_error=upper_percent(promise.max_error))
    if not promise.promised:
        more = (
            _(" It takes about {more_labels:,} more checked books.", more_labels=promise.more_labels)
            if promise.more_labels
            else ""
        )
        return _("There is no promise of {limit} yet.{more}", limit=limit, more=more)
    if not progress.left:
        return _("All books that the promise of {limit} leaves to people are decided.", limit=limit)
    done = _("{done:,} of {total:,} books", done=progress.done, total=progress.total)
    return _(
        "For {limit}: {done} that people do are decided, {left:,} more to go.",
        limit=limit,
        done=done,
        left=progress.left,
    )


def opinion_sentences(opinions: SecondOpinions) -> list[str]:
    """Say how far people agree who answered without knowing of each other, and how often people err."""
    n = len(opinions.pairs)
    if not n and not opinions.copies and not opinions.undecided:
        return [_("No book has been answered by two people yet.")]
    sentences = [
        plural(
            "Of {n:,} book that two people answered, they agree on {agreed:,}.",
            "Of {n:,} books that two people answered, they agree on {agreed:,}.",
            n,
            agreed=opinions.agreed,
        )
    ]
    if opinions.undecided:
        sentences.append(
            _("{undecided:,} more are left out, since one of the two could not tell.", undecided=opinions.undecided)
        )
    if opinions.copies:
        sentences.append(
            _(
                "{copies:,} more are left out: both answers came from one window or file, or with one and"
                " the same note. That is not agreement between people.",
                copies=opinions.copies,
            )
        )
    error = opinions.human_error
    if error.defined:
        sentences.append(
            _(
                "So a person errs in about {error} of the books ({interval}, with {confidence} confidence).",
                error=percent(error.value),
                interval=interval_percent(error.low, error.high),
                confidence=lower_percent(error.confidence),
            )
        )
    elif n:
        sentences.append(_("How often a person errs cannot be said: {reason}.", reason=translate(error.reason)))
    return sentences


def _duration(minutes: float) -> str:
    """Say roughly how long something takes.

    >>> _duration(0.4), _duration(42), _duration(118), _duration(60 * 40)
    ('about 1 minute', 'about 42 minutes', 'about 2 h', 'about 40 h')
    """
    if minutes < 90:
        rounded = max(round(minutes), 1)
        return plural("about {n} minute", "about {n} minutes", rounded)
    return _("about {minutes} h", minutes=max(round(minutes / 60), 2))


# --- Which way the records of an export went, in a curator's words ----------------------------------------------------

_WORDS: Final[Mapping[str, str]] = {
    "accepted": noop("get the machine's label"),
    "curator": noop("were decided on Review"),
    "abstained": noop("are left to people"),
    "human-label-kept": noop("have a label from people or the catalogue already"),
    "rejected": noop("were found to have none of the labels"),
    "not-matched": noop("have no prediction"),
}

WAYS: Final[Mapping[str, str]] = {
    "accepted": noop("by the machine"),
    "curator": noop("on Review"),
    "abstained": noop("left to people"),
    "human-label-kept": noop("labelled before"),
    "rejected": noop("no such label"),
    "not-matched": noop("no prediction"),
}
"""The same ways, each in the words of a chart."""


def decided(by_decision: Mapping[str, int], loaded: int) -> str:
    """Say which way all records went; ways that none went are left out.

    Parameters
    ----------
    by_decision : mapping of str to int
        The decisions of :data:`core.export.decisions.DECISIONS` → number of records; together they are `loaded`.

    >>> decided({"accepted": 1200, "curator": 0, "abstained": 300}, 1500)
    "Of 1,500 records 1,200 get the machine's label and 300 are left to people."
    """
    parts = [
        _("{by_decision:,} {words}", by_decision=by_decision[way], words=_(words))
        for way, words in _WORDS.items()
        if by_decision.get(way)
    ]
    return (
        _("Of {loaded:,} records {parts}.", loaded=loaded, parts=listed(parts, len(parts)))
        if parts
        else _("{loaded:,} records.", loaded=loaded)
    )


# --- What is said of a model that was trained again with people's decisions: before and after -------------------------


def retraining_headline(checked: ModelComparison | None, changes: LabelChanges) -> str:
    """Say in one sentence whether the new model is right more often, as far as checked books can say it."""
    if checked is None or checked.n < MINIMUM_RECORDS:
        return _(
            "Whether the new model is right more often cannot be said: too few books were checked beside those that"
            " people decided. {changes}",
            changes=changes_sentence(changes),
        )
    before, after = (percent(accuracy.value) for accuracy in checked.accuracy)
    if checked.p >= LEVEL:
        return _(
            "Of {n:,} checked books {before} were right before and {after} are now: that may be chance.",
            n=checked.n,
            before=before,
            after=after,
        )
    return _(
        "Of {n:,} checked books {before} were right before and {after} are now.",
        n=checked.n,
        before=before,
        after=after,
    )


def retraining_sentences(
    checked: ModelComparison | None,
    decided: ModelComparison | None,
    changes: LabelChanges,
    above_cut_offs: tuple[int, int] | None,
) -> tuple[str, ...]:
    """Say what training again has changed.

    Parameters
    ----------
    checked, decided : ModelComparison, optional
        On checked books, and on the decided books that the new model learned from, each judged out of fold.
    above_cut_offs : (int, int), optional
        Books above the cut-offs kept for the predictions before, with each.
    """
    sentences = [retraining_headline(checked, changes)]
    if decided is not None and decided.n:
        sentences.append(
            plural(
                "The {n:,} decided book that the new model learned from is judged out of fold, by a copy of it that had"
                " not seen its title: {before} right before, {after} now. It was chosen for Review, and speaks for no"
                " others.",
                "The {n:,} decided books that the new model learned from are judged out of fold, by copies of it that"
                " had not seen their titles: {before} right before, {after} now. They were chosen for Review, and speak"
                " for no others.",
                decided.n,
                before=f"{decided.both_right + decided.only_first:,}",
                after=f"{decided.both_right + decided.only_second:,}",
            )
        )
    if checked is not None and checked.n >= MINIMUM_RECORDS:
        sentences.append(changes_sentence(changes))
    if above_cut_offs is not None:
        sentences.append(
            _(
                "At the cut-offs that are kept, {before:,} books were above them before and {after:,} are now. What was"
                " promised holds for the predictions before alone: ask for a promise of the new ones on Thresholds.",
                before=above_cut_offs[0],
                after=above_cut_offs[1],
            )
        )
    return tuple(sentences)


def changes_sentence(changes: LabelChanges) -> str:
    """Say of how many books the label has changed."""
    return _("The label of {changed:,} of {n:,} books has changed.", changed=len(changes.books), n=changes.n)
