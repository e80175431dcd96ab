"""Learned facets: how far one is, how good it is, and when to stop."""

from core.formatting import interval_count, interval_percent, percent
from core.learned_facets import FacetEstimate, FacetLog
from core.translation import _, plural

__all__ = ["estimate", "of_all", "of_suggested", "progress", "stop", "stop_hint"]

_ENOUGH = 20  # suggestions that were marked before anything is said of how many still fit
_FEW_LEFT = 0.1  # share of the last suggestions


def progress(name: str, log: FacetLog, accepted: int | None) -> str:
    """Say what is marked, and how many titles are taken to fit."""
    fits, other = log.count(fits=True), log.count(fits=False)
    text = plural(
        "“{name}”: {n:,} title fits, {other:,} {do} not.",
        "“{name}”: {n:,} titles fit, {other:,} {do} not.",
        fits,
        name=name,
        other=other,
        do=_do(other),
    )
    if accepted is None:
        return _("{text} Mark one that fits, and suggestions come.", text=text)
    return plural(
        "{text} {n:,} looks like those that fit.", "{text} {n:,} look like those that fit.", accepted, text=text
    )


def _do(n: int) -> str:
    return _("does") if n == 1 else _("do")


def stop_hint(log: FacetLog) -> bool:
    """Return whether so few of the last suggestions fitted that a person may stop."""
    recent = log.recent_yield()
    return recent.n >= _ENOUGH and recent.fitting <= _FEW_LEFT * recent.n


def stop(log: FacetLog, measured: FacetEstimate | None) -> str:
    """Say how many of the last suggestions fitted and how many titles may be left; '' while there are too few."""
    recent = log.recent_yield()
    if recent.n < _ENOUGH:
        return ""
    text = _("Of the last {recent_n} suggestions {fitting} fitted", recent_n=recent.n, fitting=recent.fitting)
    if not stop_hint(log):
        return _("{text}: go on, more are likely to come.", text=text)
    text += _(": likely nearly all that can be found this way are found")
    total = measured.total if measured else None
    if total is None:
        return _("{text}. Draw titles at random to see how many there are in all.", text=text)
    fits = log.count(fits=True)
    return _(
        "{text}; {fits:,} of about {total:,} are marked (between {low:,} and {high:,}).",
        text=text,
        fits=fits,
        total=round(total.value),
        low=total.low,
        high=total.high,
    )


def of_suggested(measured: FacetEstimate | None) -> str:
    """Return in a few words which share of what is suggested fits."""
    if measured is None or not measured.precision.defined:
        return _("not measured yet")
    share = measured.precision
    return f"{percent(share.value)} ({interval_percent(share.low, share.high)})"


def of_all(measured: FacetEstimate | None) -> str:
    """Return in a few words which share of all that fit is found, and how many these are."""
    if measured is None or not measured.recall.defined or measured.total is None:
        return _("not measured yet")
    share, total = measured.recall, measured.total
    return _(
        "{share} of about {total:,} ({interval})",
        share=percent(share.value),
        total=round(total.value),
        interval=interval_count(total.low, total.high),
    )


def estimate(measured: FacetEstimate | None) -> tuple[str, ...]:
    """Say what the random sample says: how many suggestions fit, what share is found, how many there are."""
    if measured is None:
        return (_("Nothing was drawn at random yet, so it is not known how many titles fit."),)
    if measured.reason:
        return (_("Not known yet: {reason}.", reason=measured.reason),)
    sentences = []
    if measured.precision.defined:
        share = measured.precision
        sentences.append(
            _(
                "Of the {suggested:,} titles that look like those that fit and are not marked, {share}"
                " fit ({interval}).",
                suggested=measured.suggested,
                share=percent(share.value),
                interval=interval_percent(share.low, share.high),
            )
        )
    if measured.recall.defined:
        share = measured.recall
        sentences.append(
            _(
                "Of all titles that fit, {share} are marked or among them ({interval}).",
                share=percent(share.value),
                interval=interval_percent(share.low, share.high),
            )
        )
    if measured.total:
        total = measured.total
        sentences.append(
            _(
                "About {total:,} titles fit ({interval}).",
                total=round(total.value),
                interval=interval_count(total.low, total.high),
            )
        )
    if measured.marks_since:
        sentences.append(
            _(
                "This is how it stood when the titles were drawn; {marks_since:,} others were marked"
                " since. Draw anew to see how it stands now.",
                marks_since=measured.marks_since,
            )
        )
    return tuple(sentences)
