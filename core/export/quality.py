"""How good the labels are, in words. Nothing is computed here: the numbers come from thresholds and evaluation."""

from collections.abc import Mapping, Sequence
from typing import Any

from core.statistics import interval_count, interval_percent, share_percent

__all__ = ["is_measured", "percent", "quality_sentences", "rate_sentence"]

_NOT_MEASURED = "How often the accepted labels are right was not measured for this export"
NOT_MEASURED = f"{_NOT_MEASURED}."


def percent(value: float) -> str:
    """Write a share as a percentage with one decimal.

    >>> percent(0.9934)
    '99.3 %'
    """
    return share_percent(value)


def rate_sentence(rate: Any) -> str:
    """Write a rate with its interval and n, or why there is none.

    Parameters
    ----------
    rate : mapping
        ``value``, ``low``, ``high`` (0 to 1), and where known ``n``, ``k`` or ``count``, ``reason``.

    Examples
    --------
    >>> rate_sentence({"value": 0.99, "low": 0.95, "high": 1.0, "n": 100})
    '99.0 % (95 % interval 95.0 to 100.0 %; n = 100)'
    """
    if not isinstance(rate, Mapping):
        return "not measured"
    value = rate.get("value")
    if value is None or value != value:
        return str(rate.get("reason") or "not measured")
    percentage = percent(float(value))
    inside = []
    if _is_finite(rate.get("low")) and _is_finite(rate.get("high")):
        inside.append(f"95 % interval {interval_percent(rate['low'], rate['high'])}")
    if _is_finite(rate.get("n")):
        inside.append(f"n = {int(rate['n']):,}")
    return f"{percentage} ({'; '.join(inside)})" if inside else percentage


def is_measured(quality: Mapping[str, Any]) -> bool:
    """Say whether it is known how often an accepted label is right."""
    rate = (quality.get("policy") or {}).get("accuracy")
    return isinstance(rate, Mapping) and _is_finite(rate.get("value"))


def quality_sentences(quality: Mapping[str, Any]) -> Sequence[str]:
    """Say how often the accepted labels are right and how many wrong ones to expect.

    Parameters
    ----------
    quality : mapping
        ``policy``: what the thresholds say (``accuracy``, ``per_class``, ``expected_errors``, ``promised``, ``reason``,
        as in ``colophon thresholds --json``); ``evaluation``: what ``colophon evaluate --json`` says;
        ``warnings``: in which respects the checked records are not like the others, in words;
        ``selected_on_these``: True where the cuts were set by hand with the very labels in view that measure them;
        ``checked_by``: which records these are, in words ('hand-checked records'); ``exported``: ``machine_labels`` and
        ``expected_errors`` of those records alone that carry a machine's label in the export.
    """
    checked = str(quality.get("checked_by") or "checked records")
    policy = quality.get("policy") or {}
    sentences = []
    if not is_measured(quality):
        reason = (policy.get("accuracy") or {}).get("reason")
        return [f"{_NOT_MEASURED}: {reason}." if reason else NOT_MEASURED]
    if policy.get("accuracy"):
        sentences.append(f"Of the {checked} above the cut, the label is right in {rate_sentence(policy['accuracy'])}.")
    for name, numbers in sorted((policy.get("per_class") or {}).items()):
        rate = numbers.get("precision") or numbers.get("accuracy") if isinstance(numbers, Mapping) else None
        if rate:
            sentences.append(f"Of those predicted to be {name}: {rate_sentence(rate)}.")
    exported = quality.get("exported") or {}
    expected = exported.get("expected_errors") or policy.get("expected_errors") or {}
    if isinstance(expected, Mapping) and _is_finite(expected.get("value")):
        whose = "all records above the cut"
        if exported:
            whose = f"the {int(exported['machine_labels']):,} machine labels of this export that no curator has seen"
        between = (
            f" (95 % interval {interval_count(expected['low'], expected['high'])})"
            if _is_finite(expected.get("low")) and _is_finite(expected.get("high"))
            else ""
        )
        sentences.append(f"Wrong labels to expect among {whose}: about {expected['value']:,.0f}{between}.")
    if quality.get("selected_on_these"):
        sentences.append(
            "The cuts were set by hand with these same records in view. Where they were chosen for their figures, the"
            " figures are too good."
        )
    sentences.append(
        "The figures hold for records like those that were checked; if those were not drawn at random from this file,"
        " the file may be better or worse."
    )
    return [*sentences, *map(str, quality.get("warnings") or ())]


def _is_finite(value: Any) -> bool:
    return isinstance(value, int | float) and value == value
