"""Learned facets: how far one is, how good it is, and when to stop."""

from core.formatting import interval_count, interval_percent, percent
from core.learned_facets import FacetEstimate, FacetLog

__all__ = ["estimate", "progress", "stop", "stop_hint"]

_ENOUGH = 20  # suggestions that were marked before anything is said of how many still fit
_FEW_LEFT = 0.1  # share of the last suggestions


def progress(name: str, log: FacetLog, accepted: int | None) -> str:
    """Say what is marked, and how many titles are taken to fit."""
    fits, other = log.count(fits=True), log.count(fits=False)
    text = f"“{name}”: {fits:,} {'title fits' if fits == 1 else 'titles fit'}, {other:,} {_do(other)} not."
    if accepted is None:
        return f"{text} Mark one that fits, and suggestions come."
    return f"{text} {accepted:,} {'looks' if accepted == 1 else 'look'} like those that fit."


def _do(n: int) -> str:
    return "does" if n == 1 else "do"


def stop_hint(log: FacetLog) -> bool:
    """Return whether so few of the last suggestions fitted that a person may stop."""
    recent = log.recent_yield()
    return recent.n >= _ENOUGH and recent.fitting <= _FEW_LEFT * recent.n


def stop(log: FacetLog, measured: FacetEstimate | None) -> str:
    """Say how many of the last suggestions fitted and how many titles may be left; '' while there are too few."""
    recent = log.recent_yield()
    if recent.n < _ENOUGH:
        return ""
    text = f"Of the last {recent.n} suggestions {recent.fitting} fitted"
    if not stop_hint(log):
        return f"{text}: go on, more are likely to come."
    text += ": likely nearly all that can be found this way are found"
    total = measured.total if measured else None
    if total is None:
        return f"{text}. Draw titles at random to see how many there are in all."
    fits = log.count(fits=True)
    return f"{text}; {fits:,} of about {round(total.value):,} are marked (between {total.low:,} and {total.high:,})."


def estimate(measured: FacetEstimate | None) -> tuple[str, ...]:
    """Say what the random sample says: how many suggestions fit, what share is found, how many there are."""
    if measured is None:
        return ("Nothing was drawn at random yet, so it is not known how many titles fit.",)
    if measured.reason:
        return (f"Not known yet: {measured.reason}.",)
    sentences = []
    if measured.precision.defined:
        share = measured.precision
        sentences.append(
            f"Of the {measured.suggested:,} titles that look like those that fit and are not marked,"
            f" {percent(share.value)} fit ({interval_percent(share.low, share.high)})."
        )
    if measured.recall.defined:
        share = measured.recall
        sentences.append(
            f"Of all titles that fit, {percent(share.value)} are marked or among them"
            f" ({interval_percent(share.low, share.high)})."
        )
    if measured.total:
        total = measured.total
        sentences.append(f"About {round(total.value):,} titles fit ({interval_count(total.low, total.high)}).")
    if measured.marks_since:
        sentences.append(
            f"This is how it stood when the titles were drawn; {measured.marks_since:,} others were marked since. Draw"
            " anew to see how it stands now."
        )
    return tuple(sentences)
